//! The root of the process: the job under which everything hangs that has no other parent.
//!
//! It never completes. Failures are not taken here: they go to the failed coroutine's own handler.

use std::panic::Location;
use std::sync::OnceLock;

use crate::failure::Failure;
use crate::job::{Birth, Identity, KindRef, Name, NodeRef, SharedKind};

struct Root;

impl SharedKind for Root {
    fn child_failed(_this: &KindRef<Self>, failure: Failure) -> Option<Failure> {
        Some(failure)
    }
}

/// The root of the process.
pub(crate) fn root() -> &'static NodeRef {
    static ROOT: OnceLock<NodeRef> = OnceLock::new();
    ROOT.get_or_init(|| {
        let identity = Identity { name: Some(Name::of("root")), id: 0, site: Location::caller() };
        KindRef::allocate(None, Birth { holds_parent: true, ..Birth::default() }, identity, || Root)
            .into_node()
    })
}
