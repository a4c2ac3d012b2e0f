//! smol.
//!
//! | file | what |
//! |---|---|
//! | `home` | its executors, and a parent on them |
//! | `spawn` | what is written once for all peers |
//! | `cancel` | a parent that drops its tasks |
//! | `confined` | an executor of one thread that takes care of a counter |
//! | `switch` | to where it may block, and back; timeouts |

mod home;
mod spawn;
mod cancel;
mod confined;
mod switch;

use super::Peer;

pub(super) const PEERS: &[Peer] = &[
    Peer { name: "smol", offer: spawn::workers },
    Peer { name: "smol static", offer: spawn::static_workers },
    Peer { name: "smol local", offer: spawn::local },
    Peer { name: "smol other executor", offer: confined::offer },
    Peer { name: "smol unblock", offer: switch::unblock },
];
