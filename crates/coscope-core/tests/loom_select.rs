//! Selects that meet, under the model checker: exactly one clause commits on each side, and nobody is missed.
//!
//! The real `Contest`, claims and queues; the clauses are those of a meeting point made for the purpose, a rendezvous
//! without more. A wake that is lost leaves a thread asleep, and the checker says "deadlock"; two that commit are two
//! uses of one slot, or counts that do not agree.
//!
//! | model | threads | holds in every interleaving |
//! |---|---|---|
//! | `two_selects_cross` | a select sends on one point or receives on another; a select the other way round | they meet once, and both know where |
//! | `two_selects_meet_on_one_of_two` | one sends on either of two points, one receives on either | they meet once, at one of the two |
//! | `a_select_meets_itself_nowhere` | a select sends and receives on one point; a plain receiver | the receiver gets what was sent |
//! | `two_senders_and_one_select` | two plain senders, on two points; a select receives on either, then another | each value arrives once |
//! | `a_select_goes_away` | a select is polled once and dropped; a plain sender | the sender was met, or waits still |
//!
//! Taken out, and seen to fail:
//! * `open` does not look whether it was missed (a thread sleeps for ever);
//! * a claim of a busy select is granted (both commit);
//! * `pop_with` meets the own select (`a_select_meets_itself_nowhere`).
//!
//! What is missed without the second mark is seen only where looks are quick: `coscope/tests/loom_channel.rs`.
#![cfg(loom)]

mod loom_pool;

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use coscope_core::primitive::Mutex;
use coscope_core::wait::{Clause, Contest, Left, Order, Row, Turn, WaitQueue, Waiter};
use loom::thread;
use loom_pool::{Watched, block_on, poll_once};

/// Where a value goes from one who gives it to one who takes it.
struct Point(Mutex<State>);

#[derive(Default)]
struct State {
    givers: WaitQueue,
    takers: WaitQueue,
}

/// The slot of a giver holds what it gives; of a taker, what it got.
#[repr(C)]
struct Meet {
    waiter: Waiter,
    slot: Watched<Option<u32>>,
    point: Arc<Point>,
    gives: bool,
}

impl Point {
    fn new() -> Arc<Self> {
        Arc::new(Point(Mutex::new(State::default())))
    }
    fn give(self: &Arc<Self>, value: u32) -> Meet {
        Meet { point: self.clone(), gives: true, slot: Watched::new(Some(value)), waiter: Waiter::new() }
    }
    fn take(self: &Arc<Self>) -> Meet {
        Meet { point: self.clone(), gives: false, slot: Watched::new(None), waiter: Waiter::new() }
    }
    fn is_deserted(&self) -> bool {
        let state = self.0.lock();
        state.givers.is_empty() && state.takers.is_empty()
    }
}

impl Clause for Meet {
    type Output = u32;
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        let this = self.as_ref().get_ref();
        // SAFETY: a projection to a field that is not moved.
        let waiter = unsafe { self.as_ref().map_unchecked(|this| &this.waiter) };
        let met = {
            let mut state = this.point.0.lock();
            let State { givers, takers } = &mut *state;
            let (own, others) = if this.gives { (givers, takers) } else { (takers, givers) };
            if own.is_handed(waiter) {
                return Poll::Ready(());
            }
            let met = others.pop_with(
                Some(turn.own()),
                Left::Handed,
                |_| true,
                |waiter| {
                    // SAFETY: the first field of a clause that stood in the queue, whose owner waits for the lock.
                    let other = unsafe { &(*waiter.cast::<Meet>()).slot };
                    if this.gives {
                        other.change(|slot| *slot = this.slot.get());
                    } else {
                        this.slot.change(|slot| *slot = other.get());
                    }
                },
            );
            if met.is_none()
                && let Some(ticket) = turn.ticket()
            {
                if !own.contains(waiter) {
                    // SAFETY: pinned, the first field of this; `drop` takes it out.
                    unsafe { own.stand(std::ptr::from_ref(this).cast(), ticket, Waiter::QUEUED) };
                }
            }
            met
        };
        match met {
            Some((waker, ())) => {
                waker.wake();
                Poll::Ready(())
            }
            None => Poll::Pending,
        }
    }
    fn take(self: Pin<&mut Self>) -> u32 {
        self.slot.get().expect("what was met")
    }
}

impl Drop for Meet {
    fn drop(&mut self) {
        // SAFETY: not moved since it was pinned.
        let waiter = unsafe { Pin::new_unchecked(&self.waiter) };
        let mut state = self.point.0.lock();
        let State { givers, takers } = &mut *state;
        let own = if self.gives { givers } else { takers };
        // SAFETY: it stands here or nowhere.
        drop(unsafe { own.remove(waiter) });
    }
}

/// Gives the place of the winner too.
fn select(clauses: Vec<Meet>) -> Pin<Box<impl Future<Output = (usize, u32)>>> {
    let mut contest = Box::pin(Contest::new(Row::new(clauses)));
    Box::pin(std::future::poll_fn(move |cx| contest.as_mut().poll(cx, Order::default())))
}

#[test]
fn two_selects_cross() {
    loom::model(|| {
        let (p, q) = (Point::new(), Point::new());
        let other = {
            let (p, q) = (p.clone(), q.clone());
            thread::spawn(move || block_on(select(vec![p.take(), q.give(2)])))
        };
        let here = block_on(select(vec![p.give(1), q.take()]));
        let there = other.join().unwrap();
        assert_eq!(here, there);
        assert_eq!(here.1, here.0 as u32 + 1);
        assert!(p.is_deserted() && q.is_deserted());
    });
}

#[test]
fn two_selects_meet_on_one_of_two() {
    loom::model(|| {
        let (p, q) = (Point::new(), Point::new());
        let other = {
            let (p, q) = (p.clone(), q.clone());
            thread::spawn(move || block_on(select(vec![p.give(1), q.give(2)])))
        };
        let (place, value) = block_on(select(vec![q.take(), p.take()]));
        let there = other.join().unwrap();
        assert_eq!((1 - place, value), there);
        assert!(p.is_deserted() && q.is_deserted());
    });
}

#[test]
fn a_select_meets_itself_nowhere() {
    loom::model(|| {
        let p = Point::new();
        let other = {
            let p = p.clone();
            thread::spawn(move || block_on(select(vec![p.give(1), p.take(), p.give(1)])))
        };
        assert_eq!(block_on(select(vec![p.take()])), (0, 1));
        assert_ne!(other.join().unwrap().0, 1);
        assert!(p.is_deserted());
    });
}

#[test]
fn two_senders_and_one_select() {
    loom::model(|| {
        let (p, q) = (Point::new(), Point::new());
        let senders = [(p.clone(), 1), (q.clone(), 2)]
            .map(|(point, value)| thread::spawn(move || block_on(select(vec![point.give(value)]))));
        let (first, one) = block_on(select(vec![p.take(), q.take()]));
        let (second, other) = block_on(select(vec![p.take(), q.take()]));
        assert_ne!(first, second);
        assert_eq!((one, other), (first as u32 + 1, second as u32 + 1));
        for sender in senders {
            sender.join().unwrap();
        }
        assert!(p.is_deserted() && q.is_deserted());
    });
}

#[test]
fn a_select_goes_away() {
    loom::model(|| {
        let (p, q) = (Point::new(), Point::new());
        let sender = {
            let p = p.clone();
            thread::spawn(move || poll_once(select(vec![p.give(1)]).as_mut()).is_ready())
        };
        let _polled = poll_once(select(vec![q.take(), p.take()]).as_mut());
        sender.join().unwrap();
        assert!(p.is_deserted() && q.is_deserted());
    });
}
