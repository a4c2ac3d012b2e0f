//! Two functions that pretend to ask a service: each answers after a second.

use coscope::delay;

use crate::stage::ms;

pub(super) async fn useful_one() -> i32 {
    delay(ms(1000)).await;
    13
}

pub(super) async fn useful_two() -> i32 {
    delay(ms(1000)).await;
    29
}
