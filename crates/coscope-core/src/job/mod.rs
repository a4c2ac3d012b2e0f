//! The job tree: who hangs below whom, who is being cancelled, who has completed.
//!
//! * [`state`] – the life-cycle word, its diagram and its timeline.
//! * [`node`] – [`Node`](node::Node), a place in the tree, and the counted pointer to one.
//! * [`name`] – what a node is called, in two words.
//! * [`kind`] – what its kinds do, and where their payloads are.
//! * [`finalizer`] – the clean-ups that a job has still to run.
//! * [`shared_kind`] – kinds that may be touched on any thread, without a promise.
//! * [`listener`] – who wants to hear of a cancel, a stop or the end.
//! * [`leaving`] – children that leave their parent together.
//! * [`tree`] – children: link and unlink; tokens given back up the tree.
//! * [`walk`] – children, one after the other, or a few at a time.
//! * [`cancel`] – the way down.
//! * [`completion`] – the way up: joiners and listeners.
//! * [`waker`] – the waker of a coroutine, a pointer with the slot in its low bits.
//! * [`volley`] – steps of coroutines that are cut together.
//! * [`tell`] – what a coroutine tells the probes.
//! * [`handle`] – [`Job`], what users hold.
//!
//! Two things hold a token of a job: its body, and the list of its children, in which each stands until its own subtree
//! has completed. The step that gives back the last one completes it, and takes it out of its parent's list.
//!
//! Does not know tasks, scopes or futures of users. May import `primitive`, `mark`, `error`, `failure`,
//! `memory`, `wait`, `time`, `dispatch`, `probe`, `unwind`.

mod cancel;
mod completion;
mod finalizer;
mod handle;
mod leaving;
mod listener;
mod name;
pub(crate) mod kind;
pub(crate) mod node;
mod shared_kind;
pub(crate) mod state;
mod tell;
mod tree;
mod volley;
mod walk;
pub(crate) mod waker;

pub use handle::{Job, Listener};
pub use walk::ChildCursor;

pub(crate) use completion::Joining;
pub(crate) use finalizer::{Cleanup, Finalizer, Finalizers};
pub(crate) use kind::{Kind, KindRef};
pub(crate) use listener::Event;
pub(crate) use name::Name;
pub(crate) use node::{Identity, Node, NodeRef};
pub(crate) use shared_kind::SharedKind;
pub(crate) use state::{Admission, Birth, Ended};
pub(crate) use volley::Volley;
