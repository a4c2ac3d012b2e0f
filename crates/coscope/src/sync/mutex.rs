//! [`Mutex`]: a value that one coroutine at a time may touch. Imports `raw`, `holder`.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use coscope_core::wait::{Clause, Turn};
use coscope_core::wait_blocking;
use pin_project_lite::pin_project;

use super::Holder;
use super::raw::{Acquiring, Held, Permits, Protects, Raw, Value};

/// A value that one coroutine at a time may touch, also across its waits.
///
/// Fair: a lock that is given back while others wait goes straight to the one who waited longest, who runs next on this thread.
/// For short sections without a wait inside, a lock of the standard library is cheaper.
///
/// A panic while it is held does **not** poison it: the lock is given back, and the next one finds the value as it was left.
///
/// As an `Arc<Mutex<T>>` it can become an `Arc<Mutex<dyn Trait>>`, or one of a slice.
///
/// Not reentrant: the coroutine that holds it and locks it again waits for itself. [`holder`](Self::holder) and the
/// `Debug` output tell.
///
/// ```
/// use std::sync::Arc;
/// use coscope::prelude::*;
/// use coscope::sync::Mutex;
///
/// run_blocking(async |_: Scope| {
///     let counter = Arc::new(Mutex::new(0));
///     scope(async |s: Scope| {
///         for _ in 0..100 {
///             let counter = counter.clone();
///             s.on(Dispatchers::default()).launch(async move { *counter.lock().await += 1 });
///         }
///     })
///     .await;
///     assert_eq!(*counter.lock().await, 100);
/// });
/// ```
pub struct Mutex<T: ?Sized> {
    raw: Raw,
    value: Value<T>,
}

impl<T: ?Sized> Permits for Mutex<T> {
    const SINGLE: bool = true;
    #[inline]
    fn raw(&self) -> &Raw {
        &self.raw
    }
}

impl<T: ?Sized> Protects for Mutex<T> {
    type Value = T;
    #[inline]
    fn value(&self) -> &Value<T> {
        &self.value
    }
}

impl<T> Mutex<T> {
    /// A mutex that nobody holds. In a `static` too.
    #[cfg(not(loom))]
    pub const fn new(value: T) -> Self {
        Mutex { raw: Raw::new(1), value: Value::new(value) }
    }

    /// A mutex that nobody holds.
    #[cfg(loom)]
    pub fn new(value: T) -> Self {
        Mutex { raw: Raw::new(1), value: Value::new(value) }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until the lock can be had. Also a clause of a `select!`.
    ///
    /// ```
    /// # coscope::run_blocking(async |_: coscope::Scope| {
    /// let mutex = coscope::sync::Mutex::new(1);
    /// *mutex.lock().await += 1;
    /// assert_eq!(mutex.into_inner(), 2);
    /// # });
    /// ```
    ///
    /// # Cancellation
    /// Safe: who is dropped while he waits leaves the queue. If he was handed the lock it goes to the next.
    #[track_caller]
    #[inline]
    pub fn lock(&self) -> Lock<'_, T> {
        Lock { acquiring: Acquiring::new(self, 1, Location::caller()) }
    }

    /// The lock, if nobody holds it and nobody waits for it.
    ///
    /// ```
    /// let mutex = coscope::sync::Mutex::new(1);
    /// let held = mutex.try_lock().unwrap();
    /// assert!(mutex.try_lock().is_none());
    /// drop(held);
    /// assert!(mutex.try_lock().is_some());
    /// ```
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.raw.try_take(1, Location::caller()).then(|| MutexGuard::new(Held::new(self, 1)))
    }

    /// As [`lock`](Self::lock), with a guard that has no lifetime.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # coscope::run_blocking(async |_: coscope::Scope| {
    /// let mutex = Arc::new(coscope::sync::Mutex::new(1));
    /// let mut held = mutex.clone().lock_owned().await;
    /// *held += 1;
    /// # drop(held);
    /// # assert_eq!(*mutex.lock().await, 2);
    /// # });
    /// ```
    ///
    /// # Cancellation
    /// As `lock`.
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> LockOwned<T> {
        LockOwned { acquiring: Acquiring::new(self, 1, Location::caller()) }
    }

    /// As [`try_lock`](Self::try_lock), with a guard that has no lifetime.
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Option<OwnedMutexGuard<T>> {
        let taken = self.raw.try_take(1, Location::caller());
        taken.then(|| OwnedMutexGuard::new(Held::new(self, 1)))
    }

    /// As [`lock`](Self::lock), on a thread that may block. In a coroutine it blocks the thread too: if the holder
    /// needs that to go on, for ever.
    ///
    /// ```
    /// let mutex = coscope::sync::Mutex::new(1);
    /// *mutex.lock_blocking() += 1;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    #[track_caller]
    pub fn lock_blocking(&self) -> MutexGuard<'_, T> {
        let site = Location::caller();
        if self.raw.try_take(1, site) {
            return MutexGuard::new(Held::new(self, 1));
        }
        wait_blocking(Lock { acquiring: Acquiring::new(self, 1, site) })
    }

    /// Whether somebody holds it.
    pub fn is_locked(&self) -> bool {
        self.raw.free() == 0
    }

    /// Who holds it. One who was handed it and has not run yet holds it already.
    ///
    /// ```
    /// # coscope::run_blocking(async |_: coscope::Scope| {
    /// let mutex = coscope::sync::Mutex::new(());
    /// assert!(mutex.holder().is_none());
    /// let _held = mutex.lock().await;
    /// let holder = mutex.holder().unwrap();
    /// assert_eq!(holder.id(), Some(coscope::current_job().id()));
    /// assert_eq!(holder.acquired_at().file(), file!());
    /// # });
    /// ```
    pub fn holder(&self) -> Option<Holder> {
        if self.is_locked() { Holder::latest(&self.raw) } else { None }
    }

    /// How many wait for it. Counts them one by one.
    pub fn waiters(&self) -> usize {
        self.raw.waiters()
    }

    /// The value: who has the mutex to himself needs no lock.
    ///
    /// ```
    /// let mut mutex = coscope::sync::Mutex::new(1);
    /// *mutex.get_mut() += 1;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Mutex::new(value)
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for Mutex<T> {
    /// With the value if nobody holds it, else with the holder.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Mutex");
        let holder = self.holder();
        match self.try_lock() {
            Some(value) => f.field("value", &&*value),
            None => f.field("holder", &holder).field("waiters", &self.waiters()),
        };
        f.finish()
    }
}

/// A [`Mutex`] is held. Dropped, it is given back, to the one who waited longest.
#[must_use = "the lock is given back when this is dropped"]
pub struct MutexGuard<'a, T: ?Sized> {
    held: Held<&'a Mutex<T>>,
    _value: PhantomData<T>, // shared and sent as the value is
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    #[inline]
    fn new(held: Held<&'a Mutex<T>>) -> Self {
        MutexGuard { held, _value: PhantomData }
    }

    /// The mutex.
    pub fn mutex(guard: &Self) -> &'a Mutex<T> {
        guard.held.of()
    }
}

/// A [`Mutex`] in an `Arc` is held. Dropped, it is given back, to the one who waited longest.
#[must_use = "the lock is given back when this is dropped"]
pub struct OwnedMutexGuard<T: ?Sized> {
    held: Held<Arc<Mutex<T>>>,
    _value: PhantomData<T>, // shared and sent as the value is
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    fn new(held: Held<Arc<Mutex<T>>>) -> Self {
        OwnedMutexGuard { held, _value: PhantomData }
    }

    /// The mutex.
    pub fn mutex(guard: &Self) -> &Arc<Mutex<T>> {
        guard.held.of()
    }
}

macro_rules! guard {
    ([$($a:lifetime)?] $guard:ty) => {
        impl<$($a,)? T: ?Sized> Deref for $guard {
            type Target = T;
            #[inline]
            fn deref(&self) -> &T {
                self.held.value()
            }
        }
        impl<$($a,)? T: ?Sized> DerefMut for $guard {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                self.held.value_mut()
            }
        }
        impl<$($a,)? T: fmt::Debug + ?Sized> fmt::Debug for $guard {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&**self, f)
            }
        }
        impl<$($a,)? T: fmt::Display + ?Sized> fmt::Display for $guard {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&**self, f)
            }
        }
    };
}

guard!(['a] MutexGuard<'a, T>);
guard!([] OwnedMutexGuard<T>);

pin_project! {
    /// The future, and the clause, of [`Mutex::lock`].
    #[must_use = "the lock is taken only when this is awaited"]
    pub struct Lock<'a, T: ?Sized> {
        #[pin]
        acquiring: Acquiring<&'a Mutex<T>>,
    }
}

pin_project! {
    /// The future, and the clause, of [`Mutex::lock_owned`].
    #[must_use = "the lock is taken only when this is awaited"]
    pub struct LockOwned<T: ?Sized> {
        #[pin]
        acquiring: Acquiring<Arc<Mutex<T>>>,
    }
}

macro_rules! lock {
    ([$($a:lifetime)?] $lock:ty, $guard:ident, $output:ty) => {
        impl<$($a,)? T: ?Sized> Future for $lock {
            type Output = $output;
            #[inline]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<$output> {
                self.project().acquiring.poll(cx).map(|held| $guard::new(held.expect(NEVER_CLOSED)))
            }
        }
        impl<$($a,)? T: ?Sized> Clause for $lock {
            type Output = $output;
            fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
                self.project().acquiring.poll_commit(turn)
            }
            fn take(self: Pin<&mut Self>) -> $output {
                $guard::new(self.project().acquiring.won().expect(NEVER_CLOSED))
            }
        }
        impl<$($a,)? T: ?Sized> fmt::Debug for $lock {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let name = stringify!($lock).split('<').next().unwrap_or_default();
                f.debug_struct(name).field("holder", &self.acquiring.of().holder()).finish_non_exhaustive()
            }
        }
    };
}

const NEVER_CLOSED: &str = "a mutex is never closed";

lock!(['a] Lock<'a, T>, MutexGuard, MutexGuard<'a, T>);
lock!([] LockOwned<T>, OwnedMutexGuard, OwnedMutexGuard<T>);
