//! Ctrl-C: the first asks the job to stop, the second cancels it.

use coscope::Job;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::{Handle, Signals};

/// Ends the listening when it is dropped.
#[derive(Debug)]
pub struct Interrupts(Option<Handle>);

impl Drop for Interrupts {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.close();
        }
    }
}

/// Listens for Ctrl-C on behalf of `job`. Where that is impossible the program simply has no such ear.
#[allow(clippy::disallowed_methods)] // a thread that does nothing but wait for signals
pub fn on_interrupt(job: Job) -> Interrupts {
    let Ok(mut signals) = Signals::new([SIGINT]) else { return Interrupts(None) };
    let handle = signals.handle();
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if job.stop() {
                eprintln!("treehash: no new files are begun; Ctrl-C again stops at once");
            } else {
                job.cancel("interrupted twice");
            }
        }
    });
    Interrupts(Some(handle))
}
