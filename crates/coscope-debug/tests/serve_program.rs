//! What the live page's server says of the program that it is part of.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};

use coscope::prelude::*;
use serde_json::{Value, json};

mod serving;
use serving::get;

fn dump(address: SocketAddr) -> Value {
    serde_json::from_slice(&get(address, "/api/dump").body).expect("JSON")
}

/// What happened to a coroutine: the words.
fn history(address: SocketAddr, id: u64) -> Vec<String> {
    let history: Value =
        serde_json::from_slice(&get(address, &format!("/api/history/{id}")).body).expect("JSON");
    assert_eq!(history["id"], id);
    let events = history["events"].as_array().unwrap();
    let times: Vec<u64> = events.iter().map(|event| event["at_ms"].as_u64().unwrap()).collect();
    assert!(times.is_sorted(), "{history}");
    events.iter().map(|event| event["what"].as_str().unwrap().to_owned()).collect()
}

fn named<'a>(dump: &'a Value, name: &str) -> Vec<&'a Value> {
    dump["jobs"].as_array().unwrap().iter().filter(|job| job["name"] == name).collect()
}

#[test]
fn it_answers_while_all_threads_of_the_pool_are_stuck() {
    let server = coscope_debug::serve("127.0.0.1:0").unwrap();
    let address = server.address();
    let permits = run_blocking(async |_: Scope| dump(address)["pools"][0]["permits"].as_u64().unwrap());
    run_blocking(async |s: Scope| {
        let (begun, begins) = mpsc::channel();
        let stuck: Vec<(Job, mpsc::Sender<()>)> = (0..permits)
            .map(|_| {
                let ((go, wait), begun) = (mpsc::channel(), begun.clone());
                let job = s.on(Dispatchers::default()).named("stuck").launch(async move {
                    begun.send(()).unwrap();
                    let _ = wait.recv();
                });
                (job, go)
            })
            .collect();
        (0..permits).for_each(|_| begins.recv().unwrap());
        let behind = s.on(Dispatchers::default()).named("behind").launch(async {});

        let dump = dump(address);
        assert_eq!(dump["process"], std::process::id());
        let ids: BTreeSet<u64> = stuck.iter().map(|(job, _)| job.id()).collect();
        let jobs = named(&dump, "stuck");
        assert_eq!(jobs.iter().map(|job| job["id"].as_u64().unwrap()).collect::<BTreeSet<_>>(), ids);
        assert!(jobs.iter().all(|job| job["state"] == "running"), "{jobs:?}");
        assert_eq!(named(&dump, "behind")[0]["state"], "queued");
        assert_eq!(dump["pools"][0]["name"], "Default");
        assert_eq!(dump["pools"][0]["permits_free"], 0);
        assert_eq!(history(address, *ids.first().unwrap()), ["launched", "step"]);
        assert_eq!(history(address, behind.id()), ["launched"]);
        stuck.into_iter().for_each(|(_, go)| drop(go));
        behind.join().await;
        assert_eq!(get(address, &format!("/api/history/{}", behind.id())).status, 404);
    });
}

#[test]
fn two_that_wait_for_each_other_are_found() {
    let server = coscope_debug::serve("127.0.0.1:0").unwrap();
    let address = server.address();
    run_blocking(async |s: Scope| {
        let both: Arc<Mutex<Vec<Job>>> = Arc::default();
        let wait_for = |at: usize| {
            let both = both.clone();
            async move {
                let other = both.lock().unwrap()[at].clone();
                other.join().await;
            }
        };
        let (hen, egg) = (s.named("hen").launch(wait_for(1)), s.named("egg").launch(wait_for(0)));
        both.lock().unwrap().extend([hen.clone(), egg.clone()]);
        yield_now().await;

        let dump = dump(address);
        let of_hen = |finding: &&Value| finding["jobs"].as_array().unwrap().contains(&json!(hen.key()));
        let findings: Vec<&Value> = dump["findings"].as_array().unwrap().iter().filter(of_hen).collect();
        assert_eq!(findings.len(), 1, "{dump}");
        assert_eq!(findings[0]["kind"], "deadlock");
        assert_eq!(findings[0]["jobs"], json!([hen.key(), egg.key()]));
        let wait = dump["waits"].as_array().unwrap().iter().find(|wait| wait["waiter"] == hen.key()).unwrap();
        assert_eq!((&wait["on"], &wait["holder"]), (&json!("Job"), &json!(egg.key())));
        assert_eq!(history(address, hen.id()), ["launched", "step", "blocked", "suspended"]);
        hen.cancel("seen");
        egg.cancel("seen");
    });
}
