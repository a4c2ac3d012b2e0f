//! Scopes of every kind, their children, and how their results are taken.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use coscope::prelude::*;
use coscope::{Collector, FrameScope, collect_scope, try_current_job, try_frame_scope};

use crate::ledger::{Alive, Env, Fault, Value};
use crate::plan::{Child, Kind, Op, Taken};
use crate::steps::{check_none_alive, run, see_payload};

/// One child's future: its value or its failure; where that is `plain`, both are values to the library.
pub(crate) fn child_future(
    plain: bool,
    child: &Child,
    env: &Env,
    scope: &Arc<AtomicUsize>,
) -> impl Future<Output = Result<Value, Fault>> + Send + 'static + use<> {
    let mut env = env.child(child.place, scope);
    // it begins in a step of its launcher, which may hold a place of a view
    env.beside = child.start == Start::Undispatched;
    let alive = Alive::of(&env.scopes);
    let result = env.ledger.value();
    let inside = run(child.ops.clone(), env);
    async move {
        let _alive = alive;
        match inside.await {
            Ok(()) => Ok(result),
            Err(fault) if plain => Err(fault),
            Err(fault) => Err(fault.hand_over(try_current_job())),
        }
    }
}

/// Launches the children on `$scope`, and takes what they give as the plan says.
macro_rules! launch_all {
    ($kind:ident, $scope:ident, $children:ident, $env:ident, $count:ident, |$launcher:ident, $future:ident| $spawn:expr) => {{
        let mut waiting = Vec::new();
        for child in $children {
            let context =
                $env.dispatcher(child.place).map_or(CoroutineContext::new(), CoroutineContext::from);
            let $future = child_future($kind == Kind::Infallible, &child, &$env, &$count);
            let $launcher = $scope.on(context).start(child.start);
            let deferred = $spawn;
            let started = child.start != Start::Lazy
                || matches!(child.taken, Taken::Awaited | Taken::Outcome | Taken::Joined);
            if started {
                deferred.start();
                let jobs = if $env.protected { &$env.ledger.protected } else { &$env.ledger.jobs };
                jobs.lock().unwrap().push(deferred.job());
            }
            match child.taken {
                Taken::Launched | Taken::Dropped => drop(deferred),
                taken => waiting.push((taken, deferred)),
            }
        }
        waiting
    }};
}

pub(crate) async fn take<T>(waiting: Vec<(Taken, coscope::Deferred<T>)>, mut see: impl FnMut(T)) {
    for (taken, deferred) in waiting {
        match taken {
            Taken::Awaited => see(deferred.await),
            Taken::Outcome => {
                if let Ok(value) = deferred.outcome().await {
                    see(value);
                }
            }
            _ => {
                let job = deferred.job();
                job.join().await;
                drop(deferred);
            }
        }
    }
}

pub(crate) fn see_join_error(error: JoinError<Fault>) {
    match error {
        JoinError::Failed { error, .. } => error.see(),
        JoinError::Panicked { panic, .. } => drop(see_payload(panic.into_inner())),
        JoinError::Cancelled { .. } => {}
    }
}

pub(crate) async fn open(kind: Kind, children: Vec<Child>, body: Vec<Op>, env: Env) -> Result<(), Fault> {
    let count: Arc<AtomicUsize> = Arc::default();
    let inner = {
        let mut inner = env.clone();
        inner.scopes.push(count.clone());
        inner
    };
    let ended = match kind {
        Kind::Infallible => {
            scope(async |s: Scope| {
                let waiting =
                    launch_all!(kind, s, children, env, count, |launcher, future| launcher.spawn(future));
                run(body, inner).await?;
                take(waiting, |result| drop(result.inspect_err(Fault::see))).await;
                Ok(())
            })
            .await
        }
        Kind::Fallible => {
            let ended = try_scope(async |s: Scope<Fault>| {
                let waiting =
                    launch_all!(kind, s, children, env, count, |launcher, future| launcher.try_spawn(future));
                run(body, inner).await.map_err(|fault| fault.hand_over(None))?;
                take(waiting, drop).await;
                Ok(())
            })
            .await;
            ended.inspect_err(Fault::see)
        }
        Kind::Supervised => {
            supervisor_scope(async |s: Supervisor| {
                let waiting =
                    launch_all!(kind, s, children, env, count, |launcher, future| launcher.try_spawn(future));
                run(body, inner).await?;
                take(waiting, |result| drop(result.map_err(see_join_error))).await;
                Ok(())
            })
            .await
        }
        Kind::Gathered => {
            let ended = collect_scope(async |s: Collector<Fault>| {
                let waiting =
                    launch_all!(kind, s, children, env, count, |launcher, future| launcher.try_spawn(future));
                run(body, inner).await?;
                take(waiting, drop).await;
                Ok(())
            })
            .await;
            match ended {
                Ok(ended) => ended,
                Err(errors) => {
                    errors.into_iter().for_each(see_join_error);
                    Ok(())
                }
            }
        }
        Kind::Framed => {
            let inner = inner.foreign().beside();
            try_frame_scope(async |s: FrameScope<'_, Fault>| {
                let mut waiting = Vec::new();
                for child in children {
                    let inside = run(child.ops, inner.clone());
                    let result = inner.ledger.value();
                    let future = async move { inside.await.map(|()| result) };
                    match child.taken {
                        Taken::Launched | Taken::Dropped => {
                            s.try_launch(async move { future.await.map(drop) })
                        }
                        _ => waiting.push(s.try_spawn(future)),
                    }
                }
                run(body, inner.clone()).await?;
                for deferred in waiting {
                    drop(deferred.await);
                }
                Ok(())
            })
            .await
        }
    };
    check_none_alive(&env, &count, &format!("{kind:?} scope"));
    ended
}
