//! A walk over the tree as records, looked at on the way, and a second one that names what was seen.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use coscope_core::Job;
use coscope_core::sight::{self, JobKind, Walk, Walked};

use crate::examine::Examination;
use crate::finding::Finding;
use crate::limits::Limits;
use crate::record::{Record, Wait};
use crate::store;
use crate::waits::{Met, Resource};

/// What has come of a walk.
pub(crate) struct Survey {
    pub(crate) jobs: usize,
    pub(crate) coroutines: usize,
    pub(crate) waits: Vec<Resource>,
    /// Those who wait or are waited for.
    pub(crate) met: HashMap<u64, Met>,
    pub(crate) findings: Vec<Finding>,
}

/// Walks over `from` and all below it, and shows each job with its depth.
pub(crate) fn survey<E>(
    from: Job,
    limits: Limits,
    mut show: impl FnMut(usize, &Record) -> Result<(), E>,
) -> Result<Survey, E> {
    let waits = store::resources();
    let mut examination = Examination::new(limits, &waits);
    let (mut jobs, mut coroutines) = (0, 0);
    for walked in Walk::new(from.clone()) {
        let record = record_of(&walked);
        jobs += 1;
        coroutines += usize::from(!record.is_region());
        examination.see(&record, store::activity);
        show(walked.depth, &record)?;
    }
    let suspicion = examination.suspicion();
    let named = records_of(from, suspicion.wanted());
    let met = suspicion.met().clone();
    let now = if suspicion.has_cycles() { store::resources() } else { Vec::new() };
    let findings = suspicion.findings(&named, &now);
    Ok(Survey { jobs, coroutines, waits, met, findings })
}

/// What looks wrong in the whole process.
pub(crate) fn findings(limits: Limits) -> Vec<Finding> {
    let Ok(survey) = survey(sight::root(), limits, |_, _| Ok::<(), Infallible>(()));
    survey.findings
}

/// The records of those wanted that are still there.
fn records_of(from: Job, mut wanted: HashSet<u64>) -> HashMap<u64, Record> {
    let mut named = HashMap::new();
    if wanted.is_empty() {
        return named;
    }
    for walked in Walk::new(from) {
        let key = walked.job.key();
        if wanted.remove(&key) {
            named.insert(key, record_of(&walked));
            if wanted.is_empty() {
                break;
            }
        }
    }
    named
}

fn record_of(walked: &Walked) -> Record {
    let Walked { job, parent, .. } = walked;
    let sight = job.sight();
    let record = Record {
        key: job.key(),
        parent: *parent,
        kind: sight.kind,
        detached: sight.detached,
        id: (sight.info.id() != 0).then_some(sight.info.id()),
        state: sight.phase,
        cancelled: sight.cancelled,
        in_state: sight.in_state,
        wait: sight.wait.map(|wait| Wait { kind: wait.kind, at: wait.site, label: wait.label }),
        launched_at: (sight.kind != JobKind::Root).then(|| sight.info.launched_at()),
        name: sight.info.into_name(),
        dispatcher: sight.dispatcher,
    };
    store::completed_record(record)
}
