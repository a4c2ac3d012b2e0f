//! [`WaitQueue`]: a fair queue of [`Waiter`]s, intrusive, so that waiting allocates nothing.
//!
//! The queue has no lock of its own: it lives under its owner's. The idea is trio's parking lot and
//! tokio's batch semaphore: one queue under every primitive. Clauses of a select stand in it beside
//! those who wait for this alone; they keep their place also while they cannot be had (see `claim`).

use std::mem;
use std::pin::Pin;
use std::ptr;
use std::task::Waker;

use super::waiter::{Left, Links, Who, is_queued};
use super::{Claimed, Ticket, Waiter};
use crate::primitive::Ordering;

/// First come, first served.
#[derive(Debug)]
pub struct WaitQueue {
    first: *const Waiter,
    last: *const Waiter,
}

// SAFETY: the pointers are followed only by methods with `&mut self`, hence under the owner's lock,
// and what they point to is `Sync`.
unsafe impl Send for WaitQueue {}

impl WaitQueue {
    /// A queue of nobody.
    pub const fn new() -> Self {
        WaitQueue { first: ptr::null(), last: ptr::null() }
    }

    /// Whether nobody waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    /// Whether somebody waits beside the clauses of the select that `but` belongs to.
    pub fn has_others(&self, but: Option<Ticket>) -> bool {
        let Some(but) = but else { return !self.is_empty() };
        let mut at = self.first;
        while !at.is_null() {
            // SAFETY: a queued waiter is alive (`stand`'s contract), and the owner's lock is held.
            let (ticket, next) = unsafe { Self::links(at, |l| (l.who.ticket(), l.next)) };
            if !ticket.is_some_and(|ticket| ticket.is_of_the_same(but)) {
                return true;
            }
            at = next;
        }
        false
    }

    /// The first in the queue.
    #[inline]
    pub fn front(&self) -> Option<*const Waiter> {
        (!self.is_empty()).then_some(self.first)
    }

    /// Puts a waiter at the end, or, if it stands in the queue already, gives it a new waker where
    /// the old one would wake somebody else. Hands back a waker that is no longer needed: it is user
    /// code, to be dropped outside the lock.
    ///
    /// # Safety
    /// `waiter` stands in no other queue, and is [removed](Self::remove) from this one, under the
    /// same lock, before it is dropped.
    #[inline]
    pub unsafe fn push(&mut self, waiter: Pin<&Waiter>, waker: Waker) -> Option<Waker> {
        // SAFETY: the caller's contract.
        unsafe {
            if self.contains(waiter) {
                let old = Self::links(Pin::get_ref(waiter), |l| mem::replace(&mut l.who, waker.into()));
                return old.into_waker();
            }
            self.stand(Pin::get_ref(waiter), waker, Waiter::QUEUED);
        }
        None
    }

    /// Puts a clause of a select at the end.
    ///
    /// # Safety
    /// As [`stand`](Self::stand); the ticket is that of the clause's turn.
    #[inline]
    pub unsafe fn push_ticket(&mut self, waiter: Pin<&Waiter>, ticket: Ticket) {
        // SAFETY: the caller's contract.
        unsafe { self.stand(Pin::get_ref(waiter), ticket, Waiter::QUEUED) };
    }

    /// Puts a waiter at the end, `QUEUED` or `ASKING`. Whoever [takes it out](Self::pop_with) gets this very pointer: if it
    /// was made of what the waiter is the first field of, it may be followed to all of that.
    ///
    /// # Safety
    /// `waiter` is pinned, stands in no queue, and is [removed](Self::remove) from this one, under the same lock, before it is
    /// dropped. `word` is one of these two.
    #[inline]
    pub unsafe fn stand(&mut self, waiter: *const Waiter, who: impl Into<Who>, word: u32) {
        debug_assert!(is_queued(word));
        let last = self.last;
        // SAFETY: `&mut self` is the lock under which alone links are touched; those of one that is queued are there.
        unsafe {
            debug_assert!(!is_queued((*waiter).word.load(Ordering::Relaxed)));
            (*waiter).word.store(word, Ordering::Relaxed);
            (*waiter).links.with_mut(|links| {
                (*links).write(Links { prev: last, next: ptr::null(), who: who.into() });
            });
            if last.is_null() {
                self.first = waiter;
            } else {
                Self::links(last, |l| l.next = waiter);
            }
        }
        self.last = waiter;
    }

    /// Whether the waiter stands in the queue and `waker` would wake the same task as its own.
    ///
    /// # Safety
    /// `waiter` stands in this queue or in none.
    pub unsafe fn would_wake(&mut self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        // SAFETY: `&mut self` is the lock under which alone links are touched.
        self.contains(waiter) && unsafe { Self::links(Pin::get_ref(waiter), |l| l.who.would_wake(waker)) }
    }

    /// Whether the waiter stands in the queue.
    #[inline]
    pub fn contains(&mut self, waiter: Pin<&Waiter>) -> bool {
        is_queued(waiter.word.load(Ordering::Relaxed))
    }

    /// Whether the waiter has been taken out by one who had something for it, since it was last put in.
    #[inline]
    pub fn is_handed(&mut self, waiter: Pin<&Waiter>) -> bool {
        waiter.word.load(Ordering::Relaxed) == Waiter::HANDED
    }

    /// Takes a waiter out, wherever it stands. Hands its waker back, to be dropped outside the lock;
    /// `None` if it does not stand here (it was popped, or never came), or is a clause's.
    ///
    /// # Safety
    /// `waiter` stands in this queue or in none.
    #[inline]
    pub unsafe fn remove(&mut self, waiter: Pin<&Waiter>) -> Option<Waker> {
        if !self.contains(waiter) {
            return None;
        }
        // SAFETY: it stands here (the caller's contract), and `&mut self` is the lock.
        let who = unsafe { self.unlink(Pin::get_ref(waiter)) };
        waiter.word.store(Waiter::IDLE, Ordering::Relaxed);
        // SAFETY: just taken out, and used once.
        unsafe { who.into_waker() }
    }

    /// Takes the first waiter out that can be had, and hands over its waker, to be woken outside the lock.
    /// It [has been handed](Self::is_handed) what the caller has.
    #[inline]
    pub fn pop(&mut self) -> Option<Waker> {
        self.pop_with(None, Left::Handed, |_| true, |_| ()).map(|(waker, ())| waker)
    }

    /// As [`pop`](Self::pop), but of those whose pointer, as it was [put in](Self::stand), `fits`, and no clause
    /// of the select that `but` belongs to; calls `hand` with the pointer. The waiter stays until it has seen what that does:
    /// its word is set after it.
    #[inline(always)]
    pub fn pop_with<R>(
        &mut self,
        but: Option<Ticket>,
        left: Left,
        fits: impl Fn(*const Waiter) -> bool,
        hand: impl FnOnce(*const Waiter) -> R,
    ) -> Option<(Waker, R)> {
        let mut at = self.first;
        while !at.is_null() {
            // SAFETY: a queued waiter is alive (`stand`'s contract), and `&mut self` is the lock.
            unsafe {
                let (next, who) = Self::links(at, |l| (l.next, l.who));
                if !fits(at) {
                    at = next;
                    continue;
                }
                let waker = match who.ticket() {
                    // one that is queued has a waker, which is read once: it is unlinked below
                    None => who.into_waker(),
                    Some(ticket) => self.claim(at, ticket, but),
                };
                let Some(waker) = waker else {
                    at = next;
                    continue;
                };
                self.unlink(at);
                let result = hand(at);
                (*at).word.store(left as u32, Ordering::Release); // the last touch: the waiter may go
                return Some((waker, result));
            }
        }
        None
    }

    /// Claims the clause of a select that stands at `this`, unless it is one of the same select as `but`. One that has
    /// nothing to wait for any more is taken out.
    ///
    /// # Safety
    /// `this` stands in this queue, with that ticket.
    #[inline(never)] // out of the way of those who wait for one thing
    unsafe fn claim(&mut self, this: *const Waiter, ticket: Ticket, but: Option<Ticket>) -> Option<Waker> {
        if but.is_some_and(|but| but.is_of_the_same(ticket)) {
            return None;
        }
        // SAFETY: the caller's contract, and `&mut self` is the lock.
        unsafe {
            match ticket.claim() {
                Claimed::Granted(waker) => return Some(waker),
                Claimed::Missed => {}
                Claimed::Gone => {
                    self.unlink(this);
                    (*this).word.store(Waiter::GONE, Ordering::Release); // the last touch, as in `pop_with`
                }
            }
        }
        None
    }

    /// # Safety
    /// `this` stands in this queue. The caller sets its word.
    #[inline]
    unsafe fn unlink(&mut self, this: *const Waiter) -> Who {
        // SAFETY: `this` and its neighbours are queued, hence alive, and `&mut self` is the lock.
        unsafe {
            let (prev, next, who) = Self::links(this, |l| (l.prev, l.next, l.who));
            if prev.is_null() {
                self.first = next;
            } else {
                Self::links(prev, |l| l.next = next);
            }
            if next.is_null() {
                self.last = prev;
            } else {
                Self::links(next, |l| l.prev = prev);
            }
            who
        }
    }

    /// # Safety
    /// `waiter` is queued, and the lock of its queue is held.
    #[inline]
    unsafe fn links<R>(waiter: *const Waiter, f: impl FnOnce(&mut Links) -> R) -> R {
        // SAFETY: the caller's contract: one that is queued is alive and has links; the reference does not outlive the
        // closure.
        unsafe { (*waiter).links.with_mut(|links| f((*links).assume_init_mut())) }
    }
}

impl Default for WaitQueue {
    fn default() -> Self {
        WaitQueue::new()
    }
}
