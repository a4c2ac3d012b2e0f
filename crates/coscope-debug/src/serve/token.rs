//! [`Token`]: the secret that a caller must know.

use std::fmt;
use std::hint::black_box;

use super::error::{ServeError, Why};

/// A token is at least so long.
pub(super) const SHORTEST: usize = 16;

/// A secret. It is compared in a time that does not tell how much of a guess was right, and never printed.
pub(super) struct Token(Vec<u8>);

impl Token {
    pub(super) fn new(text: &str) -> Result<Self, ServeError> {
        let length = text.chars().count();
        if length < SHORTEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ServeError { why: Why::Token { length } });
        }
        Ok(Token(text.as_bytes().to_vec()))
    }

    /// Whether `given` is the secret. The time depends on the length of `given` alone.
    pub(super) fn is(&self, given: &[u8]) -> bool {
        let mut difference = self.0.len() ^ given.len();
        for (own, byte) in self.0.iter().cycle().zip(given) {
            difference = black_box(difference | usize::from(own ^ byte));
        }
        difference == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_itself_and_nothing_else() {
        let token = Token::new("0123456789abcdef").unwrap();
        assert!(token.is(b"0123456789abcdef"));
        for wrong in ["", "0", "0123456789abcdeX", "X123456789abcdef", "0123456789abcdef0123456789abcdef"] {
            assert!(!token.is(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn what_can_be_guessed_or_cannot_be_sent_is_no_token() {
        for bad in ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcdé✓"] {
            assert!(Token::new(bad).unwrap_err().is_token(), "{bad}");
        }
        assert_eq!(format!("{:?}", Token::new("0123456789abcdef").unwrap()), "Token(..)");
    }
}
