//! The `Deferred` of a result that is not `Send` stays where the result is.
use coscope::prelude::*;
use std::rc::Rc;

fn main() {
    run_local(async |s: LocalScope| {
        let deferred = s.spawn(async { Rc::new(1) });
        s.on(Dispatchers::default()).launch(async move { drop(deferred) });
    });
}
