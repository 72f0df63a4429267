//! What the check for injected text compares: characters without their width, case, script and marks, one by one. It knows characters, not texts.

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::script::{self, Script};
use super::units::{is_ideograph, simplified};

/// What a folded character is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Of a script without blanks.
    Character,
    /// A letter or digit of a script with blanks.
    Letter,
    /// Anything else that shows.
    Sign,
    /// A blank.
    Blank,
}

/// Says what `c` is when it is folded: nothing, one character, or more.
pub fn fold(c: char, mut each: impl FnMut(char, Kind)) {
    // What is as wide as a Chinese character, and nothing else than ASCII.
    let c = match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    };
    if c.is_ascii() {
        let kind = match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => Kind::Letter,
            ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' => Kind::Blank,
            _ if c.is_ascii_control() => return,
            _ => Kind::Sign,
        };
        return each(c.to_ascii_lowercase(), kind);
    }
    if is_ideograph(c) {
        return each(simplified(c), Kind::Character);
    }
    match c {
        '\u{ac00}'..='\u{d7a3}' => return each(c, Kind::Character),
        '。' | '、' | '“' | '”' => return each(c, Kind::Sign),
        _ => {}
    }
    for part in std::iter::once(c).nfkd().flat_map(char::to_lowercase) {
        if let Some(kind) = kind(part) {
            each(simplified(part), kind);
        }
    }
}

/// What a character in its compatibility form is; `None` for what nobody sees.
fn kind(c: char) -> Option<Kind> {
    Some(match c {
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => return None,
        _ if c.is_whitespace() || c == '\u{2800}' => Kind::Blank,
        _ if c.is_control() => return None,
        _ if is_ideograph(c) => Kind::Character,
        '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{30fc}'
        | '\u{3105}'..='\u{312f}'
        | '\u{31a0}'..='\u{31bf}'
        | '\u{31f0}'..='\u{31ff}'
        | '\u{ac00}'..='\u{d7a3}' => Kind::Character,
        _ if is_combining_mark(c) => return None,
        _ if c.is_alphanumeric() => Kind::Letter,
        _ => Kind::Sign,
    })
}

/// The script that `c` alone gives away; most characters are of both.
pub fn script_of(c: char) -> Option<Script> {
    if !is_ideograph(c) {
        return None;
    }
    if SIMPLIFIED_ONLY.contains(&c) {
        return Some(Script::Hans);
    }
    TRADITIONAL_ONLY.contains(&c).then_some(Script::Hant)
}

static SIMPLIFIED_ONLY: LazyLock<HashSet<char, ahash::RandomState>> =
    LazyLock::new(|| script::simplified_only().collect());

static TRADITIONAL_ONLY: LazyLock<HashSet<char, ahash::RandomState>> = LazyLock::new(|| {
    script::simplified_characters()
        .filter(|(traditional, simple)| traditional != simple)
        .map(|(traditional, _)| traditional)
        .filter(|traditional| !BOTH.contains(*traditional))
        .collect()
});

/// Characters that Simplified Chinese writes too, in some words.
const BOTH: &str = "乾藉瞭徵著於鍾夥覆摺麽甚噁崑餘";

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        for c in text.chars() {
            fold(c, |c, kind| {
                if kind != Kind::Blank {
                    out.push(c);
                }
            });
        }
        out
    }

    #[test]
    fn width_case_script_marks_and_what_nobody_sees_make_no_difference() {
        assert_eq!(folded("Ａ Ⅴ"), "av");
        assert_eq!(folded("澳 門\u{200b}賭\u{feff}場"), "澳门赌场");
        assert_eq!(folded("赌\u{336}场"), "赌场");
        assert_eq!(folded("①㈱"), "1(株)");
        assert_eq!(folded("，｜"), ",|");
    }

    #[test]
    fn a_character_may_give_its_script_away() {
        assert_eq!(script_of('门'), Some(Script::Hans));
        assert_eq!(script_of('門'), Some(Script::Hant));
        for c in "中后里面余台才a，".chars() {
            assert_eq!(script_of(c), None, "{c}");
        }
    }
}
