//! Parts of files (RFC 9110, section 14). Knows the header, not what the bytes are.

use std::ops::Range;

use actix_web::http::header::HeaderMap;
use actix_web::http::header::{IF_RANGE, RANGE};

/// What a request asks for of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of it. Several parts at once, other units and what cannot be read count as this too, as the RFC has it.
    Whole,
    /// This part.
    Part(Range<u64>),
    /// A part that begins behind the end.
    Nothing,
}

/// The part that `headers` ask for of a file of `size` bytes with this ETag and `Last-Modified`.
pub fn wanted(headers: &HeaderMap, size: u64, tag: &str, modified: &str) -> Wanted {
    let mut lines = headers.get_all(RANGE);
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Wanted::Whole;
    };
    // Only of the same bytes is a part of use; a weak tag never says that they are.
    let is_same = headers.get(IF_RANGE).is_none_or(|given| {
        let given = given.to_str().unwrap_or_default().trim();
        given == tag || given == modified
    });
    let part = line.to_str().ok().filter(|_| is_same);
    part.and_then(|line| parse(line, size))
        .unwrap_or(Wanted::Whole)
}

fn parse(line: &str, size: u64) -> Option<Wanted> {
    let (unit, ranges) = line.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || ranges.contains(',') {
        return None;
    }
    let (first, last) = ranges.trim().split_once('-')?;
    let number = |digits: &str| -> Option<u64> {
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        // A number beyond all files is beyond this one.
        is_number.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    let range = match (first.is_empty(), last.is_empty()) {
        // The last so many bytes.
        (true, false) => size.saturating_sub(number(last)?)..size,
        (false, true) => number(first)?..size,
        (false, false) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(size)
        }
        (true, true) => return None,
    };
    Some(match range.start < range.end {
        true => Wanted::Part(range),
        false => Wanted::Nothing,
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn of(range: &str, if_range: Option<&str>) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_str(range).unwrap());
        if let Some(given) = if_range {
            headers.insert(IF_RANGE, HeaderValue::from_str(given).unwrap());
        }
        wanted(&headers, 100, "\"a\"", "Thu, 15 Jan 2026 04:00:00 GMT")
    }

    #[test]
    fn one_part_is_taken_out() {
        for (line, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-99", 0..100),
            ("bytes=10-19", 10..20),
            ("Bytes = 10-", 10..100),
            ("bytes=-1", 99..100),
            ("bytes=-200", 0..100),
            ("bytes=99-99999999999999999999999", 99..100),
        ] {
            assert_eq!(of(line, None), Wanted::Part(expected), "{line}");
        }
    }

    #[test]
    fn what_lies_behind_the_end_cannot_be_had() {
        for line in [
            "bytes=100-",
            "bytes=100-200",
            "bytes=-0",
            "bytes=99999999999999999999999-",
        ] {
            assert_eq!(of(line, None), Wanted::Nothing, "{line}");
        }
    }

    #[test]
    fn everything_else_is_the_whole() {
        for line in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=0-1,5-6",
            "lines=0-1",
        ] {
            assert_eq!(of(line, None), Wanted::Whole, "{line}");
        }
        assert_eq!(wanted(&HeaderMap::new(), 100, "\"a\"", "x"), Wanted::Whole);
    }

    #[test]
    fn a_part_of_other_bytes_is_of_no_use() {
        let part = Wanted::Part(0..1);
        assert_eq!(of("bytes=0-0", Some("\"a\"")), part);
        assert_eq!(of("bytes=0-0", Some("Thu, 15 Jan 2026 04:00:00 GMT")), part);
        for other in ["\"b\"", "W/\"a\"", "Thu, 15 Jan 2026 04:00:01 GMT"] {
            assert_eq!(of("bytes=0-0", Some(other)), Wanted::Whole, "{other}");
        }
    }
}
