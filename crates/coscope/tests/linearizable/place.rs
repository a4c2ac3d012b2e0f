//! [`Place`]: a place in a channel, as a thread holds it from one call to the next.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use coscope::channel::TrySendError;

use super::channel::ChannelSubject;
use super::channel_call::Answer;
use super::subject::Calling;

/// What is to be done with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Waits,
    Granted,
    Refused,
    Full,
    Send(u32),
    Release,
    Sent,
}

/// A place in a channel, or who waits for one: a future, since a place borrows from its sender. It is polled until it has
/// come to a stage, and again when it has been told what is next.
pub(crate) struct Place {
    stage: Arc<Mutex<Stage>>,
    holder: Calling<()>,
}

impl Place {
    pub(crate) fn new(subject: Arc<ChannelSubject>, tries: bool) -> Self {
        let stage = Arc::new(Mutex::new(Stage::Waits));
        let shared = stage.clone();
        let holder = async move {
            let set = |stage| *shared.lock().unwrap() = stage;
            let place = match tries {
                true => subject.sender.try_reserve(),
                false => subject.sender.reserve().await.map_err(TrySendError::Closed),
            };
            let place = match place {
                Ok(place) => place,
                Err(TrySendError::Full(())) => return set(Stage::Full),
                Err(TrySendError::Closed(_)) => return set(Stage::Refused),
            };
            set(Stage::Granted);
            let told = poll_fn(|_| match *shared.lock().unwrap() {
                Stage::Granted => Poll::Pending,
                told => Poll::Ready(told),
            });
            match told.await {
                Stage::Send(number) => {
                    let sent = place.send(subject.message(number));
                    set(if sent.is_ok() { Stage::Sent } else { Stage::Refused });
                }
                _ => drop(place),
            }
        };
        Place { stage, holder: Box::pin(holder) }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Stage> {
        let ended = self.holder.as_mut().poll(cx).is_ready();
        let stage = *self.stage.lock().unwrap();
        if ended || stage != Stage::Waits { Poll::Ready(stage) } else { Poll::Pending }
    }

    /// Does that with the place, at once.
    pub(crate) fn told(mut self, what: Stage) -> Answer {
        *self.stage.lock().unwrap() = what;
        match self.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Stage::Sent) => Answer::Sent,
            Poll::Ready(Stage::Refused) => Answer::Refused,
            _ => Answer::Done,
        }
    }
}
