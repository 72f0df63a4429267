//! What search sees of a text: characters of scripts without blanks (Chinese, Japanese, Korean) one by one, words of the others, folded,
//! each with its place in the text as it was written.
//!
//! Folding looks at one character at a time, never at what stands around it, so a piece of a text folds to a piece of the folded text:
//! that is what lets an index of pairs find every occurrence.

use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::script;

/// Bytes of a word that count; what is longer is told apart by these alone.
const LONGEST_WORD: usize = 64;

/// One character of a script without blanks, or one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Where its folded text stands in [`Units::folded`].
    folded: Range<u32>,
    /// Where it stands in the text, in bytes.
    source: Range<u32>,
    /// Its number in the text, from 0. Neighbours differ by one; the end of a sentence, clause or paragraph takes a number, too.
    pub position: u32,
    /// Whether it is a character of a script without blanks.
    pub is_character: bool,
}

impl Unit {
    /// Where it stands in the text, in bytes.
    pub fn source(&self) -> Range<usize> {
        to_usize(self.source.start)..to_usize(self.source.end)
    }
}

/// A text as search sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units {
    folded: String,
    items: Vec<Unit>,
}

impl Units {
    /// What search sees of `text`.
    pub fn of(text: &str) -> Self {
        let mut reading = Reading::default();
        for (at, c) in text.char_indices() {
            reading.character(at, c);
        }
        reading.end_word(text.len());
        reading.units
    }

    /// In order.
    pub fn items(&self) -> &[Unit] {
        &self.items
    }

    /// The folded text of `unit`, one of these.
    pub fn folded(&self, unit: &Unit) -> &str {
        self.folded
            .get(to_usize(unit.folded.start)..to_usize(unit.folded.end))
            .unwrap_or_default()
    }

    /// The folded text of all, without anything between: the same for two texts that differ in nothing that search sees.
    pub fn all_folded(&self) -> &str {
        &self.folded
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// What a character is to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// A unit of its own.
    Character,
    /// A part of a word.
    Letter,
    /// Nothing: joiners, variation selectors, marks.
    Invisible,
    /// Stands between words.
    Gap,
    /// Ends a clause.
    Stop,
}

#[derive(Default)]
struct Reading {
    units: Units,
    /// Where the word that is being read begins: in the folded text, and in the text.
    word: Option<(u32, u32)>,
    position: u32,
    /// Whether a stop stands between the last unit and what follows.
    is_stopped: bool,
}

impl Reading {
    fn character(&mut self, at: usize, c: char) {
        if c.is_ascii() {
            self.folded(at, c.len_utf8(), c.to_ascii_lowercase());
        } else if is_ideograph(c) {
            self.folded(at, c.len_utf8(), simplified(c));
        } else if ('\u{ac00}'..='\u{d7a3}').contains(&c) {
            // Syllables of Hangul stay whole.
            self.folded(at, c.len_utf8(), c);
        } else {
            let decomposed = std::iter::once(c).nfkd().flat_map(char::to_lowercase);
            for part in decomposed {
                self.folded(at, c.len_utf8(), simplified(part));
            }
        }
    }

    fn folded(&mut self, at: usize, length: usize, c: char) {
        match class(c) {
            Class::Invisible => {}
            Class::Gap => self.end_word_in(at, length),
            Class::Stop => {
                self.end_word_in(at, length);
                self.is_stopped = true;
            }
            Class::Letter => {
                if self.word.is_none() {
                    self.word = Some((to_u32(self.units.folded.len()), to_u32(at)));
                }
                self.units.folded.push(c);
            }
            Class::Character => {
                self.end_word_in(at, length);
                let begin = to_u32(self.units.folded.len());
                self.units.folded.push(c);
                self.push(begin, to_u32(at)..to_u32(at + length), true);
            }
        }
    }

    /// Ends a word before the sign at `at`, or with it, where the word is of this one sign (`½` is 1 and 2).
    fn end_word_in(&mut self, at: usize, length: usize) {
        let is_of_it = self.word.is_some_and(|(_, source)| source == to_u32(at));
        self.end_word(if is_of_it { at + length } else { at });
    }

    fn end_word(&mut self, at: usize) {
        let Some((begin, source)) = self.word.take() else {
            return;
        };
        let mut end = to_usize(begin) + LONGEST_WORD;
        if end < self.units.folded.len() {
            while !self.units.folded.is_char_boundary(end) {
                end -= 1;
            }
            self.units.folded.truncate(end);
        }
        self.push(begin, source..to_u32(at), false);
    }

    fn push(&mut self, begin: u32, source: Range<u32>, is_character: bool) {
        if std::mem::take(&mut self.is_stopped) && !self.units.items.is_empty() {
            self.position += 1;
        }
        self.units.items.push(Unit {
            folded: begin..to_u32(self.units.folded.len()),
            source,
            position: self.position,
            is_character,
        });
        self.position += 1;
    }
}

/// Whether `c` is a Chinese character.
pub(super) fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3fffd}' | '々' | '〇')
}

fn class(c: char) -> Class {
    match c {
        'a'..='z' | '0'..='9' => Class::Letter,
        ' ' => Class::Gap,
        '.' | ',' | ';' | '!' | '?' | '\n' | '\r' | '。' | '、' | '…' | '｡' | '､' => {
            Class::Stop
        }
        _ if is_ideograph(c) => Class::Character,
        '・' | '\u{30a0}' => Class::Gap,
        // Kana with their marks, bopomofo, Hangul.
        '\u{3041}'..='\u{30ff}'
        | '\u{3105}'..='\u{312f}'
        | '\u{31f0}'..='\u{31ff}'
        | '\u{ac00}'..='\u{d7a3}' => Class::Character,
        // Emoji and other pictures.
        '\u{2300}'..='\u{23ff}'
        | '\u{2600}'..='\u{27bf}'
        | '\u{2b00}'..='\u{2bff}'
        | '\u{1f000}'..='\u{1faff}'
            if !matches!(c, '\u{1f3fb}'..='\u{1f3ff}') =>
        {
            Class::Character
        }
        '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}' => Class::Invisible,
        _ if is_combining_mark(c) => Class::Invisible,
        _ if c.is_alphanumeric() => Class::Letter,
        _ => Class::Gap,
    }
}

/// Code points with an entry in [`SIMPLIFIED`]: the Chinese characters of the first plane.
const FIRST: u32 = 0x3400;

/// The simplified form of each Chinese character of the first plane, and one form for those that are written in several ways.
static SIMPLIFIED: LazyLock<Vec<char>> = LazyLock::new(|| {
    let mut table: Vec<char> = (FIRST..=0x9fff)
        .map(|code| one_form(char::from_u32(code).unwrap_or_default()))
        .collect();
    for (traditional, simple) in script::simplified_characters() {
        let place = u32::from(traditional).checked_sub(FIRST).map(to_usize);
        if let Some(entry) = place.and_then(|place| table.get_mut(place)) {
            *entry = one_form(simple);
        }
    }
    table
});

/// What is written in several ways whichever the script: one of them. Only search sees it, so that it takes some words for the same
/// that are not matters less than missing one.
fn one_form(c: char) -> char {
    match c {
        '著' => '着',
        '甚' => '什',
        '麽' | '麼' => '么',
        '乾' => '干',
        '瞭' => '了',
        '藉' => '借',
        '徵' => '征',
        '於' => '于',
        '妳' => '你',
        '牠' | '祂' => '它',
        '裏' => '里',
        '羣' => '群',
        '峯' => '峰',
        '綫' => '线',
        '衆' => '众',
        '喫' => '吃',
        '癡' => '痴',
        '託' => '托',
        '昇' => '升',
        '佈' => '布',
        '週' => '周',
        '臺' => '台',
        '馀' => '余',
        '蹟' => '迹',
        '迴' => '回',
        _ => c,
    }
}

/// `c`, or what it is in Simplified Chinese.
pub(super) fn simplified(c: char) -> char {
    let place = u32::from(c).checked_sub(FIRST).map(to_usize);
    place
        .and_then(|place| SIMPLIFIED.get(place).copied())
        .unwrap_or(c)
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let units = Units::of(text);
        let mut out = String::new();
        let mut next = 0;
        for unit in units.items() {
            if !out.is_empty() {
                out.push_str(if unit.position > next { "|" } else { " " });
            }
            out.push_str(units.folded(unit));
            next = unit.position + 1;
        }
        out
    }

    #[test]
    fn both_scripts_and_all_widths_are_the_same() {
        assert_eq!(folded("創新"), "创 新");
        assert_eq!(folded("创新"), "创 新");
        assert_eq!(folded("ＡＩ　與 Ｓcience"), "ai 与 science");
        assert_eq!(folded("Café"), "cafe");
        assert_eq!(folded("2014年"), "2014 年");
        assert_eq!(folded("什麼甚麼什么"), "什 么 什 么 什 么");
    }

    #[test]
    fn invisible_characters_and_blanks_are_not_there() {
        assert_eq!(folded("创\u{200b}新 中\u{a0}国"), "创 新 中 国");
        assert_eq!(folded("sci\u{ad}ence"), "science");
        assert_eq!(folded("！？，。"), "");
    }

    #[test]
    fn stops_take_a_number_and_other_signs_none() {
        assert_eq!(
            folded("专题: 生物安全——新问题、新挑战"),
            "专 题 生 物 安 全 新 问 题|新 挑 战"
        );
        assert_eq!(folded("甲。\n乙"), "甲|乙");
        assert_eq!(folded("。甲"), "甲");
    }

    #[test]
    fn a_unit_knows_where_it_stands() {
        let text = "與ＡＩ、science";
        let units = Units::of(text);
        let sources: Vec<&str> = units.items().iter().map(|u| &text[u.source()]).collect();
        assert_eq!(sources, ["與", "ＡＩ", "science"]);
    }

    #[test]
    fn no_unit_is_of_nothing() {
        for text in ["½", "⑴", "㈱", "x½y", "⭐⌚"] {
            let units = Units::of(text);
            assert!(!units.is_empty(), "{text}");
            assert!(
                units.items().iter().all(|unit| !unit.source().is_empty()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_piece_folds_to_a_piece() {
        let text = "乾坤與乾淨的頭髮、發展，著作和看著；甚至什麼㈱①Ⅴ";
        let whole = Units::of(text);
        let characters: Vec<char> = text.chars().collect();
        for begin in 0..characters.len() {
            for end in begin + 1..=characters.len() {
                let piece: String = characters[begin..end].iter().collect();
                assert!(whole.all_folded().contains(Units::of(&piece).all_folded()));
            }
        }
    }

    #[test]
    fn long_words_are_cut() {
        let units = Units::of(&"é".repeat(1000));
        assert_eq!(units.len(), 1);
        assert_eq!(units.folded(&units.items()[0]).len(), LONGEST_WORD);
    }
}
