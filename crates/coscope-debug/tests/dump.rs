//! Dumps of trees that are large, deep, or change all the time.
#![allow(missing_docs)] // tests

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use coscope::prelude::*;
use coscope_debug::{dump_job, dump_job_json_to, dump_job_to};
use coscope_test::run_test;
use serde_json::Value;

const HUNDRED_THOUSAND: usize = 100_000;

fn json_of(job: &Job) -> Value {
    let mut out = Vec::new();
    dump_job_json_to(job, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// Runs `f` at the first write, and counts lines.
struct AtFirstWrite<F> {
    f: Option<F>,
    lines: usize,
}

impl<F: FnOnce()> Write for AtFirstWrite<F> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if let Some(f) = self.f.take() {
            f();
        }
        self.lines += text.iter().filter(|byte| **byte == b'\n').count();
        Ok(text.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_tree_is_shown_with_places_and_times() {
    run_test(async |s: Scope| {
        let root = current_job();
        let [launched, opened, inner, body] = [line!() + 1, line!() + 2, line!() + 3, line!() + 4];
        let parent = s.named("parent").launch(async {
            scope(async |s: Scope| {
                s.named("child").launch(delay(Duration::from_secs(3600)));
                delay(Duration::from_secs(7200)).await;
            })
            .await;
        });
        delay(Duration::from_millis(3250)).await;
        let text = dump_job(&parent);
        let lines: Vec<&str> = text.lines().collect();
        let file = file!();
        assert_eq!(lines.len(), 4, "{text}");
        let starts = format!(
            "\"parent#{}\" suspended 3.2 s in delay at {file}:{body}, launched at {file}:{launched}",
            parent.id()
        );
        assert!(lines[0].starts_with(&starts), "{text}");
        assert_eq!(lines[1], format!("  scope open, opened at {file}:{opened}"));
        let starts =
            format!("    \"child#{}\" suspended 3.2 s in delay at {file}:{inner}", parent.children()[0].id());
        assert!(lines[2].starts_with(&starts), "{text}");
        assert_eq!(lines[3], "jobs: 3, of these coroutines: 2; findings: 0");

        let json = json_of(&root);
        let jobs = json["jobs"].as_array().unwrap();
        let child = jobs.iter().find(|job| job["name"] == "child").unwrap();
        let scope = jobs.iter().find(|job| job["key"] == child["parent"]).unwrap();
        assert_eq!(
            (&scope["kind"], &scope["state"], &scope["id"]),
            (&"scope".into(), &"open".into(), &Value::Null)
        );
        assert_eq!(child["in_state_ms"], 3250);
        assert_eq!(child["wait"]["kind"], "delay");
        assert!(child["wait"]["at"].as_str().unwrap().starts_with(&format!("{file}:{inner}:")));
        assert_eq!(child["cancelled"], false);
        parent.cancel("seen");
    });
}

#[test]
fn the_pool_runs_on_while_a_hundred_thousand_are_shown() {
    let lines = coscope::run_blocking(async |s: Scope| {
        for _ in 0..HUNDRED_THOUSAND {
            s.launch(std::future::pending());
        }
        let job = current_job();
        let dump = s.on(Dispatchers::io()).spawn(async move {
            let (tell, told) = mpsc::channel();
            let f = move || {
                coscope::detached().launch(async move {
                    yield_now().await;
                    tell.send(()).unwrap();
                });
                told.recv().unwrap(); // the pool has taken steps while the walk stood still
            };
            let mut out = AtFirstWrite { f: Some(f), lines: 0 };
            dump_job_to(&job, &mut out).unwrap();
            out.lines
        });
        let lines = dump.await;
        current_job().cancel_children("seen");
        lines
    });
    // the coroutine that has launched them, its scope, the one that dumps, and the last line
    assert_eq!(lines, HUNDRED_THOUSAND + 4);
}

#[test]
fn what_has_gone_before_the_walk_comes_by_is_not_shown() {
    let owner = Job::new();
    let jobs: Vec<_> = (0..HUNDRED_THOUSAND).map(|_| owner.new_child()).collect();
    let f = || jobs.iter().for_each(|job| assert!(job.cancel("gone")));
    let mut out = AtFirstWrite { f: Some(f), lines: 0 };
    dump_job_to(&owner, &mut out).unwrap();
    assert!(out.lines < 100, "a copy was made before it was written: {} lines", out.lines);
    owner.cancel("seen");
}

#[test]
fn a_hundred_thousand_levels_are_shown_on_a_small_stack() {
    let mut jobs = vec![Job::new()];
    let top: Job = (*jobs[0]).clone();
    for at in 0..HUNDRED_THOUSAND {
        jobs.push(jobs[at].new_child());
    }
    let shown = thread::Builder::new().stack_size(128 << 10).spawn(move || {
        let mut out = AtFirstWrite { f: Some(|| {}), lines: 0 };
        dump_job_to(&top, &mut out).unwrap();
        top.cancel("seen");
        out.lines
    });
    assert_eq!(shown.unwrap().join().unwrap(), HUNDRED_THOUSAND + 2);
}

#[test]
fn no_child_is_shown_without_its_parent_while_trees_come_and_go() {
    fn grow(depth: u32) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            scope(async |s: Scope| {
                for _ in 0..3 {
                    if depth > 0 {
                        s.launch(grow(depth - 1));
                    }
                }
                yield_now().await;
            })
            .await;
        })
    }
    coscope::run_blocking(async |s: Scope| {
        let job = current_job();
        let trees = s.on(Dispatchers::default()).named("trees").launch(async {
            loop {
                grow(4).await;
            }
        });
        let dumps = s.on(Dispatchers::io()).spawn(async move {
            let mut seen = 0;
            for _ in 0..40 {
                let json = json_of(&job);
                let mut keys = HashSet::from([job.key()]);
                for one in &json["jobs"].as_array().unwrap()[1..] {
                    let parent = one["parent"].as_u64().unwrap();
                    assert!(keys.contains(&parent), "{one} comes without its parent");
                    keys.insert(one["key"].as_u64().unwrap());
                }
                seen += keys.len();
            }
            seen
        });
        assert!(dumps.await > 40);
        trees.cancel("seen");
    });
}

#[test]
fn waits_and_holders_stand_in_a_dump_of_a_recording() {
    let _recording = coscope_debug::record();
    run_test(async |s: Scope| {
        let lock = std::sync::Arc::new(coscope::sync::Mutex::new(()));
        let held = lock.lock().await;
        let other = lock.clone();
        let waiter = s.launch(async move { drop(other.lock().await) });
        yield_now().await;
        let json = json_of(&current_job());
        let wait =
            json["waits"].as_array().unwrap().iter().find(|wait| wait["waiter"] == waiter.key()).unwrap();
        assert_eq!((&wait["on"], &wait["holder"]), (&"Mutex".into(), &current_job().key().into()));
        assert!(wait["resource"].as_str().unwrap().starts_with("0x"));
        drop(held);
    });
}
