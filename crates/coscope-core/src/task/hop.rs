//! The slots of a coroutine: where its open `with_context`s run.
//!
//! Slot 0 is home. Each dispatcher that a `with_context` has moved the coroutine to has another,
//! shared by all that go to the same one. The table is made when the first one is needed.
//!
//! A branch that sits behind a foreign waker (`FuturesUnordered`) is polled only when that waker is
//! woken. So it leaves that waker here, to be woken when the coroutine **arrives** in the slot that
//! the branch waits for; waking it at once would only have it polled again where it cannot run.

use std::task::Waker;

use super::state::SLOTS;
use crate::dispatch::Dispatcher;
use crate::primitive::{AtomicBool, Mutex, Ordering};
use crate::unwind;

#[derive(Default)]
struct Slot {
    dispatcher: Option<Dispatcher>,
    users: usize,
    /// In which slot the `with_context`s were opened that share this one.
    origin: usize,
}

/// The table of slots.
pub(crate) struct Hops {
    away: Mutex<Option<Box<Table>>>,
    /// Somebody waits for an arrival.
    awaited: AtomicBool,
}

#[derive(Default)]
struct Table {
    /// All but home.
    slots: [Slot; SLOTS - 1],
    arrivals: Vec<(usize, Waker)>,
}

impl Hops {
    pub(crate) fn new() -> Self {
        Hops { away: Mutex::new(None), awaited: AtomicBool::new(false) }
    }

    /// A slot for `dispatcher`, opened in the slot `origin`. `None` if all are taken by others. The slot
    /// `step` of the step under way, which may have been given back in it, is not given away: that step runs on
    /// the dispatcher that the slot had.
    pub(crate) fn open(&self, dispatcher: &Dispatcher, origin: usize, step: usize) -> Option<usize> {
        let mut table = self.away.lock();
        let slots = &mut table.get_or_insert_default().slots;
        let shares = |slot: &Slot| slot.origin == origin && slot.dispatcher.as_ref() == Some(dispatcher);
        let free = || (0..slots.len()).find(|&at| slots[at].users == 0 && at + 1 != step);
        let at = slots.iter().position(shares).or_else(free)?;
        slots[at] = Slot { dispatcher: Some(dispatcher.clone()), users: slots[at].users + 1, origin };
        Some(at + 1)
    }

    /// Whether the slot `at` was opened inside `slot`: what runs there is reached through it.
    pub(crate) fn is_inside(&self, mut at: usize, slot: usize) -> bool {
        let table = self.away.lock();
        let Some(table) = table.as_ref() else { return false };
        while at != 0 && table.slots[at - 1].users > 0 {
            at = table.slots[at - 1].origin;
            if at == slot {
                return true;
            }
        }
        false
    }

    /// Gives a slot back.
    pub(crate) fn close(&self, slot: usize) {
        let closed = {
            let mut table = self.away.lock();
            let slot = &mut table.as_mut().expect("the slot was opened").slots[slot - 1];
            slot.users -= 1;
            if slot.users == 0 { slot.dispatcher.take() } else { None }
        };
        drop(closed); // the last handle may close a dispatcher: not under the lock
    }

    /// The dispatcher of a slot that is open.
    pub(crate) fn dispatcher(&self, slot: usize) -> Option<Dispatcher> {
        self.away.lock().as_ref()?.slots[slot.checked_sub(1)?].dispatcher.clone()
    }

    /// The one slot that is open, if it is just one.
    pub(crate) fn only_open(&self) -> Option<usize> {
        let table = self.away.lock();
        let mut open = table.as_ref()?.slots.iter().enumerate().filter(|(_, slot)| slot.users > 0);
        let (at, _) = open.next()?;
        open.next().is_none().then_some(at + 1)
    }

    /// Wakes `waker` when the coroutine next begins a step in `slot`.
    pub(crate) fn on_arrival(&self, slot: usize, waker: Waker) {
        self.away.lock().get_or_insert_default().arrivals.push((slot, waker));
        self.awaited.store(true, Ordering::Release);
    }

    /// A step begins in `slot`.
    #[inline]
    pub(crate) fn arrived(&self, slot: usize) {
        if self.awaited.load(Ordering::Acquire) {
            self.wake_arrivals(slot);
        }
    }

    #[cold]
    fn wake_arrivals(&self, slot: usize) {
        let due: Vec<(usize, Waker)> = {
            let mut table = self.away.lock();
            let arrivals = &mut table.get_or_insert_default().arrivals;
            let (due, left) = std::mem::take(arrivals).into_iter().partition(|(at, _)| *at == slot);
            *arrivals = left;
            self.awaited.store(!arrivals.is_empty(), Ordering::Release);
            due
        };
        for (_, waker) in due {
            unwind::contain("a waker", || waker.wake());
        }
    }
}
