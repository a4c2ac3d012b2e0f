//! The live page of a program that runs, in a headless Chromium.
#![allow(clippy::disallowed_methods)] // the program, and what listens to the browser, are threads

use std::sync::mpsc;
use std::thread;

use coscope::prelude::*;

#[allow(dead_code)] // its main
#[path = "../examples/live.rs"]
mod live;
#[path = "serving/browser.rs"]
mod browser;
use browser::Page;

/// The example, as its own program shows it; its picture is the guide's.
#[test]
fn a_program_that_runs() {
    let Some(page) = Page::open("runs") else { return };
    let server = coscope_debug::serve("127.0.0.1:0").unwrap();
    page.goto(&server.url());
    let (tell, told) = mpsc::channel();
    let program = thread::spawn(move || {
        run_blocking(async |s: Scope| {
            let bank = s.on(Dispatchers::default()).named("bank").launch(live::bank());
            tell.send(bank).unwrap();
        });
    });
    let bank: Job = told.recv().unwrap();
    page.until("document.querySelector('.finding[data-kind=deadlock]') !== null");
    let text = page.text(".finding[data-kind=deadlock] span");
    assert!(text.contains("\"transfer#") && text.contains("\"correction#"), "{text}");
    // all but the bank and what runs this; clerks, customers and the night shift
    page.until("document.querySelector('#summary').textContent.endsWith(' · 213 coroutines')");
    page.write("#search", "live.rs night");
    page.until("document.querySelector('#count').textContent.startsWith('1 of ')");
    page.write("#search", "");
    page.until("document.querySelector('.node.cycle[data-name^=job]') !== null");
    assert_eq!((page.count(".node.job.cycle"), page.count(".node.resource.cycle")), (2, 2));
    page.click_on(".finding[data-kind=deadlock]");
    assert!(page.text("#detail h2").starts_with("transfer#"));
    page.until("document.querySelector('#events [data-what=blocked]') !== null");
    page.until("Number(document.querySelector('.figure').dataset.points) >= 8");
    // without the two hundred customers the rest has room
    page.eval("document.querySelector('#viewport').scrollTop = 0");
    let customers = "[...document.querySelectorAll('.row')].find((row) => row.querySelector('.name').textContent === 'customers')";
    page.until(&format!("{customers} !== undefined"));
    page.click(&format!("{customers}.querySelector('.fold')"));
    page.until("document.querySelectorAll('.row').length === 17");
    keep(&page, "live-page.png");
    page.prefer("dark");
    assert_eq!(page.eval("getComputedStyle(document.body).backgroundColor"), "rgb(18, 23, 26)");
    bank.cancel("seen");
    program.join().unwrap();
    page.until("document.querySelectorAll('.finding').length === 0");
    assert!(page.complaints().iter().all(|complaint| complaint.contains("/api/history/")));
}

/// Keeps a picture, if `COSCOPE_PAGE_PICTURES` names a folder for them.
fn keep(page: &Page, name: &str) {
    let Some(folder) = std::env::var_os("COSCOPE_PAGE_PICTURES") else { return };
    let picture = page.screenshot();
    assert!((10_000..300_000).contains(&picture.len()), "{name} has {} bytes", picture.len());
    std::fs::write(std::path::Path::new(&folder).join(name), picture).unwrap();
}
