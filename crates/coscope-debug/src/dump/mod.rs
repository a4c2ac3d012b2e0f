//! How a dump looks.
//!
//! * [`text`] – a tree, indented.
//! * [`json`] – for programs, such as the live page.
//! * [`json_string`] – a text as a JSON string.

pub(crate) mod json;
mod json_string;
pub(crate) mod text;
