//! Functions that start something in the background can be called from anywhere, but what they start
//! belongs to nobody: they need `detached`, and what comes back may have failed alone, hence the `Result`.

use std::convert::Infallible;

use coscope::{detached, now, prelude::*, run_blocking};

use super::useful::{useful_one, useful_two};
use crate::chapter::Chapter;
use crate::stage::ms_since;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("async-style", "Background functions, called outside of any coroutine", run)
        .prints(&["The answer is 42", "Completed in {ms:1000} ms"])
        .in_real_time();

type Answer = Deferred<Result<i32, JoinError<Infallible>>>;

fn start_one() -> Answer {
    detached().spawn(useful_one())
}

fn start_two() -> Answer {
    detached().spawn(useful_two())
}

fn run() {
    let begin = now();
    let one = start_one();
    let two = start_two();
    let sum = run_blocking(async |_| Ok::<_, JoinError<Infallible>>(one.await? + two.await?));
    match sum {
        Ok(sum) => println!("The answer is {sum}"),
        Err(error) => println!("There is no answer: {error}"),
    }
    println!("Completed in {} ms", ms_since(begin));
}
