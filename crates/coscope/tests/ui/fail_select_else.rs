//! A select waits. To look without waiting there are `try_recv` and `try_send`.
use coscope::prelude::*;
use coscope::{channel::channel, select};

fn main() {
    run_blocking(async |_: Scope| {
        let (_tx, rx) = channel::<u32>(0);
        select! {
            got = rx.recv() => drop(got),
            else => println!("nothing there"),
        }
    });
}
