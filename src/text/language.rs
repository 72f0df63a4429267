//! Which language a reader gets: `Accept-Language` (RFC 9110) and the lookup of RFC 4647. It compares tags; whether a tag is
//! well-formed is for `models::rules` to say.

use std::cmp::Reverse;

/// Ranges read from one header; the rest is left unread.
const MAX_RANGES: usize = 32;

/// The language ranges of an `Accept-Language` header (RFC 9110, section 12.5.4), the most wanted first, equals in the order
/// of the header. Ranges with `q=0` and what is no range are left out, `*` is kept. At most 32.
pub fn parse_accept_language(header: &str) -> Vec<String> {
    let mut ranges: Vec<(u16, &str)> = header
        .split(',')
        .filter_map(parse_range)
        .filter(|(weight, _)| *weight > 0)
        .take(MAX_RANGES)
        .collect();
    ranges.sort_by_key(|(weight, _)| Reverse(*weight));
    ranges
        .into_iter()
        .map(|(_, range)| range.to_owned())
        .collect()
}

/// One element of the header with its weight in thousandths.
fn parse_range(element: &str) -> Option<(u16, &str)> {
    let (range, parameter) = match element.split_once(';') {
        Some((range, parameter)) => (range.trim(), Some(parameter.trim())),
        None => (element.trim(), None),
    };
    let weight = match parameter {
        Some(parameter) => parse_weight(parameter.strip_prefix(['q', 'Q'])?.strip_prefix('=')?)?,
        None => 1000,
    };
    is_range(range).then_some((weight, range))
}

/// RFC 4647, section 2.1: `*`, or letters followed by subtags.
fn is_range(range: &str) -> bool {
    let mut subtags = range.split('-');
    let is_size = |subtag: &str| (1..=8).contains(&subtag.len());
    range == "*"
        || (subtags
            .next()
            .is_some_and(|s| is_size(s) && s.bytes().all(|b| b.is_ascii_alphabetic()))
            && subtags.all(|s| is_size(s) && s.bytes().all(|b| b.is_ascii_alphanumeric())))
}

/// `0`, `0.5`, `1`, `1.000`: at most three digits behind the point.
fn parse_weight(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

/// The available tag that suits the ranges best, by RFC 4647, section 3.4: each range in turn is shortened from its end until
/// it equals a tag, whatever the case.
///
/// Beyond the RFC: a Chinese range that found nothing also finds the script its region writes in (`zh-CN` and `zh` find
/// `zh-Hans`, `zh-HK` finds `zh-Hant`); where no range found anything, a range that is only a language finds the first tag of
/// that language, and `*` the first tag of all.
pub fn lookup<'a>(ranges: &[String], available: &'a [String]) -> Option<&'a str> {
    let named = || {
        ranges
            .iter()
            .map(String::as_str)
            .filter(|range| *range != "*")
    };
    let find = |tag: &str| {
        available
            .iter()
            .map(String::as_str)
            .find(|a| a.eq_ignore_ascii_case(tag))
    };
    named()
        .find_map(|range| {
            fallbacks(range)
                .find_map(find)
                .or_else(|| likely_script(range).and_then(find))
        })
        .or_else(|| {
            named()
                .filter(|range| !range.contains('-'))
                .find_map(|range| {
                    let is_of_language = |tag: &&String| {
                        tag.split('-')
                            .next()
                            .is_some_and(|l| l.eq_ignore_ascii_case(range))
                    };
                    available.iter().find(is_of_language).map(String::as_str)
                })
        })
        .or_else(|| {
            ranges
                .iter()
                .any(|range| range == "*")
                .then(|| available.first().map(String::as_str))?
        })
}

/// `range` and its shorter forms; a single-letter subtag goes together with what follows it.
fn fallbacks(range: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(range), |range| {
        let shorter = range.rsplit_once('-')?.0;
        match shorter.rsplit_once('-') {
            Some((shortest, last)) if last.len() == 1 => Some(shortest),
            None if shorter.len() == 1 => None,
            _ => Some(shorter),
        }
    })
}

/// The script of a Chinese range without one, from its region (CLDR, likely subtags).
fn likely_script(range: &str) -> Option<&'static str> {
    let mut subtags = range.split('-');
    if !subtags.next()?.eq_ignore_ascii_case("zh") {
        return None;
    }
    let is_any =
        |subtag: &str, of: &[&str]| of.iter().any(|known| known.eq_ignore_ascii_case(subtag));
    match subtags.next() {
        None => Some("zh-Hans"),
        Some(region) if is_any(region, &["CN", "SG"]) => Some("zh-Hans"),
        Some(region) if is_any(region, &["TW", "HK", "MO"]) => Some("zh-Hant"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_by_weight() {
        for (header, expected) in [
            ("", ""),
            ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN zh en"),
            ("en;q=0.1, fr , de;q=0.5", "fr de en"),
            ("a;q=0.5,b;q=0.500,c;q=0.501", "c a b"),
            ("en;q=0, *;q=0.000, *;Q=0.1", "*"),
            (
                "en ; q=1.000 ,fr;q=1.001,de;q=2,it;q=.5,es;q=0.1234,nl;q=,sv;x=1",
                "en",
            ),
            (
                "12,en-,-en,abcdefghi,e n,zh-Hant-TW,,;q=1,\u{4e2d}",
                "zh-Hant-TW",
            ),
        ] {
            assert_eq!(
                parse_accept_language(header).join(" "),
                expected,
                "{header}"
            );
        }
        assert_eq!(parse_accept_language(&"en,".repeat(100)).len(), 32);
    }

    #[test]
    fn the_best_tag_is_found() {
        for (ranges, available, expected) in [
            ("en", "en zh-Hans", Some("en")),
            ("EN-us", "zh en", Some("en")),
            ("zh-Hans-CN-x-private", "zh-Hans", Some("zh-Hans")),
            (
                "zh-Hant-CN-x-private1-private2",
                "zh-Hant-CN-x zh-Hant",
                Some("zh-Hant"),
            ),
            ("zh-CN", "en zh-Hans zh", Some("zh")),
            ("zh-CN", "zh-Hant zh-Hans", Some("zh-Hans")),
            ("zh-SG", "zh-Hant zh-Hans", Some("zh-Hans")),
            ("zh", "zh-Hant zh-Hans", Some("zh-Hans")),
            ("zh", "en zh-Hant", Some("zh-Hant")),
            ("zh-tw", "zh-Hans zh-Hant", Some("zh-Hant")),
            ("zh-HK", "zh-Hans zh-Hant", Some("zh-Hant")),
            ("zh-MO", "zh-Hans", None),
            ("zh-Hant", "zh-Hans", None),
            ("zh-TW en", "zh-Hans en", Some("en")),
            ("fr en", "en-GB", Some("en-GB")),
            ("fr zh-CN", "zh-Hans fr-CA", Some("zh-Hans")),
            ("en-US", "en-GB", None),
            ("*", "fr en", Some("fr")),
            ("* en", "fr en", Some("en")),
            ("de *", "fr en", Some("fr")),
            ("x-klingon", "x", None),
            ("de", "en", None),
            ("", "en", None),
            ("en", "", None),
        ] {
            let list = |text: &str| {
                text.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                lookup(&list(ranges), &list(available)),
                expected,
                "{ranges} of {available}"
            );
        }
    }
}
