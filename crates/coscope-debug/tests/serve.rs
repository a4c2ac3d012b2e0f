//! What the live page's server answers, and what it refuses.
#![allow(clippy::disallowed_methods)] // its clients are threads

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use coscope_debug::{Server, Source};

mod serving;
use serving::{Told, ask, get};

const SECRET: &str = "c0ffee00c0ffee00c0ffee00";

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
fn every_answer_keeps_strangers_out() {
    let server = told("{}");
    for path in ["/", "/app.js", "/api/dump", "/api/history/7", "/api/history/8", "/nothing"] {
        let answer = get(server.address(), path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let asked = ["Host: localhost", "Origin: http://evil.example"];
    assert_eq!(ask(server.address(), "GET", "/api/dump", &asked).header("access-control-allow-origin"), None);
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
fn it_only_shows() {
    let server = told("{}");
    for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
        for path in ["/", "/api/dump"] {
            let answer = ask(server.address(), method, path, &["Host: localhost", "Content-Length: 0"]);
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET")), "{method} {path}");
        }
    }
}

#[test]
fn a_name_that_was_pointed_here_is_refused() {
    let server =
        Server::builder().host("Debug.example.org").source(Told::default()).serve("127.0.0.1:0").unwrap();
    let status = |host: &str| ask(server.address(), "GET", "/", &[&format!("Host: {host}")]).status;
    let port = server.address().port();
    for good in ["localhost", "debug.example.org"] {
        assert_eq!(status(&format!("{good}:{port}")), 200, "{good}");
    }
    assert_eq!(status(&server.address().to_string()), 200);
    assert_eq!(status(&format!("evil.example:{port}")), 403);
    assert_eq!(ask(server.address(), "GET", "/", &[]).status, 400);
    let refusal = ask(server.address(), "GET", "/api/dump", &["Host: evil.example"]);
    assert_eq!(
        refusal.text(),
        "This page does not go by the name `evil.example`. Ask for it by address or as localhost; or, if the name is \
         right, serve it with `Server::builder().host(name)`.\n"
    );
}

#[test]
fn an_address_that_others_reach_needs_a_token() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let error = coscope_debug::serve(address).unwrap_err();
        assert!(error.is_public(), "{error}");
        let error = io::Error::from(error);
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
    assert_eq!(
        coscope_debug::serve("0.0.0.0:8080").unwrap_err().to_string(),
        "the live page was not served on 0.0.0.0:8080: other machines can reach that address, and the page shows what \
         this program does. Serve it on 127.0.0.1 (over a tunnel, if need be: `ssh -L 8080:127.0.0.1:8080 host`), or \
         give callers a secret: `Server::builder().token(secret).serve(\"0.0.0.0:8080\")`"
    );
    // one of several is enough
    let both: [SocketAddr; 2] = ["127.0.0.1:0".parse().unwrap(), "0.0.0.0:0".parse().unwrap()];
    assert!(coscope_debug::serve(&both[..]).unwrap_err().is_public());

    let server = Server::builder().token(SECRET).source(Told::default()).serve("0.0.0.0:0").unwrap();
    let here = SocketAddr::from(([127, 0, 0, 1], server.address().port()));
    assert_eq!(get(here, "/").status, 200);
    assert_eq!(get(here, "/api/dump").status, 401);
}

#[test]
fn the_data_is_for_those_who_know_the_token() {
    let source = Told::default();
    source.tell("{}");
    let server = Server::builder().token(SECRET).source(source).serve("127.0.0.1:0").unwrap();
    for path in ["/", "/app.js", "/style.css"] {
        assert_eq!(get(server.address(), path).status, 200, "{path}");
    }
    for path in ["/api/dump", "/api/history/7", "/api/nothing"] {
        let status = |given: &str| ask(server.address(), "GET", path, &["Host: localhost", given]);
        let refusal = status("Accept: */*");
        assert_eq!((refusal.status, refusal.header("www-authenticate")), (401, Some("Bearer")), "{path}");
        assert_eq!(status("Authorization: Bearer c0ffee00c0ffee00c0ffee01").status, 401);
        assert_eq!(status(&format!("Cookie: token={SECRET}")).status, 401);
        assert_eq!(get(server.address(), &format!("{path}?token={SECRET}")).status, 401);
        let expected = if path == "/api/nothing" { 404 } else { 200 };
        assert_eq!(status(&format!("Authorization: Bearer {SECRET}")).status, expected, "{path}");
    }
}

#[test]
fn a_token_that_can_be_guessed_is_refused() {
    let error = Server::builder().token("letmein").serve("127.0.0.1:0").unwrap_err();
    assert!(error.is_token() && !error.is_public());
    assert_eq!(
        error.to_string(),
        "the live page was not served: its token, of 7 characters, is no good. Give one of at least 16 printable ASCII \
         characters without spaces, and not one that people think up: `openssl rand -hex 16` prints one"
    );
    assert!(!format!("{:?}", Server::builder().token(SECRET)).contains(SECRET));
}

#[test]
fn an_address_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = coscope_debug::serve(taken.local_addr().unwrap()).unwrap_err();
    assert!(!error.is_public() && !error.is_token());
    assert!(error.to_string().starts_with("the live page was not served: taking the address: "), "{error}");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::AddrInUse);
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
