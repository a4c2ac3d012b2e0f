//! What is to be seen of coroutines from outside: where each is suspended, how far it has come, what hangs below it.
#![allow(missing_docs)] // tests

use ::core::prelude::v1::test; // and not that of coscope
use coscope::prelude::*;
use coscope::sight::{ChildCursor, JobKind, Named, Phase, Wait, WaitKind};
use coscope::*;
use coscope_test::run_test;
use std::future::{Future, pending};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// Where a coroutine is suspended that runs `future`.
fn seen(s: &Scope, future: impl Future<Output = ()> + Send + 'static) -> Wait {
    let job = s.start(Start::Undispatched).launch(future);
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
fn a_foreign_future_is_one_of_which_nothing_is_known_but_its_name() {
    run_test(async |s: Scope| {
        let job = s.start(Start::Undispatched).launch(pending());
        let sight = job.sight();
        assert_eq!((sight.phase, sight.wait), (Phase::Suspended, None));
        assert!(sight.to_string().contains("suspended 0.0 s in a foreign future, launched at "), "{sight}");
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
        let late = s.launch(pending());
        assert_eq!(scope.children_after(&mut cursor, 2), [jobs[5].clone(), jobs[7].clone()]);
        assert_eq!(scope.children_after(&mut cursor, 9), [jobs[8].clone(), jobs[9].clone(), late]);
        assert!(scope.children_after(&mut cursor, 9).is_empty());
        // another job: anew
        assert_eq!(jobs[1].children_after(&mut cursor, 9), []);
        assert_eq!(scope.children_after(&mut cursor, 1), [jobs[1].clone()]);
        current_job().cancel_children("seen");
    });
}
