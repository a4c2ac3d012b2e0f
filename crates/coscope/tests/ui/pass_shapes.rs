//! The counterpart of what must fail: each shape as it is meant, so that the others fail for their own reason.
#![deny(unused_must_use)]
use coscope::prelude::*;

fn main() {
    let text = String::from("borrowed");
    run_blocking(async |s: Scope| {
        s.launch(async {});
        let one = s.spawn(async { 1 });
        let length = scope(async |_: Scope| text.len()).await;
        assert_eq!(one.await + length, 9);
    });
    run_local(async |s: LocalScope| {
        s.launch(async { assert_eq!(text.len(), 8) });
    });
    let failed: Result<(), String> = try_run_blocking(async |s: Scope<String>| {
        s.try_launch(async { Err::<(), _>("no") });
        Ok(())
    });
    assert_eq!(failed, Err("no".to_owned()));
}
