//! [`TestScope`]: what a test's body is given. Imports all above it.

use std::convert::Infallible;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Weak};
use std::thread::{self, ThreadId};
use std::time::Duration;

use coscope_core::dispatch::Dispatcher;
use coscope_core::time::Clock;
use coscope_core::{Scope, Supervisor};

use crate::dispatchers::{Eager, Queued, Steps};
use crate::real_work::{InFlight, RealWork};
use crate::test_loop::TestLoop;
use crate::virtual_clock::{BEGIN, VirtualClock};
use crate::wishes::{Advance, Wish, Wishes};

/// The scope of a test, and its hold on time.
///
/// A [`Scope`] by `Deref`: `launch`, `spawn` and the rest are there. By itself the clock jumps to the next timer as
/// soon as nothing can run; what is here says how far, and stops it there.
///
/// ```
/// # coscope_scheduler::install();
/// use coscope_core::delay;
/// use coscope_test::{Test, TestScope};
/// use std::time::Duration;
///
/// Test::new().run(async |t: TestScope| {
///     let second = Duration::from_secs(1);
///     let job = t.launch(delay(second));
///     t.advance_by(second).await; // what is due just then has not run yet
///     assert!(job.is_active());
///     t.run_current().await;
///     assert!(job.is_completed());
///     assert_eq!(t.current_time(), second);
/// });
/// ```
pub struct TestScope<E = Infallible> {
    scope: Scope<E>,
    background: Supervisor,
    parts: Parts,
}

/// What of the loop a test's body may have: nothing that keeps it.
#[derive(Clone)]
pub(crate) struct Parts {
    owner: Weak<dyn Steps>,
    in_flight: Arc<InFlight>,
    clock: Arc<VirtualClock>,
    wishes: Arc<Wishes>,
    dispatcher: Dispatcher,
    thread: ThreadId,
}

impl Parts {
    pub(crate) fn of(owner: &Arc<TestLoop>) -> Self {
        Parts {
            owner: Arc::downgrade(&(owner.clone() as Arc<dyn Steps>)),
            in_flight: owner.in_flight.clone(),
            clock: owner.clock.clone(),
            wishes: owner.wishes.clone(),
            dispatcher: owner.dispatcher.clone(),
            thread: thread::current().id(),
        }
    }
}

impl<E> TestScope<E> {
    pub(crate) fn new(scope: Scope<E>, background: Supervisor, parts: Parts) -> Self {
        TestScope { scope, background, parts }
    }

    /// Virtual time since the test began.
    pub fn current_time(&self) -> Duration {
        self.parts.clock.now() - BEGIN
    }

    /// Lets `duration` pass: runs all that is due before its end, and moves the clock there. What is due just at its
    /// end is left to [`run_current`](Self::run_current), or to the next wait.
    #[track_caller]
    pub fn advance_by(&self, duration: Duration) -> Advance {
        self.wish(Wish::To(self.parts.clock.now() + duration))
    }

    /// Runs all that can run now, and what comes of it, without moving the clock.
    #[track_caller]
    pub fn run_current(&self) -> Advance {
        self.wish(Wish::RunAt(self.parts.clock.now()))
    }

    /// Runs until nothing is left that can run, now or by a timer, but in the background scope.
    #[track_caller]
    pub fn advance_until_idle(&self) -> Advance {
        self.wish(Wish::Idle)
    }

    #[track_caller]
    fn wish(&self, wish: Wish) -> Advance {
        Advance::new(&self.parts.wishes, wish)
    }

    /// For what runs on and on beside the test: it is cancelled, and waited for, when the body and its children have
    /// ended. A failure that nobody awaits fails the test.
    ///
    /// Timers set in it come after the others of the same instant, and its steps on real dispatchers do not hold the
    /// clock.
    ///
    /// ```
    /// # coscope_scheduler::install();
    /// # use coscope_core::delay;
    /// # use coscope_test::{Test, TestScope};
    /// # use std::time::Duration;
    /// Test::new().run(async |t: TestScope| {
    ///     t.background_scope().launch(async {
    ///         loop {
    ///             delay(Duration::from_secs(1)).await; // a heartbeat
    ///         }
    ///     });
    ///     delay(Duration::from_secs(10)).await;
    /// });
    /// ```
    pub fn background_scope(&self) -> &Supervisor {
        &self.background
    }

    /// The test's own dispatcher: steps wait in its queue.
    pub fn dispatcher(&self) -> Dispatcher {
        self.parts.dispatcher.clone()
    }

    /// Another dispatcher with the test's queue and clock, for code that wants one of its own, or as the main one:
    /// `Dispatchers::set_main(t.queued_dispatcher("main"))`.
    pub fn queued_dispatcher(&self, name: &str) -> Dispatcher {
        Dispatcher::new(self.queued(name))
    }

    /// A dispatcher with the test's clock that runs each step as soon as the step around it has come to its end, ahead
    /// of the queue. The order that it gives is nobody else's: take it for tests that do not care about order.
    pub fn eager_dispatcher(&self, name: &str) -> Dispatcher {
        Dispatcher::new(Eager::new(self.queued(name), self.parts.thread))
    }

    fn queued(&self, name: &str) -> Queued {
        Queued::new(name, self.parts.owner.clone(), self.parts.clock.clone())
    }

    /// Says that something is under way that the test cannot see (a thread, a foreign runtime): until the value is
    /// dropped the clock stands still, and waiting is no deadlock.
    pub fn real_work(&self) -> RealWork {
        self.parts.in_flight.begin()
    }
}

impl<E> Deref for TestScope<E> {
    type Target = Scope<E>;
    fn deref(&self) -> &Scope<E> {
        &self.scope
    }
}

impl<E> Clone for TestScope<E> {
    fn clone(&self) -> Self {
        TestScope {
            scope: self.scope.clone(),
            background: self.background.clone(),
            parts: self.parts.clone(),
        }
    }
}

impl<E> fmt::Debug for TestScope<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestScope")
            .field("scope", &self.scope)
            .field("current_time", &self.current_time())
            .finish_non_exhaustive()
    }
}
