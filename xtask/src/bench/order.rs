//! [`Order`]: what `cargo xtask bench [ROW…] [--rounds N] [--quick] [--mimalloc] [--peer NAME…]` was asked for.

use super::row::Row;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) rows: Vec<String>,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    pub(crate) mimalloc: bool,
    /// Only peers whose names begin so; all if there is none.
    peers: Vec<String>,
    pub(crate) command: String,
}

impl Order {
    pub(crate) fn asks(&self, peer: &str) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|begin| peer.starts_with(begin.as_str()))
    }

    /// Whether no peer was asked by name.
    pub(crate) fn asks_anybody(&self) -> bool {
        self.peers.is_empty()
    }

    /// Whether a script in another language is asked: by name, or because the row is compared with it.
    pub(crate) fn asks_abroad(&self, row: &Row, script: &str) -> bool {
        if self.peers.is_empty() { row.abroad.iter().any(|name| name == script) } else { self.asks(script) }
    }

    /// Whether it is comparable with what stands there: all peers, the system's allocator, no mere look.
    pub(crate) fn is_for_the_book(&self) -> bool {
        !self.quick && !self.mimalloc && self.peers.is_empty()
    }
}

pub(crate) fn order(words: &[String]) -> Result<Order, String> {
    let mut order = Order {
        rows: Vec::new(),
        rounds: 5,
        quick: false,
        mimalloc: false,
        peers: Vec::new(),
        command: format!("cargo xtask bench {}", words.join(" ")).trim_end().to_owned(),
    };
    let mut rounds = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => order.quick = true,
            "--mimalloc" => order.mimalloc = true,
            "--rounds" => {
                let number = words.next().and_then(|word| word.parse().ok()).filter(|number| *number > 0);
                rounds = Some(number.ok_or("--rounds takes a number")?);
            }
            "--peer" => order.peers.push(words.next().ok_or("--peer takes a name")?.clone()),
            word if word.starts_with('-') => return Err(format!("there is no option {word}")),
            word => order.rows.push(word.to_owned()),
        }
    }
    order.rounds = rounds.unwrap_or(if order.quick { 1 } else { 5 });
    Ok(order)
}

#[cfg(test)]
mod tests {
    #[test]
    fn command_lines() {
        let order = |text: &str| super::order(&text.split(' ').map(str::to_owned).collect::<Vec<String>>());
        let full = order("W1a --rounds 7 W9").unwrap();
        assert_eq!((full.rows.len(), full.rounds, full.is_for_the_book()), (2, 7, true));
        assert!(full.asks("tokio") && !order("--peer smol").unwrap().asks("tokio"));
        assert_eq!(order("--quick").unwrap().rounds, 1);
        assert!(order("--rounds").is_err() && order("--fast").is_err());
    }
}
