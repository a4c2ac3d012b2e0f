//! [`CoroutineContext`]: the immutable set of elements that a coroutine runs with.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use super::element::{CleanupDeadline, CoroutineName, Element, Entry};
use crate::dispatch::{Dispatcher, runtime};
use crate::failure::FailureHandler;
use crate::time::{Clock, Hold};

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
#[derive(Clone, Default)]
pub struct CoroutineContext(Set);

#[derive(Clone)]
enum Set {
    /// Nothing but a dispatcher: what most coroutines run with, and what `on` is mostly given. Nothing is allocated.
    Dispatcher(Dispatcher),
    /// Nothing, or what there is.
    Elements(Option<Arc<Elements>>),
}

const _: () = assert!(size_of::<CoroutineContext>() == 16, "every coroutine has one");

impl Default for Set {
    fn default() -> Self {
        Set::Elements(None)
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
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// assert!(CoroutineContext::new().dispatcher().is_none());
    /// ```
    #[inline]
    pub const fn new() -> Self {
        CoroutineContext(Set::Elements(None))
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
        CoroutineContext::made(elements)
    }

    fn made(elements: Elements) -> Self {
        CoroutineContext(Set::Elements(Some(Arc::new(elements))))
    }

    /// What there is besides a dispatcher that stands alone.
    #[inline]
    fn elements(&self) -> Option<&Elements> {
        match &self.0 {
            Set::Dispatcher(_) => None,
            Set::Elements(elements) => elements.as_deref(),
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        matches!(self.0, Set::Elements(None))
    }

    fn is_plain(&self) -> bool {
        self.elements().is_none_or(Elements::is_plain)
    }

    /// All that there is, to be changed.
    fn spread(&self) -> Elements {
        match &self.0 {
            Set::Dispatcher(dispatcher) => {
                Elements { dispatcher: Some(dispatcher.clone()), ..Elements::default() }
            }
            Set::Elements(elements) => elements.as_deref().cloned().unwrap_or_default(),
        }
    }

    /// A context with a clock of its own, for tests in virtual time.
    ///
    /// ```
    /// use coscope::context::CoroutineContext;
    /// use coscope_core::time::{Clock, Instant, Timers};
    /// use std::sync::Arc;
    ///
    /// /// A clock that stands still.
    /// struct Still(Arc<Timers>);
    /// impl Clock for Still {
    ///     fn now(&self) -> Instant { Instant::from_nanos(7) }
    ///     fn timers(&self) -> &Arc<Timers> { &self.0 }
    ///     fn wake_by(&self, _deadline: Instant) {}
    /// }
    ///
    /// coscope::run_blocking(async |s: coscope::Scope| {
    ///     let context = CoroutineContext::with_clock(Arc::new(Still(Timers::new(1))));
    ///     assert_eq!(s.on(context).spawn(async { coscope::now().as_nanos() }).await, 7);
    /// });
    /// ```
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        CoroutineContext::with(|e| e.clock = Some(clock))
    }

    /// The element of type `T`.
    ///
    /// ```
    /// # use coscope::{context::{CoroutineContext, Element, element}};
    /// struct RequestId(u32);
    /// impl Element for RequestId {}
    ///
    /// let context = element(RequestId(7));
    /// assert_eq!(context.get::<RequestId>().unwrap().0, 7);
    /// assert!(CoroutineContext::new().get::<RequestId>().is_none());
    /// ```
    pub fn get<T: Element>(&self) -> Option<&T> {
        let entries = &self.elements()?.entries;
        entries.iter().find(|e| e.key == TypeId::of::<T>()).and_then(|e| e.value.downcast_ref())
    }

    /// The dispatcher, if the context names one.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let context = Dispatchers::default() + Dispatchers::io(); // the right-hand side wins
    /// assert_eq!(context.dispatcher(), Some(&Dispatchers::io()));
    /// ```
    #[inline]
    pub fn dispatcher(&self) -> Option<&Dispatcher> {
        match &self.0 {
            Set::Dispatcher(dispatcher) => Some(dispatcher),
            Set::Elements(elements) => elements.as_deref()?.dispatcher.as_ref(),
        }
    }

    /// The failure handler, if the context has one.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let context = CoroutineContext::from(FailureHandler::new(|failure| eprintln!("{failure}")));
    /// assert!(context.failure_handler().is_some());
    /// ```
    pub fn failure_handler(&self) -> Option<&FailureHandler> {
        self.elements()?.handler.as_ref()
    }

    /// The name, if the context has one.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// assert_eq!((Dispatchers::io() + CoroutineName::new("reader")).name(), Some("reader"));
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.elements()?.name.as_ref().map(|n| &*n.0)
    }

    /// `given`, or else the name that the context gives the coroutine that is launched with it.
    #[inline]
    pub(crate) fn own_name(&self, given: Option<Cow<'static, str>>) -> Option<Cow<'static, str>> {
        if given.is_some() {
            return given;
        }
        self.elements()?.name.as_ref().map(|name| name.0.clone())
    }

    pub(crate) fn cleanup_deadline(&self) -> Duration {
        let set = self.elements().and_then(|e| e.cleanup);
        set.unwrap_or(CleanupDeadline(Duration::from_secs(30))).0
    }

    /// Shows `to` the clock: the context's own, or the dispatcher's. If there is neither, the real one is meant.
    pub(crate) fn show_clock(&self, to: &mut dyn FnMut(&dyn Clock)) {
        if let Some(clock) = self.elements().and_then(|e| e.clock.as_deref()) {
            return to(clock);
        }
        if let Some(dispatcher) = self.dispatcher() {
            dispatcher.dispatch_impl().show_clock(to);
        }
    }

    /// Whether the context has a clock of its own.
    #[inline]
    pub(crate) fn has_clock(&self) -> bool {
        self.elements().is_some_and(|elements| elements.clock.is_some())
    }

    /// What the context's own clock wants kept until a step on `to` has run.
    pub(crate) fn hold(&self, to: &Dispatcher) -> Option<Hold> {
        self.elements()?.clock.as_deref().and_then(|clock| hold(clock, to))
    }

    /// What a child launched with `given` runs with: what it inherits, then what it is given; a
    /// dispatcher always.
    #[inline(always)] // most children are given nothing: a copy of two words, and a count
    pub(crate) fn for_child(&self, given: CoroutineContext) -> CoroutineContext {
        match self.0 {
            Set::Dispatcher(_) | Set::Elements(None) if given.dispatcher().is_some() => given,
            _ if given.is_empty() && self.is_inherited_whole() => self.clone(),
            _ => self.merged_for_child(given),
        }
    }

    fn merged_for_child(&self, given: CoroutineContext) -> CoroutineContext {
        if self.is_plain() && given.dispatcher().is_some() {
            return given;
        }
        let mut context = self.inherited() + given;
        if context.dispatcher().is_none() {
            context = context + runtime().default_dispatcher();
        }
        context
    }

    #[inline]
    fn is_inherited_whole(&self) -> bool {
        match &self.0 {
            Set::Dispatcher(_) => true,
            Set::Elements(None) => false,
            Set::Elements(Some(elements)) => {
                elements.dispatcher.is_some() && elements.name.is_none() && elements.entries.is_empty()
            }
        }
    }

    fn inherited(&self) -> CoroutineContext {
        let Some(elements) = self.elements() else { return self.clone() };
        let entries: Vec<Entry> = elements.entries.iter().filter_map(Entry::for_child).collect();
        let thread_elements = entries.iter().any(Entry::is_thread_element);
        CoroutineContext::made(Elements { name: None, entries, thread_elements, ..elements.clone() })
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

    /// Whether a step takes more than the poll: it has thread elements, or a clock of its own.
    #[inline]
    pub(crate) fn concerns_steps(&self) -> bool {
        self.elements().is_some_and(|e| e.thread_elements || e.clock.is_some())
    }
}

impl<C: Into<CoroutineContext>> Add<C> for CoroutineContext {
    type Output = CoroutineContext;
    #[inline]
    fn add(self, right: C) -> CoroutineContext {
        let right = right.into();
        if self.is_empty() { right } else { self.merged_with(right) }
    }
}

impl CoroutineContext {
    fn merged_with(self, right: CoroutineContext) -> CoroutineContext {
        if right.is_empty() {
            return self;
        }
        if self.is_plain() && right.dispatcher().is_some() {
            return right; // nothing is left of what is left
        }
        let mut sum = self.spread();
        sum.dispatcher = right.dispatcher().cloned().or(sum.dispatcher);
        if let Some(r) = right.elements() {
            sum.clock = r.clock.clone().or(sum.clock);
            sum.handler = r.handler.clone().or(sum.handler);
            sum.cleanup = r.cleanup.or(sum.cleanup);
            sum.name = r.name.clone().or(sum.name);
            sum.entries.retain(|old| r.entries.iter().all(|new| new.key != old.key));
            sum.entries.extend(r.entries.iter().cloned());
            sum.thread_elements = sum.entries.iter().any(Entry::is_thread_element);
        }
        CoroutineContext::made(sum)
    }
}

#[cold]
fn hold(clock: &dyn Clock, to: &Dispatcher) -> Option<Hold> {
    let mut is_its_own = false;
    let mut compare = |shown: &dyn Clock| is_its_own = Arc::ptr_eq(shown.timers(), clock.timers());
    to.dispatch_impl().show_clock(&mut compare);
    if is_its_own { None } else { clock.hold() }
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

impl From<Dispatcher> for CoroutineContext {
    #[inline]
    fn from(dispatcher: Dispatcher) -> Self {
        CoroutineContext(Set::Dispatcher(dispatcher))
    }
}

impl From<&Dispatcher> for CoroutineContext {
    #[inline]
    fn from(dispatcher: &Dispatcher) -> Self {
        dispatcher.clone().into()
    }
}

impl<C: Into<CoroutineContext>> Add<C> for Dispatcher {
    type Output = CoroutineContext;
    fn add(self, right: C) -> CoroutineContext {
        CoroutineContext::from(self) + right
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
        let e = self.spread();
        f.debug_struct("CoroutineContext")
            .field("dispatcher", &e.dispatcher)
            .field("name", &e.name)
            .field("elements", &e.entries)
            .finish_non_exhaustive()
    }
}
