//! The capability to launch what is bound to a thread stays on that thread.
use coscope::prelude::*;

fn main() {
    run_local(async |s: LocalScope| {
        let elsewhere = s.clone();
        s.on(Dispatchers::default()).launch(async move {
            elsewhere.launch(async {});
        });
    });
}
