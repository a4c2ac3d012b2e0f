//! A waker as one word and a small number, since many wait at once: nearly all wakers of a process are of a few makes,
//! whose tables are noted once.
//!
//! Imports nothing.

use std::ptr;
use std::sync::OnceLock;
use std::task::{RawWakerVTable, Waker};

/// How many bits the number takes.
pub(super) const BITS: u32 = 5;
/// No waker.
pub(super) const NONE: u8 = 0;
/// Of a make that has come too late to be noted: the word is that of a box with the waker in it.
const BOXED: u8 = (1 << BITS) - 1;

/// The makes, numbered from 1 on, in the order in which they have come.
static MAKES: [OnceLock<&'static RawWakerVTable>; BOXED as usize - 1] = [const { OnceLock::new() }; _];

/// The number of a make, if it is noted or there is room for it.
#[inline]
fn number(make: &'static RawWakerVTable) -> u8 {
    if MAKES[0].get().is_some_and(|first| ptr::eq(*first, make)) {
        return 1;
    }
    number_of_others(make)
}

#[cold]
#[inline(never)]
fn number_of_others(make: &'static RawWakerVTable) -> u8 {
    let noted = MAKES.iter().position(|place| ptr::eq(*place.get_or_init(|| make), make));
    noted.map_or(BOXED, |at| at as u8 + 1)
}

/// Takes a waker apart.
#[inline]
pub(super) fn split(waker: Waker) -> (*const (), u8) {
    match number(waker.vtable()) {
        BOXED => (Box::into_raw(Box::new(waker)).cast_const().cast(), BOXED),
        number => (std::mem::ManuallyDrop::new(waker).data(), number),
    }
}

/// Puts it together again.
///
/// # Safety
/// Both came from [`split`], and are not used any more.
#[inline]
pub(super) unsafe fn join(word: *const (), number: u8) -> Option<Waker> {
    match number {
        NONE => None,
        // SAFETY: the caller's contract: a box that `split` has given up.
        BOXED => Some(*unsafe { Box::from_raw(word.cast_mut().cast::<Waker>()) }),
        number => {
            let make = MAKES[usize::from(number) - 1].get().expect("it is noted");
            // SAFETY: the caller's contract: data and table of a waker that `split` has not dropped.
            Some(unsafe { Waker::new(word, make) })
        }
    }
}

/// Whether it wakes the same as `other`.
///
/// # Safety
/// Both came from [`split`], and stand for that waker still.
#[inline]
pub(super) unsafe fn is(word: *const (), number: u8, other: &Waker) -> bool {
    match number {
        NONE => false,
        // SAFETY: the caller's contract: the box is there.
        BOXED => unsafe { &*word.cast::<Waker>() }.will_wake(other),
        number => {
            let make = MAKES[usize::from(number) - 1].get();
            word == other.data() && make.is_some_and(|make| ptr::eq(*make, other.vtable()))
        }
    }
}

#[cfg(all(test, not(loom)))]
mod test {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::task::Wake;

    /// A make of its own for each number.
    struct Make<const N: usize>(Arc<AtomicUsize>);
    impl<const N: usize> Wake for Make<N> {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(N, SeqCst);
        }
    }

    fn there_and_back(waker: Waker) -> (u8, Waker) {
        let (word, number) = split(waker);
        // SAFETY: just split, and used once.
        (number, unsafe { join(word, number) }.expect("there was one"))
    }

    #[test]
    fn makes_are_noted_until_there_is_no_room() {
        macro_rules! waker_of {
            ($woken:ident: $($n:literal)*) => {
                [$(Waker::from(Arc::new(Make::<$n>($woken.clone())))),*]
            };
        }
        let woken = Arc::new(AtomicUsize::new(0));
        let wakers = waker_of!(woken: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30
            31 32 33 34 35 36 37 38 39 40);
        let numbers: Vec<u8> = wakers
            .into_iter()
            .map(|waker| {
                let (word, number) = split(waker.clone());
                // SAFETY: just split, and used once after that.
                let back = unsafe {
                    assert!(is(word, number, &waker) && !is(word, number, Waker::noop()));
                    join(word, number).expect("there was one")
                };
                assert!(back.will_wake(&waker));
                assert_eq!(there_and_back(waker).0, number, "it is known, or boxed again");
                back.wake();
                number
            })
            .collect();
        assert_eq!(woken.load(SeqCst), (1..=40).sum::<usize>());
        assert_eq!(Arc::strong_count(&woken), 1, "all wakers have been dropped");
        assert!(numbers.contains(&BOXED) && !numbers.contains(&NONE));
        let mut noted: Vec<u8> = numbers.iter().copied().filter(|number| *number != BOXED).collect();
        let count = noted.len();
        noted.dedup();
        assert_eq!(noted.len(), count, "each make has a number of its own");
    }

    #[test]
    fn no_waker_is_none() {
        // SAFETY: nothing was split, and nothing is joined.
        assert!(unsafe { join(ptr::null(), NONE) }.is_none());
    }
}
