//! What becomes of what a coroutine ended with: kept as a value, handed to the scope as a failure,
//! or turned into a value that says how it failed.

use std::any::Any;
use std::convert::Infallible;
use std::fmt::Debug;
use std::marker::PhantomData;

use crate::context::CoroutineContext;
use crate::error::{CancelReason, JoinError, PanicPayload};
use crate::failure::{Failure, report};
use crate::job::NodeRef;

/// How a body ended.
pub(crate) enum Outcome<O> {
    Value(O),
    Panic(Box<dyn Any + Send>),
}

/// Decides what is kept of an outcome.
pub(crate) trait Policy<O> {
    /// What the [`Deferred`](super::Deferred) holds.
    type Stored;

    /// A result that nobody takes may be a failure, for what is above: also after the end.
    const OUTLIVES: bool = false;

    /// A thread blocks until the coroutine has ended.
    const BLOCKED_ON: bool = false;

    /// The body has ended by itself. `None`: the failure has been handed on, or there is nothing to keep.
    fn settle(outcome: Outcome<O>, node: &NodeRef, context: &CoroutineContext) -> Option<Self::Stored>;

    /// Whether anything is to be done about a value that nobody takes.
    #[inline]
    fn matters(_stored: &Self::Stored) -> bool {
        std::mem::needs_drop::<Self::Stored>()
    }

    /// Whether what is kept says that the body has failed.
    #[inline]
    fn is_failure(_stored: &Self::Stored) -> bool {
        false
    }

    /// Nobody takes the value any more.
    fn discard(stored: Self::Stored, _node: &NodeRef, _context: &CoroutineContext) {
        crate::unwind::drop_contained(stored);
    }

    /// What an awaiter gets of a coroutine that was cancelled, if that is a value.
    fn cancelled(_node: &NodeRef) -> Option<Self::Stored> {
        None
    }
}

/// Hands a failure to the parent; where nobody takes it, to the failure handler as suppressed (or,
/// below a supervisor or the root, as the failure that it is).
pub(crate) fn hand_up(failure: Failure, node: &NodeRef, context: &CoroutineContext) {
    node.set_reason(&failure.reason());
    if let Some(failure) = node.fail_parent(failure) {
        report(context.failure_handler(), failure);
    }
}

/// Any value; a panic fails the scope.
pub(crate) struct Plain;

impl<T> Policy<T> for Plain {
    type Stored = T;
    fn settle(outcome: Outcome<T>, node: &NodeRef, context: &CoroutineContext) -> Option<T> {
        match outcome {
            Outcome::Value(value) => Some(value),
            Outcome::Panic(payload) => {
                hand_up(Failure::panic(payload, node.info()), node, context);
                None
            }
        }
    }
}

/// A `Result`; an `Err` or a panic fails the scope, as an `E`.
pub(crate) struct Fallible<E>(PhantomData<E>);

impl<T, E1, E> Policy<Result<T, E1>> for Fallible<E>
where
    E1: Into<E>,
    E: Send + 'static,
{
    type Stored = T;
    fn settle(outcome: Outcome<Result<T, E1>>, node: &NodeRef, context: &CoroutineContext) -> Option<T> {
        let failure = match outcome {
            Outcome::Value(Ok(value)) => return Some(value),
            Outcome::Value(Err(error)) => match crate::unwind::catch(|| error.into()) {
                Ok(error) => Failure::error::<E>(error, std::any::type_name::<E>().to_owned(), node.info()),
                Err(payload) => Failure::panic(payload, node.info()),
            },
            Outcome::Panic(payload) => Failure::panic(payload, node.info()),
        };
        hand_up(failure, node, context);
        None
    }
}

/// Any value; a panic is a value too, for whoever awaits, or blocks a thread for it.
pub(crate) struct Supervised<const BLOCKED_ON: bool = false>;

impl<T, const BLOCKED_ON: bool> Policy<T> for Supervised<BLOCKED_ON> {
    type Stored = Result<T, JoinError<Infallible>>;
    const OUTLIVES: bool = true;
    const BLOCKED_ON: bool = BLOCKED_ON;
    #[inline]
    fn matters(stored: &Self::Stored) -> bool {
        stored.is_err() || std::mem::needs_drop::<T>()
    }
    #[inline]
    fn is_failure(stored: &Self::Stored) -> bool {
        stored.is_err()
    }
    fn settle(outcome: Outcome<T>, node: &NodeRef, _: &CoroutineContext) -> Option<Self::Stored> {
        Some(match outcome {
            Outcome::Value(value) => Ok(value),
            Outcome::Panic(payload) => panicked(payload, node),
        })
    }
    fn discard(stored: Self::Stored, node: &NodeRef, context: &CoroutineContext) {
        discard_supervised(stored, node, context, |never| match never {});
    }
    fn cancelled(node: &NodeRef) -> Option<Self::Stored> {
        Some(Err(cancelled_error(node)))
    }
}

/// A `Result`; an `Err` or a panic is a value, for whoever awaits.
pub(crate) struct SupervisedFallible<E>(PhantomData<E>);

impl<T, E: Debug + Send + 'static> Policy<Result<T, E>> for SupervisedFallible<E> {
    type Stored = Result<T, JoinError<E>>;
    const OUTLIVES: bool = true;
    #[inline]
    fn matters(stored: &Self::Stored) -> bool {
        stored.is_err() || std::mem::needs_drop::<T>()
    }
    #[inline]
    fn is_failure(stored: &Self::Stored) -> bool {
        stored.is_err()
    }
    fn settle(outcome: Outcome<Result<T, E>>, node: &NodeRef, _: &CoroutineContext) -> Option<Self::Stored> {
        Some(match outcome {
            Outcome::Value(Ok(value)) => Ok(value),
            Outcome::Value(Err(error)) => Err(JoinError::Failed { error, coroutine: node.info() }),
            Outcome::Panic(payload) => panicked(payload, node),
        })
    }
    fn discard(stored: Self::Stored, node: &NodeRef, context: &CoroutineContext) {
        discard_supervised(stored, node, context, |error| {
            let text = format!("{error:?}");
            Failure::error(error, text, node.info())
        });
    }
    fn cancelled(node: &NodeRef) -> Option<Self::Stored> {
        Some(Err(cancelled_error(node)))
    }
}

fn panicked<T, E>(payload: Box<dyn Any + Send>, node: &NodeRef) -> Result<T, JoinError<E>> {
    Err(JoinError::Panicked { panic: PanicPayload::new(payload), coroutine: node.info() })
}

pub(crate) fn cancelled_error<E>(node: &NodeRef) -> JoinError<E> {
    JoinError::Cancelled { reason: node.reason(), coroutine: node.info() }
}

/// A failure that nobody awaits goes to the supervisor above if it gathers, else to the handler.
fn discard_supervised<T, E>(
    stored: Result<T, JoinError<E>>,
    node: &NodeRef,
    context: &CoroutineContext,
    failure: impl FnOnce(E) -> Failure,
) {
    let failure = match stored {
        Err(JoinError::Failed { error, .. }) => crate::unwind::catch(|| failure(error)).ok(),
        Err(JoinError::Panicked { panic, .. }) => Some(Failure::panic(panic.into_inner(), node.info())),
        Err(JoinError::Cancelled { .. }) => None,
        Ok(value) => return crate::unwind::drop_contained(value),
    };
    if let Some(failure) = failure {
        hand_up(failure, node, context);
    }
}

/// What a coroutine without a value ended with, for [`Deferred::outcome`](super::Deferred::outcome).
pub(crate) fn why_no_value<E>(node: &NodeRef, panicked: bool, reported: impl FnOnce() -> E) -> JoinError<E> {
    let coroutine = node.info();
    if node.state.is_cut() {
        JoinError::Cancelled { reason: node.reason(), coroutine }
    } else if panicked {
        JoinError::Panicked { panic: PanicPayload::reported(reason_text(node.reason())), coroutine }
    } else {
        JoinError::Failed { error: reported(), coroutine }
    }
}

fn reason_text(reason: CancelReason) -> String {
    reason.to_string()
}

/// A `Result`; an `Err` or a panic is gathered by the scope, and whoever awaits gets nothing.
pub(crate) struct Gathered<E>(PhantomData<E>);

impl<T, E1: Into<E>, E: Send + 'static> Policy<Result<T, E1>> for Gathered<E> {
    type Stored = Option<T>;
    fn settle(
        outcome: Outcome<Result<T, E1>>,
        node: &NodeRef,
        context: &CoroutineContext,
    ) -> Option<Self::Stored> {
        Some(<Fallible<E> as Policy<Result<T, E1>>>::settle(outcome, node, context))
    }
    #[inline]
    fn is_failure(stored: &Self::Stored) -> bool {
        stored.is_none()
    }
    fn cancelled(_node: &NodeRef) -> Option<Self::Stored> {
        Some(None)
    }
}

/// As [`Supervised`], but a failure that nobody awaits is the handler's, whatever the scope around is.
pub(crate) struct Completing;

impl<T> Policy<T> for Completing {
    type Stored = Result<T, JoinError<Infallible>>;
    const OUTLIVES: bool = true;
    #[inline]
    fn matters(stored: &Self::Stored) -> bool {
        stored.is_err() || std::mem::needs_drop::<T>()
    }
    #[inline]
    fn is_failure(stored: &Self::Stored) -> bool {
        stored.is_err()
    }
    fn settle(outcome: Outcome<T>, node: &NodeRef, context: &CoroutineContext) -> Option<Self::Stored> {
        <Supervised>::settle(outcome, node, context)
    }
    fn discard(stored: Self::Stored, node: &NodeRef, context: &CoroutineContext) {
        match stored {
            Err(JoinError::Panicked { panic, .. }) => {
                report(context.failure_handler(), Failure::panic(panic.into_inner(), node.info()));
            }
            other => crate::unwind::drop_contained(other),
        }
    }
    fn cancelled(node: &NodeRef) -> Option<Self::Stored> {
        Some(Err(cancelled_error(node)))
    }
}
