//! [`Labelled`]: what a foreign wait is called, and where. Each pair is kept once, for ever: there are as many as
//! there are such places in the program.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::{LazyLock, Mutex, PoisonError};

/// A name and a place.
#[derive(Debug)]
pub(crate) struct Labelled {
    pub(crate) label: &'static str,
    pub(crate) site: &'static Location<'static>,
}

type Table = HashMap<(&'static str, usize), &'static Labelled>;

impl Labelled {
    /// The one of this name and place.
    pub(crate) fn interned(label: &'static str, site: &'static Location<'static>) -> &'static Labelled {
        static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);
        let mut table = TABLE.lock().unwrap_or_else(PoisonError::into_inner);
        table
            .entry((label, std::ptr::from_ref(site).addr()))
            .or_insert_with(|| Box::leak(Box::new(Labelled { label, site })))
    }
}
