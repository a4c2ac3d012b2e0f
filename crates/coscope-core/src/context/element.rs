//! [`Element`]: a typed value that coroutines carry, and what a child gets of it.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::CoroutineContext;
use crate::unwind::contain;

/// What a child gets of an element of its parent's context.
///
/// ```
/// # use coscope::{context::{Element, Inherit, element}, current_context, prelude::*};
/// struct Depth(u32);
/// impl Element for Depth {
///     fn for_child(&self) -> Inherit<Self> { Inherit::Derived(Depth(self.0 + 1)) }
/// }
///
/// run_blocking(async |_| {
///     with_context(element(Depth(0)), async {
///         let child = scope(async |s: Scope| {
///             s.spawn(async { current_context().get::<Depth>().map(|depth| depth.0) }).await
///         });
///         assert_eq!(child.await, Some(1));
///     })
///     .await;
/// });
/// ```
#[derive(Debug)]
pub enum Inherit<T> {
    /// The same value.
    Same,
    /// A value of its own, derived from the parent's.
    Derived(T),
    /// Nothing.
    No,
}

/// A value of the context, found by its type. Says itself what a child gets of it: the same, a
/// value derived from it, or nothing.
///
/// ```
/// use coscope_core::context::{CoroutineContext, Element, Inherit, element};
///
/// struct RequestId(u32);
/// impl Element for RequestId {}                       // inherited as it is
///
/// struct Depth(u32);
/// impl Element for Depth {                            // each child is one deeper
///     fn for_child(&self) -> Inherit<Self> { Inherit::Derived(Depth(self.0 + 1)) }
/// }
///
/// let context = CoroutineContext::new() + element(RequestId(7)) + element(Depth(0));
/// assert_eq!(context.get::<RequestId>().unwrap().0, 7);
/// ```
pub trait Element: Send + Sync + Sized + 'static {
    /// What a child gets.
    fn for_child(&self) -> Inherit<Self> {
        Inherit::Same
    }
}

/// An element that sets a thread-local around every step of the coroutine: `update` before a step
/// (a poll or the drop of the coroutine's future), `restore` after it. A panic in either fails the
/// coroutine; in a step that drops the future it is reported, and the future is dropped all the same.
///
/// ```
/// use coscope_core::context::{CoroutineContext, Element, ThreadElement, thread_element};
/// use std::cell::Cell;
///
/// thread_local!(static TENANT: Cell<u32> = const { Cell::new(0) });
///
/// struct Tenant(u32);
/// impl Element for Tenant {}
/// impl ThreadElement for Tenant {
///     type Saved = u32;
///     fn update(&self) -> u32 { TENANT.replace(self.0) }
///     fn restore(&self, saved: u32) { TENANT.set(saved) }
/// }
///
/// let context = CoroutineContext::new() + thread_element(Tenant(7)); // for `s.on(context)` or `with_context`
/// assert_eq!(context.get::<Tenant>().unwrap().0, 7);
/// ```
pub trait ThreadElement: Element {
    /// What `restore` needs.
    type Saved;
    /// Sets the thread-local and hands over what it held.
    fn update(&self) -> Self::Saved;
    /// Puts back what it held.
    fn restore(&self, saved: Self::Saved);
}

type AnyArc = Arc<dyn Any + Send + Sync>;
/// Runs a step with the thread-local of a value set.
type Around = fn(&AnyArc, &mut dyn FnMut());

/// An element, erased.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: TypeId,
    pub(super) value: AnyArc,
    for_child: fn(&AnyArc) -> Option<AnyArc>,
    around: Option<Around>,
    type_name: &'static str,
}

impl Entry {
    fn new<T: Element>(value: T) -> Self {
        Entry {
            key: TypeId::of::<T>(),
            value: Arc::new(value),
            for_child: |value| match value.downcast_ref::<T>().expect("the entry's own type").for_child() {
                Inherit::Same => Some(value.clone()),
                Inherit::Derived(derived) => Some(Arc::new(derived)),
                Inherit::No => None,
            },
            around: None,
            type_name: std::any::type_name::<T>(),
        }
    }

    pub(super) fn for_child(&self) -> Option<Entry> {
        Some(Entry { value: (self.for_child)(&self.value)?, ..self.clone() })
    }

    pub(super) fn is_thread_element(&self) -> bool {
        self.around.is_some()
    }

    /// Runs `step` with the thread-local set, if it is a thread element.
    pub(super) fn around(&self, step: &mut dyn FnMut()) {
        match self.around {
            Some(around) => around(&self.value, step),
            None => step(),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name)
    }
}

/// A context of one element.
///
/// ```
/// # use coscope::{context::{Element, element}, current_context, prelude::*};
/// struct RequestId(u32);
/// impl Element for RequestId {}
///
/// run_blocking(async |s: Scope| {
///     let id = s.on(element(RequestId(7))).spawn(async { current_context().get::<RequestId>().unwrap().0 });
///     assert_eq!(id.await, 7);
/// });
/// ```
pub fn element<T: Element>(value: T) -> CoroutineContext {
    CoroutineContext::of(Entry::new(value))
}

/// A context of one element that sets a thread-local around every step.
///
/// ```
/// # use coscope::{context::{Element, ThreadElement, thread_element}, prelude::*};
/// # use std::cell::Cell;
/// thread_local!(static TENANT: Cell<u32> = const { Cell::new(0) });
///
/// struct Tenant(u32);
/// impl Element for Tenant {}
/// impl ThreadElement for Tenant {
///     type Saved = u32;
///     fn update(&self) -> u32 { TENANT.replace(self.0) }
///     fn restore(&self, saved: u32) { TENANT.set(saved) }
/// }
///
/// run_blocking(async |s: Scope| {
///     let on_the_pool = thread_element(Tenant(7)) + Dispatchers::default();
///     assert_eq!(s.on(on_the_pool).spawn(async { TENANT.get() }).await, 7);
///     assert_eq!(TENANT.get(), 0);
/// });
/// ```
pub fn thread_element<T: ThreadElement>(value: T) -> CoroutineContext {
    struct Restore<'a, T: ThreadElement>(&'a T, Option<T::Saved>);
    impl<T: ThreadElement> Drop for Restore<'_, T> {
        fn drop(&mut self) {
            let Some(saved) = self.1.take() else { return };
            if std::thread::panicking() {
                contain("a thread element", || self.0.restore(saved)); // the step's own panic goes on
            } else {
                self.0.restore(saved);
            }
        }
    }
    CoroutineContext::of(Entry {
        around: Some(|value, step| {
            let element = value.downcast_ref::<T>().expect("the entry's own type");
            let _restore = Restore(element, Some(element.update()));
            step();
        }),
        ..Entry::new(value)
    })
}

/// The name of a coroutine, for people: in dumps, labels and messages. Not inherited by children.
///
/// As an element it names the coroutine that is launched with it; `named("…")` says the same.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let job = s.on(CoroutineName::new("reader")).launch(async {});
///     assert_eq!(job.name(), "reader");
/// });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoroutineName(pub(crate) Cow<'static, str>);

impl CoroutineName {
    /// The name; a literal allocates nothing.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let number = 3;
    /// let context = CoroutineContext::from(CoroutineName::new(format!("reader-{number}")));
    /// assert_eq!(context.name(), Some("reader-3"));
    /// ```
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        CoroutineName(name.into())
    }
}

/// How long a clean-up of a cancelled coroutine may take before it is dropped and named on stderr.
/// Inherited; 30 s where nothing is said.
///
/// ```
/// # use coscope::{context::CleanupDeadline, prelude::*};
/// # use std::time::Duration;
/// run_blocking(async |s: Scope| {
///     let hanging = s.on(CleanupDeadline(Duration::from_millis(2))).start(Start::Undispatched).launch(async {
///         let _never_done = defer(std::future::pending());
///         delay(Duration::from_secs(60)).await;
///     });
///     hanging.cancel_and_join("enough").await; // after 2 ms, and stderr has its name
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanupDeadline(pub Duration);
