//! [`Branch`]: any future as a clause of a select, in a region of its own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use super::kept_panic::{Kept, KeptPanic, settled};
use super::region::{Mode, Polled, Region};
use crate::context::current;
use crate::wait::{Clause, Turn};

pin_project! {
    /// Any future as a clause of a select. It commits when it is ready; losing, it is cut where it is suspended, and what it
    /// leaves behind (scopes, clean-ups) is cancelled and joined before the select goes on.
    pub struct Branch<F: Future> {
        #[pin]
        region: Region,
        #[pin]
        body: Option<F>,
        won: Option<Kept<F::Output>>,
        // the region has been polled, and has not ended
        open: bool,
        begun: bool,
    }

    impl<F: Future> PinnedDrop for Branch<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let is_joined = || this.region.poll_joined(&mut Context::from_waker(Waker::noop())).is_ready();
            if *this.begun && (*this.open || !is_joined()) {
                this.region.abandon(|| this.body.set(None));
            }
        }
    }
}

impl<F: Future> Branch<F> {
    /// `future` as a clause.
    #[track_caller]
    pub fn new(future: F) -> Self {
        Branch {
            region: Region::new("select", Mode::Supervise),
            body: Some(future),
            won: None,
            open: false,
            begun: false,
        }
    }
}

impl<F: Future> Clause for Branch<F> {
    type Output = F::Output;

    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        if turn.ticket().is_some() {
            return Poll::Pending; // it has just had its look, and wakes by itself
        }
        let this = self.project();
        if this.body.is_none() {
            return Poll::Pending;
        }
        (*this.begun, *this.open) = (true, true);
        let region = &*this.region;
        let poll = || region.poll_body(this.body, turn.context());
        match current::branch(&region.frame, poll, Polled::is_pending) {
            Polled::Pending | Polled::Cut => return Poll::Pending,
            Polled::Ready(value) => *this.won = Some(Ok(value)),
            Polled::Panicked(payload) => *this.won = Some(Err(KeptPanic::new(payload))),
        }
        Poll::Ready(())
    }

    fn poll_settle(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if !*this.begun {
            this.body.set(None);
            return Poll::Ready(());
        }
        if *this.open {
            // a loser with a shield open goes on until that has ended
            let loses = this.won.is_none();
            if loses && this.body.is_some() && this.region.is_shielded() {
                match this.region.poll_body(this.body.as_mut(), cx) {
                    Polled::Pending | Polled::Cut if this.region.is_held_up() => return Poll::Pending,
                    Polled::Panicked(payload) => drop(KeptPanic::new(payload)), // nobody's: reported
                    _ => {}
                }
            }
            if loses {
                this.region.cancel_children("the select has chosen another".into());
            }
            if this.body.is_some() {
                this.region.cut_body(|| this.body.set(None));
            }
            this.region.end_body();
            *this.open = false;
        }
        this.region.poll_joined(cx)
    }

    fn take(self: Pin<&mut Self>) -> F::Output {
        settled(self.project().won.take().expect("a branch is taken once, when it has won"))
    }
}

impl<F: Future> fmt::Debug for Branch<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Branch").field(&self.region).finish()
    }
}
