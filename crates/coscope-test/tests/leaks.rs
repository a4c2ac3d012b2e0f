//! Leaks. One test: it must have the process to itself.
#![allow(missing_docs)] // tests

use coscope_core::{detached, unwind};
use coscope_test::{Test, TestScope};

#[test]
fn what_a_test_leaves_behind_fails_it() {
    coscope_scheduler::install();
    Test::new().finds_leaks().run(async |t: TestScope| drop(t.launch(async {})));
    let leaves = || {
        Test::new().finds_leaks().run(async |_: TestScope| {
            detached().named("left behind").launch(std::future::pending());
        });
    };
    let panic = unwind::catch(leaves).expect_err("the test must fail");
    let text = unwind::message(&*panic);
    assert!(text.contains("\"left behind#") && text.contains("leaks.rs:"), "{text}");
}
