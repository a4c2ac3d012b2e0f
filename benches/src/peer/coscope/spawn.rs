//! The work that is written once for all, on a [`Scope`].

use std::future::Future;
use std::time::Duration;

use coscope::sync::Mutex;
use coscope::{Deferred, Scope, delay, yield_now};

use super::{cancel, confined, deferred, home, rest, structure, switch, table};
use crate::peer::Make;
use crate::runtime::Runtime;
use crate::scenario::{load, w1, w3c, w3d, w9, w12a};

impl Runtime for Scope {
    type Handle<T: Send + 'static> = Deferred<T>;
    fn spawn<F>(&self, future: F) -> Deferred<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Scope::spawn(self, future)
    }
    fn yield_now() -> impl Future<Output = ()> + Send {
        yield_now()
    }
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        delay(time)
    }
}

pub(super) fn offer(work: &str) -> Option<Make> {
    Some(match work {
        "W1a" => |_| home::pool(w1::spawn_all),
        "W1b" | "W1d" => |_| home::event_loop(w1::spawn_all),
        "W1c" => |_| home::event_loop(structure::undispatched),
        "W2-100k" => |_| home::pool(structure::sleep_all),
        "W3a" => |_| home::pool(confined::fine),
        "W3b" => |_| home::pool(confined::coarse),
        "W3c" => |_| home::pool(w3c::count::<Mutex<usize>, _>),
        "W3c-local" => |_| home::event_loop(w3c::count::<Mutex<usize>, _>),
        "W3d" => |_| home::pool(w3d::count::<Mutex<usize>, _>),
        "W3d-local" => |_| home::event_loop(w3d::count::<Mutex<usize>, _>),
        "W6" => |_| home::pool(structure::fork_join),
        "W7-suspend" | "W7-block" | "W7-cpu" | "W7-memory" => table::table,
        "W8" => |_| home::pool(table::block_all),
        "W9-each" => |_| home::pool(w9::one_by_one),
        "W9-batch" => |_| home::pool(w9::batch),
        "W9-fire" => |_| home::pool(w9::fire),
        "W10-flat" => |_| home::pool(cancel::flat),
        "W10-tree" => |_| home::pool(cancel::tree),
        "W12a-2" => |_| home::pool(w12a::two),
        "W12a-1000" => |_| home::pool(w12a::thousand),
        "W12a-2-local" => |_| home::event_loop(w12a::two),
        "W12a-1000-local" => |_| home::event_loop(w12a::thousand),
        "W12b" => |_| home::pool(switch::blocking_and_back),
        "W12c" => |_| home::pool(switch::thread_and_back),
        "W12d-scope" => |_| home::event_loop(switch::scopes),
        "W12d-timeout" => |_| home::event_loop(switch::timeouts),
        "W12d-armed" => |_| home::event_loop(switch::armed),
        "S0" => |_| home::pool(w1::spawn_all),
        "S1" => |_| home::pool(table::beside_io),
        "S2" => |_| home::pool(table::blocked),
        "Load-timer" => |_| home::pool(load::timer),
        "Load-io" => |_| home::pool(rest::blocking_beside),
        "Idle" => |_| rest::idle(),
        "I-detached" => |_| home::event_loop(deferred::detached_one_shot),
        "I-inline" => |_| home::event_loop(deferred::in_line),
        _ => return None,
    })
}
