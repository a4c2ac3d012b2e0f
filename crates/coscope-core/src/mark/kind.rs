//! [`WaitKind`]: the points at which a coroutine can be suspended.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $text:literal,)*) => {
        /// At what a coroutine waits.
        ///
        /// ```
        /// use coscope::sight::WaitKind;
        /// assert_eq!(WaitKind::ChannelRecv.as_str(), "Channel::recv");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum WaitKind {
            $($(#[$doc])* $kind,)*
        }

        impl WaitKind {
            /// Counted from 1: no mark is 0.
            const ALL: &[WaitKind] = &[$(WaitKind::$kind),*];

            /// What it is called in dumps.
            ///
            /// ```
            /// use coscope::sight::WaitKind;
            /// assert_eq!(WaitKind::Lock.to_string(), WaitKind::Lock.as_str());
            /// ```
            pub fn as_str(self) -> &'static str {
                match self {
                    $(WaitKind::$kind => $text,)*
                }
            }
        }
    };
}

kinds! {
    // the first seven have marks that are made by one addition
    /// Its turn, behind all others: [`yield_now`](crate::yield_now), or a step that had done enough.
    Yield = "yield",
    /// The result of a coroutine or of a frame's child.
    Await = "await",
    /// [`Job::join`](crate::Job::join).
    Join = "join",
    /// The value of a [`CompletableDeferred`](crate::CompletableDeferred).
    Value = "CompletableDeferred",
    /// A channel's next message.
    ChannelRecv = "Channel::recv",
    /// Room for a message in a channel.
    ChannelSend = "Channel::send",
    /// [`delay`](crate::delay), [`delay_until`](crate::delay_until).
    Delay = "delay",
    /// The tick of an [`Interval`](crate::Interval).
    Tick = "Interval::tick",
    /// Room in a channel, for a message to come.
    Reserve = "Channel::reserve",
    /// The one message of a oneshot.
    Oneshot = "oneshot",
    /// The end of a channel.
    Closed = "Channel::closed",
    /// A mutex.
    Lock = "Mutex::lock",
    /// A semaphore's permit.
    Acquire = "Semaphore::acquire",
    /// A place below a [`Limit`](crate::Limit).
    Limit = "Scope::limit",
    /// The first of the clauses of a select.
    Select = "select",
    /// The first of several futures: [`race`](crate::race), [`first_ok`](crate::first_ok).
    Race = "race",
    /// What hangs below a scope whose body has ended.
    Children = "children",
    /// A foreign future, or the end of its time: [`with_timeout`](crate::with_timeout).
    Timeout = "with_timeout",
    /// The end of work that cannot be cut: [`run_to_completion`](crate::run_to_completion).
    Completion = "run_to_completion",
    /// The wish to stop: [`stop_requested`](crate::stop_requested).
    StopRequested = "stop_requested",
    /// A cancel: [`cancelled`](crate::cancelled).
    Cancelled = "cancelled",
    /// The way to another dispatcher, or back: [`with_context`](crate::with_context).
    WithContext = "with_context",
    /// Virtual time to pass: what a test lets pass.
    Advance = "advance",
    /// A callback of foreign code: `suspend_cancellable`.
    Callback = "callback",
    /// A foreign future that was given a name: [`named`](crate::sight::Named::named).
    Foreign = "foreign",
}

impl WaitKind {
    pub(super) const fn number(self) -> u8 {
        self as u8 + 1
    }
    pub(super) fn of_number(number: u8) -> Option<WaitKind> {
        Self::ALL.get(usize::from(number.checked_sub(1)?)).copied()
    }
}

impl fmt::Display for WaitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
