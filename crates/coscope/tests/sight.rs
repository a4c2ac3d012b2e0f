//! What is to be seen of coroutines from outside: where each is suspended, how far it has come, what hangs below it.
#![allow(missing_docs, clippy::disallowed_methods, clippy::redundant_async_block)] // tests

use ::core::prelude::v1::test; // and not that of coscope
use coscope::prelude::*;
use coscope::sight::{ChildCursor, JobKind, Named, Phase, Wait, WaitKind};
use coscope::*;
use coscope_test::run_test;
use std::collections::HashSet;
use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// The line below, that launches.
const LAUNCHES: u32 = line!() + 4;

/// Where a coroutine is suspended that runs `future`.
fn seen(s: &Scope, future: impl Future<Output = ()> + Send + 'static) -> Wait {
    let job = s.start(Start::Undispatched).launch(future);
    let sight = job.sight();
    job.cancel("seen");
    assert_eq!(sight.phase, Phase::Suspended, "{sight}");
    sight.wait.expect("a wait of ours")
}

/// A foreign future: it keeps its waker, should it ever have a use for that.
async fn kept_awake() {
    let mut waker = None;
    std::future::poll_fn(|cx| {
        waker = Some(cx.waker().clone());
        std::task::Poll::Pending
    })
    .await
}

/// As [`seen`], of what takes several steps to come to rest.
async fn seen_later(s: &Scope, future: impl Future<Output = ()> + Send + 'static) -> Wait {
    let job = s.launch(future);
    delay(Duration::from_millis(1)).await;
    let sight = job.sight();
    job.cancel("seen");
    assert_eq!(sight.phase, Phase::Suspended, "{sight}");
    sight.wait.expect("a wait of ours")
}

#[track_caller]
fn is(wait: Wait, kind: WaitKind, line: u32) {
    assert_eq!((wait.kind, wait.site.file(), wait.site.line()), (kind, file!(), line), "{wait}");
}

#[test]
fn delays() {
    run_test(async |s: Scope| {
        is(seen(&s, async { delay(HOUR).await }), WaitKind::Delay, line!());
        is(seen(&s, async { delay_until(now() + HOUR).await }), WaitKind::Delay, line!());
    });
}

#[test]
fn joins() {
    run_test(async |s: Scope| {
        let slow = s.launch(delay(HOUR));
        let job = slow.clone();
        is(seen(&s, async move { job.join().await }), WaitKind::Join, line!());
        let jobs = [slow.clone()];
        is(seen(&s, async { join_all(jobs).await }), WaitKind::Join, line!());
        slow.cancel("enough");
    });
}

#[test]
fn ticks_and_turns() {
    run_test(async |s: Scope| {
        let ticking = async {
            let mut ticks = interval(HOUR);
            ticks.tick().await;
            ticks.tick().await;
        };
        is(seen(&s, ticking), WaitKind::Tick, line!() - 2);
        let job = s.start(Start::Undispatched).launch(async { yield_now().await });
        assert_eq!(job.sight().phase, Phase::Queued);
        is(job.sight().wait.unwrap(), WaitKind::Yield, line!() - 2);
    });
}

#[test]
fn results() {
    run_test(async |s: Scope| {
        let slow = |s: &Scope| s.spawn(delay(HOUR));
        let deferred = slow(&s);
        is(seen(&s, async { deferred.await }), WaitKind::Await, line!());
        let deferred = slow(&s);
        is(seen(&s, async { _ = deferred.outcome().await }), WaitKind::Await, line!());
        let mut deferred = slow(&s);
        is(seen(&s, async move { deferred.by_ref().await }), WaitKind::Await, line!());
        let several = [slow(&s), slow(&s)];
        is(seen_later(&s, async { _ = await_all(several).await }).await, WaitKind::Await, line!());
        let value = CompletableDeferred::<u8>::new();
        is(seen(&s, async move { _ = value.wait().await }), WaitKind::Value, line!());
        is(seen(&s, run_to_completion(delay(HOUR))), WaitKind::Completion, line!());
        let in_frame = async {
            frame_scope(async |s: FrameScope<'_>| {
                let child = s.spawn(pending::<u8>());
                _ = child.await;
            })
            .await;
        };
        is(seen_later(&s, in_frame).await, WaitKind::Await, line!() - 4);
        current_job().cancel_children("seen");
    });
}

#[test]
fn channels() {
    run_test(async |s: Scope| {
        let (tx, rx) = channel::channel::<u8>(1);
        is(seen(&s, async move { _ = rx.recv().await }), WaitKind::ChannelRecv, line!());
        let (_tx, rx) = channel::channel::<u8>(1);
        let many = async move { _ = rx.recv_many(&mut Vec::new(), 2).await };
        is(seen(&s, many), WaitKind::ChannelRecv, line!() - 1);
        drop(tx);
        let (tx, _rx) = channel::channel::<u8>(0);
        let sender = tx.clone();
        is(seen(&s, async move { _ = sender.send(1).await }), WaitKind::ChannelSend, line!());
        is(seen(&s, async move { _ = tx.reserve().await }), WaitKind::Reserve, line!());
        let (tx, rx) = channel::oneshot::<u8>();
        is(seen(&s, async move { _ = rx.recv().await }), WaitKind::Oneshot, line!());
        drop(tx);
        let (tx, _rx) = channel::oneshot::<u8>();
        is(seen(&s, async move { tx.closed().await }), WaitKind::Closed, line!());
    });
}

#[test]
fn actors() {
    run_test(async |s: Scope| {
        let deaf = s.actor(0, async |_: channel::Receiver<channel::OneshotSender<u8>>| pending().await);
        let asked = deaf.clone();
        is(seen(&s, async move { _ = asked.ask(|reply| reply).await }), WaitKind::ChannelSend, line!());
        let forgetful = s.actor(1, async |_: channel::Receiver<channel::OneshotSender<u8>>| pending().await);
        let asked = forgetful.clone();
        is(seen(&s, async move { _ = asked.ask(|reply| reply).await }), WaitKind::Oneshot, line!());
        forgetful.kill();
        deaf.kill();
    });
}

#[test]
fn locks_and_permits() {
    run_test(async |s: Scope| {
        let mutex = Arc::new(sync::Mutex::new(()));
        let _held = mutex.lock().await;
        let (lock, owned) = (mutex.clone(), mutex.clone());
        is(seen(&s, async move { drop(lock.lock().await) }), WaitKind::Lock, line!());
        is(seen(&s, async move { drop(owned.lock_owned().await) }), WaitKind::Lock, line!());
        let semaphore = Arc::new(sync::Semaphore::new(0));
        is(seen(&s, async move { _ = semaphore.acquire().await }), WaitKind::Acquire, line!());

        let one = s.limit(1);
        one.launch(delay(HOUR)).await;
        let place = one.clone();
        is(seen(&s, async move { _ = place.launch(async {}).await }), WaitKind::Limit, line!());
        current_job().cancel_children("seen");
    });
}

#[test]
fn several_at_once() {
    run_test(async |s: Scope| {
        let select = async {
            let (_tx, rx) = channel::channel::<u8>(1);
            select! {
                _ = rx.recv() => {}
                () = delay(HOUR) => {}
            }
        };
        let wait = seen(&s, select);
        is(wait, WaitKind::Select, line!() - 6);
        assert!(!wait.is_foreign());

        let select = async {
            let foreign = kept_awake();
            select! {
                () = delay(HOUR) => {}
                () = foreign => {}
            }
        };
        let wait = seen(&s, select);
        is(wait, WaitKind::Select, line!() - 6);
        assert!(wait.is_foreign());

        let wait = seen(&s, async { race([delay(HOUR), delay(2 * HOUR)]).await });
        is(wait, WaitKind::Race, line!() - 1);
        assert!(!wait.is_foreign());
        let wait = seen(&s, async { race([kept_awake()]).await });
        is(wait, WaitKind::Race, line!() - 1);
        assert!(wait.is_foreign());
    });
}

#[test]
fn scopes_and_what_wraps_a_future() {
    run_test(async |s: Scope| {
        let around = async {
            scope(async |s: Scope| {
                s.launch(delay(HOUR));
            })
            .await;
        };
        is(seen(&s, around), WaitKind::Children, line!() - 5);
        let inside = async {
            scope(async |_: Scope| delay(HOUR).await).await;
        };
        is(seen(&s, inside), WaitKind::Delay, line!() - 2);

        // the wait inside says more than the timeout
        is(seen(&s, async { _ = with_timeout(HOUR, delay(HOUR)).await }), WaitKind::Delay, line!());
        is(seen(&s, async { _ = with_timeout(HOUR, pending::<()>()).await }), WaitKind::Timeout, line!());
        is(seen(&s, async { shield(delay(HOUR)).await }), WaitKind::Delay, line!());
    });
}

#[test]
fn an_await_inside_of_a_wrapper_is_shown_where_that_was_called() {
    run_test(async |s: Scope| {
        let slow = || s.spawn(delay(HOUR));
        let deferred = slow();
        is(seen(&s, async { _ = with_timeout(HOUR, deferred).await }), WaitKind::Await, line!());
        let deferred = slow();
        is(seen(&s, async { deferred.finally(async {}).await }), WaitKind::Await, line!());
        let deferred = slow();
        is(seen(&s, async { deferred.named("slow").await }), WaitKind::Await, line!());
        let deferred = slow();
        is(seen(&s, deferred), WaitKind::Await, LAUNCHES);
        current_job().cancel_children("seen");
    });
}

#[test]
fn wishes_and_callbacks() {
    run_test(async |s: Scope| {
        is(seen(&s, async { stop_requested().await }), WaitKind::StopRequested, line!());
        is(seen(&s, async { cancelled().await }), WaitKind::Cancelled, line!());
        let kept = Arc::new(std::sync::Mutex::new(None));
        let keep = kept.clone();
        let callback = async move {
            _ = suspend_cancellable(|resumer: Resumer<u8>| *keep.lock().unwrap() = Some(resumer)).await;
        };
        let wait = seen(&s, callback);
        is(wait, WaitKind::Callback, line!() - 3);
        assert!(wait.is_foreign());
    });
}

#[test]
fn the_way_to_another_dispatcher() {
    run_blocking(async |s: Scope| {
        // a view of one that is held, so that the way there is not free
        let one = Dispatchers::default().limited_parallelism(1);
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let (begun, begins) = channel::oneshot();
        s.on(&one).launch(async move {
            begun.send(()).unwrap();
            _ = held.recv();
        });
        begins.recv().await;
        let away = one.clone();
        let job = s.start(Start::Undispatched).launch(async move { with_context(away, async {}).await });
        let sight = job.sight();
        assert_eq!(sight.phase, Phase::Queued, "{sight}");
        is(sight.wait.unwrap(), WaitKind::WithContext, line!() - 3);
        drop(hold);
    });
}

#[test]
fn a_foreign_future_is_one_of_which_nothing_is_known_but_its_name() {
    run_test(async |s: Scope| {
        let job = s.start(Start::Undispatched).launch(pending());
        let sight = job.sight();
        assert_eq!((sight.phase, sight.wait), (Phase::Suspended, None));
        assert!(sight.to_string().contains("suspended 0 ms in a foreign future, launched at "), "{sight}");
        job.cancel("seen");

        let named = seen(&s, async { pending::<()>().named("db pool").await });
        is(named, WaitKind::Foreign, line!() - 1);
        assert_eq!(named.label, Some("db pool"));
        // a wait of ours inside says more
        is(seen(&s, async { delay(HOUR).named("a nap").await }), WaitKind::Delay, line!());
    });
}

#[test]
fn a_coroutine_is_seen_in_each_of_its_phases() {
    run_test(async |s: Scope| {
        let lazy = s.named("lazy").start(Start::Lazy).launch(async {
            assert_eq!(current_job().sight().phase, Phase::Running);
            delay(HOUR).await;
            scope(async |s: Scope| {
                s.launch(delay(HOUR));
                current_job().cancel("enough");
            })
            .await;
        });
        let phase = || lazy.sight().phase;
        assert_eq!(phase(), Phase::New);
        lazy.start();
        assert_eq!(phase(), Phase::Queued);
        yield_now().await;
        assert_eq!(phase(), Phase::Suspended);
        delay(Duration::from_millis(3200)).await;
        let sight = lazy.sight();
        assert_eq!(sight.in_state, Some(Duration::from_millis(3200)));
        assert_eq!((sight.kind, sight.cancelled), (JobKind::Coroutine, false));
        assert_eq!(sight.dispatcher.as_deref(), Some("test"));
        let text = format!("\"lazy#{}\" suspended 3.2 s in delay at {}", lazy.id(), file!());
        assert!(sight.to_string().starts_with(&text), "{sight}");
        lazy.join().await;
        let sight = lazy.sight();
        assert_eq!((sight.phase, sight.wait, sight.in_state), (Phase::Completed, None, None));
        assert!(sight.cancelled);
    });
}

#[test]
fn every_coroutine_is_found_below_the_root_whoever_launched_it() {
    let in_test = |name: &'static str| format!("{name} of this test");
    run_blocking(async |s: Scope| {
        let detached = detached().named(in_test("detached")).launch(pending());
        let owner = CoroutineScope::new(CoroutineContext::new());
        let owned = owner.named(in_test("owned")).launch(pending());
        let child = s.named(in_test("child")).launch(pending());
        let found = below(&sight::root());
        for job in [&detached, &owned, &child, &current_job()] {
            assert!(found.contains(job), "{job}");
        }
        let others = std::thread::spawn(|| {
            run_local(async |_: LocalScope<'_>| below(&sight::root()).contains(&current_job()))
        });
        assert!(others.join().unwrap());
        detached.cancel("seen");
        owner.cancel("seen");
        child.cancel("seen");
    });
}

/// All that hangs below `job`.
fn below(job: &Job) -> Vec<Job> {
    let mut found = Vec::new();
    let mut cursor = ChildCursor::new();
    loop {
        let few = job.children_after(&mut cursor, 7);
        if few.is_empty() {
            return found;
        }
        for child in few {
            found.extend(below(&child));
            found.push(child);
        }
    }
}

#[test]
fn a_cursor_goes_on_where_it_was_whoever_comes_and_goes() {
    run_test(async |s: Scope| {
        let jobs: Vec<Job> = (0..10).map(|_| s.launch(pending())).collect();
        let around = |scope: &Job| scope.children_after(&mut ChildCursor::new(), 1).contains(&jobs[0]);
        let scope = &below(&current_job()).into_iter().find(around).unwrap();
        assert_eq!((scope.sight().kind, scope.sight().phase), (JobKind::Scope, Phase::Open));
        assert_ne!(scope.key(), current_job().key());
        let mut cursor = ChildCursor::new();
        assert_eq!(scope.children_after(&mut cursor, 4), jobs[..4]);
        for gone in [0, 3, 4, 6] {
            jobs[gone].cancel_and_join("gone").await;
        }
        s.launch(pending()); // too late
        assert_eq!(scope.children_after(&mut cursor, 2), [jobs[5].clone(), jobs[7].clone()]);
        assert_eq!(scope.children_after(&mut cursor, 9), [jobs[8].clone(), jobs[9].clone()]);
        assert!(scope.children_after(&mut cursor, 9).is_empty());
        // another job: anew
        assert_eq!(jobs[1].children_after(&mut cursor, 9), []);
        assert_eq!(scope.children_after(&mut cursor, 1), [jobs[1].clone()]);
        current_job().cancel_children("seen");
    });
}

#[test]
fn a_walk_over_a_hundred_thousand_coroutines_that_come_and_go_meets_parents_first() {
    const PARENTS: usize = 100;
    const CHILDREN: usize = 1000;
    run_blocking_on(Dispatchers::default(), async |s: Scope| {
        let owner = Job::new();
        let all = owner.scope();
        let (ready, are_ready) = channel::unlimited();
        for _ in 0..PARENTS {
            let ready = ready.clone();
            all.launch(async move {
                scope(async |s: Scope| {
                    for n in 0..CHILDREN {
                        if n % 2 == 0 {
                            s.named("stays").launch(pending());
                        } else {
                            s.launch(come_and_go(s.clone()));
                        }
                    }
                    ready.send(()).await.unwrap();
                })
                .await;
            });
        }
        for _ in 0..PARENTS {
            are_ready.recv().await.unwrap();
        }
        for _ in 0..3 {
            assert_eq!(s.spawn(walk((*owner).clone())).await, PARENTS * CHILDREN / 2);
        }
        owner.cancel_and_join("seen").await;
    });
}

/// A coroutine that lives for a few steps and leaves another one in its place.
fn come_and_go(s: Scope) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        yield_now().await;
        s.launch(come_and_go(s.clone()));
    })
}

/// Walks over all below `job`. How many there are that stay.
async fn walk(job: Job) -> usize {
    let mut met = HashSet::from([job.id()]);
    let mut to_walk = vec![job];
    let mut stays = 0;
    while let Some(parent) = to_walk.pop() {
        let mut cursor = ChildCursor::new();
        loop {
            let few = parent.children_after(&mut cursor, 64);
            if few.is_empty() {
                break;
            }
            for child in few {
                let is_scope = child.id() == 0;
                assert!(is_scope || met.insert(child.id()), "{child} was met twice");
                if let Some(above) = child.parent() {
                    assert!(met.contains(&above.id()), "{child} was met before its parent");
                }
                stays += usize::from(child.name() == "stays");
                to_walk.push(child);
            }
        }
    }
    stays
}
