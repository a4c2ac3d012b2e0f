//! [`Call`] and [`Log`]: what was called when, by whom, and with which answer; and how that looks on paper.

use std::fmt::{Debug, Write};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use super::checker::{Model, Refuted};

/// One call. Times are those of one counter: what ended before another began has a lower number.
#[derive(Debug, Clone)]
pub(crate) struct Call<O, A> {
    pub(crate) thread: usize,
    pub(crate) op: O,
    pub(crate) begun: u64,
    /// When it was given up, if it was: from then on, until it has ended, it leaves.
    pub(crate) given_up: Option<u64>,
    pub(crate) ended: u64,
    pub(crate) answer: A,
}

impl<O: Debug, A: Debug> Call<O, A> {
    /// What was called and what came of it, without the numbers; with a `!` if it was given up.
    pub(crate) fn kind(&self) -> String {
        let word = |text: String| text.split('(').next().unwrap_or_default().to_owned();
        let (op, answer) = (word(format!("{:?}", self.op)), word(format!("{:?}", self.answer)));
        format!("{op}→{answer}{}", if self.given_up.is_some() { "!" } else { "" })
    }
}

/// Where calls are noted.
#[derive(Debug)]
pub(crate) struct Log<O, A> {
    clock: AtomicU64,
    calls: Mutex<Vec<Call<O, A>>>,
}

impl<O: Clone, A: Clone> Log<O, A> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Log { clock: AtomicU64::new(1), calls: Mutex::new(vec![]) })
    }

    pub(crate) fn calls(&self) -> Vec<Call<O, A>> {
        let mut calls = self.calls.lock().unwrap().clone();
        calls.sort_by_key(|call| call.begun);
        calls
    }

    /// How much has happened.
    pub(crate) fn moments(&self) -> u64 {
        self.clock.load(SeqCst)
    }

    fn now(&self) -> u64 {
        self.clock.fetch_add(1, SeqCst)
    }

    /// A call that is noted when it has been answered, or given up: then `given_up` lets go of it, and says what its caller
    /// is told.
    pub(crate) fn call<F: Future<Output = A> + Unpin>(
        self: &Arc<Self>,
        thread: usize,
        op: O,
        call: F,
        give_up: GiveUp<O, A>,
    ) -> Noted<O, A, F> {
        Noted { log: self.clone(), thread, op, begun: None, call: Some(call), give_up }
    }
}

/// Lets go of a call, and says what its caller is told.
pub(crate) type GiveUp<O, A> = fn(&O, Box<dyn FnOnce() + '_>) -> A;

/// A call under way.
pub(crate) struct Noted<O: Clone, A: Clone, F> {
    log: Arc<Log<O, A>>,
    thread: usize,
    op: O,
    begun: Option<u64>,
    call: Option<F>,
    give_up: GiveUp<O, A>,
}

impl<O: Clone, A: Clone, F> Noted<O, A, F> {
    fn note(&self, given_up: Option<u64>, answer: A) {
        let ended = self.log.now();
        let begun = self.begun.expect("it was polled");
        let call = Call { thread: self.thread, op: self.op.clone(), begun, given_up, ended, answer };
        self.log.calls.lock().unwrap().push(call);
    }
}

impl<O: Clone + Unpin, A: Clone, F: Future<Output = A> + Unpin> Future for Noted<O, A, F> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let log = &this.log;
        this.begun.get_or_insert_with(|| log.now());
        let call = this.call.as_mut().expect("it was not answered before");
        let answer = ready!(Pin::new(call).poll(cx));
        this.note(None, answer);
        this.call = None;
        Poll::Ready(())
    }
}

impl<O: Clone, A: Clone, F> Drop for Noted<O, A, F> {
    fn drop(&mut self) {
        if let Some(call) = self.call.take().filter(|_| self.begun.is_some()) {
            let given_up = self.log.now();
            let answer = (self.give_up)(&self.op, Box::new(|| drop(call)));
            self.note(Some(given_up), answer);
        }
    }
}

/// A history as a table: one column for each thread, one line for each moment.
pub(crate) fn table<O: Debug, A: Debug>(calls: &[Call<O, A>]) -> String {
    let threads = calls.iter().map(|call| call.thread + 1).max().unwrap_or(0);
    let mut moments = vec![];
    for (id, call) in calls.iter().enumerate() {
        moments.push((call.begun, call.thread, format!("{id:>2} {:?} …", call.op)));
        moments.extend(call.given_up.map(|at| (at, call.thread, format!("{id:>2} given up …"))));
        moments.push((call.ended, call.thread, format!("{id:>2} → {:?}", call.answer)));
    }
    moments.sort();
    // each column as wide as what is in it
    let mut columns: Vec<usize> = (0..threads).map(|thread| format!("thread {thread}").len()).collect();
    for (_, thread, what) in &moments {
        columns[*thread] = columns[*thread].max(what.chars().count());
    }
    let mut text = String::from("  at  ");
    for (thread, width) in columns.iter().enumerate() {
        write!(text, "{:width$}  ", format!("thread {thread}")).unwrap();
    }
    for (at, thread, what) in moments {
        let indent = columns[..thread].iter().map(|width| width + 2).sum();
        write!(text, "\n{at:>4}  {:indent$}{what}", "").unwrap();
    }
    text
}

/// What to say of a history that agrees with no order.
pub(crate) fn verdict<M: Model>(calls: &[Call<M::Op, M::Answer>], refuted: &Refuted<M>) -> String {
    let name = |id: usize| format!("{id} {:?} → {:?}", calls[id].op, calls[id].answer);
    let mut text =
        format!("{}\n\nno order of these calls agrees with the model. The longest that does:", table(calls));
    for &(id, leaves) in &refuted.order {
        write!(text, "\n  {}{}", name(id), if leaves { " (leaves)" } else { "" }).unwrap();
    }
    write!(text, "\nthen the model is\n  {:?}\nand none of these can be next:", refuted.model).unwrap();
    let left = (0..calls.len()).filter(|id| refuted.order.iter().all(|step| step.0 != *id));
    left.for_each(|id| write!(text, "\n  {}", name(id)).unwrap());
    text
}
