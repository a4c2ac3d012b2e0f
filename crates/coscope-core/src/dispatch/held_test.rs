//! Handles that count, and handles that do not.

use std::sync::Arc;

use super::Held;
use crate::dispatch::{Dispatch, Runnable};
use crate::unwind;

/// Tells by the count of what it holds whether it is there.
struct Probe(#[expect(dead_code, reason = "counted")] Arc<()>);

impl Dispatch for Probe {
    fn dispatch(&self, runnable: Runnable) {
        drop(runnable);
    }
    fn name(&self) -> &str {
        "probe"
    }
}

#[test]
fn the_last_handle_drops_its_dispatcher() {
    let there = Arc::new(());
    let one = Held::new(Arc::new(Probe(there.clone())));
    let other = one.clone();
    drop(one);
    assert_eq!(other.name(), "probe");
    assert_eq!(Arc::strong_count(&there), 2);
    drop(other);
    assert_eq!(Arc::strong_count(&there), 1);
}

#[test]
fn one_that_lasts_is_counted_once() {
    let probe = Arc::new(Probe(Arc::new(())));
    let lasting = Held::lasting(probe.clone());
    let clones = [lasting.clone(), lasting.clone()];
    assert_eq!(Arc::strong_count(&probe), 2);
    assert!(clones.iter().all(|clone| clone.name() == "probe"));
    let counted = Held::new(probe.clone());
    assert_eq!(Arc::strong_count(&probe), 3);
    assert_eq!(counted.address(), lasting.address());
    drop((lasting, clones, counted));
    assert_eq!(Arc::strong_count(&probe), 2);
}

#[test]
fn what_a_thread_counts_by_itself_goes_where_it_likes() {
    let there = Arc::new(());
    let one = Held::new(Arc::new(Probe(there.clone())));
    let from_elsewhere = one.clone();
    let kept = one.lend(|| {
        let clones = [one.clone(), one.clone(), one.clone()];
        let inner = one.lend(|| one.clone()); // once is enough
        drop(from_elsewhere);
        let [here, away, kept] = clones;
        drop(here);
        #[expect(clippy::disallowed_methods, reason = "a thread that counts nothing by itself")]
        std::thread::spawn(move || drop((away, inner))).join().unwrap();
        kept
    });
    drop(one);
    assert_eq!(Arc::strong_count(&there), 2, "the one that is kept");
    drop(kept);
    assert_eq!(Arc::strong_count(&there), 1);
}

#[test]
fn handles_of_another_are_counted_as_ever() {
    let there = Arc::new(());
    let (one, other) = (Held::new(Arc::new(Probe(there.clone()))), Held::new(Arc::new(Probe(there.clone()))));
    let clone = one.lend(|| {
        let clone = other.clone();
        drop(other);
        clone
    });
    assert_eq!(Arc::strong_count(&there), 3);
    drop(clone);
    assert_eq!(Arc::strong_count(&there), 2);
    drop(one);
    assert_eq!(Arc::strong_count(&there), 1);
}

#[test]
fn a_panic_gives_the_counts_back() {
    let there = Arc::new(());
    let one = Held::new(Arc::new(Probe(there.clone())));
    let thrown = unwind::catch(|| one.lend(|| std::panic::resume_unwind(Box::new(one.clone()))));
    drop(one);
    assert_eq!(Arc::strong_count(&there), 2, "what was thrown");
    drop(thrown);
    assert_eq!(Arc::strong_count(&there), 1);
}
