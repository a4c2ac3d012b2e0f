//! A future that is only borrowed would stand still while an arm runs: it is launched instead.
use coscope::prelude::*;
use coscope::{channel::channel, select};

fn main() {
    run_blocking(async |_: Scope| {
        let (_tx, rx) = channel::<u32>(0);
        let mut work = std::pin::pin!(async { 42 });
        loop {
            select! {
                got = rx.recv() => drop(got),
                answer = &mut work => break drop(answer),
            }
        }
    });
}
