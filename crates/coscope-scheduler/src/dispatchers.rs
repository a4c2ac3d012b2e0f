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
///
/// ```
/// use coscope::prelude::*;
///
/// run_blocking(async |s: Scope| {
///     let sum = s.on(Dispatchers::default()).spawn(async { (1..=1000u32).sum::<u32>() });
///     let text = s.on(Dispatchers::io()).spawn(async { std::fs::read_to_string("Cargo.toml") });
///     assert_eq!(sum.await, 500_500);
///     assert!(text.await.is_ok());
/// });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dispatchers;

#[allow(clippy::should_implement_trait)] // `default()` is the dispatcher's name, not a value of this type
impl Dispatchers {
    /// The CPU pool: as many steps at once as there are cores, at least 2, or as many as
    /// `COSCOPE_DEFAULT_PARALLELISM` says.
    ///
    /// ```
    /// use coscope::prelude::*;
    /// assert_eq!(run_blocking(async |_| with_context(Dispatchers::default(), async { 42 }).await), 42);
    /// ```
    pub fn default() -> Dispatcher {
        install();
        process().cpu.clone()
    }

    /// For steps that block their thread: 64 at once, or as many as there are cores, or as many as
    /// `COSCOPE_IO_PARALLELISM` says. It shares its threads with [`default`](Self::default), not its limit.
    ///
    /// ```
    /// use coscope::prelude::*;
    /// let text = run_blocking(async |_| {
    ///     with_context(Dispatchers::io(), async { std::fs::read_to_string("Cargo.toml") }).await
    /// });
    /// assert!(text.is_ok());
    /// ```
    pub fn io() -> Dispatcher {
        install();
        process().io.clone()
    }

    /// For steps that block their thread: `n` at once, beside those of [`io`](Self::io) and of all
    /// other such views. Threads are made as they are needed.
    ///
    /// ```
    /// use coscope::prelude::*;
    /// let database = Dispatchers::limited(10); // never more than ten queries at once
    /// assert_eq!(run_blocking(async |_| with_context(database, async { "a row" }).await), "a row");
    /// ```
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
    /// ```
    /// use coscope::prelude::*;
    /// let audio = Dispatchers::try_single_thread("audio").expect("a thread can be started");
    /// let label = run_blocking(async |s: Scope| s.on(audio).spawn(async { coscope::current_label() }).await);
    /// assert!(label.starts_with("audio"));
    /// ```
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn try_single_thread(name: &str) -> io::Result<Dispatcher> {
        Self::try_fixed_pool(1, name)
    }

    /// As [`try_single_thread`](Self::try_single_thread).
    ///
    /// ```
    /// use coscope::prelude::*;
    /// let audio = Dispatchers::single_thread("audio");
    /// run_blocking(async |s: Scope| {
    ///     let thread = || s.on(&audio).spawn(async { std::thread::current().id() });
    ///     assert_eq!(thread().await, thread().await);
    /// });
    /// ```
    ///
    /// # Panics
    /// If the thread cannot be started.
    #[track_caller]
    pub fn single_thread(name: &str) -> Dispatcher {
        Self::fixed_pool(1, name)
    }

    /// `n` threads of its own, called `name-1` and so on. They end when the last handle drops.
    ///
    /// ```
    /// use coscope::prelude::*;
    /// let render = Dispatchers::try_fixed_pool(2, "render").expect("two threads can be started");
    /// let label = run_blocking(async |s: Scope| s.on(render).spawn(async { coscope::current_label() }).await);
    /// assert!(label.starts_with("render-"));
    /// ```
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
    /// ```
    /// use coscope::prelude::*;
    /// let render = Dispatchers::fixed_pool(2, "render");
    /// assert_eq!(run_blocking(async |s: Scope| s.on(render).spawn(async { 42 }).await), 42);
    /// ```
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
    ///
    /// ```
    /// use coscope::prelude::*;
    /// let here = std::thread::current().id();
    /// run_blocking(async |s: Scope| {
    ///     let first_step = s.on(Dispatchers::unconfined()).spawn(async { std::thread::current().id() });
    ///     assert_eq!(first_step.await, here);
    /// });
    /// ```
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
    ///
    /// ```
    /// use coscope::prelude::*;
    /// Dispatchers::set_main(Dispatchers::single_thread("ui"));
    /// run_blocking(async |s: Scope| {
    ///     s.on(Dispatchers::main())
    ///         .spawn(async {
    ///             let label = with_context(Dispatchers::main_immediate(), async { coscope::current_label() }).await;
    ///             assert!(label.starts_with("ui"));
    ///         })
    ///         .await;
    /// });
    /// # Dispatchers::reset_main();
    /// ```
    pub fn main_immediate() -> Dispatcher {
        install();
        process().main_immediate.clone()
    }

    /// Says what the main dispatcher is; returns what it was.
    ///
    /// ```
    /// use coscope::Dispatchers;
    /// let ui = Dispatchers::single_thread("ui");
    /// assert!(Dispatchers::set_main(ui.clone()).is_none());
    /// assert_eq!(Dispatchers::set_main(Dispatchers::default()), Some(ui));
    /// ```
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
    ///
    /// ```
    /// use coscope::Dispatchers;
    /// Dispatchers::set_main(Dispatchers::default());
    /// assert_eq!(Dispatchers::reset_main(), Some(Dispatchers::default()));
    /// assert_eq!(Dispatchers::reset_main(), None);
    /// ```
    pub fn reset_main() -> Option<Dispatcher> {
        main_dispatcher::set(None)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for coscope_core::dispatch::Dispatcher {}
}

/// Dispatchers with threads, under the name of `Dispatcher`.
///
/// ```
/// use coscope::{Dispatcher, ThreadDispatchers, run_blocking, with_context};
/// let audio = Dispatcher::single_thread("audio");
/// assert_eq!(run_blocking(async |s: coscope::Scope| s.on(audio).spawn(async { 42 }).await), 42);
/// assert_eq!(run_blocking(async |_| with_context(Dispatcher::limited(4), async { 42 }).await), 42);
/// ```
pub trait ThreadDispatchers: sealed::Sealed {
    /// [`Dispatchers::limited`].
    ///
    /// ```
    /// use coscope::{Dispatcher, ThreadDispatchers};
    /// assert_eq!(Dispatcher::limited(4).name(), "Dispatchers.limited(4)");
    /// ```
    ///
    /// # Panics
    /// If `n` is 0.
    #[track_caller]
    fn limited(n: usize) -> Dispatcher {
        Dispatchers::limited(n)
    }
    /// [`Dispatchers::single_thread`].
    ///
    /// ```
    /// use coscope::{Dispatcher, ThreadDispatchers};
    /// assert_eq!(Dispatcher::single_thread("audio").name(), "audio");
    /// ```
    ///
    /// # Panics
    /// If the thread cannot be started.
    #[track_caller]
    fn single_thread(name: &str) -> Dispatcher {
        Dispatchers::single_thread(name)
    }
    /// [`Dispatchers::fixed_pool`].
    ///
    /// ```
    /// use coscope::{Dispatcher, ThreadDispatchers};
    /// assert_eq!(Dispatcher::fixed_pool(2, "render").name(), "render");
    /// ```
    ///
    /// # Panics
    /// If a thread cannot be started, or `n` is 0.
    #[track_caller]
    fn fixed_pool(n: usize, name: &str) -> Dispatcher {
        Dispatchers::fixed_pool(n, name)
    }
}

impl ThreadDispatchers for Dispatcher {}
