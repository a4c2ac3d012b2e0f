//! Histories of real threads, each of which makes its calls one after the other, and sleeps where it waits.

use std::pin::pin;
use std::process::abort;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread::{Thread, current, park, scope, yield_now};
use std::time::{Duration, Instant};

use super::checker::check;
use super::history::{Log, table, verdict};
use super::subject::{Answer, History, Op, Pause, Subject, Todo, programs};

/// When nothing has happened for so long, somebody sleeps who should have been woken.
const LONG: Duration = Duration::from_secs(60);

struct Bell {
    thread: Thread,
    rang: AtomicBool,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rang.store(true, SeqCst);
        self.thread.unpark();
    }
}

/// Those who sleep, and those who have gone.
#[derive(Default)]
struct Attendance {
    asleep: AtomicUsize,
    gone: AtomicUsize,
}

/// Waits for a call; or gives it up, by dropping it.
fn wait(call: impl Future<Output = ()>, patience: Option<u32>, attendance: &Attendance) {
    let bell = Arc::new(Bell { thread: current(), rang: AtomicBool::new(true) });
    let waker = Waker::from(bell.clone());
    let mut call = pin!(call);
    let mut looks = 0;
    loop {
        // every other one of those that give up looks once: it may have been answered and not know
        let looks_again = looks == 0 || patience.is_none_or(|most| most % 2 == 0);
        if looks_again
            && bell.rang.swap(false, SeqCst)
            && call.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
        {
            return;
        }
        if patience.is_some_and(|most| looks >= most) {
            return;
        }
        looks += 1;
        match patience {
            Some(_) if looks % 8 == 0 => yield_now(),
            Some(_) => std::hint::spin_loop(),
            None => {
                attendance.asleep.fetch_add(1, SeqCst);
                while !bell.rang.load(SeqCst) {
                    park();
                }
                attendance.asleep.fetch_sub(1, SeqCst);
            }
        }
    }
}

fn thread<S: Subject>(
    subject: &Arc<S>,
    log: &Arc<Log<Op<S>, Answer<S>>>,
    me: usize,
    program: Vec<Todo<Op<S>>>,
    hand: &Arc<Mutex<S::Hand>>,
    attendance: &Attendance,
) {
    for Todo { mut op, patience, pause } in program {
        match pause {
            Pause::None => {}
            Pause::Spin(turns) => (0..turns).for_each(|_| std::hint::spin_loop()),
            Pause::Yield => yield_now(),
        }
        if !S::is_next(&mut op, &*hand.lock().unwrap()) {
            continue;
        }
        let call = subject.clone().call(op, hand);
        wait(log.call(me, op, call, S::give_up), patience, attendance);
    }
}

/// One history of the programs of a seed. Gives what was called.
pub(crate) fn history<S: Subject>(subject: S, seed: u64, length: u64) -> Result<History<S>, String> {
    let subject = Arc::new(subject);
    let programs = programs(&*subject, seed, length);
    let threads = programs.len();
    let (log, attendance, start) = (Log::new(), Attendance::default(), Barrier::new(threads));
    // nothing is let go of that is not noted
    let hands: Vec<Arc<Mutex<S::Hand>>> = (0..=threads).map(|_| Arc::default()).collect();
    let mut ending = subject.ending().into_iter().map(|op| Todo { op, patience: None, pause: Pause::None });
    scope(|scope| {
        for (me, program) in programs.into_iter().enumerate() {
            let (subject, log, attendance, start, hand) = (&subject, &log, &attendance, &start, &hands[me]);
            scope.spawn(move || {
                start.wait();
                thread(subject, log, me, program, hand, attendance);
                attendance.gone.fetch_add(1, SeqCst);
            });
        }
        let (mut changed, mut moments) = (Instant::now(), 0);
        let mut idle = 0;
        while attendance.gone.load(SeqCst) < threads {
            let all = attendance.gone.load(SeqCst) + attendance.asleep.load(SeqCst) == threads;
            idle = if all { idle + 1 } else { 0 };
            if idle > 3 {
                thread(
                    &subject,
                    &log,
                    threads,
                    ending.next().into_iter().collect(),
                    &hands[threads],
                    &attendance,
                );
                idle = 0;
            }
            if moments != log.moments() {
                (changed, moments) = (Instant::now(), log.moments());
            }
            if changed.elapsed() > LONG {
                eprintln!("seed {seed}: somebody sleeps on\n{}", table(&log.calls()));
                abort(); // nobody else would end
            }
            yield_now();
        }
    });
    thread(&subject, &log, threads, ending.collect(), &hands[threads], &attendance);
    judge(&*subject, &log, seed)
}

/// Whether what was noted agrees with the model.
pub(crate) fn judge<S: Subject>(
    subject: &S,
    log: &Log<Op<S>, Answer<S>>,
    seed: u64,
) -> Result<History<S>, String> {
    let calls = log.calls();
    check(&calls, subject.model())
        .map_err(|refuted| format!("seed {seed}\n{}", verdict(&calls, &refuted)))?;
    subject.is_balanced().map_err(|wrong| format!("seed {seed}: {wrong}\n{}", table(&calls)))?;
    Ok(calls)
}
