//! Histories of coroutines in an order that a seed decides: the same again, whenever it is run again.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use coscope::yield_now;
use coscope_test::TestScope;

use super::history::Log;
use super::subject::{Answer, History, Op, Pause, Subject, Todo, programs};
use super::threads::judge;

/// Waits for a call; or gives it up after so many looks, by dropping it.
async fn wait(call: impl Future<Output = ()>, patience: Option<u32>) {
    let mut call = pin!(call);
    let mut looks = 0;
    poll_fn(|cx| {
        if call.as_mut().poll(cx).is_ready() || patience.is_some_and(|most| looks >= most) {
            return Poll::Ready(());
        }
        looks += 1;
        if patience.is_some() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await;
}

/// Cancels it, after so many steps, where it stands: it may have been answered and not know yet.
async fn cancel(t: &TestScope, call: impl Future<Output = ()> + Send + 'static, patience: u32) {
    let call = t.launch(call);
    for _ in 0..patience {
        yield_now().await;
    }
    call.cancel_and_join("its caller has waited long enough").await;
}

async fn coroutine<S: Subject>(
    t: TestScope,
    subject: Arc<S>,
    log: Arc<Log<Op<S>, Answer<S>>>,
    me: usize,
    program: Vec<Todo<Op<S>>>,
    hand: Arc<Mutex<S::Hand>>,
) {
    for Todo { mut op, patience, .. } in program {
        if !S::is_next(&mut op, &*hand.lock().unwrap()) {
            continue;
        }
        let call = subject.clone().call(op, &hand);
        let call = log.call(me, op, call, S::give_up);
        match patience {
            Some(patience) if patience % 2 == 0 => cancel(&t, call, 1 + patience / 8).await,
            patience => wait(call, patience.map(|patience| patience / 8)).await,
        }
        yield_now().await;
    }
}

/// One history of the programs of a seed.
pub(crate) async fn history<S: Subject>(
    t: &TestScope,
    subject: S,
    seed: u64,
    length: u64,
) -> Result<History<S>, String> {
    let subject = Arc::new(subject);
    let programs = programs(&*subject, seed, length);
    let (log, last) = (Log::new(), programs.len());
    // nothing is let go of that is not noted
    let hands: Vec<Arc<Mutex<S::Hand>>> = (0..=last).map(|_| Arc::default()).collect();
    let mut all = vec![];
    for (me, program) in programs.into_iter().enumerate() {
        all.push(t.launch(coroutine(
            t.clone(),
            subject.clone(),
            log.clone(),
            me,
            program,
            hands[me].clone(),
        )));
    }
    for op in subject.ending() {
        t.run_current().await; // until nobody can go on
        let todo = vec![Todo { op, patience: None, pause: Pause::None }];
        coroutine(t.clone(), subject.clone(), log.clone(), last, todo, hands[last].clone()).await;
    }
    for job in all {
        job.join().await;
    }
    judge(&*subject, &log, seed)
}
