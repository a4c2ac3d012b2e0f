//! Many orders of one test. Imports `test`.

use std::fmt::Debug;
use std::future::Future;
use std::panic::resume_unwind;

use coscope_core::unwind;

use crate::test::Test;
use crate::test_scope::TestScope;

/// Names the one order to run.
const VARIABLE: &str = "COSCOPE_TEST_SEED";

impl Test {
    /// Runs `body` under `n` orders of what is ready at once: that of coming, and those of the seeds 1 to `n - 1`. The
    /// first that fails is named on stderr; `COSCOPE_TEST_SEED=…` in the environment runs that one alone.
    ///
    /// An order is the same again as long as the body's steps are: what happens on real dispatchers is beyond it.
    ///
    /// ```
    /// # coscope_scheduler::install();
    /// # use coscope_test::{Test, TestScope};
    /// use std::sync::{Arc, Mutex};
    ///
    /// Test::new().run_schedules(20, async |t: TestScope| {
    ///     let seen = Arc::new(Mutex::new(Vec::new()));
    ///     for i in 0..3 {
    ///         let seen = seen.clone();
    ///         t.launch(async move { seen.lock().unwrap().push(i) });
    ///     }
    ///     t.run_current().await;
    ///     assert_eq!(seen.lock().unwrap().len(), 3); // but in any order
    /// });
    /// ```
    ///
    /// # Panics
    /// As [`run`](Self::run).
    #[track_caller]
    pub fn run_schedules<F, Fut>(self, n: u64, body: F)
    where
        F: Fn(TestScope) -> Fut + Sync,
        Fut: Future<Output = ()> + Send,
    {
        let fails = |test: Test| {
            test.run(&body);
            Ok::<(), ()>(())
        };
        let _ = self.each(n, fails);
    }

    /// As [`run_schedules`](Self::run_schedules), with a scope that may fail.
    ///
    /// # Errors
    /// That of the first order that fails.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    #[track_caller]
    pub fn try_run_schedules<E, F, Fut>(self, n: u64, body: F) -> Result<(), E>
    where
        E: Debug + Send + 'static,
        F: Fn(TestScope<E>) -> Fut + Sync,
        Fut: Future<Output = Result<(), E>> + Send,
    {
        self.each(n, |test| test.try_run(&body))
    }

    fn each<E>(self, n: u64, run: impl Fn(Test) -> Result<(), E>) -> Result<(), E> {
        let given = std::env::var(VARIABLE).ok();
        let given = given.map(|seed| seed.parse().unwrap_or_else(|_| panic!("{VARIABLE}={seed} is no seed")));
        let (first, end) = given.map_or((0, n), |seed: u64| (seed, seed.saturating_add(1)));
        for seed in first..end {
            let ended = unwind::catch(|| run(self.seed(seed)));
            if !matches!(ended, Ok(Ok(()))) && (n > 1 || given.is_some()) {
                eprintln!(
                    "coscope-test: failed with the order of seed {seed}; run it again with {VARIABLE}={seed}"
                );
            }
            ended.unwrap_or_else(|panic| resume_unwind(panic))?;
        }
        Ok(())
    }
}
