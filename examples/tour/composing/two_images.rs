//! Two images, one after the other and then at once: the same functions, half the time. If one cannot
//! be loaded, the other is not loaded to its end in vain.

use coscope::{now, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter = Chapter::new("two-images", "Loading in turn and in parallel", run)
    .prints(&[
        "in turn: cat + dog in {ms:800} ms",
        "in parallel: cat + dog in {ms:400} ms",
        "dog was given up",
        "one failed: no such image: unicorn after {ms:100} ms",
    ]);

fn run() {
    stage::run(async |_| {
        let begin = now();
        let (cat, dog) = (load("cat").await.unwrap(), load("dog").await.unwrap());
        println!("in turn: {cat} + {dog} in {} ms", ms_since(begin));

        let begin = now();
        let both = load_both("cat", "dog").await.unwrap();
        println!("in parallel: {both} in {} ms", ms_since(begin));

        let begin = now();
        let error = load_both("unicorn", "dog").await.unwrap_err();
        println!("one failed: {error} after {} ms", ms_since(begin));
    });
}

async fn load_both(first: &'static str, second: &'static str) -> Result<String, String> {
    try_scope(async |s: Scope<String>| {
        let first = s.try_spawn(load(first));
        let second = s.try_spawn(load(second));
        Ok(format!("{} + {}", first.await, second.await))
    })
    .await
}

async fn load(name: &'static str) -> Result<&'static str, String> {
    if name == "unicorn" {
        delay(ms(100)).await;
        return Err(format!("no such image: {name}"));
    }
    let given_up = defer(async move { println!("{name} was given up") });
    delay(ms(400)).await;
    drop(given_up.disarm());
    Ok(name)
}
