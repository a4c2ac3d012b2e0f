//! Clean-up that may wait: [`Finally`] for a future, [`defer`] for a place in the code, [`bracket`]
//! for a resource.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::completion::{RunToCompletion, run_to_completion};
use super::finalizer::queue_cleanup;
use super::kept_panic::{Kept, KeptPanic, settled};
use super::shield::{Shield, shield};
use crate::context::current;
use crate::job::Cleanup;
use crate::unwind;

/// Adds clean-up to a future; see [`finally`](Finally::finally).
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |_| {
///     let value = async { 42 }.finally(async { println!("over") }).await;
///     assert_eq!(value, 42);
/// });
/// ```
pub trait Finally: Future + Sized {
    /// Runs `cleanup` when the future has ended, however it does. Armed by the first poll.
    ///
    /// After a normal end (or a panic) the clean-up runs in line, shielded. When the future is dropped before, the
    /// clean-up goes to the job's queue: it runs shielded, in order of drop, and the job waits for it.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # use std::time::Duration;
    /// run_blocking(async |s: Scope| {
    ///     let (tx, rx) = std::sync::mpsc::channel();
    ///     let job = s.start(Start::Undispatched).launch(
    ///         delay(Duration::from_secs(60)).finally(async move { tx.send("released").unwrap() }),
    ///     );
    ///     job.cancel_and_join("enough").await;
    ///     assert_eq!(rx.try_recv(), Ok("released"));
    /// });
    /// ```
    ///
    /// # Cancellation
    /// The clean-up is not cut; one that takes longer than its deadline (30 s, see
    /// [`CleanupDeadline`](crate::context::CleanupDeadline)) in the queue is dropped and named on stderr.
    ///
    /// # Panics
    /// With the panic of the future, after the clean-up, or of the clean-up.
    #[track_caller]
    fn finally<C>(self, cleanup: C) -> Finalized<Self, C>
    where
        C: Future<Output = ()> + Send + 'static,
    {
        let site = Location::caller();
        Finalized { body: Some(self), cleanup: Some(cleanup), running: None, ended: None, armed: false, site }
    }
}

impl<F: Future> Finally for F {}

pin_project! {
    /// The future of [`finally`](Finally::finally).
    ///
    /// ```
    /// # use coscope::{Finalized, prelude::*};
    /// let value: Finalized<_, _> = async { 42 }.finally(async { println!("over") });
    /// assert_eq!(run_blocking(async |_| value.await), 42);
    /// ```
    #[must_use = "it runs only when it is awaited"]
    pub struct Finalized<F, C>
    where
        F: Future,
        C: Future<Output = ()>,
        C: Send,
        C: 'static,
    {
        #[pin]
        body: Option<F>,
        cleanup: Option<C>,
        #[pin]
        running: Option<Shield<InLine>>,
        ended: Option<Kept<F::Output>>,
        armed: bool,
        site: &'static Location<'static>,
    }

    impl<F, C> PinnedDrop for Finalized<F, C>
    where
        F: Future,
        C: Future<Output = ()>,
        C: Send,
        C: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if *this.armed && let Some(cleanup) = this.cleanup.take() {
                unwind::contain("a Drop before a clean-up", || this.body.set(None));
                queue_cleanup(Cleanup { future: Box::pin(cleanup), site: this.site });
            }
        }
    }
}

impl<F, C> Future for Finalized<F, C>
where
    F: Future,
    C: Future<Output = ()> + Send + 'static,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        *this.armed = true;
        if let Some(body) = this.body.as_mut().as_pin_mut() {
            let ended = match unwind::catch(|| body.poll(cx)) {
                Ok(Poll::Pending) => {
                    current::wraps_a_wait(this.site);
                    return Poll::Pending;
                }
                Ok(Poll::Ready(value)) => Ok(value),
                Err(payload) => Err(KeptPanic::new(payload)),
            };
            *this.ended = Some(ended);
            this.body.set(None);
            let cleanup = this.cleanup.take().expect("the clean-up runs once");
            this.running.set(Some(InLine::new(cleanup, this.site)));
        }
        let running = this.running.as_mut().as_pin_mut().expect("a finally was polled after it had ended");
        ready!(running.poll(cx));
        this.running.set(None);
        Poll::Ready(settled(this.ended.take().expect("the body has ended")))
    }
}

impl<F, C> fmt::Debug for Finalized<F, C>
where
    F: Future,
    C: Future<Output = ()> + Send + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finalized at {}", self.site)
    }
}

/// A guard that has `cleanup` run when the code leaves here, on any path.
///
/// `guard.run().await` runs it in line, shielded. A drop, on *any* path, queues it, since a `Drop`
/// cannot wait: it then runs shielded, in order of drop, before the job completes. Without a coroutine
/// around it runs detached, below the root of the process.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let (tx, rx) = std::sync::mpsc::channel();
///     let early = s.launch(async move {
///         let _unlock = defer(async move { tx.send("unlocked").unwrap() });
///         if true { return } // on any path
///         yield_now().await;
///     });
///     early.join().await;
///     assert_eq!(rx.try_recv(), Ok("unlocked"));
/// });
/// ```
#[track_caller]
#[must_use = "a guard that is dropped at once runs its clean-up at once"]
pub fn defer<C: Future<Output = ()> + Send + 'static>(cleanup: C) -> Deferral<C> {
    Deferral { cleanup: Some(cleanup), site: Location::caller() }
}

/// The guard of [`defer`].
///
/// ```
/// # use coscope::prelude::*;
/// let guard = defer(async { println!("goodbye") });
/// assert!(format!("{guard:?}").starts_with("Deferral at "));
/// guard.disarm();
/// ```
pub struct Deferral<C: Future<Output = ()> + Send + 'static> {
    cleanup: Option<C>,
    site: &'static Location<'static>,
}

impl<C: Future<Output = ()> + Send + 'static> Deferral<C> {
    /// Runs the clean-up here and now.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     let (tx, rx) = std::sync::mpsc::channel();
    ///     let unlock = defer(async move { tx.send("unlocked").unwrap() });
    ///     unlock.run().await;
    ///     assert_eq!(rx.try_recv(), Ok("unlocked"));
    /// });
    /// ```
    ///
    /// # Cancellation
    /// Not before it has ended, once it has begun.
    ///
    /// # Panics
    /// With the panic of the clean-up.
    pub async fn run(mut self) {
        let cleanup = self.cleanup.take().expect("a guard has its clean-up");
        // Begun is begun: if foreign code drops it half-way, the rest goes to the queue.
        InLine::new(cleanup, self.site).await;
    }

    /// Takes the clean-up back: it will not run.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     let roll_back = defer(async { unreachable!("it went well") });
    ///     drop(roll_back.disarm());
    /// });
    /// ```
    pub fn disarm(mut self) -> C {
        self.cleanup.take().expect("a guard has its clean-up")
    }
}

impl<C: Future<Output = ()> + Send + 'static> Drop for Deferral<C> {
    fn drop(&mut self) {
        if let Some(cleanup) = self.cleanup.take() {
            queue_cleanup(Cleanup { future: Box::pin(cleanup), site: self.site });
        }
    }
}

impl<C: Future<Output = ()> + Send + 'static> fmt::Debug for Deferral<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deferral at {}", self.site)
    }
}

/// A clean-up that runs in line: as a child that no cancel reaches, so that it goes on if foreign code
/// drops the wait half-way. Dropped before it has begun, it goes to the queue.
struct InLine {
    work: RunToCompletion<Boxed, ()>,
    site: &'static Location<'static>,
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

impl InLine {
    #[track_caller]
    fn new(
        cleanup: impl Future<Output = ()> + Send + 'static,
        site: &'static Location<'static>,
    ) -> Shield<Self> {
        let cleanup: Boxed = Box::pin(cleanup);
        shield(InLine { work: run_to_completion(cleanup), site })
    }
}

impl Future for InLine {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.work).poll(cx)
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        if let Some(future) = self.work.take_unbegun() {
            queue_cleanup(Cleanup { future, site: self.site });
        }
    }
}

/// Acquires a resource, uses it, and releases it on every path: `release` runs even if `use_it` is
/// cancelled or panics.
///
/// `acquire` runs shielded, so that what it gives is never lost; so does `release`. `use_it` borrows
/// the resource; `release` gets it by value.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |_| {
///     let (tx, rx) = std::sync::mpsc::channel();
///     let length = bracket(
///         async { vec![1, 2, 3] },
///         async |numbers: &mut Vec<i32>| numbers.len(),
///         move |numbers| async move { tx.send(numbers).unwrap() },
///     )
///     .await;
///     assert_eq!(length, 3);
///     assert_eq!(rx.try_recv(), Ok(vec![1, 2, 3]));
/// });
/// ```
///
/// # Cancellation
/// As above: acquisition and release are not cut, the use is.
///
/// # Panics
/// With the panic of `use_it`, after the release, or of the other two.
pub async fn bracket<R, T>(
    acquire: impl Future<Output = R>,
    use_it: impl AsyncFnOnce(&mut R) -> T,
    release: impl ReleaseOf<R>,
) -> T
where
    R: Send + 'static,
{
    let resource = shield(acquire).await;
    let mut held = Held { resource: Some((resource, release)), site: Location::caller() };
    let ended = {
        let (resource, _) = held.resource.as_mut().expect("held until it is released");
        CatchUnwind { future: use_it(resource) }.await
    };
    let (resource, release) = held.resource.take().expect("held until it is released");
    InLine::new(release.release(resource), held.site).await;
    settled(ended)
}

/// What releases the resource of a [`bracket`]: any `FnOnce(R) -> impl Future`.
///
/// ```
/// # use coscope::prelude::*;
/// /// Releases by hand of a function instead of a closure.
/// async fn close(numbers: Vec<i32>) { drop(numbers) }
///
/// let length = run_blocking(async |_| {
///     bracket(async { vec![1, 2, 3] }, async |numbers: &mut Vec<i32>| numbers.len(), close).await
/// });
/// assert_eq!(length, 3);
/// ```
pub trait ReleaseOf<R>: Send + 'static {
    /// Releases it.
    fn release(self, resource: R) -> impl Future<Output = ()> + Send + 'static;
}

impl<R, F, Fut> ReleaseOf<R> for F
where
    F: FnOnce(R) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    fn release(self, resource: R) -> impl Future<Output = ()> + Send + 'static {
        self(resource)
    }
}

struct Held<R: Send + 'static, F: ReleaseOf<R>> {
    resource: Option<(R, F)>,
    site: &'static Location<'static>,
}

impl<R: Send + 'static, F: ReleaseOf<R>> Drop for Held<R, F> {
    fn drop(&mut self) {
        if let Some((resource, release)) = self.resource.take() {
            queue_cleanup(Cleanup { future: Box::pin(release.release(resource)), site: self.site });
        }
    }
}

pin_project! {
    /// A future whose panic is kept.
    struct CatchUnwind<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for CatchUnwind<F> {
    type Output = Kept<F::Output>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match unwind::catch(|| self.project().future.poll(cx)) {
            Ok(polled) => polled.map(Ok),
            Err(payload) => Poll::Ready(Err(KeptPanic::new(payload))),
        }
    }
}
