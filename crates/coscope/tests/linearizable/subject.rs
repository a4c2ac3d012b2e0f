//! [`Subject`]: a thing under test; and what threads are to do with it.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use super::checker::Model;
use super::dice::Dice;
use super::history::Call;

/// What a call comes to.
pub(crate) type Calling<A> = Pin<Box<dyn Future<Output = A> + Send>>;

/// A thing under test.
pub(crate) trait Subject: Send + Sync + 'static {
    type Model: Model;
    /// What a thread holds of it from one call to the next.
    type Hand: Default + Send + 'static;

    fn model(&self) -> Self::Model;

    /// What one thread does.
    fn program(&self, dice: &mut Dice, thread: usize, length: usize) -> Vec<Todo<Op<Self>>>;

    /// What depends on the programs of all.
    fn finish(&self, _: &mut [Vec<Todo<Op<Self>>>], _: &mut Dice) {}

    /// Whether a thread can do it, with what it holds; which may say more of what it does.
    fn is_next(_: &mut Op<Self>, _: &Self::Hand) -> bool {
        true
    }

    /// Does it.
    fn call(self: Arc<Self>, op: Op<Self>, hand: &Arc<Mutex<Self::Hand>>) -> Calling<Answer<Self>>;

    /// Lets go of a call, and says what its caller is told.
    fn give_up(op: &Op<Self>, let_go: Box<dyn FnOnce() + '_>) -> Answer<Self>;

    /// What one does in the end who never waits, so that the others need not wait either; and so that all comes to light.
    fn ending(&self) -> Vec<Op<Self>>;

    /// What must be true after that.
    fn is_balanced(&self) -> Result<(), String> {
        Ok(())
    }
}

pub(crate) type Op<S> = <<S as Subject>::Model as Model>::Op;
pub(crate) type History<S> = Vec<Call<Op<S>, Answer<S>>>;
pub(crate) type Answer<S> = <<S as Subject>::Model as Model>::Answer;

/// A call to be made.
#[derive(Debug, Clone)]
pub(crate) struct Todo<O> {
    pub(crate) op: O,
    /// After so many looks it is given up; without, it waits for as long as it takes.
    pub(crate) patience: Option<u32>,
    /// Others may go first.
    pub(crate) pause: Pause,
}

/// What a thread does before a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pause {
    None,
    Spin(u32),
    Yield,
}

impl<O> Todo<O> {
    /// A call that is perhaps given up.
    pub(crate) fn of(op: O, dice: &mut Dice) -> Self {
        let patience = (dice.roll(2) == 0).then(|| dice.roll(40) as u32);
        Todo { patience, ..Todo::surely(op, dice) }
    }

    /// A call that is not given up.
    pub(crate) fn surely(op: O, dice: &mut Dice) -> Self {
        let pause = match dice.roll(8) {
            0 => Pause::Yield,
            1..5 => Pause::Spin(dice.roll(200) as u32),
            _ => Pause::None,
        };
        Todo { op, patience: None, pause }
    }
}

/// The programs of a seed: two to four threads.
pub(crate) fn programs<S: Subject>(subject: &S, seed: u64, length: u64) -> Vec<Vec<Todo<Op<S>>>> {
    let mut dice = Dice(seed);
    let threads = 2 + dice.roll(3) as usize;
    let each = (0..threads).map(|thread| {
        let length = 1 + dice.roll(length) as usize;
        subject.program(&mut dice, thread, length)
    });
    let mut programs: Vec<_> = each.collect();
    subject.finish(&mut programs, &mut dice);
    programs
}
