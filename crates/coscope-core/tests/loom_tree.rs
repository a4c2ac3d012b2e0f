//! The job tree under the model checker: cancel against launch, regions that link themselves late,
//! tokens on their way up.
//!
//! Real nodes, with a kind that counts what it is told. A coroutine's part is played by the models:
//! `launch` does what `task::cell::launch` does with the tree, `end` what `harness::end` does,
//! `end_region` what `Region::end_body` does.
//!
//! | model | threads | holds in every interleaving |
//! |---|---|---|
//! | `a_cancel_races_with_a_launch` | a launch; a cancel | the child is cancelled, once |
//! | `a_cancel_walks_past_a_child_that_ends` | a child ends; another comes; a cancel | the walk loses neither its place nor the newcomer |
//! | `two_walks_meet` | two walks, a child that ends | the cursors stay out of each other's way |
//! | `a_region_ends_while_a_child_comes_late` | a region ends; a late launch through its handle | admitted and waited for, or refused; no token of the parent is left or given back twice |
//! | `a_cancel_races_with_the_first_child_of_a_region` | a cancel above; a region ends; a late launch | admitted: cancelled |
//! | `two_first_children_of_a_region` | two launches; a cancel above | it links once; the cancel reaches both |
//! | `two_first_children_of_a_region_in_a_region` | a launch into the inner one; one into the outer one | each links once |
//! | `a_coroutine_ends_while_a_child_comes_into_its_region` | the coroutine force-closes its regions; a late launch | its job completes, once, and not before the child |
//! | `children_and_body_end_at_once` | three releases, two storeys | each job completes once, child first |
//! | `the_list_is_empty_when_the_body_ends` | a child ends; another comes; the body ends | the list's token goes once: the job completes, once, and not before the child that came |
//! | `the_last_handle_frees` | a handle dropped; an end | freed once, after all that was done through it |
//!
//! Taken out, and seen to fail:
//! * the look at the parent after the link (`cut_if_parent_is`), or that look put before the link: four models, the
//!   first among them;
//! * the cancel bit set after the walk: the same four;
//! * in `link_region_now`: its own lock, the second look at `LINKED` (the list is corrupted: a walk that never ends),
//!   the look at `COMPLETED` (a token of the parent is left), `set_linked` before the insert and outside the lock
//!   (`a_region_ends_while…`: it stays in the list), `cut_if_parent_is` at the end (`two_first_children…`);
//! * in the walk: the cursor put behind all that was taken (it never ends);
//! * `Release` of the last count, the fence in `free` (`the_last_handle_frees`: a race).
//!
//! Taken out, and nothing fails: the lock in `unlink`, since `notify_completed` has taken the same one between the
//! bit and it. Without either a region is left in its parent's list (`a_region_ends_while…`).
#![cfg(loom)]

mod loom_pool;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst}; // counts only: not for the checker to see

use coscope_core::model::{Node, Told};
use loom::thread;
use loom_pool::Watched;

/// What a node was told.
#[derive(Default)]
struct Seen {
    cancelled: AtomicUsize,
    completed: AtomicUsize,
    freed: AtomicUsize,
}

impl Seen {
    fn counts(&self) -> [usize; 3] {
        [&self.cancelled, &self.completed, &self.freed].map(|count| count.load(SeqCst))
    }
}

fn node(parent: Option<&Node>, region: bool) -> (Node, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let told = seen.clone();
    let node = Node::new(parent, region, move |what| {
        let count = match what {
            Told::Cancelled => &told.cancelled,
            Told::Completed => &told.completed,
            Told::Freed => &told.freed,
        };
        count.fetch_add(1, SeqCst);
    });
    (node, seen)
}

/// As `task::cell::launch`. `false` if it was refused.
fn launch(parent: &Node) -> (Node, Arc<Seen>, bool) {
    let (child, seen) = node(Some(parent), false);
    let admitted = child.link();
    if admitted {
        child.cut_if_parent_is();
    }
    (child, seen, admitted)
}

/// As `harness::end`.
fn end(node: &Node) -> bool {
    node.close_regions();
    node.end_body()
}

/// As `Region::end_body`.
fn end_region(region: &Node) {
    region.close_regions();
    if region.region_ended() {
        region.release_region();
    }
}

#[test]
fn a_cancel_races_with_a_launch() {
    loom::model(|| {
        let (parent, of_parent) = node(None, false);
        let launcher = {
            let parent = parent.clone();
            thread::spawn(move || launch(&parent))
        };
        assert!(parent.cancel());
        let (child, of_child, admitted) = launcher.join().unwrap();
        assert!(admitted && child.is_cancelling(), "born cancelled, or reached by the walk");
        assert_eq!(of_child.counts(), [1, 0, 0]);
        assert!(!end(&parent) && !parent.is_completed());
        assert!(!end(&child) && parent.is_completed());
        drop((parent, child));
        assert_eq!((of_parent.counts(), of_child.counts()), ([1, 1, 1], [1, 1, 1]));
    });
}

#[test]
fn a_cancel_walks_past_a_child_that_ends() {
    loom::model(|| {
        let (parent, of_parent) = node(None, false);
        let (old, of_old, _) = launch(&parent);
        let ends = thread::spawn(move || end(&old));
        let launcher = {
            let parent = parent.clone();
            thread::spawn(move || launch(&parent))
        };
        assert!(parent.cancel());
        let (new, of_new, _) = launcher.join().unwrap();
        let kept = ends.join().unwrap();
        assert!(new.is_cancelling());
        assert!(kept || of_old.counts()[0] == 1);
        end(&parent);
        end(&new);
        drop((parent, new));
        assert_eq!(of_parent.counts(), [1, 1, 1]);
        assert_eq!(of_new.counts(), [1, 1, 1]);
        assert_eq!(of_old.counts()[1..], [1, 1]);
    });
}

#[test]
fn two_walks_meet() {
    loom::model(|| {
        let (parent, _of_parent) = node(None, false);
        let (first, of_first, _) = launch(&parent);
        let (second, _of_second, _) = launch(&parent);
        let walker = {
            let parent = parent.clone();
            thread::spawn(move || {
                let mut seen = 0;
                parent.for_each_child(|_| seen += 1);
                seen
            })
        };
        let ends = thread::spawn(move || end(&first));
        let mut seen = 0;
        parent.for_each_child(|_| seen += 1);
        ends.join().unwrap();
        for seen in [seen, walker.join().unwrap()] {
            assert!(seen == 1 || seen == 2, "who stays is seen, whoever goes: {seen}");
        }
        end(&second);
        end(&parent);
        assert!(parent.is_completed());
        drop((parent, second));
        assert_eq!(of_first.counts(), [0, 1, 1]);
    });
}

#[test]
fn a_region_ends_while_a_child_comes_late() {
    loom::model(|| {
        let (parent, of_parent) = node(None, false);
        let (region, of_region) = node(Some(&parent), true);
        let launcher = {
            let region = region.clone();
            thread::spawn(move || {
                let (child, seen, admitted) = launch(&region);
                assert!(!admitted || !region.is_completed(), "a region waits for what it has admitted");
                end(&child); // a refused one ends at once
                (seen, admitted)
            })
        };
        end_region(&region);
        let (of_child, _admitted) = launcher.join().unwrap();
        assert!(region.is_completed() && !parent.has_children());
        let (after, _, _) = launch(&parent);
        let mut hanging = 0;
        parent.for_each_child(|_| hanging += 1);
        assert_eq!(hanging, 1, "the region has left the list");
        end(&after);
        drop(after);
        end(&parent);
        assert!(parent.is_completed());
        drop((parent, region));
        assert_eq!([of_parent.counts(), of_region.counts(), of_child.counts()], [[0, 1, 1]; 3]);
    });
}

#[test]
fn a_cancel_races_with_the_first_child_of_a_region() {
    loom::model(|| {
        let (parent, of_parent) = node(None, false);
        let (region, of_region) = node(Some(&parent), true);
        let launcher = {
            let region = region.clone();
            thread::spawn(move || launch(&region))
        };
        let ends = {
            let region = region.clone();
            thread::spawn(move || end_region(&region))
        };
        assert!(parent.cancel());
        let (child, of_child, admitted) = launcher.join().unwrap();
        ends.join().unwrap();
        assert_eq!(admitted, child.is_cancelling(), "what was admitted is cancelled");
        assert_eq!(region.is_completed(), !admitted);
        end(&child);
        assert!(region.is_completed() && !parent.has_children());
        end(&parent);
        drop((parent, region, child));
        assert_eq!((of_parent.counts(), of_region.counts()[1..].to_vec()), ([1, 1, 1], vec![1, 1]));
        assert_eq!(of_child.counts(), [usize::from(admitted), 1, 1]);
    });
}

#[test]
fn two_first_children_of_a_region() {
    loom::model(|| {
        let (parent, of_parent) = node(None, false);
        let (region, of_region) = node(Some(&parent), true);
        let launcher = {
            let region = region.clone();
            thread::spawn(move || launch(&region))
        };
        let canceller = {
            let parent = parent.clone();
            thread::spawn(move || parent.cancel())
        };
        let (mine, of_mine, _) = launch(&region);
        let (other, of_other, _) = launcher.join().unwrap();
        canceller.join().unwrap();
        assert!(mine.is_cancelling() && other.is_cancelling());
        end(&mine);
        end(&other);
        end_region(&region);
        assert!(region.is_completed() && !parent.has_children(), "it has linked once");
        end(&parent);
        drop((parent, region, mine, other));
        let all = [of_parent.counts(), of_region.counts(), of_mine.counts(), of_other.counts()];
        assert_eq!(all, [[1, 1, 1]; 4]);
    });
}

#[test]
fn two_first_children_of_a_region_in_a_region() {
    loom::model(|| {
        let (parent, of_parent) = node(None, false);
        let (outer, of_outer) = node(Some(&parent), true);
        let (inner, of_inner) = node(Some(&outer), true);
        let launcher = {
            let outer = outer.clone();
            thread::spawn(move || launch(&outer))
        };
        let (mine, of_mine, _) = launch(&inner);
        let (other, of_other, _) = launcher.join().unwrap();
        parent.cancel();
        assert!(mine.is_cancelling() && other.is_cancelling());
        end(&mine);
        end(&other);
        for region in [&inner, &outer] {
            assert!(!region.is_completed());
            end_region(region);
            assert!(region.is_completed());
        }
        assert!(!parent.has_children());
        end(&parent);
        drop((parent, outer, inner, mine, other));
        let all =
            [of_parent.counts(), of_outer.counts(), of_inner.counts(), of_mine.counts(), of_other.counts()];
        assert_eq!(all, [[1, 1, 1]; 5]);
    });
}

#[test]
fn a_coroutine_ends_while_a_child_comes_into_its_region() {
    loom::model(|| {
        let (parent, of_parent) = node(None, false);
        let (region, of_region) = node(Some(&parent), true);
        let launcher = {
            let region = region.clone();
            thread::spawn(move || launch(&region))
        };
        end(&parent); // the region is forgotten, or was moved elsewhere
        let (child, of_child, admitted) = launcher.join().unwrap();
        if admitted {
            // either the walk of `close_regions` has found the region, or it came in behind, which
            // its handle's owner may do until the job has completed: then its own future ends it
            if region.region_ended() {
                region.release_region();
            }
            assert!(!region.is_completed() && !parent.is_completed(), "the tree waits for the child");
        } else {
            assert!(parent.is_completed());
            assert!(region.region_ended());
            region.release_region();
        }
        end(&child);
        assert!(region.is_completed() && parent.is_completed());
        drop((parent, region, child));
        assert_eq!(of_parent.counts()[1..], [1, 1]);
        assert_eq!(of_region.counts()[1..], [1, 1]);
        assert_eq!(of_child.counts()[1..], [1, 1]);
    });
}

#[test]
fn children_and_body_end_at_once() {
    loom::model(|| {
        let (top, of_top) = node(None, false);
        let (parent, of_parent, _) = launch(&top);
        let (first, of_first, _) = launch(&parent);
        let (second, of_second, _) = launch(&parent);
        end(&top);
        let ends = [first, second].map(|child| thread::spawn(move || end(&child)));
        end(&parent);
        for end in ends {
            end.join().unwrap();
        }
        assert!(top.is_completed() && parent.is_completed());
        drop((top, parent));
        let all = [of_top.counts(), of_parent.counts(), of_first.counts(), of_second.counts()];
        assert_eq!(all, [[0, 1, 1]; 4]);
    });
}

#[test]
fn the_list_is_empty_when_the_body_ends() {
    loom::model(|| {
        let (parent, of_parent) = node(None, false);
        let (old, of_old, _) = launch(&parent);
        let ends = thread::spawn(move || end(&old));
        let comes = {
            let parent = parent.clone();
            thread::spawn(move || launch(&parent))
        };
        end(&parent);
        ends.join().unwrap();
        let (child, of_child, admitted) = comes.join().unwrap();
        assert_eq!(parent.is_completed(), !admitted, "it waits for whoever it has let in");
        if admitted {
            end(&child);
        }
        assert!(parent.is_completed() && !parent.has_children());
        drop((parent, child));
        assert_eq!((of_parent.counts(), of_old.counts()), ([0, 1, 1], [0, 1, 1]));
        assert_eq!(of_child.counts(), if admitted { [0, 1, 1] } else { [0, 0, 1] });
    });
}

#[test]
fn the_last_handle_frees() {
    loom::model(|| {
        let used = Arc::new(Watched::new(0));
        let freed = Arc::new(AtomicUsize::new(0));
        let node = {
            let (used, freed) = (used.clone(), freed.clone());
            Node::new(None, false, move |what| {
                if what == Told::Freed {
                    used.change(|used| *used += 1); // the checker complains if it races
                    freed.fetch_add(1, SeqCst);
                }
            })
        };
        let holder = {
            let (node, used) = (node.clone(), used.clone());
            thread::spawn(move || {
                used.change(|used| *used += 1);
                drop(node);
            })
        };
        end(&node);
        drop(node);
        holder.join().unwrap();
        assert_eq!(freed.load(SeqCst), 1);
    });
}
