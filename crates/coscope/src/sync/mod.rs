//! Locks and permits for coroutines: whoever cannot have one waits without blocking the thread.
//!
//! | | how many at once | |
//! |---|---|---|
//! | [`Mutex`] | one | has a value, which only the holder sees |
//! | [`Semaphore`] | as many as it has permits | has no value |
//!
//! Both are fair: first come, first served, whether one waits for a single permit or for many, alone or in a `select!`. Both are
//! cancel-safe: who is dropped while he waits leaves the queue, and what he was handed and has not taken goes to the
//! next. Both know [who came last](Holder). What `async-lock` has beyond that (`RwLock`, `Barrier`, `OnceCell`) runs on coscope as it is;
//! the guide shows how.
//!
//! * `raw` – word, queue and slots; the protocol is in [`protocol.md`](https://github.com/coscope/coscope/blob/main/crates/coscope/src/sync/protocol.md).
//! * [`holder`](Holder) – who has it.
//! * [`mutex`](Mutex), [`semaphore`](Semaphore) – the faces.
//! * [`error`](AcquireError) – why a permit could not be had.
//!
//! # Futurelock
//!
//! A lock is handed to the one who waited longest, whether or not that one is ever polled again. A future that was polled once, then set
//! aside (`&mut future` in a foreign `select!`, an item that was taken out of a stream of futures) may so hold a lock that it does not
//! know of, and others wait for ever. [`Mutex::holder`] tells who and where. What is awaited, or dropped, does not do that.
//!
//! May import `coscope-core`.

#[allow(unsafe_code)]
mod raw;
mod holder;
mod error;
mod mutex;
mod semaphore;

pub use error::{AcquireError, TryAcquireError};
pub use holder::Holder;
pub use mutex::{Lock, LockOwned, Mutex, MutexGuard, OwnedMutexGuard};
pub use semaphore::{Acquire, AcquireOwned, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
