//! A client that says exactly what it is told to, and a source whose dump is what the test says it is.
#![allow(dead_code)] // each test file uses its part

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use coscope_debug::Source;

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// 0 if it closed the connection without a word.
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
    /// Whether it came with its end.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

/// GET, as a browser on this machine would.
pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, "GET", path, &["Host: localhost"])
}

/// A request of these header lines, on a connection of its own.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, headers: &[&str]) -> Answer {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    // a server that stops in the middle may reset the connection
    let _ = stream.read_to_end(&mut bytes);
    read(&bytes)
}

fn read(bytes: &[u8]) -> Answer {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Answer { status: 0, head: String::new(), body: Vec::new(), whole: false };
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head of text");
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
    let mut answer = Answer { status, head, body: Vec::new(), whole: false };
    let mut rest = &bytes[end + 4..];
    if answer.header("transfer-encoding") != Some("chunked") {
        let length: usize = answer.header("content-length").expect("a length").parse().expect("a number");
        answer.whole = rest.len() == length;
        answer.body = rest.to_vec();
        return answer;
    }
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size =
            usize::from_str_radix(std::str::from_utf8(&rest[..line]).expect("a size"), 16).expect("a size");
        rest = &rest[line + 2..];
        answer.whole = size == 0;
        if answer.whole || rest.len() < size + 2 {
            break;
        }
        answer.body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
    answer
}

/// A source that says what it was last told. Coroutine 7 alone has a history.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<String>>);

impl Told {
    pub(crate) fn tell(&self, dump: impl Into<String>) {
        *self.0.lock().expect("nobody panics") = dump.into();
    }
}

impl Source for Told {
    fn dump_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let dump = self.0.lock().expect("nobody panics").clone();
        out.write_all(dump.as_bytes())
    }

    fn history_json(&self, id: u64, out: &mut dyn Write) -> io::Result<bool> {
        if id == 7 {
            out.write_all(
                br#"{"id":7,"events":[{"at_ms":1000,"what":"launched","detail":"src/main.rs:20:9"},
                    {"at_ms":1500,"what":"suspended","detail":"Mutex::lock"}]}"#,
            )?;
        }
        Ok(id == 7)
    }
}
