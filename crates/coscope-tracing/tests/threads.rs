//! On the pool, where steps of one coroutine run on several threads.

mod capture;

use capture::Capture;
use coscope::prelude::*;
use coscope::probe;
use coscope_tracing::TracingProbe;
use tracing::subscriber::set_global_default;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

#[test]
fn events_belong_to_the_coroutine_on_whatever_thread_it_runs() {
    const COROUTINES: usize = 100;
    const EVENTS: usize = 10;
    let capture = Capture::default();
    set_global_default(registry().with(capture.clone())).unwrap();
    let tracing = probe::install(TracingProbe::new());
    run_blocking(async |s: Scope| {
        for n in 0..COROUTINES {
            s.on(Dispatchers::default()).named(format!("+{n:03}")).launch(async move {
                for k in 0..EVENTS {
                    tracing::info!("{n:03}.{k}");
                    yield_now().await;
                }
            });
        }
    });
    drop(tracing);
    let lines = capture.take();
    for n in 0..COROUTINES {
        let name = format!("+{n:03}");
        let own = lines.iter().filter(|line| line.contains(&name));
        let mut expected = vec![format!("open {name}")];
        for k in 0..EVENTS {
            expected.extend([
                format!("enter {name}"),
                format!("{n:03}.{k} in {name}"),
                format!("exit {name}"),
            ]);
        }
        expected.extend([format!("enter {name}"), format!("exit {name}"), format!("close {name}: value")]);
        assert!(own.eq(&expected), "{lines:#?}");
    }
}
