//! Why a permit could not be had. Imports nothing of this crate.

use std::error::Error;
use std::fmt;

/// The semaphore is closed: there are no permits any more.
///
/// ```
/// let semaphore = coscope::sync::Semaphore::new(1);
/// semaphore.close();
/// # coscope::run_blocking(async |_: coscope::Scope| {
/// let error = semaphore.acquire().await.unwrap_err();
/// assert_eq!(error.to_string(), "the semaphore is closed");
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcquireError;

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the semaphore is closed")
    }
}

impl Error for AcquireError {}

/// A permit could not be had at once.
///
/// ```
/// let semaphore = coscope::sync::Semaphore::new(0);
/// assert!(semaphore.try_acquire().unwrap_err().is_no_permits());
/// semaphore.close();
/// assert!(semaphore.try_acquire().unwrap_err().is_closed());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryAcquireError {
    /// Not so many are free, or others wait for some already.
    NoPermits,
    /// The semaphore is closed.
    Closed,
}

impl TryAcquireError {
    /// Whether it is worth while to try again.
    pub fn is_no_permits(&self) -> bool {
        *self == TryAcquireError::NoPermits
    }
    /// Whether the semaphore is closed.
    pub fn is_closed(&self) -> bool {
        *self == TryAcquireError::Closed
    }
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryAcquireError::NoPermits => f.write_str("there are not so many free permits"),
            TryAcquireError::Closed => fmt::Display::fmt(&AcquireError, f),
        }
    }
}

impl Error for TryAcquireError {}

impl From<AcquireError> for TryAcquireError {
    fn from(_: AcquireError) -> Self {
        TryAcquireError::Closed
    }
}
