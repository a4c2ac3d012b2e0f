//! [`Dispatchers`]: what there is to choose from. Imports all above it.

use std::io;

use coscope_core::dispatch::{Dispatcher, Limited};

use crate::main_dispatcher;
use crate::own_threads::OwnThreads;
use crate::process::{install, process};

/// The dispatchers of the process.
///
/// | | runs steps |
/// |---|---|
/// | [`default`](Self::default) | as many at once as there are cores, at least 2: for work |
/// | [`io`](Self::io) | 64 at once, on the same threads: for what blocks |
/// | [`limited(n)`](Self::limited) | *n* at once, on the same threads, beside the 64 |
/// | [`single_thread`](Self::single_thread), [`fixed_pool`](Self::fixed_pool) | on threads of their own |
/// | [`unconfined`](Self::unconfined) | in whatever thread resumes |
/// | [`main`](Self::main) | wherever the program has said its main thread is |
#[derive(Clone, Copy, Debug)]
pub struct Dispatchers;

#[allow(clippy::should_implement_trait)] // `default()` is the dispatcher's name, not a value of this type
impl Dispatchers {
    /// The CPU pool: as many steps at once as there are cores, at least 2, or as many as
    /// `COSCOPE_DEFAULT_PARALLELISM` says.
    pub fn default() -> Dispatcher {
        install();
        process().cpu.clone()
    }

    /// For steps that block their thread: 64 at once, or as many as there are cores, or as many as
    /// `COSCOPE_IO_PARALLELISM` says. It shares its threads with [`default`](Self::default), not its limit.
    pub fn io() -> Dispatcher {
        install();
        process().io.clone()
    }

    /// For steps that block their thread: `n` at once, beside those of [`io`](Self::io) and of all
    /// other such views. Threads are made as they are needed.
    ///
    /// # Panics
    /// If `n` is 0.
    #[track_caller]
    pub fn limited(n: usize) -> Dispatcher {
        install();
        Dispatcher::new(Limited::new(
            process().blocking.clone(),
            n,
            Some(format!("Dispatchers.limited({n})")),
        ))
    }

    /// A thread of its own, called `name`. It ends when the last handle drops; steps that are still
    /// queued are refused.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn try_single_thread(name: &str) -> io::Result<Dispatcher> {
        Self::try_fixed_pool(1, name)
    }

    /// As [`try_single_thread`](Self::try_single_thread).
    ///
    /// # Panics
    /// If the thread cannot be started.
    #[track_caller]
    pub fn single_thread(name: &str) -> Dispatcher {
        Self::fixed_pool(1, name)
    }

    /// `n` threads of its own, called `name-1` and so on. They end when the last handle drops.
    ///
    /// # Errors
    /// If a thread cannot be started.
    ///
    /// # Panics
    /// If `n` is 0.
    #[track_caller]
    pub fn try_fixed_pool(n: usize, name: &str) -> io::Result<Dispatcher> {
        assert!(n > 0, "a pool of 0 threads runs nothing; the least is 1");
        install();
        OwnThreads::start(n, name)
    }

    /// As [`try_fixed_pool`](Self::try_fixed_pool).
    ///
    /// # Panics
    /// If a thread cannot be started, or `n` is 0.
    #[track_caller]
    pub fn fixed_pool(n: usize, name: &str) -> Dispatcher {
        match Self::try_fixed_pool(n, name) {
            Ok(dispatcher) => dispatcher,
            Err(error) => panic!("a thread of {name:?} could not be started: {error}"),
        }
    }

    /// Runs each step in the thread that resumes it.
    pub fn unconfined() -> Dispatcher {
        install();
        process().unconfined.clone()
    }

    /// The main dispatcher.
    ///
    /// ```
    /// use coscope_core::dispatch::Runnable;
    /// use coscope_scheduler::Dispatchers;
    ///
    /// assert!(Dispatchers::set_main(Dispatchers::single_thread("ui")).is_none());
    /// let (tx, rx) = std::sync::mpsc::channel();
    /// Dispatchers::main().dispatch(Runnable::from_fn(move || tx.send(7).unwrap()));
    /// assert_eq!(rx.recv(), Ok(7));
    /// Dispatchers::reset_main();
    /// ```
    ///
    /// # Panics
    /// Not here, but at a launch or a `with_context`, while none is [set](Self::set_main). A coroutine that is
    /// on it when it is [reset](Self::reset_main) is cancelled at its next wake, and ends on IO.
    pub fn main() -> Dispatcher {
        install();
        process().main.clone()
    }

    /// As [`main`](Self::main), but a coroutine that is on its thread already is not queued to get there.
    pub fn main_immediate() -> Dispatcher {
        install();
        process().main_immediate.clone()
    }

    /// Says what the main dispatcher is; returns what it was.
    ///
    /// # Panics
    /// If it is [`main`](Self::main) or [`main_immediate`](Self::main_immediate) itself.
    #[track_caller]
    pub fn set_main(dispatcher: Dispatcher) -> Option<Dispatcher> {
        let itself = dispatcher == process().main || dispatcher == process().main_immediate;
        assert!(!itself, "the main dispatcher cannot stand for itself");
        main_dispatcher::set(Some(dispatcher))
    }

    /// There is no main dispatcher any more; returns what it was.
    pub fn reset_main() -> Option<Dispatcher> {
        main_dispatcher::set(None)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for coscope_core::dispatch::Dispatcher {}
}

/// Dispatchers with threads, under the name of `Dispatcher`.
pub trait ThreadDispatchers: sealed::Sealed {
    /// [`Dispatchers::limited`].
    #[track_caller]
    fn limited(n: usize) -> Dispatcher {
        Dispatchers::limited(n)
    }
    /// [`Dispatchers::single_thread`].
    #[track_caller]
    fn single_thread(name: &str) -> Dispatcher {
        Dispatchers::single_thread(name)
    }
    /// [`Dispatchers::fixed_pool`].
    #[track_caller]
    fn fixed_pool(n: usize, name: &str) -> Dispatcher {
        Dispatchers::fixed_pool(n, name)
    }
}

impl ThreadDispatchers for Dispatcher {}
