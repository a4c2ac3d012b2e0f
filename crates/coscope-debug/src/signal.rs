//! [`dump_on_sigquit`]: `kill -QUIT`, or ctrl-\ in a terminal, shows what runs.

use std::io;

/// While it lives, SIGQUIT writes a dump. Dropped, it gives the signal back its default: to end the process.
///
/// ```
/// # #[cfg(unix)] {
/// let guard: coscope_debug::SigquitGuard = coscope_debug::dump_on_sigquit()?;
/// drop(guard);
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "dropped at once, it takes the signal no more"]
#[derive(Debug)]
pub struct SigquitGuard {
    #[cfg(unix)]
    _listener: unix::Listener,
}

/// Writes a dump of the whole process to stderr whenever SIGQUIT comes, as the JVM does. A thread of its own waits for
/// the signal: the dump comes also when every thread of every pool is stuck.
///
/// ```no_run
/// let _guard = coscope_debug::dump_on_sigquit()?;
/// coscope::run_blocking(async |_: coscope::Scope| { /* kill -QUIT shows what runs here */ });
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// If another guard is alive, if the system refuses the handler or the thread, and where there is no such signal
/// (`Unsupported`): call [`dump`](crate::dump()) there, from whatever asks for it.
pub fn dump_on_sigquit() -> io::Result<SigquitGuard> {
    #[cfg(unix)]
    return Ok(SigquitGuard { _listener: unix::Listener::start()? });
    #[cfg(not(unix))]
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "there is no SIGQUIT on this system: call coscope_debug::dump() from a key, a route or a menu of your own",
    ))
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
    use std::thread::{self, JoinHandle};

    use coscope_core::primitive::{AtomicBool, Ordering};
    use signal_hook::consts::SIGQUIT;
    use signal_hook::iterator::{Handle, Signals};

    /// The thread that waits for the signal.
    #[derive(Debug)]
    pub(super) struct Listener {
        signals: Handle,
        thread: Option<JoinHandle<()>>,
    }

    /// What the process does with the signal.
    struct Disposition {
        listens: bool,
        /// Nobody listens: the default action is taken. `None` before the first listener.
        is_default: Option<Arc<AtomicBool>>,
    }

    fn disposition() -> MutexGuard<'static, Disposition> {
        static DISPOSITION: LazyLock<Mutex<Disposition>> =
            LazyLock::new(|| Mutex::new(Disposition { listens: false, is_default: None }));
        DISPOSITION.lock().unwrap_or_else(PoisonError::into_inner)
    }

    impl Listener {
        pub(super) fn start() -> io::Result<Self> {
            let mut disposition = disposition();
            if disposition.listens {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "SIGQUIT writes dumps already: keep the first guard of dump_on_sigquit(), and ask for no other",
                ));
            }
            if disposition.is_default.is_none() {
                // for ever: a handler that has been installed is never taken out
                let is_default = Arc::new(AtomicBool::new(false));
                signal_hook::flag::register_conditional_default(SIGQUIT, is_default.clone())?;
                disposition.is_default = Some(is_default);
            }
            let mut signals = Signals::new([SIGQUIT])?;
            let handle = signals.handle();
            #[allow(clippy::disallowed_methods)] // it must not depend on a pool that is stuck
            let thread = thread::Builder::new().name("coscope-sigquit".to_owned()).spawn(move || {
                for _ in signals.forever() {
                    crate::dump::to_stderr();
                }
            })?;
            disposition.listens = true;
            set_default(&disposition, false);
            Ok(Listener { signals: handle, thread: Some(thread) })
        }
    }

    fn set_default(disposition: &Disposition, is_default: bool) {
        if let Some(flag) = &disposition.is_default {
            flag.store(is_default, Ordering::SeqCst);
        }
    }

    impl Drop for Listener {
        fn drop(&mut self) {
            self.signals.close();
            if let Some(thread) = self.thread.take() {
                let _its_panic_was_reported = thread.join();
            }
            let mut disposition = disposition();
            disposition.listens = false;
            set_default(&disposition, true);
        }
    }
}
