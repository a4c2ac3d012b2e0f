//! [`Source`]: where the data of the page comes from.

use std::io;

/// Where the data of a page comes from. A program's own page needs none: it shows the program.
///
/// One is written to look at something else with the same page, as at a dump that was kept in a file:
///
/// ```
/// use coscope_debug::{Server, Source};
/// use std::io::{self, Write};
///
/// struct Kept(Vec<u8>);
///
/// impl Source for Kept {
///     fn dump_json(&self, out: &mut dyn Write) -> io::Result<()> {
///         out.write_all(&self.0)
///     }
///
///     fn history_json(&self, _: u64, _: &mut dyn Write) -> io::Result<bool> {
///         Ok(false)
///     }
/// }
///
/// let dump = br#"{"format":"coscope-dump","version":1,"jobs":[]}"#;
/// let server = Server::builder().source(Kept(dump.to_vec())).serve("127.0.0.1:0")?;
/// assert!(server.address().ip().is_loopback());
/// # Ok::<(), coscope_debug::ServeError>(())
/// ```
///
/// Both functions are called on threads of the server, at times by several at once. They may block; no page is
/// answered by more than four of them at a time.
pub trait Source: Send + Sync + 'static {
    /// Writes all there is as one JSON object, in the format `coscope-dump`.
    ///
    /// # Errors
    /// What `out` says (the page has been closed), or what went wrong: the page then shows that the dump broke off.
    fn dump_json(&self, out: &mut dyn io::Write) -> io::Result<()>;

    /// Writes what happened to the coroutine of number `id` as one JSON object. `false` if nothing is known of it.
    ///
    /// # Errors
    /// What `out` says, or what went wrong.
    fn history_json(&self, id: u64, out: &mut dyn io::Write) -> io::Result<bool>;
}
