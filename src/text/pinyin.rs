//! How Chinese characters sound: syllables of pinyin without tones, `v` for ü as it is typed. It knows sounds, not what is done with them.

use std::collections::HashMap;
use std::sync::LazyLock;

use pinyin::ToPinyin;

/// Characters of the longest word that is read as a whole.
const LONGEST_WORD: usize = 3;

/// The sounds of a character where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sounds {
    /// The most likely one.
    pub likely: &'static str,
    /// All that people may mean, the most likely of the character alone first; empty where there is no other.
    all: &'static [&'static str],
}

impl Sounds {
    /// Those beside the most likely one.
    pub fn others(self) -> impl Iterator<Item = &'static str> {
        let likely = self.likely;
        self.all.iter().copied().filter(move |s| *s != likely)
    }
}

/// Characters with several sounds, and words that say which.
#[derive(Default)]
struct Polyphones {
    characters: HashMap<char, Vec<&'static str>>,
    words: HashMap<&'static str, Vec<&'static str>>,
}

static POLYPHONES: LazyLock<Polyphones> = LazyLock::new(|| {
    let mut found = Polyphones::default();
    for line in include_str!("polyphones.txt").lines() {
        let mut parts = line.split(' ');
        let written = parts.next().unwrap_or_default();
        let mut characters = written.chars();
        match (characters.next(), characters.next()) {
            (None | Some('#'), _) => {}
            (Some(c), None) => {
                found.characters.insert(c, parts.collect());
            }
            (Some(_), Some(_)) => {
                found.words.insert(written, parts.collect());
            }
        }
    }
    found
});

/// The sounds of each of `characters`, which are simplified ones; nothing for what is no Chinese character.
pub fn sounds(characters: &[char]) -> Vec<Option<Sounds>> {
    let mut found: Vec<Option<Sounds>> = characters.iter().map(|c| alone(*c)).collect();
    let mut word = String::new();
    let mut at = 0;
    while at < characters.len() {
        let read = (2..=LONGEST_WORD).rev().find_map(|length| {
            let written = characters.get(at..at + length)?;
            word.clear();
            word.extend(written);
            POLYPHONES.words.get(word.as_str())
        });
        let Some(syllables) = read else {
            at += 1;
            continue;
        };
        for (sounds, syllable) in found.iter_mut().skip(at).zip(syllables) {
            if let Some(sounds) = sounds {
                sounds.likely = syllable;
            }
        }
        // The last character may begin the next word: 校长 and 长官 share one.
        at += syllables.len().saturating_sub(1).max(1);
    }
    found
}

fn alone(c: char) -> Option<Sounds> {
    if c.is_ascii() {
        return None;
    }
    if let Some(all) = POLYPHONES.characters.get(&c) {
        let likely = all.first()?;
        return Some(Sounds { likely, all });
    }
    let (likely, all): (_, &[&str]) = match c.to_pinyin()?.plain() {
        "lü" => ("lv", &["lv", "lu"]),
        "nü" => ("nv", &["nv", "nu"]),
        "lüe" => ("lve", &["lve", "lue"]),
        "nüe" => ("nve", &["nve", "nue"]),
        syllable => (syllable, &[]),
    };
    Some(Sounds { likely, all })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let characters: Vec<char> = text.chars().collect();
        let sounds = sounds(&characters).into_iter();
        sounds
            .map(|s| s.map_or("-", |s| s.likely))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn words_say_how_a_character_sounds() {
        for (text, sound) in [
            ("重庆", "chong qing"),
            ("重要", "zhong yao"),
            ("银行", "yin hang"),
            ("行动", "xing dong"),
            ("长江", "chang jiang"),
            ("行长", "hang zhang"),
            ("校长官", "xiao zhang guan"),
            ("音乐", "yin yue"),
            ("快乐", "kuai le"),
            ("首都", "shou du"),
            ("西藏收藏", "xi zang shou cang"),
            ("AI创新", "- - chuang xin"),
            ("女律师", "nv lv shi"),
            ("战略", "zhan lve"),
            ("中国科学院", "zhong guo ke xue yuan"),
        ] {
            assert_eq!(read(text), sound, "{text}");
        }
    }

    #[test]
    fn every_line_of_the_table_fits() {
        for (word, syllables) in &POLYPHONES.words {
            assert_eq!(word.chars().count(), syllables.len(), "{word}");
            assert!(syllables.len() <= LONGEST_WORD, "{word}");
        }
        for (c, all) in &POLYPHONES.characters {
            assert!(all.len() > 1, "{c}");
        }
        let every = POLYPHONES
            .words
            .values()
            .chain(POLYPHONES.characters.values());
        assert!(
            every
                .flatten()
                .all(|s| s.bytes().all(|b| b.is_ascii_lowercase()))
        );
    }
}
