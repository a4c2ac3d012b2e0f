//! [`Semaphore`]: so many at once. Imports `raw`, `holder`, `error`.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use coscope_core::wait::{Clause, Turn};
use coscope_core::wait_blocking;
use pin_project_lite::pin_project;

use super::raw::{Acquiring, Held, MOST, Permits, Raw};
use super::{AcquireError, Holder, TryAcquireError};

/// A number of permits, to be had one or many at a time.
///
/// Fair: first come, first served. Who asks for many is not overtaken by those who ask for few: while he waits, all that come after
/// him do.
///
/// ```
/// use coscope::prelude::*;
/// use coscope::sync::Semaphore;
/// use std::time::Duration;
///
/// static CONNECTIONS: Semaphore = Semaphore::new(2);
///
/// async fn fetch() {
///     let _permit = CONNECTIONS.acquire().await.unwrap();
///     delay(Duration::from_millis(1)).await; // at most two are here at once
/// }
///
/// run_blocking(async |s: Scope| (0..10).for_each(|_| { s.launch(fetch()); }));
/// assert_eq!(CONNECTIONS.available_permits(), 2);
/// ```
pub struct Semaphore {
    raw: Raw,
}

impl Permits for Semaphore {
    const SINGLE: bool = false;
    #[inline]
    fn raw(&self) -> &Raw {
        &self.raw
    }
}

impl Semaphore {
    /// A semaphore has at most so many permits.
    pub const MAX_PERMITS: usize = MOST;

    /// With so many free permits. In a `static` too.
    ///
    /// # Panics
    /// If that is more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[cfg(not(loom))]
    pub const fn new(permits: usize) -> Self {
        Semaphore { raw: Raw::new(permits) }
    }

    /// With so many free permits.
    #[cfg(loom)]
    pub fn new(permits: usize) -> Self {
        Semaphore { raw: Raw::new(permits) }
    }

    /// Waits for a permit. Also a clause of a `select!`.
    ///
    /// ```
    /// # coscope::run_blocking(async |_: coscope::Scope| {
    /// let semaphore = coscope::sync::Semaphore::new(2);
    /// let permit = semaphore.acquire().await?;
    /// assert_eq!(semaphore.available_permits(), 1);
    /// drop(permit);
    /// assert_eq!(semaphore.available_permits(), 2);
    /// # Ok::<(), coscope::sync::AcquireError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// If the semaphore is closed, or is closed while this waits.
    ///
    /// # Cancellation
    /// Safe: who is dropped while he waits leaves the queue. If he was handed a permit it goes to the next.
    #[track_caller]
    #[inline]
    pub fn acquire(&self) -> Acquire<'_> {
        self.acquire_many(1)
    }

    /// Waits for so many permits at once. If there will never be so many, for ever; none at all are had at once.
    ///
    /// ```
    /// # coscope::run_blocking(async |_: coscope::Scope| {
    /// let semaphore = coscope::sync::Semaphore::new(3);
    /// let two = semaphore.acquire_many(2).await?;
    /// assert_eq!((two.count(), semaphore.available_permits()), (2, 1));
    /// # Ok::<(), coscope::sync::AcquireError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    ///
    /// # Cancellation
    /// As `acquire`.
    ///
    /// # Panics
    /// If that is more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    #[inline]
    pub fn acquire_many(&self, permits: usize) -> Acquire<'_> {
        Acquire { acquiring: Acquiring::new(self, permits, Location::caller()) }
    }

    /// A permit, if one is free and nobody waits.
    ///
    /// # Errors
    /// If there is none, or the semaphore is closed.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// So many permits, if they are free and nobody waits.
    ///
    /// ```
    /// use coscope::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(3);
    /// let two = semaphore.try_acquire_many(2).unwrap();
    /// assert_eq!(semaphore.try_acquire_many(2).unwrap_err(), TryAcquireError::NoPermits);
    /// drop(two);
    /// assert!(semaphore.try_acquire_many(2).is_ok());
    /// ```
    ///
    /// # Errors
    /// As [`try_acquire`](Self::try_acquire).
    #[track_caller]
    pub fn try_acquire_many(&self, permits: usize) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_take(permits, Location::caller())?;
        Ok(SemaphorePermit { held: Held::new(self, permits) })
    }

    /// As [`acquire`](Self::acquire), with a permit that has no lifetime.
    ///
    /// # Errors
    /// As `acquire`.
    ///
    /// # Cancellation
    /// As `acquire`.
    #[track_caller]
    pub fn acquire_owned(self: Arc<Self>) -> AcquireOwned {
        self.acquire_many_owned(1)
    }

    /// As [`acquire_many`](Self::acquire_many), with permits that have no lifetime.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # coscope::run_blocking(async |s: coscope::Scope| {
    /// let semaphore = Arc::new(coscope::sync::Semaphore::new(3));
    /// let permits = semaphore.clone().acquire_many_owned(2).await.unwrap();
    /// s.launch(async move {
    ///     let _permits = permits; // given back when the coroutine ends
    /// });
    /// # });
    /// ```
    ///
    /// # Errors
    /// As `acquire`.
    ///
    /// # Cancellation
    /// As `acquire`.
    #[track_caller]
    pub fn acquire_many_owned(self: Arc<Self>, permits: usize) -> AcquireOwned {
        AcquireOwned { acquiring: Acquiring::new(self, permits, Location::caller()) }
    }

    /// As [`try_acquire`](Self::try_acquire), with a permit that has no lifetime.
    ///
    /// # Errors
    /// As `try_acquire`.
    #[track_caller]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// As [`try_acquire_many`](Self::try_acquire_many), with permits that have no lifetime.
    ///
    /// # Errors
    /// As `try_acquire`.
    #[track_caller]
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        permits: usize,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_take(permits, Location::caller())?;
        Ok(OwnedSemaphorePermit { held: Held::new(self, permits) })
    }

    fn try_take(&self, permits: usize, site: &'static Location<'static>) -> Result<(), TryAcquireError> {
        if self.raw.try_take(permits, site) {
            Ok(())
        } else if self.is_closed() {
            Err(TryAcquireError::Closed)
        } else {
            Err(TryAcquireError::NoPermits)
        }
    }

    /// As [`acquire`](Self::acquire), on a thread that may block. In a coroutine it blocks the thread too: if the holders
    /// need that to go on, for ever.
    ///
    /// # Errors
    /// As `acquire`.
    #[track_caller]
    pub fn acquire_blocking(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        wait_blocking(self.acquire())
    }

    /// How many permits are free. Who waits for many may wait all the same.
    pub fn available_permits(&self) -> usize {
        self.raw.free()
    }

    /// Adds permits: those that were [forgotten](SemaphorePermit::forget), or new ones. Those who wait get them first.
    ///
    /// ```
    /// let semaphore = coscope::sync::Semaphore::new(0);
    /// semaphore.add_permits(2);
    /// assert_eq!(semaphore.available_permits(), 2);
    /// ```
    ///
    /// # Panics
    /// If there were more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    pub fn add_permits(&self, permits: usize) {
        self.raw.give(permits, false);
    }

    /// Takes up to so many of the free permits away for good. Gives how many it were.
    ///
    /// ```
    /// let semaphore = coscope::sync::Semaphore::new(3);
    /// assert_eq!(semaphore.forget_permits(2), 2);
    /// assert_eq!(semaphore.forget_permits(2), 1);
    /// ```
    pub fn forget_permits(&self, permits: usize) -> usize {
        self.raw.withdraw(permits)
    }

    /// Closes it: all who wait are refused, and all who come. Permits that are held stay so, and may be given back. `true` for
    /// the first to close it.
    ///
    /// ```
    /// use coscope::sync::{AcquireError, Semaphore};
    ///
    /// # coscope::run_blocking(async |_: coscope::Scope| {
    /// let semaphore = Semaphore::new(1);
    /// assert!(semaphore.close());
    /// assert!(matches!(semaphore.acquire().await, Err(AcquireError { .. })));
    /// # });
    /// ```
    pub fn close(&self) -> bool {
        self.raw.close()
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        self.raw.is_closed()
    }

    /// How many wait. Counts them one by one.
    pub fn waiters(&self) -> usize {
        self.raw.waiters()
    }

    /// Who got permits last, whether or not they have been given back.
    pub fn last_holder(&self) -> Option<Holder> {
        Holder::latest(&self.raw)
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("available_permits", &self.available_permits())
            .field("waiters", &self.waiters())
            .field("closed", &self.is_closed())
            .field("last_holder", &self.last_holder())
            .finish()
    }
}

/// Permits of a [`Semaphore`], given back when this is dropped.
///
/// ```
/// let semaphore = coscope::sync::Semaphore::new(2);
/// semaphore.try_acquire().unwrap().forget();
/// assert_eq!(semaphore.available_permits(), 1); // for good
/// ```
#[must_use = "the permits are given back when this is dropped"]
pub struct SemaphorePermit<'a> {
    held: Held<&'a Semaphore>,
}

/// Permits of a [`Semaphore`] in an `Arc`, given back when this is dropped.
///
/// ```
/// use coscope::prelude::*;
/// use coscope::sync::Semaphore;
/// use std::sync::Arc;
///
/// run_blocking(async |s: Scope| {
///     let semaphore = Arc::new(Semaphore::new(1));
///     let permit = semaphore.clone().acquire_owned().await.unwrap();
///     s.launch(async move { drop(permit) }); // it goes where the work goes
///     let _next = semaphore.acquire().await.unwrap();
/// });
/// ```
#[must_use = "the permits are given back when this is dropped"]
pub struct OwnedSemaphorePermit {
    held: Held<Arc<Semaphore>>,
}

macro_rules! permit {
    ([$($a:lifetime)?] $permit:ty, $of:ty) => {
        impl $(<$a>)? $permit {
            /// How many they are.
            pub fn count(&self) -> usize {
                self.held.count()
            }
            /// They are not given back: the semaphore has so many less from now on.
            pub fn forget(self) {
                self.held.forget();
            }
            /// Whose they are.
            pub fn semaphore(&self) -> &$of {
                self.held.of()
            }
        }
        impl $(<$a>)? fmt::Debug for $permit {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("SemaphorePermit").field("count", &self.count()).finish_non_exhaustive()
            }
        }
    };
}

permit!(['a] SemaphorePermit<'a>, &'a Semaphore);
permit!([] OwnedSemaphorePermit, Arc<Semaphore>);

pin_project! {
    /// The future, and the clause, of [`Semaphore::acquire`] and [`Semaphore::acquire_many`].
    #[must_use = "permits are taken only when this is awaited"]
    pub struct Acquire<'a> {
        #[pin]
        acquiring: Acquiring<&'a Semaphore>,
    }
}

pin_project! {
    /// The future, and the clause, of [`Semaphore::acquire_owned`] and [`Semaphore::acquire_many_owned`].
    #[must_use = "permits are taken only when this is awaited"]
    pub struct AcquireOwned {
        #[pin]
        acquiring: Acquiring<Arc<Semaphore>>,
    }
}

macro_rules! acquire {
    ([$($a:lifetime)?] $acquire:ty, $permit:ident, $output:ty) => {
        impl $(<$a>)? Future for $acquire {
            type Output = Result<$output, AcquireError>;
            #[inline]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let held = self.project().acquiring.poll(cx);
                held.map(|held| held.map(|held| $permit { held }).ok_or(AcquireError))
            }
        }
        impl $(<$a>)? Clause for $acquire {
            type Output = Result<$output, AcquireError>;
            fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
                self.project().acquiring.poll_commit(turn)
            }
            fn take(self: Pin<&mut Self>) -> Self::Output {
                self.project().acquiring.won().map(|held| $permit { held }).ok_or(AcquireError)
            }
        }
        impl $(<$a>)? fmt::Debug for $acquire {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple("Acquire").field(self.acquiring.of()).finish()
            }
        }
    };
}

acquire!(['a] Acquire<'a>, SemaphorePermit, SemaphorePermit<'a>);
acquire!([] AcquireOwned, OwnedSemaphorePermit, OwnedSemaphorePermit);
