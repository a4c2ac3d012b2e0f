//! tokio.
//!
//! | file | what |
//! |---|---|
//! | `home` | its runtimes, and a parent on them |
//! | `spawn` | what is written once for all peers |
//! | `join_set` | a set that owns its tasks |
//! | `token` | a tree of cancellation tokens |
//! | `confined` | another runtime that takes care of a counter |
//! | `switch` | to where it may block, and back; timeouts |
//! | `table` | the documents' table, tasks that block |
//! | `channels` | its channels, and those that belong to no runtime; selects |
//! | `oneshot` | a detached task that completes a one-shot |

mod home;
mod spawn;
mod join_set;
mod token;
mod confined;
mod switch;
mod table;
mod oneshot;
mod channels;

use super::Peer;

pub(super) const PEERS: &[Peer] = &[
    Peer { name: "tokio", offer: spawn::workers },
    Peer { name: "tokio current-thread", offer: spawn::current_thread },
    Peer { name: "tokio LocalSet", offer: spawn::local_set },
    Peer { name: "tokio JoinSet", offer: join_set::offer },
    Peer { name: "tokio token", offer: token::offer },
    Peer { name: "tokio other runtime", offer: confined::offer },
    Peer { name: "tokio block_in_place", offer: switch::in_place },
    Peer { name: "tokio spawn_blocking", offer: table::offer },
    Peer { name: "tokio mpsc", offer: channels::own },
    Peer { name: "kanal", offer: channels::kanal },
    Peer { name: "flume", offer: channels::flume },
    Peer { name: "async-channel", offer: channels::async_channel },
    Peer { name: "crossfire", offer: channels::crossfire },
];
