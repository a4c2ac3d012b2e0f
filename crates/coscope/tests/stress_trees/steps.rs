//! The plan carried out, one operation after the other.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use coscope::prelude::*;
use coscope::{race, run_to_completion, try_current_job};
use futures::future::{Either, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};

use crate::ledger::{Alive, Env, Fault, Value};
use crate::plan::{Op, Place};
use crate::scopes::open;

pub(crate) type Run = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

pub(crate) fn run(ops: Vec<Op>, env: Env) -> Run {
    let value = env.ledger.value();
    Box::pin(async move {
        let _value = value;
        for op in ops {
            step(op, &env).await?;
        }
        Ok(())
    })
}

/// A clean-up that counts its runs.
pub(crate) fn cleanup(
    ops: Vec<Op>,
    env: &Env,
) -> (impl Future<Output = ()> + Send + 'static + use<>, Arc<AtomicU8>) {
    let (env, value, alive) = (env.clone(), env.ledger.value(), Alive::of(&env.scopes));
    let ran = Arc::new(AtomicU8::new(0));
    let count = ran.clone();
    let future = async move {
        let (_value, _alive) = (value, alive);
        let env = Env { foreign: false, beside: false, ..env.protected() };
        run(ops, env).await.expect("a clean-up fails nothing");
        count.fetch_add(1, SeqCst);
    };
    (future, ran)
}

/// Registers a clean-up as armed, when that is so.
pub(crate) fn armed(env: &Env, ran: Arc<AtomicU8>) {
    env.ledger.cleanups.lock().unwrap().push(ran);
}

pub(crate) fn check_none_alive(env: &Env, scope: &Arc<AtomicUsize>, what: &str) {
    let alive = scope.load(SeqCst);
    if alive != 0 {
        env.ledger.outlived.lock().unwrap().push(format!("{alive} in a {what}"));
    }
}

pub(crate) fn see_payload(payload: Box<dyn std::any::Any + Send>) -> Option<Box<dyn std::any::Any + Send>> {
    match payload.downcast::<Fault>() {
        Ok(fault) => {
            fault.see();
            None
        }
        Err(other) => Some(other),
    }
}

pub(crate) fn step(op: Op, env: &Env) -> Run {
    let env = env.clone();
    Box::pin(async move {
        match op {
            Op::Leaf => {
                env.ledger.leaves.fetch_add(1, SeqCst);
            }
            Op::Yield(n) => {
                for _ in 0..n {
                    yield_now().await;
                }
            }
            Op::Delay(us) => delay(Duration::from_micros(us)).await,
            Op::Scope { kind, children, body } => return open(kind, children, body, env).await,
            Op::Shield(ops) => {
                let ledger = env.ledger.clone();
                let foreign = env.foreign;
                let inside = run(ops, env.protected());
                shield(async move {
                    if !foreign {
                        ledger.shields_entered.fetch_add(1, SeqCst);
                    }
                    inside.await.expect("a shield holds nothing that fails");
                    if !foreign {
                        ledger.shields_ended.fetch_add(1, SeqCst);
                    }
                })
                .await;
            }
            Op::Finally { body, cleanup: last } => {
                let (last, ran) = cleanup(last, &env);
                let inside = run(body, env.clone());
                armed(&env, ran); // the next thing that happens is the first poll
                return inside.finally(last).await;
            }
            Op::Defer { run: in_line, body, cleanup: last } => {
                let (last, ran) = cleanup(last, &env);
                armed(&env, ran);
                let guard = defer(last);
                run(body, env).await?;
                if in_line {
                    guard.run().await;
                }
            }
            Op::Bracket { body, cleanup: last } => {
                let (last, ran) = cleanup(last, &env);
                let ledger = env.ledger.clone();
                let inside = run(body, env);
                return bracket(
                    async move {
                        ledger.cleanups.lock().unwrap().push(ran);
                        ledger.value()
                    },
                    async move |_held: &mut Value| inside.await,
                    move |held: Value| async move {
                        let _held = held;
                        last.await;
                    },
                )
                .await;
            }
            Op::Timeout(us, ops) => {
                if let Ok(ended) = with_timeout(Duration::from_micros(us), run(ops, env)).await {
                    return ended;
                }
            }
            Op::Move(place, ops) => {
                let inside = run(ops, env.at(place));
                return match env.dispatcher(place) {
                    Some(dispatcher) => with_context(dispatcher, inside).await,
                    None => inside.await,
                };
            }
            Op::RunOn(place, ops) => {
                let context = env.dispatcher(place).map_or(CoroutineContext::new(), CoroutineContext::from);
                let scope = Arc::default();
                let alive = Alive::of(&[env.scopes.clone(), vec![Arc::clone(&scope)]].concat());
                let inside = run(ops, env.child(place, &scope));
                let ended = run_on(context, async move {
                    let _alive = alive;
                    inside.await
                })
                .await;
                check_none_alive(&env, &scope, "run_on");
                return ended;
            }
            Op::Blocking(ops) => {
                // Only where it may block: not under a view, whose place it would keep, nor where a step
                // under a view may poll it.
                if env.beside || !matches!(env.place, Place::Default | Place::Io) {
                    return run(ops, env).await;
                }
                let scope = Arc::default();
                let inside = run(ops, env.child(Place::Inherited, &scope));
                let ended = run_blocking(async move |_: Scope| inside.await);
                check_none_alive(&env, &scope, "run_blocking");
                return ended;
            }
            Op::Completion(ops) => {
                let scope: Arc<AtomicUsize> = Arc::default();
                let alive = Alive::of(&env.scopes);
                let inside = run(ops, env.child(Place::Inherited, &scope).protected());
                let ran = env.ledger.arm(); // its first poll comes now, and then it runs whatever happens
                run_to_completion(async move {
                    let _alive = alive;
                    inside.await.expect("nothing in it fails");
                    ran.fetch_add(1, SeqCst);
                })
                .await;
            }
            Op::PollAndDrop(polls, ops) => {
                let mut inside = run(ops, env.foreign());
                let mut left = polls;
                let ended = poll_fn(|cx| {
                    left -= 1;
                    match inside.as_mut().poll(cx) {
                        Poll::Ready(ended) => Poll::Ready(Some(ended)),
                        Poll::Pending if left == 0 => Poll::Ready(None),
                        Poll::Pending => {
                            cx.waker().wake_by_ref();
                            Poll::Pending
                        }
                    }
                })
                .await;
                drop(inside);
                yield_now().await; // from a step that a move inside may have asked for, back to where this belongs
                return ended.unwrap_or(Ok(()));
            }
            Op::Unordered { drop_early, branches } => {
                let mut all: FuturesUnordered<Run> =
                    branches.into_iter().map(|ops| run(ops, env.foreign().beside())).collect();
                while let Some(ended) = all.next().await {
                    ended?;
                    if drop_early {
                        break;
                    }
                }
                drop(all);
                yield_now().await; // as above: the wakers of a `FuturesUnordered` are its own
            }
            Op::Select(one, two) => {
                let env = env.foreign().beside();
                let (one, two) = (run(one, env.clone()), run(two, env));
                return match futures::future::select(one, two).await {
                    Either::Left((ended, _loser)) | Either::Right((ended, _loser)) => ended,
                };
            }
            Op::Race(branches) => {
                let branches: Vec<Run> = branches.into_iter().map(|ops| run(ops, env.beside())).collect();
                return race(branches).await;
            }
            Op::Catch(ops) => {
                let ended = AssertUnwindSafe(run(ops, env)).catch_unwind().await;
                match ended {
                    Ok(ended) => return ended,
                    Err(payload) => {
                        if let Some(other) = see_payload(payload) {
                            std::panic::resume_unwind(other);
                        }
                    }
                }
            }
            Op::CancelOne(number) => {
                let job = {
                    let jobs = env.ledger.jobs.lock().unwrap();
                    if jobs.is_empty() { None } else { Some(jobs[number as usize % jobs.len()].clone()) }
                };
                if let Some(job) = job {
                    job.cancel("chosen from inside");
                }
            }
            Op::CancelSelf => {
                coscope::current_job().cancel("by itself");
                yield_now().await;
            }
            Op::Fail => return Err(Fault::new(&env, false)),
            Op::Panic => {
                let fault = Fault::new(&env, true).hand_over(try_current_job());
                std::panic::resume_unwind(Box::new(fault));
            }
        }
        Ok(())
    })
}
