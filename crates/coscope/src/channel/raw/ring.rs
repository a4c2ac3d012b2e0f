//! [`Ring`]: messages in a row, in a block whose length is a power of two. Imports nothing of the room.

use std::mem::MaybeUninit;

/// First in, first out; and back in at the front, for what was taken in vain.
#[repr(C)] // what changes with each message stands first, beside the word of the lock
pub(super) struct Ring<T> {
    first: usize,
    count: usize,
    /// Its length is a power of two, or 0. The places from `first` on, `count` of them, hold messages.
    places: Box<[MaybeUninit<T>]>,
}

impl<T> Ring<T> {
    /// With places for `count` messages.
    pub(super) fn with_capacity(count: usize) -> Self {
        let places = if count == 0 { 0 } else { count.next_power_of_two() };
        Ring { first: 0, count: 0, places: (0..places).map(|_| MaybeUninit::uninit()).collect() }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.count
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether the next message finds a place without more memory.
    #[inline]
    pub(super) fn has_place(&self) -> bool {
        self.count < self.places.len()
    }

    /// # Safety
    /// There are places.
    #[inline(always)]
    unsafe fn place(&mut self, at: usize) -> *mut T {
        debug_assert!(!self.places.is_empty());
        let at = at & (self.places.len() - 1);
        // SAFETY: a number below the length, which is a power of two (the caller's contract: not 0).
        unsafe { self.places.as_mut_ptr().add(at).cast() }
    }

    #[inline]
    pub(super) fn push_back(&mut self, message: T) {
        if !self.has_place() {
            self.grow();
        }
        // SAFETY: it has grown if there was no place.
        unsafe { self.push_into_place(message) };
    }

    /// As [`push_back`](Self::push_back), on the short way.
    ///
    /// # Safety
    /// It [has a place](Self::has_place).
    #[inline(always)]
    pub(super) unsafe fn push_into_place(&mut self, message: T) {
        let count = self.count;
        self.count = count + 1;
        // SAFETY: there is a place that holds nothing (the caller's contract), and this is the first of them.
        unsafe { self.place(self.first.wrapping_add(count)).write(message) };
    }

    pub(super) fn push_front(&mut self, message: T) {
        if self.count == self.places.len() {
            self.grow();
        }
        self.first = self.first.wrapping_sub(1);
        // SAFETY: there is a place that holds nothing, and this is the last of them.
        unsafe { self.place(self.first).write(message) };
        self.count += 1;
    }

    #[inline(always)]
    pub(super) fn pop_front(&mut self) -> Option<T> {
        if self.count == 0 {
            return None;
        }
        let first = self.first;
        self.first = first.wrapping_add(1);
        self.count -= 1;
        // SAFETY: it held a message, and counts as empty now.
        Some(unsafe { self.place(first).read() })
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let mut larger = Ring::with_capacity((self.places.len() * 2).max(4));
        while let Some(message) = self.pop_front() {
            larger.push_back(message);
        }
        *self = larger;
    }
}

impl<T> Iterator for Ring<T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.pop_front()
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;
    use std::sync::Arc;

    #[test]
    fn goes_round_and_grows() {
        let mut ring = Ring::with_capacity(3);
        let alive = Arc::new(());
        let mut next = 0;
        for round in 1..50 {
            for message in next..next + round {
                ring.push_back((message, alive.clone()));
            }
            let first = ring.pop_front().unwrap();
            ring.push_front(first);
            for message in next..next + round {
                assert_eq!(ring.pop_front().unwrap().0, message);
            }
            next += round;
            assert!(ring.is_empty() && ring.pop_front().is_none());
            ring.push_front((0, alive.clone()));
            assert_eq!((ring.len(), ring.pop_front().unwrap().0), (1, 0));
        }
        ring.push_back((0, alive.clone()));
        drop(ring);
        assert_eq!(Arc::strong_count(&alive), 1);
    }

    #[test]
    fn of_nothing() {
        let mut ring = Ring::with_capacity(0);
        (0..100).for_each(|_| ring.push_back(()));
        assert_eq!(ring.count(), 100);
    }
}
