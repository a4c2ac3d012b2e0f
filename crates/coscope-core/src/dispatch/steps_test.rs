//! The queue of a thread's steps against a model.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::{ROOM, Steps};
use crate::dispatch::Runnable;

/// What has run.
type Log = Rc<RefCell<Vec<usize>>>;

struct OneThread(Log);
// SAFETY: the tests run and refuse their steps on the thread that has made them.
unsafe impl Send for OneThread {}

fn step(number: usize, log: &Log) -> Runnable {
    let log = OneThread(log.clone());
    Runnable::from_fn(move || {
        let OneThread(log) = { log };
        log.borrow_mut().push(number);
    })
}

/// Puts in and takes out in turns, by the bits of a number that changes: first in, first out, whatever the blocks do.
#[test]
fn first_in_first_out() {
    let (steps, log) = (Steps::new(), Log::default());
    let (mut model, mut expected) = (VecDeque::new(), Vec::new());
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for number in 0..20 * ROOM {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // for a while more go in, for a while more come out
        let more = if (number / (3 * ROOM)).is_multiple_of(2) { 3 } else { 1 };
        for _ in 0..random % (more + 1) {
            steps.push(step(number, &log));
            model.push_back(number);
        }
        for _ in 0..(random >> 32) % 3 {
            let taken = steps.pop();
            assert_eq!(taken.is_some(), !model.is_empty());
            taken.into_iter().for_each(Runnable::run);
            expected.extend(model.pop_front());
        }
        assert_eq!(steps.is_empty(), model.is_empty());
    }
    while let Some(step) = steps.pop() {
        step.run();
    }
    expected.extend(model);
    assert_eq!(*log.borrow(), expected);
}

#[test]
fn a_block_that_was_emptied_is_used_again() {
    let (steps, log) = (Steps::new(), Log::default());
    for number in 0..ROOM {
        steps.push(step(number, &log));
        steps.pop().unwrap().run();
    }
    let first = steps.head.get();
    assert_eq!(first, steps.head_end.get());
    steps.push(step(ROOM, &log));
    assert_eq!(steps.tail.get().addr(), first.addr() - (ROOM - 1) * size_of::<usize>());
    steps.pop().unwrap().run();
    assert_eq!(log.borrow().len(), ROOM + 1);
}

/// With steps of which each counts one on `log`'s counter as long as it is there.
#[test]
fn what_is_left_is_refused_once() {
    for count in [0, 1, ROOM - 1, ROOM, ROOM + 1, 3 * ROOM] {
        let (steps, log) = (Steps::new(), Log::default());
        for number in 0..count {
            steps.push(step(number, &log));
        }
        assert_eq!(Rc::strong_count(&log), 1 + count);
        let taken = steps.replace(Steps::new());
        assert!(steps.pop().is_none());
        drop(taken);
        assert_eq!(Rc::strong_count(&log), 1);
        assert!(log.borrow().is_empty());
    }
}
