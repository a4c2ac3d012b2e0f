pub struct Timers;
pub struct Timer;
