//! What the tests share: steps from closures, and waits that fail instead of hanging.
#![allow(dead_code)]

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use coscope_core::dispatch::{Dispatcher, Runnable};

/// Far more than anything here takes.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn go(dispatcher: &Dispatcher, f: impl FnOnce() + Send + 'static) {
    dispatcher.dispatch(Runnable::from_fn(f));
}

pub(crate) trait Soon<T> {
    fn soon(&self) -> T;
}

impl<T> Soon<T> for Receiver<T> {
    #[track_caller]
    fn soon(&self) -> T {
        match self.recv_timeout(LONG) {
            Ok(value) => value,
            Err(RecvTimeoutError::Timeout) => panic!("nothing came"),
            Err(RecvTimeoutError::Disconnected) => panic!("whoever was to send has gone"),
        }
    }
}

pub(crate) fn thread_name() -> String {
    std::thread::current().name().unwrap_or("").to_owned()
}
