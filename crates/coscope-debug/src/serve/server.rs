//! [`Server`]: the thread, the socket and the handle.
//!
//! All connections are served by one thread with an event loop of its own; what is sent is written by up to four more,
//! which come and go.

use std::convert::Infallible;
use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::runtime::{self, Runtime};
use tokio::sync::{Semaphore, oneshot};

use super::error::ServeError;
use super::routes::Routes;

/// How many threads write answers.
const WRITERS: usize = 4;
/// How many connections there are at once; the next waits until one has gone.
const CONNECTIONS: usize = 64;
/// How long a caller may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// A page that is served. Stops when dropped.
///
/// ```
/// let server = coscope_debug::serve("127.0.0.1:0")?;
/// println!("see {}", server.url());
/// server.stop();
/// # Ok::<(), coscope_debug::ServeError>(())
/// ```
#[must_use = "the page goes when this is dropped"]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(listener: TcpListener, routes: Routes) -> Result<Self, ServeError> {
        let address = listener.local_addr().map_err(ServeError::system("asking for the socket's address"))?;
        listener.set_nonblocking(true).map_err(ServeError::system("preparing the socket"))?;
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(WRITERS)
            .thread_name("coscope-debug-writer")
            .build()
            .map_err(ServeError::system("starting an event loop"))?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("coscope-debug".to_owned())
            .spawn(move || run(runtime, listener, routes, stopped))
            .map_err(ServeError::system("starting a thread"))?;
        Ok(Server { address, stop: Some(stop), thread: Some(thread) })
    }

    /// The address that the page is served on, with its real port where 0 was asked for.
    ///
    /// ```
    /// let server = coscope_debug::serve("127.0.0.1:0")?;
    /// assert_ne!(server.address().port(), 0);
    /// # Ok::<(), coscope_debug::ServeError>(())
    /// ```
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as a browser takes it. A token is not part of it: the page asks for that.
    ///
    /// ```
    /// let server = coscope_debug::serve("127.0.0.1:0")?;
    /// assert_eq!(server.url(), format!("http://127.0.0.1:{}/", server.address().port()));
    /// # Ok::<(), coscope_debug::ServeError>(())
    /// ```
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Closes the socket and all connections, and waits until that is done; not for a [`Source`](super::Source) that is
    /// still writing.
    ///
    /// ```
    /// let server = coscope_debug::serve("127.0.0.1:0")?;
    /// let address = server.address();
    /// server.stop();
    /// assert!(std::net::TcpStream::connect(address).is_err());
    /// # Ok::<(), coscope_debug::ServeError>(())
    /// ```
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

fn run(runtime: Runtime, listener: TcpListener, routes: Routes, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async {
        tokio::spawn(accept(listener, Arc::new(routes)));
        // an error is the handle's end, which is all that is waited for
        let _ = stopped.await;
    });
    // drops connections and socket; writers find their readers gone, and end by themselves
    runtime.shutdown_background();
}

async fn accept(listener: TcpListener, routes: Arc<Routes>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let routes = routes.clone();
                tokio::spawn(async move {
                    attend(stream, routes).await;
                    drop(place);
                });
            }
            // the process has no more file handles, or the caller has gone: neither is for ever
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn attend(stream: TcpStream, routes: Arc<Routes>) {
    let service = service_fn(move |request| {
        let routes = routes.clone();
        async move { Ok::<_, Infallible>(routes.answer(&request).await) }
    });
    // an error is the caller's: it went away, or spoke no HTTP
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(16 << 10)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
