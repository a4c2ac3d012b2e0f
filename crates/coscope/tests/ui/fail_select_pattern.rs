//! A pattern that may not match: the channel can end.
use coscope::prelude::*;
use coscope::{channel::channel, select};

fn main() {
    run_blocking(async |_: Scope| {
        let (_tx, rx) = channel::<u32>(0);
        select! {
            Ok(got) = rx.recv() => drop(got),
        }
    });
}
