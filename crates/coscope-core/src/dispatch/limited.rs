//! [`Limited`]: at most *n* steps at once, as a view of another dispatcher.
//!
//! A queue under a lock, and a [word](state) that counts the places taken. A place belongs to a *runner*, a
//! step of the dispatcher below that runs up to [`ROUND`] steps of the queue and then goes to the end
//! of that dispatcher's own queue, or to a step that has [entered in place](super::place).
//!
//! ```text
//!                  (1) dispatch: push; a place for a             (3) arrive: a place is free
//!                      runner? send one                              and steps are queued
//!   ┌──────────┐ ───────────────────────────▶ ┌────────┐ ───────────────────────────▶ ┌─────────┐
//!   │ no runner│                              │ coming │                              │ running │ ─┐ (4) take: run
//!   └──────────┘ ◀─────────────────────────── └────────┘ ◀─────────────────────────── └─────────┘ ◀┘     up to 16
//!        ▲         (2) arrive: none; refused       ▲       (5) leave: steps are queued     │
//!        │                                         │                                       │
//!        │   visitor: try_enter … (6) leave ───────┘                                       │ (5) leave: none are
//!        └─────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! A runner takes its place when it arrives. So as long as it is on its way a step may enter in place and leave
//! again, a few times ahead of those that queue: were the place the runner's from the moment it is sent for, every step
//! would queue behind it as soon as one does (a lock convoy), and none would ever enter in place again.
//!
//! May import `primitive`, `unwind`, and here `runnable`, `dispatcher`, `place`.

mod state;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, OnceLock};

use self::state::State;
use super::place::{self, Holding, Place};
use super::{Dispatch, Dispatcher, Runnable, Shared, SharedStep};
use crate::primitive::Mutex;
use crate::time::Clock;
use crate::unwind::{contain, drop_contained};

/// A runner goes to the end of the queue below after so many steps.
const ROUND: usize = 16;

/// A view of a dispatcher that runs at most *n* steps at once, in the order in which they come; a few that enter
/// in place may go ahead of one that waits.
///
/// Clones are the same view.
///
/// ```
/// use coscope::{Dispatcher, Dispatchers, Scope, dispatch::Limited, run_blocking};
///
/// let two = Limited::new(Dispatchers::default(), 2, Some("two".to_owned()));
/// let dispatcher = Dispatcher::new(two.clone());
/// assert_eq!(run_blocking(async |s: Scope| s.on(&dispatcher).spawn(async { 42 }).await), 42);
/// assert_eq!(two.limit(), 2);
/// ```
#[derive(Clone)]
pub struct Limited(Arc<Shared<View>>);

struct View {
    below: Dispatcher,
    limit: usize,
    name: String,
    state: State,
    queue: Mutex<VecDeque<Runnable>>,
    /// A count that is never given back, if the view lasts as long as the process: places need none then.
    lasting: OnceLock<&'static Arc<Shared<View>>>,
}

impl Limited {
    /// A view of `inner` that runs at most `n` steps at once.
    ///
    /// ```
    /// use coscope::{Dispatchers, dispatch::{Dispatch, Limited}};
    ///
    /// let view = Limited::new(Dispatchers::default(), 2, None);
    /// assert_eq!(view.name(), "Dispatchers.Default.limited(2)");
    /// ```
    ///
    /// # Panics
    /// If `n` is 0.
    #[track_caller]
    pub fn new(inner: Dispatcher, n: usize, name: Option<String>) -> Self {
        assert!(n > 0, "a view with no place runs nothing; the least is 1");
        let name = name.unwrap_or_else(|| format!("{}.limited({n})", inner.name()));
        let queue = Mutex::new(VecDeque::new());
        let lasting = OnceLock::new();
        Limited(Shared::new(View { below: inner, limit: n, name, state: State::new(n), queue, lasting }))
    }

    /// Keeps the view as long as the process lasts: who takes a place in it need not count it.
    ///
    /// ```
    /// use coscope::{Dispatchers, dispatch::{Dispatch, Limited}};
    ///
    /// let view = Limited::new(Dispatchers::default(), 2, None).lasting();
    /// assert_eq!(view.limit(), 2);
    /// ```
    #[must_use]
    pub fn lasting(self) -> Self {
        self.0.lasting.get_or_init(|| Box::leak(Box::new(self.0.clone())));
        self
    }

    /// Takes a place for the calling thread, if one is free and those that queue can wait.
    ///
    /// ```
    /// use coscope::{Dispatchers, dispatch::Limited};
    ///
    /// let one = Limited::new(Dispatchers::default(), 1, None);
    /// assert!(one.try_enter());
    /// assert!(!one.try_enter());
    /// one.leave();
    /// assert!(one.try_enter());
    /// # one.leave();
    /// ```
    pub fn try_enter(&self) -> bool {
        self.0.state.try_enter()
    }

    /// Gives back a place that [`try_enter`](Self::try_enter) has given.
    ///
    /// ```
    /// use coscope::{Dispatchers, dispatch::Limited};
    ///
    /// let one = Limited::new(Dispatchers::default(), 1, None);
    /// assert!(one.try_enter());
    /// one.leave();
    /// assert_eq!(one.running(), 0);
    /// ```
    pub fn leave(&self) {
        if self.0.state.leave() {
            self.0.send_runner();
        }
    }

    /// At most so many at once.
    ///
    /// ```
    /// use coscope::{Dispatchers, dispatch::Limited};
    /// assert_eq!(Limited::new(Dispatchers::default(), 3, None).limit(), 3);
    /// ```
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// How many places are taken.
    ///
    /// ```
    /// use coscope::{Dispatchers, dispatch::Limited};
    ///
    /// let three = Limited::new(Dispatchers::default(), 3, None);
    /// three.try_enter();
    /// assert_eq!(three.running(), 1);
    /// # three.leave();
    /// ```
    pub fn running(&self) -> usize {
        self.0.state.taken()
    }

    /// How many steps are queued.
    ///
    /// ```
    /// use coscope::{Dispatchers, dispatch::{Dispatch, Limited, Runnable}};
    ///
    /// let one = Limited::new(Dispatchers::default(), 1, None);
    /// one.try_enter();
    /// one.dispatch(Runnable::from_fn(|| println!("at last")));
    /// assert_eq!(one.queued(), 1);
    /// one.leave(); // now it runs
    /// ```
    pub fn queued(&self) -> usize {
        self.0.queue.lock().len()
    }
}

impl Dispatch for Limited {
    fn dispatch(&self, runnable: Runnable) {
        let send = {
            let mut queue = self.0.queue.lock();
            queue.push_back(runnable);
            self.0.state.queued()
        };
        if send {
            self.0.send_runner();
        }
    }

    fn enter_in_place(&self) -> bool {
        if !self.try_enter() {
            return false;
        }
        // below it comes down to the pool, which leaves the places that the step has held so far
        let entered = self.0.below.dispatch_impl().enter_in_place();
        if entered {
            place::hold(self.0.holding());
        } else {
            self.leave();
        }
        entered
    }

    fn show_clock(&self, to: &mut dyn FnMut(&dyn Clock)) {
        self.0.below.dispatch_impl().show_clock(to);
    }

    fn name(&self) -> &str {
        &self.0.name
    }
}

impl Shared<View> {
    /// A place in it, which has been taken.
    #[inline]
    fn holding(self: &Arc<Self>) -> Holding {
        match self.lasting.get() {
            Some(lasting) => Holding::Lasting(&***lasting),
            None => Holding::Counted(self.clone()),
        }
    }

    /// Sends for a runner, which is counted already.
    fn send_runner(self: &Arc<Self>) {
        self.below.dispatch(Runnable::from_shared(self.clone()));
    }
}

impl View {
    /// The next step.
    fn take(&self) -> Option<Runnable> {
        let mut queue = self.queue.lock();
        let step = queue.pop_front()?;
        self.state.taken_from(queue.is_empty());
        Some(step)
    }
}

/// A runner.
impl SharedStep for View {
    fn run(this: Arc<Shared<Self>>) {
        if !this.state.arrive() {
            return;
        }
        let since = place::hold(this.holding());
        for _ in 0..ROUND {
            let Some(step) = this.take() else { break };
            contain("a step", || step.run());
            if !place::still_held(since) {
                return;
            }
        }
        place::release();
        if this.state.leave() {
            let below = this.below.clone();
            below.dispatch_yield(Runnable::from_shared(this));
        }
    }

    fn refuse(this: Arc<Shared<Self>>) {
        let refused = {
            let mut queue = this.queue.lock();
            if this.state.refuse() { std::mem::take(&mut *queue) } else { VecDeque::new() }
        };
        refused.into_iter().for_each(drop_contained);
    }
}

impl Place for Shared<View> {
    fn leave(self: Arc<Self>) {
        if self.state.leave() {
            self.send_runner();
        }
    }
    fn leave_lasting(&'static self) {
        if self.state.leave() {
            self.lasting.get().expect("it lasts").send_runner();
        }
    }
}

impl fmt::Debug for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited")
            .field("name", &self.0.name)
            .field("limit", &self.0.limit)
            .field("running", &self.running())
            .field("queued", &self.queued())
            .finish()
    }
}
