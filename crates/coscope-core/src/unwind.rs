//! The panic policy: one answer to "what if user code panics here". The only file that catches.
//!
//! A panic in a coroutine is caught and carried up the tree. A panic where nobody could carry it
//! (in a waker, a handler, a `Drop` during a cancel) is reported and goes no further. A panic in
//! the middle of one of our own protocols cannot be survived: [`abort_on_panic`] ends the process.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `f`, and hands back what it panicked with.
#[allow(clippy::disallowed_methods)] // the one place that catches
#[inline]
pub fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(f))
}

/// Runs user code from which no panic may escape (a waker, a `Drop`, a handler). The panic hook has
/// printed the panic already; this says where it was, and drops it.
#[inline]
pub fn contain(place: &str, f: impl FnOnce()) {
    contain_or(place, (), f);
}

/// As [`contain`]; `otherwise` stands for what `f` would have given.
#[inline]
pub fn contain_or<R>(place: &str, otherwise: R, f: impl FnOnce() -> R) -> R {
    catch(f).unwrap_or_else(|payload| {
        report(place, payload);
        otherwise
    })
}

#[cold]
fn report(place: &str, payload: Box<dyn Any + Send>) {
    eprintln!("coscope: a panic in {place} was contained: {}", message(&*payload));
    // the payload's own drop is user code as well
    if catch(move || drop(payload)).is_err() {
        eprintln!("coscope: the payload of a panic in {place} panicked when it was dropped");
    }
}

/// Drops user data; a panic in its `Drop` is reported and goes no further.
pub fn drop_contained<T>(value: T) {
    if std::mem::needs_drop::<T>() {
        contain("a Drop", move || drop(value));
    }
}

/// The text of a panic, as the standard hook would print it.
pub fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "Box<dyn Any>"
    }
}

/// Runs `f`, the middle of a protocol that has no way back: a panic in it ends the process. Whether the thread
/// is unwinding already, for another reason, does not matter.
pub fn abort_on_panic<R>(f: impl FnOnce() -> R) -> R {
    catch(f).unwrap_or_else(|payload| {
        eprintln!(
            "coscope: a panic in the middle of a protocol of the runtime; aborting: {}",
            message(&*payload)
        );
        std::process::abort()
    })
}
