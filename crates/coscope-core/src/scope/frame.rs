//! [`frame_scope`]: children inside the parent's own poll. They run at the same time, not in
//! parallel, and may borrow from the parent's frame.
//!
//! This is the sound answer to borrowing in async code: parallel children that borrow from an async
//! frame would outlive it when the frame's future is forgotten (`mem::forget`). Here nobody but the
//! region's own poll and drop ever touches a child; once it is forgotten, nobody does.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use pin_project_lite::pin_project;

use super::kept_panic::{Kept, KeptPanic, settled};
use super::region::{Mode, Polled, Region};
use crate::primitive::Mutex;
use crate::suspend::gate::{self, WaitKind};
use crate::unwind;

type Child<'env, E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send + 'env>>;

/// The capability to launch children that may borrow from the frame around.
///
/// ```
/// # use coscope::{FrameScope, frame_scope, run_blocking};
/// run_blocking(async |_| {
///     let text = "two words".to_owned();
///     frame_scope(async |s: FrameScope<'_>| {
///         s.launch(async { assert_eq!(text.len(), 9) }); // borrows from the frame around
///     })
///     .await;
/// });
/// ```
pub struct FrameScope<'env, E = Infallible> {
    shared: Arc<Shared<'env, E>>,
}

struct Shared<'env, E> {
    /// Launched and not yet polled. `None` once the scope has ended.
    incoming: Mutex<Option<Incoming<'env, E>>>,
}

struct Incoming<'env, E> {
    children: Vec<Child<'env, E>>,
    waker: Option<Waker>,
}

impl<E> Clone for FrameScope<'_, E> {
    fn clone(&self) -> Self {
        FrameScope { shared: self.shared.clone() }
    }
}

impl<E> fmt::Debug for FrameScope<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameScope")
    }
}

impl<'env, E: Send + 'env> FrameScope<'env, E> {
    /// Launches a child for its effects. It is first polled when the body next suspends.
    ///
    /// ```
    /// # use coscope::{FrameScope, frame_scope, run_blocking};
    /// # use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    /// run_blocking(async |_| {
    ///     let count = AtomicU32::new(0);
    ///     frame_scope(async |s: FrameScope<'_>| {
    ///         for _ in 0..3 {
    ///             s.launch(async { _ = count.fetch_add(1, Relaxed) });
    ///         }
    ///     })
    ///     .await;
    ///     assert_eq!(count.into_inner(), 3);
    /// });
    /// ```
    pub fn launch<F: Future<Output = ()> + Send + 'env>(&self, future: F) {
        self.add(async move {
            future.await;
            Ok(())
        });
    }

    /// Launches a child for its result.
    ///
    /// ```
    /// # use coscope::{FrameScope, frame_scope, run_blocking};
    /// run_blocking(async |_| {
    ///     let text = "two words".to_owned();
    ///     let length = frame_scope(async |s: FrameScope<'_>| s.spawn(async { text.len() }).await).await;
    ///     assert_eq!(length, 9);
    /// });
    /// ```
    pub fn spawn<F, T>(&self, future: F) -> FrameDeferred<T>
    where
        F: Future<Output = T> + Send + 'env,
        T: Send + 'env,
    {
        self.fill(async move { Ok(future.await) })
    }

    /// Launches a child that may fail; its error, as an `E`, fails the scope.
    ///
    /// ```
    /// # use coscope::{FrameScope, run_blocking, try_frame_scope};
    /// run_blocking(async |_| {
    ///     let failed = try_frame_scope(async |s: FrameScope<'_, String>| {
    ///         s.try_launch(async { Err("disk full") });
    ///         Ok(std::future::pending::<()>().await) // dropped here
    ///     });
    ///     assert_eq!(failed.await, Err("disk full".to_owned()));
    /// });
    /// ```
    pub fn try_launch<F, E1>(&self, future: F)
    where
        F: Future<Output = Result<(), E1>> + Send + 'env,
        E1: Into<E>,
    {
        self.add(async move { future.await.map_err(Into::into) });
    }

    /// Launches a child for a result that it may fail to give; its error, as an `E`, fails the scope.
    ///
    /// ```
    /// # use coscope::{FrameScope, run_blocking, try_frame_scope};
    /// # use std::num::ParseIntError;
    /// run_blocking(async |_| {
    ///     let text = "42".to_owned();
    ///     let number = try_frame_scope(async |s: FrameScope<'_, ParseIntError>| {
    ///         Ok(s.try_spawn(async { text.parse::<i32>() }).await)
    ///     });
    ///     assert_eq!(number.await, Ok(42));
    /// });
    /// ```
    pub fn try_spawn<F, T, E1>(&self, future: F) -> FrameDeferred<T>
    where
        F: Future<Output = Result<T, E1>> + Send + 'env,
        E1: Into<E>,
        T: Send + 'env,
    {
        self.fill(async move { future.await.map_err(Into::into) })
    }

    fn fill<F, T>(&self, future: F) -> FrameDeferred<T>
    where
        F: Future<Output = Result<T, E>> + Send + 'env,
        T: Send + 'env,
    {
        let slot = Arc::new(Mutex::new(Slot { value: None, waker: None, taken: false, lost: false }));
        let filled = Fill(slot.clone());
        self.add(async move {
            let value = future.await?;
            filled.0.lock().value = Some(value);
            Ok(()) // dropped, `filled` wakes who waits
        });
        FrameDeferred { slot }
    }

    fn add(&self, child: impl Future<Output = Result<(), E>> + Send + 'env) {
        let child: Child<'env, E> = Box::pin(child);
        let (refused, waker) = match &mut *self.shared.incoming.lock() {
            Some(incoming) => {
                incoming.children.push(child);
                (None, incoming.waker.take())
            }
            None => (Some(child), None),
        };
        drop(refused); // the scope has ended: born cancelled
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

struct Slot<T> {
    value: Option<T>,
    waker: Option<Waker>,
    taken: bool,
    /// The child has gone without a value.
    lost: bool,
}

/// Held by the child: when it goes, whoever waits hears of it.
struct Fill<T>(Arc<Mutex<Slot<T>>>);

impl<T> Drop for Fill<T> {
    fn drop(&mut self) {
        let waker = {
            let mut slot = self.0.lock();
            slot.lost = slot.value.is_none() && !slot.taken;
            slot.waker.take()
        };
        if let Some(waker) = waker {
            unwind::contain("a waker", || waker.wake());
        }
    }
}

/// The result to come of a child of a [`FrameScope`]. If the child fails, whoever awaits is dropped
/// with the scope.
///
/// ```
/// # use coscope::{FrameDeferred, FrameScope, frame_scope, run_blocking};
/// run_blocking(async |_| {
///     frame_scope(async |s: FrameScope<'_>| {
///         let answer: FrameDeferred<i32> = s.spawn(async { 42 });
///         assert_eq!(answer.await, 42);
///     })
///     .await;
/// });
/// ```
///
/// # Cancellation
/// Safe: an await that is cut takes nothing, and the child goes on.
///
/// # Panics
/// The await panics if it stands outside of the scope, which has ended without that child's result.
#[must_use = "a FrameDeferred that nobody awaits loses its result; `launch` is for work without one"]
pub struct FrameDeferred<T> {
    slot: Arc<Mutex<Slot<T>>>,
}

impl<T> Future for FrameDeferred<T> {
    type Output = T;
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let waker = cx.waker().clone();
        let (value, old, lost) = {
            let mut slot = self.slot.lock();
            assert!(!slot.taken, "a FrameDeferred was polled after it had given its result");
            let value = slot.value.take();
            slot.taken = value.is_some();
            (value, slot.waker.replace(waker), slot.lost)
        };
        drop(old);
        if value.is_none() {
            gate::waits(WaitKind::Await, Location::caller());
        }
        assert!(!lost, "awaited a child of a frame_scope that has ended without its result");
        value.map_or(Poll::Pending, Poll::Ready)
    }
}

impl<T> fmt::Debug for FrameDeferred<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameDeferred")
    }
}

/// Opens a scope whose children run inside the caller's own poll: at the same time, not in parallel. They are
/// `Send + 'env` and may borrow what outlives the call.
///
/// ```
/// # use coscope::{FrameScope, frame_scope, run_blocking};
/// run_blocking(async |_| {
///     let text = "two words".to_owned();
///     let lengths = frame_scope(async |s: FrameScope<'_>| {
///         let first = s.spawn(async { text.split(' ').next().unwrap().len() });
///         let all = s.spawn(async { text.len() });
///         (first.await, all.await)
///     })
///     .await;
///     assert_eq!(lengths, (3, 9));
/// });
/// ```
///
/// # Cancellation
/// Body and children are dropped where they are suspended.
///
/// # Panics
/// With the panic of the body or of a child; the others are dropped first.
#[track_caller]
pub fn frame_scope<'env, T, F, Fut>(body: F) -> impl Future<Output = T> + use<'env, T, F, Fut>
where
    F: FnOnce(FrameScope<'env>) -> Fut,
    Fut: Future<Output = T>,
{
    let opened = open("frame_scope", body, |value| Ok::<T, Infallible>(value));
    async move {
        match opened.await {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }
}

/// As [`frame_scope`], with children and a body that may fail: the first `Err` drops the others and is returned.
///
/// ```
/// # use coscope::{FrameScope, run_blocking, try_frame_scope};
/// run_blocking(async |_| {
///     let words = ["1", "two"];
///     let sum = try_frame_scope(async |s: FrameScope<'_, std::num::ParseIntError>| {
///         let one = s.try_spawn(async { words[0].parse::<i32>() });
///         let two = s.try_spawn(async { words[1].parse::<i32>() });
///         Ok(one.await + two.await)
///     });
///     assert!(sum.await.is_err());
/// });
/// ```
///
/// # Errors
/// The first one.
///
/// # Cancellation
/// As [`frame_scope`].
///
/// # Panics
/// As [`frame_scope`].
#[track_caller]
pub fn try_frame_scope<'env, T, E, F, Fut>(body: F) -> Framed<'env, E, F, Fut, T>
where
    E: Send + 'env,
    F: FnOnce(FrameScope<'env, E>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    open("try_frame_scope", body, |result| result)
}

#[track_caller]
fn open<'env, T, E, F, Fut>(
    name: &'static str,
    body: F,
    into: fn(Fut::Output) -> Result<T, E>,
) -> Framed<'env, E, F, Fut, T>
where
    F: FnOnce(FrameScope<'env, E>) -> Fut,
    Fut: Future,
{
    let incoming = Incoming { children: Vec::new(), waker: None };
    Framed {
        region: Region::new(name, Mode::Supervise),
        shared: Arc::new(Shared { incoming: Mutex::new(Some(incoming)) }),
        open: Some(body),
        into,
        inside: Inside { body: None, children: FuturesUnordered::new() },
        result: None,
        begun: false,
        value: PhantomData,
    }
}

pin_project! {
    /// The future of [`try_frame_scope`].
    #[must_use = "a scope runs only when it is awaited"]
    pub struct Framed<'env, E, F, Fut: Future, T> {
        region: Region,
        shared: Arc<Shared<'env, E>>,
        open: Option<F>,
        into: fn(Fut::Output) -> Result<T, E>,
        #[pin]
        inside: Inside<'env, E, Fut>,
        result: Option<Kept<Result<T, E>>>,
        begun: bool,
        value: PhantomData<T>,
    }

    impl<'env, E, F, Fut: Future, T> PinnedDrop for Framed<'env, E, F, Fut, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if *this.begun {
                let (inside, shared) = (this.inside, this.shared);
                this.region.abandon(|| clear(inside, shared));
            }
        }
    }
}

pin_project! {
    /// Body and children: polled, and dropped, inside the region.
    struct Inside<'env, E, Fut> {
        #[pin]
        body: Option<Fut>,
        children: FuturesUnordered<Child<'env, E>>,
    }
}

/// Drops body and children, and refuses more.
fn clear<E, Fut>(inside: Pin<&mut Inside<'_, E, Fut>>, shared: &Shared<'_, E>) {
    let mut inside = inside.project();
    let incoming = shared.incoming.lock().take();
    unwind::contain("a Drop inside a frame_scope", || inside.body.set(None));
    unwind::contain("a Drop inside a frame_scope", || inside.children.clear());
    drop(incoming);
}

/// One round over body and children: ready with the body's value or a failure.
struct Round<'a, 'env, E, Fut, O> {
    inside: Pin<&'a mut Inside<'env, E, Fut>>,
    shared: &'a Shared<'env, E>,
    out: &'a mut Option<O>,
}

impl<E, Fut: Future> Future for Round<'_, '_, E, Fut, Fut::Output> {
    type Output = Result<(), E>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let this = self.get_mut();
        let mut inside = this.inside.as_mut().project();
        loop {
            if let Some(body) = inside.body.as_mut().as_pin_mut()
                && let Poll::Ready(out) = body.poll(cx)
            {
                inside.body.set(None);
                *this.out = Some(out);
                return Poll::Ready(Ok(()));
            }
            let waker = cx.waker().clone();
            let (fresh, old) = match &mut *this.shared.incoming.lock() {
                Some(incoming) => (std::mem::take(&mut incoming.children), incoming.waker.replace(waker)),
                None => (Vec::new(), Some(waker)),
            };
            drop(old);
            inside.children.extend(fresh);
            match Pin::new(&mut *inside.children).poll_next(cx) {
                Poll::Ready(Some(Ok(()))) => continue,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) if inside.body.is_none() => {
                    let more = this.shared.incoming.lock().as_ref().is_some_and(|i| !i.children.is_empty());
                    if !more {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Ready(None) | Poll::Pending => {
                    let more = this.shared.incoming.lock().as_ref().is_some_and(|i| !i.children.is_empty());
                    if !more {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

impl<'env, T, E, F, Fut> Future for Framed<'env, E, F, Fut, T>
where
    F: FnOnce(FrameScope<'env, E>) -> Fut,
    Fut: Future,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        let mut this = self.project();
        let region = &*this.region;
        if let Some(open) = this.open.take() {
            *this.begun = true;
            let scope = FrameScope { shared: this.shared.clone() };
            match unwind::catch(|| region.frame.enter(|| open(scope))) {
                Ok(body) => this.inside.as_mut().project().body.set(Some(body)),
                Err(payload) => {
                    *this.result = Some(Err(KeptPanic::new(payload)));
                    let (inside, shared) = (this.inside.as_mut(), &*this.shared);
                    region.cut_body(|| clear(inside, shared));
                    region.end_body();
                }
            }
        }
        while this.shared.incoming.lock().is_some() {
            let mut out = None;
            let mut round = Some(Round { inside: this.inside.as_mut(), shared: this.shared, out: &mut out });
            let polled = region.poll_body(Pin::new(&mut round), cx);
            let ended = match polled {
                Polled::Pending | Polled::Cut => return Poll::Pending,
                Polled::Ready(Err(error)) => Some(Ok(Err(error))),
                Polled::Panicked(payload) => Some(Err(KeptPanic::new(payload))),
                Polled::Ready(Ok(())) => match out {
                    Some(out) => {
                        let result = (this.into)(out);
                        let failed = result.is_err();
                        *this.result = Some(Ok(result));
                        if !failed {
                            continue; // the children go on
                        }
                        None
                    }
                    None => None, // all have ended
                },
            };
            if ended.is_some() {
                *this.result = ended;
            }
            let (inside, shared) = (this.inside.as_mut(), &*this.shared);
            region.cut_body(|| clear(inside, shared));
            region.end_body();
        }
        ready!(region.poll_joined(cx));
        *this.begun = false;
        Poll::Ready(settled(this.result.take().expect("a frame_scope was polled after it had ended")))
    }
}

impl<E, F, Fut: Future, T> fmt::Debug for Framed<'_, E, F, Fut, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FrameScope").field(&self.region).finish()
    }
}
