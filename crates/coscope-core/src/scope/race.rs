//! [`race`] and [`first_ok`]: several futures at once, of which one wins. Losers are cut and joined
//! before the winner's value is given.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::kept_panic::{Kept, KeptPanic, settled};
use super::region::{Mode, Polled, Region};
use crate::context::current;
use crate::mark::WaitKind;

/// Runs the futures at the same time, inside this coroutine, and gives what the first to end gave.
///
/// The others are dropped where they are suspended, and what they leave behind (scopes, clean-ups) is
/// cancelled and joined before this returns. The first listed wins where several are ready.
///
/// ```
/// # use coscope::prelude::*;
/// # use std::time::Duration;
/// run_blocking(async |_| {
///     let first = race([60_000u64, 1, 30_000].map(|ms| async move {
///         delay(Duration::from_millis(ms)).await;
///         ms
///     }))
///     .await;
///     assert_eq!(first, 1);
/// });
/// ```
///
/// # Cancellation
/// All are dropped where they are suspended. A shield inside a loser is waited for.
///
/// # Panics
/// If there is nothing to race, and with the panic of a future that panics before one has won.
#[track_caller]
pub fn race<I>(futures: I) -> Race<I::Item>
where
    I: IntoIterator,
    I::Item: Future,
{
    Race(Contest::new("race", futures, |_| true))
}

/// Runs the futures at the same time and gives the first `Ok`; every `Err`, in the order of the list,
/// if there is none.
///
/// ```
/// # use coscope::{first_ok, run_blocking};
/// run_blocking(async |_| {
///     let ask = |mirror| async move { if mirror == 2 { Ok(mirror) } else { Err(mirror) } };
///     assert_eq!(first_ok([1, 2, 3].map(ask)).await, Ok(2));
///     assert_eq!(first_ok([5, 6].map(ask)).await, Err(vec![5, 6]));
/// });
/// ```
///
/// # Errors
/// All of them, if every future fails.
///
/// # Cancellation
/// As [`race`].
///
/// # Panics
/// As [`race`].
#[track_caller]
pub fn first_ok<I, T, E>(futures: I) -> FirstOk<I::Item>
where
    I: IntoIterator,
    I::Item: Future<Output = Result<T, E>>,
{
    FirstOk(Contest::new("first_ok", futures, Result::is_ok))
}

struct Contest<F: Future> {
    branches: Vec<Branch<F>>,
    wins: fn(&F::Output) -> bool,
    won: Option<Kept<F::Output>>,
    begun: bool,
}

struct Branch<F: Future> {
    region: Pin<Box<Region>>,
    body: Option<Pin<Box<F>>>,
    lost: Option<F::Output>,
}

impl<F: Future> Branch<F> {
    fn end(&mut self) {
        let body = &mut self.body;
        if body.is_some() {
            self.region.cut_body(|| *body = None);
        }
        self.region.end_body();
    }
}

impl<F: Future> Contest<F> {
    #[track_caller]
    fn new(name: &'static str, futures: impl IntoIterator<Item = F>, wins: fn(&F::Output) -> bool) -> Self {
        let site = Location::caller();
        let branch = |future| {
            let mut region = Region::new(name, Mode::Supervise);
            region.frame.site = site;
            Branch { region: Box::pin(region), body: Some(Box::pin(future)), lost: None }
        };
        let mut branches = Vec::new();
        for future in futures {
            branches.push(branch(future));
        }
        assert!(!branches.is_empty(), "{name} of nothing: nobody could win");
        Contest { branches, wins, won: None, begun: false }
    }

    /// Ready when one has won, or all have lost, and nothing of the others is left.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.begun = true;
        if self.won.is_none() {
            for branch in &mut self.branches {
                if branch.body.is_none() {
                    continue;
                }
                let (region, body) = (&branch.region, Pin::new(&mut branch.body));
                match current::branch(&region.frame, || region.poll_body(body, cx), Polled::is_pending) {
                    Polled::Pending | Polled::Cut => continue,
                    Polled::Ready(value) if !(self.wins)(&value) => {
                        branch.lost = Some(value);
                        branch.end();
                        continue;
                    }
                    Polled::Ready(value) => self.won = Some(Ok(value)),
                    Polled::Panicked(payload) => self.won = Some(Err(KeptPanic::new(payload))),
                }
                branch.end();
                break;
            }
            if self.won.is_none() && self.branches.iter().any(|branch| branch.body.is_some()) {
                current::waits_for_one_of_many(WaitKind::Race, self.branches[0].region.frame.site);
                return Poll::Pending;
            }
        }
        let mut joined = true;
        for branch in &mut self.branches {
            if branch.body.is_some() {
                // a loser; one with a shield open goes on until that has ended
                if branch.region.is_shielded() {
                    match branch.region.poll_body(Pin::new(&mut branch.body), cx) {
                        Polled::Pending | Polled::Cut if branch.region.is_held_up() => {
                            joined = false;
                            continue;
                        }
                        Polled::Panicked(payload) => drop(KeptPanic::new(payload)), // nobody's: reported
                        _ => {}
                    }
                }
                branch.region.cancel_children("another has won the race".into());
                branch.end();
            }
            joined &= branch.region.poll_joined(cx).is_ready();
        }
        if joined { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<F: Future> Drop for Contest<F> {
    fn drop(&mut self) {
        if self.begun {
            for Branch { region, body, .. } in &mut self.branches {
                if body.is_some()
                    || region.poll_joined(&mut Context::from_waker(std::task::Waker::noop())).is_pending()
                {
                    region.abandon(|| *body = None);
                }
            }
        }
    }
}

/// The future of [`race`].
///
/// ```
/// # use coscope::{Race, prelude::*};
/// let first: Race<_> = race([std::future::ready(13), std::future::ready(29)]);
/// assert_eq!(run_blocking(async |_| first.await), 13);
/// ```
#[must_use = "a race is run only when it is awaited"]
pub struct Race<F: Future>(Contest<F>);

impl<F: Future> Unpin for Race<F> {}

impl<F: Future> Future for Race<F> {
    type Output = F::Output;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        ready!(self.0.poll(cx));
        Poll::Ready(settled(self.0.won.take().expect("a race was polled after it had ended")))
    }
}

impl<F: Future> fmt::Debug for Race<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Race({} branches)", self.0.branches.len())
    }
}

/// The future of [`first_ok`].
///
/// ```
/// # use coscope::{FirstOk, first_ok, run_blocking};
/// let first: FirstOk<_> = first_ok([std::future::ready(Err("busy")), std::future::ready(Ok(29))]);
/// assert_eq!(run_blocking(async |_| first.await), Ok(29));
/// ```
#[must_use = "a race is run only when it is awaited"]
pub struct FirstOk<F: Future>(Contest<F>);

impl<F: Future> Unpin for FirstOk<F> {}

impl<T, E, F: Future<Output = Result<T, E>>> Future for FirstOk<F> {
    type Output = Result<T, Vec<E>>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.0.poll(cx));
        if let Some(won) = self.0.won.take() {
            return Poll::Ready(Ok(settled(won).unwrap_or_else(|_| unreachable!("only an Ok wins"))));
        }
        let lost = self.0.branches.iter_mut().filter_map(|branch| branch.lost.take());
        Poll::Ready(Err(lost.filter_map(Result::err).collect()))
    }
}

impl<F: Future> fmt::Debug for FirstOk<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FirstOk({} branches)", self.0.branches.len())
    }
}
