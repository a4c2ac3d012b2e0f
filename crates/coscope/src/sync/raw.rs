//! The raw semaphore, of which a mutex is one with a single permit: word, queue, and the slots of those who wait. See
//! `protocol.md`.
//!
//! Untyped in its errors; the faces are `mutex.rs` and `semaphore.rs`. Imports nothing of this crate.

use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, Waker};

use coscope_core::dispatch::resuming;
use coscope_core::gate::{self, WaitKind};
use coscope_core::primitive::{AtomicPtr, AtomicU64, AtomicUsize, Ordering, UnsafeCell, give_way};
use coscope_core::tell;
use coscope_core::unwind::contain;
use coscope_core::wait::{Left, Turn, WaitQueue, Waiter};

const LOCKED: usize = 1;
const WAITERS: usize = 1 << 1;
const CLOSED: usize = 1 << 2;
const SHIFT: u32 = 3;

/// There are no more permits than this.
pub(super) const MOST: usize = usize::MAX >> SHIFT;

/// Permits, and those who wait for some.
pub(super) struct Raw {
    word: AtomicUsize,
    /// Who got permits last.
    number: AtomicU64,
    site: AtomicPtr<Location<'static>>,
    /// For the one who has set `LOCKED`.
    queue: UnsafeCell<WaitQueue>,
}

// SAFETY: the queue is touched by the one who has set `LOCKED` alone.
unsafe impl Sync for Raw {}

// No user code runs inside, and a panic of ours leaves the word as it was.
impl std::panic::UnwindSafe for Raw {}
impl std::panic::RefUnwindSafe for Raw {}

/// What has permits.
pub(super) trait Permits {
    /// Whether there is one permit, ever: then the word is guessed, and the way to it need not wait for a look.
    const SINGLE: bool;
    fn raw(&self) -> &Raw;
}

/// What has one permit, ever, and a value for whoever has it.
pub(super) trait Protects: Permits {
    type Value: ?Sized;
    fn value(&self) -> &Value<Self::Value>;
}

/// A value that whoever has the permit of its [`Raw`] may touch.
pub(super) struct Value<T: ?Sized> {
    /// For the model checker, which sees that the value is not touched by two at once: its own cells have a size.
    touched: UnsafeCell<()>,
    value: std::cell::UnsafeCell<T>,
}

// SAFETY: the one permit is held by one guard at a time, through which alone the value is touched: as if it were sent
// from one to the next. (A guard that is shared shares the value: the guards say so.)
unsafe impl<T: Send + ?Sized> Sync for Value<T> {}

impl<T> Value<T> {
    #[cfg(not(loom))]
    pub(super) const fn new(value: T) -> Self {
        Value { touched: UnsafeCell::new(()), value: std::cell::UnsafeCell::new(value) }
    }
    #[cfg(loom)]
    pub(super) fn new(value: T) -> Self {
        Value { touched: UnsafeCell::new(()), value: std::cell::UnsafeCell::new(value) }
    }
    pub(super) fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Value<T> {
    pub(super) fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
    /// For reading.
    #[inline]
    fn get(&self) -> *const T {
        self.touched.with(|_| self.value.get())
    }
    /// For writing too.
    #[inline]
    fn get_to_write(&self) -> *mut T {
        self.touched.with_mut(|_| self.value.get())
    }
}

const IDLE: u32 = Waiter::IDLE;
const QUEUED: u32 = Waiter::QUEUED;
const GRANTED: u32 = Waiter::HANDED;

/// One who waits: in the waiting future, pinned.
#[repr(C)]
struct Slot {
    /// The first, so that the queue's pointer to it is one to the slot.
    waiter: Waiter,
    need: usize,
    number: AtomicU64,
    site: &'static Location<'static>,
}

impl Slot {
    fn word(&self) -> u32 {
        self.waiter.word()
    }
    /// Whether a coroutine has stood in the queue with it.
    fn has_waited(&self) -> bool {
        self.number.load(Ordering::Relaxed) != 0
    }
    /// What it was given, or refused, has been taken.
    fn set_idle(&self) {
        // SAFETY: for its owner, when it has been taken out of the queue.
        unsafe { self.waiter.set(IDLE) };
    }
    /// For the queue. Made from the whole slot, so that it may be followed to all of it.
    fn as_waiter(self: Pin<&Self>) -> *const Waiter {
        ptr::from_ref(self.get_ref()).cast()
    }
    fn waiter(self: Pin<&Self>) -> Pin<&Waiter> {
        // SAFETY: a projection to a field that is never moved out of.
        unsafe { self.map_unchecked(|slot| &slot.waiter) }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        resuming(|| contain("a waker", || waker.wake()));
    }
}

impl Raw {
    #[cfg(not(loom))]
    pub(super) const fn new(permits: usize) -> Self {
        assert!(permits <= MOST, "more permits than there can be");
        Raw {
            word: AtomicUsize::new(permits << SHIFT),
            number: AtomicU64::new(0),
            site: AtomicPtr::new(ptr::null_mut()),
            queue: UnsafeCell::new(WaitQueue::new()),
        }
    }
    #[cfg(loom)]
    pub(super) fn new(permits: usize) -> Self {
        Raw {
            word: AtomicUsize::new(permits << SHIFT),
            number: AtomicU64::new(0),
            site: AtomicPtr::new(ptr::null_mut()),
            queue: UnsafeCell::new(WaitQueue::new()),
        }
    }

    pub(super) fn free(&self) -> usize {
        self.word.load(Ordering::Acquire) >> SHIFT
    }

    pub(super) fn is_closed(&self) -> bool {
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Who got permits last, by number and place.
    pub(super) fn latest(&self) -> Option<(u64, &'static Location<'static>)> {
        let site = self.site.load(Ordering::Relaxed);
        // SAFETY: null, or a pointer to a place of the program.
        unsafe { site.as_ref() }.map(|site| (self.number.load(Ordering::Relaxed), site))
    }

    #[inline]
    fn note(&self, number: u64, site: &'static Location<'static>) {
        self.number.store(number, Ordering::Relaxed);
        self.site.store(ptr::from_ref(site).cast_mut(), Ordering::Relaxed);
    }

    /// Takes permits, unless somebody waits for some already.
    #[inline]
    pub(super) fn take(&self, need: usize, single: bool) -> bool {
        let mut word = if single { 1 << SHIFT } else { self.word.load(Ordering::Relaxed) };
        while word & (LOCKED | WAITERS | CLOSED) == 0 && word >> SHIFT >= need {
            let left = word - (need << SHIFT);
            match self.word.compare_exchange_weak(word, left, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// As [`take`](Self::take), on behalf of the code at `site`. Goes inside where somebody is there just now.
    pub(super) fn try_take(&self, need: usize, site: &'static Location<'static>) -> bool {
        let taken = self.take(need, false)
            || ((need == 0 || self.word.load(Ordering::Relaxed) & LOCKED != 0) && self.enter().take(need));
        if taken {
            self.note(gate::coroutine_number(), site);
        }
        taken
    }

    /// Gives permits back, or new ones.
    ///
    /// # Panics
    /// If there were more than [`MOST`].
    #[inline]
    pub(super) fn give(&self, count: usize, single: bool) {
        let mut word = if single { 0 } else { self.word.load(Ordering::Relaxed) };
        while word & (LOCKED | WAITERS) == 0 {
            let more = word + (checked(word, count) << SHIFT);
            match self.word.compare_exchange_weak(word, more, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
        self.give_inside(count);
    }

    #[inline(never)]
    fn give_inside(&self, count: usize) {
        let mut inside = self.enter();
        inside.word += checked(inside.word, count) << SHIFT;
        inside.settle();
    }

    /// Takes up to `count` of the free permits away. Gives how many.
    pub(super) fn withdraw(&self, count: usize) -> usize {
        let mut inside = self.enter();
        let taken = count.min(inside.free());
        inside.word -= taken << SHIFT;
        taken
    }

    /// Refuses all who wait, and all who come. `true` for the first. All at one point: whoever is behind one that was
    /// refused is not granted what is given back meanwhile.
    pub(super) fn close(&self) -> bool {
        let mut wakers = Vec::new();
        let first = {
            let mut inside = self.enter();
            let first = inside.word & CLOSED == 0;
            inside.word |= CLOSED;
            while let Some((waker, ())) = inside.queue().pop_with(None, Left::Refused, |_| true, |_| ()) {
                wakers.push(waker);
            }
            first
        };
        wakers.into_iter().for_each(|waker| wake(Some(waker)));
        first
    }

    #[inline]
    pub(super) fn enter(&self) -> Inside<'_> {
        let mut tries = 0;
        loop {
            let word = self.word.load(Ordering::Relaxed);
            if word & LOCKED == 0
                && self
                    .word
                    .compare_exchange_weak(word, word | LOCKED, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
            {
                return Inside { raw: self, word };
            }
            give_way(tries);
            tries += 1;
        }
    }
}

/// `count`, if so many more are not too many.
#[inline]
fn checked(word: usize, count: usize) -> usize {
    assert!(count <= MOST - (word >> SHIFT), "more permits than there can be");
    count
}

/// # Safety
/// `waiter` came from `as_waiter` of a slot that stands in a queue, or has just been taken out of it, whose lock is held.
unsafe fn slot<'a>(waiter: *const Waiter) -> &'a Slot {
    // SAFETY: the caller's contract: its owner takes it out under the lock before it goes.
    unsafe { &*waiter.cast::<Slot>() }
}

/// One thread is inside; dropped, it is out.
pub(super) struct Inside<'a> {
    raw: &'a Raw,
    /// What the word is going to be, but for `LOCKED` and `WAITERS`.
    word: usize,
}

impl Inside<'_> {
    pub(super) fn queue(&mut self) -> &mut WaitQueue {
        // SAFETY: this thread has set `LOCKED`, and this is borrowed mutably.
        self.raw.queue.with_mut(|queue| unsafe { &mut *queue })
    }

    fn free(&self) -> usize {
        self.word >> SHIFT
    }

    /// For one who does not stand in the queue. Who needs nothing does not wait for those who do.
    fn take(&mut self, need: usize) -> bool {
        let turn = need == 0 || self.queue().is_empty();
        let taken = turn && self.word & CLOSED == 0 && self.free() >= need;
        if taken {
            self.word -= need << SHIFT;
        }
        taken
    }

    /// Hands what is free to the first, if it is enough for him and he can be had.
    fn serve(&mut self) -> Option<Waker> {
        loop {
            let first = self.queue().front()?;
            // SAFETY: it stands in the queue.
            let need = unsafe { slot(first) }.need;
            if self.free() < need {
                return None;
            }
            let raw = self.raw;
            let handed = self.queue().pop_with(
                None,
                Left::Handed,
                |waiter| waiter == first,
                |waiter| {
                    // SAFETY: just taken out.
                    let slot = unsafe { slot(waiter) };
                    raw.note(slot.number.load(Ordering::Relaxed), slot.site);
                },
            );
            if let Some((waker, ())) = handed {
                self.word -= need << SHIFT;
                return Some(waker);
            }
            if self.queue().front() == Some(first) {
                return None; // a select that looks just now, and will find it
            }
        }
    }

    /// Serves all for whom there is enough, at one point, so that what is theirs is never seen free, and leaves. They are woken
    /// with no lock held.
    fn settle(mut self) {
        let first = self.serve();
        let mut others = Vec::new();
        while first.is_some()
            && self.free() > 0
            && let Some(waker) = self.serve()
        {
            others.push(waker);
        }
        drop(self);
        wake(first);
        others.into_iter().for_each(|waker| wake(Some(waker)));
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        let waiters = if self.queue().is_empty() { 0 } else { WAITERS };
        self.raw.word.store(self.word & !WAITERS | waiters, Ordering::Release);
    }
}

/// One who asks for permits.
pub(super) struct Acquiring<P: Deref<Target: Permits>> {
    of: P,
    slot: Slot,
}

impl<P: Deref<Target: Permits> + Clone> Acquiring<P> {
    #[inline]
    pub(super) fn new(of: P, need: usize, site: &'static Location<'static>) -> Self {
        assert!(need <= MOST, "more permits than there can be");
        Acquiring { of, slot: Slot { waiter: Waiter::new(), need, number: AtomicU64::new(0), site } }
    }

    pub(super) fn of(&self) -> &P {
        &self.of
    }

    fn slot(self: Pin<&Self>) -> Pin<&Slot> {
        // SAFETY: a projection to a field that is never moved out of.
        unsafe { self.map_unchecked(|this| &this.slot) }
    }

    /// The permits are the caller's.
    #[inline]
    fn held(&self) -> Held<P> {
        Held { of: self.of.clone(), count: self.slot.need }
    }

    /// Ready with the permits, or with none if they were refused. Polled again after that, it asks again.
    #[inline]
    pub(super) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Held<P>>> {
        let this = self.into_ref();
        let word = this.slot.word();
        if !gate::may_go_on(cx, || word != QUEUED) {
            return this.pending();
        }
        if word == IDLE && this.of.raw().take(this.slot.need, P::Target::SINGLE) {
            this.of.raw().note(gate::coroutine_number(), this.slot.site);
            return Poll::Ready(Some(this.held()));
        }
        this.poll_slowly(cx, word)
    }

    #[inline(never)]
    fn poll_slowly(self: Pin<&Self>, cx: &mut Context<'_>, mut word: u32) -> Poll<Option<Held<P>>> {
        if word == IDLE {
            return self.wait(cx);
        }
        if word == QUEUED {
            if self.still_waits(cx) {
                return self.pending();
            }
            word = self.slot.word();
        }
        self.slot.set_idle();
        tell::granted(self.of.raw().resource::<P::Target>());
        Poll::Ready((word == GRANTED).then(|| self.held()))
    }

    fn wait(self: Pin<&Self>, cx: &mut Context<'_>) -> Poll<Option<Held<P>>> {
        let raw = self.of.raw();
        let number = gate::coroutine_number();
        let mut foreign = None;
        loop {
            let mut inside = raw.enter();
            if inside.take(self.slot.need) {
                drop(inside);
                raw.note(number, self.slot.site);
                return Poll::Ready(Some(self.held()));
            }
            if inside.word & CLOSED != 0 {
                return Poll::Ready(None);
            }
            if let Some(waker) = foreign.take().or_else(|| gate::own_waker(cx)) {
                self.slot.number.store(number, Ordering::Relaxed);
                // SAFETY: it stands nowhere; `drop` takes it out.
                unsafe { inside.queue().stand(self.slot().as_waiter(), waker, QUEUED) };
                let holder = raw.holder::<P::Target>();
                drop(inside);
                tell::blocked(raw.resource::<P::Target>(), holder, self.slot.site);
                return self.pending();
            }
            drop(inside);
            foreign = Some(cx.waker().clone()); // user code: not under the lock
        }
    }

    /// For those who look.
    #[inline]
    fn pending<R>(&self) -> Poll<R> {
        gate::waits(if P::Target::SINGLE { WaitKind::Lock } else { WaitKind::Acquire }, self.slot.site);
        Poll::Pending
    }

    /// One that stands in the queue is polled again: its waker is exchanged if it would wake another. `false` if it does
    /// not stand there any more.
    fn still_waits(self: Pin<&Self>, cx: &Context<'_>) -> bool {
        let (raw, slot) = (self.of.raw(), self.slot());
        {
            let mut inside = raw.enter();
            let queue = inside.queue();
            // SAFETY: it stands here or nowhere.
            if !queue.contains(slot.waiter()) || unsafe { queue.would_wake(slot.waiter(), cx.waker()) } {
                return queue.contains(slot.waiter());
            }
        }
        let waker = cx.waker().clone(); // user code: not under the lock
        let mut inside = raw.enter();
        let waits = inside.queue().contains(slot.waiter());
        let outdated = match waits {
            // SAFETY: it stands here; `drop` takes it out.
            true => unsafe { inside.queue().push(slot.waiter(), waker) },
            false => Some(waker),
        };
        drop(inside);
        drop(outdated);
        waits
    }

    /// As a clause.
    pub(super) fn poll_commit(self: Pin<&mut Self>, turn: &Turn<'_, '_>) -> Poll<()> {
        let this = self.into_ref();
        let (raw, slot) = (this.of.raw(), this.slot());
        let word = slot.word();
        if word >= GRANTED {
            return Poll::Ready(());
        }
        let seen = raw.word.load(Ordering::Acquire);
        let idle_and_waits = word == IDLE && turn.ticket().is_some();
        let in_vain = seen & (LOCKED | CLOSED) == 0 && seen >> SHIFT < slot.need;
        if in_vain && !idle_and_waits && !turn.is_granted() {
            return Poll::Pending;
        }
        let number = gate::coroutine_number();
        let mut inside = raw.enter();
        if slot.word() >= GRANTED {
            return Poll::Ready(()); // by whoever has just let go of the lock
        }
        if inside.word & CLOSED != 0 {
            // SAFETY: it stands here or nowhere; a ticket has no waker.
            let _none = unsafe { inside.queue().remove(slot.waiter()) };
            // SAFETY: for its owner, out of the queue.
            unsafe { slot.waiter.set(Waiter::REFUSED) };
            return Poll::Ready(());
        }
        let first = slot.need == 0 || inside.queue().front().is_none_or(|first| first == slot.as_waiter());
        if first && inside.free() >= slot.need {
            inside.word -= slot.need << SHIFT;
            // SAFETY: as above.
            let _none = unsafe { inside.queue().remove(slot.waiter()) };
            // SAFETY: for its owner, out of the queue.
            unsafe { slot.waiter.set(GRANTED) };
            raw.note(number, slot.site);
            inside.settle();
            return Poll::Ready(());
        }
        if let Some(ticket) = turn.ticket().filter(|_| idle_and_waits) {
            slot.number.store(number, Ordering::Relaxed);
            // SAFETY: it stands nowhere; `drop` takes it out.
            unsafe { inside.queue().stand(slot.as_waiter(), ticket, QUEUED) };
            let holder = raw.holder::<P::Target>();
            drop(inside);
            tell::blocked_in_select(raw.resource::<P::Target>(), holder, slot.site);
        }
        Poll::Pending
    }

    /// What a clause has won.
    pub(super) fn won(self: Pin<&mut Self>) -> Option<Held<P>> {
        let granted = self.slot.word() == GRANTED;
        self.slot.set_idle();
        if self.slot.has_waited() {
            tell::granted(self.of.raw().resource::<P::Target>());
        }
        granted.then(|| self.held())
    }
}

impl<P: Deref<Target: Permits>> Acquiring<P> {
    /// Dropped before it has taken what it asked for.
    #[cold]
    fn give_up(&mut self) {
        // SAFETY: pinned since it was polled, and not moved after this.
        let slot = unsafe { Pin::new_unchecked(&self.slot) };
        let raw = self.of.raw();
        if slot.has_waited() {
            tell::left(raw.resource::<P::Target>());
        }
        if slot.word() == QUEUED {
            let mut inside = raw.enter();
            // SAFETY: it stands here or nowhere.
            let waker = unsafe { inside.queue().remove(slot.waiter()) };
            inside.settle(); // those behind it may ask for less
            drop(waker);
        }
        if slot.word() == GRANTED {
            raw.give(slot.need, false);
        }
    }
}

impl<P: Deref<Target: Permits>> Drop for Acquiring<P> {
    #[inline]
    fn drop(&mut self) {
        if self.slot.word() != IDLE {
            self.give_up();
        }
    }
}

/// Permits that are held, to be given back when this is dropped.
pub(super) struct Held<P: Deref<Target: Permits>> {
    of: P,
    count: usize,
}

impl<P: Deref<Target: Permits>> Held<P> {
    /// For one who has [taken](Raw::try_take) them.
    pub(super) fn new(of: P, count: usize) -> Self {
        Held { of, count }
    }
    pub(super) fn of(&self) -> &P {
        &self.of
    }
    pub(super) fn count(&self) -> usize {
        self.count
    }
    /// They are not given back.
    pub(super) fn forget(mut self) {
        self.count = 0;
    }
}

impl<P: Deref<Target: Protects>> Held<P> {
    #[inline]
    pub(super) fn value(&self) -> &<P::Target as Protects>::Value {
        // SAFETY: this is the one permit (`Protects`), so that nobody else has a reference but through this.
        unsafe { &*self.of.value().get() }
    }
    #[inline]
    pub(super) fn value_mut(&mut self) -> &mut <P::Target as Protects>::Value {
        // SAFETY: as above, and this is borrowed mutably.
        unsafe { &mut *self.of.value().get_to_write() }
    }
}

impl<P: Deref<Target: Permits>> Drop for Held<P> {
    #[inline]
    fn drop(&mut self) {
        if self.count != 0 {
            let raw = self.of.raw();
            tell::released(|| raw.resource::<P::Target>());
            raw.give(self.count, P::Target::SINGLE);
        }
    }
}
