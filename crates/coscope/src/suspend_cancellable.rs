//! [`suspend_cancellable`]: waits for a callback, once. Imports nothing of this crate.
//!
//! ```text
//!                       resume (1)                        taken in a poll
//!   WAITING(hook, n) ───────────────▶ RESUMED(value) ───────────────────────▶ OVER
//!      │        │                          │ the wait is dropped: the value too  ▲
//!      │        │ the last resumer goes    └────────────────────────────────────┤
//!      │        └──────────────▶ ABANDONED ──── told in a poll ─────────────────┤
//!      └── the wait is dropped: the hook runs ──▶ CANCELLED                      ┘
//! ```
//!
//! The stage is changed under the lock of a [`WaitCell`]; values and hooks are moved out, and dropped or run, outside of it.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use coscope_core::gate::{self, Mark, WaitKind};
use coscope_core::unwind::contain;
use coscope_core::wait::{WaitCell, WaitFor};
use pin_project_lite::pin_project;

type Hook = Box<dyn FnOnce() + Send>;

enum Stage<T> {
    Waiting(Option<Hook>),
    Resumed(T),
    Abandoned,
    /// Dropped while it waited.
    Cancelled,
    Over,
}

struct State<T> {
    stage: Stage<T>,
    /// How many resumers there are.
    resumers: usize,
}

impl<T> State<T> {
    fn is_waiting(&self) -> bool {
        matches!(self.stage, Stage::Waiting(_))
    }
}

/// Waits until somebody calls back, once: the bridge from an API with callbacks to one that is awaited.
///
/// `start` is called when this is first polled, and hands the [`Resumer`] to whoever will call back: from any thread, at any time, also
/// at once. For callbacks that come many times, use a channel.
///
/// ```
/// use coscope::prelude::*;
/// use coscope::suspend_cancellable;
///
/// /// Of a library that knows nothing of coroutines.
/// fn ask(question: u32, answer: impl FnOnce(Result<u32, String>) + Send + 'static) {
///     std::thread::spawn(move || answer(Ok(question + 42)));
/// }
///
/// run_blocking(async |_: Scope| {
///     let answer = suspend_cancellable(|resumer| {
///         ask(1, move |result| {
///             let _unwanted = resumer.resume(result);
///         });
///     });
///     assert_eq!(answer.await.unwrap(), Ok(43));
/// });
/// ```
///
/// # Errors
/// [`Abandoned`] if every resumer has gone, and none has resumed. An error of the callback's own is a value: resume with a `Result`.
///
/// # Cancellation
/// If it is dropped while it waits, what was set with [`Resumer::on_cancel`] runs, and a resumer that comes later gets its value back. A
/// value that has come and was not taken yet is dropped.
///
/// # Panics
/// If it is polled after it was ready. A panic of `start` is the caller's.
#[track_caller]
pub fn suspend_cancellable<T, F>(start: F) -> SuspendCancellable<T, F>
where
    F: FnOnce(Resumer<T>),
{
    let cell = WaitCell::new(State { stage: Stage::Waiting(None), resumers: 0 });
    SuspendCancellable { waiting: WaitFor::new(cell), start: Some(start), site: Location::caller() }
}

pin_project! {
    /// The future of [`suspend_cancellable`].
    #[must_use = "nothing is started before this is awaited"]
    pub struct SuspendCancellable<T, F> {
        #[pin]
        waiting: WaitFor<State<T>>,
        start: Option<F>,
        site: &'static Location<'static>,
    }

    impl<T, F> PinnedDrop for SuspendCancellable<T, F> {
        fn drop(this: Pin<&mut Self>) {
            give_up(this.waiting.cell());
        }
    }
}

/// Nobody waits any more.
fn give_up<T>(cell: &WaitCell<State<T>>) {
    let (left, _) = cell.with(|state| {
        let to = if state.is_waiting() { Stage::Cancelled } else { Stage::Over };
        std::mem::replace(&mut state.stage, to)
    });
    if let Stage::Waiting(Some(hook)) = left {
        contain("a hook of on_cancel", hook);
    }
}

impl<T, F: FnOnce(Resumer<T>)> Future for SuspendCancellable<T, F> {
    type Output = Result<T, Abandoned>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(start) = this.start.take() {
            start(Resumer::new(this.waiting.cell().clone()));
        }
        let settled = this.waiting.as_ref().poll(cx, |state| (!state.is_waiting()).then_some(()));
        ready!(gate::pass_marked(cx, settled, Mark::new(WaitKind::Callback, this.site)));
        let (stage, _) = this.waiting.cell().with(|state| std::mem::replace(&mut state.stage, Stage::Over));
        match stage {
            Stage::Resumed(value) => Poll::Ready(Ok(value)),
            Stage::Abandoned => Poll::Ready(Err(Abandoned)),
            _ => panic!("a wait for a callback was polled after it was over"),
        }
    }
}

impl<T, F> fmt::Debug for SuspendCancellable<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuspendCancellable").field("started", &self.start.is_none()).finish_non_exhaustive()
    }
}

/// Ends the wait of one [`suspend_cancellable`]. Clones end the same wait: the first to resume it does.
///
/// ```
/// use coscope::prelude::*;
/// use coscope::suspend_cancellable;
///
/// run_blocking(async |_: Scope| {
///     let answer = suspend_cancellable(|resumer| {
///         std::thread::spawn(move || {
///             resumer.resume(42).unwrap();
///             assert_eq!(resumer.resume(43), Err(43)); // once
///         });
///     });
///     assert_eq!(answer.await, Ok(42));
/// });
/// ```
pub struct Resumer<T>(WaitCell<State<T>>);

impl<T> Resumer<T> {
    fn new(cell: WaitCell<State<T>>) -> Self {
        cell.with(|state| state.resumers += 1);
        Resumer(cell)
    }

    /// Resumes the one who waits, with that value.
    ///
    /// # Errors
    /// The value back, if it was resumed before, or nobody waits any more.
    pub fn resume(&self, value: T) -> Result<(), T> {
        let replaced = self.0.change(|state| match state.stage {
            Stage::Waiting(_) => Ok(std::mem::replace(&mut state.stage, Stage::Resumed(value))),
            _ => Err(value),
        })?;
        contain("the drop of a hook of on_cancel", || drop(replaced));
        Ok(())
    }

    /// Has `hook` run if the wait is dropped before it was resumed, in the thread that drops it: to take the callback back. At once, if
    /// that has happened already; never, once it was resumed. A panic of the hook is contained.
    ///
    /// ```
    /// use coscope::prelude::*;
    /// use coscope::suspend_cancellable;
    /// use std::time::Duration;
    ///
    /// run_blocking(async |_: Scope| {
    ///     let (cancelled, seen) = coscope::channel::oneshot();
    ///     let mut kept = None;
    ///     let never = suspend_cancellable::<(), _>(|resumer| {
    ///         resumer.on_cancel(|| cancelled.send("taken back").unwrap());
    ///         kept = Some(resumer);
    ///     });
    ///     assert!(with_timeout(Duration::from_millis(1), never).await.is_err());
    ///     assert_eq!(seen.recv().await, Some("taken back"));
    /// });
    /// ```
    ///
    /// # Panics
    /// If there is a hook already.
    #[track_caller]
    pub fn on_cancel(&self, hook: impl FnOnce() + Send + 'static) {
        let mut hook: Option<Hook> = Some(Box::new(hook));
        let (to_run, _) = self.0.with(|state| match &mut state.stage {
            Stage::Waiting(own @ None) => {
                *own = hook.take();
                Ok(false)
            }
            Stage::Waiting(Some(_)) => Err("on_cancel was called twice for one wait"),
            Stage::Cancelled => Ok(true),
            Stage::Resumed(_) | Stage::Abandoned | Stage::Over => Ok(false),
        });
        match to_run {
            Ok(true) => hook.into_iter().for_each(|hook| contain("a hook of on_cancel", hook)),
            Ok(false) => {}
            Err(twice) => panic!("{twice}"),
        }
    }

    /// Whether nobody waits any more: it was resumed, or the wait was dropped.
    pub fn is_over(&self) -> bool {
        !self.0.with(|state| state.is_waiting()).0
    }
}

impl<T> Clone for Resumer<T> {
    fn clone(&self) -> Self {
        Resumer::new(self.0.clone())
    }
}

impl<T> Drop for Resumer<T> {
    fn drop(&mut self) {
        let abandoned = self.0.change(|state| {
            state.resumers -= 1;
            let abandoned = state.resumers == 0 && state.is_waiting();
            abandoned.then(|| std::mem::replace(&mut state.stage, Stage::Abandoned)).ok_or(())
        });
        if let Ok(replaced) = abandoned {
            contain("the drop of a hook of on_cancel", || drop(replaced));
        }
    }
}

impl<T> fmt::Debug for Resumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resumer").field("is_over", &self.is_over()).finish_non_exhaustive()
    }
}

/// Every [`Resumer`] has gone, and none has resumed: the callback will not come.
///
/// ```
/// use coscope::suspend_cancellable;
///
/// coscope::run_blocking(async |_: coscope::Scope| {
///     let nobody = suspend_cancellable::<u32, _>(|resumer| drop(resumer));
///     assert!(nobody.await.is_err());
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Abandoned;

impl fmt::Display for Abandoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the callback will not come: its resumer was dropped without a call")
    }
}

impl Error for Abandoned {}
