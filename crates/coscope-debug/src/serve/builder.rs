//! [`serve`], and [`ServerBuilder`]: what is decided before.

use std::fmt;
use std::net::{TcpListener, ToSocketAddrs};
use std::sync::Arc;

use super::error::{ServeError, Why};
use super::guard::Guard;
use super::program::Program;
use super::routes::Routes;
use super::server::Server;
use super::source::Source;
use super::token::Token;

/// Serves the live page of this program on `address`, until the handle is dropped.
///
/// The page shows the tree of coroutines, what each waits for and who holds it, what looks wrong, the pools over time, and
/// what happened to one coroutine. It updates each second. As long as it is served the program
/// [records](crate::record()): about a tenth of a microsecond for each step. Port 0 lets the system choose a port.
///
/// The address must be a loopback one, `127.0.0.1` or `::1`: what other machines can reach is refused, unless
/// [a token is given](ServerBuilder::token).
///
/// ```
/// let page = coscope_debug::serve("127.0.0.1:0")?;
/// println!("see {}", page.url());
/// # Ok::<(), coscope_debug::ServeError>(())
/// ```
///
/// # Errors
/// If the address can be reached from other machines, is in use, or means nothing.
pub fn serve(address: impl ToSocketAddrs) -> Result<Server, ServeError> {
    Server::builder().serve(address)
}

impl Server {
    /// A page that is served with a token, under names of its own, or from another source.
    ///
    /// ```
    /// # let secret = "0123456789abcdef0123456789abcdef";
    /// let page = coscope_debug::Server::builder().token(secret).serve("127.0.0.1:0")?;
    /// # Ok::<(), coscope_debug::ServeError>(())
    /// ```
    pub fn builder() -> ServerBuilder {
        ServerBuilder { token: None, hosts: Vec::new(), source: None }
    }
}

/// What is decided before a page is served. See [`Server::builder`].
#[must_use = "nothing is served before `serve`"]
pub struct ServerBuilder {
    token: Option<String>,
    hosts: Vec<String>,
    source: Option<Arc<dyn Source>>,
}

impl ServerBuilder {
    /// The secret without which nothing is shown: at least 16 printable characters.
    ///
    /// The page asks for it, takes it from `/?token=…` or `/#token=…` (and removes it there), and keeps it until its tab is
    /// closed; other programs send `Authorization: Bearer …`. It is needed for an address that other machines can
    /// reach, and good on a machine with other users. What is sent is not encrypted, nor is the secret.
    pub fn token(mut self, secret: impl Into<String>) -> Self {
        self.token = Some(secret.into());
        self
    }

    /// A name that the page goes by, besides `localhost` and addresses. Requests that name another host are refused, for
    /// a foreign page could have made its name point here.
    ///
    /// ```
    /// let page = coscope_debug::Server::builder().host("debug.example.org").serve("127.0.0.1:0")?;
    /// # Ok::<(), coscope_debug::ServeError>(())
    /// ```
    pub fn host(mut self, name: impl AsRef<str>) -> Self {
        self.hosts.push(name.as_ref().to_ascii_lowercase());
        self
    }

    /// Shows what `source` says instead of this program. [`Source`] has an example.
    pub fn source(mut self, source: impl Source) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Serves the page.
    ///
    /// # Errors
    /// If the address can be reached from other machines and there is no token; if the token is too short; if
    /// the address is in use, or means nothing.
    pub fn serve(self, address: impl ToSocketAddrs) -> Result<Server, ServeError> {
        let token = self.token.as_deref().map(Token::new).transpose()?;
        let addresses: Vec<_> = address
            .to_socket_addrs()
            .map_err(ServeError::system("finding out what the address means"))?
            .collect();
        let public = addresses.iter().find(|address| !address.ip().to_canonical().is_loopback());
        if let (Some(public), None) = (public, &token) {
            return Err(ServeError { why: Why::Public(*public) });
        }
        let listener = TcpListener::bind(&addresses[..]).map_err(ServeError::system("taking the address"))?;
        let source = self.source.unwrap_or_else(|| Arc::new(Program::new()));
        Server::start(listener, Routes { guard: Guard { token, hosts: self.hosts }, source })
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = if self.token.is_some() { "Some(..)" } else { "None" };
        f.debug_struct("ServerBuilder")
            .field("token", &format_args!("{token}"))
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}
