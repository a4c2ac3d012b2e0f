//! The program as a user runs it: what it prints, what it says and how it exits.
#![allow(missing_docs, clippy::disallowed_methods)]
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The program. Cargo builds an example for its own tests, not for those of others, so it is asked to: of all that is
/// tested together, so that it finds built what this very test was built with.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile = test.parent().unwrap().parent().unwrap();
        let built = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--workspace",
                "--exclude",
                "coscope-benches",
                "--example",
                "treehash",
                "--target-dir",
            ])
            .arg(profile.parent().unwrap())
            .status();
        assert!(built.unwrap().success());
        profile.parent().unwrap().join("debug/examples/treehash")
    })
}

fn run(arguments: &[&OsStr]) -> Output {
    Command::new(program()).args(arguments).output().unwrap()
}

fn hash(directory: &Path, options: &[&str]) -> Output {
    let mut arguments: Vec<&OsStr> = options.iter().map(OsStr::new).collect();
    arguments.push(directory.as_os_str());
    run(&arguments)
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn write(root: &TempDir, name: impl AsRef<Path>, content: &[u8]) {
    let path = root.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn a_known_tree() {
    let root = TempDir::new().unwrap();
    write(&root, "b/two", b"two");
    write(&root, "a", b"one");
    write(&root, "empty", b"");
    let output = hash(root.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let mut expected: Vec<String> = [("a", "one"), ("b/two", "two"), ("empty", "")]
        .map(|(path, content)| format!("{}  {path}", blake3::hash(content.as_bytes()).to_hex()))
        .into();
    let all: String = expected.iter().map(|line| format!("{line}\n")).collect();
    expected.push(format!("{}  .", blake3::hash(all.as_bytes()).to_hex()));
    assert_eq!(lines(&output), expected);
    assert!(said(&output).contains("done: 3 files"), "{}", said(&output));
}

#[test]
fn sha256_of_the_empty_file_is_known() {
    let root = TempDir::new().unwrap();
    write(&root, "empty", b"");
    let output = hash(root.path(), &["--algorithm", "sha256"]);
    let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(lines(&output)[0], format!("{known}  empty"));
}

#[test]
fn an_empty_directory() {
    let root = TempDir::new().unwrap();
    let output = hash(root.path(), &[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(lines(&output), [format!("{}  .", blake3::hash(b"").to_hex())]);
}

#[test]
fn errors_are_collected_and_the_rest_goes_on() {
    let root = TempDir::new().unwrap();
    write(&root, "good", b"good");
    symlink("nowhere", root.path().join("dangling")).unwrap();
    let output = hash(root.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(lines(&output).len(), 2, "the good file and the tree");
    assert!(said(&output).contains("treehash: dangling: No such file"), "{}", said(&output));
    assert!(said(&output).contains("1 files") && said(&output).contains("1 errors"), "{}", said(&output));
}

#[test]
fn links_and_special_files() {
    let root = TempDir::new().unwrap();
    write(&root, "sub/file", b"content");
    symlink("sub/file", root.path().join("link")).unwrap();
    symlink("sub", root.path().join("dirlink")).unwrap();
    let fifo = root.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let output = hash(root.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let paths: Vec<String> = lines(&output).iter().map(|line| line[66..].to_owned()).collect();
    assert_eq!(paths, ["link", "sub/file", "."]);
    assert!(
        said(&output).contains("skipped dirlink") && said(&output).contains("skipped fifo"),
        "{}",
        said(&output)
    );
}

#[test]
fn names_of_all_kinds() {
    let root = TempDir::new().unwrap();
    write(&root, "new\nline", b"1");
    write(&root, "back\\slash", b"2");
    write(&root, OsStr::from_bytes(b"not-utf8-\xff"), b"3");
    let output = hash(root.path(), &[]);
    let stdout = output.stdout;
    let has = |wanted: &[u8]| stdout.windows(wanted.len()).any(|window| window == wanted);
    assert!(has(b"  new\\nline\n") && has(b"  back\\\\slash\n") && has(b"  not-utf8-\xff\n"));
    assert_eq!(stdout.iter().filter(|byte| **byte == b'\n').count(), 4, "a line a file, and the tree");
    let json = hash(root.path(), &["--json"]);
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let hex = document["files"].as_array().unwrap().iter().find_map(|file| file["path_hex"].as_str());
    assert_eq!(hex, Some("6e6f742d757466382dff"));
}

#[test]
fn json_says_the_same_as_the_lines() {
    let root = TempDir::new().unwrap();
    write(&root, "a", b"one");
    write(&root, "b", b"three");
    let plain = lines(&hash(root.path(), &[]));
    let output = hash(root.path(), &["--json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["algorithm"], "blake3");
    assert_eq!(document["errors"], serde_json::json!([]));
    let files = document["files"].as_array().unwrap();
    assert_eq!(files[1]["size"], 5);
    for (file, line) in files.iter().zip(&plain) {
        assert_eq!(format!("{}  {}", file["hash"].as_str().unwrap(), file["path"].as_str().unwrap()), *line);
    }
    assert_eq!(format!("{}  .", document["root"].as_str().unwrap()), plain[2]);
}

#[test]
fn the_tree_hash_does_not_depend_on_the_way() {
    let root = TempDir::new().unwrap();
    for i in 0..300usize {
        write(&root, format!("d{}/f{i}", i % 7), &vec![i as u8; i * 97]);
    }
    write(&root, "large", &vec![7; 3 << 20]);
    let first = lines(&hash(root.path(), &[]));
    assert_eq!(first.len(), 302);
    for options in [&["--open", "1"][..], &["--memory", "1"], &["--open", "200", "--memory", "1"]] {
        assert_eq!(lines(&hash(root.path(), options)), first, "{options:?}");
    }
}

#[test]
fn a_deep_tree() {
    let root = TempDir::new().unwrap();
    let deep: PathBuf = std::iter::repeat_n("d", 200).collect();
    write(&root, deep.join("bottom"), b"down here");
    assert_eq!(lines(&hash(root.path(), &[])).len(), 2);
}

#[test]
fn no_time_at_all() {
    let root = TempDir::new().unwrap();
    write(&root, "a", b"one");
    let output = hash(root.path(), &["--timeout", "0"]);
    assert_eq!(output.status.code(), Some(124));
    assert!(lines(&output).is_empty(), "nothing was hashed, and there is no tree hash");
    assert!(said(&output).contains("timed out: 0 files"), "{}", said(&output));
}

#[test]
fn wrong_usage() {
    let root = TempDir::new().unwrap();
    let directory = root.path().as_os_str();
    for (arguments, expected) in [
        (vec![], "which directory"),
        (vec![OsStr::new("/no/such/directory")], "no directory"),
        (vec![OsStr::new("--open"), OsStr::new("0"), directory], "--open wants a number"),
        (vec![OsStr::new("--algorithm"), OsStr::new("crc"), directory], "no algorithm \"crc\""),
        (vec![OsStr::new("--timeout"), OsStr::new("-1"), directory], "number of seconds"),
        (vec![OsStr::new("--what"), directory], "no option --what"),
        (vec![directory, directory], "one directory at a time"),
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    }
    let help = run(&[OsStr::new("--help")]);
    assert_eq!(help.status.code(), Some(0));
    assert!(lines(&help)[0].starts_with("treehash:"));
}
