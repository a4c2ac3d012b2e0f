//! Where a coroutine asks about itself and where it waits.
//!
//! * [`present`] – the present job, whether it is still wanted, the time.
//! * [`gate`] – the way on from every wait: in the place where the code belongs.
//! * [`tell`] – what waits tell the probes.
//! * [`block`] – a wait of ours on a thread that may block.
//! * [`yield_now`], [`delay`], [`interval`], [`signal`], [`join`] – what it can wait for.
//!
//! May import `primitive` … `job`, `context`.

mod block;
mod delay;
pub mod gate;
mod interval;
mod join;
mod present;
mod signal;
pub mod tell;
mod yield_now;

pub use block::wait_blocking;
pub use delay::{Delay, delay, delay_until};
pub use interval::{Interval, interval};
pub(crate) use join::join_all_at;
pub use join::{Join, join_all};
pub use present::{
    current_context, current_job, current_label, ensure_active, is_active, now, try_current_job,
};
pub use signal::{Signal, cancelled, stop_requested};
pub use yield_now::{YieldNow, yield_now};
