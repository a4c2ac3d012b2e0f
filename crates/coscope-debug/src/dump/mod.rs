//! How a dump looks.
//!
//! * [`text`] – a tree, indented.
//! * [`json`] – for programs, such as the live page.
//! * [`json_string`] – a text as a JSON string.
//! * [`output`] – of what, and whereto.

mod json;
mod json_string;
mod output;
mod text;

pub(crate) use json_string::{OrNull, Quoted};
pub(crate) use output::to_stderr;
pub use output::{dump, dump_job, dump_job_json_to, dump_job_to, dump_json_to, dump_to, findings};
