//! Who never waits does not keep others from going on: counted in steps, on one worker, in a view of one place and on
//! an event loop.
//!
//! The one that spins ends by itself after many more steps than it may have ahead of the other; so a test that fails
//! says by how many, and does not hang.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;

use coscope::{Dispatcher, Dispatchers, Scope, run_blocking, run_blocking_on, scope, yield_now};
use coscope_scheduler::Builder;

/// How often the other goes on.
const STEPS: usize = 100;
/// So many steps of the spinning one are allowed for each of the other's: a look around comes every 61.
const EACH: usize = 128;
/// When the spinning one gives up.
const MOST: usize = 10 * STEPS * EACH;

#[derive(Default)]
struct Race {
    spins: AtomicUsize,
    steps: AtomicUsize,
}

impl Race {
    /// Whether the spinning one goes on.
    fn goes_on(&self) -> bool {
        self.steps.load(SeqCst) < STEPS && self.spins.fetch_add(1, SeqCst) < MOST
    }

    fn is_fair(&self) {
        let (spins, steps) = (self.spins.load(SeqCst), self.steps.load(SeqCst));
        assert_eq!(steps, STEPS);
        assert!(spins <= EACH * STEPS, "{spins} steps of one for {steps} of the other");
    }
}

/// A coroutine that yields for ever.
async fn yields(race: Arc<Race>) {
    while race.goes_on() {
        yield_now().await;
    }
}

/// A future that wakes itself, as foreign code does to give way.
async fn wakes_itself(race: Arc<Race>) {
    poll_fn(|cx| {
        if !race.goes_on() {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Gives way as often.
async fn walks(race: Arc<Race>) {
    for _ in 0..STEPS {
        race.steps.fetch_add(1, SeqCst);
        yield_now().await;
    }
}

/// Starts a coroutine for each step, and waits for it.
async fn launches(race: Arc<Race>) {
    for _ in 0..STEPS {
        let race = race.clone();
        scope(async |one: Scope| {
            one.launch(async move {
                race.steps.fetch_add(1, SeqCst);
            });
        })
        .await;
    }
}

/// A pool of one worker, which has a lane; and a view of one place, which has a queue of its own.
fn one_at_a_time() -> [Dispatcher; 2] {
    [Builder::new().parallelism(1).build().cpu(), Dispatchers::default().limited_parallelism(1)]
}

fn on_one_worker<S, O>(spins: fn(Arc<Race>) -> S, other: fn(Arc<Race>) -> O)
where
    S: Future<Output = ()> + Send + 'static,
    O: Future<Output = ()> + Send + 'static,
{
    for on in one_at_a_time() {
        let race = Arc::new(Race::default());
        run_blocking_on(on, async |all: Scope| {
            all.launch(spins(race.clone()));
            all.launch(other(race.clone()));
        });
        race.is_fair();
    }
}

fn on_a_loop<S, O>(spins: fn(Arc<Race>) -> S, other: fn(Arc<Race>) -> O)
where
    S: Future<Output = ()> + Send + 'static,
    O: Future<Output = ()> + Send + 'static,
{
    let race = Arc::new(Race::default());
    run_blocking(async |all: Scope| {
        all.launch(spins(race.clone()));
        all.launch(other(race.clone()));
    });
    race.is_fair();
}

#[test]
fn yielding_for_ever_starves_nobody() {
    on_one_worker(yields, walks);
    on_one_worker(yields, launches);
    on_a_loop(yields, walks);
    on_a_loop(yields, launches);
}

#[test]
fn waking_oneself_for_ever_starves_nobody() {
    on_one_worker(wakes_itself, walks);
    on_one_worker(wakes_itself, launches);
    on_a_loop(wakes_itself, walks);
    on_a_loop(wakes_itself, launches);
}

/// More that spin than there are workers, and one that has to go on beside them.
#[test]
fn more_that_spin_than_workers_starve_nobody() {
    for spins in [0, 1] {
        let race = Arc::new(Race::default());
        let workers = std::thread::available_parallelism().map_or(2, usize::from).max(2);
        run_blocking_on(Dispatchers::default(), async |all: Scope| {
            for _ in 0..2 * workers {
                match spins {
                    0 => all.launch(yields(race.clone())),
                    _ => all.launch(wakes_itself(race.clone())),
                };
            }
            all.launch(launches(race.clone()));
        });
        assert_eq!(race.steps.load(SeqCst), STEPS);
    }
}
