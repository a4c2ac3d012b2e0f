//! [`Capture`]: a layer that writes down what happens to spans, in words.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The fields of a span or an event, as text.
#[derive(Default, Clone)]
pub(crate) struct Fields(pub(crate) BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Fields {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// What was written down.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) lines: Vec<String>,
    /// The fields of the spans that have been closed.
    pub(crate) closed: Vec<Fields>,
}

/// Writes down what happens to coroutines whose names begin with `+`: of what is tested, not of what runs it.
#[derive(Clone, Default)]
pub(crate) struct Capture(pub(crate) Arc<Mutex<Book>>);

impl Capture {
    fn write(&self, name: &str, what: impl FnOnce(&mut String)) {
        if name.starts_with('+') {
            let mut line = String::new();
            what(&mut line);
            self.0.lock().unwrap().lines.push(line);
        }
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().lines)
    }
}

fn name_of<S: Subscriber + for<'a> LookupSpan<'a>>(id: &Id, cx: &Context<'_, S>) -> String {
    let span = cx.span(id).expect("the span is there");
    let extensions = span.extensions();
    extensions.get::<Fields>().expect("put there when it was opened").get("name").to_owned()
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let span = cx.span(id).expect("just opened");
        let name = fields.get("name").to_owned();
        span.extensions_mut().insert(fields);
        let parent = span.parent().map(|parent| name_of(&parent.id(), &cx));
        self.write(&name, |line| match parent.filter(|parent| parent.starts_with('+')) {
            Some(parent) => write!(line, "open {name} in {parent}").unwrap(),
            None => write!(line, "open {name}").unwrap(),
        });
    }
    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        let span = cx.span(id).expect("the span is there");
        values.record(span.extensions_mut().get_mut::<Fields>().expect("put there when it was opened"));
    }
    fn on_enter(&self, id: &Id, cx: Context<'_, S>) {
        let name = name_of(id, &cx);
        self.write(&name, |line| write!(line, "enter {name}").unwrap());
    }
    fn on_exit(&self, id: &Id, cx: Context<'_, S>) {
        let name = name_of(id, &cx);
        self.write(&name, |line| write!(line, "exit {name}").unwrap());
    }
    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let inside = cx.event_span(event).map(|span| name_of(&span.id(), &cx)).unwrap_or_default();
        self.write(&inside, |line| write!(line, "{} in {inside}", fields.get("message")).unwrap());
    }
    fn on_close(&self, id: Id, cx: Context<'_, S>) {
        let name = name_of(&id, &cx);
        let fields = cx.span(&id).unwrap().extensions().get::<Fields>().unwrap().clone();
        self.write(&name, |line| write!(line, "close {name}: {}", fields.get("outcome")).unwrap());
        if name.starts_with('+') {
            self.0.lock().unwrap().closed.push(fields);
        }
    }
}
