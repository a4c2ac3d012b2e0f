//! [`SharedKind`]: a kind whose payload is `Send + Sync`, which needs no promise.

use std::any::{Any, TypeId};

use super::kind::{Kind, KindRef};
use crate::failure::Failure;

/// What a kind of node does whose payload may be touched on any thread. See [`Kind`].
pub(crate) trait SharedKind: Send + Sync + Sized + 'static {
    /// As [`Kind::cancelled`].
    fn cancelled(_this: &KindRef<Self>) {}
    /// As [`Kind::child_failed`].
    fn child_failed(this: &KindRef<Self>, failure: Failure) -> Option<Failure>;
    /// As [`Kind::completed`].
    fn completed(_this: &KindRef<Self>) {}
    /// As [`Kind::unshielded`].
    fn unshielded(_this: &KindRef<Self>) {}
    /// As [`Kind::face`].
    fn face(_payload: &Self) -> Option<&(dyn Any + 'static)> {
        None
    }
}

// SAFETY: the payload is `Send + Sync`: it may be touched and dropped on any thread.
unsafe impl<K: SharedKind> Kind for K {
    const TYPE: Option<fn() -> TypeId> = Some(TypeId::of::<K>);

    fn cancelled(this: &KindRef<Self>) {
        K::cancelled(this);
    }
    fn child_failed(this: &KindRef<Self>, failure: Failure) -> Option<Failure> {
        K::child_failed(this, failure)
    }
    fn completed(this: &KindRef<Self>) {
        K::completed(this);
    }
    fn unshielded(this: &KindRef<Self>) {
        K::unshielded(this);
    }
    fn face(payload: &Self) -> Option<&(dyn Any + 'static)> {
        K::face(payload)
    }
}
