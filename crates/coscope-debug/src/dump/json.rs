//! [`Json`]: a dump for programs, written as it comes.
//!
//! ```json
//! {"format":"coscope-dump","version":1,"process":41,"taken_at_ms":1700000000000,
//!  "jobs":[{"key":3,"parent":1,"kind":"coroutine","id":12,"name":"fetch","state":"suspended","cancelled":false,
//!           "in_state_ms":3200,"wait":{"kind":"Mutex::lock","at":"src/db.rs:88:14","label":null},
//!           "launched_at":"src/main.rs:20:9","dispatcher":"Default"}],
//!  "waits":[{"waiter":3,"on":"Mutex","resource":"0x55d0","holder":5,"at":"src/db.rs:88:14"}],
//!  "findings":[{"kind":"deadlock","jobs":[3,5],"text":"…"}],
//!  "pools":[{"name":"Default","threads":2,"queued":0}]}
//! ```
//! Jobs come in the order of the tree, each parent before its children.

use std::collections::HashMap;
use std::io::{self, Write};

use coscope_core::dispatch::PoolFigures;
use coscope_core::sight::JobKind;

use crate::dump::json_string::{OrNull, Quoted};
use crate::finding::Finding;
use crate::record::{Record, Wait};
use crate::waits::{Met, Resource};

pub(crate) struct Json<W> {
    out: W,
    any: bool,
}

impl<W: Write> Json<W> {
    pub(crate) fn begin(mut out: W, taken_at_ms: u128) -> io::Result<Self> {
        let process = std::process::id();
        write!(
            out,
            r#"{{"format":"coscope-dump","version":1,"process":{process},"taken_at_ms":{taken_at_ms},"jobs":["#
        )?;
        Ok(Json { out, any: false })
    }

    pub(crate) fn job(&mut self, record: &Record) -> io::Result<()> {
        self.comma()?;
        let Record {
            key,
            parent,
            kind,
            id,
            name,
            state,
            cancelled,
            in_state,
            wait,
            launched_at,
            dispatcher,
            detached: _,
        } = record;
        let is_given = id.is_some() && name != JobKind::Coroutine.as_str();
        write!(
            self.out,
            r#"{{"key":{key},"parent":{},"kind":{},"id":{},"name":{},"state":{},"cancelled":{cancelled},"in_state_ms":{},"wait":"#,
            OrNull(*parent),
            Quoted(kind),
            OrNull(*id),
            OrNull(is_given.then_some(Quoted(name))),
            Quoted(state),
            OrNull(in_state.map(|time| time.as_millis())),
        )?;
        match wait {
            Some(Wait { kind, at, label }) => write!(
                self.out,
                r#"{{"kind":{},"at":{},"label":{}}}"#,
                Quoted(kind),
                Quoted(at),
                OrNull(label.map(Quoted))
            )?,
            None => write!(self.out, "null")?,
        }
        write!(
            self.out,
            r#","launched_at":{},"dispatcher":{}}}"#,
            OrNull(launched_at.map(Quoted)),
            OrNull(dispatcher.as_ref().map(Quoted)),
        )
    }

    /// What comes after the jobs. `met` has the keys of all who wait or are waited for.
    pub(crate) fn end(
        mut self,
        waits: &[Resource],
        met: &HashMap<u64, Met>,
        findings: &[Finding],
        pools: &[PoolFigures],
    ) -> io::Result<()> {
        self.next_list("waits")?;
        for resource in waits {
            let holder = resource.holders.first().and_then(|holder| Some(met.get(&holder.id)?.key));
            for waiter in &resource.waiters {
                let Some(Met { key, .. }) = met.get(&waiter.id) else { continue };
                self.comma()?;
                write!(
                    self.out,
                    r#"{{"waiter":{key},"on":{},"resource":"{:#x}","holder":{},"at":{}}}"#,
                    Quoted(resource.on),
                    resource.which,
                    OrNull(holder),
                    OrNull(waiter.at.map(Quoted)),
                )?;
            }
        }
        self.next_list("findings")?;
        for finding in findings {
            self.comma()?;
            let (kind, text) = (Quoted(finding.kind.word()), Quoted(&finding.text));
            write!(self.out, r#"{{"kind":{kind},"jobs":{:?},"text":{text}}}"#, finding.jobs)?;
        }
        self.next_list("pools")?;
        for pool in pools {
            self.comma()?;
            write!(self.out, r#"{{"name":{}"#, Quoted(pool.name))?;
            for (figure, value) in &pool.figures {
                write!(self.out, ",{}:{value}", Quoted(figure))?;
            }
            write!(self.out, "}}")?;
        }
        writeln!(self.out, "]}}")?;
        self.out.flush()
    }

    fn comma(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.any, true) { self.out.write_all(b",") } else { Ok(()) }
    }

    fn next_list(&mut self, name: &str) -> io::Result<()> {
        self.any = false;
        write!(self.out, r#"],"{name}":["#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FindingKind;
    use crate::record::sample;
    use crate::waits::{Holder, Waiter};
    use coscope_core::sight::{Phase, WaitKind};
    use serde_json::{Value, json};
    use std::panic::Location;
    use std::time::Duration;

    #[test]
    fn a_dump_is_what_the_page_reads() {
        let here = Location::caller();
        let mut fetch = sample(12, "say \"hi\"", Phase::Suspended, Duration::from_millis(3200));
        fetch.wait = Some(Wait { kind: WaitKind::Lock, at: here, label: None });
        fetch.launched_at = Some(here);
        fetch.dispatcher = Some("Default".into());
        let mut scope = sample(5, "scope", Phase::Joining, Duration::ZERO);
        (scope.kind, scope.id, scope.in_state, scope.parent) = (JobKind::Scope, None, None, None);
        let waits = [Resource {
            on: "Mutex",
            which: 0x55d0,
            holders: vec![Holder { id: 9, at: None }],
            holders_are_all: true,
            wants_receiver: false,
            free_for: None,
            waiters: vec![Waiter {
                id: 12,
                at: Some(here),
                since: Duration::ZERO,
                serial: 1,
                has_others: false,
                has_deadline: false,
            }],
        }];
        let met = |key| Met { key, in_state: None };
        let met = HashMap::from([(12, met(12)), (9, met(77))]);
        let finding =
            Finding { kind: FindingKind::Deadlock, jobs: vec![12, 77], text: "two\nlines".to_owned() };
        let pool = PoolFigures { name: "Default", figures: vec![("threads", 2), ("queued", 0)] };

        let mut out = Vec::new();
        let mut dump = Json::begin(&mut out, 1_700_000_000_000).unwrap();
        dump.job(&scope).unwrap();
        dump.job(&fetch).unwrap();
        dump.end(&waits, &met, &[finding], &[pool]).unwrap();
        let place = here.to_string();
        let expected = json!({
            "format": "coscope-dump", "version": 1, "process": std::process::id(), "taken_at_ms": 1_700_000_000_000_u64,
            "jobs": [
                {"key": 5, "parent": null, "kind": "scope", "id": null, "name": null, "state": "joining",
                 "cancelled": false, "in_state_ms": null, "wait": null, "launched_at": null, "dispatcher": null},
                {"key": 12, "parent": 0, "kind": "coroutine", "id": 12, "name": "say \"hi\"", "state": "suspended",
                 "cancelled": false, "in_state_ms": 3200,
                 "wait": {"kind": "Mutex::lock", "at": place, "label": null},
                 "launched_at": place, "dispatcher": "Default"},
            ],
            "waits": [{"waiter": 12, "on": "Mutex", "resource": "0x55d0", "holder": 77, "at": place}],
            "findings": [{"kind": "deadlock", "jobs": [12, 77], "text": "two\nlines"}],
            "pools": [{"name": "Default", "threads": 2, "queued": 0}],
        });
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected);
    }

    #[test]
    fn a_dump_of_nothing_is_whole() {
        let mut out = Vec::new();
        Json::begin(&mut out, 7).unwrap().end(&[], &HashMap::new(), &[], &[]).unwrap();
        let value: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["jobs"], json!([]));
        assert_eq!(value["pools"], json!([]));
    }
}
