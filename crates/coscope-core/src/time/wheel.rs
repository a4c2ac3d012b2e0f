//! The timer wheel: pure bookkeeping, told the time, never asks.
//!
//! Hashed and hierarchical, after Varghese and Lauck, “Hashed and Hierarchical Timing Wheels” (1987), schemes 6
//! and 7. Deadlines fall into ticks of 2²⁰ ns, about 1 ms:
//!
//! * **near**: the ticks to come within the next second or so, a slot each, found by the tick's low bits;
//! * **far**: [`LEVELS`] wheels of 64 slots, the lowest with slots as wide as all that is near, each other with
//!   slots as wide as the whole wheel below it. An entry hangs at the level of the highest bit in which it differs
//!   from the present, so that every entry of a level is due before all of the level above, and six levels reach
//!   beyond the end of time: there is nothing to overflow.
//!
//! A far slot is emptied, into lower ones and what is near, when its first tick comes, before anything of that
//! tick is due. Most timers are near from the start, and are touched again only when they are due.
//!
//! Ticks only sort roughly. When one comes, its entries are put into the exact order of (deadline, sequence): they
//! are *due*. What is inserted into the present tick, or the past, is *fresh*, and is merged into what is due
//! before anybody looks.
//!
//! ```text
//!              insert            first tick comes         tick comes
//!   unlinked ──┬──────▶ far slot ──────────────▶ near slot ─────────▶ due ──▶ pop_due
//!              ├─────────────────────────────────▶ near slot            ▲ settle
//!              └─────────────────────────────────────────────▶ fresh ───┘
//!                                                       remove: from any list, O(1)
//! ```
//!
//! Entries are intrusive: they live in the future that waits, and cost no allocation.
//! Imports `thin_waker`.

use std::mem::{replace, take};
use std::ptr::{self, NonNull};
use std::task::Waker;

use super::thin_waker;

/// A tick is 2²⁰ ns.
const TICK: u32 = 20;
/// 1024 slots for what is near.
const NEAR_BITS: usize = 10;
const NEAR: usize = 1 << NEAR_BITS;
/// 64 slots a level for what is far.
const BITS: usize = 6;
/// 10 + 6 × 6 bits hold every tick that 64 bits of nanoseconds have.
const LEVELS: usize = 6;
/// The far slots come behind the near ones.
const SLOTS: usize = NEAR + (LEVELS << BITS);
/// In [`Entry::mark`]: come into the present tick, not sorted yet.
const FRESH: u16 = SLOTS as u16;
/// In [`Entry::mark`]: in the exact order.
const DUE: u16 = FRESH + 1;
/// In [`Entry::mark`]: in no list.
const UNLINKED: u16 = (1 << LIST_BITS) - 1;
/// In [`Entry::mark`]: in no list, and its owner knows that it has fired.
const SPENT: u16 = UNLINKED - 1;
/// So many bits of [`Entry::mark`] are the list's.
const LIST_BITS: u32 = 11;
/// So many are the list's and those of the waker above it; the others number 2⁴⁸ registrations.
const LOW_BITS: u32 = LIST_BITS + thin_waker::BITS;
const LISTS: u64 = (1 << LIST_BITS) - 1;
const LOW: u64 = (1 << LOW_BITS) - 1;
const _: () = assert!(DUE < SPENT, "there is a number for each list");
/// In [`Wheel::soonest`]: it has to be looked for.
const UNKNOWN: u64 = 0;

type Link = Option<NonNull<Entry>>;

/// One timer. Small, since many wait at once. It keeps a waker only for one who takes it out in the end.
#[derive(Debug)]
pub(super) struct Entry {
    /// Before it is in a wheel, what its owner wants to note.
    deadline: u64,
    /// Its number in the order of registration; below, the make of its waker; below, the list that it is in.
    mark: u64,
    previous: Link,
    next: Link,
    /// Whom to wake, if the mark says that there is somebody.
    waker: *const (),
}

impl Entry {
    pub(super) const fn new(note: u64) -> Self {
        Entry { deadline: note, mark: UNLINKED as u64, previous: None, next: None, waker: ptr::null() }
    }

    pub(super) fn deadline(&self) -> u64 {
        self.deadline
    }

    pub(super) fn is_linked(&self) -> bool {
        self.list() < SPENT
    }

    /// Notes in an entry that has fired by which clock it did. It has no waker any more.
    pub(super) fn spend(&mut self, clock: u64) {
        debug_assert_eq!(self.make(), thin_waker::NONE);
        self.mark = clock << LOW_BITS | u64::from(SPENT);
    }

    /// The clock by which it has fired, if that is noted.
    pub(super) fn spent(&self) -> Option<u64> {
        (self.list() == SPENT).then_some(self.mark >> LOW_BITS)
    }

    /// As if it had never been in a wheel, in which it is no more. Whom it was to wake.
    pub(super) fn renew(&mut self) -> Option<Waker> {
        let make = self.make();
        self.mark = u64::from(UNLINKED);
        // SAFETY: both were set together, and the mark says no more that they are there.
        unsafe { thin_waker::join(self.waker, make) }
    }

    /// Whom to wake. It has had nobody.
    pub(super) fn set_waker(&mut self, waker: Waker) {
        debug_assert_eq!(self.make(), thin_waker::NONE);
        let (word, make) = thin_waker::split(waker);
        self.waker = word;
        self.mark |= u64::from(make) << LIST_BITS;
    }

    pub(super) fn take_waker(&mut self) -> Option<Waker> {
        let make = self.make();
        self.mark &= !(LOW & !LISTS);
        // SAFETY: both were set together, and the mark says no more that they are there.
        unsafe { thin_waker::join(self.waker, make) }
    }

    /// Whether whom it wakes is the same as whom `waker` does.
    pub(super) fn wakes(&self, waker: &Waker) -> bool {
        // SAFETY: both were set together, and are still there.
        unsafe { thin_waker::is(self.waker, self.make(), waker) }
    }

    fn make(&self) -> u8 {
        ((self.mark & LOW) >> LIST_BITS) as u8
    }

    /// Two entries of a wheel have never the same.
    fn key(&self) -> (u64, u64) {
        (self.deadline, self.mark >> LOW_BITS)
    }

    fn list(&self) -> u16 {
        (self.mark & LISTS) as u16
    }

    fn set_list(&mut self, list: u16) {
        self.mark = self.mark & !LISTS | u64::from(list);
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

    #[inline]
    fn push_back(&mut self, entry: NonNull<Entry>) {
        at(entry).previous = self.tail;
        at(entry).next = None;
        match self.tail.replace(entry) {
            Some(last) => at(last).next = Some(entry),
            None => self.head = Some(entry),
        }
    }

    fn unlink(&mut self, entry: NonNull<Entry>) {
        let (previous, next) = (at(entry).previous, at(entry).next);
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
            at(entry).set_list(mark);
        }
    }

    /// The same entries in the exact order, marked. Sorted by keys side by side: the entries themselves
    /// are far from each other.
    fn sort(mut self, mark: u16) -> List {
        let mut keys = Vec::new();
        let mut is_sorted = true;
        let mut entry = self.head;
        while let Some(this) = entry {
            let key = (at(this).key(), this);
            is_sorted &= keys.last().is_none_or(|last| *last < key);
            keys.push(key);
            entry = at(this).next;
        }
        if !is_sorted {
            keys.sort_unstable();
            self = List::default();
            keys.iter().for_each(|&(_, entry)| self.push_back(entry));
        }
        keys.iter().for_each(|&(_, entry)| at(entry).set_list(mark));
        self
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
}

impl Slot {
    const EMPTY: Slot = Slot { list: List { head: None, tail: None }, least: u64::MAX };
}

/// The wheel.
#[derive(Debug)]
pub(super) struct Wheel {
    /// Near and far; none before the first entry comes.
    slots: Box<[Slot]>,
    /// A bit for each near slot that is not empty.
    near: [u64; NEAR / 64],
    /// A bit for each far slot that is not empty.
    far: [u64; LEVELS],
    fresh: List,
    due: List,
    /// The present tick: it has never been later.
    elapsed: u64,
    sequence: u64,
    len: usize,
    /// The earliest deadline, if it is known and there is one.
    soonest: u64,
}

// SAFETY: the links lead to entries which, by `insert`'s contract, are touched through this wheel
// only; whoever owns the wheel owns that access, and an entry's one field of interest, the waker, is `Send`.
unsafe impl Send for Wheel {}

impl Wheel {
    pub(super) fn new() -> Self {
        Wheel {
            slots: Box::default(),
            near: [0; NEAR / 64],
            far: [0; LEVELS],
            fresh: List::default(),
            due: List::default(),
            elapsed: 0,
            sequence: 0,
            len: 0,
            soonest: UNKNOWN,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds an unlinked entry, which wakes `waker`. Its mark is written once: each change of it would wait for the
    /// one before.
    ///
    /// # Safety
    /// Until it has been removed or popped, `entry` stays valid, does not move, and is touched only
    /// by whoever holds this wheel exclusively.
    pub(super) unsafe fn insert(&mut self, entry: NonNull<Entry>, deadline: u64, waker: Waker) {
        if self.slots.is_empty() {
            self.slots = vec![Slot::EMPTY; SLOTS].into_boxed_slice();
        }
        self.sequence += 1;
        let (word, make) = thin_waker::split(waker);
        at(entry).deadline = deadline;
        at(entry).waker = word;
        if self.len == 0 || deadline < self.soonest {
            self.soonest = deadline;
        }
        self.len += 1;
        let list = self.hang(entry, deadline);
        at(entry).mark = self.sequence << LOW_BITS | u64::from(make) << LIST_BITS | u64::from(list);
    }

    /// Takes out an entry that is linked into this wheel. The caller [renews](Entry::renew) it.
    ///
    /// # Safety
    /// `entry` is linked, and into this wheel.
    pub(super) unsafe fn remove(&mut self, entry: NonNull<Entry>) {
        match at(entry).list() {
            FRESH => self.fresh.unlink(entry),
            DUE => self.due.unlink(entry),
            slot => {
                let slot = slot as usize;
                let hung = &mut self.slots[slot];
                hung.list.unlink(entry);
                if hung.list.head.is_none() {
                    hung.least = u64::MAX;
                    self.clear_bit(slot);
                }
            }
        }
        self.len -= 1;
        if self.soonest == at(entry).deadline {
            self.soonest = UNKNOWN;
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
        at(entry).set_list(UNLINKED);
        self.len -= 1;
        self.soonest = self.due.head.map_or(UNKNOWN, |entry| at(entry).deadline);
        Some(entry)
    }

    /// The earliest deadline, exactly. If it was that of an entry that has been removed since, the
    /// entries of a slot are looked through.
    pub(super) fn next_deadline(&mut self) -> Option<u64> {
        if self.len > 0 && self.soonest == UNKNOWN {
            self.settle();
            let near = self.near_tick().map(|tick| tick as usize & (NEAR - 1));
            let far = self.far_slot().map(|(slot, _)| slot);
            let slots =
                [near, far].into_iter().flatten().filter_map(|slot| self.slots[slot].list.min_deadline());
            self.soonest = self.due_first().or_else(|| slots.min()).unwrap_or(UNKNOWN);
        }
        (self.len > 0).then_some(self.soonest)
    }

    /// An instant no later than the earliest deadline, in short time: if none is due by then, `pop_due`
    /// moves on, and the next such instant is later.
    pub(super) fn next_look(&mut self) -> Option<u64> {
        if self.len == 0 {
            return None;
        }
        if self.soonest != UNKNOWN {
            return Some(self.soonest);
        }
        self.settle();
        let near = self.near_tick().map(|tick| self.slots[tick as usize & (NEAR - 1)].least);
        let far = self.far_slot().map(|(slot, _)| self.slots[slot].least);
        self.due_first().or_else(|| near.into_iter().chain(far).min())
    }

    fn due_first(&self) -> Option<u64> {
        self.due.head.map(|entry| at(entry).deadline)
    }

    /// Hangs an entry where its tick belongs, seen from the present one; the number of that list.
    fn hang(&mut self, entry: NonNull<Entry>, deadline: u64) -> u16 {
        let tick = deadline >> TICK;
        if tick <= self.elapsed {
            self.fresh.push_back(entry);
            return FRESH;
        }
        let number = if tick - self.elapsed < NEAR as u64 {
            let slot = tick as usize & (NEAR - 1);
            self.near[slot / 64] |= 1 << (slot % 64);
            slot
        } else {
            let (block, present) = (tick >> NEAR_BITS, self.elapsed >> NEAR_BITS);
            let level = (block ^ present).ilog2() as usize / BITS;
            let bit = (block >> (level * BITS)) as usize & 63;
            self.far[level] |= 1 << bit;
            NEAR + (level << BITS) + bit
        };
        let slot = &mut self.slots[number];
        slot.least = slot.least.min(deadline);
        slot.list.push_back(entry);
        number as u16
    }

    /// Empties a slot. What it had is not marked anew.
    fn take_slot(&mut self, slot: usize) -> List {
        self.clear_bit(slot);
        replace(&mut self.slots[slot], Slot::EMPTY).list
    }

    /// There is nothing in a slot any more.
    #[inline]
    fn clear_bit(&mut self, slot: usize) {
        let bits = if slot < NEAR { &mut self.near[slot / 64] } else { &mut self.far[(slot - NEAR) >> BITS] };
        *bits &= !(1 << (slot % 64));
    }

    /// The first tick that has a near slot with something in it.
    fn near_tick(&self) -> Option<u64> {
        const WORDS: usize = NEAR / 64;
        let from = (self.elapsed + 1) as usize & (NEAR - 1);
        // once around, and what comes before `from` in its word at the end
        let slot = (0..=WORDS).find_map(|offset| {
            let word = (from / 64 + offset) % WORDS;
            let bits = self.near[word] & if offset == 0 { !0 << (from % 64) } else { !0 };
            (bits != 0).then(|| word * 64 + bits.trailing_zeros() as usize)
        })?;
        Some(self.elapsed + 1 + (slot.wrapping_sub(from) & (NEAR - 1)) as u64)
    }

    /// The far slot whose entries are due before those of all others, and its first tick.
    fn far_slot(&self) -> Option<(usize, u64)> {
        let level = self.far.iter().position(|&bits| bits != 0)?;
        let bit = self.far[level].trailing_zeros() as usize;
        let (begin, above) = (NEAR_BITS + level * BITS, NEAR_BITS + (level + 1) * BITS);
        let start = (self.elapsed >> above << above) | ((bit as u64) << begin);
        Some((NEAR + (level << BITS) + bit, start))
    }

    /// Moves on to the next tick of interest, `to` at the latest, and brings what is due in it into order, or
    /// what was far nearer. `false` if there is none: the present tick is `to`.
    fn advance(&mut self, to: u64) -> bool {
        if to <= self.elapsed {
            return false;
        }
        let near = self.near_tick().unwrap_or(u64::MAX);
        let far = self.far_slot();
        let next = far.map_or(near, |(_, start)| start.min(near));
        if next > to {
            self.elapsed = to;
            return false;
        }
        self.elapsed = next;
        if let Some((slot, start)) = far
            && start == next
        {
            let mut list = self.take_slot(slot);
            while let Some(entry) = list.pop_front() {
                let list = self.hang(entry, at(entry).deadline);
                at(entry).set_list(list);
            }
        }
        if near == next {
            self.due = self.take_slot(near as usize & (NEAR - 1)).sort(DUE);
        }
        true
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
