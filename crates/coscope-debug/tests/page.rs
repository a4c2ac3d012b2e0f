//! The live page in a headless Chromium: what it shows, finds, and keeps while it updates.
#![allow(clippy::disallowed_methods)] // the browser is listened to by a thread

use coscope_debug::Server;
use serde_json::{Value, json};

mod serving;
#[path = "serving/browser.rs"]
mod browser;
use browser::Page;
use serving::Told;

const HOSTILE: &str = "<img src=x onerror=\"document.title='taken'\">";

fn job(key: u64, parent: Option<u64>, name: &str, state: &str) -> Value {
    json!({
        "key": key, "parent": parent, "kind": "coroutine", "id": key, "name": name, "state": state,
        "cancelled": false, "in_state_ms": 3200, "wait": null, "launched_at": format!("src/main.rs:{key}:9"),
        "dispatcher": "Default",
    })
}

fn waits(mut job: Value, kind: &str, at: &str) -> Value {
    job["wait"] = json!({"kind": kind, "at": at, "label": null});
    job
}

fn dump(jobs: Vec<Value>) -> Value {
    json!({
        "format": "coscope-dump", "version": 1, "process": 4711, "taken_at_ms": 1_764_000_000_000_u64, "jobs": jobs,
        "waits": [], "findings": [], "pools": [{"name": "Default", "threads": 2, "queued": 5}],
    })
}

/// A server, of which two wait for each other, and a third for one of them.
fn small() -> Value {
    let mut dump = dump(vec![
        job(1, None, "server", "running"),
        job(2, Some(1), "accept", "suspended"),
        waits(job(7, Some(2), "transfer", "suspended"), "Mutex::lock", "src/bank.rs:88:14"),
        waits(job(8, Some(2), "audit", "suspended"), "Mutex::lock", "tests/../src/bank.rs:102:20"),
        waits(job(9, Some(2), HOSTILE, "suspended"), "Mutex::lock", "src/bank.rs:88:14"),
        job(10, Some(1), "report", "queued"),
    ]);
    dump["waits"] = json!([
        {"waiter": 7, "on": "Mutex", "resource": "0xa0", "holder": 8, "at": "src/bank.rs:88:14"},
        {"waiter": 8, "on": "Mutex", "resource": "0xb0", "holder": 7, "at": "src/bank.rs:102:20"},
        {"waiter": 9, "on": "Mutex", "resource": "0xb0", "holder": 7, "at": "src/bank.rs:88:14"},
    ]);
    dump["findings"] = json!([
        {"kind": "deadlock", "jobs": [7, 8], "text": "transfer#7 and audit#8 wait for each other"},
    ]);
    dump
}

/// A page that shows what is told.
fn shown(test: &str, dump: &Value) -> Option<(Page, Told, Server)> {
    let page = Page::open(test)?;
    let source = Told::default();
    source.tell(dump.to_string());
    let server = Server::builder().source(source.clone()).serve("127.0.0.1:0").unwrap();
    page.goto(&server.url());
    page.until("document.querySelector('#status').dataset.status === 'live'");
    Some((page, source, server))
}

/// The names of the rows in the page, from top to bottom.
fn names(page: &Page) -> Value {
    page.eval(
        "[...document.querySelectorAll('.row')].sort((a, b) => a.index - b.index) \
         .map((row) => row.querySelector('.name').textContent + row.querySelector('.number').textContent)",
    )
}

fn row(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('.row')].find((row) => row.querySelector('.name').textContent === {})",
        json!(name)
    )
}

#[test]
fn it_shows_the_tree_the_findings_the_pools_and_the_waits() {
    let Some((page, _told, _server)) = shown("shows", &small()) else { return };
    let hostile = format!("{HOSTILE}#9");
    assert_eq!(names(&page), json!(["server#1", "accept#2", "transfer#7", "audit#8", hostile, "report#10"]));
    assert_eq!(page.text("#summary"), "process 4711 · 6 coroutines");
    assert_eq!(page.text("#count"), "6 jobs");
    assert_eq!(page.eval("document.title"), "6 coroutines · coscope");
    assert_eq!(page.count("#rows img"), 0, "a name is text");

    let transfer = row("transfer");
    let part = |name: &str| page.eval(&format!("{transfer}.querySelector('.{name}').textContent"));
    assert_eq!(part("wait"), "Mutex::lock · src/bank.rs:88:14");
    assert_eq!((part("state"), part("since")), (json!("suspended"), json!("3.2 s")));
    assert_eq!((part("mark"), part("dispatcher")), (json!("deadlock"), json!("Default")));
    assert_eq!(page.eval(&format!("{transfer}.ariaLevel")), "3");

    assert_eq!(page.count(".finding"), 1);
    assert_eq!(page.text(".finding[data-kind=deadlock] span"), "transfer#7 and audit#8 wait for each other");

    assert_eq!(page.text("[data-pool=Default] [data-figure=threads]"), "2");
    assert_eq!(page.text("[data-pool=Default] [data-figure=queued]"), "5");
    assert_eq!(page.text("[data-pool=Coroutines] [data-figure=suspended]"), "4");

    // a place that a module's path has made longer than it is
    let title = page.eval(&format!("{}.querySelector('.wait').title", row("audit")));
    assert_eq!(title, "Mutex::lock at src/bank.rs:102:20");

    // transfer → 0xa0 → audit → 0xb0 → transfer, and one more who waits for 0xb0
    assert_eq!((page.count(".node.job"), page.count(".node.resource")), (3, 2));
    assert_eq!((page.count(".node.cycle"), page.count(".edge.cycle"), page.count(".edge")), (4, 4, 5));
    assert_eq!(page.count(".node.cycle[data-name='job 9']"), 0);
    assert_eq!(page.complaints(), [""; 0]);
}

#[test]
fn it_searches_filters_and_folds() {
    let Some((page, _told, _server)) = shown("searches", &small()) else { return };
    // with those above, who are not meant
    page.write("#search", "BANK.rs:88 transfer");
    page.until("document.querySelector('#count').textContent === '1 of 6'");
    assert_eq!(names(&page), json!(["server#1", "accept#2", "transfer#7"]));
    assert_eq!(page.count(".row[data-meant=true]"), 1);
    for (text, found) in
        [("#10", "1 of 6"), ("main.rs:7:9", "1 of 6"), ("default", "6 of 6"), ("nowhere", "0 of 6")]
    {
        page.write("#search", text);
        page.until(&format!("document.querySelector('#count').textContent === {}", json!(found)));
    }
    assert_eq!((page.count(".row"), page.text("#nothing")), (0, "Nothing matches.".to_owned()));
    page.press("Escape");
    page.until("document.querySelectorAll('.row').length === 6");

    assert_eq!(
        page.eval("[...document.querySelectorAll('.chip')].map((chip) => chip.textContent)"),
        json!(["running1", "queued1", "suspended4"])
    );
    page.click_on(".chip[data-state=suspended]");
    assert_eq!(page.text("#count"), "4 of 6");
    page.click_on(".chip[data-state=queued]");
    assert_eq!(page.text("#count"), "5 of 6");
    page.click_on(".chip[data-state=suspended]");
    assert_eq!(names(&page), json!(["server#1", "report#10"]));
    page.click_on(".chip[data-state=queued]");

    page.click(&format!("{}.querySelector('.fold')", row("accept")));
    assert_eq!(names(&page), json!(["server#1", "accept#2", "report#10"]));
    page.click(&format!("{}.querySelector('.fold')", row("accept")));
    assert_eq!(page.count(".row"), 6);
    page.click_on("#fold");
    assert_eq!(names(&page), json!(["server#1"]));
    page.click_on("#unfold");
    assert_eq!(page.count(".row"), 6);
    assert_eq!(page.complaints(), [""; 0]);
}

#[test]
fn it_shows_one_coroutine_and_its_history() {
    let Some((page, _told, _server)) = shown("history", &small()) else { return };
    page.click(&row("transfer"));
    page.until("document.querySelectorAll('#events li').length === 2");
    let field = |name: &str| page.text(&format!("[data-field={name}]"));
    assert_eq!(page.text("#detail h2"), "transfer#7");
    assert_eq!((field("state"), field("wait")), ("suspended for 3.2 s".to_owned(), "Mutex::lock".to_owned()));
    assert_eq!(
        (field("place"), field("launched")),
        ("src/bank.rs:88:14".to_owned(), "src/main.rs:7:9".to_owned())
    );
    assert_eq!((field("holder"), field("holds")), ("audit#8".to_owned(), format!("audit#8{HOSTILE}#9")));
    assert_eq!((field("parent"), field("dispatcher")), ("accept#2".to_owned(), "Default".to_owned()));
    assert_eq!(page.text("#detail .text"), "deadlock transfer#7 and audit#8 wait for each other");
    assert_eq!(page.text("#events li:last-child b"), "suspended");
    assert_eq!(page.text("#events li:last-child time"), "+ 500 ms");

    // by the graph, by a link, by the finding, and by the keys; only one has a history
    page.click_on(".node[data-name='job 9']");
    assert_eq!(page.text("#detail h2"), format!("{HOSTILE}#9"));
    page.until("document.querySelector('#detail .quiet:not([hidden])')?.textContent === 'Nothing is recorded of it.'");
    assert_eq!(page.count("#events li"), 0);
    page.click_on("[data-field=parent] button");
    assert_eq!(page.text("#detail h2"), "accept#2");
    page.click_on(".finding");
    assert_eq!(page.text(".row[aria-selected=true] .name"), "transfer");
    page.eval("document.querySelector('#viewport').focus()");
    for (key, name) in
        [("ArrowDown", "audit"), ("ArrowLeft", "accept"), ("End", "report"), ("Home", "server")]
    {
        page.press(key);
        assert_eq!(page.text(".row[aria-selected=true] .name"), name, "{key}");
    }
    // what is filtered away is shown all the same when it is asked for elsewhere
    page.write("#search", "report");
    page.until("document.querySelector('#count').textContent === '1 of 6'");
    page.click_on(".finding");
    assert_eq!(page.text(".row[aria-selected=true] .name"), "transfer");
    // the refusal of a history that is not known is the browser's to log
    assert!(page.complaints().iter().all(|complaint| complaint.contains("/api/history/")));
}

#[test]
fn it_updates_by_itself_until_it_is_paused() {
    let Some((page, told, server)) = shown("updates", &small()) else { return };
    page.click(&row("transfer"));
    page.write("#search", "transfer");
    page.until("document.querySelectorAll('.row').length === 3");

    let mut later = dump(vec![job(1, None, "server", "running"), job(7, Some(1), "transfer", "running")]);
    later["pools"][0]["queued"] = json!(0);
    told.tell(later.to_string());
    page.until("document.querySelector('#summary').textContent === 'process 4711 · 2 coroutines'");
    assert_eq!(names(&page), json!(["server#1", "transfer#7"]));
    assert_eq!(page.text(".row[aria-selected=true] .name"), "transfer");
    assert_eq!(page.text("[data-field=state]"), "running for 3.2 s");
    assert_eq!(
        (page.eval("document.querySelector('#search').value"), page.text("#count")),
        (json!("transfer"), "1 of 2".to_owned())
    );
    assert_eq!(page.count("#findings:not([hidden]), .node"), 0);
    assert_eq!(page.text("[data-pool=Default] [data-figure=queued]"), "0");
    let points = "Number(document.querySelector('[data-pool=Default] .figure').dataset.points)";
    page.until(&format!("{points} >= 2"));

    // another coroutine has its key now
    later["jobs"][1]["id"] = json!(12);
    later["jobs"][1]["name"] = json!("transfer again");
    told.tell(later.to_string());
    page.until("document.querySelector('.gone:not([hidden])')?.textContent === 'has completed'");
    assert_eq!(
        (page.text("#detail h2"), page.count(".row[aria-selected=true]")),
        ("transfer#7".to_owned(), 0)
    );

    page.click_on("#pause");
    assert_eq!(page.eval("document.querySelector('#status').dataset.status"), "paused");
    let before = page.eval(points);
    told.tell(small().to_string());
    // twice as long as to the next update, had there been one
    page.eval("new Promise((done) => setTimeout(done, 2000))");
    assert_eq!(
        (page.eval(points), page.text("#summary")),
        (before, "process 4711 · 2 coroutines".to_owned())
    );
    page.click_on("#pause");
    page.until("document.querySelector('#summary').textContent === 'process 4711 · 6 coroutines'");
    assert_eq!(
        page.complaints().into_iter().filter(|complaint| !complaint.contains("/api/history/")).count(),
        0
    );

    // a program that has gone, and has come back
    let address = server.address();
    server.stop();
    page.until("document.querySelector('#status').dataset.status === 'lost'");
    let _again = Server::builder().source(told).serve(address).unwrap();
    page.until("document.querySelector('#status').dataset.status === 'live'");
}

#[test]
fn ten_thousand_coroutines() {
    // a hundred groups of a hundred; all but one of each wait for one lock
    let mut jobs = vec![job(1, None, "root", "suspended")];
    let mut waiting = Vec::new();
    for group in 0..100 {
        let above = 2 + group * 100;
        jobs.push(job(above, Some(1), &format!("group {group}"), "running"));
        for one in 1..100 {
            let name = format!("worker {group}-{one}");
            jobs.push(waits(
                job(above + one, Some(above), &name, "suspended"),
                "Mutex::lock",
                "src/work.rs:5:7",
            ));
            waiting.push(json!({"waiter": above + one, "on": "Mutex", "resource": "0xc0", "holder": 2, "at": "src/work.rs:5:7"}));
        }
    }
    let mut large = dump(jobs);
    large["waits"] = json!(waiting);
    let Some((page, told, _server)) = shown("large", &large) else { return };
    let small_enough = |page: &Page| {
        let (rows, all) = (page.count(".row"), page.count("*"));
        assert!((20..=60).contains(&rows), "{rows} rows");
        assert!(all <= 1200, "{all} elements");
    };
    assert_eq!(page.text("#count"), "10,001 jobs");
    assert_eq!(page.text("#waits .title span"), "9,900 on 1 resource");
    assert_eq!((page.text(".node.more text"), page.count(".node")), ("9,897 more".to_owned(), 6));
    small_enough(&page);

    page.eval("document.querySelector('#viewport').scrollTop = 1e9");
    page.until(&format!("{} !== undefined", row("worker 99-99")));
    small_enough(&page);
    page.click(&row("worker 99-99"));
    assert_eq!(page.text("#detail h2"), "worker 99-99#10001");
    assert_eq!(page.text("[data-field=holder]"), "group 0#2");

    // what is chosen and in sight stays so while others come above
    page.eval("document.querySelector('#viewport').scrollTop = 130000");
    page.until(&format!("{} !== undefined", row("worker 49-99")));
    let place = format!("{}.getBoundingClientRect().top", row("worker 49-99"));
    page.click(&row("worker 49-99"));
    let before = page.eval(&place);
    for key in 20_000..20_005 {
        large["jobs"].as_array_mut().unwrap().insert(1, job(key, Some(1), "newcomer", "running"));
    }
    told.tell(large.to_string());
    page.until("document.querySelector('#count').textContent === '10,006 jobs'");
    assert_eq!(
        (page.eval(&place), page.text(".row[aria-selected=true] .name")),
        (before, "worker 49-99".to_owned())
    );

    page.write("#search", "worker 73-41");
    page.until("document.querySelector('#count').textContent === '1 of 10,006'");
    assert_eq!(names(&page), json!(["root#1", "group 73#7302", "worker 73-41#7343"]));
    page.write("#search", "");
    page.click_on(".chip[data-state=running]");
    assert_eq!(page.text("#count"), "105 of 10,006");
    page.click_on(".chip[data-state=running]");
    page.click_on("#fold");
    assert_eq!(page.count(".row"), 1);
    page.click_on("#unfold");
    small_enough(&page);
    assert!(page.complaints().iter().all(|complaint| complaint.contains("/api/history/")));
}
