//! stuck: programs that do not go on, and what names the one to blame.
//!
//! ```text
//! cargo run --example stuck                  # all of them
//! cargo run --example stuck -- lost-waker    # one of them
//! ```
//!
//! Each fault is planted below a coroutine called "patient". A watchdog tells what it finds; then the tree is shown as it
//! stands, and the patient is cancelled: a cancel opens every one of these knots.

mod fault;

use std::process::ExitCode;
use std::time::Duration;

use coscope::channel::unlimited;
use coscope::prelude::*;
use coscope_debug::{Finding, Watchdog, dump_job};

use fault::{FAULTS, Fault};

/// What lasts longer is told of. A server would take seconds.
const LIMIT: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = asked.iter().find(|asked| !FAULTS.iter().any(|fault| fault.name == **asked)) {
        let names: Vec<&str> = FAULTS.iter().map(|fault| fault.name).collect();
        eprintln!("stuck: there is no fault `{unknown}`; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    for fault in
        FAULTS.iter().filter(|fault| asked.is_empty() || asked.iter().any(|asked| asked == fault.name))
    {
        println!("── {}: {}\n", fault.name, fault.what);
        let (finding, tree) = diagnose(fault);
        println!("{tree}\n{finding}\n");
    }
    ExitCode::SUCCESS
}

/// Plants the fault, and waits until it is told of: the finding, and the tree at that moment.
fn diagnose(fault: &'static Fault) -> (Finding, String) {
    let (tell, told) = unlimited();
    let _watchdog = Watchdog::builder()
        .step_limit(LIMIT)
        .wake_limit(LIMIT)
        .wait_limit(LIMIT)
        .child_limit(LIMIT)
        .detached_limit(LIMIT)
        .on_finding(move |finding| {
            if finding.kind() == fault.kind {
                let _nobody_asks_any_more = tell.try_send(finding.clone());
            }
        })
        .start()
        .expect("a thread for the watchdog");
    run_blocking(async move |s: Scope| {
        let patient = s.named("patient").on(Dispatchers::default()).launch(scope(fault.plant));
        let finding = told.recv().await.expect("the watchdog lives");
        let tree = dump_job(&patient);
        patient.cancel_and_join("diagnosed").await;
        (finding, tree)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_named_by_coroutine_and_place() {
        for fault in FAULTS {
            let (finding, tree) = diagnose(fault);
            for name in fault.names {
                assert!(
                    finding.text().contains(&format!("\"{name}#")),
                    "{name} is not in: {finding}\n{tree}"
                );
            }
            assert!(finding.text().contains("examples/stuck/fault.rs:"), "no place in: {finding}");
        }
    }
}
