//! [`check`]: whether a history could have come from a sequential model.
//!
//! The search of Wing and Gong ("Testing and Verifying Concurrent Objects", 1993), which remembers where it has been, as Lowe does
//! ("Testing for Linearizability", 2017). Calls that wait take effect twice, as in Scherer and Scott's dual data structures
//! ("Nonblocking Concurrent Data Structures with Condition Synchronization", 2004): where they begin, and where another call
//! answers them. A call that is given up while it waits leaves at a point of its own.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;

use super::history::Call;

/// Answers that calls have come to, their own and those of others, by the number of the call.
pub(crate) type Answers<A> = Vec<(usize, A)>;

/// What had become of a call when it was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Came<A> {
    NotBegun,
    Waits,
    To(A),
}

/// What the thing under test is, without any cleverness: each step is one point in time.
pub(crate) trait Model: Clone + Eq + Hash + Debug {
    type Op: Copy + Unpin + Debug + Send + 'static;
    type Answer: Clone + Eq + Hash + Debug + Send + 'static;

    /// A call begins: it is answered now, or waits. `false` if it is not its turn: it may begin later.
    fn begin(&mut self, id: usize, op: &Self::Op, answers: &mut Answers<Self::Answer>) -> bool;

    /// A call that has begun, and that its caller goes on with by itself, at a point of its own. `false` if it does not.
    fn go_on(&mut self, _: usize, _: &Self::Op, _: &mut Answers<Self::Answer>) -> bool {
        false
    }

    /// A call that was given up leaves. Gives what its caller is told.
    fn leave(
        &mut self,
        id: usize,
        op: &Self::Op,
        came: Came<Self::Answer>,
        answers: &mut Answers<Self::Answer>,
    ) -> Self::Answer;
}

/// How far the search came.
#[derive(Debug)]
pub(crate) struct Refuted<M> {
    /// The longest order that agrees with the model up to there: calls, and whether it is their leaving.
    pub(crate) order: Vec<(usize, bool)>,
    /// The model behind it.
    pub(crate) model: M,
}

/// A place in the search.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Node<M: Model> {
    begun: u128,
    ended: u128,
    model: M,
    /// What calls have been answered that will be given up.
    answered: BTreeMap<usize, M::Answer>,
}

struct Search<'a, M: Model> {
    calls: &'a [Call<M::Op, M::Answer>],
    seen: HashSet<Node<M>>,
    order: Vec<(usize, bool)>,
    best: Refuted<M>,
}

/// Whether the calls agree with the model, in an order that has each between its beginning and its end.
///
/// # Panics
/// If there are more than 128 calls.
pub(crate) fn check<M: Model>(calls: &[Call<M::Op, M::Answer>], model: M) -> Result<(), Refuted<M>> {
    assert!(calls.len() <= 128, "{} calls are too many", calls.len());
    let best = Refuted { order: vec![], model: model.clone() };
    let mut search = Search { calls, seen: HashSet::new(), order: vec![], best };
    let first = Node { begun: 0, ended: 0, model, answered: BTreeMap::new() };
    if search.explore(first) { Ok(()) } else { Err(search.best) }
}

impl<M: Model> Search<'_, M> {
    fn explore(&mut self, node: Node<M>) -> bool {
        let calls = self.calls;
        let open = |id: &usize| node.ended & (1 << id) == 0;
        // nothing comes behind the end of a call that has not ended
        let Some(horizon) = (0..calls.len()).filter(open).map(|id| calls[id].ended).min() else {
            return true;
        };
        if self.order.len() > self.best.order.len() {
            self.best = Refuted { order: self.order.clone(), model: node.model.clone() };
        }
        for id in (0..calls.len()).filter(open) {
            let call = &calls[id];
            if node.begun & (1 << id) == 0 && call.begun < horizon {
                let mut next = node.clone();
                let mut answers = vec![];
                if next.model.begin(id, &call.op, &mut answers) {
                    next.begun |= 1 << id;
                    if self.follow(next, answers, (id, false)) {
                        return true;
                    }
                }
            }
            if node.begun & (1 << id) != 0 && call.given_up.is_none() {
                let mut next = node.clone();
                let mut answers = vec![];
                if next.model.go_on(id, &call.op, &mut answers) && self.follow(next, answers, (id, false)) {
                    return true;
                }
            }
            if call.given_up.is_some_and(|at| at < horizon) {
                let mut next = node.clone();
                let mut answers = vec![];
                let came = match next.answered.remove(&id) {
                    Some(answer) => Came::To(answer),
                    None if node.begun & (1 << id) == 0 => Came::NotBegun,
                    None => Came::Waits,
                };
                if next.model.leave(id, &call.op, came, &mut answers) == call.answer {
                    next.begun |= 1 << id;
                    next.ended |= 1 << id;
                    if self.follow(next, answers, (id, true)) {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Goes on, if the answers are those that were given and nobody has been here.
    fn follow(&mut self, mut node: Node<M>, answers: Answers<M::Answer>, step: (usize, bool)) -> bool {
        for (id, answer) in answers {
            let call = &self.calls[id];
            if call.given_up.is_some() {
                node.answered.insert(id, answer);
            } else if call.answer == answer {
                node.ended |= 1 << id;
            } else {
                return false;
            }
        }
        if self.seen.contains(&node) {
            return false;
        }
        self.seen.insert(node.clone());
        self.order.push(step);
        let found = self.explore(node);
        self.order.pop();
        found
    }
}
