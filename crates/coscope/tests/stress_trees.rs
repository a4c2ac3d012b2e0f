//! Random trees of coroutines, disturbed at random: what is lost, leaked, left behind or stuck?
//!
//! A plan is drawn from a seed, run on real threads, and cancelled from outside and from inside while it runs. The
//! interleavings it hunts:
//! * cancel against launch, against the last child, against the end of the body, against a failure;
//! * cancel and timeout against the beginning and the end of a shield, a clean-up, a `with_context`;
//! * two failures at once; a failure against a cancel; a panic in a body whose children still run;
//! * a region dropped half-way by foreign code (`select`, `FuturesUnordered`, a poll by hand), with children alive,
//!   with clean-ups queued on it, with a move to another dispatcher under way, with a shield open;
//! * a lazy child that loses its last handle; an undispatched or unconfined child that cancels its launcher;
//! * the end of a nested `run_blocking` against the cancel of the coroutine around it;
//! * the last handle of a result dropped while the result is stored.
//!
//! What must hold, whatever happened: every value is dropped exactly once; every clean-up that was armed has run
//! exactly once; every shield that was entered has ended (unless foreign code dropped it); nothing of a scope runs
//! after its await; every panic, and every error of a coroutine that was not cancelled, has reached somebody; no job
//! is left; nothing hangs. An undisturbed plan runs to the last leaf.
//!
//! `COSCOPE_STRESS_TREES` says how many trees, `COSCOPE_STRESS_SEED` from which seed; `COSCOPE_STRESS_FIRST` begins with
//! a later tree of it, `COSCOPE_STRESS_SECONDS` says after how long a tree counts as stuck.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use coscope::prelude::*;
use coscope::{
    Collector, FrameScope, collect_scope, detached, race, run_blocking_on, run_to_completion,
    try_current_job, try_frame_scope,
};
use futures::future::{Either, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};

// ---- the plan ------------------------------------------------------------------------------------------------------

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Inherited,
    Default,
    Io,
    One,
    Three,
    Single,
    Unconfined,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Infallible,
    Fallible,
    Supervised,
    Gathered,
    Framed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Launched,
    Awaited,
    Outcome,
    Dropped,
    Joined,
}

#[derive(Debug, Clone)]
struct Child {
    place: Place,
    start: Start,
    taken: Taken,
    ops: Vec<Op>,
}

#[derive(Debug, Clone)]
enum Op {
    Leaf,
    Yield(u64),
    Delay(u64),
    Scope { kind: Kind, children: Vec<Child>, body: Vec<Op> },
    Shield(Vec<Op>),
    Finally { body: Vec<Op>, cleanup: Vec<Op> },
    Defer { run: bool, body: Vec<Op>, cleanup: Vec<Op> },
    Bracket { body: Vec<Op>, cleanup: Vec<Op> },
    Timeout(u64, Vec<Op>),
    Move(Place, Vec<Op>),
    RunOn(Place, Vec<Op>),
    Blocking(Vec<Op>),
    Completion(Vec<Op>),
    PollAndDrop(u64, Vec<Op>),
    Unordered { drop_early: bool, branches: Vec<Vec<Op>> },
    Select(Vec<Op>, Vec<Op>),
    Race(Vec<Vec<Op>>),
    Catch(Vec<Op>),
    CancelOne(u64),
    CancelSelf,
    Fail,
    Panic,
}

struct Drawing<'a> {
    dice: &'a mut Dice,
    /// Nothing that disturbs.
    calm: bool,
    left: usize,
}

impl Drawing<'_> {
    fn place(&mut self) -> Place {
        use Place::*;
        [Inherited, Inherited, Default, Default, Io, One, Three, Single, Unconfined]
            [self.dice.below(9) as usize]
    }

    fn ops(&mut self, depth: u32) -> Vec<Op> {
        let n = 1 + self.dice.below(3);
        (0..n).map(|_| self.op(depth)).collect()
    }

    /// What runs in shields and clean-ups: it waits and has children, but fails nothing.
    fn calm_ops(&mut self, depth: u32) -> Vec<Op> {
        let calm = std::mem::replace(&mut self.calm, true);
        let ops = self.ops(depth.min(1));
        self.calm = calm;
        ops
    }

    fn op(&mut self, depth: u32) -> Op {
        if depth == 0 || self.left == 0 {
            return match self.dice.below(if self.calm { 6 } else { 9 }) {
                0 | 1 => Op::Yield(1 + self.dice.below(3)),
                2 => Op::Delay(self.dice.below(300)),
                3..=5 => Op::Leaf,
                6 => Op::CancelOne(self.dice.next()),
                7 => match self.dice.below(3) {
                    0 => Op::Fail,
                    1 => Op::Panic,
                    _ => Op::CancelSelf,
                },
                _ => Op::Yield(2),
            };
        }
        self.left -= 1;
        let deeper = depth - 1;
        match self.dice.below(if self.calm { 15 } else { 20 }) {
            0..=4 => {
                use Kind::*;
                let kind = [Infallible, Fallible, Fallible, Supervised, Gathered, Framed]
                    [self.dice.below(6) as usize];
                let n = self.dice.below(4);
                let children = (0..n).map(|_| self.child(deeper)).collect();
                Op::Scope { kind, children, body: self.ops(deeper) }
            }
            5 => Op::Shield(self.calm_ops(deeper)),
            6 => Op::Finally { body: self.ops(deeper), cleanup: self.calm_ops(1) },
            7 => Op::Defer { run: self.dice.one_in(2), body: self.ops(deeper), cleanup: self.calm_ops(1) },
            8 => Op::Bracket { body: self.ops(deeper), cleanup: self.calm_ops(1) },
            9 | 10 => Op::Move(self.place(), self.ops(deeper)),
            11 => Op::RunOn(self.place(), self.ops(deeper)),
            12 => Op::Blocking(self.ops(deeper)),
            13 => Op::Completion(self.calm_ops(deeper)),
            14 => Op::Unordered {
                drop_early: !self.calm && self.dice.one_in(2),
                branches: (0..2 + self.dice.below(3)).map(|_| self.ops(deeper)).collect(),
            },
            15 => Op::Timeout(self.dice.below(400), self.ops(deeper)),
            16 => Op::PollAndDrop(1 + self.dice.below(3), self.ops(deeper)),
            17 => Op::Select(self.ops(deeper), self.ops(deeper)),
            18 => Op::Race((0..2 + self.dice.below(2)).map(|_| self.ops(deeper)).collect()),
            _ => Op::Catch(self.ops(deeper)),
        }
    }

    fn child(&mut self, depth: u32) -> Child {
        use Taken::*;
        let start = match self.dice.below(8) {
            0 => Start::Lazy,
            1 => Start::Undispatched,
            2 => Start::Atomic,
            _ => Start::Default,
        };
        let taken = [Launched, Awaited, Awaited, Outcome, Dropped, Joined][self.dice.below(6) as usize];
        Child { place: self.place(), start, taken, ops: self.ops(depth) }
    }
}

/// The sequential model: how many leaves an undisturbed plan runs.
fn leaves(ops: &[Op]) -> usize {
    ops.iter()
        .map(|op| match op {
            Op::Leaf => 1,
            Op::Scope { kind, children, body } => {
                let runs = |child: &&Child| {
                    // a lazy child that nobody starts never runs; frames have no lazy children
                    *kind == Kind::Framed
                        || child.start != Start::Lazy
                        || matches!(child.taken, Taken::Awaited | Taken::Outcome | Taken::Joined)
                };
                leaves(body) + children.iter().filter(runs).map(|child| leaves(&child.ops)).sum::<usize>()
            }
            Op::Shield(ops)
            | Op::Move(_, ops)
            | Op::RunOn(_, ops)
            | Op::Blocking(ops)
            | Op::Completion(ops) => leaves(ops),
            Op::Finally { body, cleanup }
            | Op::Defer { body, cleanup, .. }
            | Op::Bracket { body, cleanup } => leaves(body) + leaves(cleanup),
            Op::Unordered { branches, .. } => branches.iter().map(|ops| leaves(ops)).sum(),
            _ => 0,
        })
        .sum()
}

// ---- what is counted -----------------------------------------------------------------------------------------------

#[derive(Default)]
struct Ledger {
    /// One byte for each value: how often it was dropped.
    values: Mutex<Vec<Arc<AtomicU8>>>,
    leaves: AtomicUsize,
    shields_entered: AtomicUsize,
    shields_ended: AtomicUsize,
    /// For each clean-up that was armed: how often it has run to its end.
    cleanups: Mutex<Vec<Arc<AtomicU8>>>,
    lost: Mutex<Vec<String>>,
    outlived: Mutex<Vec<String>>,
    /// Whom the plan may cancel.
    jobs: Mutex<Vec<Job>>,
    /// Whom it may not: children of shields and clean-ups.
    protected: Mutex<Vec<Job>>,
}

/// A value that counts its drops.
struct Value(Arc<AtomicU8>);
impl Drop for Value {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Ledger {
    fn value(&self) -> Value {
        let count = Arc::new(AtomicU8::new(0));
        self.values.lock().unwrap().push(count.clone());
        Value(count)
    }
    fn arm(&self) -> Arc<AtomicU8> {
        let count = Arc::new(AtomicU8::new(0));
        self.cleanups.lock().unwrap().push(count.clone());
        count
    }
}

/// A failure: an error, or the payload of a panic. Says so if it is dropped before anybody has seen it.
struct Fault {
    _value: Value,
    ledger: Arc<Ledger>,
    seen: AtomicBool,
    /// Whose last act it was; an error (not a panic) of one that is cancelled need reach nobody.
    of: Option<Job>,
    panic: bool,
}

impl Fault {
    fn new(env: &Env, panic: bool) -> Self {
        let (ledger, of) = (env.ledger.clone(), try_current_job());
        Fault { _value: ledger.value(), ledger, seen: AtomicBool::new(true), of, panic }
    }
    fn see(&self) {
        self.seen.store(true, SeqCst);
    }
    /// It goes into the hands of the library.
    fn hand_over(mut self, of: Option<Job>) -> Self {
        self.seen = AtomicBool::new(false);
        self.of = of;
        self
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        let excused = !self.panic && self.of.as_ref().is_none_or(Job::is_cancelled);
        if !self.seen.load(SeqCst) && !excused {
            let what = if self.panic { "panic" } else { "error" };
            self.ledger.lost.lock().unwrap().push(format!("{what} of {:?}", self.of));
        }
    }
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fault")
    }
}

/// Alive as long as something of the scopes that it counts in is.
struct Alive(Vec<Arc<AtomicUsize>>);
impl Alive {
    fn of(scopes: &[Arc<AtomicUsize>]) -> Self {
        scopes.iter().for_each(|scope| {
            scope.fetch_add(1, SeqCst);
        });
        Alive(scopes.to_vec())
    }
}
impl Drop for Alive {
    fn drop(&mut self) {
        self.0.iter().for_each(|scope| {
            scope.fetch_sub(1, SeqCst);
        });
    }
}

#[derive(Clone)]
struct Env {
    ledger: Arc<Ledger>,
    dispatchers: Arc<[Dispatcher; 6]>,
    /// The scopes around, outermost first.
    scopes: Vec<Arc<AtomicUsize>>,
    /// Where this runs.
    place: Place,
    /// Foreign code may drop this half-way.
    foreign: bool,
    /// One of several branches of one coroutine: a step of another branch, on its dispatcher, may poll this one.
    beside: bool,
    /// Inside of a shield or a clean-up: who cancels one of its children by name breaks it, and rightly.
    protected: bool,
}

impl Env {
    fn dispatcher(&self, place: Place) -> Option<Dispatcher> {
        Some(self.dispatchers[place as usize - usize::from(place != Place::Inherited)].clone())
            .filter(|_| place != Place::Inherited)
    }
    fn at(&self, place: Place) -> Env {
        Env { place: if place == Place::Inherited { self.place } else { place }, ..self.clone() }
    }
    fn foreign(&self) -> Env {
        Env { foreign: true, ..self.clone() }
    }
    fn beside(&self) -> Env {
        Env { beside: true, ..self.clone() }
    }
    fn protected(&self) -> Env {
        Env { protected: true, ..self.clone() }
    }
    fn child(&self, place: Place, scope: &Arc<AtomicUsize>) -> Env {
        let mut env = Env { foreign: false, beside: false, ..self.at(place) };
        env.scopes.push(scope.clone());
        env
    }
}

// ---- the run -------------------------------------------------------------------------------------------------------

type Run = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

fn run(ops: Vec<Op>, env: Env) -> Run {
    let value = env.ledger.value();
    Box::pin(async move {
        let _value = value;
        for op in ops {
            step(op, &env).await?;
        }
        Ok(())
    })
}

/// A clean-up that counts its runs.
fn cleanup(ops: Vec<Op>, env: &Env) -> (impl Future<Output = ()> + Send + 'static + use<>, Arc<AtomicU8>) {
    let (env, value, alive) = (env.clone(), env.ledger.value(), Alive::of(&env.scopes));
    let ran = Arc::new(AtomicU8::new(0));
    let count = ran.clone();
    let future = async move {
        let (_value, _alive) = (value, alive);
        let env = Env { foreign: false, beside: false, ..env.protected() };
        run(ops, env).await.expect("a clean-up fails nothing");
        count.fetch_add(1, SeqCst);
    };
    (future, ran)
}

/// Registers a clean-up as armed, when that is so.
fn armed(env: &Env, ran: Arc<AtomicU8>) {
    env.ledger.cleanups.lock().unwrap().push(ran);
}

fn check_none_alive(env: &Env, scope: &Arc<AtomicUsize>, what: &str) {
    let alive = scope.load(SeqCst);
    if alive != 0 {
        env.ledger.outlived.lock().unwrap().push(format!("{alive} in a {what}"));
    }
}

fn see_payload(payload: Box<dyn std::any::Any + Send>) -> Option<Box<dyn std::any::Any + Send>> {
    match payload.downcast::<Fault>() {
        Ok(fault) => {
            fault.see();
            None
        }
        Err(other) => Some(other),
    }
}

fn step(op: Op, env: &Env) -> Run {
    let env = env.clone();
    Box::pin(async move {
        match op {
            Op::Leaf => {
                env.ledger.leaves.fetch_add(1, SeqCst);
            }
            Op::Yield(n) => {
                for _ in 0..n {
                    yield_now().await;
                }
            }
            Op::Delay(us) => delay(Duration::from_micros(us)).await,
            Op::Scope { kind, children, body } => return open(kind, children, body, env).await,
            Op::Shield(ops) => {
                let ledger = env.ledger.clone();
                let foreign = env.foreign;
                let inside = run(ops, env.protected());
                shield(async move {
                    if !foreign {
                        ledger.shields_entered.fetch_add(1, SeqCst);
                    }
                    inside.await.expect("a shield holds nothing that fails");
                    if !foreign {
                        ledger.shields_ended.fetch_add(1, SeqCst);
                    }
                })
                .await;
            }
            Op::Finally { body, cleanup: last } => {
                let (last, ran) = cleanup(last, &env);
                let inside = run(body, env.clone());
                armed(&env, ran); // the next thing that happens is the first poll
                return inside.finally(last).await;
            }
            Op::Defer { run: in_line, body, cleanup: last } => {
                let (last, ran) = cleanup(last, &env);
                armed(&env, ran);
                let guard = defer(last);
                run(body, env).await?;
                if in_line {
                    guard.run().await;
                }
            }
            Op::Bracket { body, cleanup: last } => {
                let (last, ran) = cleanup(last, &env);
                let ledger = env.ledger.clone();
                let inside = run(body, env);
                return bracket(
                    async move {
                        ledger.cleanups.lock().unwrap().push(ran);
                        ledger.value()
                    },
                    async move |_held: &mut Value| inside.await,
                    move |held: Value| async move {
                        let _held = held;
                        last.await;
                    },
                )
                .await;
            }
            Op::Timeout(us, ops) => {
                if let Ok(ended) = with_timeout(Duration::from_micros(us), run(ops, env)).await {
                    return ended;
                }
            }
            Op::Move(place, ops) => {
                let inside = run(ops, env.at(place));
                return match env.dispatcher(place) {
                    Some(dispatcher) => with_context(dispatcher, inside).await,
                    None => inside.await,
                };
            }
            Op::RunOn(place, ops) => {
                let context = env.dispatcher(place).map_or(CoroutineContext::new(), CoroutineContext::from);
                let scope = Arc::default();
                let alive = Alive::of(&[env.scopes.clone(), vec![Arc::clone(&scope)]].concat());
                let inside = run(ops, env.child(place, &scope));
                let ended = run_on(context, async move {
                    let _alive = alive;
                    inside.await
                })
                .await;
                check_none_alive(&env, &scope, "run_on");
                return ended;
            }
            Op::Blocking(ops) => {
                // Only where it may block: not under a view, whose place it would keep, nor where a step
                // under a view may poll it.
                if env.beside || !matches!(env.place, Place::Default | Place::Io) {
                    return run(ops, env).await;
                }
                let scope = Arc::default();
                let inside = run(ops, env.child(Place::Inherited, &scope));
                let ended = run_blocking(async move |_: Scope| inside.await);
                check_none_alive(&env, &scope, "run_blocking");
                return ended;
            }
            Op::Completion(ops) => {
                let scope: Arc<AtomicUsize> = Arc::default();
                let alive = Alive::of(&env.scopes);
                let inside = run(ops, env.child(Place::Inherited, &scope).protected());
                let ran = env.ledger.arm(); // its first poll comes now, and then it runs whatever happens
                run_to_completion(async move {
                    let _alive = alive;
                    inside.await.expect("nothing in it fails");
                    ran.fetch_add(1, SeqCst);
                })
                .await;
            }
            Op::PollAndDrop(polls, ops) => {
                let mut inside = run(ops, env.foreign());
                let mut left = polls;
                let ended = poll_fn(|cx| {
                    left -= 1;
                    match inside.as_mut().poll(cx) {
                        Poll::Ready(ended) => Poll::Ready(Some(ended)),
                        Poll::Pending if left == 0 => Poll::Ready(None),
                        Poll::Pending => {
                            cx.waker().wake_by_ref();
                            Poll::Pending
                        }
                    }
                })
                .await;
                drop(inside);
                yield_now().await; // from a step that a move inside may have asked for, back to where this belongs
                return ended.unwrap_or(Ok(()));
            }
            Op::Unordered { drop_early, branches } => {
                let mut all: FuturesUnordered<Run> =
                    branches.into_iter().map(|ops| run(ops, env.foreign().beside())).collect();
                while let Some(ended) = all.next().await {
                    ended?;
                    if drop_early {
                        break;
                    }
                }
                drop(all);
                yield_now().await; // as above: the wakers of a `FuturesUnordered` are its own
            }
            Op::Select(one, two) => {
                let env = env.foreign().beside();
                let (one, two) = (run(one, env.clone()), run(two, env));
                return match futures::future::select(one, two).await {
                    Either::Left((ended, _loser)) | Either::Right((ended, _loser)) => ended,
                };
            }
            Op::Race(branches) => {
                let branches: Vec<Run> = branches.into_iter().map(|ops| run(ops, env.beside())).collect();
                return race(branches).await;
            }
            Op::Catch(ops) => {
                let ended = AssertUnwindSafe(run(ops, env)).catch_unwind().await;
                match ended {
                    Ok(ended) => return ended,
                    Err(payload) => {
                        if let Some(other) = see_payload(payload) {
                            std::panic::resume_unwind(other);
                        }
                    }
                }
            }
            Op::CancelOne(number) => {
                let job = {
                    let jobs = env.ledger.jobs.lock().unwrap();
                    if jobs.is_empty() { None } else { Some(jobs[number as usize % jobs.len()].clone()) }
                };
                if let Some(job) = job {
                    job.cancel("chosen from inside");
                }
            }
            Op::CancelSelf => {
                coscope::current_job().cancel("by itself");
                yield_now().await;
            }
            Op::Fail => return Err(Fault::new(&env, false)),
            Op::Panic => {
                let fault = Fault::new(&env, true).hand_over(try_current_job());
                std::panic::resume_unwind(Box::new(fault));
            }
        }
        Ok(())
    })
}

/// One child's future: its value or its failure; where that is `plain`, both are values to the library.
fn child_future(
    plain: bool,
    ops: Vec<Op>,
    env: &Env,
    place: Place,
    scope: &Arc<AtomicUsize>,
) -> impl Future<Output = Result<Value, Fault>> + Send + 'static + use<> {
    let env = env.child(place, scope);
    let alive = Alive::of(&env.scopes);
    let result = env.ledger.value();
    let inside = run(ops, env);
    async move {
        let _alive = alive;
        match inside.await {
            Ok(()) => Ok(result),
            Err(fault) if plain => Err(fault),
            Err(fault) => Err(fault.hand_over(try_current_job())),
        }
    }
}

/// Launches the children on `$scope`, and takes what they give as the plan says.
macro_rules! launch_all {
    ($kind:ident, $scope:ident, $children:ident, $env:ident, $count:ident, |$launcher:ident, $future:ident| $spawn:expr) => {{
        let mut waiting = Vec::new();
        for child in $children {
            let context =
                $env.dispatcher(child.place).map_or(CoroutineContext::new(), CoroutineContext::from);
            let $future = child_future($kind == Kind::Infallible, child.ops, &$env, child.place, &$count);
            let $launcher = $scope.on(context).start(child.start);
            let deferred = $spawn;
            let started = child.start != Start::Lazy
                || matches!(child.taken, Taken::Awaited | Taken::Outcome | Taken::Joined);
            if started {
                deferred.start();
                let jobs = if $env.protected { &$env.ledger.protected } else { &$env.ledger.jobs };
                jobs.lock().unwrap().push(deferred.job());
            }
            match child.taken {
                Taken::Launched | Taken::Dropped => drop(deferred),
                taken => waiting.push((taken, deferred)),
            }
        }
        waiting
    }};
}

async fn take<T>(waiting: Vec<(Taken, coscope::Deferred<T>)>, mut see: impl FnMut(T)) {
    for (taken, deferred) in waiting {
        match taken {
            Taken::Awaited => see(deferred.await),
            Taken::Outcome => {
                if let Ok(value) = deferred.outcome().await {
                    see(value);
                }
            }
            _ => {
                let job = deferred.job();
                job.join().await;
                drop(deferred);
            }
        }
    }
}

fn see_join_error(error: JoinError<Fault>) {
    match error {
        JoinError::Failed { error, .. } => error.see(),
        JoinError::Panicked { panic, .. } => drop(see_payload(panic.into_inner())),
        JoinError::Cancelled { .. } => {}
    }
}

async fn open(kind: Kind, children: Vec<Child>, body: Vec<Op>, env: Env) -> Result<(), Fault> {
    let count: Arc<AtomicUsize> = Arc::default();
    let inner = {
        let mut inner = env.clone();
        inner.scopes.push(count.clone());
        inner
    };
    let ended = match kind {
        Kind::Infallible => {
            scope(async |s: Scope| {
                let waiting =
                    launch_all!(kind, s, children, env, count, |launcher, future| launcher.spawn(future));
                run(body, inner).await?;
                take(waiting, |result| drop(result.inspect_err(Fault::see))).await;
                Ok(())
            })
            .await
        }
        Kind::Fallible => {
            let ended = try_scope(async |s: Scope<Fault>| {
                let waiting =
                    launch_all!(kind, s, children, env, count, |launcher, future| launcher.try_spawn(future));
                run(body, inner).await.map_err(|fault| fault.hand_over(None))?;
                take(waiting, drop).await;
                Ok(())
            })
            .await;
            ended.inspect_err(Fault::see)
        }
        Kind::Supervised => {
            supervisor_scope(async |s: Supervisor| {
                let waiting =
                    launch_all!(kind, s, children, env, count, |launcher, future| launcher.try_spawn(future));
                run(body, inner).await?;
                take(waiting, |result| drop(result.map_err(see_join_error))).await;
                Ok(())
            })
            .await
        }
        Kind::Gathered => {
            let ended = collect_scope(async |s: Collector<Fault>| {
                let waiting =
                    launch_all!(kind, s, children, env, count, |launcher, future| launcher.try_spawn(future));
                run(body, inner).await?;
                take(waiting, drop).await;
                Ok(())
            })
            .await;
            match ended {
                Ok(ended) => ended,
                Err(errors) => {
                    errors.into_iter().for_each(see_join_error);
                    Ok(())
                }
            }
        }
        Kind::Framed => {
            let inner = inner.foreign().beside();
            try_frame_scope(async |s: FrameScope<'_, Fault>| {
                let mut waiting = Vec::new();
                for child in children {
                    let inside = run(child.ops, inner.clone());
                    let result = inner.ledger.value();
                    let future = async move { inside.await.map(|()| result) };
                    match child.taken {
                        Taken::Launched | Taken::Dropped => {
                            s.try_launch(async move { future.await.map(drop) })
                        }
                        _ => waiting.push(s.try_spawn(future)),
                    }
                }
                run(body, inner.clone()).await?;
                for deferred in waiting {
                    drop(deferred.await);
                }
                Ok(())
            })
            .await
        }
    };
    check_none_alive(&env, &count, &format!("{kind:?} scope"));
    ended
}

// ---- the test ------------------------------------------------------------------------------------------------------

fn tree_of(job: &Job, depth: usize, into: &mut String) {
    into.push_str(&format!("{}{job:?} launched at {}\n", "  ".repeat(depth), job.launched_at()));
    for child in job.children() {
        tree_of(&child, depth + 1, into);
    }
}

/// The plan that runs, for the watchdog.
static PLAN: Mutex<String> = Mutex::new(String::new());

/// Says what was wrong with one tree.
fn run_tree(seed: u64, number: u64) -> Result<(), String> {
    let mut dice = Dice(seed.wrapping_add(number.wrapping_mul(0xD134_2543_DE82_EF95)));
    let calm = dice.one_in(8);
    let depth = 2 + dice.below(3) as u32;
    let plan = {
        let mut drawing = Drawing { dice: &mut dice, calm, left: 24 };
        (0..3).map(|_| drawing.op(depth)).collect::<Vec<_>>()
    };
    let plan = vec![Op::Scope {
        kind: Kind::Supervised,
        children: plan
            .into_iter()
            .map(|op| Child {
                place: Place::Default,
                start: Start::Default,
                taken: Taken::Outcome,
                ops: vec![op],
            })
            .collect(),
        body: vec![Op::Leaf],
    }];
    let expected = leaves(&plan);
    *PLAN.lock().unwrap() = format!("{plan:?}");
    let ledger: Arc<Ledger> = Arc::default();
    let handler = FailureHandler::new(|failure| {
        if let Some(fault) = failure.downcast_ref::<Fault>() {
            fault.see();
        }
    });
    let done = Arc::new(AtomicBool::new(false));
    let chaos = if calm { 0 } else { dice.below(6) };
    let mut shuffle = Dice(dice.next());
    let canceller = {
        let (ledger, done) = (ledger.clone(), done.clone());
        std::thread::spawn(move || {
            for _ in 0..chaos {
                for _ in 0..shuffle.below(200) {
                    if done.load(SeqCst) {
                        return;
                    }
                    std::thread::yield_now();
                }
                let job = {
                    let jobs = ledger.jobs.lock().unwrap();
                    if jobs.is_empty() {
                        None
                    } else {
                        Some(jobs[shuffle.below(jobs.len() as u64) as usize].clone())
                    }
                };
                if let Some(job) = job {
                    job.cancel("chosen from outside");
                }
            }
        })
    };
    let single = Dispatchers::single_thread("stress single");
    let dispatchers = Arc::new([
        Dispatchers::default(),
        Dispatchers::io(),
        Dispatchers::limited(1),
        Dispatchers::default().limited_parallelism(3),
        single,
        Dispatchers::unconfined(),
    ]);
    let top: Arc<AtomicUsize> = Arc::default();
    let env = Env {
        ledger: ledger.clone(),
        dispatchers,
        scopes: vec![top.clone()],
        place: Place::Inherited,
        foreign: false,
        beside: false,
        protected: false,
    };
    let inside = run(plan.clone(), env);
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| {
        run_blocking_on(handler, async move |_: Scope| inside.await)
    }));
    done.store(true, SeqCst);
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => fault.see(),
        Err(payload) => drop(see_payload(payload)),
    }
    canceller.join().unwrap();

    let mut wrong = Vec::new();
    let values: Vec<u8> = ledger.values.lock().unwrap().iter().map(|count| count.load(SeqCst)).collect();
    let (kept, twice) =
        (values.iter().filter(|n| **n == 0).count(), values.iter().filter(|n| **n > 1).count());
    if kept + twice != 0 {
        wrong.push(format!("of {} values {kept} were not dropped, {twice} more than once", values.len()));
    }
    let cleanups: Vec<u8> = ledger.cleanups.lock().unwrap().iter().map(|count| count.load(SeqCst)).collect();
    let (kept, twice) =
        (cleanups.iter().filter(|n| **n == 0).count(), cleanups.iter().filter(|n| **n > 1).count());
    if kept + twice != 0 {
        wrong.push(format!("of {} clean-ups {kept} did not run, {twice} more than once", cleanups.len()));
    }
    let (entered, left) = (ledger.shields_entered.load(SeqCst), ledger.shields_ended.load(SeqCst));
    if entered != left {
        wrong.push(format!("{entered} shields were entered, {left} have ended"));
    }
    if top.load(SeqCst) != 0 {
        wrong.push(format!("{} futures are alive after the end", top.load(SeqCst)));
    }
    wrong.extend(ledger.lost.lock().unwrap().iter().map(|lost| format!("nobody has seen the {lost}")));
    wrong.extend(ledger.outlived.lock().unwrap().iter().map(|what| format!("alive after its end: {what}")));
    let mut jobs: Vec<Job> = std::mem::take(&mut *ledger.jobs.lock().unwrap());
    jobs.append(&mut ledger.protected.lock().unwrap());
    wrong.extend(
        jobs.iter().filter(|job| !job.is_completed()).map(|job| format!("has not completed: {job:?}")),
    );
    let left = detached().children();
    wrong.extend(
        left.iter().filter(|job| !job.is_completed()).map(|job| format!("left below the root: {job:?}")),
    );
    if calm && ledger.leaves.load(SeqCst) != expected {
        wrong.push(format!("{} leaves ran, the plan has {expected}", ledger.leaves.load(SeqCst)));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("tree {number} of seed {seed}:\n  {}\n  the plan: {plan:?}\n", wrong.join("\n  ")))
}

#[test]
fn random_trees_lose_nothing() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let trees = number("COSCOPE_STRESS_TREES").unwrap_or(1000);
    let seed = number("COSCOPE_STRESS_SEED").unwrap_or(20_240_229);
    let patience = number("COSCOPE_STRESS_SECONDS").unwrap_or(60);
    let first = number("COSCOPE_STRESS_FIRST").unwrap_or(0);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // what the trees do to each other is no news: an await of a coroutine that another has cancelled
        let text = info.payload().downcast_ref::<String>();
        if !text.is_some_and(|text| text.starts_with("awaited a coroutine that has no value")) {
            hook(info);
        }
    }));
    let (tx, rx) = std::sync::mpsc::channel::<u64>();
    let at = Arc::new(AtomicU64::new(0));
    let watched = at.clone();
    let watchdog = std::thread::spawn(move || {
        loop {
            match rx.recv_timeout(Duration::from_secs(patience)) {
                Ok(_) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    let mut text = String::new();
                    detached().children().iter().for_each(|job| tree_of(job, 1, &mut text));
                    let text = format!(
                        "tree {} of seed {seed} hangs:\n{text}  the plan: {}\n",
                        watched.load(SeqCst),
                        PLAN.lock().unwrap()
                    );
                    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
                    std::process::abort();
                }
            }
        }
    });
    let mut wrong = Vec::new();
    for tree in first..first + trees {
        at.store(tree, SeqCst);
        wrong.extend(run_tree(seed, tree).err());
        tx.send(tree).unwrap();
    }
    drop(tx);
    watchdog.join().unwrap();
    wrong.sort_by_key(String::len); // the smallest plans say most
    wrong.iter().take(5).for_each(|text| eprintln!("{text}"));
    assert_eq!(wrong.len(), 0, "of {trees} trees");
}
