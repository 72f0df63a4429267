//! Bytes of a file as the body of an answer, read a piece at a time off the threads that serve requests. Does not know where they
//! come from.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::service::media::{self, read_some};

/// Bytes that are read at a time.
pub const PIECE: usize = 128 << 10;

/// The bytes of a file.
pub struct FileBody {
    state: State,
    /// How many bytes are still to come.
    left: u64,
}

enum State {
    Ready(Vec<u8>, media::Bytes),
    Reading(JoinHandle<Result<(Vec<u8>, media::Bytes)>>),
    Done,
}

impl FileBody {
    /// `length` bytes, of which `first` are read already.
    pub fn new(first: Vec<u8>, rest: media::Bytes, length: u64) -> Self {
        Self {
            state: State::Ready(first, rest),
            left: length,
        }
    }
}

impl MessageBody for FileBody {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.left)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Ready(piece, mut rest) => {
                    if self.left == 0 {
                        return Poll::Ready(None);
                    }
                    if piece.is_empty() {
                        self.state = State::Reading(tokio::task::spawn_blocking(move || {
                            let piece = read_some(&mut rest, PIECE)?;
                            match piece.is_empty() {
                                true => Err(Error::internal("a file is shorter than recorded")),
                                false => Ok((piece, rest)),
                            }
                        }));
                        continue;
                    }
                    let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                    self.left = self.left.saturating_sub(length);
                    self.state = State::Ready(Vec::new(), rest);
                    return Poll::Ready(Some(Ok(Bytes::from(piece))));
                }
                State::Reading(mut reading) => match Pin::new(&mut reading).poll(cx) {
                    Poll::Pending => {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(Ok((piece, rest)))) => self.state = State::Ready(piece, rest),
                    Poll::Ready(Ok(Err(error))) => return failed(error),
                    Poll::Ready(Err(error)) => return failed(Error::Internal(error.into())),
                },
                State::Done => return Poll::Ready(None),
            }
        }
    }
}

/// The head of the answer is gone, so all that can be done is to break it off, and to say so in the log.
fn failed(error: Error) -> Poll<Option<Result<Bytes, Box<dyn std::error::Error>>>> {
    tracing::error!(cause = error.chain(), "reading a file failed");
    Poll::Ready(Some(Err(error.into())))
}
