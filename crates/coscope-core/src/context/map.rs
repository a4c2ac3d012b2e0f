//! [`CoroutineContext`]: the immutable set of elements that a coroutine runs with.

use std::any::TypeId;
use std::fmt;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use super::element::{CleanupDeadline, CoroutineName, Element, Entry};
use crate::dispatch::{Dispatcher, runtime};
use crate::failure::FailureHandler;
use crate::time::Clock;

/// What a coroutine runs with: its dispatcher, its name, its failure handler and the user's own
/// elements. Immutable and cheap to clone. `a + b` is `a` with what `b` has: the right-hand side wins.
///
/// ```
/// use coscope_core::{FailureHandler, context::{CoroutineContext, CoroutineName}};
/// use coscope_core::dispatch::Dispatcher;
///
/// let context = Dispatcher::unconfined() + CoroutineName::new("reader") + FailureHandler::new(|f| eprintln!("{f}"));
/// assert_eq!(context.name(), Some("reader"));
/// ```
#[derive(Clone)]
pub struct CoroutineContext(Content);

/// Most have nothing but a dispatcher: it lies here itself, and costs no allocation.
#[derive(Clone)]
enum Content {
    Dispatcher(Dispatcher),
    Elements(Option<Arc<Elements>>),
}

impl Default for CoroutineContext {
    fn default() -> Self {
        CoroutineContext::new()
    }
}

#[derive(Clone, Default)]
struct Elements {
    dispatcher: Option<Dispatcher>,
    clock: Option<Arc<dyn Clock>>,
    handler: Option<FailureHandler>,
    cleanup: Option<CleanupDeadline>,
    name: Option<CoroutineName>,
    entries: Vec<Entry>,
    thread_elements: bool,
}

impl Elements {
    /// Nothing but a dispatcher, perhaps.
    fn is_plain(&self) -> bool {
        let Elements { dispatcher: _, clock, handler, cleanup, name, entries, thread_elements: _ } = self;
        clock.is_none() && handler.is_none() && cleanup.is_none() && name.is_none() && entries.is_empty()
    }
}

impl CoroutineContext {
    /// The empty context.
    pub const fn new() -> Self {
        CoroutineContext(Content::Elements(None))
    }

    /// What there is beside a dispatcher, and one perhaps.
    #[inline]
    fn elements(&self) -> Option<&Elements> {
        match &self.0 {
            Content::Elements(elements) => elements.as_deref(),
            Content::Dispatcher(_) => None,
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self.0, Content::Elements(None))
    }

    /// Whether there is nothing but a dispatcher, perhaps.
    fn is_plain(&self) -> bool {
        self.elements().is_none_or(Elements::is_plain)
    }

    pub(super) fn of(entry: Entry) -> Self {
        CoroutineContext::with(|e| {
            e.thread_elements = entry.is_thread_element();
            e.entries.push(entry);
        })
    }

    fn with(set: impl FnOnce(&mut Elements)) -> Self {
        let mut elements = Elements::default();
        set(&mut elements);
        CoroutineContext::from(elements)
    }

    /// A context with a clock of its own, for tests in virtual time.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        CoroutineContext::with(|e| e.clock = Some(clock))
    }

    /// The element of type `T`.
    pub fn get<T: Element>(&self) -> Option<&T> {
        let entries = &self.elements()?.entries;
        entries.iter().find(|e| e.key == TypeId::of::<T>()).and_then(|e| e.value.downcast_ref())
    }

    /// The dispatcher, if the context names one.
    #[inline]
    pub fn dispatcher(&self) -> Option<&Dispatcher> {
        match &self.0 {
            Content::Dispatcher(dispatcher) => Some(dispatcher),
            Content::Elements(elements) => elements.as_deref()?.dispatcher.as_ref(),
        }
    }

    /// The failure handler, if the context has one.
    pub fn failure_handler(&self) -> Option<&FailureHandler> {
        self.elements()?.handler.as_ref()
    }

    /// The name, if the context has one.
    pub fn name(&self) -> Option<&str> {
        self.elements()?.name.as_ref().map(|n| &*n.0)
    }

    pub(crate) fn coroutine_name(&self) -> Option<&CoroutineName> {
        self.elements()?.name.as_ref()
    }

    pub(crate) fn cleanup_deadline(&self) -> Duration {
        let set = self.elements().and_then(|e| e.cleanup);
        set.unwrap_or(CleanupDeadline(Duration::from_secs(30))).0
    }

    /// Runs `f` with the clock: the context's own, the dispatcher's, or the real one.
    pub(crate) fn on_clock<R>(&self, f: impl FnOnce(&Arc<dyn Clock>) -> R) -> R {
        if let Some(clock) = self.elements().and_then(|e| e.clock.as_ref()) {
            return f(clock);
        }
        match self.dispatcher().and_then(|d| d.dispatch_impl().clock()) {
            Some(clock) => f(&clock),
            None => f(runtime().clock()),
        }
    }

    /// What a child launched with `given` runs with: what it inherits, then what it is given; a
    /// dispatcher always.
    #[inline]
    pub(crate) fn for_child(&self, given: &CoroutineContext) -> CoroutineContext {
        if given.is_empty() && self.is_inherited_whole() {
            self.clone()
        } else {
            self.merged_for_child(given)
        }
    }

    fn merged_for_child(&self, given: &CoroutineContext) -> CoroutineContext {
        if self.is_plain() && given.dispatcher().is_some() {
            return given.clone();
        }
        let mut context = self.inherited() + given.clone();
        if context.dispatcher().is_none() {
            context = context + runtime().default_dispatcher();
        }
        context
    }

    #[inline]
    fn is_inherited_whole(&self) -> bool {
        let elements = match &self.0 {
            Content::Dispatcher(_) => return true,
            Content::Elements(None) => return false,
            Content::Elements(Some(elements)) => elements,
        };
        elements.dispatcher.is_some() && elements.name.is_none() && elements.entries.is_empty()
    }

    fn inherited(&self) -> CoroutineContext {
        let Some(elements) = self.elements() else { return self.clone() };
        let entries: Vec<Entry> = elements.entries.iter().filter_map(Entry::for_child).collect();
        let thread_elements = entries.iter().any(Entry::is_thread_element);
        CoroutineContext::from(Elements { name: None, entries, thread_elements, ..elements.clone() })
    }

    /// Runs `step` with every thread element set.
    pub(crate) fn around_step(&self, step: &mut dyn FnMut()) {
        fn nest(entries: &[Entry], step: &mut dyn FnMut()) {
            match entries.split_first() {
                None => step(),
                Some((entry, rest)) => entry.around(&mut || nest(rest, step)),
            }
        }
        match self.elements() {
            Some(elements) if elements.thread_elements => nest(&elements.entries, step),
            _ => step(),
        }
    }

    /// Whether `around_step` has anything to set.
    #[inline]
    pub(crate) fn has_thread_elements(&self) -> bool {
        self.elements().is_some_and(|e| e.thread_elements)
    }
}

impl<C: Into<CoroutineContext>> Add<C> for CoroutineContext {
    type Output = CoroutineContext;
    fn add(self, right: C) -> CoroutineContext {
        let right = right.into();
        if right.is_empty() {
            return self;
        }
        if self.is_empty() || (self.is_plain() && right.dispatcher().is_some()) {
            return right; // nothing is left of what is left
        }
        let mut sum = self.elements().cloned().unwrap_or_default();
        sum.dispatcher = right.dispatcher().or(self.dispatcher()).cloned();
        if let Some(r) = right.elements() {
            sum.clock = r.clock.clone().or(sum.clock);
            sum.handler = r.handler.clone().or(sum.handler);
            sum.cleanup = r.cleanup.or(sum.cleanup);
            sum.name = r.name.clone().or(sum.name);
            sum.entries.retain(|old| r.entries.iter().all(|new| new.key != old.key));
            sum.entries.extend(r.entries.iter().cloned());
            sum.thread_elements = sum.entries.iter().any(Entry::is_thread_element);
        }
        CoroutineContext::from(sum)
    }
}

impl From<Elements> for CoroutineContext {
    fn from(elements: Elements) -> Self {
        CoroutineContext(Content::Elements(Some(Arc::new(elements))))
    }
}

impl From<Dispatcher> for CoroutineContext {
    #[inline]
    fn from(dispatcher: Dispatcher) -> Self {
        CoroutineContext(Content::Dispatcher(dispatcher))
    }
}

macro_rules! element_of_the_house {
    ($($type:ty, $field:ident;)*) => {$(
        impl From<$type> for CoroutineContext {
            fn from(value: $type) -> Self {
                CoroutineContext::with(|e| e.$field = Some(value))
            }
        }
        impl<C: Into<CoroutineContext>> Add<C> for $type {
            type Output = CoroutineContext;
            fn add(self, right: C) -> CoroutineContext {
                CoroutineContext::from(self) + right
            }
        }
    )*};
}

impl<C: Into<CoroutineContext>> Add<C> for Dispatcher {
    type Output = CoroutineContext;
    fn add(self, right: C) -> CoroutineContext {
        CoroutineContext::from(self) + right
    }
}

impl From<&Dispatcher> for CoroutineContext {
    fn from(dispatcher: &Dispatcher) -> Self {
        dispatcher.clone().into()
    }
}

element_of_the_house! {
    FailureHandler, handler;
    CleanupDeadline, cleanup;
    CoroutineName, name;
}

impl fmt::Debug for CoroutineContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("CoroutineContext(empty)");
        }
        let e = self.elements().cloned().unwrap_or_default();
        f.debug_struct("CoroutineContext")
            .field("dispatcher", &self.dispatcher())
            .field("name", &e.name)
            .field("elements", &e.entries)
            .finish_non_exhaustive()
    }
}
