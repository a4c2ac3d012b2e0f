//! What a probe is told: [`Launched`], [`StepEnd`], [`Outcome`], [`Blocked`], [`Resource`].

use std::fmt;
use std::panic::Location;

use crate::dispatch::Dispatcher;
use crate::error::CoroutineInfo;
use crate::time::Instant;

/// A coroutine was launched.
///
/// ```
/// # use coscope::prelude::*;
/// # use coscope::probe::{self, Launched, Probe};
/// struct Printer;
/// impl Probe for Printer {
///     fn launched(&self, launched: &Launched<'_>) {
///         println!("{} below {:?} on {}", launched.info, launched.parent, launched.dispatcher.name());
///     }
/// }
/// let _listening = probe::install(Printer);
/// run_blocking(async |s: Scope| {
///     s.launch(async {});
/// });
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Launched<'a> {
    /// Its name, number and launch site.
    pub info: &'a CoroutineInfo,
    /// The number of the coroutine below which it hangs, whatever scopes are in between; `None` below the root
    /// of the process.
    pub parent: Option<u64>,
    /// Where its steps run, outside of any `with_context`.
    pub dispatcher: &'a Dispatcher,
}

/// How a step of a coroutine has ended.
///
/// ```
/// use coscope::probe::StepEnd;
/// let last = |end: StepEnd| matches!(end, StepEnd::Completed | StepEnd::Cut);
/// assert!(last(StepEnd::Cut) && !last(StepEnd::Yielded));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepEnd {
    /// It waits for something.
    Suspended,
    /// It gives way to others, and goes on by itself.
    Yielded,
    /// Its body has ended by itself: with a value, an error or a panic.
    Completed,
    /// A cancel has reached it: in this step its body was dropped where it was suspended.
    Cut,
}

/// What became of a coroutine.
///
/// ```
/// use coscope::probe::Outcome;
/// assert_eq!(Outcome::Panicked.to_string(), "panicked");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It has come to its end with a value (which may be `()`).
    Value,
    /// It has come to its end with an `Err`, in a scope that takes `Result`s.
    Failed,
    /// It has panicked.
    Panicked,
    /// A cancel came first.
    Cancelled,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Value => "value",
            Outcome::Failed => "failed",
            Outcome::Panicked => "panicked",
            Outcome::Cancelled => "cancelled",
        })
    }
}

/// What is waited for. A lock or channel is known by its address, which another may have when it has gone.
///
/// ```
/// use coscope::probe::Resource;
/// assert_eq!(Resource::Job(12).to_string(), "job #12");
/// assert_eq!(Resource::Mutex(0xA0).to_string(), "mutex 0xa0");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// The end of the job with this number: `join`, or the `.await` of a `Deferred`.
    Job(u64),
    /// The lock of a mutex.
    Mutex(usize),
    /// Permits of a semaphore.
    Semaphore(usize),
    /// Room in a channel, for one who sends.
    Room(usize),
    /// A message in a channel, for one who receives.
    Message(usize),
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resource::Job(number) => write!(f, "job #{number}"),
            Resource::Mutex(address) => write!(f, "mutex {address:#x}"),
            Resource::Semaphore(address) => write!(f, "semaphore {address:#x}"),
            Resource::Room(address) => write!(f, "room in channel {address:#x}"),
            Resource::Message(address) => write!(f, "a message in channel {address:#x}"),
        }
    }
}

/// A coroutine has to wait.
///
/// ```
/// # use coscope::prelude::*;
/// # use coscope::probe::{self, Blocked, Probe};
/// struct Printer;
/// impl Probe for Printer {
///     fn blocked(&self, blocked: &Blocked) {
///         println!("#{} waits for {}, at {}", blocked.waiter, blocked.on, blocked.at);
///     }
/// }
/// let _listening = probe::install(Printer);
/// run_blocking(async |s: Scope| s.launch(async {}).join().await);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocked {
    /// The number of the coroutine that waits.
    pub waiter: u64,
    /// For what.
    pub on: Resource,
    /// The number of the coroutine that has it, where one can be named: the job itself, or who has the lock of
    /// a mutex.
    pub holder: Option<u64>,
    /// Where it waits.
    pub at: &'static Location<'static>,
    /// It waits for one of several things, of which this is one: a `select!`.
    pub alternative: bool,
    /// When a timeout cuts the wait off at the latest: the [`effective_deadline`](crate::effective_deadline) there, on
    /// the coroutine's own clock.
    pub deadline: Option<Instant>,
}
