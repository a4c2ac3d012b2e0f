//! [`Text`]: a dump as a tree, a line a job.

use std::io::{self, Write};

use crate::finding::Finding;
use crate::line::line;
use crate::record::Record;

/// Indented no deeper: what is below says how deep it is.
const DEEPEST: usize = 40;

/// Writes a tree as it comes.
pub(crate) struct Text<W>(pub(crate) W);

impl<W: Write> Text<W> {
    pub(crate) fn job(&mut self, depth: usize, record: &Record) -> io::Result<()> {
        self.0.write_all(&[b' '; 2 * DEEPEST][..2 * depth.min(DEEPEST)])?;
        let deeper = if depth > DEEPEST { format!("({depth} deep) ") } else { String::new() };
        writeln!(self.0, "{deeper}{}", line(record))
    }

    pub(crate) fn end(&mut self, findings: &[Finding], jobs: usize, coroutines: usize) -> io::Result<()> {
        writeln!(self.0, "jobs: {jobs}, of these coroutines: {coroutines}; findings: {}", findings.len())?;
        for finding in findings {
            writeln!(self.0, "{finding}")?;
        }
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FindingKind;
    use crate::record::sample;
    use coscope_core::sight::Phase;
    use std::time::Duration;

    #[test]
    fn children_stand_further_in_up_to_a_depth() {
        let mut text = Text(Vec::new());
        let record = sample(1, "a", Phase::Running, Duration::ZERO);
        for depth in [0, 1, 40, 41, 1_000_000] {
            text.job(depth, &record).unwrap();
        }
        let finding = Finding { kind: FindingKind::LongStep, jobs: vec![1], text: "\"a#1\" …".to_owned() };
        text.end(&[finding], 5, 4).unwrap();
        let wide = " ".repeat(80);
        let expected = format!(
            "\"a#1\" running 0 ms\n  \"a#1\" running 0 ms\n{wide}\"a#1\" running 0 ms\n{wide}(41 deep) \"a#1\" running 0 ms\n\
             {wide}(1000000 deep) \"a#1\" running 0 ms\njobs: 5, of these coroutines: 4; findings: 1\nlong-step: \"a#1\" …\n"
        );
        assert_eq!(String::from_utf8(text.0).unwrap(), expected);
    }
}
