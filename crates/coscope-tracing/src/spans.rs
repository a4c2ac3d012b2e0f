//! [`Spans`]: which coroutine has which span. Imports nothing of this crate.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use tracing::Span;

/// Coroutines are numbered one after the other, so that the lowest bits spread them.
const SHARDS: usize = 32;

/// The spans of the coroutines that are there, by number. No lock is held when a span is used.
#[derive(Default)]
pub(crate) struct Spans([Shard; SHARDS]);

/// On a line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Shard(Mutex<HashMap<u64, Arc<Span>>>);

impl Spans {
    fn shard(&self, coroutine: u64) -> &Mutex<HashMap<u64, Arc<Span>>> {
        &self.0[coroutine as usize % SHARDS].0
    }

    pub(crate) fn put(&self, coroutine: u64, span: Span) {
        let none = self.shard(coroutine).lock().insert(coroutine, Arc::new(span));
        debug_assert!(none.is_none(), "a number is given once");
    }

    pub(crate) fn get(&self, coroutine: u64) -> Option<Arc<Span>> {
        self.shard(coroutine).lock().get(&coroutine).cloned()
    }

    pub(crate) fn take(&self, coroutine: u64) -> Option<Arc<Span>> {
        self.shard(coroutine).lock().remove(&coroutine)
    }

    fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.0.lock().len()).sum()
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} spans", self.len())
    }
}
