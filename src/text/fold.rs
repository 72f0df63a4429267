//! Folding: what is the same to a reader becomes the same text. For indexes and matchers only, never for answers.

use unicode_normalization::UnicodeNormalization;

/// Characters of a [`sort_key`] at most.
const SORT_KEY: usize = 64;

/// `text` without differences of width, compatibility form, case and blanks (Unicode NFKC, lower case, single spaces).
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text
        .nfkc()
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .split_whitespace()
    {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

/// What a title is sorted by: its first 64 characters, folded. Keys compare by code point, so their order is the same
/// everywhere.
pub fn sort_key(title: &str) -> String {
    // Lower case has no fewer characters than upper case, and NFKC of a long title is not needed.
    let head: String = title.chars().take(SORT_KEY * 4).collect();
    fold(&head).chars().take(SORT_KEY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_and_blanks_are_folded() {
        assert_eq!(fold("  ＡＩ　与\u{a0}Science\n"), "ai 与 science");
        assert_eq!(fold("①Ⅴ㈱"), "1v(株)");
        assert_eq!(fold(""), "");
    }

    #[test]
    fn a_sort_key_is_short() {
        let key = sort_key(&"长".repeat(2000));
        assert_eq!(key.chars().count(), 64);
        assert_eq!(sort_key("Ｚebra"), "zebra");
    }
}
