//! Rules on single values, the same for every way in: files, the API, the command line. A rule looks at one value and knows
//! neither the record it belongs to nor what is stored.
//!
//! A broken rule answers with a sentence fragment that follows the name of the member and tells the mend.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Characters of a title, subtitle, name or label.
pub const TITLE: usize = 2_000;
/// Characters of an abstract or another passage of text.
pub const SUMMARY: usize = 10_000;
/// Bytes of a body.
pub const BODY: usize = 2_097_152;
/// Bytes of the bodies of an article in all its languages: more would not fit into a line of a portal file.
pub const BODIES: usize = 3 * BODY;
/// Characters of a key or slug, counted as code points: both stand in indexes, whose rows are bounded in bytes.
pub const KEY: usize = 200;
/// Characters of a category path, counted as code points.
pub const PATH: usize = 600;
/// Bytes of a line of a portal file.
pub const LINE: usize = 8_388_608;
/// Entries of a list.
pub const LIST: usize = 1_000;
/// Items of a menu, at all levels together.
pub const MENU_ITEMS: usize = 5_000;
/// Levels of a menu.
pub const MENU_DEPTH: usize = 16;
/// Characters of a phrase for putting texts into the other Chinese script, counted as code points.
pub const SCRIPT_PHRASE: usize = 100;
/// Such phrases of a site: all of them are read with every article that is put into the other script.
pub const SCRIPT_PHRASES: i64 = 2_000;
/// Characters of an address.
pub const URL: usize = 2_000;
/// Characters of a language tag (RFC 5646, section 4.4.1).
pub const LOCALE: usize = 35;
/// Characters of an e-mail address (RFC 5321, section 4.5.3.1.3).
pub const EMAIL: usize = 254;
/// Characters of a password.
pub const PASSWORD: usize = 256;
/// The fewest characters of a new password.
pub const NEW_PASSWORD: usize = 8;
/// The largest counter: what every JSON reader can hold exactly (RFC 8259, section 6).
pub const COUNTER: i64 = 9_007_199_254_740_991;

/// Code points that one counted character may have on average.
const CODE_POINTS_PER_CHARACTER: usize = 8;
/// Minutes of the largest offset from UTC.
const MAX_OFFSET: i32 = 14 * 60;

/// What a rule answers; the error is the reason.
pub type Verdict = Result<(), String>;

fn no_nul(value: &str) -> Verdict {
    match value.contains('\0') {
        true => Err("contains the character U+0000, which cannot be stored; remove it".to_owned()),
        false => Ok(()),
    }
}

/// At most `limit` characters as a reader counts them: grapheme clusters (Unicode, UAX #29).
fn at_most(value: &str, limit: usize) -> Verdict {
    // Bytes bound code points, and code points bound clusters.
    if value.len() <= limit || value.chars().nth(limit).is_none() {
        return Ok(());
    }
    if value
        .chars()
        .nth(limit.saturating_mul(CODE_POINTS_PER_CHARACTER))
        .is_none()
        && value.graphemes(true).nth(limit).is_none()
    {
        return Ok(());
    }
    Err(format!("is longer than {limit} characters; shorten it"))
}

fn at_most_code_points(value: &str, limit: usize) -> Verdict {
    match value.chars().nth(limit) {
        Some(_) => Err(format!("is longer than {limit} characters; shorten it")),
        None => Ok(()),
    }
}

/// Has at least one character that shows.
pub fn not_blank(value: &str) -> Verdict {
    let is_invisible = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
    };
    match value.chars().all(is_invisible) {
        true => Err("must not be blank".to_owned()),
        false => Ok(()),
    }
}

/// A title, name or label that must be there: not blank, at most [`TITLE`] characters.
pub fn title(value: &str) -> Verdict {
    not_blank(value).and_then(|()| subtitle(value))
}

/// A comment or a reason: not blank, at most [`TITLE`] characters.
pub fn remark(value: &str) -> Verdict {
    title(value)
}

/// A line of text that may be empty, at most [`TITLE`] characters.
pub fn subtitle(value: &str) -> Verdict {
    no_nul(value).and_then(|()| at_most(value, TITLE))
}

/// A passage of text that may be empty, at most [`SUMMARY`] characters.
pub fn summary(value: &str) -> Verdict {
    no_nul(value).and_then(|()| at_most(value, SUMMARY))
}

/// A passage of text that must be there: not blank, at most [`SUMMARY`] characters.
pub fn passage(value: &str) -> Verdict {
    not_blank(value).and_then(|()| summary(value))
}

/// A body, which may be empty: at most [`BODY`] bytes.
pub fn body(value: &str) -> Verdict {
    no_nul(value)?;
    match value.len() > BODY {
        true => Err(format!(
            "has {} bytes, at most {BODY} (2 MB) are allowed; split the article",
            value.len()
        )),
        false => Ok(()),
    }
}

/// A natural key or another short word: 1 to [`KEY`] characters, not blank, without control characters.
pub fn key(value: &str) -> Verdict {
    not_blank(value)?;
    if value.chars().any(char::is_control) {
        return Err("contains a control character; remove it".to_owned());
    }
    at_most_code_points(value, KEY)
}

/// What an editor wants for a phrase when texts are put into the other Chinese script: 1 to [`SCRIPT_PHRASE`] code points, one of them Chinese, and
/// nothing that means something in HTML.
pub fn script_phrase(value: &str) -> Verdict {
    not_blank(value)?;
    if value.chars().any(char::is_control) {
        return Err("contains a control character; remove it".to_owned());
    }
    if value.contains(['<', '>', '&']) {
        return Err("contains `<`, `>` or `&`; give the words beside it alone".to_owned());
    }
    let is_chinese = |c: char| matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3fffd}' | '〇' | '々');
    if !value.chars().any(is_chinese) {
        return Err("has no Chinese character; only Chinese texts are converted".to_owned());
    }
    at_most_code_points(value, SCRIPT_PHRASE)
}

/// The key of a file: a relative path of 1 to [`KEY`] code points that leads to no other folder than it says.
pub fn file_key(value: &str) -> Verdict {
    /// What file systems take as a name, in bytes.
    const NAME: usize = 255;
    key(value)?;
    if value.starts_with('/') {
        return Err("starts with `/`; give a path within the folder".to_owned());
    }
    if value.contains('\\') {
        return Err("contains `\\`; separate folders with `/`".to_owned());
    }
    let turns = |c: &char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{FEFF}');
    if let Some(c) = value.chars().find(turns) {
        return Err(format!(
            "contains the invisible character U+{:04X}; rename the file",
            u32::from(c)
        ));
    }
    for name in value.split('/') {
        match name {
            "" => return Err("has an empty part between two `/`; remove it".to_owned()),
            "." | ".." => {
                return Err(format!("has the part `{name}`; give a path without it"));
            }
            _ if name.len() > NAME => {
                return Err(format!(
                    "has a part of more than {NAME} bytes, which no file can be called; shorten it"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A name in addresses: 1 to [`KEY`] characters, and nothing that means something else in an address.
pub fn slug(value: &str) -> Verdict {
    if value.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if matches!(value, "." | "..") {
        return Err(format!(
            "must not be `{value}`, which addresses read as a directory; choose a word"
        ));
    }
    let is_bad =
        |c: char| c.is_control() || c.is_whitespace() || matches!(c, '/' | '?' | '#' | '%' | '\\');
    if let Some(bad) = value.chars().find(|c| is_bad(*c)) {
        return Err(format!(
            "contains {}, which cannot stand in a slug; use `-` instead",
            shown(bad)
        ));
    }
    at_most_code_points(value, KEY)
}

/// The path of a category: slugs joined by `/`, at most [`PATH`] characters in all.
pub fn category_path(value: &str) -> Verdict {
    at_most_code_points(value, PATH)?;
    for segment in value.split('/') {
        if segment.is_empty() {
            return Err(
                "has an empty part; join slugs by single `/`, such as `news/science`".to_owned(),
            );
        }
        slug(segment)
            .map_err(|reason| format!("has the part `{}` that {reason}", excerpt(segment)))?;
    }
    Ok(())
}

/// A language tag (RFC 5646) of at most [`LOCALE`] characters, well-formed; any case.
pub fn locale(value: &str) -> Verdict {
    match canonical_locale(value) {
        Some(_) => Ok(()),
        None => Err(
            "is not a language tag (BCP 47); write it like `zh-Hans`, `en` or `pt-BR`".to_owned(),
        ),
    }
}

/// `tag` in the casing of RFC 5646, section 2.1.1, such as `zh-Hans-CN` for `ZH-hans-cn`; `None` where it is not well-formed.
pub fn canonical_locale(tag: &str) -> Option<String> {
    if !(2..=LOCALE).contains(&tag.len()) || !is_well_formed(tag) {
        return None;
    }
    let mut out = String::with_capacity(tag.len());
    let mut after_singleton = false;
    for (place, subtag) in tag.split('-').enumerate() {
        if place > 0 {
            out.push('-');
        }
        match subtag.len() {
            2 if place > 0 && !after_singleton => out.push_str(&subtag.to_ascii_uppercase()),
            4 if place > 0 && !after_singleton => {
                let mut chars = subtag.chars();
                out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
                out.push_str(&chars.as_str().to_ascii_lowercase());
            }
            _ => out.push_str(&subtag.to_ascii_lowercase()),
        }
        after_singleton |= subtag.len() == 1;
    }
    Some(out)
}

/// RFC 5646, section 2.1 without the grandfathered tags; no variant and no extension twice.
fn is_well_formed(tag: &str) -> bool {
    let is_alpha = |s: &str| s.bytes().all(|b| b.is_ascii_alphabetic());
    let is_alphanumeric = |s: &str| s.bytes().all(|b| b.is_ascii_alphanumeric());
    let subtags: Vec<String> = tag.split('-').map(str::to_ascii_lowercase).collect();
    if subtags
        .iter()
        .any(|s| !(1..=8).contains(&s.len()) || !is_alphanumeric(s))
    {
        return false;
    }
    let mut rest = subtags.iter().map(String::as_str).peekable();
    let language = rest.next().unwrap_or_default();
    if language == "x" {
        return rest.peek().is_some();
    }
    if language.len() < 2 || !is_alpha(language) {
        return false;
    }
    if language.len() < 4 {
        for _ in 0..3 {
            rest.next_if(|s| s.len() == 3 && is_alpha(s));
        }
    }
    rest.next_if(|s| s.len() == 4 && is_alpha(s));
    rest.next_if(|s| {
        (s.len() == 2 && is_alpha(s)) || (s.len() == 3 && s.bytes().all(|b| b.is_ascii_digit()))
    });
    let mut seen = Vec::new();
    let is_variant =
        |s: &str| s.len() >= 5 || (s.len() == 4 && s.starts_with(|c: char| c.is_ascii_digit()));
    while let Some(variant) = rest.next_if(|s| is_variant(s)) {
        if seen.contains(&variant) {
            return false;
        }
        seen.push(variant);
    }
    while let Some(singleton) = rest.next() {
        if singleton.len() != 1 || seen.contains(&singleton) {
            return false;
        }
        if singleton == "x" {
            return rest.peek().is_some();
        }
        seen.push(singleton);
        if rest.next_if(|s| s.len() > 1).is_none() {
            return false;
        }
        while rest.next_if(|s| s.len() > 1).is_some() {}
    }
    true
}

/// An offset from UTC, `+HH:MM` or `-HH:MM`, within 14 hours.
pub fn utc_offset(value: &str) -> Verdict {
    match offset_minutes(value) {
        Some(_) => Ok(()),
        None => Err("is not an offset from UTC within 14 hours; write it like `+08:00`".to_owned()),
    }
}

/// The minutes east of UTC of an offset such as `+08:00`; `None` where [`utc_offset`] refuses it.
pub fn offset_minutes(value: &str) -> Option<i32> {
    let (sign, digits) = match value.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, value.strip_prefix('-')?),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let number = |digits: &str| -> Option<i32> {
        (digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()))
            .then(|| digits.parse().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= MAX_OFFSET).then_some(sign * total)
}

/// An address that must be there: http, https, mailto, tel, ftp, or relative to the site; at most [`URL`] characters.
pub fn url(value: &str) -> Verdict {
    not_blank(value).and_then(|()| optional_url(value))
}

/// As [`fn@url`], or empty.
pub fn optional_url(value: &str) -> Verdict {
    no_nul(value)?;
    at_most_code_points(value, URL)?;
    // Browsers skip these, so `java\nscript:` would run.
    let read = |c: &char| !c.is_control() && !c.is_whitespace();
    let scheme: String = value
        .chars()
        .filter(read)
        .take_while(|c| !matches!(c, '/' | '?' | '#'))
        .collect();
    let scheme = scheme
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    if let Some(scheme) = &scheme
        && !matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel" | "ftp")
    {
        return Err(format!(
            "has the scheme `{}`; give an address with http, https, mailto, tel or ftp, or a relative one",
            excerpt(scheme)
        ));
    }
    if let Some(bad) = value.chars().find(|c| !read(c)) {
        return Err(format!(
            "contains {}, which cannot stand in an address; percent-encode or remove it",
            shown(bad)
        ));
    }
    match scheme.as_deref() {
        Some("http" | "https" | "ftp") => match url::Url::parse(value) {
            Ok(_) => Ok(()),
            Err(fault) => Err(format!(
                "is not an address ({fault}); write it like `https://example.org/page`"
            )),
        },
        Some("mailto" | "tel") if value.ends_with(':') => {
            Err("ends after its scheme; add the address".to_owned())
        }
        _ => Ok(()),
    }
}

/// An address in which `{path}` stands for the path of a page; no other placeholder is known.
pub fn url_template(value: &str) -> Verdict {
    if value.replace("{path}", "").contains(['{', '}']) {
        return Err("has a placeholder that is not `{path}`; only that is filled in".to_owned());
    }
    optional_url(value)
}

/// A SHA-256: 64 hexadecimal digits, lower-case.
pub fn sha256(value: &str) -> Verdict {
    match value.len() == 64
        && value
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    {
        true => Ok(()),
        false => Err("is not a SHA-256; give 64 hexadecimal digits in lower case".to_owned()),
    }
}

/// A number that counts something: 0 to [`COUNTER`].
pub fn counter(value: i64) -> Verdict {
    match (0..=COUNTER).contains(&value) {
        true => Ok(()),
        false => Err(format!("must be from 0 to {COUNTER}")),
    }
}

/// What a front end calls its visitor: 1 to 200 characters, none of them a control character.
pub fn visitor(value: &str) -> Verdict {
    let length = value.chars().count();
    match (1..=200).contains(&length) && !value.chars().any(char::is_control) {
        true => Ok(()),
        false => Err("must be a key of 1 to 200 characters without control characters, such as a random id kept in a cookie".to_owned()),
    }
}

/// What a visitor's program calls itself: at most 2000 characters.
pub fn user_agent(value: &str) -> Verdict {
    match value.chars().count() <= 2000 {
        true => Ok(()),
        false => Err("must have at most 2000 characters; cut it".to_owned()),
    }
}

/// The id of a record, 1 to 2^53-1.
pub fn id(value: i64) -> Verdict {
    match (1..=COUNTER).contains(&value) {
        true => Ok(()),
        false => Err(format!("must be an id, from 1 to {COUNTER}")),
    }
}

/// A place in a list, 1 to 1,000,000,000.
pub fn position(value: i64) -> Verdict {
    match (1..=1_000_000_000).contains(&value) {
        true => Ok(()),
        false => Err("must be a place from 1 to 1000000000".to_owned()),
    }
}

/// The number of a revision, 1 to 2^53-1.
pub fn revision(value: i64) -> Verdict {
    match (1..=COUNTER).contains(&value) {
        true => Ok(()),
        false => Err(format!(
            "must be the number of a revision, from 1 to {COUNTER}"
        )),
    }
}

/// How long a preview is good, in seconds: a minute to 30 days.
pub fn preview_life(value: i64) -> Verdict {
    match (60..=2_592_000).contains(&value) {
        true => Ok(()),
        false => Err("must be a number of seconds from 60 to 2592000, which is 30 days".to_owned()),
    }
}

/// A calendar year, 1 to 9999.
pub fn year(value: i64) -> Verdict {
    match (1..=9999).contains(&value) {
        true => Ok(()),
        false => Err("must be a year from 1 to 9999".to_owned()),
    }
}

/// A point in time with its offset from UTC (RFC 3339), without leap seconds, in the years 1 to 9999, within 14 hours of UTC.
pub fn instant(value: &str) -> Result<DateTime<FixedOffset>, String> {
    const FORM: &str = "write it like `2022-09-20T08:29:20+08:00`";
    let matches_form = value.get(..19).is_some_and(|start| {
        start
            .bytes()
            .zip(*b"0000-00-00T00:00:00")
            .all(|(b, form)| match form {
                b'0' => b.is_ascii_digit(),
                form => b == form,
            })
    });
    if !matches_form {
        return Err(format!("is not a date and time; {FORM}"));
    }
    if value.get(17..19) == Some("60") {
        return Err("has the second 60; leap seconds are not supported, use 59".to_owned());
    }
    let after_fraction = value
        .get(19..)
        .unwrap_or_default()
        .trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    if after_fraction.is_empty() {
        return Err(format!("has no offset from UTC; {FORM}"));
    }
    if after_fraction != "Z" && offset_minutes(after_fraction).is_none() {
        return Err(format!(
            "has an offset from UTC that is not within 14 hours; {FORM}"
        ));
    }
    let at = DateTime::parse_from_rfc3339(value)
        .map_err(|_| format!("is not a date and time that exists; {FORM}"))?;
    match (1..=9999).contains(&at.year()) && (1..=9999).contains(&at.to_utc().year()) {
        true => Ok(at),
        false => Err("must be in the years 0001 to 9999".to_owned()),
    }
}

/// A calendar day, `YYYY-MM-DD`, in the years 1 to 9999.
pub fn date(value: &str) -> Result<NaiveDate, String> {
    const FORM: &str = "write it like `2022-09-20`";
    let matches_form = value.len() == 10
        && value.bytes().zip(*b"0000-00-00").all(|(b, form)| {
            if form == b'0' {
                b.is_ascii_digit()
            } else {
                b == form
            }
        });
    if !matches_form {
        return Err(format!("is not a date; {FORM}"));
    }
    let date: NaiveDate = value
        .parse()
        .map_err(|_| format!("is not a date that exists; {FORM}"))?;
    match date.year() >= 1 {
        true => Ok(date),
        false => Err("must be in the years 0001 to 9999".to_owned()),
    }
}

/// An e-mail address: at most [`EMAIL`] characters, one `@` with something on both sides, nothing that cannot be seen. Whether mail
/// arrives there is not for a rule to say.
pub fn email(value: &str) -> Verdict {
    const FORM: &str = "write it as `name@example.org`";
    at_most_code_points(value, EMAIL)?;
    // As it will be compared: compatibility forms may be longer, and hide an `@`.
    let folded: String = value.nfkc().collect();
    at_most_code_points(&folded, EMAIL)?;
    let is_bad = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    if folded.chars().any(is_bad) {
        return Err(format!("contains a blank or invisible character; {FORM}"));
    }
    match folded.split_once('@') {
        Some((name, host)) if !name.is_empty() && !host.is_empty() && !host.contains('@') => Ok(()),
        _ => Err(format!("is not an e-mail address; {FORM}")),
    }
}

/// A password that somebody signs in with: 1 to [`PASSWORD`] characters. The message never repeats it.
pub fn password(value: &str) -> Verdict {
    if value.is_empty() {
        return Err("must not be empty".to_owned());
    }
    no_nul(value)?;
    at_most_code_points(value, PASSWORD)
}

/// A refresh token, which is shorter than this in any case; whether it is good is another question.
pub fn refresh_token(value: &str) -> Verdict {
    if value.is_empty() {
        return Err("must not be empty".to_owned());
    }
    at_most_code_points(value, 1_000)
}

/// A password to be set: at least [`NEW_PASSWORD`] characters, not blank; any of them, as length is what counts (NIST SP 800-63B).
pub fn new_password(value: &str) -> Verdict {
    password(value)?;
    not_blank(value)?;
    match value.chars().nth(NEW_PASSWORD - 1) {
        Some(_) => Ok(()),
        None => Err(format!(
            "must have at least {NEW_PASSWORD} characters; choose a longer one"
        )),
    }
}

/// The start of a value, for a message.
pub fn excerpt(value: &str) -> String {
    const SHOWN: usize = 40;
    let mut start: String = value
        .chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect();
    if value.chars().nth(SHOWN).is_some() {
        start.push('…');
    }
    start
}

fn shown(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c if c.is_control() || c.is_whitespace() => format!("U+{:04X}", u32::from(c)),
        c => format!("`{c}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(rule: fn(&str) -> Verdict, good: &[&str], bad: &[&str]) {
        for value in good {
            assert_eq!(rule(value), Ok(()), "{value:?}");
        }
        for value in bad {
            assert!(rule(value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn addresses_have_one_at_sign() {
        holds(
            email,
            &["a@b", "Li.Na+x@example.org", "李@例子.中国"],
            &[
                "",
                "@",
                "a@",
                "@b",
                "a@b@c",
                "a@b＠c",
                "a b@c",
                "a@b\n",
                "a\u{200B}@b",
                "a\0@b",
                "ab",
            ],
        );
        assert!(email(&format!("{}@b", "a".repeat(252))).is_ok());
        assert!(email(&format!("{}@b", "a".repeat(253))).is_err());
        assert!(email(&format!("{}@b", "\u{FDFA}".repeat(100))).is_err());
    }

    #[test]
    fn new_passwords_are_neither_short_nor_blank() {
        holds(
            new_password,
            &["12345678", "correct horse", "密码密码密码密码"],
            &["", "1234567", "        ", "1234567\0"],
        );
        assert!(new_password(&"x".repeat(256)).is_ok());
        let reason = new_password(&"x".repeat(10_000)).unwrap_err();
        assert_eq!(reason, "is longer than 256 characters; shorten it");
        assert!(password("1").is_ok());
    }

    #[test]
    fn lengths_are_counted_as_readers_count() {
        let family = "👨‍👩‍👧";
        assert!(subtitle(&family.repeat(TITLE)).is_ok());
        assert!(subtitle(&family.repeat(TITLE + 1)).is_err());
        assert!(subtitle(&"中".repeat(TITLE)).is_ok());
        assert!(subtitle(&"中".repeat(TITLE + 1)).is_err());
        assert!(subtitle(&format!("a{}", "\u{301}".repeat(8 * TITLE - 1))).is_ok());
        assert!(subtitle(&format!("a{}", "\u{301}".repeat(8 * TITLE))).is_err());
        assert!(summary(&"a".repeat(SUMMARY)).is_ok());
        assert!(summary(&"a".repeat(SUMMARY + 1)).is_err());
        assert!(body(&"a".repeat(BODY)).is_ok());
        assert!(body(&"a".repeat(BODY + 1)).is_err());
        assert!(key(&"中".repeat(KEY)).is_ok());
        assert!(key(&"中".repeat(KEY + 1)).is_err());
    }

    #[test]
    fn texts() {
        holds(
            title,
            &["a", " a ", "中"],
            &["", " ", "\u{3000}\n", "\u{200B}\u{FEFF}", "a\0"],
        );
        holds(subtitle, &["", " "], &["\0"]);
        holds(summary, &["", "a\nb"], &["a\0b"]);
        holds(passage, &["a"], &["", " "]);
        holds(body, &["", "<p>a</p>"], &["\0"]);
    }

    #[test]
    fn names() {
        holds(
            key,
            &["a", "a b/c?", "中"],
            &["", " ", "a\n", "a\u{7f}", "\0"],
        );
        holds(
            slug,
            &["a", "中文-a_b.c", "...", "~"],
            &[
                "",
                ".",
                "..",
                "a/b",
                "a b",
                "a\u{3000}b",
                "a?",
                "a#",
                "a%20",
                "a\\b",
                "a\n",
                "\0",
            ],
        );
        assert!(slug(&"a".repeat(201)).is_err());
        holds(
            category_path,
            &["a", "a/b/c"],
            &["", "/", "/a", "a/", "a//b", "a/../b", "a/b c"],
        );
        let long = ["a".repeat(199), "b".repeat(199), "c".repeat(200)].join("/");
        assert!(category_path(&long).is_ok());
        assert!(category_path(&format!("{long}/d")).is_err());
    }

    #[test]
    fn language_tags_get_their_casing() {
        for (tag, expected) in [
            ("zh-hans-cn", Some("zh-Hans-CN")),
            ("EN", Some("en")),
            ("ZH-HANT", Some("zh-Hant")),
            ("es-419", Some("es-419")),
            ("zh-cmn-Hans-CN", Some("zh-cmn-Hans-CN")),
            ("sl-rozaj-BISKE-1994", Some("sl-rozaj-biske-1994")),
            ("de-CH-1996", Some("de-CH-1996")),
            ("en-a-BBB-x-A-ca", Some("en-a-bbb-x-a-ca")),
            ("de-u-CO-phonebk", Some("de-u-co-phonebk")),
            ("x-Whatever", Some("x-whatever")),
            ("", None),
            ("a", None),
            ("x", None),
            ("zh_CN", None),
            ("zh-", None),
            ("-zh", None),
            ("zh--cn", None),
            ("12", None),
            ("zh-hans-hant", None),
            ("de-1996-1996", None),
            ("en-a-bbb-a-ccc", None),
            ("en-a", None),
            ("en-x", None),
            ("abcdefghi", None),
            ("中文", None),
            ("zh-Hans-CN-variant1-variant2-variant", None),
        ] {
            assert_eq!(canonical_locale(tag).as_deref(), expected, "{tag}");
            assert_eq!(locale(tag).is_ok(), expected.is_some());
        }
    }

    #[test]
    fn offsets() {
        for (text, expected) in [
            ("+08:00", Some(480)),
            ("-03:30", Some(-210)),
            ("+14:00", Some(840)),
            ("-00:00", Some(0)),
            ("+14:01", None),
            ("+08:60", None),
            ("08:00", None),
            ("+8:00", None),
            ("+0800", None),
            ("+08:00 ", None),
            ("++8:00", None),
            ("Z", None),
        ] {
            assert_eq!(offset_minutes(text), expected, "{text}");
            assert_eq!(utc_offset(text).is_ok(), expected.is_some());
        }
    }

    #[test]
    fn addresses() {
        holds(
            url,
            &[
                "https://example.org/a?b=c#d",
                "HTTP://例子.中国/路径",
                "/",
                "a/b:c",
                "?q=a:b",
                "#top",
                "//example.org/x",
                "mailto:a@example.org",
                "tel:+86-10",
                "ftp://example.org/x",
                "https://example.org/{path}",
            ],
            &[
                "",
                " ",
                "javascript:alert(1)",
                " javascript:alert(1)",
                "\u{1}JavaScript:alert(1)",
                "java\nscript:alert(1)",
                "jAvAsCrIpT\t:alert(1)",
                "data:text/html,x",
                "vbscript:x",
                "\u{a0}vbscript:x",
                "file:///etc/passwd",
                "foo:bar",
                ":x",
                "https://",
                "http://a b/",
                "/a b",
                "mailto:",
                "\0",
            ],
        );
        assert_eq!(optional_url(""), Ok(()));
        assert!(url(&format!("/{}", "a".repeat(URL))).is_err());
    }

    #[test]
    fn numbers_and_digests() {
        assert!(counter(0).is_ok() && counter(COUNTER).is_ok());
        assert!(counter(-1).is_err() && counter(COUNTER + 1).is_err());
        assert!(year(1).is_ok() && year(9999).is_ok() && year(0).is_err() && year(10000).is_err());
        let digest = "0123456789abcdef".repeat(4);
        let (upper, long) = (digest.to_uppercase(), format!("{digest}0"));
        holds(sha256, &[&digest], &["", &upper, &long, &"g".repeat(64)]);
    }

    #[test]
    fn times() {
        for (text, reason) in [
            ("2022-09-20T08:29:20+08:00", None),
            ("2022-09-20T08:29:20.123456789Z", None),
            ("2024-02-29T23:59:59-14:00", None),
            ("2022-09-20T08:29:20", Some("no offset")),
            ("2022-09-20T08:29:20.5", Some("no offset")),
            ("2022-09-20", Some("not a date and time;")),
            ("2022-09-20 08:29:20+08:00", Some("not a date and time;")),
            ("2022-09-20T08:29+08:00", Some("not a date and time;")),
            ("2016-12-31T23:59:60Z", Some("leap")),
            ("2023-02-29T00:00:00Z", Some("exists")),
            ("2023-02-20T24:00:00Z", Some("exists")),
            ("0000-01-01T00:00:00Z", Some("years")),
            ("0001-01-01T00:00:00+14:00", Some("years")),
            ("9999-12-31T23:59:59-01:00", Some("years")),
            ("2022-09-20T08:29:20+14:30", Some("within 14")),
            ("2022-09-20T08:29:20+0800", Some("within 14")),
            ("2022-09-20T08:29:20 Z", Some("within 14")),
            ("10000-09-20T08:29:20Z", Some("not a date and time;")),
            ("中文中文中文中文", Some("not a date and time;")),
            ("", Some("not a date and time;")),
        ] {
            match (instant(text), reason) {
                (Ok(_), None) => {}
                (Err(found), Some(reason)) => assert!(found.contains(reason), "{text}: {found}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
        assert!(date("2020-01-17").is_ok());
        for bad in [
            "2020-1-17",
            "2020-02-30",
            "0000-01-01",
            "2020-01-17T00:00:00Z",
            "+020-01-17",
            "",
        ] {
            assert!(date(bad).is_err(), "{bad}");
        }
    }
}
