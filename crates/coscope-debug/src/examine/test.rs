//! What is found in trees that are written down here.

use std::collections::HashMap;
use std::panic::Location;
use std::time::Duration;

use coscope_core::sight::{JobKind, Phase, WaitKind};

use super::Examination;
use crate::activity::Activity;
use crate::finding::{Finding, FindingKind};
use crate::limits::Limits;
use crate::record::{At, Record, Wait, sample};
use crate::waits::{Holder, JOB, Resource, SEMAPHORE, Waiter};

const SECOND: Duration = Duration::from_secs(1);
const ALL: Limits = Limits {
    step: Some(SECOND),
    poll: Some(SECOND),
    wake: Some(SECOND),
    wait: Some(SECOND),
    child: Some(SECOND),
    detached: None,
};

fn findings(records: &[Record], waits: &[Resource], limits: Limits) -> Vec<Finding> {
    let mut examination = Examination::new(limits, waits);
    for record in records {
        examination.see(record, |_| {
            Some(Activity { steps: 3, wakes: 2, thread: Some("worker-1".into()), ..Activity::default() })
        });
    }
    let suspicion = examination.suspicion();
    let wanted = suspicion.wanted();
    let named: HashMap<u64, Record> = records
        .iter()
        .filter(|record| wanted.contains(&record.key))
        .map(|record| (record.key, record.clone()))
        .collect();
    suspicion.findings(&named, waits)
}

fn suspended(id: u64, name: &'static str, kind: WaitKind) -> Record {
    let wait = Some(Wait { kind, at: Location::caller(), label: None });
    Record { wait, ..sample(id, name, Phase::Suspended, Duration::ZERO) }
}

fn below(parent: u64, record: Record) -> Record {
    Record { parent: Some(parent), ..record }
}

fn region(key: u64, parent: u64, kind: JobKind, state: Phase) -> Record {
    let record = below(parent, sample(key, kind.as_str(), state, Duration::ZERO));
    Record { kind, id: None, in_state: None, ..record }
}

fn scope(key: u64, parent: u64, state: Phase) -> Record {
    region(key, parent, JobKind::Scope, state)
}

fn long(record: Record) -> Record {
    Record { in_state: Some(3 * SECOND), ..record }
}

fn mutex(which: u64, holder: u64, waiters: &[u64]) -> Resource {
    let waiter =
        |&id| Waiter { id, at: None, since: SECOND, serial: id, has_others: false, has_deadline: false };
    Resource {
        on: "Mutex",
        which,
        holders: vec![Holder { id: holder, at: None }],
        holders_are_all: true,
        wants_receiver: false,
        free_for: None,
        waiters: waiters.iter().map(waiter).collect(),
    }
}

#[test]
fn two_locks_in_two_orders_are_a_deadlock() {
    let records = [
        suspended(1, "transfer", WaitKind::Lock),
        suspended(2, "audit", WaitKind::Lock),
        suspended(3, "late", WaitKind::Lock),
    ];
    let waits = [mutex(0xa, 1, &[2, 3]), mutex(0xb, 2, &[1])];
    let found = findings(&records, &waits, Limits::OFF);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].jobs()), (FindingKind::Deadlock, [1, 2].as_slice()));
    let at = At(records[0].wait.unwrap().at);
    let expected = format!(
        "2 coroutines wait for each other, for ever:\n  \
        \"transfer#1\" waits at {at} for the Mutex that \"audit#2\" has\n  \
        \"audit#2\" waits at {at} for the Mutex that \"transfer#1\" has\n  \
        and one more waits for them\n  \
        Take locks in one order everywhere, and let go of them before you wait for those that want them"
    );
    assert_eq!(found[0].text(), expected);
}

#[test]
fn a_deadlock_is_told_once_not_as_long_waits_too() {
    let records = [suspended(1, "a", WaitKind::Lock), suspended(2, "b", WaitKind::Lock)];
    let waits = [mutex(0xa, 1, &[2]), mutex(0xb, 2, &[1])];
    let kinds: Vec<FindingKind> = findings(&records, &waits, ALL).iter().map(Finding::kind).collect();
    assert_eq!(kinds, [FindingKind::Deadlock]);
}

#[test]
fn a_parent_that_holds_what_its_child_wants_is_a_deadlock() {
    let parent = suspended(1, "parent", WaitKind::Children);
    let records = [
        parent,
        scope(50, 1, Phase::Joining),
        below(50, suspended(2, "child", WaitKind::Lock)),
        below(50, suspended(3, "other", WaitKind::Delay)),
    ];
    let found = findings(&records, &[mutex(0xa, 1, &[2])], Limits::OFF);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].jobs(), [1, 2]);
    assert!(
        found[0].text().starts_with("2 coroutines wait for each other, for ever:\n  \"parent#1\" waits at ")
    );
}

#[test]
fn a_scope_whose_body_goes_on_is_no_deadlock() {
    let records = [
        suspended(1, "parent", WaitKind::Delay),
        scope(50, 1, Phase::Open),
        below(50, suspended(2, "child", WaitKind::Lock)),
    ];
    assert_eq!(findings(&records, &[mutex(0xa, 1, &[2])], Limits::OFF), []);
}

#[test]
fn who_waits_for_a_holder_that_has_gone_is_in_no_deadlock() {
    let records = [suspended(1, "a", WaitKind::Lock), suspended(2, "b", WaitKind::Lock)];
    assert_eq!(findings(&records, &[mutex(0xa, 9, &[2]), mutex(0xb, 2, &[1])], Limits::OFF), []);
}

#[test]
fn not_all_holders_known_is_no_deadlock() {
    let records = [suspended(1, "a", WaitKind::Acquire), suspended(2, "b", WaitKind::Acquire)];
    let some = |resource| Resource { holders_are_all: false, ..resource };
    assert_eq!(findings(&records, &[some(mutex(0xa, 1, &[2])), mutex(0xb, 2, &[1])], Limits::OFF), []);
}

#[test]
fn a_deadlock_that_has_come_undone_is_not_told() {
    let records = [suspended(1, "a", WaitKind::Lock), suspended(2, "b", WaitKind::Lock)];
    let waits = [mutex(0xa, 1, &[2]), mutex(0xb, 2, &[1])];
    let mut examination = Examination::new(Limits::OFF, &waits);
    records.iter().for_each(|record| examination.see(record, |_| None));
    let suspicion = examination.suspicion();
    assert_eq!(suspicion.wanted().len(), 2);
    let named = HashMap::from([(1, records[0].clone())]); // the second walk did not meet the other one
    assert_eq!(suspicion.findings(&named, &waits), []);
}

#[test]
fn a_long_step_is_named_with_its_thread_and_the_wait_before() {
    let step = Record {
        state: Phase::Running,
        in_state: Some(SECOND),
        ..suspended(7, "hash", WaitKind::ChannelRecv)
    };
    let found = findings(std::slice::from_ref(&step), &[], ALL);
    assert_eq!((found[0].kind, found[0].jobs()), (FindingKind::LongStep, [7].as_slice()));
    let text = found[0].text();
    assert!(text.starts_with("\"hash#7\" has been in one step for 1.0 s on thread worker-1; its last wait was in Channel::recv at "), "{text}");
    let short = Record { in_state: Some(SECOND - Duration::from_millis(1)), ..step.clone() };
    assert_eq!(findings(&[short], &[], ALL), []);
    assert_eq!(findings(&[step], &[], Limits::OFF), []);
}

#[test]
fn what_is_not_polled_after_its_wake_is_named_with_its_dispatcher() {
    let mut woken = sample(7, "fetch", Phase::Queued, SECOND);
    woken.dispatcher = Some("IO".into());
    let found = findings(&[woken], &[], ALL);
    assert_eq!(found[0].kind, FindingKind::NotPolled);
    assert!(
        found[0]
            .text()
            .starts_with("\"fetch#7\" was woken 1.0 s ago and has not been polled since: IO is busy")
    );
}

#[test]
fn what_nobody_wakes_in_foreign_code_is_named_and_waits_of_ours_are_not() {
    let foreign = sample(7, "fetch", Phase::Suspended, SECOND);
    let ours = Record { in_state: Some(9 * SECOND), ..suspended(8, "server", WaitKind::ChannelRecv) };
    let found = findings(&[foreign, ours], &[], ALL);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].jobs()), (FindingKind::NotWoken, [7].as_slice()));
    assert!(found[0].text().contains("(so far: steps 3, wakes 2)"), "{}", found[0]);
}

#[test]
fn a_lock_held_across_a_long_wait_names_both() {
    let holder = long(suspended(1, "writer", WaitKind::Delay));
    let records =
        [holder, long(suspended(2, "reader", WaitKind::Lock)), suspended(3, "more", WaitKind::Lock)];
    let found = findings(&records, &[mutex(0xa, 1, &[2, 3])], ALL);
    assert_eq!((found[0].kind, found[0].jobs()), (FindingKind::LongWait, [1, 2].as_slice()));
    let text = found[0].text();
    let start = "\"reader#2\" has waited for 3.0 s (and one more) for the Mutex that \"writer#1\" has; meanwhile that one is \
                 suspended for 3.0 s in delay at ";
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn a_full_channel_names_who_received_from_it_last() {
    let receiver = long(suspended(1, "consumer", WaitKind::Delay));
    let records = [receiver, long(suspended(2, "producer", WaitKind::ChannelSend))];
    let channel =
        Resource { on: "Channel", holders_are_all: false, wants_receiver: true, ..mutex(0xc, 1, &[2]) };
    let found = findings(&records, std::slice::from_ref(&channel), ALL);
    assert_eq!((found[0].kind, found[0].jobs()), (FindingKind::LongWait, [1, 2].as_slice()));
    let start = "\"producer#2\" has waited for 3.0 s for room in a channel; \"consumer#1\" was the last to receive from it, \
                 and is suspended for 3.0 s in delay at ";
    assert!(found[0].text().starts_with(start), "{}", found[0]);

    let never = Resource { holders: Vec::new(), ..channel };
    let found = findings(&records, &[never], ALL);
    assert!(found[0].text().contains("from which nobody has received yet"), "{}", found[0]);
}

#[test]
fn a_scope_that_waits_for_long_names_its_children_and_the_innermost_is_to_blame() {
    let records = [
        long(suspended(1, "main", WaitKind::Children)),
        scope(50, 1, Phase::Joining),
        below(50, long(suspended(2, "request", WaitKind::Children))),
        scope(51, 2, Phase::Joining),
        below(51, suspended(3, "leaked", WaitKind::ChannelRecv)),
    ];
    let found = findings(&records, &[], ALL);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].jobs()), (FindingKind::LongChild, [3, 2].as_slice()));
    let text = found[0].text();
    let at = At(records[2].wait.unwrap().at);
    let start = format!(
        "\"request#2\" has waited for 3.0 s in children at {at}, for what it has launched:\n  \"leaked#3\" suspended"
    );
    assert!(text.starts_with(&start), "{text}");
}

#[test]
fn of_many_children_few_are_named() {
    let mut records = vec![long(suspended(1, "main", WaitKind::Children)), scope(50, 1, Phase::Joining)];
    records.extend((2..10).map(|id| below(50, suspended(id, "child", WaitKind::Delay))));
    let found = findings(&records, &[], ALL);
    assert_eq!(found[0].jobs(), [2, 3, 4, 5, 6, 1]);
    assert!(found[0].text().contains("\n  and 3 more"), "{}", found[0]);
}

#[test]
fn a_timeout_around_opens_the_circle() {
    let records = |kind| {
        [
            suspended(1, "parent", WaitKind::Children),
            region(50, 1, kind, Phase::Open),
            scope(51, 50, Phase::Joining),
            below(51, suspended(2, "child", WaitKind::Lock)),
        ]
    };
    let waits = [mutex(0xa, 1, &[2])];
    assert_eq!(findings(&records(JobKind::Shield), &waits, Limits::OFF).len(), 1);
    assert_eq!(findings(&records(JobKind::Timeout), &waits, Limits::OFF), []);
}

#[test]
fn a_circle_in_which_one_wait_has_a_deadline_is_not_for_ever() {
    let records = [suspended(1, "a", WaitKind::Lock), suspended(2, "b", WaitKind::Lock)];
    let mut waits = [mutex(0xa, 1, &[2]), mutex(0xb, 2, &[1])];
    waits[0].waiters[0].has_deadline = true;
    let found = findings(&records, &waits, Limits::OFF);
    assert_eq!((found[0].kind, found[0].jobs()), (FindingKind::Deadlock, [1, 2].as_slice()));
    let start =
        "2 coroutines wait for each other, until a timeout cuts one of them off:\n  \"a#1\" waits at ";
    assert!(found[0].text().starts_with(start), "{}", found[0]);

    let own = Record { wait: None, ..records[0].clone() };
    let mut alone = mutex(0xa, 1, &[1]);
    alone.waiters[0].has_deadline = true;
    let found = findings(&[own], &[alone], Limits::OFF);
    assert!(
        found[0].text().starts_with("a coroutine waits for itself, until a timeout cuts it off:"),
        "{}",
        found[0]
    );
}

#[test]
fn another_clause_of_a_select_opens_the_circle() {
    let records = [suspended(1, "a", WaitKind::Select), suspended(2, "b", WaitKind::Lock)];
    let mut waits = [mutex(0xa, 1, &[2]), mutex(0xb, 2, &[1])];
    assert_eq!(findings(&records, &waits, Limits::OFF).len(), 1);
    waits[1].waiters[0].has_others = true;
    assert_eq!(findings(&records, &waits, Limits::OFF), []);
}

#[test]
fn two_that_await_each_other_are_a_deadlock() {
    let records = [suspended(1, "a", WaitKind::Await), suspended(2, "b", WaitKind::Join)];
    let job = |of, by| Resource { on: JOB, ..mutex(of, of, &[by]) };
    let found = findings(&records, &[job(1, 2), job(2, 1)], Limits::OFF);
    assert!(found[0].text().contains("for \"b#2\" to end\n"), "{}", found[0]);
}

#[test]
fn one_that_is_about_to_go_on_is_in_no_deadlock() {
    let woken = Record { state: Phase::Queued, ..suspended(1, "a", WaitKind::Lock) };
    let records = [woken, suspended(2, "b", WaitKind::Lock)];
    assert_eq!(findings(&records, &[mutex(0xa, 1, &[2]), mutex(0xb, 2, &[1])], Limits::OFF), []);
}

#[test]
fn a_lock_that_nobody_takes_is_told_of_the_one_whose_turn_it_is() {
    let records = [long(suspended(2, "reader", WaitKind::Select))];
    let free = Resource { holders: Vec::new(), free_for: Some(2 * SECOND), ..mutex(0xa, 1, &[2]) };
    let found = findings(&records, &[free], ALL);
    assert_eq!((found[0].kind, found[0].jobs()), (FindingKind::LongWait, [2].as_slice()));
    assert!(found[0].text().contains("was given back 2.0 s ago and is kept for it"), "{}", found[0]);
}

#[test]
fn permits_that_were_given_back_may_be_too_few() {
    let records = [long(suspended(2, "importer", WaitKind::Acquire))];
    let some = Resource {
        on: SEMAPHORE,
        holders: Vec::new(),
        holders_are_all: false,
        free_for: Some(2 * SECOND),
        ..mutex(0xa, 1, &[2])
    };
    let found = findings(&records, &[some], ALL);
    assert_eq!((found[0].kind, found[0].jobs()), (FindingKind::LongWait, [2].as_slice()));
    let says = "\"importer#2\" has waited for 3.0 s for permits of a semaphore. Some were given back 2.0 s ago, and it has \
                not gone on since: it wants more than that, or";
    assert!(found[0].text().starts_with(says), "{}", found[0]);
}

#[test]
fn without_a_recording_a_long_wait_is_named_alone() {
    let records = [
        long(suspended(1, "producer", WaitKind::ChannelSend)),
        long(suspended(2, "reader", WaitKind::Lock)),
        long(suspended(3, "server", WaitKind::ChannelRecv)),
    ];
    let found = findings(&records, &[], ALL);
    let at = At(records[0].wait.unwrap().at);
    let expected = format!(
        "\"producer#1\" has waited for 3.0 s in Channel::send at {at}: the channel is full, and nobody receives from it"
    );
    assert_eq!(found.iter().map(Finding::jobs).collect::<Vec<_>>(), [[1], [2]]);
    assert_eq!((found[0].kind, found[0].text()), (FindingKind::LongWait, &expected[..]));
    assert!(found[1].text().ends_with("who has it is known to those who record: `coscope_debug::record()`"));
}
