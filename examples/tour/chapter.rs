//! [`Chapter`]: a program with a name, and what it is to print.

/// A program with a name, and what it is to print.
#[derive(Clone, Copy)]
pub(crate) struct Chapter {
    pub(crate) name: &'static str,
    /// What it shows, in a line.
    pub(crate) title: &'static str,
    pub(crate) run: fn(),
    /// The lines that it prints; `compare` says what `{…}` in them stands for.
    pub(crate) lines: &'static [&'static str],
    /// Whether their order is free: threads race for it.
    pub(crate) any_order: bool,
    /// What its times mean.
    pub(crate) clock: Clock,
    /// Whether it keeps the cores busy, so that in real time it must run by itself.
    pub(crate) alone: bool,
}

/// What a chapter's times mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// It only waits: exact in virtual time, about right in real time.
    Both,
    /// The same, but in real time it takes so long that it is checked in virtual time only.
    Virtual,
    /// It blocks or computes on other threads, which no virtual clock knows of.
    Real,
}

impl Chapter {
    pub(crate) const fn new(name: &'static str, title: &'static str, run: fn()) -> Self {
        Chapter { name, title, run, lines: &[], any_order: false, clock: Clock::Both, alone: false }
    }

    pub(crate) const fn prints(mut self, lines: &'static [&'static str]) -> Self {
        self.lines = lines;
        self
    }

    pub(crate) const fn in_any_order(mut self) -> Self {
        self.any_order = true;
        self
    }

    pub(crate) const fn in_real_time(mut self) -> Self {
        self.clock = Clock::Real;
        self
    }

    pub(crate) const fn in_virtual_time(mut self) -> Self {
        self.clock = Clock::Virtual;
        self
    }

    pub(crate) const fn alone(mut self) -> Self {
        self.alone = true;
        self
    }
}
