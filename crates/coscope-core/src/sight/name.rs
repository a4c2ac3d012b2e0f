//! [`shared`]: the names of dispatchers, each made once and not for every coroutine that is looked at.

use std::cell::RefCell;
use std::sync::Arc;

/// So many names a thread remembers.
const MOST: usize = 8;

std::thread_local! {
    /// The one used last is the last.
    static NAMES: RefCell<Vec<Arc<str>>> = const { RefCell::new(Vec::new()) };
}

/// The name, as this thread has it already, if it was among the last few that were asked for.
pub(super) fn shared(name: &str) -> Arc<str> {
    let known = NAMES.try_with(|names| {
        let mut names = names.borrow_mut();
        match names.iter().rposition(|known| **known == *name) {
            Some(at) => names[at..].rotate_left(1),
            None if names.len() == MOST => {
                names[0] = name.into();
                names.rotate_left(1);
            }
            None => names.push(name.into()),
        }
        names.last().cloned()
    });
    known.ok().flatten().unwrap_or_else(|| name.into())
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_few_names_are_made_once_each() {
        let names: Vec<String> = (0..MOST).map(|n| format!("pool {n}")).collect();
        let first: Vec<Arc<str>> = names.iter().map(|name| shared(name)).collect();
        let again: Vec<Arc<str>> = names.iter().map(|name| shared(name)).collect();
        assert!(first.iter().zip(&again).all(|(a, b)| Arc::ptr_eq(a, b)));
        assert_eq!(first.iter().map(|name| &**name).collect::<Vec<_>>(), names);
    }

    #[test]
    fn the_one_that_was_not_used_for_longest_is_forgotten() {
        let first = shared("first");
        (1..MOST).for_each(|n| _ = shared(&format!("pool {n}")));
        assert!(Arc::ptr_eq(&first, &shared("first")));
        shared("one more");
        assert!(Arc::ptr_eq(&first, &shared("first")));
        (0..MOST).for_each(|n| _ = shared(&format!("other {n}")));
        let again = shared("first");
        assert_eq!((&*again, Arc::ptr_eq(&first, &again)), ("first", false));
    }
}
