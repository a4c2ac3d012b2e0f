//! [`ServeError`]: why a page is not served.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Why [`serve`](fn@crate::serve) did not start.
///
/// ```
/// let error = coscope_debug::serve("0.0.0.0:0").unwrap_err();
/// assert!(error.is_public());
/// ```
pub struct ServeError {
    pub(super) why: Why,
}

#[derive(Debug)]
pub(super) enum Why {
    /// An address that others can reach, and no token.
    Public(SocketAddr),
    /// A token that can be guessed, or that no header can carry.
    Token { length: usize },
    /// The system said no.
    System { doing: &'static str, cause: io::Error },
}

impl ServeError {
    pub(super) fn system(doing: &'static str) -> impl FnOnce(io::Error) -> ServeError {
        move |cause| ServeError { why: Why::System { doing, cause } }
    }

    /// Whether it was refused because other machines could reach the address and no token was given.
    pub fn is_public(&self) -> bool {
        matches!(self.why, Why::Public(_))
    }

    /// Whether the token was refused: shorter than 16 characters, or not of printable ASCII without spaces.
    ///
    /// ```
    /// let error = coscope_debug::Server::builder().token("secret").serve("127.0.0.1:0").unwrap_err();
    /// assert!(error.is_token());
    /// ```
    pub fn is_token(&self) -> bool {
        matches!(self.why, Why::Token { .. })
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Public(address) => write!(
                f,
                "the live page was not served on {address}: other machines can reach that address, and the page shows \
                 what this program does. Serve it on 127.0.0.1 (over a tunnel, if need be: \
                 `ssh -L 8080:127.0.0.1:8080 host`), or give callers a secret: \
                 `Server::builder().token(secret).serve(\"{address}\")`"
            ),
            Why::Token { length } => write!(
                f,
                "the live page was not served: its token, of {length} characters, is no good. Give one of at least {} \
                 printable ASCII characters without spaces, and not one that people think up: \
                 `openssl rand -hex 16` prints one",
                super::token::SHORTEST
            ),
            Why::System { doing, cause } => write!(f, "the live page was not served: {doing}: {cause}"),
        }
    }
}

/// The sentence as well: it is what a `main` that returns the error prints.
impl fmt::Debug for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServeError({self})")
    }
}

impl Error for ServeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.why {
            Why::System { cause, .. } => Some(cause),
            _ => None,
        }
    }
}

impl From<ServeError> for io::Error {
    fn from(error: ServeError) -> Self {
        let kind = match &error.why {
            Why::Public(_) => io::ErrorKind::PermissionDenied,
            Why::Token { .. } => io::ErrorKind::InvalidInput,
            Why::System { cause, .. } => cause.kind(),
        };
        io::Error::new(kind, error)
    }
}
