//! Whom the live page's server answers, and where it may be.

use std::io;
use std::net::{SocketAddr, TcpListener};

use coscope_debug::Server;

mod serving;
use serving::{Told, ask, get};

const SECRET: &str = "c0ffee00c0ffee00c0ffee00";

fn told(dump: &str) -> Server {
    let source = Told::default();
    source.tell(dump);
    Server::builder().source(source).serve("127.0.0.1:0").unwrap()
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
