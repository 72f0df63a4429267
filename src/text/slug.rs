//! Names for addresses, made from titles. It knows letters, not which names are taken.

use pinyin::ToPinyin;
use sha2::{Digest, Sha256};

/// Characters a slug may have.
const MAX: usize = 80;
/// What a title without a letter or digit is called.
const LAST_RESORT: &str = "article";

/// `title` as a name for addresses.
///
/// Every Chinese character becomes its most common pinyin syllable, other letters and digits stay, lower-case; what stands
/// between becomes a single `-`. Full-width ASCII counts as ASCII, combining accents are dropped. At most 80 characters, cut
/// between words where there is a place; never empty.
///
/// ```
/// assert_eq!(masthead::text::slug::slugify("形成国际 GDP(2023)"), "xing-cheng-guo-ji-gdp-2023");
/// ```
pub fn slugify(title: &str) -> String {
    let mut slug = Slug::default();
    for c in title.chars().map(narrow) {
        if slug.length > MAX {
            break;
        }
        if let Some(pinyin) = c.to_pinyin() {
            slug.gap();
            pinyin
                .plain()
                .chars()
                .for_each(|c| slug.push(if c == 'ü' { 'u' } else { c }));
            slug.gap();
        } else if is_han(c) {
            slug.gap();
            slug.push(c);
            slug.gap();
        } else if c.is_alphanumeric() {
            c.to_lowercase()
                .filter(|c| c.is_alphanumeric())
                .for_each(|c| slug.push(c));
        } else if !is_accent(c) {
            slug.gap();
        }
    }
    slug.finish()
}

/// `base` with 8 characters that depend on `seed` alone: the same seed gives the same name, another seed another one.
/// The characters are lower-case base32 (RFC 4648) of the first 40 bits of the SHA-256 of `seed`.
pub fn disambiguate(base: &str, seed: &str) -> String {
    const ALPHABET: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r',
        's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '2', '3', '4', '5', '6', '7',
    ];
    let digest = Sha256::digest(seed.as_bytes());
    let bits = digest
        .iter()
        .take(5)
        .fold(0u64, |bits, byte| (bits << 8) | u64::from(*byte));
    let suffix = (0..8).rev().filter_map(|place| {
        let index = usize::try_from((bits >> (5 * place)) & 31).ok()?;
        ALPHABET.get(index)
    });
    format!("{base}-{}", suffix.collect::<String>())
}

/// The ASCII form of a full-width character.
fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// Whether `c` is a Chinese character.
pub(super) fn is_han(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '〇')
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}

#[derive(Default)]
struct Slug {
    out: String,
    length: usize,
    gap: bool,
}

impl Slug {
    fn gap(&mut self) {
        self.gap = true;
    }

    fn push(&mut self, c: char) {
        if std::mem::take(&mut self.gap) && !self.out.is_empty() {
            self.out.push('-');
            self.length += 1;
        }
        self.out.push(c);
        self.length += 1;
    }

    fn finish(mut self) -> String {
        if let Some((end, next)) = self.out.char_indices().nth(MAX) {
            self.out.truncate(end);
            if next != '-'
                && let Some(place) = self.out.rfind('-')
            {
                self.out.truncate(place);
            }
        }
        if self.out.is_empty() {
            LAST_RESORT.to_owned()
        } else {
            self.out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names() {
        for (title, slug) in [
            ("形成国际", "xing-cheng-guo-ji"),
            ("战略与政策", "zhan-lue-yu-zheng-ce"),
            ("研發投入強度高", "yan-fa-tou-ru-qiang-du-gao"),
            (
                "AI赋能2023年:IIOE峰会",
                "ai-fu-neng-2023-nian-iioe-feng-hui",
            ),
            ("  Hello,  World!  ", "hello-world"),
            ("GDP(2023)", "gdp-2023"),
            ("Übung café cafe\u{301}", "übung-café-cafe"),
            ("Straße İstanbul", "straße-istanbul"),
            ("ひらがな カタカナ", "ひらがな-カタカナ"),
            ("Привет, мир", "привет-мир"),
            ("a_b--c", "a-b-c"),
            ("🎉🎉", "article"),
            ("", "article"),
            ("---", "article"),
        ] {
            assert_eq!(slugify(title), slug, "{title}");
        }
    }

    #[test]
    fn long_titles_are_cut_between_words() {
        let slug = slugify(&"国际".repeat(1000));
        assert!(slug.len() <= MAX);
        assert!(slug.ends_with("guo") || slug.ends_with("ji"));
        assert_eq!(slugify(&"a".repeat(1000)), "a".repeat(MAX));
        let exact = format!("{}-b", "a".repeat(MAX));
        assert_eq!(slugify(&exact), "a".repeat(MAX));
        let fits = format!("{} bb", "a".repeat(MAX - 3));
        assert_eq!(slugify(&fits).chars().count(), MAX);
        assert_eq!(
            slugify(&format!("{} bbb", "ä".repeat(MAX - 3))),
            "ä".repeat(MAX - 3)
        );
    }

    #[test]
    fn suffixes_depend_on_the_seed() {
        // SHA-256("abc") starts with ba 78 16 bf 8f.
        assert_eq!(disambiguate("x", "abc"), "x-xj4bnp4p");
        assert_ne!(disambiguate("x", "1"), disambiguate("x", "2"));
    }
}
