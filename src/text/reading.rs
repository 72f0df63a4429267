//! How long a text takes to read. It knows bare text, not HTML.

use super::slug::is_han;

/// Chinese characters a minute; adults read some 300 to 500, 400 is the customary middle.
const HAN_PER_MINUTE: u64 = 400;
/// Words a minute; silent reading of English prose averages some 230 to 240 (Brysbaert 2019, doi 10.1016/j.jml.2019.104047).
const WORDS_PER_MINUTE: u64 = 230;

/// Minutes it takes to read `plain` at customary speeds, rounded up: 400 Chinese characters a minute and 230 other words
/// a minute. 0 for a blank text, at least 1 for any other.
pub fn minutes(plain: &str) -> i32 {
    let (mut han, mut words) = (0u64, 0u64);
    let mut in_word = false;
    let mut is_blank = true;
    for c in plain.chars() {
        is_blank &= c.is_whitespace();
        if is_han(c) {
            han += 1;
            in_word = false;
        } else if c.is_alphanumeric() {
            words += u64::from(!in_word);
            in_word = true;
        } else {
            // "don't" and "co-author" are one word each.
            in_word &= matches!(c, '\'' | '’' | '-' | '\u{300}'..='\u{36F}');
        }
    }
    if is_blank {
        return 0;
    }
    let work = han * WORDS_PER_MINUTE + words * HAN_PER_MINUTE;
    let minutes = work.div_ceil(HAN_PER_MINUTE * WORDS_PER_MINUTE).max(1);
    i32::try_from(minutes).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_rounded_up() {
        for (text, expected) in [
            (String::new(), 0),
            (" \n\u{3000}".to_owned(), 0),
            ("…".to_owned(), 1),
            ("中".repeat(400), 1),
            ("中".repeat(401), 2),
            ("don't co-author ".repeat(115), 1),
            ("word ".repeat(231), 2),
            (format!("{}{}", "中".repeat(200), " word".repeat(115)), 1),
            (format!("{}{}", "中".repeat(201), " word".repeat(115)), 2),
        ] {
            assert_eq!(minutes(&text), expected);
        }
    }
}
