//! Ourselves.
//!
//! | file | what |
//! |---|---|
//! | `home` | a parent on the pool, or on a loop of its own |
//! | `spawn` | what is written once for all peers |
//! | `structure` | where structure makes a difference: scopes in scopes, children that nobody awaits by name |
//! | `cancel` | a parent is cancelled |
//! | `confined` | a counter without a lock |
//! | `switch` | `with_context`, scopes, timeouts |
//! | `table` | the documents' table, tasks that block |
//! | `deferred` | what a result costs in its forms |
//! | `channels` | channels, an actor, selects |
//! | `rest` | beside a load, and without any |

mod home;
mod spawn;
mod structure;
mod cancel;
mod confined;
mod switch;
mod table;
mod deferred;
mod rest;
mod channels;

pub(crate) use home::parallelism;

use super::Peer;

pub(super) const PEERS: &[Peer] = &[
    Peer { name: "coscope", offer: spawn::offer },
    Peer { name: "coscope IO", offer: table::on_io },
    Peer { name: "coscope launch and complete", offer: deferred::completed },
    Peer { name: "coscope bare start", offer: deferred::bare },
];
