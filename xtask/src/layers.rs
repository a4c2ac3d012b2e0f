//! The direction of imports: between crates by floor, inside a crate by the list in its `lib.rs`.

use crate::modules;
use crate::report::Report;
use crate::workspace::Workspace;

/// A crate, the floor it stands on, and what it may see of the project.
struct Place {
    name: &'static str,
    floor: u32,
    sees: Sees,
}

#[derive(Clone, Copy)]
enum Sees {
    /// Anything on a lower floor.
    Lower,
    /// These only.
    Only(&'static [&'static str]),
}

const CORE: Sees = Sees::Only(&["coscope-core"]);

const HOUSE: &[Place] = &[
    Place { name: "coscope-core", floor: 0, sees: Sees::Lower },
    Place { name: "coscope-macros", floor: 0, sees: Sees::Lower },
    Place { name: "coscope-scheduler", floor: 1, sees: CORE },
    Place { name: "coscope-test", floor: 1, sees: CORE },
    Place { name: "coscope-debug", floor: 1, sees: CORE },
    Place { name: "coscope-tracing", floor: 1, sees: CORE },
    Place { name: "coscope-tokio", floor: 1, sees: CORE },
    Place {
        name: "coscope",
        floor: 2,
        sees: Sees::Only(&["coscope-core", "coscope-scheduler", "coscope-macros"]),
    },
    Place { name: "coscope-fiber", floor: 2, sees: Sees::Only(&["coscope-core", "coscope-scheduler"]) },
    Place { name: "coscope-loader", floor: 3, sees: Sees::Lower },
    Place { name: "coscope-tower", floor: 3, sees: Sees::Lower },
    Place { name: "coscope-loader-python", floor: 4, sees: Sees::Lower },
];

pub(crate) fn check(workspace: &Workspace) -> Result<Report, String> {
    let mut report = Report::default();
    let crates = workspace.crates();
    for name in &crates {
        let manifest = format!("crates/{name}/Cargo.toml");
        check_manifest(name, &manifest, &workspace.read(&manifest)?, &mut report);
        let folder = format!("crates/{name}/src");
        modules::check(&folder, &workspace.sources(&folder)?, &mut report);
    }
    report.seen = format!("{} crates", crates.len());
    Ok(report)
}

fn check_manifest(name: &str, path: &str, manifest: &str, report: &mut Report) {
    let Some(place) = place_of(name) else {
        report.error(path, 0, format!("`{name}` has no floor; give it one in xtask/src/layers.rs"));
        return;
    };
    for (line, dependency) in dependencies(manifest) {
        let Some(other) = place_of(&dependency) else { continue };
        if other.floor >= place.floor {
            let message = format!(
                "`{name}` (floor {}) depends on `{dependency}` (floor {}); arrows between crates point down only: \
                 move what is shared to a lower floor, or make it a dev-dependency if only tests need it",
                place.floor, other.floor
            );
            report.error(path, line, message);
        } else if let Sees::Only(seen) = place.sees
            && !seen.contains(&other.name)
        {
            let message = format!(
                "`{name}` depends on `{dependency}`, but of the project it sees only {}",
                seen.join(", ")
            );
            report.error(path, line, message);
        }
    }
}

fn place_of(name: &str) -> Option<&'static Place> {
    HOUSE.iter().find(|place| place.name == name)
}

/// The names in `[dependencies]` and `[target.….dependencies]`, by package name, with their lines.
/// Dev-dependencies and build-dependencies are free.
fn dependencies(manifest: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    for (index, line) in manifest.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let number = index + 1;
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            // `[dependencies.name]` opens the table of one dependency
            let table = header.rsplit_once("dependencies.").filter(|(before, _)| is_ours(before));
            if let Some((_, name)) = table {
                found.push((number, name.trim_matches('"').to_owned()));
            }
            inside = header.strip_suffix("dependencies").is_some_and(is_ours);
        } else if inside {
            let Some((key, value)) = line.split_once('=') else { continue };
            let key = key.trim().split('.').next().unwrap_or_default().trim_matches('"');
            let renamed = value.split_once("package").and_then(|(_, rest)| rest.split('"').nth(1));
            found.push((number, renamed.unwrap_or(key).to_owned()));
        }
    }
    found
}

/// Whether what stands before `dependencies` in a header makes it the plain kind.
fn is_ours(before: &str) -> bool {
    before.is_empty() || (before.starts_with("target.") && before.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_with(name: &str, manifest: &str) -> Vec<String> {
        let mut report = Report::default();
        check_manifest(name, "Cargo.toml", manifest, &mut report);
        report.lines()
    }

    #[test]
    fn reads_all_forms_of_dependencies() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = { package = \"c\" }\n\
            [target.'cfg(loom)'.dependencies]\nd = \"1\"\n[dependencies.e]\nversion = \"1\"\n\
            [dev-dependencies]\nf = \"1\"\n[build-dependencies]\ng = \"1\"\n[dev-dependencies.h]\n";
        let names: Vec<String> = dependencies(manifest).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["a", "c", "d", "e"]);
    }

    #[test]
    fn arrows_point_down() {
        assert_eq!(check_with("coscope", "[dependencies]\ncoscope-core.workspace = true"), [""; 0]);
        assert_eq!(check_with("coscope-core", "[dependencies]\ncoscope-scheduler.workspace = true").len(), 1);
        assert_eq!(check_with("coscope-scheduler", "[dependencies]\ncoscope-test.workspace = true").len(), 1);
        assert_eq!(check_with("coscope-test", "[dev-dependencies]\ncoscope.workspace = true"), [""; 0]);
        assert_eq!(check_with("coscope", "[dependencies]\ncoscope-test.workspace = true").len(), 1);
        assert!(check_with("coscope-util", "")[0].contains("has no floor"));
    }
}
