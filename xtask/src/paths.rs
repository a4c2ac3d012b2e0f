//! What a source names: every `a::b::c` in it, with groups (`a::{b, c::d}`) written out.

/// A path in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// From 1.
    pub(crate) line: usize,
    /// `["crate", "job", "Job"]`; a glob ends with `*`.
    pub(crate) path: Vec<String>,
    /// The name it gets by `as`.
    pub(crate) alias: Option<String>,
    /// The inline modules around it.
    pub(crate) inside: Vec<String>,
    /// Whether a macro is called by it.
    pub(crate) is_macro: bool,
}

/// A word, or a sign of one character, except that `::` is one sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) line: usize,
    pub(crate) text: String,
}

impl Token {
    pub(crate) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// The words and signs of code that has been through [`crate::rust_text`].
pub(crate) fn tokens(code: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for (index, text) in code.lines().enumerate() {
        let line = index + 1;
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            found.push(Token { line, text: rest[..length].to_owned() });
            rest = rest[length..].trim_start();
        }
    }
    found
}

/// All paths of two segments or more.
pub(crate) fn named(code: &str) -> Vec<Named> {
    let tokens = tokens(code);
    let mut reader = Reader { tokens: &tokens, inside: Vec::new(), found: Vec::new() };
    let mut at = 0;
    let mut depth = 0_usize;
    let mut opened: Vec<usize> = Vec::new();
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if opened.last() == Some(&depth) {
                    opened.pop();
                    reader.inside.pop();
                }
            }
            "mod" if reader.text(at + 2) == "{" => {
                reader.inside.push(tokens[at + 1].text.clone());
                opened.push(depth);
                depth += 1;
                at += 2;
            }
            _ if tokens[at].is_word() && reader.text(at + 1) == "::" && !reader.goes_on_from(at) => {
                at = reader.path(at, &[]);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    reader.found
}

struct Reader<'a> {
    tokens: &'a [Token],
    inside: Vec<String>,
    found: Vec<Named>,
}

impl Reader<'_> {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    /// Whether the word at `at` continues a path: `a::` or `<T as A>::` stands before it.
    fn goes_on_from(&self, at: usize) -> bool {
        at >= 2 && self.text(at - 1) == "::" && (self.tokens[at - 2].is_word() || self.text(at - 2) == ">")
    }

    /// Reads a path that begins at `at`, after `prefix`; where it ends.
    fn path(&mut self, mut at: usize, prefix: &[String]) -> usize {
        let mut path = prefix.to_vec();
        let line = self.tokens.get(at).map_or(0, |token| token.line);
        if self.text(at) == "::" {
            at += 1;
        }
        loop {
            match self.text(at) {
                "{" => return self.group(at + 1, &path),
                "*" => {
                    path.push("*".to_owned());
                    at += 1;
                    break;
                }
                _ if self.tokens.get(at).is_some_and(Token::is_word) => {
                    path.push(self.text(at).to_owned());
                    at += 1;
                }
                _ => break,
            }
            if self.text(at) != "::" {
                break;
            }
            at += 1;
        }
        let is_macro = self.text(at) == "!" && self.text(at + 1) != "=";
        let mut alias = None;
        if self.text(at) == "as" && self.tokens.get(at + 1).is_some_and(Token::is_word) {
            alias = Some(self.text(at + 1).to_owned());
            at += 2;
        }
        self.found.push(Named { line, path, alias, inside: self.inside.clone(), is_macro });
        at
    }

    /// Reads the rest of a group, `a, b::{c}}`, after `prefix`; where it ends.
    fn group(&mut self, mut at: usize, prefix: &[String]) -> usize {
        loop {
            match self.text(at) {
                "}" => return at + 1,
                "" => return at,
                "{" => at = self.group(at + 1, prefix),
                "*" | "::" => at = self.path(at, prefix),
                _ if self.tokens[at].is_word() => at = self.path(at, prefix),
                _ => at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(code: &str) -> Vec<String> {
        named(code).into_iter().map(|named| named.path.join("::")).collect()
    }

    #[test]
    fn groups_are_written_out() {
        assert_eq!(
            all("use a::{b, c::{self, D as E}, f::*};\nlet x = g::h::<i::J>(k);"),
            ["a::b", "a::c::self", "a::c::D", "a::f::*", "g::h", "i::J"]
        );
    }

    #[test]
    fn lines_aliases_macros_and_modules() {
        let found = named("mod m {\n pub use a::B as C;\n}\nd::e!();\nif f::G != h {}");
        assert_eq!((found[0].line, found[0].alias.as_deref()), (2, Some("C")));
        assert_eq!(found[0].inside, ["m"]);
        assert!(found[1].is_macro && found[1].inside.is_empty());
        assert!(!found[2].is_macro);
    }

    #[test]
    fn a_leading_colon_and_a_qualified_path() {
        assert_eq!(
            all("::std::mem::take(x); <T as a::B>::C::d(); pub(crate) fn f() {}"),
            ["std::mem::take", "a::B"]
        );
    }
}
