//! Nothing to do: how often threads wake then, in a pool whose threads have retired, and in one whose threads are parked.

use std::collections::BTreeMap;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::row::{Bar, Pace, Row, Shows};
use crate::sample::{Sample, Watch};

pub(crate) fn rows() -> Vec<Row> {
    let about = "wake-ups a second (voluntary context switches of all threads) while there is nothing to do";
    let mut row = Row::new("Idle", about, 3).bars(&[Bar::Most(0.0)]);
    (row.shows, row.pace) = (Shows::Wakes, Pace::Long);
    vec![row]
}

/// So many seconds, of which the calling thread sleeps through all.
pub(crate) fn look(seconds: usize) -> Sample {
    let before = switches();
    let watch = Watch::start();
    sleep(Duration::from_secs(seconds as u64));
    let sample = watch.stop(seconds, seconds);
    let since = |(thread, now): (&String, &u64)| now - before.get(thread).copied().unwrap_or(0);
    Sample { wakes: switches().iter().map(since).sum(), ..sample }
}

/// How often each other thread has gone to sleep.
fn switches() -> BTreeMap<String, u64> {
    let me = fs::read_link("/proc/thread-self").ok();
    let me = me.as_deref().and_then(|path| path.file_name()?.to_str());
    let threads = fs::read_dir("/proc/self/task").expect("the system lists the threads");
    let others = threads.filter_map(|thread| thread.ok()?.file_name().into_string().ok());
    let count = |thread: &String| {
        let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        line.trim().parse().ok()
    };
    let others = others.filter(|thread| Some(thread.as_str()) != me);
    others.filter_map(|thread| count(&thread).map(|count| (thread, count))).collect()
}
