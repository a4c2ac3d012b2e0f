//! What coscope and its peers cost, on the same work: one scenario a file, one folder a peer.
//!
//! Nothing of this is published. `cargo xtask bench` runs it, each peer on each row in a process of its own;
//! by hand it is `coscope-benches run W1a tokio`. The README here says how to read the figures.
//!
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `sample` – what one run of the work cost
//! 2. `runtime` – what a coroutine finds around it, whoever runs it · `tally` – counts those that end
//! 3. `row` – what is to be measured, and the bar that coscope is to meet
//! 4. `scenario` – the work itself
//! 5. `peer` – who does it
//! 6. `sampler` – runs it many times
//! 7. `command` – the command line
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "peers"), allow(dead_code))] // some of the work is offered by peers only
#![allow(clippy::disallowed_methods)] // the machine itself is measured, with its own clock and threads

mod sample;
mod runtime;
mod tally;
mod row;
mod scenario;
mod peer;
mod sampler;
mod command;

pub use command::run;
