//! Dictionaries of phrases and the longest match in them: OpenCC's (see `opencc/README.md`), and small ones of an editor. They know phrases, not
//! which script they are of.

use std::ops::Range;
use std::sync::LazyLock;

use super::Variety;

/// A phrase.
struct Entry<'a> {
    key: &'a str,
    /// What stands for it.
    value: &'a str,
    /// The place of the longest phrase that it begins with.
    begins_with: Option<usize>,
}

/// Phrases in the order of their bytes, each once.
pub(super) struct Dictionary<'a> {
    entries: Vec<Entry<'a>>,
    /// Where those begin that begin with each character from [`FIRST`] to [`LAST`], and where they end; empty in small dictionaries.
    starts: Vec<usize>,
}

/// Almost all phrases begin with a character from here …
const FIRST: u32 = 0x3400;
/// … to here.
const LAST: u32 = 0x9fff;

impl<'a> Dictionary<'a> {
    /// Of a few phrases; of several for one key the first.
    pub(super) fn of_few(phrases: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut phrases: Vec<_> = phrases.filter(|(key, _)| !key.is_empty()).collect();
        phrases.sort_by_key(|(key, _)| *key);
        phrases.dedup_by_key(|(key, _)| *key);
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity(phrases.len());
        // The phrases that the last one begins with, the longest last.
        let mut open: Vec<(usize, &str)> = Vec::new();
        for (place, (key, value)) in phrases.into_iter().enumerate() {
            while open.pop_if(|(_, begin)| !key.starts_with(*begin)).is_some() {}
            entries.push(Entry {
                key,
                value,
                begins_with: open.last().map(|(place, _)| *place),
            });
            open.push((place, key));
        }
        Self {
            entries,
            starts: Vec::new(),
        }
    }

    fn of_many(phrases: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let Self { entries, .. } = Self::of_few(phrases);
        let firsts: Vec<u32> = entries.iter().map(|entry| first_of(entry.key)).collect();
        let starts = (FIRST..=LAST + 1)
            .map(|c| firsts.partition_point(|first| *first < c))
            .collect();
        Self { entries, starts }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where those phrases stand among which are all that begin with `c`.
    fn candidates(&self, c: char) -> Range<usize> {
        let (first, last) = (self.starts.first(), self.starts.last());
        let place = u32::from(c).checked_sub(FIRST);
        let start = |place: u32| self.starts.get(usize::try_from(place).ok()?).copied();
        let (from, to) = match place {
            None => (None, first.copied()),
            Some(place) => match (start(place), start(place + 1)) {
                (Some(from), Some(to)) => (Some(from), Some(to)),
                _ => (last.copied(), None),
            },
        };
        from.unwrap_or(0)..to.unwrap_or(self.entries.len())
    }

    /// How many bytes the longest phrase takes that `text` begins with, and what stands for it.
    pub(super) fn longest(&self, text: &str) -> Option<(usize, &'a str)> {
        let candidates = self.candidates(text.chars().next()?);
        let before = candidates.start;
        let candidates = self.entries.get(candidates)?;
        // The last phrase that is not behind `text` in order is one that `text` begins with, or begins with all of these.
        let behind = candidates.partition_point(|entry| entry.key <= text);
        let mut entry = self.entries.get((before + behind).checked_sub(1)?)?;
        loop {
            if text.starts_with(entry.key) {
                return Some((entry.key.len(), entry.value));
            }
            entry = self.entries.get(entry.begins_with?)?;
        }
    }
}

fn first_of(key: &str) -> u32 {
    key.chars().next().map_or(0, u32::from)
}

/// Adds `text` to `out`; at each place the first dictionary of the step that knows a phrase says what stands for it.
pub(super) fn replace(step: &Step, text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let found = match c.is_ascii() {
            // No phrase begins so.
            true => None,
            false => step.iter().find_map(|d| d.longest(rest)),
        };
        let length = match found {
            Some((length, replacement)) => {
                out.push_str(replacement);
                length
            }
            None => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// The phrases of a file, each with the first value that is said to be its own.
fn read(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut is_rare = false;
    file.lines().filter_map(move |line| {
        if line.starts_with('#') {
            is_rare = line.starts_with("# @tofu-risk");
            return None;
        }
        let is_rare = std::mem::take(&mut is_rare);
        let (key, values) = line.split_once('\t')?;
        let mut values = values.split(' ').filter(|value| !value.is_empty());
        let value = match is_rare {
            true => values.find(|value| *value != key),
            false => values.next(),
        };
        Some((key, value?))
    })
}

/// What single characters of Traditional Chinese are in Simplified Chinese, whatever stands around them.
pub(in crate::text) fn simplified_characters() -> impl Iterator<Item = (char, char)> {
    TS_CHARACTERS.entries.iter().filter_map(|entry| {
        let mut value = entry.value.chars();
        let pair = (entry.key.chars().next()?, value.next()?);
        value.next().is_none().then_some(pair)
    })
}

/// Characters that Simplified Chinese alone writes: none of those that stand for them in Traditional Chinese is the same.
pub(in crate::text) fn simplified_only() -> impl Iterator<Item = char> {
    let lines = include_str!("opencc/STCharacters.txt").lines();
    lines.filter_map(|line| {
        let (key, values) = line.split_once('\t')?;
        let c = key.chars().next()?;
        (!line.starts_with('#') && values.split(' ').all(|value| value != key)).then_some(c)
    })
}

/// The same from the values to the phrases.
fn read_back(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .flat_map(|(key, values)| {
            values
                .split(' ')
                .filter(|value| !value.is_empty())
                .map(move |value| (value, key))
        })
}

macro_rules! dictionaries {
    ($($name:ident = $read:ident $file:literal;)*) => {
        $(static $name: LazyLock<Dictionary<'static>> =
            LazyLock::new(|| Dictionary::of_many($read(include_str!(concat!("opencc/", $file, ".txt")))));)*
    };
}

dictionaries! {
    ST_PHRASES = read "STPhrases";
    ST_CHARACTERS = read "STCharacters";
    TS_PHRASES = read "TSPhrases";
    TS_CHARACTERS = read "TSCharacters";
    TW_PHRASES = read "TWVariantsPhrases";
    TW_CHARACTERS = read "TWVariants";
    TW_BACK_PHRASES = read "TWVariantsRevPhrases";
    TW_BACK_CHARACTERS = read_back "TWVariants";
    HK_PHRASES = read "HKVariantsPhrases";
    HK_CHARACTERS = read "HKVariants";
    HK_BACK_PHRASES = read "HKVariantsRevPhrases";
    HK_BACK_CHARACTERS = read_back "HKVariants";
}

/// A step: dictionaries, of which the first that knows a phrase at a place says what stands for it.
pub(super) type Step = [&'static LazyLock<Dictionary<'static>>];

static TO_TRADITIONAL: &Step = &[&ST_PHRASES, &ST_CHARACTERS];
static TO_SIMPLIFIED: &Step = &[&TS_PHRASES, &TS_CHARACTERS];
static TO_TAIWAN: &Step = &[&TW_PHRASES, &TW_CHARACTERS];
static FROM_TAIWAN: &Step = &[&TW_BACK_PHRASES, &TW_BACK_CHARACTERS];
static TO_HONG_KONG: &Step = &[&HK_PHRASES, &HK_CHARACTERS];
static FROM_HONG_KONG: &Step = &[&HK_BACK_PHRASES, &HK_BACK_CHARACTERS];

/// The steps between two varieties of different scripts, in order.
pub(super) fn steps(from: Variety, to: Variety) -> Option<Vec<&'static Step>> {
    use Variety::{HongKong, Macau, Simplified, Taiwan, Traditional};
    Some(match (from, to) {
        (Simplified, Traditional) => vec![TO_TRADITIONAL],
        (Simplified, Taiwan) => vec![TO_TRADITIONAL, TO_TAIWAN],
        (Simplified, HongKong | Macau) => vec![TO_TRADITIONAL, TO_HONG_KONG],
        // What says no region may be of any, and what Taiwan writes in a way of its own (`看著`) is nowhere written for something else.
        (Traditional | Taiwan, Simplified) => vec![FROM_TAIWAN, TO_SIMPLIFIED],
        (HongKong | Macau, Simplified) => vec![FROM_HONG_KONG, TO_SIMPLIFIED],
        (Simplified, Simplified)
        | (Traditional | Taiwan | HongKong | Macau, Traditional | Taiwan | HongKong | Macau) => {
            return None;
        }
    })
}
