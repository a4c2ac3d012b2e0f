//! Every dependency has a licence that `deny.toml` allows; the same list that cargo-deny reads.

use std::process::{Command, Stdio};

use crate::json::Json;
use crate::report::Report;
use crate::workspace::Workspace;

pub(crate) fn check(workspace: &Workspace) -> Result<Report, String> {
    let allowed = allowed(&workspace.read("deny.toml")?);
    if allowed.is_empty() {
        return Err("deny.toml has no list `allow` under [licenses]".to_owned());
    }
    let mut report = Report::default();
    let metadata = metadata(workspace, &mut report)?;
    // the project's own crates have no source
    let packages = metadata.get("packages").list().iter();
    let packages: Vec<&Json> = packages.filter(|package| package.get("source") != &Json::Null).collect();
    for package in &packages {
        let text = |key: &str| package.get(key).text();
        let name = format!("{} {}", text("name").unwrap_or("?"), text("version").unwrap_or("?"));
        match text("license") {
            None => report.error("Cargo.lock", 0, format!("{name} states no licence; use another crate")),
            Some(licence) if !satisfied(licence, &allowed) => {
                let message =
                    format!("{name} is under `{licence}`, which deny.toml does not allow; use another crate");
                report.error("Cargo.lock", 0, message);
            }
            Some(_) => {}
        }
    }
    report.seen = format!("{} packages", packages.len());
    Ok(report)
}

/// What cargo knows about all packages: for every platform, or for this one if the network is away.
fn metadata(workspace: &Workspace, report: &mut Report) -> Result<Json, String> {
    if let Ok(metadata) = ask_cargo(workspace, &["metadata", "--format-version", "1"]) {
        return Json::parse(&metadata);
    }
    let version = ask_rustc()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let arguments = ["metadata", "--format-version", "1", "--offline", "--filter-platform", host];
    let metadata = Json::parse(&ask_cargo(workspace, &arguments)?)?;
    report.warn(
        "Cargo.lock",
        0,
        format!("only the dependencies for {host} were looked at: the rest is not here"),
    );
    Ok(metadata)
}

fn ask_cargo(workspace: &Workspace, arguments: &[&str]) -> Result<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    answer(Command::new(cargo).args(arguments).current_dir(&workspace.root))
}

fn ask_rustc() -> Result<String, String> {
    answer(Command::new("rustc").arg("-vV"))
}

fn answer(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{command:?}: {error}"))
}

/// The strings of `allow = […]` in the section `[licenses]`.
fn allowed(deny: &str) -> Vec<String> {
    let code: Vec<&str> = deny.lines().map(|line| line.split('#').next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let Some((_, section)) = code.split_once("[licenses]") else { return Vec::new() };
    let Some((_, list)) = section.split_once("allow = [") else { return Vec::new() };
    let list = list.split(']').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be met with licences of the list. The old form `A/B` is `A OR B`.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Expression { words: &words, at: 0, allowed };
    parser.any() == Some(true) && parser.at == words.len()
}

struct Expression<'a> {
    words: &'a [&'a str],
    at: usize,
    allowed: &'a [String],
}

impl Expression<'_> {
    fn eat(&mut self, word: &str) -> bool {
        let here = self.words.get(self.at) == Some(&word);
        self.at += usize::from(here);
        here
    }

    fn any(&mut self) -> Option<bool> {
        let mut met = self.all()?;
        while self.eat("OR") {
            met |= self.all()?;
        }
        Some(met)
    }

    fn all(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.eat("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        if self.eat("(") {
            let met = self.any()?;
            return self.eat(")").then_some(met);
        }
        let mut licence = (*self.words.get(self.at)?).to_owned();
        self.at += 1;
        if self.eat("WITH") {
            licence = format!("{licence} WITH {}", self.words.get(self.at)?);
            self.at += 1;
        }
        Some(self.allowed.contains(&licence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let allowed =
            ["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR BSL-1.0",
            "GPL-2.0 AND MIT OR MIT",
        ] {
            assert!(satisfied(good, &allowed), "{good}");
        }
        for bad in
            ["", "MPL-2.0", "MIT AND GPL-3.0", "GPL-2.0 WITH LLVM-exception", "(MIT", "MIT)", "MIT MIT"]
        {
            assert!(!satisfied(bad, &allowed), "{bad}");
        }
    }

    #[test]
    fn reads_the_list_of_cargo_deny() {
        let deny =
            "[bans]\nallow = [\"x\"]\n[licenses]\nallow = [\n  \"MIT\", # not \"GPL\"\n  \"ISC\",\n]\n";
        assert_eq!(allowed(deny), ["MIT", "ISC"]);
    }

    #[test]
    fn the_projects_own_list_can_be_read() {
        let allowed = allowed(include_str!("../../deny.toml"));
        assert!(allowed.iter().any(|licence| licence == "Apache-2.0 WITH LLVM-exception"));
        assert!(!allowed.iter().any(|licence| licence.starts_with("MPL")));
    }
}
