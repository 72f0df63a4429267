//! Forms without the lengths that their parts say of themselves: they mean nothing (RFC 7578, section 4.8), and a reader that
//! believes a wrong one cuts a file off, or adds to it. Knows only where the heads of parts are.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_core::Stream;

/// The header that is made unknown, by its last letter.
const LENGTH: &[u8] = b"content-length";

/// What stands in place of that letter.
const OTHER: u8 = b'_';

/// The body of a form in which no part says its length.
pub struct PartLengths {
    payload: Payload,
    finder: Finder,
}

impl PartLengths {
    /// The body of a form with this boundary.
    pub fn hidden(payload: Payload, boundary: &str) -> Self {
        Self {
            payload,
            finder: Finder::new(boundary),
        }
    }
}

impl Stream for PartLengths {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let poll = Pin::new(&mut this.payload).poll_next(cx);
        poll.map_ok(|bytes| this.finder.pass(bytes))
    }
}

/// Where in the form the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In what a part holds, or before the first one; so many bytes of the delimiter were just seen.
    Content(usize),
    /// In the head of a part: so many bytes of the header's name were seen since its line began, or it is another one.
    Head(Option<usize>),
}

struct Finder {
    /// A line break and the boundary.
    delimiter: Vec<u8>,
    place: Place,
    /// The last byte in the head.
    last: u8,
    /// Whether nothing but a line break was seen on the present line of the head.
    is_blank: bool,
}

impl Finder {
    fn new(boundary: &str) -> Self {
        Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // A form begins as if a line had just ended.
            place: Place::Content(2),
            last: 0,
            is_blank: false,
        }
    }

    /// The same bytes, except for the letters that are to be another one.
    fn pass(&mut self, bytes: Bytes) -> Bytes {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.place == Place::Content(0) {
                // Most of a form is content without anything that could be a delimiter.
                let rest = bytes.get(at..).unwrap_or_default();
                match memchr::memchr(b'\r', rest) {
                    None => break,
                    Some(skipped) => at += skipped,
                }
                self.place = Place::Content(1);
                at += 1;
                continue;
            }
            if self.is_length(*byte) {
                found.push(at);
            }
            at += 1;
        }
        if found.is_empty() {
            return bytes;
        }
        let mut changed = bytes.to_vec();
        for at in found {
            if let Some(letter) = changed.get_mut(at) {
                *letter = OTHER;
            }
        }
        changed.into()
    }

    /// Takes the next byte in, and tells whether it is the last letter of the header's name.
    fn is_length(&mut self, byte: u8) -> bool {
        match self.place {
            Place::Content(seen) => {
                self.place = match self.delimiter.get(seen) {
                    Some(expected) if *expected == byte && seen + 1 == self.delimiter.len() => {
                        // The rest of its line is no header.
                        self.is_blank = false;
                        self.last = byte;
                        Place::Head(None)
                    }
                    Some(expected) if *expected == byte => Place::Content(seen + 1),
                    _ if byte == b'\r' => Place::Content(1),
                    _ => Place::Content(0),
                };
                false
            }
            Place::Head(seen) => {
                let ended = self.last == b'\r' && byte == b'\n';
                self.last = byte;
                if ended && self.is_blank {
                    // The line break that ends a head may be the one before a delimiter.
                    self.place = Place::Content(2);
                    return false;
                }
                if ended {
                    self.is_blank = true;
                    self.place = Place::Head(Some(0));
                    return false;
                }
                if byte != b'\r' {
                    self.is_blank = false;
                }
                let seen = seen.filter(|seen| {
                    let expected = LENGTH.get(*seen);
                    expected.is_some_and(|expected| byte.eq_ignore_ascii_case(expected))
                });
                self.place = Place::Head(seen.map(|seen| seen + 1));
                seen.is_some_and(|seen| seen + 1 == LENGTH.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a form that arrives in pieces of `size` bytes.
    fn passed(form: &str, size: usize) -> String {
        let mut finder = Finder::new("XyZ");
        let pieces = form.as_bytes().chunks(size);
        let bytes: Vec<u8> = pieces
            .flat_map(|piece| finder.pass(Bytes::copy_from_slice(piece)))
            .collect();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn only_heads_of_parts_lose_their_lengths() {
        let form = "--XyZ\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Length: 5\r\ncontent-LENGTH:7\r\n\r\n\
                    content-length: 1\r\n\r\nContent-Length: 2\r\r\n--XyContent-Length: 3\r\n--XyZ\r\n\
                    X-Content-Length: 4\r\nContent-Length-X: 5\r\n\r\n\r\n--XyZ\r\n\r\nContent-Length: 6\r\n--XyZ--\r\n";
        let expected = form
            .replacen("Content-Length: 5", "Content-Lengt_: 5", 1)
            .replacen("content-LENGTH:7", "content-LENGT_:7", 1)
            .replacen("Content-Length-X", "Content-Lengt_-X", 1);
        for size in [1, 2, 3, 7, 64, 4096] {
            assert_eq!(passed(form, size), expected, "{size}");
        }
    }

    #[test]
    fn whatever_is_no_form_stays() {
        for text in [
            "",
            "\r",
            "\r\n",
            "Content-Length: 1\r\n\r\n",
            "--Xy",
            "--XyZ",
        ] {
            assert_eq!(passed(text, 1), text);
        }
    }
}
