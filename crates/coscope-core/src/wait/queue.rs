//! [`WaitQueue`]: a fair queue of [`Waiter`]s, intrusive, so that waiting allocates nothing.
//!
//! The queue has no lock of its own: it lives under its owner's. The idea is trio's parking lot and
//! tokio's batch semaphore: one queue under every primitive. Clauses of a select stand in it beside
//! those who wait for this alone; they keep their place also while they cannot be had (see `claim`).

use std::pin::Pin;
use std::ptr;
use std::task::Waker;

use super::waiter::{Entry, Links, Place, Who};
use super::{Claimed, Ticket, Waiter};

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
            // SAFETY: a queued waiter is alive (`push`'s contract), and the owner's lock is held.
            let (own, next) = unsafe {
                Self::links(at, |l| (matches!(l.who, Who::Ticket(own) if own.is_of_the_same(but)), l.next))
            };
            if !own {
                return true;
            }
            at = next;
        }
        false
    }

    /// What the first in the queue has [left](Self::push_with) with its waiter.
    #[inline]
    pub fn front(&mut self) -> Option<*mut ()> {
        // SAFETY: a queued waiter is alive (`push`'s contract) and has links, and `&mut self` is the lock.
        (!self.is_empty()).then(|| unsafe { Self::links(self.first, |l| l.data) })
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
        unsafe { self.put(waiter, Who::Waker(waker), ptr::null_mut()) }
    }

    /// As [`push`](Self::push), with a pointer for the one who [takes it out](Self::pop_with).
    ///
    /// # Safety
    /// As `push`.
    #[inline]
    pub unsafe fn push_with(&mut self, waiter: Pin<&Waiter>, waker: Waker, data: *mut ()) -> Option<Waker> {
        // SAFETY: the caller's contract.
        unsafe { self.put(waiter, Who::Waker(waker), data) }
    }

    /// Puts a clause of a select at the end, unless it stands in the queue already.
    ///
    /// # Safety
    /// As [`push`](Self::push); the ticket is that of the clause's turn.
    #[inline]
    pub unsafe fn push_ticket(&mut self, waiter: Pin<&Waiter>, ticket: Ticket, data: *mut ()) {
        // SAFETY: the caller's contract.
        unsafe { self.put(waiter, Who::Ticket(ticket), data) };
    }

    /// # Safety
    /// As `push`.
    #[inline]
    unsafe fn put(&mut self, waiter: Pin<&Waiter>, who: Who, data: *mut ()) -> Option<Waker> {
        let this: *const Waiter = Pin::get_ref(waiter);
        // SAFETY: `&mut self` is the lock under which alone entries are touched; the links of one that is queued are there.
        unsafe {
            if Self::place(this) == Place::Queued {
                return Self::links(this, |l| std::mem::replace(&mut l.who, who)).into_waker();
            }
            let last = self.last;
            Self::entry(this, |e| {
                e.place = Place::Queued;
                e.links.write(Links { prev: last, next: ptr::null(), who, data });
            });
            if last.is_null() {
                self.first = this;
            } else {
                Self::links(last, |l| l.next = this);
            }
            self.last = this;
        }
        None
    }

    /// Whether the waiter stands in the queue and `waker` would wake the same task as its own.
    ///
    /// # Safety
    /// `waiter` stands in this queue or in none.
    pub unsafe fn would_wake(&mut self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        // SAFETY: `&mut self` is the lock under which alone entries are touched.
        unsafe {
            let this: *const Waiter = Pin::get_ref(waiter);
            Self::place(this) == Place::Queued
                && Self::links(this, |l| matches!(&l.who, Who::Waker(own) if own.will_wake(waker)))
        }
    }

    /// Whether the waiter stands in the queue.
    pub fn contains(&mut self, waiter: Pin<&Waiter>) -> bool {
        // SAFETY: the waiter is borrowed, hence alive; it belongs to this queue or to none that
        // another thread could touch it in, since only its owner puts it somewhere.
        unsafe { Self::place(Pin::get_ref(waiter)) == Place::Queued }
    }

    /// Whether the waiter has been taken out by one who had something for it, since it was last put in.
    #[inline]
    pub fn is_handed(&mut self, waiter: Pin<&Waiter>) -> bool {
        // SAFETY: as in `contains`.
        unsafe { Self::place(Pin::get_ref(waiter)) == Place::Handed }
    }

    /// Takes a waiter out, wherever it stands. Hands its waker back, to be dropped outside the lock;
    /// `None` if it does not stand here (it was popped, or never came), or is a clause's.
    ///
    /// # Safety
    /// `waiter` stands in this queue or in none.
    #[inline]
    pub unsafe fn remove(&mut self, waiter: Pin<&Waiter>) -> Option<Waker> {
        let this: *const Waiter = Pin::get_ref(waiter);
        // SAFETY: `&mut self` is the lock under which alone entries are touched; neighbours of a
        // queued waiter are queued, hence alive (`push`'s contract).
        unsafe {
            if Self::place(this) != Place::Queued {
                return None;
            }
            self.unlink(this, Place::Out).into_waker()
        }
    }

    /// Takes the first waiter out that can be had, and hands over its waker, to be woken outside the lock.
    /// It [has been handed](Self::is_handed) what the caller has.
    #[inline]
    pub fn pop(&mut self) -> Option<Waker> {
        self.pop_with(None, |_| true, |_| ()).map(|(waker, ())| waker)
    }

    /// As [`pop`](Self::pop), but of those whose pointer, [left](Self::push_with) with the waiter, `fits`, and no clause
    /// of the select that `but` belongs to; calls `hand` with the pointer. The waiter stays until it has seen what that does.
    #[inline(always)]
    pub fn pop_with<R>(
        &mut self,
        but: Option<Ticket>,
        fits: impl Fn(*mut ()) -> bool,
        hand: impl FnOnce(*mut ()) -> R,
    ) -> Option<(Waker, R)> {
        let mut at = self.first;
        while !at.is_null() {
            // SAFETY: a queued waiter is alive (`push`'s contract), and `&mut self` is the lock.
            unsafe {
                let (next, ticket, data) = Self::links(at, |l| match l.who {
                    Who::Ticket(ticket) => (l.next, Some(ticket), l.data),
                    Who::Waker(_) => (l.next, None, l.data),
                });
                if !fits(data) {
                    at = next;
                    continue;
                }
                let granted = match ticket {
                    None => None,
                    Some(own) if but.is_some_and(|but| but.is_of_the_same(own)) => {
                        at = next;
                        continue;
                    }
                    Some(ticket) => match ticket.claim() {
                        Claimed::Granted(waker) => Some(waker),
                        Claimed::Missed => {
                            at = next;
                            continue;
                        }
                        Claimed::Gone => {
                            self.unlink(at, Place::Out);
                            at = next;
                            continue;
                        }
                    },
                };
                let waker = self.unlink(at, Place::Handed).into_waker().or(granted);
                let waker = waker.expect("a waiter has a waker, and so has a claim that was granted");
                return Some((waker, hand(data))); // the last touch: the waiter may go
            }
        }
        None
    }

    /// # Safety
    /// `this` stands in this queue.
    #[inline]
    unsafe fn unlink(&mut self, this: *const Waiter, to: Place) -> Who {
        // SAFETY: `this` and its neighbours are queued, hence alive, and `&mut self` is the lock.
        unsafe {
            let Links { prev, next, who, .. } = Self::entry(this, |e| {
                e.place = to;
                e.links.assume_init_read()
            });
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
    /// As `entry`.
    #[inline]
    unsafe fn place(waiter: *const Waiter) -> Place {
        // SAFETY: the caller's contract.
        unsafe { Self::entry(waiter, |e| e.place) }
    }

    /// # Safety
    /// As `entry`, and the waiter is queued.
    #[inline]
    unsafe fn links<R>(waiter: *const Waiter, f: impl FnOnce(&mut Links) -> R) -> R {
        // SAFETY: the caller's contract: one that is queued has links.
        unsafe { Self::entry(waiter, |e| f(e.links.assume_init_mut())) }
    }

    /// # Safety
    /// `waiter` is alive and the lock of its queue is held.
    #[inline]
    unsafe fn entry<R>(waiter: *const Waiter, f: impl FnOnce(&mut Entry) -> R) -> R {
        // SAFETY: the caller's contract; the reference does not outlive the closure.
        unsafe { (*waiter).entry.with_mut(|entry| f(&mut *entry)) }
    }
}

impl Default for WaitQueue {
    fn default() -> Self {
        WaitQueue::new()
    }
}
