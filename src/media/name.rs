//! Names of files: made safe to store and show, and told to whoever downloads. Does not know what is in the files.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::Rejection;
use super::format::Format;

/// Characters (grapheme clusters) of a name.
pub const MAX_NAME: usize = 255;

/// Code points that one counted character may have on average.
const CODE_POINTS_PER_CHARACTER: usize = 8;

/// What stands as it is in an extended parameter value (RFC 8187, section 3.2.1, `attr-char`).
const EXTENDED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The name under which a file of `format` is kept, from what somebody called it: without folders (RFC 7578, section 4.2), `%22`
/// read as the quotation mark that browsers write so, in Unicode's composed form (NFC), and with an ending that fits the format.
///
/// What systems reserve differently (`:`, `*`, `?`) stays; programs that save the file replace it as they need.
///
/// # Errors
///
/// `invalid` for an empty name and for characters that nobody sees but that change what is seen, `too_long` beyond
/// [`MAX_NAME`] characters.
pub fn clean(raw: &str, format: Format) -> Result<String, Rejection> {
    let unquoted = raw.replace("%22", "\"");
    let last = unquoted.rsplit(['/', '\\']).next().unwrap_or_default();
    if let Some(found) = unprintable(last) {
        return Err(Rejection::new(
            "invalid",
            format!("contains {found}; rename the file and send it again"),
        ));
    }
    // Windows drops blanks and dots from the end, and with them what follows would be another ending.
    let kept = last
        .trim_start()
        .trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    if kept.chars().all(|c| c == '.' || is_blank(c)) {
        return Err(Rejection::new(
            "invalid",
            "must not be empty; give the file a name, such as `report.pdf`",
        ));
    }
    let mut name: String = kept.nfc().collect();
    if !has_ending_of(&name, format) {
        name.push('.');
        name.push_str(format.extension());
    }
    match is_short(&name) {
        true => Ok(name),
        false => Err(Rejection::new(
            "too_long",
            format!(
                "is longer than {MAX_NAME} characters with its ending `.{}`; shorten it",
                format.extension()
            ),
        )),
    }
}

/// The value of `Content-Disposition` (RFC 6266) for a file called `name`, shown in place where `inline`.
pub fn disposition(name: &str, inline: bool) -> String {
    let kind = match inline {
        true => "inline",
        false => "attachment",
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " !#$&'()+,-.=@[]^_`{}~;".contains(c);
    if name.chars().all(is_plain) {
        return format!("{kind}; filename=\"{name}\"");
    }
    // For programs that do not know the extended form (RFC 6266, appendix D): no escapes, which they read differently.
    let mut plain = String::with_capacity(name.len());
    for c in name.chars() {
        match is_plain(c) {
            true => plain.push(c),
            false if plain.ends_with('_') => {}
            false => plain.push('_'),
        }
    }
    let (stem, ending) = plain.rsplit_once('.').unwrap_or((&plain, ""));
    if !stem.chars().any(|c| c.is_ascii_alphanumeric()) && !ending.is_empty() {
        plain = format!("file.{ending}");
    }
    let extended = utf8_percent_encode(name, EXTENDED);
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{extended}")
}

/// The ending of `name` in lower case, without the dot.
pub(super) fn ending(name: &str) -> String {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.trim().to_ascii_lowercase()
}

fn has_ending_of(name: &str, format: Format) -> bool {
    format.extensions().contains(&ending(name).as_str())
}

fn is_short(name: &str) -> bool {
    name.chars().count() <= MAX_NAME * CODE_POINTS_PER_CHARACTER
        && name.graphemes(true).nth(MAX_NAME).is_none()
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{3164}')
}

/// The first thing in a name that cannot be seen or written, in words.
fn unprintable(name: &str) -> Option<String> {
    let character = name.chars().find_map(|c| {
        let what = match c {
            _ if c.is_control() => "a control character",
            '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{061C}' => {
                "a character that changes the direction of the text and so hides the ending"
            }
            '\u{2028}' | '\u{2029}' => "a line break",
            '\u{FEFF}' => "a byte order mark",
            '\u{FFFD}' => "a character that was lost because the name was not sent as UTF-8",
            _ => return None,
        };
        Some(format!("{what} (U+{:04X})", u32::from(c)))
    });
    character.or_else(|| escaped_control(name))
}

/// A control character written as `%00` and the like, which many programs would read as the character.
fn escaped_control(name: &str) -> Option<String> {
    name.match_indices('%').find_map(|(at, _)| {
        let digits = name.get(at + 1..at + 3)?;
        let code = u8::from_str_radix(digits, 16).ok()?;
        (digits.bytes().all(|b| b.is_ascii_hexdigit()) && code.is_ascii_control())
            .then(|| format!("an escaped control character (`%{digits}`)"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(raw: &str, format: Format) -> String {
        clean(raw, format).unwrap()
    }

    fn code(raw: &str) -> &'static str {
        clean(raw, Format::Png).unwrap_err().code
    }

    #[test]
    fn names_in_any_script_stay_as_they_are() {
        for name in [
            "关于召开2024年会议的通知（第1号）.pdf",
            "關於召開會議的通知.pdf",
            "ＡＢＣ１２３：全角？.pdf",
            "🎉👨‍👩‍👧 庆祝.pdf",
            "a:b*c?<d>|e.PDF",
            "100% 完成.pdf",
            "it's (1).pdf",
        ] {
            assert_eq!(ok(name, Format::Pdf), name);
        }
    }

    #[test]
    fn folders_are_dropped() {
        assert_eq!(ok("../../etc/图.png", Format::Png), "图.png");
        assert_eq!(ok("C:\\Users\\王\\图.png", Format::Png), "图.png");
        assert_eq!(ok("/图.png", Format::Png), "图.png");
        assert_eq!(ok("..\\..\\图.png", Format::Png), "图.png");
    }

    #[test]
    fn a_name_that_names_nothing_is_refused() {
        for name in [
            "",
            ".",
            "..",
            "...",
            "  ",
            "\u{3000}",
            "图/",
            "a/..",
            "\u{200B}.",
        ] {
            assert_eq!(code(name), "invalid", "{name:?}");
        }
    }

    #[test]
    fn what_nobody_sees_is_refused() {
        for name in [
            "a\0.png",
            "a\r\n.png",
            "a\u{7f}.png",
            "a\u{85}.png",
            "a%00.png",
            "a%0d%0Ab.png",
            "a%1f.png",
            "a%7F.png",
            "图\u{202e}gnp.exe",
            "a\u{2066}.png",
            "a\u{200f}.png",
            "a\u{061c}.png",
            "a\u{2028}.png",
            "\u{feff}a.png",
            "\u{fffd}\u{fffd}.png",
        ] {
            let refused = clean(name, Format::Png).unwrap_err();
            assert_eq!(refused.code, "invalid", "{name:?}");
            assert!(refused.detail.contains("rename the file"), "{refused}");
        }
    }

    #[test]
    fn an_escaped_quotation_mark_is_one() {
        assert_eq!(ok("%22好%22.png", Format::Png), "\"好\".png");
        assert_eq!(ok("%E5%A5%BD.png", Format::Png), "%E5%A5%BD.png");
        assert_eq!(ok("100%+3.png", Format::Png), "100%+3.png");
        assert_eq!(ok("%.png", Format::Png), "%.png");
        assert_eq!(ok("%好.png", Format::Png), "%好.png");
    }

    #[test]
    fn the_ending_fits_the_format() {
        assert_eq!(ok("evil.html", Format::Png), "evil.html.png");
        assert_eq!(ok("evil.html.", Format::Png), "evil.html.png");
        assert_eq!(ok("图", Format::Png), "图.png");
        assert_eq!(ok("图.JPEG", Format::Jpeg), "图.JPEG");
        assert_eq!(ok("图.png . .", Format::Png), "图.png");
        assert_eq!(ok(".htaccess", Format::Text), ".htaccess.txt");
        assert_eq!(ok("表.et", Format::Xls), "表.et");
    }

    #[test]
    fn names_are_composed() {
        assert_eq!(ok("e\u{301}.png", Format::Png), "\u{e9}.png");
    }

    #[test]
    fn two_hundred_and_fifty_five_characters_are_the_most() {
        let fits = format!("{}.png", "字".repeat(251));
        assert_eq!(ok(&fits, Format::Png), fits);
        let family = format!("{}.png", "👨‍👩‍👧".repeat(251));
        assert_eq!(ok(&family, Format::Png), family);
        assert_eq!(code(&format!("{}.png", "字".repeat(252))), "too_long");
        assert_eq!(code(&"字".repeat(255)), "too_long");
        assert_eq!(code(&"字".repeat(256)), "too_long");
        let zalgo = format!("a{}.png", "\u{301}".repeat(3_000));
        assert_eq!(code(&zalgo), "too_long");
    }

    #[test]
    fn a_download_is_called_by_its_name() {
        assert_eq!(
            disposition("report (1).pdf", true),
            "inline; filename=\"report (1).pdf\""
        );
        assert_eq!(
            disposition("通知 v2.pdf", false),
            "attachment; filename=\"_ v2.pdf\"; filename*=UTF-8''%E9%80%9A%E7%9F%A5%20v2.pdf"
        );
        assert_eq!(
            disposition("通知.pdf", false),
            "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E9%80%9A%E7%9F%A5.pdf"
        );
        assert_eq!(
            disposition("a\"b\\c%41.txt", false),
            "attachment; filename=\"a_b_c_41.txt\"; filename*=UTF-8''a%22b%5Cc%2541.txt"
        );
    }

    #[test]
    fn a_disposition_is_always_one_header_line() {
        for name in ["a\r\nSet-Cookie: x=1", "\0", "é\u{202e}", "'*;=,"] {
            let value = disposition(name, false);
            assert!(
                value.bytes().all(|b| (0x20..0x7f).contains(&b)),
                "{value:?}"
            );
        }
    }
}
