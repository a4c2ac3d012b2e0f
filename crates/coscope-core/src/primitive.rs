//! Std or loom: atomics, cells and locks. The only file that names either.
//!
//! Everything that takes part in a protocol goes through this door, so that the same code runs on
//! the machine and under the model checker. Imports nothing of this crate.

#[cfg(not(loom))]
mod imp {
    pub use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
    pub(crate) use std::thread_local;

    /// Lets another thread run while this one waits for a step of a protocol that is nearly done.
    #[inline]
    pub fn spin_loop() {
        std::hint::spin_loop();
    }

    /// As [`spin_loop`], the `tries`-th time: first on this core, then by giving it to others, then, since whoever
    /// is waited for may have lost its own, by sleeping.
    pub fn give_way(tries: u32) {
        match tries {
            0..64 => std::hint::spin_loop(),
            64..256 => std::thread::yield_now(),
            _ => std::thread::sleep(std::time::Duration::from_micros(u64::from(tries.min(1024)))),
        }
    }
}

/// A thread's own value, of the checker's threads; its macro does not know `const` initializers.
#[cfg(loom)]
macro_rules! checked_thread_local {
    () => {};
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty = const $init:block; $($rest:tt)*) => {
        loom::thread_local! { $(#[$attr])* $vis static $name: $t = $init; }
        $crate::primitive::thread_local! { $($rest)* }
    };
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty = const $init:block) => {
        $crate::primitive::thread_local! { $(#[$attr])* $vis static $name: $t = const $init; }
    };
}

#[cfg(loom)]
mod imp {
    pub(crate) use checked_thread_local as thread_local;
    pub use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

    /// Lets another thread run while this one waits for a step of a protocol that is nearly done.
    #[inline]
    pub fn spin_loop() {
        loom::thread::yield_now();
    }

    /// As [`spin_loop`].
    pub fn give_way(_: u32) {
        loom::thread::yield_now();
    }
}

pub use imp::*;

/// The calling thread and its parking, of the machine or of the checker.
pub mod thread {
    #[cfg(loom)]
    pub use loom::thread::{Thread, current, park};
    #[cfg(not(loom))]
    pub use std::thread::{Thread, current, park, park_timeout};
}

/// A counter of the process, for numbers that only have to differ. It takes part in no protocol, so
/// that the checker, whose atomics last for one execution, need not see it.
#[derive(Debug)]
pub(crate) struct Counter(std::sync::atomic::AtomicU64);

impl Counter {
    /// Counts from `first`.
    pub(crate) const fn new(first: u64) -> Self {
        Counter(std::sync::atomic::AtomicU64::new(first))
    }
    /// The next number.
    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// How many handles there are of something that the checker need not see, as in an `Arc`. Either way what was before.
#[derive(Debug)]
pub(crate) struct HandleCount(std::sync::atomic::AtomicU64);

impl HandleCount {
    /// So many.
    pub(crate) const fn new(count: u64) -> Self {
        HandleCount(std::sync::atomic::AtomicU64::new(count))
    }
    /// Takes counts, for one who has one.
    #[inline]
    pub(crate) fn add(&self, count: u64) -> u64 {
        let before = self.0.fetch_add(count, Ordering::Relaxed);
        if before > u64::MAX / 2 {
            std::process::abort(); // a leak of counts, as in `Arc`
        }
        before
    }
    /// Gives counts back.
    #[inline]
    pub(crate) fn sub(&self, count: u64) -> u64 {
        self.0.fetch_sub(count, Ordering::Release)
    }
}

/// A switch of the process or of what nobody waits for: on or off, looked at with one relaxed load. As a [`Counter`], it
/// takes part in no protocol; in a model it is always off.
#[derive(Debug)]
pub(crate) struct Switch(std::sync::atomic::AtomicBool);

impl Switch {
    /// One that is off.
    pub(crate) const fn off() -> Self {
        Switch(std::sync::atomic::AtomicBool::new(false))
    }
    /// One that is on.
    pub(crate) const fn on() -> Self {
        Switch(std::sync::atomic::AtomicBool::new(true))
    }
    #[inline(always)]
    pub(crate) fn is_on(&self) -> bool {
        cfg!(not(loom)) && self.0.load(Ordering::Relaxed)
    }
    #[inline]
    pub(crate) fn set(&self, on: bool) {
        self.0.store(on, Ordering::Relaxed);
    }
}

macro_rules! notes {
    ($($(#[$doc:meta])* $name:ident, $atomic:ident, $int:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name(std::sync::atomic::$atomic);

        #[cfg_attr(coscope_blind, allow(dead_code))]
        impl $name {
            #[inline]
            pub(crate) const fn new(value: $int) -> Self {
                $name(std::sync::atomic::$atomic::new(value))
            }
            /// What was noted, some time ago.
            #[inline]
            pub(crate) fn get(&self) -> $int {
                self.0.load(Ordering::Relaxed)
            }
            #[inline]
            #[allow(dead_code)] // each is written in its own way
            pub(crate) fn set(&self, value: $int) {
                self.0.store(value, Ordering::Relaxed);
            }
            /// Goes around at the end.
            #[allow(dead_code)]
            pub(crate) fn add(&self, value: $int) {
                self.0.fetch_add(value, Ordering::Relaxed);
            }
        }
    )*};
}

notes! {
    /// What is noted down for those who look, and takes part in no protocol, so that the checker need not see it.
    Note, AtomicU64, u64;
    /// As [`Note`], of half the size.
    ShortNote, AtomicU32, u32;
    /// As [`Note`], to be counted up and down.
    Tally, AtomicU16, u16;
}

/// A lock without poisoning: a panic while it is held leaves the data as it is.
#[cfg(not(loom))]
pub type Mutex<T> = parking_lot::Mutex<T>;
/// What [`Mutex::lock`] gives.
#[cfg(not(loom))]
pub type MutexGuard<'a, T> = parking_lot::MutexGuard<'a, T>;

/// A lock without poisoning, watched by the model checker.
#[cfg(loom)]
#[derive(Debug, Default)]
pub struct Mutex<T>(loom::sync::Mutex<T>);
/// What [`Mutex::lock`] gives.
#[cfg(loom)]
pub type MutexGuard<'a, T> = loom::sync::MutexGuard<'a, T>;

#[cfg(loom)]
impl<T> Mutex<T> {
    /// A lock around `value`.
    pub fn new(value: T) -> Self {
        Mutex(loom::sync::Mutex::new(value))
    }
    /// Takes the lock, if nobody holds it.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.0.try_lock().ok()
    }
    /// Takes the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
    /// The value, for whoever has the lock to himself.
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A cell whose every access is seen by the model checker.
#[cfg(not(loom))]
#[derive(Debug)]
#[repr(transparent)]
pub struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    /// A cell around `value`.
    pub const fn new(value: T) -> Self {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }
    /// Makes a cell at `place` and lets `write` write its value there.
    ///
    /// # Safety
    /// `place` is room for a cell; `write` initialises what it is given.
    pub unsafe fn init_at(place: *mut Self, write: impl FnOnce(*mut T)) {
        write(place.cast::<T>()); // `repr(transparent)`
    }
    /// Hands out a pointer for reading.
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }
    /// Hands out a pointer for writing.
    #[inline]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// A cell whose every access is seen by the model checker.
#[cfg(loom)]
#[derive(Debug)]
pub struct UnsafeCell<T>(loom::cell::UnsafeCell<std::mem::MaybeUninit<T>>);

#[cfg(loom)]
impl<T> UnsafeCell<T> {
    /// A cell around `value`. (The models do not drop it.)
    pub fn new(value: T) -> Self {
        UnsafeCell(loom::cell::UnsafeCell::new(std::mem::MaybeUninit::new(value)))
    }
    /// Makes a cell at `place` and lets `write` write its value there.
    ///
    /// # Safety
    /// `place` is room for a cell; `write` initialises what it is given.
    pub unsafe fn init_at(place: *mut Self, write: impl FnOnce(*mut T)) {
        // SAFETY: the caller's contract.
        unsafe {
            place.write(UnsafeCell(loom::cell::UnsafeCell::new(std::mem::MaybeUninit::uninit())));
            (*place).with_mut(write);
        }
    }
    /// Hands out a pointer for reading.
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        self.0.with(|cell| f(cell.cast::<T>()))
    }
    /// Hands out a pointer for writing.
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        self.0.with_mut(|cell| f(cell.cast::<T>()))
    }
}
