//! [`Instant`]: a point on a clock. Tells `mark` what the machine's says.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::sync::OnceLock;
use std::time::Duration;

/// A point in time, in nanoseconds since the clock's own beginning.
///
/// Real and virtual clocks share the type; instants of different clocks do not compare usefully.
/// Arithmetic saturates: an instant too far away is [`Instant::FAR_FUTURE`], which never comes.
///
/// ```
/// use coscope_core::time::Instant;
/// use std::time::Duration;
///
/// let start = Instant::ZERO;
/// assert_eq!((start + Duration::from_millis(5)) - start, Duration::from_millis(5));
/// assert_eq!(start + Duration::MAX, Instant::FAR_FUTURE);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The beginning of the clock.
    ///
    /// ```
    /// use coscope_core::time::Instant;
    /// assert_eq!(Instant::ZERO.as_nanos(), 0);
    /// ```
    pub const ZERO: Instant = Instant(0);
    /// A time that never comes.
    ///
    /// ```
    /// use coscope_core::time::Instant;
    /// assert!(Instant::system_now() < Instant::FAR_FUTURE);
    /// ```
    pub const FAR_FUTURE: Instant = Instant(u64::MAX);

    /// The instant `nanos` nanoseconds after the clock's beginning.
    ///
    /// ```
    /// use coscope_core::time::Instant;
    /// assert!(Instant::from_nanos(1) > Instant::ZERO);
    /// ```
    pub const fn from_nanos(nanos: u64) -> Self {
        Instant(nanos)
    }

    /// Nanoseconds since the clock's beginning.
    ///
    /// ```
    /// use coscope_core::time::Instant;
    /// assert_eq!(Instant::from_nanos(42).as_nanos(), 42);
    /// ```
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time on the machine's monotonic clock, whose beginning is its first use in this process.
    ///
    /// ```
    /// use coscope_core::time::Instant;
    /// let begin = Instant::system_now();
    /// assert!(begin > Instant::ZERO);
    /// assert!(Instant::system_now() >= begin);
    /// ```
    #[inline]
    pub fn system_now() -> Self {
        static START: OnceLock<u64> = OnceLock::new();
        let now = machine::nanos();
        let start = *START.get_or_init(|| now);
        let since = now.saturating_sub(start);
        crate::mark::tick::tell(Instant(since).tick());
        // one nanosecond later than zero: zero stays "before everything"
        Instant(1 + since)
    }

    /// In milliseconds, as notes in coroutines have it. Those beyond 32 bits, 49 days, are cut off.
    #[inline]
    pub(crate) fn tick(self) -> u32 {
        (self.0 / 1_000_000) as u32
    }

    /// The time from `earlier` to this instant, zero if it is later.
    ///
    /// ```
    /// use coscope_core::time::Instant;
    /// use std::time::Duration;
    ///
    /// let (early, late) = (Instant::from_nanos(10), Instant::from_nanos(25));
    /// assert_eq!(late.saturating_duration_since(early), Duration::from_nanos(15));
    /// assert_eq!(early.saturating_duration_since(late), Duration::ZERO);
    /// ```
    pub fn saturating_duration_since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, rhs: Duration) -> Instant {
        let nanos = u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX);
        Instant(self.0.saturating_add(nanos))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, rhs: Instant) -> Duration {
        self.saturating_duration_since(rhs)
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;
    fn sub(self, rhs: Duration) -> Instant {
        let nanos = u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX);
        Instant(self.0.saturating_sub(nanos))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({:?})", Duration::from_nanos(self.0))
    }
}

/// Nanoseconds since a time of the machine's choice. Asked directly, since the way through
/// `std::time::Instant`, which keeps seconds apart, costs a third more.
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod machine {
    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanos: i64,
    }

    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
    }

    const MONOTONIC: i32 = 1;

    #[inline]
    pub(super) fn nanos() -> u64 {
        let mut time = Timespec { seconds: 0, nanos: 0 };
        // SAFETY: the kernel's interface on 64-bit Linux: two words of 64 bits, to be written.
        let result = unsafe { clock_gettime(MONOTONIC, &raw mut time) };
        assert_eq!(result, 0, "there is a monotonic clock");
        time.seconds as u64 * 1_000_000_000 + time.nanos as u64
    }
}

/// Nanoseconds since the first call.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64", not(miri))))]
mod machine {
    use std::sync::OnceLock;
    use std::time::Instant;

    #[allow(clippy::disallowed_methods)] // the one place that asks the standard library
    pub(super) fn nanos() -> u64 {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }
}
