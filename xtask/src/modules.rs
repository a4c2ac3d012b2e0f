//! Layers inside a crate: a module imports only what stands above it in the list of its `lib.rs`.
//!
//! The list is written in the crate's documentation:
//!
//! ```text
//! //! ## Layers
//! //! A module imports only what stands above it in this list.
//! //! 1. `primitive`
//! //! 2. `unwind` · `error`
//! ```
//!
//! Modules on one line do not see each other either. `lib.rs` itself sees all of them. A name that
//! `lib.rs` re-exports counts as the module that it comes from.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{Named, named, tokens};
use crate::report::Report;
use crate::rust_text::code_without_tests;
use crate::workspace::Source;

/// Checks one crate; `sources` are the files under `src`, which is `folder`.
pub(crate) fn check(folder: &str, sources: &[Source], report: &mut Report) {
    let root_path = format!("{folder}/lib.rs");
    let Some(root) = sources.iter().find(|source| source.path == root_path) else { return };
    let root_code = code_without_tests(&root.text);
    let declared = declared(&root_code);
    if declared.is_empty() {
        return;
    }
    let Some(layers) = Layers::read(&root.text) else {
        let example = declared.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let message = format!(
            "the crate's documentation has no list of layers; add a section `//! ## Layers` with lines like \
             `//! 1. `primitive`` that order its modules ({example})"
        );
        report.error(&root_path, 0, message);
        return;
    };
    layers.compare(&declared, &root_path, report);
    let exported = exported(&root_code, &declared);

    for source in sources {
        let inner = source.path.strip_prefix(folder).unwrap_or(&source.path).trim_start_matches('/');
        let module = module_path(inner);
        let Some(own) = module.first() else { continue };
        if source.is_test() || !layers.floor.contains_key(own) {
            continue;
        }
        let mut told = BTreeSet::new();
        for named in named(&code_without_tests(&source.text)) {
            let Some(target) = target(&named, &module) else { continue };
            let name = match exported.get(target) {
                _ if declared.contains_key(target) => target,
                Some(Some(module)) => module,
                Some(None) => continue,
                None if named.is_macro || target == "self" => continue,
                None => {
                    let message = format!(
                        "`{own}` names `{target}` through lib.rs, which stands below every module; \
                         name it by its module"
                    );
                    report.error(&source.path, named.line, message);
                    continue;
                }
            };
            if let Some(message) = layers.objection(own, name)
                && told.insert((named.line, name.to_owned()))
            {
                report.error(&source.path, named.line, message);
            }
        }
    }
}

/// The ordered list in a crate's documentation.
#[derive(Debug, Default)]
struct Layers {
    /// The floor of each module, from the top of the list, and the line it stands on.
    floor: BTreeMap<String, (usize, usize)>,
    /// Modules listed twice.
    twice: Vec<(String, usize)>,
}

impl Layers {
    fn read(root: &str) -> Option<Self> {
        let mut lines = root.lines().enumerate();
        lines.find(|(_, line)| line.strip_prefix("//!").is_some_and(|doc| doc.trim() == "## Layers"))?;
        let mut layers = Layers::default();
        let mut floor = 0;
        for (index, line) in lines {
            let Some(doc) = line.strip_prefix("//!") else { break };
            let doc = doc.trim();
            if doc.starts_with('#') {
                break;
            }
            let Some((number, names)) = doc.split_once(". ") else { continue };
            if number.parse::<usize>().is_err() {
                continue;
            }
            floor += 1;
            for name in listed(names) {
                if layers.floor.insert(name.to_owned(), (floor, index + 1)).is_some() {
                    layers.twice.push((name.to_owned(), index + 1));
                }
            }
        }
        Some(layers)
    }

    /// Reports what is declared and not listed, or listed and not declared, or listed twice.
    fn compare(&self, declared: &BTreeMap<String, usize>, root: &str, report: &mut Report) {
        for (name, line) in declared {
            if !self.floor.contains_key(name) {
                let message =
                    format!("the module `{name}` is not in the list of layers; give it a place there");
                report.error(root, *line, message);
            }
        }
        for (name, (_, line)) in &self.floor {
            if !declared.contains_key(name) {
                report.error(
                    root,
                    *line,
                    format!("the list of layers names `{name}`, which is no module here"),
                );
            }
        }
        for (name, line) in &self.twice {
            report.error(root, *line, format!("the list of layers names `{name}` twice"));
        }
    }

    /// Why `own` may not import `name`, if so.
    fn objection(&self, own: &str, name: &str) -> Option<String> {
        let (from, _) = self.floor.get(own)?;
        let (to, _) = self.floor.get(name)?;
        if own == name || to < from {
            return None;
        }
        let place = if to == from { "beside" } else { "below" };
        Some(format!(
            "`{own}` imports `{name}`, which stands {place} it in the layers of lib.rs; \
             move what is shared into a module above both, or turn the arrow round with a trait or a listener"
        ))
    }
}

/// The names at the start of a line of the list: in backticks, ` · ` between them.
fn listed(line: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = line.trim();
    while let Some((name, after)) = rest.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        names.push(name);
        match after.trim_start().strip_prefix('·') {
            Some(next) => rest = next.trim_start(),
            None => break,
        }
    }
    names
}

/// The modules with a file of their own that `lib.rs` declares, and where.
fn declared(root: &str) -> BTreeMap<String, usize> {
    let tokens = tokens(root);
    let mut found = BTreeMap::new();
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            "mod" if depth == 0 && tokens.get(at + 2).is_some_and(|end| end.text == ";") => {
                found.insert(tokens[at + 1].text.clone(), token.line);
            }
            _ => {}
        }
    }
    found
}

/// The names that `lib.rs` re-exports, each with its module, or `None` for one from another crate.
fn exported(root: &str, declared: &BTreeMap<String, usize>) -> BTreeMap<String, Option<String>> {
    named(root)
        .into_iter()
        .filter(|named| named.inside.is_empty())
        .filter_map(|named| {
            let mut path = named.path;
            if ["crate", "self"].contains(&path[0].as_str()) {
                path.remove(0);
            }
            let last = path.iter().rev().find(|segment| *segment != "self")?.clone();
            let first = path.first()?;
            let module = declared.contains_key(first).then(|| first.clone());
            Some((named.alias.unwrap_or(last), module))
        })
        .collect()
}

/// `job/tree.rs` → `[job, tree]`, `job/mod.rs` → `[job]`, `lib.rs` → `[]`.
fn module_path(inner: &str) -> Vec<String> {
    let mut path: Vec<String> = inner.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    if path.len() == 1 && ["lib", "main"].contains(&path[0].as_str()) {
        path.clear();
    }
    path
}

/// The name under the crate's root that a path leads to, if it leads through the root.
fn target<'a>(named: &'a Named, module: &[String]) -> Option<&'a str> {
    let mut rest = named.path.iter().map(String::as_str).peekable();
    if rest.peek() == Some(&"crate") {
        rest.next();
        return rest.next();
    }
    let mut depth = module.len() + named.inside.len();
    let mut climbed = false;
    if rest.peek() == Some(&"self") {
        rest.next();
    }
    while rest.peek() == Some(&"super") {
        rest.next();
        climbed = true;
        depth = depth.checked_sub(1)?;
    }
    if climbed && depth == 0 { rest.next() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "//! A crate.\n//!\n//! ## Layers\n//! A module imports only what stands above it.\n\
        //! 1. `low` – the ground\n//! 2. `left` · `right`\n//! 3. `high`\n//!\n//! ## More\n//! 9. `no`\n\
        pub mod low;\nmod left;\nmod right;\nmod high;\npub use high::{Top, deep::Deep};\npub use other::Far;\n\
        #[cfg(test)]\nmod tests;\n";

    fn check_with(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source { path: format!("c/src/{path}"), text: (*text).to_owned() })
            .collect();
        let mut report = Report::default();
        check("c/src", &sources, &mut report);
        report.lines()
    }

    fn one(path: &str, text: &str) -> Vec<String> {
        check_with(&[("lib.rs", ROOT), (path, text)])
    }

    #[test]
    fn downward_is_fine() {
        assert_eq!(
            one("high/mod.rs", "use crate::{left::A, low, right::{B, c::D}};\nuse other::Far;"),
            [""; 0]
        );
        assert_eq!(
            one("high/deep.rs", "use super::Top; use super::super::low::X; use crate::high::Y;"),
            [""; 0]
        );
    }

    #[test]
    fn upward_is_told_with_its_line() {
        let found = one("low.rs", "\nuse crate::{low::Own, high::Top};\n");
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("c/src/low.rs:2: `low` imports `high`, which stands below"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn beside_is_told() {
        let found = one("left/mod.rs", "fn f() { crate::right::g() }");
        assert!(found[0].contains("stands beside"), "{}", found[0]);
    }

    #[test]
    fn super_and_inline_modules_are_followed() {
        assert_eq!(one("left/a.rs", "use super::super::high::T;").len(), 1);
        assert_eq!(one("left.rs", "use super::high::T;").len(), 1);
        assert_eq!(one("left.rs", "mod m { use super::high::T; }"), [""; 0]);
        assert_eq!(one("left.rs", "mod m { use super::super::{low::T, high}; }").len(), 1);
    }

    #[test]
    fn a_name_through_lib_counts_as_its_module() {
        assert_eq!(one("left.rs", "use crate::Top;").len(), 1);
        assert_eq!(one("left.rs", "use crate::Deep;").len(), 1);
        assert_eq!(one("left.rs", "use crate::Far; crate::a_macro!();"), [""; 0]);
        assert!(one("left.rs", "use crate::Nobody;")[0].contains("name it by its module"));
    }

    #[test]
    fn tests_comments_and_strings_do_not_count() {
        let text = "//! [`crate::high`]\n// crate::high\nconst S: &str = \"crate::high\";\n\
                    #[cfg(test)] mod tests { use crate::high::T; }";
        assert_eq!(one("low.rs", text), [""; 0]);
        assert_eq!(one("low/test.rs", "use crate::high::T;"), [""; 0]);
    }

    #[test]
    fn the_list_must_be_there_and_whole() {
        assert!(check_with(&[("lib.rs", "mod a;")])[0].contains("no list of layers"));
        assert_eq!(check_with(&[("lib.rs", "//! Nothing yet.")]), [""; 0]);
        let found =
            check_with(&[("lib.rs", "//! ## Layers\n//! 1. `a` · `a`\n//! 2. `gone`\nmod a;\nmod b;")]);
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
