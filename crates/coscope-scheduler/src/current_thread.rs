//! [`EventLoop`]: runs steps on the thread that drives it, in the order in which they come.
//!
//! ```text
//!   other threads ─▶ inbox (locked) ─▶ ┐
//!   the driving thread ──────────────▶ queue (its own, no lock) ─▶ step ─▶ done? ─▶ …
//!   timers, every 32 steps or when idle ▲
//! ```
//!
//! The queue is a thread-local of the driving thread; a loop driven inside another's step puts that
//! one's queue aside. The thread parks with itself entered in the inbox as the sleeper; whoever puts
//! something in takes the sleeper out and unparks it, so a busy loop costs others no system call.
//!
//! Imports `guardian`, `home`, `park`, `pool`.

use std::collections::VecDeque;
use std::fmt;
use std::mem::{ManuallyDrop, take};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread, ThreadId};

use coscope_core::dispatch::{Dispatch, Dispatcher, Runnable, Steps, keep_permit};
use coscope_core::primitive::{AtomicBool, Mutex, Ordering};
use coscope_core::time::{Clock, Instant, Timers};
use coscope_core::unwind::{contain_or, drop_contained};

use crate::guardian::Guardian;
use crate::{home, park, pool};

/// After so many steps the loop looks at its timers and its inbox.
const ROUND: u32 = 32;

thread_local! {
    /// The queue of the loop that this thread drives. It is empty, and has allocated nothing, while there is
    /// none; without a destructor it is there to the thread's very end.
    static QUEUE: ManuallyDrop<Steps> = const { ManuallyDrop::new(Steps::new()) };
}

/// A queue of steps and a clock, driven by the thread that calls [`run_until`](Self::run_until).
///
/// ```
/// use coscope_core::dispatch::Runnable;
/// use coscope_scheduler::EventLoop;
/// use std::cell::Cell;
/// use std::sync::mpsc;
///
/// let (tx, rx) = mpsc::channel();
/// let event_loop = EventLoop::new("ui");
/// event_loop.dispatcher().dispatch(Runnable::from_fn(move || tx.send(7).unwrap()));
/// let got = Cell::new(None);
/// event_loop.run_until(&|| { got.set(got.get().or(rx.try_recv().ok())); got.get().is_some() });
/// assert_eq!(got.get(), Some(7));
/// event_loop.close();
/// ```
pub struct EventLoop {
    name: String,
    timers: Arc<Timers>,
    inbox: Mutex<Inbox>,
    closed: AtomicBool,
    guardian: OnceLock<Arc<Guardian>>,
}

#[derive(Default)]
struct Inbox {
    steps: VecDeque<Runnable>,
    /// Somebody has called; look whether it is done.
    called: bool,
    sleeper: Option<Thread>,
    driver: Option<ThreadId>,
}

impl EventLoop {
    /// A loop that nobody drives yet. Steps can be dispatched already.
    ///
    /// ```
    /// let event_loop = coscope_scheduler::EventLoop::new("ui");
    /// assert!(!event_loop.is_closed() && !event_loop.is_driven_here());
    /// ```
    pub fn new(name: impl Into<String>) -> Arc<Self> {
        Arc::new(EventLoop {
            name: name.into(),
            timers: Timers::new(1),
            inbox: Mutex::new(Inbox::default()),
            closed: AtomicBool::new(false),
            guardian: OnceLock::new(),
        })
    }

    /// The loop as a dispatcher.
    ///
    /// ```
    /// let event_loop = coscope_scheduler::EventLoop::new("ui");
    /// assert_eq!(event_loop.dispatcher().name(), "ui");
    /// ```
    pub fn dispatcher(self: &Arc<Self>) -> Dispatcher {
        Dispatcher::from_arc(self.clone())
    }

    /// Runs steps and fires timers on the calling thread until `done` says so; it is asked after each
    /// step and after each [`unpark`](Self::unpark). Waits as [`blocking`](crate::blocking) does.
    ///
    /// A loop may be driven inside a step of another, or of its own.
    ///
    /// ```
    /// use coscope_core::dispatch::Runnable;
    /// use coscope_scheduler::EventLoop;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    ///
    /// let done = Arc::new(AtomicBool::new(false));
    /// let event_loop = EventLoop::new("ui");
    /// let seen = done.clone();
    /// event_loop.dispatcher().dispatch(Runnable::from_fn(move || seen.store(true, Relaxed)));
    /// event_loop.run_until(&|| done.load(Relaxed));
    /// ```
    ///
    /// # Panics
    /// If another thread drives this loop.
    pub fn run_until(self: &Arc<Self>, done: &dyn Fn() -> bool) {
        keep_permit(|| {
            let _seat = Seat::take(self);
            QUEUE.with(|queue| self.drive(queue, done));
        });
    }

    /// `queue` is the thread's; a loop that is driven in between takes what is in it, and puts it back.
    fn drive(&self, queue: &Steps, done: &dyn Fn() -> bool) {
        let mut steps = 0u32;
        while !done() {
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(ROUND) {
                self.look_around();
            }
            let mut next = queue.pop();
            if next.is_none() {
                self.look_around();
                next = queue.pop();
            }
            match next {
                Some(step) => {
                    if let Some(yielded) = contain_or("a step", None, || step.run_at(self.address())) {
                        if self.is_closed() {
                            self.dispatch_from_afar(yielded);
                        } else {
                            queue.push(yielded);
                        }
                    }
                }
                None => self.wait(),
            }
        }
    }

    /// Fires what is due, and fetches what others have dispatched.
    fn look_around(&self) {
        let earliest = self.timers.earliest_hint();
        if earliest != Instant::FAR_FUTURE {
            let now = Instant::system_now();
            if earliest <= now {
                self.timers.fire_some(now, ROUND as usize);
            }
        }
        if self.is_closed() {
            drop(take_queue());
        }
        let arrived = take(&mut self.inbox.lock().steps);
        QUEUE.with(|queue| arrived.into_iter().for_each(|step| queue.push(step)));
    }

    /// Parks until something comes, somebody calls, or a timer is due.
    fn wait(&self) {
        let until = self.timers.next_look();
        {
            let mut inbox = self.inbox.lock();
            if take(&mut inbox.called) || !inbox.steps.is_empty() {
                return;
            }
            inbox.sleeper = Some(thread::current());
        }
        pool::blocking(|| park::park(until.map(|until| until - Instant::system_now())));
        let mut inbox = self.inbox.lock();
        inbox.sleeper = None;
        inbox.called = false;
    }

    /// Makes the loop ask again whether it is done. For whoever makes it so on another thread.
    ///
    /// ```
    /// use coscope_scheduler::EventLoop;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    ///
    /// let done = Arc::new(AtomicBool::new(false));
    /// let event_loop = EventLoop::new("ui");
    /// let (elsewhere, flag) = (event_loop.clone(), done.clone());
    /// std::thread::spawn(move || {
    ///     flag.store(true, SeqCst);
    ///     elsewhere.unpark();
    /// });
    /// event_loop.run_until(&|| done.load(SeqCst));
    /// ```
    pub fn unpark(&self) {
        let sleeper = {
            let mut inbox = self.inbox.lock();
            inbox.called = true;
            inbox.sleeper.take()
        };
        if let Some(sleeper) = sleeper {
            sleeper.unpark();
        }
    }

    /// Refuses all steps from now on, and those that are queued. Its timers go on, by the process's clock.
    ///
    /// ```
    /// let event_loop = coscope_scheduler::EventLoop::new("ui");
    /// event_loop.close();
    /// assert!(event_loop.is_closed());
    /// ```
    pub fn close(&self) {
        let refused = {
            let mut inbox = self.inbox.lock();
            self.closed.store(true, Ordering::Release);
            take(&mut inbox.steps)
        };
        let queued = if self.is_driven_here() { take_queue() } else { Steps::new() };
        self.unpark();
        refused.into_iter().for_each(drop_contained);
        drop(queued);
        // not `is_empty`: whoever sets a timer after this must find none announced
        if self.timers.next_look().is_some() {
            self.guard_timers();
        }
    }

    /// Closed: nobody will drive it to fire them.
    fn guard_timers(&self) {
        self.guardian.get_or_init(|| Guardian::new(self.timers.clone())).look();
    }

    /// Whether it has been closed.
    ///
    /// ```
    /// let event_loop = coscope_scheduler::EventLoop::new("ui");
    /// assert!(!event_loop.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Whether the calling thread drives this loop just now.
    ///
    /// ```
    /// let event_loop = coscope_scheduler::EventLoop::new("ui");
    /// event_loop.run_until(&|| event_loop.is_driven_here()); // asked while it is driven: true at once
    /// assert!(!event_loop.is_driven_here());
    /// ```
    #[inline]
    pub fn is_driven_here(&self) -> bool {
        home::current() == self.address()
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// From another thread, when this one drives another loop, or to a loop that has closed.
    #[cold]
    fn dispatch_from_afar(&self, runnable: Runnable) {
        let (sleeper, refused) = {
            let mut inbox = self.inbox.lock();
            if self.is_closed() {
                (None, Some(runnable))
            } else {
                inbox.steps.push_back(runnable);
                (inbox.sleeper.take(), None)
            }
        };
        if let Some(sleeper) = sleeper {
            sleeper.unpark();
        }
        drop(refused);
    }
}

fn take_queue() -> Steps {
    QUEUE.with(|queue| queue.replace(Steps::new()))
}

impl Dispatch for EventLoop {
    fn dispatch(&self, runnable: Runnable) {
        if self.is_driven_here() && !self.is_closed() {
            // it is always there: it has no destructor
            let _ = QUEUE.try_with(|queue| queue.push(runnable));
        } else {
            self.dispatch_from_afar(runnable);
        }
    }

    fn show_clock(&self, to: &mut dyn FnMut(&dyn Clock)) {
        to(self);
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Clock for EventLoop {
    fn now(&self) -> Instant {
        Instant::system_now()
    }

    fn timers(&self) -> &Arc<Timers> {
        &self.timers
    }

    fn wake_by(&self, _: Instant) {
        if self.is_closed() {
            self.guard_timers();
        } else if !self.is_driven_here() {
            self.unpark(); // it asks for the next deadline before it parks again
        }
    }
}

/// The driver's seat: the loop's steps are in the thread's queue while it is taken.
struct Seat<'a> {
    event_loop: &'a EventLoop,
    /// Of the loop that the thread has driven so far. `None` if it was this one.
    outer: Option<(Steps, home::Guard)>,
    /// Whose the loop was: nobody's, or this thread's, with another loop in between.
    former_driver: Option<ThreadId>,
}

impl<'a> Seat<'a> {
    fn take(event_loop: &'a EventLoop) -> Self {
        if event_loop.is_driven_here() {
            return Seat { event_loop, outer: None, former_driver: None };
        }
        let me = thread::current().id();
        let (steps, former_driver) = {
            let mut inbox = event_loop.inbox.lock();
            let former = inbox.driver;
            if former.is_none_or(|driver| driver == me) {
                inbox.driver = Some(me);
                (take(&mut inbox.steps), former)
            } else {
                drop(inbox);
                panic!("another thread drives the event loop {:?} already", event_loop.name);
            }
        };
        let outer = QUEUE.with(|queue| queue.replace(Steps::new()));
        QUEUE.with(|queue| steps.into_iter().for_each(|step| queue.push(step)));
        Seat { event_loop, outer: Some((outer, home::enter(event_loop.address()))), former_driver }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let Some((outer, _home)) = self.outer.take() else { return };
        let left = QUEUE.with(|queue| queue.replace(outer));
        {
            let mut inbox = self.event_loop.inbox.lock();
            inbox.driver = self.former_driver;
            if !self.event_loop.is_closed() && !left.is_empty() {
                // what is left came before what lies in the inbox
                let later = take(&mut inbox.steps);
                inbox.steps = std::iter::from_fn(|| left.pop()).chain(later).collect();
            }
        }
        drop(left); // refused, if the loop has closed
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop")
            .field("name", &self.name)
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
