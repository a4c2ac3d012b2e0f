//! What can be done to a channel, and what comes of it.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Send(u32),
    TrySend(u32),
    /// On the thread, which sleeps.
    SendBlocking(u32),
    Recv,
    RecvBlocking,
    TryRecv,
    /// Up to so many at once.
    RecvMany(usize),
    Reserve,
    TryReserve,
    /// Sends to the place that one has.
    SendReserved(u32),
    /// Gives it back.
    Release,
    Close,
    Cancel,
    Len,
    IsClosed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Sent,
    /// The channel has ended, the message came back.
    Refused,
    /// It was given up, and the message was dropped with it.
    Unsent,
    Full,
    Got(u32),
    Many(Vec<u32>),
    Empty,
    /// The channel has ended, and nothing is left.
    Ended,
    /// What waited was given up: a receive, or who asks for a place.
    Nothing,
    Place,
    Done,
    Yes,
    No,
    Count(usize),
}
