//! [`Quoted`]: a text as a JSON string.
//!
//! A dump is a dozen fields that are written as they come; a serializer, which would want them as a value
//! first, is not worth a dependency of everybody who debugs.

use std::fmt::{self, Write};

/// Writes what it wraps between quotes, escaped.
pub(crate) struct Quoted<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for Quoted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        write!(Escape(f), "{}", self.0)?;
        f.write_char('"')
    }
}

struct Escape<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escape<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
            self.0.write_str(&rest[..at])?;
            match rest.as_bytes()[at] {
                b'"' => self.0.write_str("\\\"")?,
                b'\\' => self.0.write_str("\\\\")?,
                b'\n' => self.0.write_str("\\n")?,
                other => write!(self.0, "\\u{other:04x}")?,
            }
            rest = &rest[at + 1..]; // what is escaped is one byte
        }
        self.0.write_str(rest)
    }
}

/// A value, or `null`.
pub(crate) struct OrNull<T>(pub(crate) Option<T>);

impl<T: fmt::Display> fmt::Display for OrNull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_name_holds_comes_back() {
        for text in [
            "",
            "plain",
            "a \"quoted\" one",
            "back\\slash",
            "line\nbreak\ttab\u{1}\u{7f}",
            "ü 日本 🦀",
            "\u{0}",
        ] {
            let written = Quoted(text).to_string();
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text, "{written}");
        }
        assert_eq!(Quoted("a\"b\n").to_string(), r#""a\"b\n""#);
        assert_eq!(OrNull::<u8>(None).to_string(), "null");
        assert_eq!(OrNull(Some(7)).to_string(), "7");
    }
}
