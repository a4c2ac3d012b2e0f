//! The progress bar: on a terminal only, on stderr.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::tally::Tally;

/// A bar that counts bytes. Hidden where stderr is no terminal.
pub fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    if !bar.is_hidden() {
        let style = ProgressStyle::with_template("{spinner} {bytes} hashed, {bytes_per_sec}, {elapsed}");
        bar.set_style(style.expect("the template is right"));
        bar.enable_steady_tick(Duration::from_millis(100));
    }
    bar
}

/// Takes the bar off the screen.
pub fn clear(tally: &Tally) {
    tally.bar.finish_and_clear();
}
