//! What the live page's server answers.
#![allow(clippy::disallowed_methods)] // its clients are threads

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use coscope_debug::{Server, Source};

mod serving;
use serving::{Told, get};

fn told(dump: &str) -> Server {
    let source = Told::default();
    source.tell(dump);
    Server::builder().source(source).serve("127.0.0.1:0").unwrap()
}

#[test]
fn the_page_and_its_parts() {
    let server = told("{}");
    let page = get(server.address(), "/");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for line in page.text().lines() {
        assert!(!line.contains("://"), "nothing comes from elsewhere: {line}");
    }
    let named: Vec<&str> = page
        .text()
        .split(['"', '\''])
        .filter(|word| word.starts_with('/') && !word.contains(['>', ' ']))
        .collect();
    assert_eq!(named, ["/icon.svg", "/style.css", "/app.js", "/icon.svg"]);
    for (path, kind) in [
        ("/style.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/app.js", "text/javascript; charset=utf-8"),
    ] {
        let part = get(server.address(), path);
        assert_eq!((part.status, part.header("content-type")), (200, Some(kind)), "{path}");
        assert!(part.whole && !part.body.is_empty(), "{path}");
    }
}

#[test]
fn the_scripts_import_what_is_served() {
    let server = told("{}");
    let mut seen = vec!["/app.js".to_owned()];
    let mut at = 0;
    while at < seen.len() {
        let script = get(server.address(), &seen[at]);
        assert_eq!(script.status, 200, "{}", seen[at]);
        for line in script.text().lines().filter(|line| line.starts_with("import ")) {
            let path = line.split('"').nth(1).expect("a path in quotes").trim_start_matches('.').to_owned();
            if !seen.contains(&path) {
                seen.push(path);
            }
        }
        at += 1;
    }
    assert_eq!(seen.len(), 10, "{seen:?}");
}

#[test]
fn the_dump_as_it_is_now() {
    let source = Told::default();
    source.tell(r#"{"jobs":[]}"#);
    let server = Server::builder().source(source.clone()).serve("127.0.0.1:0").unwrap();
    let answer = get(server.address(), "/api/dump");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!((answer.text(), answer.whole), (r#"{"jobs":[]}"#, true));
    source.tell(r#"{"jobs":[1]}"#);
    assert_eq!(get(server.address(), "/api/dump?again").text(), r#"{"jobs":[1]}"#);
}

#[test]
fn a_dump_larger_than_all_buffers() {
    let dump: String = (0..700_000).map(|n| format!("{n},")).collect();
    let server = told(&dump);
    let answer = get(server.address(), "/api/dump");
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert!(answer.whole);
    assert!(answer.text() == dump, "{} bytes of {}", answer.body.len(), dump.len());
}

#[test]
fn histories() {
    let server = told("{}");
    let known = get(server.address(), "/api/history/7");
    assert_eq!((known.status, known.header("content-type")), (200, Some("application/json")));
    assert!(known.text().starts_with(r#"{"id":7,"events":[{"at_ms":1000,"what":"launched""#));
    let unknown = get(server.address(), "/api/history/8");
    assert_eq!((unknown.status, unknown.text()), (404, "Nothing is known of coroutine 8.\n"));
    for path in [
        "/api/history/",
        "/api/history",
        "/api/history/-1",
        "/api/history/7/7",
        "/api/history/99999999999999999999",
    ] {
        let answer = get(server.address(), path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().starts_with("The history of which coroutine?"), "{path}");
    }
}

#[test]
fn what_is_not_there() {
    let server = told("{}");
    for path in ["/nothing", "/index.html", "//", "/../Cargo.toml", "/app.js/", "/api", "/page/app.js"] {
        assert_eq!(get(server.address(), path).status, 404, "{path}");
    }
    assert_eq!(get(server.address(), "/api/nothing").text(), "There are /api/dump and /api/history/N.\n");
}

#[test]
fn many_callers_at_once() {
    let dump: String = (0..100_000).map(|n| format!("{n},")).collect();
    let server = told(&dump);
    let (address, start) = (server.address(), Arc::new(Barrier::new(24)));
    let callers: Vec<_> = (0..24)
        .map(|_| {
            let (start, dump) = (start.clone(), dump.clone());
            thread::spawn(move || {
                start.wait();
                (0..4).all(|_| get(address, "/api/dump").text() == dump && get(address, "/").status == 200)
            })
        })
        .collect();
    assert!(callers.into_iter().all(|caller| caller.join().unwrap()));
}

#[test]
fn callers_who_say_nothing_do_not_keep_others_waiting() {
    let server = told("{}");
    let silent: Vec<_> = (0..32).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    assert_eq!(get(server.address(), "/api/dump").text(), "{}");
    drop(silent);
}

/// Says when it is called, then waits to be let go, or does worse.
struct Waiting {
    called: mpsc::Sender<()>,
    go: Mutex<mpsc::Receiver<&'static str>>,
}

impl Source for Waiting {
    fn dump_json(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"begun ")?;
        out.flush()?;
        self.called.send(()).unwrap();
        // in a statement of its own: a panic would poison the lock
        let how = self.go.lock().unwrap().recv();
        match how {
            Ok("fail") => Err(io::Error::other("it failed")),
            Ok("panic") => std::panic::resume_unwind(Box::new("it panicked")),
            _ => out.write_all(b"ended"),
        }
    }

    fn history_json(&self, _: u64, _: &mut dyn Write) -> io::Result<bool> {
        let how = self.go.lock().unwrap().recv();
        match how {
            Ok("panic") => std::panic::resume_unwind(Box::new("it panicked")),
            _ => Err(io::Error::other("it failed")),
        }
    }
}

fn waiting() -> (Server, mpsc::Receiver<()>, mpsc::Sender<&'static str>) {
    let ((called, calls), (going, go)) = (mpsc::channel(), mpsc::channel());
    let source = Waiting { called, go: Mutex::new(go) };
    (Server::builder().source(source).serve("127.0.0.1:0").unwrap(), calls, going)
}

#[test]
fn a_dump_that_breaks_off_does_not_look_whole() {
    let (server, _calls, go) = waiting();
    go.send("end").unwrap();
    let answer = get(server.address(), "/api/dump");
    assert_eq!((answer.text(), answer.whole), ("begun ended", true));
    for how in ["fail", "panic"] {
        go.send(how).unwrap();
        // how much of it comes before the end is the socket's business
        assert!(!get(server.address(), "/api/dump").whole, "{how}");
    }
    for (how, why) in [("fail", "it failed"), ("panic", "it panicked")] {
        go.send(how).unwrap();
        let answer = get(server.address(), "/api/history/1");
        assert_eq!(
            (answer.status, answer.text()),
            (500, &*format!("The history could not be written: {why}.\n"))
        );
    }
}

#[test]
fn it_stops_even_in_the_middle_of_an_answer() {
    let (server, calls, go) = waiting();
    let address = server.address();
    let caller = thread::spawn(move || get(address, "/api/dump"));
    calls.recv().unwrap();
    server.stop();
    let answer = caller.join().unwrap();
    assert!(!answer.whole);
    assert!(TcpStream::connect(address).is_err());
    // the socket is free
    let again = Server::builder().source(Told::default()).serve(address).unwrap();
    assert_eq!(again.address(), address);
    go.send("end").unwrap();
}

#[test]
fn two_pages_in_one_process() {
    let (one, two) = (told("1"), told("2"));
    assert_eq!(get(one.address(), "/api/dump").text(), "1");
    assert_eq!(get(two.address(), "/api/dump").text(), "2");
    drop(one);
    assert_eq!(get(two.address(), "/api/dump").text(), "2");
}
