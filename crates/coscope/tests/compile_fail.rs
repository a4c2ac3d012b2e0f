//! What must not compile: a failure thrown away, a borrow that could outlive its frame, a value on the wrong thread.
//!
//! The `.stderr` files beside the programs are those of the stable compiler named in `ui/README`; another one may say the
//! same in other words. To write them anew: `TRYBUILD=overwrite cargo test -p coscope --test compile_fail`.
#![allow(missing_docs, clippy::disallowed_methods)]

#[test]
fn what_must_not_compile_does_not() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass_shapes.rs");
    cases.compile_fail("tests/ui/fail_*.rs");
}
