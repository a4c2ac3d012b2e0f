//! Rust source with what is no code blanked out, line for line and column for column.
//!
//! Not a parser: enough of the lexical rules (nested comments, raw strings, lifetimes against
//! character literals) that what is left can be searched for words.

/// The source with comments turned into spaces, and the contents of strings into quotes.
pub(crate) fn code(text: &str) -> String {
    let mut blanker =
        Blanker { input: text.chars().collect(), at: 0, output: String::with_capacity(text.len()) };
    blanker.run();
    blanker.output
}

/// As [`code`], and without items under `#[cfg(test)]`.
pub(crate) fn code_without_tests(text: &str) -> String {
    let mut code: Vec<char> = code(text).chars().collect();
    let mut at = 0;
    while let Some((start, inner, end)) = next_test_attribute(&code, at) {
        let stop = if inner { code.len() } else { end_of_item(&code, end) };
        blank(&mut code[if inner { 0 } else { start }..stop]);
        at = stop;
    }
    code.into_iter().collect()
}

/// Blanks all but line ends.
fn blank(range: &mut [char]) {
    for c in range {
        if *c != '\n' {
            *c = ' ';
        }
    }
}

/// The next `#[cfg(…test…)]`: where it starts, whether it is an inner attribute, where it ends.
fn next_test_attribute(code: &[char], from: usize) -> Option<(usize, bool, usize)> {
    let mut at = from;
    while at < code.len() {
        if code[at] == '#' {
            let inner = code.get(at + 1) == Some(&'!');
            let open = at + 1 + usize::from(inner);
            if code.get(open) == Some(&'[') {
                let end = end_of_group(code, open);
                let body: String = code[open..end].iter().filter(|c| !c.is_whitespace()).collect();
                if is_test_attribute(&body) {
                    return Some((at, inner, end));
                }
                at = end;
                continue;
            }
        }
        at += 1;
    }
    None
}

fn is_test_attribute(body: &str) -> bool {
    body.starts_with("[cfg(")
        && !body.contains("not(test)")
        && body.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "test")
}

/// Just after the bracket that closes the one at `open`.
fn end_of_group(code: &[char], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.iter().enumerate().skip(open) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// Where the item, field or statement that begins at `at` ends; further attributes belong to it.
fn end_of_item(code: &[char], mut at: usize) -> usize {
    loop {
        while at < code.len() && code[at].is_whitespace() {
            at += 1;
        }
        if code.get(at) == Some(&'#') && code.get(at + 1) == Some(&'[') {
            at = end_of_group(code, at + 1);
        } else {
            break;
        }
    }
    let first: String = code[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
    // the comma ends a field or a variant, but stands between the generics of an item
    let comma_ends = !ITEM_WORDS.contains(&first.as_str()) || (first == "pub" && !begins_item(code, at));
    while at < code.len() {
        match code[at] {
            '(' | '[' => at = end_of_group(code, at),
            '{' => {
                let end = end_of_group(code, at);
                let use_tree = first == "use" || code[..at].ends_with(&[':', ':']);
                if !use_tree {
                    return end;
                }
                at = end;
            }
            ';' => return at + 1,
            ',' if comma_ends => return at + 1,
            '}' | ')' | ']' => return at,
            _ => at += 1,
        }
    }
    code.len()
}

const ITEM_WORDS: &[&str] = &[
    "async",
    "const",
    "enum",
    "extern",
    "fn",
    "impl",
    "let",
    "macro_rules",
    "mod",
    "pub",
    "static",
    "struct",
    "trait",
    "type",
    "union",
    "unsafe",
    "use",
];

/// Whether what follows `pub` or `pub(…)` is an item rather than a field.
fn begins_item(code: &[char], at: usize) -> bool {
    let mut next = at + "pub".len();
    if code.get(next) == Some(&'(') {
        next = end_of_group(code, next);
    }
    let rest: String = code[next..].iter().skip_while(|c| c.is_whitespace()).take(12).collect();
    let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    ITEM_WORDS.contains(&word.as_str())
}

struct Blanker {
    input: Vec<char>,
    at: usize,
    output: String,
}

impl Blanker {
    fn run(&mut self) {
        while self.at < self.input.len() {
            match (self.input[self.at], self.peek(1)) {
                ('/', Some('/')) => self.line_comment(),
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.string(),
                ('\'', _) => self.quote(),
                (c, _) if c.is_alphabetic() || c == '_' => self.word(),
                _ => self.keep(),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.input.get(self.at + ahead).copied()
    }

    fn keep(&mut self) {
        self.output.push(self.input[self.at]);
        self.at += 1;
    }

    /// Writes `mark` for the next character, or the line end that it is.
    fn hide(&mut self, mark: char) {
        let c = self.input[self.at];
        self.output.push(if c == '\n' { c } else { mark });
        self.at += 1;
    }

    fn line_comment(&mut self) {
        while self.at < self.input.len() && self.input[self.at] != '\n' {
            self.hide(' ');
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.input.len() {
            match (self.input[self.at], self.peek(1)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => {
                    self.hide(' ');
                    continue;
                }
            }
            self.hide(' ');
            self.hide(' ');
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.hide('"');
        while self.at < self.input.len() {
            match self.input[self.at] {
                '\\' if self.peek(1).is_some() => {
                    self.hide('"');
                    self.hide('"');
                }
                '"' => return self.hide('"'),
                _ => self.hide('"'),
            }
        }
    }

    /// At the `#` or `"` after the prefix of a raw string.
    fn raw_string(&mut self) {
        let mut hashes = 0;
        while self.peek(0) == Some('#') {
            hashes += 1;
            self.hide('"');
        }
        self.hide('"');
        while self.at < self.input.len() {
            let closes =
                self.input[self.at] == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
            self.hide('"');
            if closes {
                for _ in 0..hashes {
                    self.hide('"');
                }
                return;
            }
        }
    }

    /// A character literal or a lifetime.
    fn quote(&mut self) {
        if self.peek(1) == Some('\\') {
            self.hide('"');
            self.hide('"');
            self.hide('"');
            while self.at < self.input.len() && self.input[self.at] != '\'' {
                self.hide('"');
            }
            if self.at < self.input.len() {
                self.hide('"');
            }
        } else if self.peek(2) == Some('\'') {
            for _ in 0..3 {
                self.hide('"');
            }
        } else {
            self.keep();
        }
    }

    /// A word, which may be the prefix of a raw string.
    fn word(&mut self) {
        let start = self.at;
        while self.peek(0).is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.keep();
        }
        let word: String = self.input[start..self.at].iter().collect();
        if ["r", "br", "cr"].contains(&word.as_str()) {
            let mut ahead = 0;
            while self.peek(ahead) == Some('#') {
                ahead += 1;
            }
            if self.peek(ahead) == Some('"') {
                self.raw_string();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        text.split(|c| !is_word(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        let text = "a /* b /* c */ d */ e // f\n\"g \\\" h\" i r#\"j \" k\"# l br\"m\" n";
        assert_eq!(words(&code(text)), ["a", "e", "i", "r", "l", "br", "n"]);
        assert_eq!(code(text).chars().count(), text.chars().count());
    }

    #[test]
    fn lifetimes_are_code_and_characters_are_not() {
        assert_eq!(
            words(&code("fn f<'a>(x: &'a u8) { '{' '\\'' '\\u{7f}' 'b' }")),
            ["fn", "f", "a", "x", "a", "u8"]
        );
    }

    #[test]
    fn lines_stay_in_place() {
        let text = "a\n/* b\nc */ d\n\"e\nf\"\ng";
        assert_eq!(code(text).lines().count(), text.lines().count());
        assert_eq!(code(text).lines().last(), Some("g"));
    }

    #[test]
    fn test_items_are_left_out() {
        let text = "a;\n#[cfg(test)]\n#[allow(x)]\nmod tests { fn b() { c } }\nd;\n\
                    #[cfg(all(test, not(loom)))]\nuse e::{f, g};\nh; #[cfg(not(test))] fn i() {}\n\
                    struct J { #[cfg(test)] k: u8, l: u8 }\n#[cfg(test)] fn m<A, B>() {} n\n\
                    struct O { #[cfg(test)] pub(crate) p: u8, q: u8 }";
        let left = words(&code_without_tests(text)).join(" ");
        assert_eq!(left, "a d h cfg not test fn i struct J l u8 n struct O q u8");
    }

    #[test]
    fn a_file_may_be_all_test() {
        assert_eq!(words(&code_without_tests("a;\n#![cfg(test)]\nb;")), [""; 0]);
    }
}
