//! The timer wheel: pure bookkeeping, told the time, never asks.
//!
//! A hierarchical wheel after Varghese and Lauck, “Hashed and Hierarchical Timing Wheels” (1987),
//! schemes 6 and 7: [`LEVELS`] wheels of 64 slots, each slot as wide as the whole wheel below it.
//! An entry hangs at the level of the highest bit in which its tick differs from the present one,
//! so that every entry of a level is due before all of the level above, and eight levels of
//! 2²⁰ ns ticks (about 1 ms) reach beyond the end of time: there is nothing to overflow.
//!
//! Ticks only sort roughly. Two more lists make the order exact: what has come into the present
//! tick is *fresh*, unsorted; before anybody looks, it is merged by (deadline, sequence) into *due*.
//!
//! ```text
//!              insert                       advance               settle
//!   unlinked ─────────▶ slot of a level ──┬─────────▶ fresh ──────────────▶ due ──▶ pop_due
//!                           ▲             │ (slot of a lower level, if the tick is to come)
//!                           └─────────────┘            remove: from any list, O(1)
//! ```
//!
//! Entries are intrusive: they live in the future that waits, and cost no allocation.
//! Imports nothing of this crate.

use std::mem::take;
use std::ptr::NonNull;
use std::task::Waker;

/// A tick is 2²⁰ ns.
const TICK: u32 = 20;
/// 64 slots a level.
const BITS: usize = 6;
/// 8 × 6 bits hold every tick that 64 bits of nanoseconds have.
const LEVELS: usize = 8;
const SLOTS: usize = LEVELS << BITS;
/// In [`Entry::list`]: come into the present tick, not sorted yet.
const FRESH: u16 = SLOTS as u16;
/// In [`Entry::list`]: in the exact order.
const DUE: u16 = FRESH + 1;
/// In [`Entry::list`]: in no list.
const UNLINKED: u16 = u16::MAX;
/// In [`Entry::list`]: in no list, and its owner knows that it has fired.
const SPENT: u16 = u16::MAX - 1;

type Link = Option<NonNull<Entry>>;

/// One timer.
#[derive(Debug)]
pub(super) struct Entry {
    deadline: u64,
    sequence: u64,
    previous: Link,
    next: Link,
    list: u16,
    /// Whom to wake.
    pub(super) waker: Option<Waker>,
}

impl Entry {
    pub(super) const fn new() -> Self {
        Entry { deadline: 0, sequence: 0, previous: None, next: None, list: UNLINKED, waker: None }
    }

    pub(super) fn deadline(&self) -> u64 {
        self.deadline
    }

    pub(super) fn is_linked(&self) -> bool {
        self.list < SPENT
    }

    /// Notes in an entry that has fired by which clock it did.
    pub(super) fn spend(&mut self, clock: u64) {
        (self.list, self.sequence) = (SPENT, clock);
    }

    /// The clock by which it has fired, if that is noted.
    pub(super) fn spent(&self) -> Option<u64> {
        (self.list == SPENT).then_some(self.sequence)
    }

    /// As if it had never been in a wheel. It is in none.
    pub(super) fn renew(&mut self) {
        self.list = UNLINKED;
    }

    fn key(&self) -> (u64, u64) {
        (self.deadline, self.sequence)
    }
}

/// The entry behind a link. Each use is one statement long, so that no two of them overlap.
fn at<'a>(entry: NonNull<Entry>) -> &'a mut Entry {
    // SAFETY: only linked entries, or the one being inserted or removed, come here; `Wheel::insert`
    // demands that they stay valid and are touched by nobody else while linked.
    unsafe { &mut *entry.as_ptr() }
}

/// A doubly linked list through the entries.
#[derive(Clone, Copy, Debug, Default)]
struct List {
    head: Link,
    tail: Link,
}

impl List {
    fn insert_after(&mut self, previous: Link, entry: NonNull<Entry>) {
        let next = match previous {
            Some(previous) => at(previous).next.replace(entry),
            None => self.head.replace(entry),
        };
        match next {
            Some(next) => at(next).previous = Some(entry),
            None => self.tail = Some(entry),
        }
        at(entry).previous = previous;
        at(entry).next = next;
    }

    fn push_back(&mut self, entry: NonNull<Entry>) {
        self.insert_after(self.tail, entry);
    }

    fn unlink(&mut self, entry: NonNull<Entry>) {
        let (previous, next) = (at(entry).previous.take(), at(entry).next.take());
        match previous {
            Some(previous) => at(previous).next = next,
            None => self.head = next,
        }
        match next {
            Some(next) => at(next).previous = previous,
            None => self.tail = previous,
        }
    }

    fn pop_front(&mut self) -> Link {
        let entry = self.head?;
        self.unlink(entry);
        Some(entry)
    }

    fn pop_back(&mut self) -> Link {
        let entry = self.tail?;
        self.unlink(entry);
        Some(entry)
    }

    /// Merges `other` into this list, both sorted, from the back: what is later than all costs nothing.
    fn merge(&mut self, mut other: List, mark: u16) {
        let mut cursor = self.tail;
        while let Some(entry) = other.pop_back() {
            while let Some(later) = cursor.filter(|&c| at(c).key() > at(entry).key()) {
                cursor = at(later).previous;
            }
            self.insert_after(cursor, entry);
            at(entry).list = mark;
        }
    }

    fn is_sorted(&self) -> bool {
        let mut entry = self.head;
        while let Some(this) = entry {
            entry = at(this).next;
            if entry.is_some_and(|next| at(next).key() < at(this).key()) {
                return false;
            }
        }
        true
    }

    /// Merge sort from the bottom: bin *i* holds a sorted run of 2^*i* entries, or nothing.
    fn sort(mut self, mark: u16) -> List {
        if self.is_sorted() {
            return self;
        }
        let mut bins = [List::default(); usize::BITS as usize];
        while let Some(entry) = self.pop_front() {
            let mut run = List { head: Some(entry), tail: Some(entry) };
            let mut bin = 0;
            while bins[bin].head.is_some() {
                let mut older = take(&mut bins[bin]);
                older.merge(run, mark);
                run = older;
                bin += 1;
            }
            bins[bin] = run;
        }
        bins.into_iter().fold(List::default(), |sum, mut bin| {
            bin.merge(sum, mark);
            bin
        })
    }

    fn min_deadline(&self) -> Option<u64> {
        let mut least = None;
        let mut entry = self.head;
        while let Some(this) = entry {
            let deadline = at(this).deadline;
            least = Some(least.map_or(deadline, |l: u64| l.min(deadline)));
            entry = at(this).next;
        }
        least
    }
}

/// The entries of one slot.
#[derive(Clone, Copy, Debug)]
struct Slot {
    list: List,
    /// No later than any of them.
    least: u64,
    /// Whether one of them has it for its deadline.
    exact: bool,
}

impl Slot {
    const EMPTY: Slot = Slot { list: List { head: None, tail: None }, least: u64::MAX, exact: true };

    fn push_back(&mut self, entry: NonNull<Entry>) {
        let deadline = at(entry).deadline;
        if deadline <= self.least {
            (self.least, self.exact) = (deadline, true);
        }
        self.list.push_back(entry);
    }

    fn unlink(&mut self, entry: NonNull<Entry>) {
        self.list.unlink(entry);
        self.exact &= at(entry).deadline != self.least;
    }

    fn min_deadline(&mut self) -> u64 {
        if !self.exact {
            (self.least, self.exact) = (self.list.min_deadline().unwrap_or(u64::MAX), true);
        }
        self.least
    }
}

/// The wheel.
#[derive(Debug)]
pub(super) struct Wheel {
    slots: Box<[Slot]>,
    /// A bit for each slot that is not empty.
    occupied: [u64; LEVELS],
    fresh: List,
    due: List,
    /// The present tick: it has never been later.
    elapsed: u64,
    sequence: u64,
    len: usize,
    /// The earliest deadline, if it is known.
    soonest: Option<u64>,
}

// SAFETY: the links lead to entries which, by `insert`'s contract, are touched through this wheel
// only; whoever owns the wheel owns that access, and an entry's one field of interest, the waker, is `Send`.
unsafe impl Send for Wheel {}

impl Wheel {
    pub(super) fn new() -> Self {
        Wheel {
            slots: vec![Slot::EMPTY; SLOTS].into_boxed_slice(),
            occupied: [0; LEVELS],
            fresh: List::default(),
            due: List::default(),
            elapsed: 0,
            sequence: 0,
            len: 0,
            soonest: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds an unlinked entry.
    ///
    /// # Safety
    /// Until it has been removed or popped, `entry` stays valid, does not move, and is touched only
    /// by whoever holds this wheel exclusively.
    pub(super) unsafe fn insert(&mut self, entry: NonNull<Entry>, deadline: u64) {
        self.sequence += 1;
        at(entry).deadline = deadline;
        at(entry).sequence = self.sequence;
        self.soonest = if self.len == 0 { Some(deadline) } else { self.soonest.map(|s| s.min(deadline)) };
        self.len += 1;
        self.link(entry);
    }

    /// Takes out an entry that is linked into this wheel.
    ///
    /// # Safety
    /// `entry` is linked, and into this wheel.
    pub(super) unsafe fn remove(&mut self, entry: NonNull<Entry>) {
        let list = std::mem::replace(&mut at(entry).list, UNLINKED);
        match list {
            FRESH => self.fresh.unlink(entry),
            DUE => self.due.unlink(entry),
            slot => {
                let slot = slot as usize;
                self.slots[slot].unlink(entry);
                if self.slots[slot].list.head.is_none() {
                    self.slots[slot] = Slot::EMPTY;
                    self.occupied[slot >> BITS] &= !(1 << (slot & 63));
                }
            }
        }
        self.len -= 1;
        if self.soonest == Some(at(entry).deadline) {
            self.soonest = None;
        }
    }

    /// Takes out the first entry with a deadline of `now` or before, in the order of deadline, then
    /// of registration.
    pub(super) fn pop_due(&mut self, now: u64) -> Link {
        if self.len == 0 {
            // nothing to move: stride ahead
            self.elapsed = self.elapsed.max(now >> TICK);
            return None;
        }
        // Tick by tick: what is overdue is put into order a tick's worth at a time, not all at once.
        loop {
            self.settle();
            if self.due.head.is_some() || !self.advance(now >> TICK) {
                break;
            }
        }
        let entry = self.due.head.filter(|&entry| at(entry).deadline <= now)?;
        self.due.unlink(entry);
        at(entry).list = UNLINKED;
        self.len -= 1;
        self.soonest = self.due.head.map(|entry| at(entry).deadline);
        Some(entry)
    }

    /// The earliest deadline, exactly. If it was that of an entry that has been removed since, the
    /// entries of a slot are looked through.
    pub(super) fn next_deadline(&mut self) -> Option<u64> {
        if self.len > 0 && self.soonest.is_none() {
            self.soonest = match self.slot_to_come() {
                Some(slot) => Some(self.slots[slot].min_deadline()),
                None => self.due_first(),
            };
        }
        if self.len == 0 { None } else { self.soonest }
    }

    /// An instant no later than the earliest deadline, in short time: if none is due by then, `pop_due`
    /// moves on, and the next such instant is later.
    pub(super) fn next_look(&mut self) -> Option<u64> {
        if self.len == 0 || self.soonest.is_some() {
            return self.soonest.filter(|_| self.len > 0);
        }
        match self.slot_to_come() {
            Some(slot) => Some(self.slots[slot].least),
            None => self.due_first(),
        }
    }

    fn due_first(&self) -> Option<u64> {
        self.due.head.map(|entry| at(entry).deadline)
    }

    /// The slot that holds the earliest deadline, if nothing is due in the present tick.
    fn slot_to_come(&mut self) -> Option<usize> {
        self.settle();
        if self.due.head.is_some() { None } else { self.first_slot() }
    }

    /// Hangs an entry where its tick belongs, seen from the present one.
    fn link(&mut self, entry: NonNull<Entry>) {
        let tick = at(entry).deadline >> TICK;
        if tick <= self.elapsed {
            at(entry).list = FRESH;
            return self.fresh.push_back(entry);
        }
        let level = (tick ^ self.elapsed).ilog2() as usize / BITS;
        let bit = (tick >> (level * BITS)) as usize & 63;
        let slot = (level << BITS) + bit;
        at(entry).list = slot as u16;
        self.slots[slot].push_back(entry);
        self.occupied[level] |= 1 << bit;
    }

    /// The slot whose entries are due before those of all others.
    fn first_slot(&self) -> Option<usize> {
        let level = self.occupied.iter().position(|&bits| bits != 0)?;
        Some((level << BITS) + self.occupied[level].trailing_zeros() as usize)
    }

    /// Moves on towards tick `to`: empties the first slot that begins by then, into lower ones or into
    /// `fresh`. `false` if there is none: the present tick is `to`.
    fn advance(&mut self, to: u64) -> bool {
        if to <= self.elapsed {
            return false;
        }
        if let Some(slot) = self.first_slot() {
            let (level, bit) = (slot >> BITS, slot & 63);
            let above = (level + 1) * BITS;
            let start = (self.elapsed >> above << above) | ((bit as u64) << (level * BITS));
            if start <= to {
                self.elapsed = start;
                self.occupied[level] &= !(1 << bit);
                let mut list = std::mem::replace(&mut self.slots[slot], Slot::EMPTY).list;
                while let Some(entry) = list.pop_front() {
                    self.link(entry);
                }
                return true;
            }
        }
        self.elapsed = to;
        false
    }

    /// Brings what is fresh into the exact order.
    fn settle(&mut self) {
        if self.fresh.head.is_some() {
            let fresh = take(&mut self.fresh).sort(FRESH);
            self.due.merge(fresh, DUE);
        }
    }
}

#[cfg(all(test, not(loom)))]
#[path = "wheel_test.rs"]
mod test;
