//! [`Body`]: what is answered, whole or in pieces; and [`Pieces`], which cuts what is written into them.
//!
//! The dump of a large tree takes megabytes. It is written on a thread of its own, a few pieces ahead of the socket and no
//! more; a reader that stalls is given up, and frees the thread.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

const PIECE: usize = 64 << 10;
/// How many pieces may wait for the socket.
const AHEAD: usize = 2;
/// How long a reader may take for one of them.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) enum Body {
    Whole(Option<Bytes>),
    /// `None` marks the end: without it the writer has died on the way.
    Pieces(mpsc::Receiver<Option<Bytes>>),
    End,
}

impl Body {
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        Body::Whole(Some(bytes.into()))
    }

    /// What `write` writes, on a thread of the runtime that may block.
    pub(super) fn written(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()> + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            let mut pieces = Pieces { sender, runtime, piece: Vec::with_capacity(PIECE) };
            // a failure drops the sender without the mark, and the reader sees that it is not all
            if write(&mut pieces).is_ok() {
                let _ = pieces.finish();
            }
        });
        Body::Pieces(receiver)
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let piece = match &mut *self {
            Body::Whole(bytes) => bytes.take(),
            Body::Pieces(receiver) => match receiver.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(piece)) => piece,
                Poll::Ready(None) => {
                    *self = Body::End;
                    return Poll::Ready(Some(Err(io::Error::other("what was to be sent broke off"))));
                }
            },
            Body::End => None,
        };
        if piece.is_none() {
            *self = Body::End;
        }
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Body::End | Body::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Body::Pieces(_) => SizeHint::default(),
            Body::End => SizeHint::with_exact(0),
        }
    }
}

struct Pieces {
    sender: mpsc::Sender<Option<Bytes>>,
    runtime: Handle,
    piece: Vec<u8>,
}

impl Pieces {
    fn send(&self, piece: Option<Bytes>) -> io::Result<()> {
        self.runtime.block_on(self.sender.send_timeout(piece, PATIENCE)).map_err(|error| match error {
            mpsc::error::SendTimeoutError::Timeout(_) => io::ErrorKind::TimedOut.into(),
            mpsc::error::SendTimeoutError::Closed(_) => io::ErrorKind::BrokenPipe.into(),
        })
    }

    fn finish(mut self) -> io::Result<()> {
        io::Write::flush(&mut self)?;
        self.send(None)
    }
}

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == PIECE {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.send(Some(full.into()))
    }
}
