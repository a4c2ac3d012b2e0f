//! The live page asks for its token, in a headless Chromium.
#![allow(clippy::disallowed_methods)] // the browser is listened to by a thread

use coscope_debug::Server;

mod serving;
#[path = "serving/browser.rs"]
mod browser;
use browser::Page;
use serving::Told;

const SECRET: &str = "c0ffee00c0ffee00c0ffee00";
const DUMP: &str = r#"{"format":"coscope-dump","version":1,"process":1,"taken_at_ms":1764000000000,"waits":[],"findings":[],
    "pools":[],"jobs":[{"key":1,"parent":null,"kind":"coroutine","id":1,"name":null,"state":"running"}]}"#;

#[test]
fn it_asks_for_the_token() {
    let Some(page) = Page::open("token") else { return };
    let source = Told::default();
    source.tell(DUMP);
    let server = Server::builder().token(SECRET).source(source).serve("127.0.0.1:0").unwrap();
    page.goto(&server.url());
    page.until("!document.querySelector('#lock').hidden");
    assert_eq!(page.count(".row"), 0);
    page.write("#token", "c0ffee00c0ffee00c0ffee01");
    page.press_enter();
    page.until("document.querySelector('#wrong').textContent === 'That is not the token.'");
    page.write("#token", SECRET);
    page.click_on("#lock button");
    page.until("document.querySelectorAll('.row').length === 1");
    assert_eq!(page.eval("document.querySelector('#lock').hidden"), true);

    // from the address, where it does not stay; each port asks for its own
    for given in ["?token=", "#token="] {
        let other = Told::default();
        other.tell(DUMP);
        let other = Server::builder().token(SECRET).source(other).serve("127.0.0.1:0").unwrap();
        page.goto(&other.url());
        page.until("!document.querySelector('#lock').hidden");
        page.goto("about:blank");
        page.goto(&format!("{}{given}{SECRET}", other.url()));
        page.until("document.querySelectorAll('.row').length === 1");
        assert_eq!(page.eval("location.href"), other.url());
        assert_eq!(page.eval("document.cookie"), "");
    }
}
