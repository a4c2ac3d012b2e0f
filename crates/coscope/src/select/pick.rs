//! [`pick`]: tells what is a clause already from what is a future, for the macros.
//!
//! A blanket impl of `Clause` for futures would be in conflict with that of the primitives (E0119). So the macro asks a [`Tag`] of the
//! expression's type for its kind, by a method that several traits have: the one that needs the fewest references is chosen
//! ("autoref specialization", David Tolnay). Nothing but the type is looked at.
//! Imports nothing of the room.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::Poll;

use coscope_core::Branch;
use coscope_core::wait::{Clause, Turn};

/// Stands for the type of an expression.
#[derive(Debug)]
pub struct Tag<C>(PhantomData<fn() -> C>);

impl<C> Tag<C> {
    /// That of `clause`.
    pub fn of(_clause: &C) -> Self {
        Tag(PhantomData)
    }
}

/// A kind: how `C` becomes a clause.
pub trait Kind<C> {
    /// The clause.
    type Clause: Clause;
    /// Makes it one.
    fn make(clause: C) -> Self::Clause;
}

/// It is one.
#[derive(Debug)]
pub struct IsClause;
/// It is a future.
#[derive(Debug)]
pub struct IsFuture;

impl<C: Clause> Kind<C> for IsClause {
    type Clause = C;
    #[inline]
    fn make(clause: C) -> C {
        clause
    }
}

impl<F: Future> Kind<F> for IsFuture {
    type Clause = Branch<F>;
    #[inline]
    #[track_caller]
    fn make(future: F) -> Branch<F> {
        Branch::new(future)
    }
}

/// It is none, and the compiler has said so by now.
#[derive(Debug)]
pub struct IsNone;

impl<C> Kind<C> for IsNone {
    type Clause = Refused<C>;
    fn make(_: C) -> Refused<C> {
        unreachable!("this does not compile")
    }
}

/// What stands in for what is no clause, so that the compiler complains of that alone.
#[derive(Debug)]
pub struct Refused<C>(PhantomData<fn() -> C>);

impl<C> Clause for Refused<C> {
    type Output = C;
    fn poll_commit(self: Pin<&mut Self>, _: &mut Turn<'_, '_>) -> Poll<()> {
        Poll::Pending
    }
    fn take(self: Pin<&mut Self>) -> C {
        unreachable!("this does not compile")
    }
}

/// The clause that `clause` is, or is made to be, by the kind that `kind` says. It is not called.
#[inline(always)]
#[track_caller]
pub fn pick<C, K: Kind<C>>(clause: C, _kind: impl FnOnce(&C) -> K) -> K::Clause {
    K::make(clause)
}

/// First choice: what is only borrowed is refused.
pub trait AsByRef<C> {
    /// The kind.
    fn kind(&self) -> IsNone
    where
        C: ByValue,
    {
        IsNone
    }
}
impl<C> AsByRef<C> for &&&Tag<&mut C> {}
impl<C> AsByRef<C> for &&&Tag<Pin<&mut C>> {}

/// What a select takes. Nothing that is only borrowed.
#[diagnostic::on_unimplemented(
    message = "a select takes its clauses by value, not `&mut {Self}`",
    label = "this future would stand still while an arm of the select runs",
    note = "launch it, and await the `Deferred` with `deferred.by_ref()`: it goes on meanwhile, and can be awaited again"
)]
pub trait ByValue {}

/// Second: a clause.
pub trait AsClause {
    /// The kind.
    fn kind(&self) -> IsClause {
        IsClause
    }
}
impl<C: Clause> AsClause for &&Tag<C> {}

/// Third: a future.
pub trait AsFuture {
    /// The kind.
    fn kind(&self) -> IsFuture {
        IsFuture
    }
}
impl<F: Future> AsFuture for &Tag<F> {}

/// Last: neither, and the compiler says so.
pub trait AsNeither<C> {
    /// The kind.
    fn kind(&self) -> IsNone
    where
        C: Clause,
    {
        IsNone
    }
}
impl<C> AsNeither<C> for Tag<C> {}
