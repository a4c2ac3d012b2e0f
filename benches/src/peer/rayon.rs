//! rayon: jobs that cannot suspend. A floor for fork and join.

use rayon::ThreadPoolBuilder;

use super::{Make, Peer};
use crate::sample::Watch;
use crate::scenario::w6::children;

pub(super) const PEERS: &[Peer] = &[Peer { name: "rayon join (floor)", offer }];

fn offer(work: &str) -> Option<Make> {
    Some(match work {
        "W6" => |setup| {
            let pool = ThreadPoolBuilder::new().num_threads(setup.threads).build().unwrap();
            Box::new(move |n| {
                pool.install(|| {
                    let watch = Watch::start();
                    let done = subtree(0, n);
                    watch.stop(done, n)
                })
            })
        },
        _ => return None,
    })
}

fn subtree(node: usize, n: usize) -> usize {
    let mut below = children(node, n);
    match (below.next(), below.next()) {
        (Some(left), Some(right)) => {
            let (left, right) = rayon::join(|| subtree(left, n), || subtree(right, n));
            1 + left + right
        }
        (Some(left), None) => 1 + subtree(left, n),
        _ => 1,
    }
}
