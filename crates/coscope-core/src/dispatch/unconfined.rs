pub fn resuming<R>(f: impl FnOnce() -> R) -> R { f() }
pub struct Unconfined;
impl super::Dispatch for Unconfined { fn dispatch(&self, _: super::Runnable){} fn name(&self)->&str{""} }
