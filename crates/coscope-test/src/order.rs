//! [`Order`]: which of the ready steps runs next.

/// Which of the ready steps runs next.
#[derive(Debug)]
pub(crate) enum Order {
    /// First come, first served.
    Queued,
    /// Any: the state of a generator that a seed began.
    Any(u64),
}

impl Order {
    /// Seed 0 is the order of coming.
    pub(crate) fn of_seed(seed: u64) -> Self {
        if seed == 0 { Order::Queued } else { Order::Any(seed) }
    }

    /// A place below `len`, which is not 0.
    pub(crate) fn pick(&mut self, len: usize) -> usize {
        match self {
            Order::Queued => 0,
            Order::Any(state) => {
                // SplitMix64 (Steele, Lea, Flood 2014)
                *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                ((z ^ (z >> 31)) % len as u64) as usize
            }
        }
    }
}
