//! What is cut together under the model checker: steps that go out as one, and children that leave together.
//!
//! Whole coroutines, whose steps are run by threads that drive a queue. A step that is lost, or a token, leaves
//! a driver asleep, and the checker says "deadlock"; a place in the list that is left or given up twice corrupts it.
//!
//! | model | threads | holds in every interleaving |
//! |---|---|---|
//! | `two_run_a_volley` | two drivers | each future is dropped once, the parent completes once, all is freed |
//! | `a_volley_meets_a_newcomer` | a driver; a cancel; a launch | the same, newcomer and all |
//! | `a_volley_meets_a_wake` | a driver; a cancel; a wake of one of its members | dropped once, whoever comes first |
#![cfg(loom)]

mod loom_pool;

use std::future::pending;
use std::sync::Arc;

use coscope_core::model::Node;
use loom::thread;
use loom_pool::{Dropped, Gate, Pool, Tally, root};

/// A parent without a body, and coroutines below it that are suspended.
struct Ground {
    pool: Arc<Pool>,
    parent: Node,
    completed: Arc<Tally>,
    freed: Arc<Tally>,
    dropped: Arc<Tally>,
}

impl Ground {
    fn new() -> Self {
        let (completed, freed) = (Tally::new(), Tally::new());
        let parent = root(&completed, &freed);
        Ground { pool: Pool::new(), parent, completed, freed, dropped: Tally::new() }
    }
    fn launch(&self) {
        launch(&self.parent, &self.pool, &self.dropped);
        self.pool.run_one();
    }
    /// The body's token is given back, and all ends that hangs below.
    fn end(self, launched: usize) {
        let Ground { pool, parent, completed, freed, dropped } = self;
        let _kept = parent.end_body();
        pool.drive(&parent.job());
        assert_eq!(dropped.get(), launched);
        assert!(!parent.has_children());
        drop(parent);
        assert_eq!((completed.get(), freed.get()), (1, 1));
    }
}

fn launch(parent: &Node, pool: &Arc<Pool>, dropped: &Arc<Tally>) {
    let held = Dropped(dropped.clone());
    parent.scope(pool.dispatcher()).launch(async move {
        let _held = held;
        pending::<()>().await;
    });
}

#[test]
fn two_run_a_volley() {
    loom::model(|| {
        let ground = Ground::new();
        (0..3).for_each(|_| ground.launch());
        assert!(ground.parent.cancel());
        let _kept = ground.parent.end_body();
        let other = {
            let (pool, job) = (ground.pool.clone(), ground.parent.job());
            thread::spawn(move || pool.drive(&job))
        };
        ground.pool.drive(&ground.parent.job());
        other.join().unwrap();
        let Ground { pool, parent, completed, freed, dropped } = ground;
        assert_eq!(dropped.get(), 3);
        assert!(parent.is_completed() && !parent.has_children());
        drop((pool, parent));
        assert_eq!((completed.get(), freed.get()), (1, 1));
    });
}

#[test]
fn a_volley_meets_a_newcomer() {
    loom::model(|| {
        let ground = Ground::new();
        (0..2).for_each(|_| ground.launch());
        let canceller = {
            let parent = ground.parent.clone();
            thread::spawn(move || parent.cancel())
        };
        let launcher = {
            let (parent, pool, dropped) =
                (ground.parent.clone(), ground.pool.clone(), ground.dropped.clone());
            thread::spawn(move || launch(&parent, &pool, &dropped))
        };
        launcher.join().unwrap();
        assert!(canceller.join().unwrap());
        ground.end(3);
    });
}

#[test]
fn a_volley_meets_a_wake() {
    loom::model(|| {
        let ground = Ground::new();
        ground.launch();
        let (gate, held) = (Gate::new(), Dropped(ground.dropped.clone()));
        {
            let gate = gate.clone();
            ground.parent.scope(ground.pool.dispatcher()).launch(async move {
                let _held = held;
                gate.passed().await;
            });
        }
        ground.pool.run_one();
        let waker = thread::spawn(move || gate.open());
        let canceller = {
            let parent = ground.parent.clone();
            thread::spawn(move || parent.cancel())
        };
        waker.join().unwrap();
        assert!(canceller.join().unwrap());
        ground.end(2);
    });
}
