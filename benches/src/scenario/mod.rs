//! The work, one file a row (or two, where they differ in size alone): what is done, how often, and the bar.
//!
//! What all runtimes can do in the same words is written here, over [`Runtime`](crate::runtime::Runtime); what each
//! has words of its own for is written in its folder in `peer`.

pub(crate) mod w1;
pub(crate) mod w1c;
pub(crate) mod w1d;
pub(crate) mod w2;
pub(crate) mod w3;
pub(crate) mod w3c;
pub(crate) mod w3d;
pub(crate) mod w6;
pub(crate) mod w7;
pub(crate) mod w8;
pub(crate) mod w9;
pub(crate) mod w10;
pub(crate) mod w12a;
pub(crate) mod w12b;
pub(crate) mod w12c;
pub(crate) mod w12d;
pub(crate) mod document;
pub(crate) mod instruction;
pub(crate) mod growth;
pub(crate) mod load;
pub(crate) mod idle;

use crate::row::Row;

/// All rows, in the order of the results.
pub(crate) fn rows() -> Vec<Row> {
    [
        w1::rows(),
        w1c::rows(),
        w1d::rows(),
        w2::rows(),
        w3::rows(),
        w3c::rows(),
        w3d::rows(),
        w6::rows(),
        w7::rows(),
        w8::rows(),
        w9::rows(),
        w10::rows(),
        w12a::rows(),
        w12b::rows(),
        w12c::rows(),
        w12d::rows(),
        document::rows(),
        load::rows(),
        idle::rows(),
        growth::rows(),
        instruction::rows(),
    ]
    .concat()
}
