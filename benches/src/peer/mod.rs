//! The peers, a file or a folder each. A [`Peer`] says which work it offers; [`Make`] sets up what runs it.
//!
//! | file | who |
//! |---|---|
//! | `coscope` | ourselves |
//! | `tokio` | many workers, one thread, `LocalSet`, `JoinSet`, `CancellationToken` |
//! | `smol` | the executor, its static form, the local one |
//! | `async_task` | cells of async-task in a plain queue: a floor without a runtime |
//! | `futures` | in line, nothing is started: a floor |
//! | `rayon` | jobs that cannot suspend: a floor |
//! | `may` | coroutines with stacks |
//! | `threads` | those of the system |
//! | `crossbeam` | channels between threads |
//! | `boxes` | the yardstick of growth |

pub(crate) mod coscope;
#[cfg(feature = "peers")]
mod tokio;
#[cfg(feature = "peers")]
mod smol;
#[cfg(feature = "peers")]
mod async_task;
mod futures;
#[cfg(feature = "peers")]
mod rayon;
#[cfg(feature = "peers")]
mod may;
mod threads;
#[cfg(feature = "peers")]
mod crossbeam;
mod boxes;

use crate::sample::Sample;

/// What runs the work: `n` operations of it.
pub(crate) type Run = Box<dyn FnMut(usize) -> Sample>;

/// Sets it up.
pub(crate) type Make = fn(&Setup) -> Run;

/// What it is set up for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) threads: usize,
    pub(crate) work: &'static str,
}

/// One who can do some of the work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) offer: fn(&str) -> Option<Make>,
}

/// All of them, ourselves first.
pub(crate) fn peers() -> Vec<Peer> {
    [
        coscope::PEERS,
        #[cfg(feature = "peers")]
        tokio::PEERS,
        #[cfg(feature = "peers")]
        smol::PEERS,
        #[cfg(feature = "peers")]
        async_task::PEERS,
        futures::PEERS,
        #[cfg(feature = "peers")]
        rayon::PEERS,
        #[cfg(feature = "peers")]
        may::PEERS,
        threads::PEERS,
        #[cfg(feature = "peers")]
        crossbeam::PEERS,
        boxes::PEERS,
    ]
    .concat()
}
