//! The files of the workspace: where the root is, which crates there are, and their sources.

use std::fs;
use std::path::{Path, PathBuf};

/// The project on disk.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
}

/// A Rust source file, its path relative to the root and written with `/`.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Whether the whole file is test code: in `tests/` or `benches/`, or the `test.rs` of a module.
    pub(crate) fn is_test(&self) -> bool {
        let mut parts = self.path.split('/');
        let name = parts.next_back().unwrap_or_default();
        name == "test.rs"
            || name == "tests.rs"
            || name.ends_with("_test.rs")
            || parts.any(|part| ["test", "tests", "benches"].contains(&part))
    }
}

impl Workspace {
    /// The workspace that `cargo xtask` was called in.
    pub(crate) fn find() -> Result<Self, String> {
        let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(xtask) => PathBuf::from(xtask),
            None => std::env::current_dir().map_err(|error| error.to_string())?,
        };
        start
            .ancestors()
            .find(|directory| {
                fs::read_to_string(directory.join("Cargo.toml"))
                    .is_ok_and(|text| text.contains("[workspace]"))
            })
            .map(|root| Workspace { root: root.to_owned() })
            .ok_or_else(|| format!("no Cargo workspace around {}", start.display()))
    }

    /// The names of the folders in `crates/`, sorted.
    pub(crate) fn crates(&self) -> Vec<String> {
        let mut names: Vec<String> = entries(&self.root.join("crates"))
            .into_iter()
            .filter(|path| path.join("Cargo.toml").is_file())
            .map(|path| name_of(&path))
            .collect();
        names.sort();
        names
    }

    /// The text of a file, or an error that names it.
    pub(crate) fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.root.join(path)).map_err(|error| format!("{path}: {error}"))
    }

    /// All `.rs` files under `folder`, sorted; none if there is no such folder. Hidden folders and
    /// `target` are left out.
    pub(crate) fn sources(&self, folder: &str) -> Result<Vec<Source>, String> {
        let mut found = Vec::new();
        self.walk(&self.root.join(folder), &mut found)?;
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// All `.rs` files of the project.
    pub(crate) fn all_sources(&self) -> Result<Vec<Source>, String> {
        self.sources("")
    }

    /// The `src` files of all crates under `crates/`.
    pub(crate) fn published_sources(&self) -> Result<Vec<Source>, String> {
        let mut found = Vec::new();
        for name in self.crates() {
            found.extend(self.sources(&format!("crates/{name}/src"))?);
        }
        Ok(found)
    }

    /// The test files `crates/*/tests/<prefix>*.rs`, as (crate, test name), sorted.
    pub(crate) fn test_files(&self, prefix: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for name in self.crates() {
            for path in entries(&self.root.join("crates").join(&name).join("tests")) {
                let file = name_of(&path);
                if let Some(test) = file.strip_suffix(".rs").filter(|test| test.starts_with(prefix)) {
                    found.push((name.clone(), test.to_owned()));
                }
            }
        }
        found.sort();
        found
    }

    /// Cargo's target folder.
    pub(crate) fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.root.join("target"), |dir| self.root.join(dir))
    }

    fn walk(&self, path: &Path, found: &mut Vec<Source>) -> Result<(), String> {
        for entry in entries(path) {
            let name = name_of(&entry);
            if entry.is_dir() {
                if !name.starts_with('.') && name != "target" {
                    self.walk(&entry, found)?;
                }
            } else if name.ends_with(".rs") {
                let relative = entry.strip_prefix(&self.root).unwrap_or(&entry);
                let path = relative.to_string_lossy().replace('\\', "/");
                found.push(Source { text: self.read(&path)?, path });
            }
        }
        Ok(())
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
