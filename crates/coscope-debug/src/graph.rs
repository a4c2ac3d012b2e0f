//! [`Graph`]: who waits for whom, and who can never go on.
//!
//! A coroutine that waits for a permit goes on when *any* of those who hold one gives it back; a scope goes
//! on when *all* of its children have ended. Who waits for nobody in the graph may go on, and so may, step by
//! step, those who wait for them; the rest is stuck (the reduction of AND-OR graphs: Knapp, "Deadlock
//! detection in distributed databases", 1987). So what is reported is a deadlock for certain, as far as the
//! edges are right. Knows numbers only.

use std::collections::HashMap;

/// What lets a waiter go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// One of those that it waits for.
    Any,
    /// Each of them.
    All,
}

#[derive(Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    index: HashMap<u64, usize>,
}

struct Node {
    key: u64,
    until: Until,
    targets: Vec<usize>,
}

/// Those who wait for each other, each for the next and the last for the first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cycle {
    /// Their keys, the least first.
    pub(crate) keys: Vec<u64>,
    /// Others that wait for one of them, at whatever distance.
    pub(crate) behind: usize,
}

impl Graph {
    /// `waiter` waits for `target`. If it is said to wait both ways, any will do.
    pub(crate) fn add(&mut self, waiter: u64, target: u64, until: Until) {
        let (waiter, target) = (self.node(waiter, until), self.node(target, Until::Any));
        let node = &mut self.nodes[waiter];
        if node.targets.is_empty() {
            node.until = until;
        } else if until == Until::Any {
            node.until = Until::Any;
        }
        if !node.targets.contains(&target) {
            node.targets.push(target);
        }
    }

    fn node(&mut self, key: u64, until: Until) -> usize {
        *self.index.entry(key).or_insert_with(|| {
            self.nodes.push(Node { key, until, targets: Vec::new() });
            self.nodes.len() - 1
        })
    }

    /// Each cycle of waits that nothing can open.
    pub(crate) fn cycles(&self) -> Vec<Cycle> {
        let live = self.live();
        // each that is stuck waits for one that is: follow the first, and see where the ways close
        let next = |at: usize| self.nodes[at].targets.iter().copied().find(|&target| !live[target]);
        const UNSEEN: usize = usize::MAX;
        let mut way_of = vec![UNSEEN; self.nodes.len()];
        let mut cycle_of_way: Vec<usize> = Vec::new();
        let mut cycles: Vec<Cycle> = Vec::new();
        for first in (0..self.nodes.len()).filter(|&at| !live[at]) {
            if way_of[first] != UNSEEN {
                continue;
            }
            let way = cycle_of_way.len();
            let (mut at, mut way_there) = (first, Vec::new());
            while way_of[at] == UNSEEN {
                way_of[at] = way;
                way_there.push(at);
                at = next(at).expect("who is stuck waits for one that is stuck");
            }
            let cycle = if way_of[at] == way {
                let begin = way_there.iter().position(|&seen| seen == at).expect("it is on this way");
                let mut keys: Vec<u64> = way_there[begin..].iter().map(|&at| self.nodes[at].key).collect();
                let least = (0..keys.len()).min_by_key(|&at| keys[at]).unwrap_or(0);
                keys.rotate_left(least);
                cycles.push(Cycle { keys, behind: begin });
                cycles.len() - 1
            } else {
                let cycle = cycle_of_way[way_of[at]];
                cycles[cycle].behind += way_there.len();
                cycle
            };
            cycle_of_way.push(cycle);
        }
        cycles
    }

    /// Who may go on some day, by index.
    fn live(&self) -> Vec<bool> {
        let mut waiters: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        let mut missing: Vec<usize> = Vec::with_capacity(self.nodes.len());
        for (at, node) in self.nodes.iter().enumerate() {
            for &target in &node.targets {
                waiters[target].push(at);
            }
            missing.push(if node.until == Until::Any {
                node.targets.len().min(1)
            } else {
                node.targets.len()
            });
        }
        let mut live = vec![false; self.nodes.len()];
        let mut to_do: Vec<usize> = (0..self.nodes.len()).filter(|&at| missing[at] == 0).collect();
        while let Some(at) = to_do.pop() {
            if std::mem::replace(&mut live[at], true) {
                continue;
            }
            for &waiter in &waiters[at] {
                missing[waiter] = missing[waiter].saturating_sub(1);
                if missing[waiter] == 0 {
                    to_do.push(waiter);
                }
            }
        }
        live
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Until::{All, Any};

    fn cycles(edges: &[(u64, u64, Until)]) -> Vec<(Vec<u64>, usize)> {
        let mut graph = Graph::default();
        edges.iter().for_each(|&(waiter, target, until)| graph.add(waiter, target, until));
        graph.cycles().into_iter().map(|cycle| (cycle.keys, cycle.behind)).collect()
    }

    #[test]
    fn nobody_waits_in_a_circle() {
        assert_eq!(cycles(&[]), []);
        assert_eq!(cycles(&[(1, 2, Any), (2, 3, Any), (4, 3, All)]), []);
    }

    #[test]
    fn a_circle_begins_with_its_least() {
        assert_eq!(cycles(&[(7, 3, Any), (3, 5, Any), (5, 7, Any)]), [(vec![3, 5, 7], 0)]);
        assert_eq!(cycles(&[(4, 4, Any)]), [(vec![4], 0)]);
    }

    #[test]
    fn those_behind_are_counted_with_the_circle_that_they_wait_for() {
        let edges =
            [(9, 8, Any), (8, 1, Any), (1, 2, Any), (2, 1, Any), (10, 9, Any), (3, 4, Any), (4, 3, Any)];
        assert_eq!(cycles(&edges), [(vec![1, 2], 3), (vec![3, 4], 0)]);
    }

    #[test]
    fn one_of_several_holders_that_can_go_on_is_enough() {
        assert_eq!(cycles(&[(1, 2, Any), (2, 1, Any), (1, 3, Any)]), []);
        assert_eq!(cycles(&[(1, 2, Any), (2, 1, Any), (1, 3, Any), (3, 1, Any)]).len(), 1);
    }

    #[test]
    fn a_scope_is_held_up_by_one_child() {
        // 1 holds a lock and waits for its children 2 and 3; 2 wants the lock
        assert_eq!(cycles(&[(1, 2, All), (1, 3, All), (2, 1, Any)]), [(vec![1, 2], 0)]);
        assert_eq!(cycles(&[(1, 2, All), (1, 3, All), (2, 4, Any)]), []);
    }

    #[test]
    fn who_waits_both_ways_needs_one_way_only() {
        assert_eq!(cycles(&[(1, 2, All), (2, 1, Any), (1, 3, Any)]), []);
        assert_eq!(cycles(&[(1, 3, Any), (1, 2, All), (2, 1, Any)]), []);
    }

    #[test]
    fn a_hundred_thousand_in_a_row_end_on_a_small_stack() {
        let thread = std::thread::Builder::new().stack_size(64 << 10).spawn(|| {
            let mut graph = Graph::default();
            (0..100_000).for_each(|at| graph.add(at, (at + 1) % 100_000, Any));
            let cycles = graph.cycles();
            assert_eq!((cycles.len(), cycles[0].keys.len(), cycles[0].behind), (1, 100_000, 0));
        });
        thread.unwrap().join().unwrap();
    }

    /// Against the definition: the greatest set in which each waits for one of the set (Any: for nobody else).
    #[test]
    fn small_graphs_agree_with_the_definition() {
        let mut seed = 1u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..2000 {
            let modes: Vec<Until> = (0..6).map(|_| if random(2) == 0 { Any } else { All }).collect();
            let edges: Vec<(u64, u64, Until)> = (0..random(12))
                .map(|_| (random(6), random(6)))
                .map(|(waiter, target)| (waiter, target, modes[waiter as usize]))
                .collect();
            let mut stuck: Vec<bool> = (0..6).map(|at| edges.iter().any(|edge| edge.0 == at)).collect();
            for _ in 0..6 {
                for at in 0..6 {
                    let mut targets =
                        edges.iter().filter(|edge| edge.0 == at).map(|edge| stuck[edge.1 as usize]);
                    stuck[at as usize] &= match modes[at as usize] {
                        Any => targets.all(|stuck| stuck),
                        All => targets.any(|stuck| stuck),
                    };
                }
            }
            let found = cycles(&edges);
            let counted: usize = found.iter().map(|(keys, behind)| keys.len() + behind).sum();
            assert_eq!(counted, stuck.iter().filter(|stuck| **stuck).count(), "{edges:?}");
            assert!(found.iter().all(|(keys, _)| keys.iter().all(|key| stuck[*key as usize])), "{edges:?}");
        }
    }
}
