//! Plain text: UTF-8 or GB18030 without control characters and without tags at the start. Does not know what is written there.

use super::Rejection;
use super::refused;
use super::source::{Look, Source};

/// Refuses what is not a plain text.
pub(super) fn check(source: &mut Source) -> Look<()> {
    let head = source.bytes(0..4_096)?;
    if let Some(markup) = refused::markup(&head) {
        return Err(markup.into());
    }
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] = head.as_slice() {
        return Err(not_text("is a text in UTF-16").into());
    }
    if head.starts_with(b"{\\rtf") {
        return Err(refused::why(&head, "").into());
    }
    let mut utf8 = Utf8::default();
    let mut gb = Gb18030::default();
    let fault = source.scan(0..u64::MAX, 0, |piece, is_last| {
        if let Some(control) = piece.iter().find(|byte| is_control(**byte)) {
            return Some(format!("contains the control byte 0x{control:02X}"));
        }
        utf8.feed(piece);
        gb.feed(piece);
        let is_text = match is_last {
            true => utf8.is_whole() || gb.is_whole(),
            false => utf8.is_good || gb.is_good(),
        };
        (!is_text).then(|| "is neither UTF-8 nor GB18030".to_owned())
    })?;
    match fault {
        Some(fault) => Err(not_text(&fault).into()),
        None => Ok(()),
    }
}

fn not_text(fault: &str) -> Rejection {
    Rejection::new(
        "type_not_allowed",
        format!(
            "has a name that says text, but {fault}; save it as plain text in UTF-8, or give the file the ending of what it is"
        ),
    )
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C)
}

/// `bytes` without a byte order mark and blanks before the first character.
pub(super) fn without_blanks(bytes: &[u8]) -> &[u8] {
    bytes
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(bytes)
        .trim_ascii_start()
}

/// Whether a browser that guesses could take it for HTML or XML.
pub(super) fn begins_with_tag(bytes: &[u8]) -> bool {
    matches!(bytes, [b'<', next, ..] if next.is_ascii_alphabetic() || matches!(next, b'!' | b'?' | b'/'))
}

/// UTF-8 (RFC 3629), piece by piece.
struct Utf8 {
    is_good: bool,
    /// The beginning of a character that the piece cut.
    open: Vec<u8>,
}

impl Default for Utf8 {
    fn default() -> Self {
        Self {
            is_good: true,
            open: Vec::new(),
        }
    }
}

impl Utf8 {
    fn feed(&mut self, mut piece: &[u8]) {
        while self.is_good && !self.open.is_empty() {
            let Some((next, rest)) = piece.split_first() else {
                return;
            };
            self.open.push(*next);
            piece = rest;
            match std::str::from_utf8(&self.open) {
                Ok(_) => self.open.clear(),
                Err(e) => self.is_good = e.error_len().is_none(),
            }
        }
        if let (true, Err(e)) = (self.is_good, std::str::from_utf8(piece)) {
            self.is_good = e.error_len().is_none();
            self.open
                .extend_from_slice(piece.get(e.valid_up_to()..).unwrap_or_default());
        }
    }

    fn is_whole(&self) -> bool {
        self.is_good && self.open.is_empty()
    }
}

/// GB18030, byte by byte: characters of one, two or four bytes. What stands for what is not looked at.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Gb18030 {
    #[default]
    Between,
    Second,
    Third,
    Fourth,
    Bad,
}

impl Gb18030 {
    fn feed(&mut self, piece: &[u8]) {
        for byte in piece {
            *self = match (*self, byte) {
                (Self::Between, 0..=0x7F) => Self::Between,
                (Self::Between | Self::Third, 0x81..=0xFE) => match self {
                    Self::Between => Self::Second,
                    _ => Self::Fourth,
                },
                (Self::Second, 0x30..=0x39) => Self::Third,
                (Self::Second, 0x40..=0x7E | 0x80..=0xFE) => Self::Between,
                (Self::Fourth, 0x30..=0x39) => Self::Between,
                _ => Self::Bad,
            };
        }
    }

    fn is_good(&self) -> bool {
        *self != Self::Bad
    }

    fn is_whole(&self) -> bool {
        *self == Self::Between
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Stop;
    use super::*;

    fn checked(bytes: &[u8]) -> Result<(), Rejection> {
        let mut input = std::io::Cursor::new(bytes.to_vec());
        match check(&mut Source::new(&mut input).unwrap()) {
            Ok(()) => Ok(()),
            Err(Stop::Rejected(rejection)) => Err(rejection),
            Err(Stop::Failed(e)) => panic!("{e}"),
        }
    }

    #[test]
    fn texts_in_utf8_and_gb18030_are_texts() {
        for text in [
            "通知：明天开会。\r\n\t（完）🎉".as_bytes(),
            "\u{feff}標題,日期\n關於,2024".as_bytes(),
            b"\xcd\xa8\xd6\xaa\xa3\xba\xc3\xf7\xcc\xec\xbf\xaa\xbb\xe1\r\n",
            b"\x81\x30\x84\x36 four bytes",
            b"a < b and <3",
            "<通知>".as_bytes(),
            b"MZ is how programs begin",
        ] {
            checked(text).unwrap();
        }
        // Characters that lie across the pieces in which a file is read.
        for shift in 0..4 {
            let text = format!("{}{}", "x".repeat(shift), "字🎉".repeat(40_000));
            checked(text.as_bytes()).unwrap();
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [
            b"a\0b".as_slice(),
            b"\x1b[31m",
            b"\xff\xfea\0b\0",
            b"\xff\x80",
            b"\x81",
            b"\xe5\xad\x97\xe5\xad",
            b"  \n<!DOCTYPE html>",
            b"\xef\xbb\xbf<script>",
            b"<?php",
            b"</p>",
            b"{\\rtf1}",
        ] {
            let refused = checked(bytes).unwrap_err();
            assert_eq!(refused.code, "type_not_allowed", "{bytes:?}");
        }
    }
}
