//! The slots of a coroutine: where its open `with_context`s run.
//!
//! Slot 0 is home. Each dispatcher that a `with_context` has moved the coroutine to has another,
//! shared by all that go to the same one. The table is made when the first one is needed.

use super::state::SLOTS;
use crate::dispatch::Dispatcher;
use crate::primitive::Mutex;

#[derive(Default)]
struct Slot {
    dispatcher: Option<Dispatcher>,
    users: usize,
}

/// The table of slots, all but home.
pub(crate) struct Hops(Mutex<Option<Box<[Slot; SLOTS - 1]>>>);

impl Hops {
    pub(crate) fn new() -> Self {
        Hops(Mutex::new(None))
    }

    /// A slot for `dispatcher`. `None` if all are taken by others.
    pub(crate) fn open(&self, dispatcher: &Dispatcher) -> Option<usize> {
        let mut table = self.0.lock();
        let slots = table.get_or_insert_with(Default::default);
        let own = slots.iter().position(|slot| slot.dispatcher.as_ref() == Some(dispatcher));
        let at = own.or_else(|| slots.iter().position(|slot| slot.users == 0))?;
        slots[at].users += 1;
        slots[at].dispatcher = Some(dispatcher.clone());
        Some(at + 1)
    }

    /// Gives a slot back.
    pub(crate) fn close(&self, slot: usize) {
        let closed = {
            let mut table = self.0.lock();
            let slot = &mut table.as_mut().expect("the slot was opened")[slot - 1];
            slot.users -= 1;
            if slot.users == 0 { slot.dispatcher.take() } else { None }
        };
        drop(closed); // the last handle may close a dispatcher: not under the lock
    }

    /// The dispatcher of a slot that is open.
    pub(crate) fn dispatcher(&self, slot: usize) -> Option<Dispatcher> {
        self.0.lock().as_ref()?[slot.checked_sub(1)?].dispatcher.clone()
    }

    /// The one slot that is open, if it is just one.
    pub(crate) fn only_open(&self) -> Option<usize> {
        let table = self.0.lock();
        let mut open = table.as_ref()?.iter().enumerate().filter(|(_, slot)| slot.users > 0);
        let (at, _) = open.next()?;
        open.next().is_none().then_some(at + 1)
    }
}
