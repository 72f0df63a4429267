//! A thread that does what waits for the network, for callers that block: they may be inside a transaction or anywhere else, only
//! never on that thread. Knows no storage.

use std::future::Future;
use std::io::{self, Read};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use futures_core::Stream;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, Result};

/// How many pieces of a stream lie ready, at most.
const AHEAD: usize = 4;

/// The thread. It ends with this value, and with it what it has not done yet.
#[derive(Debug)]
pub(super) struct Worker {
    handle: Handle,
    _stop: oneshot::Sender<()>,
}

impl Worker {
    pub(super) fn start(name: &str) -> Result<Self> {
        let (started, starting) = sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build();
                let told =
                    started.send(runtime.as_ref().map(|r| r.handle().clone()).map_err(|e| {
                        io::Error::new(
                            e.kind(),
                            format!("the thread of the storage does not start: {e}"),
                        )
                    }));
                if let (Ok(runtime), Ok(())) = (runtime, told) {
                    // The other end is never used, only dropped.
                    let _ = runtime.block_on(stopped);
                }
            })
            .map_err(|e| Error::Internal(e.into()))?;
        let handle = starting.recv().map_err(|e| Error::Internal(e.into()))?;
        Ok(Self {
            handle: handle.map_err(|e| Error::Internal(e.into()))?,
            _stop: stop,
        })
    }

    /// Does `work` and waits for it, `limit` at most; `None` where it took longer.
    pub(super) fn run<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<Option<T>> {
        let task = self
            .handle
            .spawn(async move { tokio::time::timeout(limit, work).await.ok() });
        wait(task).map_err(|e| Error::Internal(e.into()))
    }

    /// What `stream` yields, a little of it ahead of who takes it. It ends with `None` where the next piece takes longer than
    /// `limit`.
    pub(super) fn pull<S>(&self, limit: Duration, mut stream: Pin<Box<S>>) -> Pulled<S::Item>
    where
        S: Stream + Send + ?Sized + 'static,
        S::Item: Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(AHEAD);
        self.handle.spawn(async move {
            loop {
                let next = std::future::poll_fn(|context| stream.as_mut().poll_next(context));
                let piece = match tokio::time::timeout(limit, next).await {
                    Ok(Some(piece)) => Piece::Some(piece),
                    Ok(None) => Piece::End,
                    Err(_) => Piece::Late,
                };
                let is_last = !matches!(piece, Piece::Some(_));
                // Nobody takes it any more once the other end is gone.
                if sender.send(piece).await.is_err() || is_last {
                    return;
                }
            }
        });
        Pulled(receiver)
    }
}

/// A stream that is taken piece by piece.
#[derive(Debug)]
pub(super) struct Pulled<T>(mpsc::Receiver<Piece<T>>);

/// A piece of a stream, or how it went on.
#[derive(Debug)]
pub(super) enum Piece<T> {
    /// The next one.
    Some(T),
    /// There is no other.
    End,
    /// The next one took too long, or the thread has ended.
    Late,
}

impl<T> Pulled<T> {
    /// The next piece, once it is there.
    pub(super) fn next(&mut self) -> Piece<T> {
        wait(self.0.recv()).unwrap_or(Piece::Late)
    }
}

/// Exactly `left` bytes of a stream of pieces of bytes: one that ends before is an error, never a shorter file.
#[derive(Debug)]
pub(super) struct Reader<B, E> {
    pieces: Pulled<Result<B, E>>,
    piece: Option<B>,
    /// How much of the piece was read.
    read: usize,
    left: u64,
}

impl<B, E> Reader<B, E> {
    pub(super) fn new(pieces: Pulled<Result<B, E>>, length: u64) -> Self {
        Self {
            pieces,
            piece: None,
            read: 0,
            left: length,
        }
    }
}

impl<B, E> Read for Reader<B, E>
where
    B: AsRef<[u8]>,
    E: std::error::Error + Send + Sync + 'static,
{
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left > 0 && !buffer.is_empty() {
            let rest = self
                .piece
                .as_ref()
                .and_then(|p| p.as_ref().get(self.read..));
            if let Some(mut rest) = rest.filter(|rest| !rest.is_empty()) {
                let most = usize::try_from(self.left).unwrap_or(usize::MAX);
                rest = rest.get(..most).unwrap_or(rest);
                let count = rest.read(buffer)?;
                self.read = self.read.saturating_add(count);
                let taken = u64::try_from(count).unwrap_or(u64::MAX);
                self.left = self.left.saturating_sub(taken);
                return Ok(count);
            }
            self.read = 0;
            self.piece = None;
            match self.pieces.next() {
                Piece::Some(piece) => self.piece = Some(piece.map_err(io::Error::other)?),
                Piece::End => return Err(io::ErrorKind::UnexpectedEof.into()),
                Piece::Late => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
        Ok(0)
    }
}

/// Blocks this thread until `work` is done by another.
fn wait<F: Future>(work: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut work = pin!(work);
    loop {
        match work.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
