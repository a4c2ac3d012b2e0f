//! The live page: a small web server inside the program, on a thread of its own.
//!
//! - [`error`]: why a page is not served
//! - [`source`]: where the data comes from
//! - [`program`]: this very program as one
//! - [`token`]: the secret that a caller must know
//! - [`guard`]: who may ask: method, host, token
//! - [`body`]: what is answered, in pieces
//! - [`page`]: the files of the page
//! - [`routes`]: which path is answered with what
//! - [`server`]: the thread, the socket and the handle
//! - [`builder`]: what is decided before
//!
//! HTTP is [hyper](https://hyper.rs)'s. The pool is not asked for anything, so the page answers while all its
//! threads are busy or stuck; that is when it is needed.

mod error;
mod source;
mod program;
mod token;
mod guard;
mod body;
mod page;
mod routes;
mod server;
mod builder;

pub use builder::{ServerBuilder, serve};
pub use error::ServeError;
pub use server::Server;
pub use source::Source;
