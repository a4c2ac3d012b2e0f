//! What probes hear: exact lists of events, of coroutines on one thread.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use coscope::channel::channel;
use coscope::prelude::*;
use coscope::probe::{self, Blocked, Launched, Outcome, Probe, Resource, StepEnd};
use coscope::{CompletableDeferred, Instant, now, sync};
use coscope_test::run_test;

/// Writes down what happens to the coroutines whose names it is asked for, under these names.
struct Diary {
    known: Mutex<Vec<(u64, String)>>,
    lines: Mutex<Vec<String>>,
    prefix: &'static str,
}

impl Diary {
    /// Of coroutines whose names begin with `prefix`.
    fn of(prefix: &'static str) -> Arc<Diary> {
        Arc::new(Diary { known: Mutex::default(), lines: Mutex::default(), prefix })
    }
    fn name(&self, id: u64) -> Option<String> {
        let known = self.known.lock().unwrap();
        known.iter().find(|(known, _)| *known == id).map(|(_, name)| name[self.prefix.len()..].to_owned())
    }
    fn write(&self, id: u64, what: impl FnOnce() -> String) {
        if let Some(name) = self.name(id) {
            self.lines.lock().unwrap().push(format!("{name} {}", what()));
        }
    }
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
    fn resource(&self, on: Resource) -> String {
        match on {
            Resource::Job(id) => format!("job {}", self.name(id).unwrap_or_default()),
            Resource::Mutex(_) => "mutex".to_owned(),
            Resource::Semaphore(_) => "semaphore".to_owned(),
            Resource::Room(_) => "room".to_owned(),
            Resource::Message(_) => "message".to_owned(),
            other => panic!("unknown: {other}"),
        }
    }
}

impl Probe for Diary {
    fn launched(&self, launched: &Launched<'_>) {
        let (id, name) = (launched.info.id(), launched.info.name());
        if name.starts_with(self.prefix) {
            self.known.lock().unwrap().push((id, name.to_owned()));
            let parent = launched.parent.and_then(|parent| self.name(parent));
            self.write(id, || parent.map_or("launched".to_owned(), |parent| format!("launched by {parent}")));
        }
    }
    fn step_started(&self, id: u64) {
        self.write(id, || "(".to_owned());
    }
    fn step_ended(&self, id: u64, end: StepEnd) {
        self.write(id, || format!(") {end:?}"));
    }
    fn woken(&self, id: u64) {
        self.write(id, || "woken".to_owned());
    }
    fn cancelled(&self, id: u64) {
        self.write(id, || "cancelled".to_owned());
    }
    fn completed(&self, id: u64, outcome: Outcome) {
        self.write(id, || format!("is over: {outcome}"));
    }
    fn blocked(&self, blocked: &Blocked) {
        self.write(blocked.waiter, || {
            assert_eq!(blocked.at.file(), file!());
            let holder = blocked.holder.map(|holder| self.name(holder).unwrap_or("another".to_owned()));
            let holder = holder.map_or(String::new(), |holder| format!(", which {holder} has"));
            let one_of = if blocked.alternative { "among others " } else { "" };
            format!("waits {one_of}for {}{holder}", self.resource(blocked.on))
        });
    }
    fn granted(&self, waiter: u64, on: Resource) {
        self.write(waiter, || format!("has waited for {}", self.resource(on)));
    }
    fn left(&self, waiter: u64, on: Resource) {
        self.write(waiter, || format!("waits no more for {}", self.resource(on)));
    }
}

#[test]
fn a_life_with_a_yield() {
    let diary = Diary::of("yield:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        s.named("yield:a").launch(async { yield_now().await });
    });
    let life = ["a launched", "a (", "a ) Yielded", "a (", "a ) Completed", "a is over: value"];
    assert_eq!(diary.take(), life);
}

#[test]
fn a_suspended_one_is_woken() {
    let diary = Diary::of("wake:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        let signal = CompletableDeferred::new();
        let wanted = signal.clone();
        s.named("wake:a").start(Start::Undispatched).launch(async move { wanted.wait().await.unwrap() });
        signal.complete(()).unwrap();
    });
    let life = ["a launched", "a (", "a ) Suspended", "a woken", "a (", "a ) Completed", "a is over: value"];
    assert_eq!(diary.take(), life);
}

#[test]
fn one_that_starts_inside_of_a_step_ends_its_own_there() {
    let diary = Diary::of("inside:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        s.named("inside:a").launch(async {
            scope(async |s: Scope| {
                s.named("inside:b").start(Start::Undispatched).launch(async {});
            })
            .await;
        });
    });
    let lives = [
        "a launched",
        "a (",
        "b launched by a",
        "b (",
        "b ) Completed",
        "b is over: value",
        "a ) Completed",
        "a is over: value",
    ];
    assert_eq!(diary.take(), lives);
}

#[test]
fn outcomes() {
    let diary = Diary::of("end:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |_| {
        supervisor_scope(async |s: Supervisor| {
            let _ = s.named("end:value").spawn(async { 1 }).await;
            let _ = s.named("end:panic").spawn(async { panic!("on purpose") }).await;
            let failed = s.named("end:err").try_spawn(async { Err::<(), _>("no") }).await;
            assert!(failed.is_err());
            let cut = s.named("end:cut").spawn(std::future::pending::<()>());
            yield_now().await;
            cut.cancel("enough");
            let _ = cut.await;
        })
        .await;
        let failed = try_scope(async |s: Scope<&'static str>| {
            s.named("end:fails").try_launch(async { Err("no") });
            std::future::pending::<()>().await;
            Ok::<(), &str>(())
        });
        assert_eq!(failed.await, Err("no"));
    });
    let over: Vec<_> = diary.take().into_iter().filter(|line| line.contains("is over")).collect();
    let expected = [
        "value is over: value",
        "panic is over: panicked",
        "err is over: failed",
        "cut is over: cancelled",
        "fails is over: failed",
    ];
    assert_eq!(over, expected);
}

#[test]
fn a_cancel_reaches_all_below_and_each_is_dropped_in_a_step() {
    let diary = Diary::of("cut:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        let a = s.named("cut:a").start(Start::Undispatched).launch(async {
            scope(async |s: Scope| {
                s.named("cut:b").start(Start::Undispatched).launch(std::future::pending::<()>());
            })
            .await;
        });
        assert_eq!(
            diary.take(),
            ["a launched", "a (", "b launched by a", "b (", "b ) Suspended", "a ) Suspended"]
        );
        a.cancel_and_join("enough").await;
    });
    let mut lines = diary.take();
    assert_eq!(lines[0], "a cancelled");
    assert_eq!(lines[lines.len() - 1], "a is over: cancelled");
    lines.sort();
    let expected = [
        "a (",
        "a ) Cut",
        "a cancelled",
        "a is over: cancelled",
        "b (",
        "b ) Cut",
        "b cancelled",
        "b is over: cancelled",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn one_that_never_runs_is_launched_and_over() {
    let diary = Diary::of("never:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        let lazy = s.named("never:lazy").start(Start::Lazy).launch(async {});
        lazy.cancel_and_join("not wanted").await;
    });
    assert_eq!(
        diary.take(),
        ["lazy launched", "lazy cancelled", "lazy (", "lazy ) Cut", "lazy is over: cancelled"]
    );
}

#[test]
fn a_join_waits_for_the_job() {
    let diary = Diary::of("join:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        let b = s.named("join:b").launch(async {});
        s.named("join:a").start(Start::Undispatched).launch(async move { b.join().await });
        let d = s.named("join:d").spawn(async {});
        let scope = s.clone();
        s.named("join:c").start(Start::Undispatched).launch(async move {
            d.await;
            scope.named("join:e").start(Start::Undispatched).spawn(async {}).await; // it has ended before
        });
    });
    let waits: Vec<_> = diary.take().into_iter().filter(|line| line.contains("wait")).collect();
    let expected = [
        "a waits for job b, which b has",
        "c waits for job d, which d has",
        "a has waited for job b",
        "c has waited for job d",
    ];
    assert_eq!(waits, expected);
}

#[test]
fn a_join_that_is_cut_waits_no_more() {
    let diary = Diary::of("nojoin:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        let b = s.named("nojoin:b").launch(std::future::pending());
        let waited = b.clone();
        let a = s.named("nojoin:a").start(Start::Undispatched).launch(async move { waited.join().await });
        a.cancel_and_join("enough").await;
        b.cancel("enough");
    });
    let waits: Vec<_> = diary.take().into_iter().filter(|line| line.contains("wait")).collect();
    assert_eq!(waits, ["a waits for job b, which b has", "a waits no more for job b"]);
}

#[test]
fn a_lock_is_waited_for_and_who_has_it_is_named() {
    let diary = Diary::of("lock:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        let mutex = Arc::new(sync::Mutex::new(()));
        let locked = mutex.clone();
        s.named("lock:a").start(Start::Undispatched).launch(async move {
            let _held = locked.lock().await;
            yield_now().await;
            yield_now().await;
        });
        s.named("lock:b").launch(async move { drop(mutex.lock().await) });
    });
    let waits: Vec<_> = diary.take().into_iter().filter(|line| line.contains("wait")).collect();
    assert_eq!(waits, ["b waits for mutex, which a has", "b has waited for mutex"]);
}

#[test]
fn permits_are_waited_for_or_not_any_more() {
    let diary = Diary::of("permit:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        let semaphore = Arc::new(sync::Semaphore::new(0));
        let wanted = semaphore.clone();
        s.named("permit:a").start(Start::Undispatched).launch(async move {
            let late = with_timeout(Duration::from_millis(1), wanted.acquire()).await;
            assert!(late.is_err());
            drop(wanted.acquire().await);
        });
        delay(Duration::from_millis(5)).await;
        semaphore.add_permits(1);
    });
    let waits: Vec<_> = diary.take().into_iter().filter(|line| line.contains("wait")).collect();
    let expected = [
        "a waits for semaphore",
        "a waits no more for semaphore",
        "a waits for semaphore",
        "a has waited for semaphore",
    ];
    assert_eq!(waits, expected);
}

#[test]
fn messages_and_room_for_them_are_waited_for() {
    let diary = Diary::of("channel:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        let (to, from) = channel(1);
        s.named("channel:a").start(Start::Undispatched).launch(async move {
            for n in 0..3 {
                to.send(n).await.unwrap();
            }
        });
        s.named("channel:b").launch(async move { while from.recv().await.is_ok() {} });
    });
    let waits: Vec<_> = diary.take().into_iter().filter(|line| line.contains("wait")).collect();
    let expected = [
        "a waits for room",
        "b waits for message", // it has had both
        "a has waited for room",
        "b has waited for message",
    ];
    assert_eq!(waits, expected);
}

#[test]
fn a_wait_for_a_message_that_is_cut_or_that_will_not_come() {
    let diary = Diary::of("nomessage:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        let (to, from) = channel::<()>(0);
        let receiver = from.clone();
        let a = s.named("nomessage:a").start(Start::Undispatched).launch(async move {
            receiver.recv().await.unwrap();
        });
        s.named("nomessage:b").start(Start::Undispatched).launch(async move {
            from.recv().await.unwrap_err();
        });
        a.cancel_and_join("enough").await;
        drop(to);
    });
    let waits: Vec<_> = diary.take().into_iter().filter(|line| line.contains("wait")).collect();
    let expected = [
        "a waits for message",
        "b waits for message",
        "a waits no more for message",
        "b has waited for message",
    ];
    assert_eq!(waits, expected);
}

#[test]
fn a_select_waits_for_one_of_several() {
    let diary = Diary::of("select:");
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        let (to, from) = channel::<()>(0);
        let semaphore = Arc::new(sync::Semaphore::new(0));
        let wanted = semaphore.clone();
        s.named("select:a").start(Start::Undispatched).launch(async move {
            coscope::select! {
                message = from.recv() => message.unwrap(),
                permit = wanted.acquire() => drop(permit),
            }
        });
        semaphore.add_permits(1);
        yield_now().await;
        drop(to);
    });
    let mut waits: Vec<_> = diary.take().into_iter().filter(|line| line.contains("wait")).collect();
    waits[..2].sort(); // it looks at them in an order of its own
    waits[2..].sort();
    let expected = [
        "a waits among others for message",
        "a waits among others for semaphore",
        "a has waited for semaphore",
        "a waits no more for message",
    ];
    assert_eq!(waits, expected);
}

#[test]
fn what_is_given_back_is_told() {
    struct Released(Mutex<Vec<Resource>>);
    impl Probe for Released {
        fn released(&self, on: Resource) {
            self.0.lock().unwrap().push(on);
        }
    }
    let mutex = sync::Mutex::new(());
    let released = Arc::new(Released(Mutex::default()));
    let _listening = probe::install(released.clone());
    drop(mutex.try_lock());
    let address = std::ptr::from_ref(&mutex).addr();
    let size = size_of_val(&mutex);
    let heard = released.0.lock().unwrap();
    let own = |on: &&Resource| matches!(on, Resource::Mutex(at) if (address..address + size).contains(at));
    assert_eq!(heard.iter().filter(own).count(), 1);
}

#[test]
fn several_listen_until_their_guards_are_dropped() {
    let (first, second) = (Diary::of("two:"), Diary::of("two:"));
    let listening = probe::install(first.clone());
    let until_later = probe::install(second.clone());
    let launch = |name: &'static str| run_blocking(async |s: Scope| _ = s.named(name).launch(async {}));
    launch("two:a");
    drop(listening);
    launch("two:b");
    drop(until_later);
    launch("two:c");
    let life = |name| ["launched", "(", ") Completed", "is over: value"].map(|what| format!("{name} {what}"));
    assert_eq!(first.take(), life("a"));
    assert_eq!(second.take(), [life("a"), life("b")].concat());
}

#[test]
fn a_probe_goes_when_its_guard_does() {
    struct Deaf(#[expect(dead_code)] mpsc::Sender<()>);
    impl Probe for Deaf {}
    let (held, gone) = mpsc::channel();
    let listening = probe::install(Deaf(held));
    run_blocking(async |s: Scope| _ = s.launch(async {}));
    assert_eq!(gone.try_recv(), Err(mpsc::TryRecvError::Empty));
    drop(listening);
    // a thread of another test may just be telling something to those who listened before
    assert_eq!(gone.recv_timeout(Duration::from_secs(60)), Err(mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn a_wait_is_told_with_the_deadline_in_force_there() {
    #[derive(Default)]
    struct Deadlines(Mutex<Vec<(u64, Option<Instant>)>>);
    impl Probe for Deadlines {
        fn blocked(&self, blocked: &Blocked) {
            self.0.lock().unwrap().push((blocked.waiter, blocked.deadline));
        }
    }
    let heard = Arc::new(Deadlines::default());
    let _listening = probe::install(heard.clone());
    let (begin, ids) = run_test(async |s: Scope| {
        let (begin, hour) = (now(), Duration::from_secs(3600));
        let lock = Arc::new(sync::Mutex::new(()));
        let locked = lock.clone();
        s.start(Start::Undispatched).launch(async move {
            let _held = locked.lock().await;
            delay(Duration::from_secs(1)).await;
        });
        let wait = || {
            let lock = lock.clone();
            async move { drop(lock.lock().await) }
        };
        let bare = s.launch(wait());
        let timed = wait();
        let around = s.launch(async move { with_timeout(hour, timed).await.unwrap() });
        let below = with_timeout(2 * hour, async {
            scope(async |s: Scope| {
                let below = s.launch(wait());
                below.join().await;
                below.id()
            })
            .await
        });
        let below = below.await.unwrap();
        (begin, [bare.id(), around.id(), below, current_job().id()])
    });
    let heard = heard.0.lock().unwrap();
    let hours = |id: u64| {
        let of_it: Vec<Option<u64>> = heard
            .iter()
            .filter(|(waiter, _)| *waiter == id)
            .map(|(_, deadline)| deadline.map(|deadline| (deadline - begin).as_secs() / 3600))
            .collect();
        of_it
    };
    assert_eq!(ids.map(hours), [vec![None], vec![Some(1)], vec![Some(2)], vec![Some(2)]]);
}

#[test]
fn a_probe_that_panics_is_taken_out_and_all_goes_on() {
    struct Breaks(Mutex<usize>);
    impl Probe for Breaks {
        fn launched(&self, launched: &Launched<'_>) {
            if launched.info.name() == "break:a" {
                *self.0.lock().unwrap_or_else(|broken| broken.into_inner()) += 1;
                panic!("a probe breaks, on purpose");
            }
        }
    }
    let (breaks, diary) = (Arc::new(Breaks(Mutex::new(0))), Diary::of("break:"));
    let _broken = probe::install(breaks.clone());
    let _listening = probe::install(diary.clone());
    run_blocking(async |s: Scope| {
        s.named("break:a").launch(async {});
        s.named("break:a").launch(async {});
    });
    assert_eq!(*breaks.0.lock().unwrap(), 1);
    assert_eq!(diary.take().iter().filter(|line| **line == "a is over: value").count(), 2);
}

#[test]
fn what_a_probe_launches_is_told_to_nobody() {
    /// Launches another coroutine whenever one begins a step: without an end, if it heard of them.
    struct Launches(Mutex<usize>);
    impl Probe for Launches {
        fn step_started(&self, _: u64) {
            *self.0.lock().unwrap() += 1;
            coscope::detached().on(Dispatchers::default()).named("reaction:b").launch(async {
                coscope::detached().named("reaction:c").launch(async {}).join().await;
                yield_now().await;
            });
        }
    }
    let (launches, diary) = (Arc::new(Launches(Mutex::new(0))), Diary::of("reaction:"));
    let listening = (probe::install(launches.clone()), probe::install(diary.clone()));
    run_blocking(async |s: Scope| {
        s.named("reaction:a").launch(async {});
        delay(Duration::from_millis(20)).await;
    });
    drop(listening);
    let heard = diary.take();
    assert!(heard == ["a launched", "a (", "a ) Completed", "a is over: value"], "{:?}", &heard[..5]);
}
