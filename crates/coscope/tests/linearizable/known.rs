//! Histories of which it is known whether they are good: what the checker says of them.

use coscope::channel::Overflow;

use super::channel_call::{Answer, Op};
use super::channel_model::ChannelModel;
use super::checker::check;
use super::history::{Call, verdict};
use super::mutex::{self, MutexModel};
use super::oneshot::{self, OneshotModel};
use super::semaphore::{self, SemaphoreModel};

use Answer::*;
use Op::*;

/// A call of a thread, from one time to another.
fn call<O, A>(thread: usize, (begun, ended): (u64, u64), op: O, answer: A) -> Call<O, A> {
    Call { thread, op, begun, given_up: None, ended, answer }
}

/// One that is given up on the way.
fn given_up<O, A>(thread: usize, (begun, at, ended): (u64, u64, u64), op: O, answer: A) -> Call<O, A> {
    Call { thread, op, begun, given_up: Some(at), ended, answer }
}

/// Calls of one thread, one after the other.
fn in_a_row(calls: &[(Op, Answer)]) -> Vec<Call<Op, Answer>> {
    (1..).zip(calls).map(|(at, (op, answer))| call(0, (2 * at, 2 * at + 1), *op, answer.clone())).collect()
}

fn buffered(capacity: usize) -> ChannelModel {
    ChannelModel::new(capacity, Overflow::Suspend)
}

#[track_caller]
fn good(model: ChannelModel, calls: &[Call<Op, Answer>]) {
    if let Err(refuted) = check(calls, model) {
        panic!("{}", verdict(calls, &refuted));
    }
}

#[track_caller]
fn bad(model: ChannelModel, calls: &[Call<Op, Answer>]) {
    assert!(check(calls, model).is_err(), "{calls:?}");
}

#[test]
fn what_is_lost() {
    good(buffered(2), &in_a_row(&[(Send(1), Sent), (TryRecv, Got(1)), (TryRecv, Empty)]));
    bad(buffered(2), &in_a_row(&[(Send(1), Sent), (TryRecv, Empty)]));
    bad(buffered(2), &in_a_row(&[(Send(1), Sent), (Send(2), Sent), (Recv, Got(2))]));
    bad(buffered(2), &in_a_row(&[(Send(1), Sent), (Close, Yes), (Recv, Ended)]));
    bad(buffered(2), &in_a_row(&[(Send(1), Sent), (Len, Count(0))]));
}

#[test]
fn what_is_doubled_or_from_nowhere() {
    bad(buffered(2), &in_a_row(&[(Send(1), Sent), (Recv, Got(1)), (Recv, Got(1))]));
    bad(buffered(2), &in_a_row(&[(TryRecv, Got(1))]));
    // received before it was sent
    bad(buffered(1), &[call(0, (1, 2), Recv, Got(1)), call(1, (3, 4), Send(1), Sent)]);
    good(buffered(1), &[call(0, (1, 4), Recv, Got(1)), call(1, (2, 3), Send(1), Sent)]);
}

#[test]
fn what_is_overtaken() {
    let sends = [call(0, (1, 2), Send(1), Sent), call(1, (3, 4), Send(2), Sent)];
    let receives = |a, b| [call(2, (5, 6), Recv, Got(a)), call(2, (7, 8), Recv, Got(b))];
    good(buffered(2), &[&sends[..], &receives(1, 2)].concat());
    bad(buffered(2), &[&sends[..], &receives(2, 1)].concat());
    // sends that overlap may go in any order
    let sends = [call(0, (1, 3), Send(1), Sent), call(1, (2, 4), Send(2), Sent)];
    good(buffered(2), &[&sends[..], &receives(2, 1)].concat());
    // and receives that overlap
    let sends = [call(0, (1, 2), Send(1), Sent), call(1, (3, 4), Send(2), Sent)];
    good(
        buffered(2),
        &[&sends[..], &[call(2, (5, 7), Recv, Got(2)), call(3, (6, 8), Recv, Got(1))]].concat(),
    );
}

/// A receiver that has been seen to wait, since it left nothing else to do, is not overtaken by one that comes later.
#[test]
fn who_is_overtaken() {
    let waits = |first, second| {
        [
            call(0, (1, 20), Recv, Got(first)),
            // the channel takes a message for which nobody waits: so this one is behind it
            call(1, (5, 6), TrySend(1), Sent),
            call(1, (7, 8), Len, Count(0)),
            call(2, (9, 21), Recv, Got(second)),
            call(1, (10, 11), TrySend(2), Sent),
        ]
    };
    good(buffered(2), &waits(1, 2));
    bad(buffered(2), &waits(2, 1));
}

#[test]
fn what_comes_after_the_end() {
    good(buffered(1), &in_a_row(&[(Send(1), Sent), (Close, Yes), (Recv, Got(1)), (Recv, Ended)]));
    bad(buffered(1), &in_a_row(&[(Send(1), Sent), (Close, Yes), (Recv, Got(1)), (Recv, Got(1))]));
    bad(buffered(2), &in_a_row(&[(Close, Yes), (Send(1), Sent)]));
    bad(buffered(2), &in_a_row(&[(Close, Yes), (TryRecv, Empty)]));
    bad(buffered(2), &in_a_row(&[(Close, Yes), (Close, Yes)]));
    bad(buffered(2), &in_a_row(&[(Close, Yes), (IsClosed, No)]));
    bad(buffered(2), &in_a_row(&[(Send(1), Sent), (Cancel, Yes), (Recv, Got(1))]));
    // after all was received, another message
    let mut calls = in_a_row(&[(Close, Yes), (Recv, Ended), (Recv, Got(1))]);
    bad(buffered(1), &[&calls[..], &[call(1, (1, 9), Send(1), Sent)]].concat());
    calls.remove(1);
    good(buffered(1), &[&calls[..], &[call(1, (1, 9), Send(1), Sent)]].concat());
}

#[test]
fn room() {
    good(
        buffered(1),
        &in_a_row(&[(TrySend(1), Sent), (TrySend(2), Full), (TryRecv, Got(1)), (TrySend(3), Sent)]),
    );
    bad(buffered(1), &in_a_row(&[(TrySend(1), Sent), (TrySend(2), Sent)]));
    bad(buffered(2), &in_a_row(&[(TrySend(1), Sent), (TrySend(2), Full)]));
    bad(buffered(1), &in_a_row(&[(Send(1), Sent), (Send(2), Sent)]));
}

#[test]
fn a_rendezvous_is_a_meeting() {
    bad(buffered(0), &in_a_row(&[(Send(1), Sent), (Recv, Got(1))]));
    bad(buffered(0), &in_a_row(&[(TrySend(1), Sent)]));
    good(buffered(0), &[call(0, (1, 3), Send(1), Sent), call(1, (2, 4), Recv, Got(1))]);
    good(buffered(0), &[call(0, (1, 4), Recv, Got(1)), call(1, (2, 3), TrySend(1), Sent)]);
    // both have begun before either ends; one that has sent has been received, whoever sees it first
    good(
        buffered(0),
        &[call(0, (1, 3), Send(1), Sent), call(1, (2, 9), Recv, Got(1)), call(0, (4, 5), TryRecv, Empty)],
    );
    bad(buffered(0), &[call(0, (1, 2), Send(1), Sent), call(1, (3, 4), Recv, Got(1))]);
    // a close lets those go on that wait
    let waits = [call(0, (1, 9), Send(1), Sent), call(1, (4, 5), Close, Yes), call(1, (6, 7), Recv, Got(1))];
    good(buffered(0), &waits);
    bad(
        buffered(0),
        &[call(1, (1, 2), Close, Yes), call(0, (3, 6), Send(1), Sent), call(1, (4, 5), Recv, Got(1))],
    );
}

#[test]
fn overflow() {
    let oldest = || ChannelModel::new(1, Overflow::DropOldest);
    good(oldest(), &in_a_row(&[(Send(1), Sent), (Send(2), Sent), (Recv, Got(2)), (TryRecv, Empty)]));
    bad(oldest(), &in_a_row(&[(Send(1), Sent), (Send(2), Sent), (Recv, Got(1))]));
    let latest = || ChannelModel::new(1, Overflow::DropLatest);
    good(latest(), &in_a_row(&[(Send(1), Sent), (Send(2), Sent), (Recv, Got(1)), (TryRecv, Empty)]));
    bad(latest(), &in_a_row(&[(Send(1), Sent), (Send(2), Sent), (Recv, Got(2))]));
}

#[test]
fn what_is_given_up() {
    // not sent: it does not come; sent: it does
    let sends = |answer| given_up(0, (1, 3, 4), Send(1), answer);
    bad(buffered(1), &[sends(Unsent), call(1, (5, 6), TryRecv, Got(1))]);
    good(buffered(1), &[sends(Unsent), call(1, (5, 6), TryRecv, Empty)]);
    good(buffered(1), &[sends(Sent), call(1, (5, 6), TryRecv, Got(1))]);
    bad(buffered(1), &[sends(Sent), call(1, (5, 6), TryRecv, Empty)]);
    // a receive that goes leaves what it was handed, in its place
    let calls = [
        given_up(0, (1, 7, 8), Recv, Nothing),
        call(1, (2, 3), TrySend(1), Sent),
        call(1, (4, 5), TrySend(2), Sent),
        call(1, (9, 10), TryRecv, Got(1)),
        call(1, (11, 12), TryRecv, Got(2)),
    ];
    good(buffered(2), &calls);
    bad(
        buffered(2),
        &calls[..4].iter().cloned().chain([call(1, (11, 12), TryRecv, Empty)]).collect::<Vec<_>>(),
    );
    // until it begins to go it has it; then it is not behind the others any more
    let mut late = calls.to_vec();
    late[3].answer = Got(2);
    late[4].answer = Got(1);
    bad(buffered(2), &late);
}

/// One who receives several takes the first as others do, and then what is there: others may come in between.
#[test]
fn several_at_once() {
    let sends = [call(0, (1, 2), Send(1), Sent), call(0, (3, 4), Send(2), Sent)];
    let many = |from: u64, numbers: &[u32]| call(1, (from, 9), RecvMany(2), Many(numbers.to_vec()));
    good(buffered(2), &[&sends[..], &[many(5, &[1, 2])]].concat());
    bad(buffered(2), &[&sends[..], &[many(5, &[2, 1])]].concat());
    bad(buffered(2), &[&sends[..], &[many(5, &[1])]].concat());
    // it waits, and may be in time for the second, or not
    good(buffered(2), &[&[many(0, &[1, 2])], &sends[..]].concat());
    good(buffered(2), &[&[many(0, &[1])], &sends[..]].concat());
    let taken = |number| call(2, (6, 7), TryRecv, Got(number));
    good(buffered(2), &[&sends[..], &[many(5, &[1]), taken(2)]].concat());
    good(buffered(2), &[&sends[..], &[many(5, &[2]), taken(1)]].concat());
    bad(buffered(2), &[&sends[..], &[many(5, &[1, 2]), taken(2)]].concat());
    // one that goes takes none along
    let goes = given_up(1, (0, 5, 6), RecvMany(2), Nothing);
    good(
        buffered(2),
        &[std::slice::from_ref(&goes), &sends[..], &[call(2, (7, 8), TryRecv, Got(1))]].concat(),
    );
    bad(buffered(2), &[&[goes], &sends[..], &[call(2, (7, 8), TryRecv, Empty)]].concat());
}

#[test]
fn mutexes() {
    use mutex::{Answer::*, Op::*};
    let check = |calls: &[_]| check(calls, MutexModel::default()).is_ok();
    assert!(check(&[
        call(0, (1, 2), Lock, Locked),
        call(0, (4, 5), Unlock, Done),
        call(1, (3, 6), Lock, Locked)
    ]));
    assert!(!check(&[call(0, (1, 2), Lock, Locked), call(1, (3, 4), Lock, Locked)]), "two have it");
    assert!(!check(&[call(0, (1, 2), Lock, Locked), call(1, (3, 4), TryLock, Locked)]), "two have it");
    assert!(!check(&[call(0, (1, 2), TryLock, Busy)]), "nobody has it");
    let given_up = given_up(1, (3, 4, 5), Lock, Nothing);
    let unlock = call(0, (6, 7), Unlock, Done);
    assert!(check(&[
        call(0, (1, 2), Lock, Locked),
        given_up.clone(),
        unlock.clone(),
        call(2, (8, 9), TryLock, Locked)
    ]));
    assert!(
        !check(&[call(0, (1, 2), Lock, Locked), given_up, unlock, call(2, (8, 9), TryLock, Busy)]),
        "it is lost"
    );
}

#[test]
fn semaphores() {
    use semaphore::{Answer::*, Op::*};
    let check = |permits, calls: &[_]| check(calls, SemaphoreModel::new(permits)).is_ok();
    assert!(check(2, &[call(0, (1, 2), Acquire(2), Acquired), call(1, (3, 4), TryAcquire(1), Busy)]));
    assert!(!check(2, &[call(0, (1, 2), Acquire(2), Acquired), call(1, (3, 4), Acquire(1), Acquired)]));
    assert!(!check(2, &[call(0, (1, 2), Close, First(true)), call(1, (3, 4), Acquire(1), Acquired)]));
    // who asks for many is not overtaken by who asks for few
    let large = [call(0, (1, 9), Acquire(2), Refused), call(1, (4, 5), Waiters, Count(1))];
    let after = |few| {
        [&large[..], &[call(1, (6, 7), TryAcquire(1), few), call(1, (7, 8), Close, First(true))]].concat()
    };
    assert!(check(1, &after(Busy)));
    assert!(!check(1, &after(Acquired)));
}

#[test]
fn oneshots() {
    use oneshot::{Answer::*, Op::*};
    let check = |calls: &[_]| check(calls, OneshotModel::default()).is_ok();
    assert!(check(&[call(0, (1, 3), Recv, Got(1)), call(1, (2, 4), Send(1), Sent)]));
    assert!(
        !check(&[call(0, (1, 2), Recv, Got(1)), call(1, (3, 4), Send(1), Sent)]),
        "received before it was sent"
    );
    assert!(!check(&[call(1, (1, 2), Send(1), Sent), call(0, (3, 4), TryRecv, Never)]), "lost");
    let twice =
        [call(1, (1, 2), Send(1), Sent), call(0, (3, 5), Recv, Got(1)), call(2, (4, 6), Recv, Got(1))];
    assert!(!check(&twice), "doubled");
    assert!(
        !check(&[call(0, (1, 2), DropReceiver, Done), call(1, (3, 4), Send(1), Sent)]),
        "nobody is there"
    );
}
