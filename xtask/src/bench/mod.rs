//! `cargo xtask bench` and `cargo xtask callgrind`: runs the benches, compares, writes down.
//!
//! | file | what |
//! |---|---|
//! | `row` | what the benches offer |
//! | `record` | the figures of a row, kept in `benches/results.json` |
//! | `bar` | whether coscope meets what is asked of it |
//! | `machine` | what it was measured on |
//! | `process` | one peer on one row, in a process of its own |
//! | `table` | the results as text: on the screen, and in `benches/RESULTS.md` |
//! | `plot` | the results as pictures |
//! | `book` | all that is written down |
//! | `order` | what `bench` was asked for |
//! | `rounds` | the command `bench` |
//! | `callgrind` | the command `callgrind` |
//! | `cost` | what probes and places cost: `callgrind cost` |

mod row;
mod record;
mod bar;
mod machine;
mod process;
mod table;
mod plot;
mod book;
mod order;
mod rounds;
mod callgrind;
mod cost;

pub(crate) use callgrind::run as callgrind;
pub(crate) use rounds::run as rounds;
