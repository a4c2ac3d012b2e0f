//! A headless Chromium, driven by its own protocol over a pipe: nothing between the test and the browser.
//!
//! `COSCOPE_CHROMIUM` names the program; else it is looked for under its usual names. Without one, tests of the page say on
//! stderr that they were skipped, and pass; with `COSCOPE_PAGE_REQUIRED` they fail.

#![allow(dead_code)] // each test file uses its part

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// No answer for so long is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// One page in a browser of its own.
pub(crate) struct Page {
    child: Child,
    input: RefCell<ChildStdin>,
    output: Receiver<Value>,
    folder: PathBuf,
    session: RefCell<Option<String>>,
    next: Cell<u64>,
    /// Exceptions, refusals of the content security policy, and what else the console shows in red.
    complaints: RefCell<Vec<String>>,
}

impl Page {
    /// `None` if there is no Chromium here.
    pub(crate) fn open(test: &str) -> Option<Page> {
        let Some(program) = find() else {
            assert!(
                std::env::var_os("COSCOPE_PAGE_REQUIRED").is_none(),
                "no Chromium was found: install it, or name it in COSCOPE_CHROMIUM"
            );
            // not `eprintln!`, which a passing test keeps to itself
            let _ = writeln!(
                std::io::stderr(),
                "{test}: skipped, no Chromium was found (COSCOPE_CHROMIUM names one)"
            );
            return None;
        };
        let folder = std::env::temp_dir().join(format!("coscope-page-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // Chromium speaks on the descriptors 3 and 4
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null"#])
            .arg(program)
            .args([
                "--remote-debugging-pipe",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
            ])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update"])
            .args(["--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en-GB"])
            .arg(format!("--user-data-dir={}", folder.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let input = RefCell::new(child.stdin.take().unwrap());
        let output = messages(child.stdout.take().unwrap());
        let page = Page {
            child,
            input,
            output,
            folder,
            session: RefCell::default(),
            next: Cell::new(1),
            complaints: RefCell::default(),
        };
        let target = page.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = page.call("Target.attachToTarget", attach)["sessionId"].as_str().unwrap().to_owned();
        *page.session.borrow_mut() = Some(session);
        for domain in ["Page", "Runtime", "Log"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page.size(1440, 900);
        Some(page)
    }

    pub(crate) fn size(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// `light` or `dark`.
    pub(crate) fn prefer(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    pub(crate) fn goto(&self, url: &str) {
        let answer = self.call("Page.navigate", json!({"url": url}));
        assert_eq!(answer["errorText"], Value::Null, "{url}");
        self.until("document.readyState === 'complete'");
    }

    /// What an expression is worth in the page.
    pub(crate) fn eval(&self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", asked);
        assert_eq!(answer["exceptionDetails"], Value::Null, "{expression}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression holds in the page.
    #[track_caller]
    pub(crate) fn until(&self, expression: &str) {
        let looked = self.eval(&format!(
            "new Promise((done) => {{ let left = 2000; const look = () => {{ \
               let holds = false; try {{ holds = {expression}; }} catch {{}} \
               if (holds) done(true); else if (left-- > 0) setTimeout(look, 20); else done(false); }}; look(); }})"
        ));
        assert_eq!(looked, true, "not in 40 s: {expression}\n{}", self.eval("document.body.innerText"));
    }

    /// The text of the first element that a selector finds.
    pub(crate) fn text(&self, selector: &str) -> String {
        let text = self.eval(&format!("document.querySelector({})?.textContent ?? null", json!(selector)));
        text.as_str().unwrap_or_else(|| panic!("nothing is `{selector}`")).to_owned()
    }

    pub(crate) fn count(&self, selector: &str) -> u64 {
        self.eval(&format!("document.querySelectorAll({}).length", json!(selector))).as_u64().unwrap()
    }

    /// Clicks with the mouse in the middle of what an expression finds.
    #[track_caller]
    pub(crate) fn click(&self, expression: &str) {
        let at = self.eval(&format!(
            "(() => {{ const box = ({expression})?.getBoundingClientRect(); \
               return box ? [box.x + box.width / 2, box.y + box.height / 2] : null; }})()"
        ));
        assert!(at.is_array(), "nothing to click on: {expression}");
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    pub(crate) fn click_on(&self, selector: &str) {
        self.click(&format!("document.querySelector({})", json!(selector)));
    }

    /// Presses a key that has a name: `ArrowDown`, `Enter` …
    pub(crate) fn press(&self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            self.call("Input.dispatchKeyEvent", json!({"type": kind, "key": key, "code": key}));
        }
    }

    pub(crate) fn press_enter(&self) {
        self.call(
            "Input.dispatchKeyEvent",
            json!({"type": "keyDown", "key": "Enter", "code": "Enter", "text": "\r"}),
        );
    }

    pub(crate) fn write(&self, selector: &str, text: &str) {
        self.eval(&format!("document.querySelector({}).focus()", json!(selector)));
        self.eval("document.activeElement.select?.()");
        self.call("Input.insertText", json!({"text": text}));
    }

    pub(crate) fn screenshot(&self) -> Vec<u8> {
        let answer = self.call("Page.captureScreenshot", json!({"format": "png"}));
        from_base64(answer["data"].as_str().unwrap())
    }

    /// What the console has shown in red so far.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.eval("0");
        self.complaints.take()
    }

    fn call(&self, method: &str, params: Value) -> Value {
        let id = self.next.replace(self.next.get() + 1);
        let mut message = json!({"id": id, "method": method, "params": params});
        if let Some(session) = &*self.session.borrow() {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.borrow_mut().write_all(&bytes).expect("Chromium listens");
        loop {
            let message =
                self.output.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no answer to {method}"));
            if message["id"] == id {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].clone();
            }
            self.note(&message);
        }
    }

    fn note(&self, message: &Value) {
        let complaint = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => &message["params"]["exceptionDetails"],
            Some("Log.entryAdded") if message["params"]["entry"]["level"] == "error" => {
                &message["params"]["entry"]
            }
            _ => return,
        };
        self.complaints.borrow_mut().push(complaint.to_string());
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("COSCOPE_CHROMIUM") {
        return Some(named.into());
    }
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

/// What comes over the pipe, each message ended by a zero.
fn messages(mut pipe: impl Read + Send + 'static) -> Receiver<Value> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut piece = [0; 64 << 10];
        while let Ok(count @ 1..) = pipe.read(&mut piece) {
            for &byte in &piece[..count] {
                if byte != 0 {
                    bytes.push(byte);
                } else if sender.send(serde_json::from_slice(&bytes).expect("JSON")).is_ok() {
                    bytes.clear();
                } else {
                    return;
                }
            }
        }
    });
    receiver
}

fn from_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = LETTERS.iter().position(|letter| *letter == byte).expect("base64");
        bits = (bits << 6 | value as u32) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
