//! One life of a supervised actor after the other. Imports `supervision`, `channel`.

use std::fmt::Debug;
use std::future::Future;

use coscope_core::{JoinError, Supervisor, current_job, delay, now, supervisor_scope};

use super::supervision::{Backoff, Failures, Supervision};
use crate::channel::{Receiver, oneshot};

/// It has failed, and does not begin anew.
pub(super) struct GivenUp;

/// Life after life, whose failures go to the failure handler.
pub(super) async fn live_on<M, F, Fut, E>(
    supervision: Supervision,
    inbox: Receiver<M>,
    mut body: F,
) -> Result<(), GivenUp>
where
    F: FnMut(Receiver<M>) -> Fut,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Debug + Send + 'static,
{
    let mut failures = Failures::default();
    loop {
        let began = now();
        if ends_well(body(inbox.clone())).await {
            return Ok(());
        }
        let Supervision::Restart(backoff) = supervision else { return Err(GivenUp) };
        delay(failures.one_more(now() - began, &backoff).ok_or(GivenUp)?).await;
    }
}

/// Life after life; what fails once too often comes back.
pub(super) async fn live_or_fail<M, F, Fut, E>(
    backoff: Backoff,
    inbox: Receiver<M>,
    mut body: F,
) -> Result<(), E>
where
    F: FnMut(Receiver<M>) -> Fut,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Debug + Send + 'static,
{
    let mut failures = Failures::default();
    loop {
        let began = now();
        let life = body(inbox.clone());
        let ended = supervisor_scope(async |s: Supervisor| {
            s.named(current_job().name().to_owned()).try_spawn(life).await
        });
        let Err(failure) = ended.await else { return Ok(()) };
        match failures.one_more(now() - began, &backoff) {
            Some(wait) => {
                report(failure).await;
                delay(wait).await;
            }
            None => return again(failure),
        }
    }
}

/// Runs it as a child of its own, whose failure nobody takes and so goes to the failure handler.
async fn ends_well<Fut, E>(life: Fut) -> bool
where
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Debug + Send + 'static,
{
    let (well, ended) = oneshot();
    supervisor_scope(async |s: Supervisor| {
        s.named(current_job().name().to_owned()).try_launch(async {
            life.await?;
            let _heard = well.send(());
            Ok::<(), E>(())
        });
    })
    .await;
    ended.try_recv().is_some()
}

/// To the failure handler.
async fn report<E: Debug + Send + 'static>(failure: JoinError<E>) {
    ends_well(async { again(failure) }).await;
}

/// Fails with it here.
fn again<E>(failure: JoinError<E>) -> Result<(), E> {
    match failure {
        JoinError::Failed { error, .. } => Err(error),
        JoinError::Panicked { panic, .. } => std::panic::resume_unwind(panic.into_inner()),
        // by someone who found it in the tree: not a failure
        JoinError::Cancelled { .. } => Ok(()),
    }
}
