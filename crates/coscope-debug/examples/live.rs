//! A small bank with much to do, and its live page: `cargo run -p coscope-debug --example live`.
//!
//! Clerks serve a queue of orders, an auditor sums up under the same locks, reports are written on IO. Two clerks take
//! their locks in the wrong order: after some seconds they wait for each other, and the page says so.
//!
//! An argument is the address, `127.0.0.1:8080` without one; a second is for how many seconds it runs.

use std::sync::Arc;
use std::time::Duration;

use coscope::channel::{Receiver, Sender, channel};
use coscope::prelude::*;
use coscope::sync::Mutex;

/// Accounts by number, each behind its lock.
type Accounts = Arc<Vec<Mutex<i64>>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let seconds = arguments.next().map(|word| word.parse()).transpose()?;

    let page = coscope_debug::serve(&*address)?;
    println!("see {} (Ctrl-C ends it)", page.url());
    run_blocking(async |s: Scope| {
        let bank = s.on(Dispatchers::default()).named("bank").launch(bank());
        if let Some(seconds) = seconds {
            delay(Duration::from_secs(seconds)).await;
            bank.cancel("the show is over");
        }
    });
    Ok(())
}

pub(crate) async fn bank() {
    let accounts: Accounts = Arc::new((0..64).map(|_| Mutex::new(100)).collect());
    scope(async |s: Scope| {
        let (orders, queue) = channel(16);
        s.named("customers").launch(customers(orders));
        for number in 0..4 {
            s.named(format!("clerk {number}")).launch(clerk(accounts.clone(), queue.clone()));
        }
        s.named("audit").launch(audit(accounts.clone()));
        s.on(Dispatchers::io()).named("reports").launch(reports());
        s.named("night shift").launch(night_shift(accounts));
    })
    .await;
}

/// An order: from, to, how much.
type Order = (usize, usize, i64);

async fn customers(orders: Sender<Order>) {
    scope(async |s: Scope| {
        for number in 0_usize..200 {
            let orders = orders.clone();
            s.named("customer").launch(async move {
                for order in 0_usize.. {
                    delay(Duration::from_millis(400 + (number as u64 * 37) % 900)).await;
                    let order = ((number + order) % 60, (number * 7 + order) % 60, 1);
                    if orders.send(order).await.is_err() {
                        break;
                    }
                }
            });
        }
    })
    .await;
}

/// Takes the lower lock first, as is right.
async fn clerk(accounts: Accounts, queue: Receiver<Order>) {
    while let Ok((from, to, sum)) = queue.recv().await {
        if from == to {
            continue;
        }
        let mut low = accounts[from.min(to)].lock().await;
        let mut high = accounts[from.max(to)].lock().await;
        delay(Duration::from_millis(5)).await;
        let (from, to) = if from < to { (&mut low, &mut high) } else { (&mut high, &mut low) };
        **from -= sum;
        **to += sum;
    }
}

async fn audit(accounts: Accounts) {
    loop {
        let mut sum = 0;
        for account in &accounts[..60] {
            sum += *account.lock().await;
        }
        // some arithmetic, so that there is a step to see
        std::hint::black_box((0..3_000_000_i64).fold(sum, |a, b| a.wrapping_mul(31) ^ b));
        delay(Duration::from_millis(300)).await;
    }
}

/// Blocks a thread of IO from time to time.
async fn reports() {
    loop {
        std::thread::sleep(Duration::from_millis(150));
        delay(Duration::from_millis(250)).await;
    }
}

/// The mistake: one takes 60 and then 61, the other 61 and then 60.
async fn night_shift(accounts: Accounts) {
    scope(async |s: Scope| {
        for (name, first, second) in [("transfer", 60, 61), ("correction", 61, 60)] {
            let accounts = accounts.clone();
            s.named(name).launch(async move {
                delay(Duration::from_secs(3)).await;
                let mut one = accounts[first].lock().await;
                delay(Duration::from_millis(100)).await;
                let mut other = accounts[second].lock().await;
                *one -= 1;
                *other += 1;
            });
        }
        let waiting = accounts.clone();
        s.named("teller").launch(async move {
            delay(Duration::from_secs(4)).await;
            *waiting[60].lock().await += 1;
        });
    })
    .await;
}
