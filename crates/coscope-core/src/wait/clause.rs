//! [`Clause`]: one branch of a `select`; [`Contest`]: the machine that lets exactly one of several commit.
//!
//! A clause is a value that has not happened yet: a message to receive, one to send, a lock, a coroutine's end. The
//! contest asks each in turn whether it can **commit**; if none can, each leaves a [`Ticket`] where it waits, and
//! whoever comes along claims it. What is *committed* lies in the clause, which can still give it back; it is *taken* at the very
//! end, when the losers are gone.
//!
//! ```text
//!                 (1) look: commit, no ticket       (2) wait: look once more, leave a ticket
//!   new, woken ──────────────────────────────▶ none ────────────────────────────────────────▶ none
//!      ▲               │ one                                     │ one                          │ (3) open
//!      │               ▼                                         ▼                              ▼
//!      │       (4) all are settled ◀────────────────────┘      missed: again ◀──── waiting
//!      │               │ nothing is left behind                                                 │
//!      │               ▼                                     claimed: the winner commits, (4) ◀─┤
//!      │       (5) the winner's value is taken                                                  │
//!      └────────────────────────────────────────────────── woken for another reason ◀───────────┘
//! ```
//!
//! # How to write a clause
//!
//! *What is a future and loses nothing when it is dropped* (a delay, a signal) commits when it is ready: poll it in
//! `poll_commit` while [`Turn::ticket`] is `None`, keep what it gave, and say "pending" to the turn with a ticket.
//!
//! *What waits in a queue of its own* (a lock, a channel) does this under its own lock:
//! - `poll_commit`: if it has been handed something already, or there is something to have, keep it in the clause and
//!   be ready. Else, if the turn has a ticket and the clause does not stand in the queue, put it there with
//!   [`WaitQueue::push_ticket`](super::WaitQueue::push_ticket). Its order in the queue stays, whatever the select does.
//! - *whoever has something to give* takes waiters out with [`WaitQueue::pop`](super::WaitQueue::pop), which passes by those
//!   that cannot be had, and must keep what it has where a clause that looks will find it, if it got nobody.
//!   A clause that has been handed something is asked to commit once more, and finds it: under the lock, since whoever
//!   claims writes under it.
//! - `take`: what the clause keeps.
//! - `Drop`: take the waiter out; if it had been handed something, pass that on (`WaitQueue::is_handed`).
//!
//! A look without a ticket may be a quick one, without the lock: what it overlooks, the turn with a ticket finds.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::Ticket;
use super::claim::Claim;

/// How often one look follows another before it lets others run: two selects that are busy with each other.
const LOOKS: u32 = 3;

/// One branch of a `select`: commits at once, is committed by somebody else while it waits, or withdraws.
///
/// See the module's page for how to write one. A clause that is dropped has withdrawn: it takes its waiter
/// out, and what it was handed and has not [taken](Self::take) goes to whoever comes next.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no clause of a select",
    label = "neither a clause nor a future",
    note = "a clause is `rx.recv()`, `tx.send(x)`, a `Deferred`, `job.join()`, `delay(d)`, `mutex.lock()`, or any future, by value"
)]
pub trait Clause {
    /// What the branch gets.
    type Output;

    /// Commits if that is possible now, and keeps what it won. If not, and the turn has a ticket, waits with that.
    ///
    /// The select is busy while this is called: nobody claims it. After "ready" no other clause commits, and this is
    /// not called again. It is called for a clause whose claim was granted too, and is ready then (or never, if the
    /// coroutine is about to be cut).
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()>;

    /// Gives what was won. Called at most once, after `poll_commit` was ready.
    fn take(self: Pin<&mut Self>) -> Self::Output;

    /// The choice is made, for this clause or another. Ends whatever runs in here, and is ready when nothing is left
    /// behind that must be waited for; then the winner's value is taken, and all are dropped.
    fn poll_settle(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Ready(())
    }
}

/// A clause's turn to commit.
pub struct Turn<'a, 'cx> {
    cx: &'a mut Context<'cx>,
    own: Ticket,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Look,
    Wait,
    /// Somebody has claimed the clause.
    Granted,
}

impl<'cx> Turn<'_, 'cx> {
    /// The select's context, for what wakes by itself.
    pub fn context(&mut self) -> &mut Context<'cx> {
        self.cx
    }

    /// The ticket to wait with. Without one the clause only looks.
    pub fn ticket(&self) -> Option<Ticket> {
        (self.kind == Kind::Wait).then_some(self.own)
    }

    /// Lets the clause in `place` have its turn.
    #[inline]
    pub fn let_commit<C: Clause + ?Sized>(&mut self, place: usize, clause: Pin<&mut C>) -> Poll<()> {
        self.own = self.own.of_clause(place);
        clause.poll_commit(self)
    }

    /// Whether a claim of this clause was granted: what it got is there as soon as the lock can be had.
    pub fn is_granted(&self) -> bool {
        self.kind == Kind::Granted
    }

    /// Whose turn it is, for [`WaitQueue::pop_with`](super::WaitQueue::pop_with): a select does not meet itself.
    pub fn own(&self) -> Ticket {
        self.own
    }
}

impl fmt::Debug for Turn<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("ticket", &self.ticket()).finish_non_exhaustive()
    }
}

/// Several clauses, by their places.
pub trait Clauses {
    /// What the whole gives.
    type Output;
    /// How many there are.
    fn count(&self) -> usize;
    /// Lets those in `places`, which begin to count at `at`, have their turn until one [commits](Clause::poll_commit).
    fn poll_commit(self: Pin<&mut Self>, at: usize, places: Places, turn: &mut Turn<'_, '_>)
    -> Option<usize>;
    /// [`Clause::poll_settle`] of all.
    fn poll_settle(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;
    /// [`Clause::take`] of one.
    fn take(self: Pin<&mut Self>, index: usize) -> Self::Output;
}

/// A row of places, from below or from above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// The lowest.
    pub from: usize,
    /// The one above the highest.
    pub to: usize,
    /// The highest comes first.
    pub backwards: bool,
}

impl Places {
    /// Whether `at` is one of them.
    #[inline]
    pub fn have(self, at: usize) -> bool {
        self.from <= at && at < self.to
    }
    /// The first of them of which `commits` is true.
    #[inline]
    pub fn find(self, mut commits: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut row = self.from..self.to;
        if self.backwards { row.rev().find(|&at| commits(at)) } else { row.find(|&at| commits(at)) }
    }
}

/// Clauses of one kind, in one block. Gives the place of the one that won, and what it won.
pub struct Row<C>(Pin<Box<[C]>>);

impl<C> Row<C> {
    /// A row of `clauses`.
    pub fn new(clauses: impl IntoIterator<Item = C>) -> Self {
        Row(Box::into_pin(clauses.into_iter().collect()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    fn get(&mut self, index: usize) -> Pin<&mut C> {
        // SAFETY: a projection to an element, which stays where it is for as long as it is there.
        unsafe { self.0.as_mut().map_unchecked_mut(|clauses| &mut clauses[index]) }
    }
}

impl<C: Clause> Clauses for Row<C> {
    type Output = (usize, C::Output);
    fn count(&self) -> usize {
        self.0.len()
    }
    fn poll_commit(
        mut self: Pin<&mut Self>,
        at: usize,
        places: Places,
        turn: &mut Turn<'_, '_>,
    ) -> Option<usize> {
        places.find(|place| turn.let_commit(place, self.get(place - at)).is_ready())
    }
    fn poll_settle(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let count = self.0.len();
        let settles = |index| self.get(index).poll_settle(cx).is_ready();
        let settled = (0..count).map(settles).fold(true, |all, one| all & one);
        if settled { Poll::Ready(()) } else { Poll::Pending }
    }
    fn take(mut self: Pin<&mut Self>, index: usize) -> Self::Output {
        (index, self.get(index).take())
    }
}

impl<C> fmt::Debug for Row<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row of {}", self.0.len())
    }
}

/// In which order clauses have their turn: where to begin, and whether backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Order {
    /// The first to look.
    pub first: usize,
    /// From there upwards, or downwards; around the end in both cases.
    pub backwards: bool,
}

impl Order {
    /// The two rows of places in which `count` clauses have their turn.
    #[inline]
    fn rows(self, count: usize) -> [Places; 2] {
        let Order { first, backwards } = self;
        let cut = if backwards { first + 1 } else { first };
        let (low, high) =
            (Places { from: 0, to: cut, backwards }, Places { from: cut, to: count, backwards });
        if backwards { [low, high] } else { [high, low] }
    }
}

/// Clauses of which exactly one commits.
pub struct Contest<C> {
    clauses: C, // goes first: the clauses' tickets point to the claim
    claim: Claim,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Waiting,
    /// By somebody else.
    Claimed(usize),
    /// Committed; all settle.
    Won(usize),
    Taken,
}

impl<C: Clauses> Contest<C> {
    /// A contest between `clauses`. Nothing happens before it is polled.
    #[inline(always)]
    pub fn new(clauses: C) -> Self {
        Contest { clauses, claim: Claim::new(), stage: Stage::New }
    }

    /// Whether a poll may come to an end, or to a beginning: it is new, or a clause has won.
    pub fn is_in_motion(&self) -> bool {
        self.stage != Stage::Waiting || self.claim.is_claimed()
    }

    /// Lets one commit. Ready, with what it won, when all have settled.
    ///
    /// # Panics
    /// If it has been ready before.
    pub fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, order: Order) -> Poll<C::Output> {
        // SAFETY: `clauses` is pinned below and never moved; `claim` is not moved either.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let mut clauses = unsafe { Pin::new_unchecked(&mut this.clauses) };
        assert!(this.stage != Stage::Taken, "a select was polled after it had ended");
        if this.stage == Stage::Waiting
            && let Err(index) = this.claim.enter()
        {
            this.stage = Stage::Claimed(index);
        }
        let mut turn = Turn { cx, own: this.claim.ticket(0), kind: Kind::Look };
        let mut looks = 0;
        let won = loop {
            match this.stage {
                Stage::Won(index) => break index,
                Stage::Claimed(index) => {
                    turn.kind = Kind::Granted;
                    let only = Places { from: index, to: index + 1, backwards: false };
                    if clauses.as_mut().poll_commit(0, only, &mut turn).is_none() {
                        return Poll::Pending;
                    }
                    this.stage = Stage::Won(index);
                    break index;
                }
                _ => {}
            }
            let rows = order.rows(clauses.count());
            let found = [Kind::Look, Kind::Wait].into_iter().find_map(|kind| {
                turn.kind = kind;
                rows.into_iter().find_map(|row| clauses.as_mut().poll_commit(0, row, &mut turn))
            });
            if let Some(index) = found {
                this.claim.commit(index);
                this.stage = Stage::Won(index);
                break index;
            }
            this.stage = Stage::Waiting;
            looks += 1;
            let waker = turn.cx.waker();
            if this.claim.open(waker) {
                return Poll::Pending;
            }
            if looks >= LOOKS && this.claim.open(waker) {
                waker.wake_by_ref(); // open for a while, so that the other can have it
                return Poll::Pending;
            }
        };
        ready!(clauses.as_mut().poll_settle(turn.cx));
        this.stage = Stage::Taken;
        Poll::Ready(clauses.take(won))
    }
}

impl<C> fmt::Debug for Contest<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contest")
            .field("stage", &self.stage)
            .field("claim", &self.claim)
            .finish_non_exhaustive()
    }
}
