//! What may complete what somebody types: by which keys a text is looked up, and whether and how well it goes on from what is typed.
//! It knows neither where keys are kept nor what the texts are.
//!
//! A text is reached as it is written, by its sounds (`chuangxin`) and by their first letters (`cx`); from its beginning, and from some
//! places inside. Keys are cut: they find candidates, and [`Spelling::closeness`] decides.

use std::collections::BTreeSet;

use super::pinyin::{self, Sounds};
use super::units::Units;

/// How somebody types a text. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// As it is written, folded: script, width and case do not matter.
    Written,
    /// By the sounds of its characters.
    Sounds,
    /// By the first letters of the sounds.
    Initials,
}

impl Form {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Written, Self::Sounds, Self::Initials];

    /// The number it is stored as.
    pub fn code(self) -> i16 {
        match self {
            Self::Written => 0,
            Self::Sounds => 1,
            Self::Initials => 2,
        }
    }

    /// Bytes of its keys.
    fn longest_key(self) -> usize {
        match self {
            // Ten characters.
            Self::Written => 30,
            Self::Sounds => 18,
            Self::Initials => 8,
        }
    }

    /// `text` as its keys are cut.
    fn cut(self, text: &str) -> &str {
        let mut end = self.longest_key().min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.get(..end).unwrap_or_default()
    }
}

/// What a text is looked up by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// In which form.
    pub form: Form,
    /// The text in this form from one of its places on, cut.
    pub text: String,
}

/// Characters of a text that are looked at.
const READ: usize = 400;

/// Places at which a title may be begun: its beginning, and behind signs and blanks.
const TITLE_STARTS: usize = 4;

/// Places at which a name may be begun: each of its first characters and words.
const NAME_STARTS: usize = 16;

/// Characters from a place on whose other sounds count.
const VARIED: usize = 6;

/// A text as people may type it.
#[derive(Debug, Clone)]
pub struct Spelling {
    characters: Vec<char>,
    sounds: Vec<Option<Sounds>>,
    /// Places at which it may be begun, the beginning first.
    starts: Vec<usize>,
    /// Readings that have keys: from the beginning, and from inside.
    variants: (usize, usize),
}

impl Spelling {
    /// A title, of which there are many: it is reached from its beginning and from behind signs.
    pub fn of_title(title: &str) -> Self {
        Self::new(title, TITLE_STARTS, (2, 1), |gap, _| gap.chars().any(parts))
    }

    /// A name of something, of which there are few: it is reached from everywhere.
    pub fn of_name(name: &str) -> Self {
        Self::new(name, NAME_STARTS, (4, 2), |gap, is_character| {
            is_character || gap.chars().any(parts)
        })
    }

    /// `is_start` is asked for each unit with what stands before it, and whether it is a character.
    fn new(
        text: &str,
        most: usize,
        variants: (usize, usize),
        is_start: impl Fn(&str, bool) -> bool,
    ) -> Self {
        let end = text
            .char_indices()
            .nth(READ)
            .map_or(text.len(), |(at, _)| at);
        let text = text.get(..end).unwrap_or_default();
        let units = Units::of(text);
        let (mut characters, mut starts, mut last) = (Vec::new(), Vec::new(), 0);
        for unit in units.items() {
            let source = unit.source();
            let gap = text.get(last..source.start).unwrap_or_default();
            last = source.end;
            let is_first = characters.is_empty();
            if starts.len() < most && (is_first || is_start(gap, unit.is_character)) {
                starts.push(characters.len());
            }
            characters.extend(units.folded(unit).chars());
        }
        // Nobody types the last character to get it.
        let length = characters.len();
        starts.retain(|start| *start == 0 || start + 1 < length);
        let sounds = pinyin::sounds(&characters);
        Self {
            characters,
            sounds,
            starts,
            variants,
        }
    }

    /// Everything it is looked up by, each once.
    pub fn keys(&self) -> BTreeSet<Key> {
        let mut keys = BTreeSet::new();
        for start in &self.starts {
            let written: String = self.characters.iter().skip(*start).take(READ).collect();
            keys.insert(Key::new(Form::Written, &written));
            let most = if *start == 0 {
                self.variants.0
            } else {
                self.variants.1
            };
            for changed in self.readings(*start, most) {
                let (sounds, initials) = self.sounded(*start, changed);
                if sounds != Form::Sounds.cut(&written) {
                    keys.insert(Key::new(Form::Sounds, &sounds));
                    keys.insert(Key::new(Form::Initials, &initials));
                }
            }
        }
        keys
    }

    /// Up to `most` ways to read it from `start` on: as is likely, then with one character that sounds otherwise.
    fn readings(&self, start: usize, most: usize) -> Vec<Option<(usize, &'static str)>> {
        let near = self.sounds.iter().enumerate().skip(start).take(VARIED);
        let others = near.flat_map(|(at, sounds)| {
            let others = sounds.iter().flat_map(|sounds| sounds.others());
            others.map(move |other| Some((at, other)))
        });
        std::iter::once(None).chain(others).take(most).collect()
    }

    /// Sounds and first letters from `start` on, as far as keys go, where one character may sound otherwise.
    fn sounded(&self, start: usize, changed: Option<(usize, &str)>) -> (String, String) {
        let (mut sounds, mut initials) = (String::new(), String::new());
        let places = self.characters.iter().zip(&self.sounds).enumerate();
        for (at, (c, sound)) in places.skip(start) {
            if sounds.len() >= Form::Sounds.longest_key()
                && initials.len() >= Form::Initials.longest_key()
            {
                break;
            }
            let changed = changed.filter(|(place, _)| *place == at);
            let syllable = changed.map(|(_, s)| s).or(sound.map(|s| s.likely));
            match syllable {
                Some(syllable) => {
                    sounds.push_str(syllable);
                    initials.extend(syllable.chars().next());
                }
                None => {
                    sounds.push(*c);
                    initials.push(*c);
                }
            }
        }
        (
            Form::Sounds.cut(&sounds).to_owned(),
            Form::Initials.cut(&initials).to_owned(),
        )
    }

    /// How well it goes on from what is typed, if it does.
    pub fn closeness(&self, typed: &Typed) -> Option<Closeness> {
        let ways = self.starts.iter().filter_map(|start| {
            Some(Closeness {
                form: self.form_from(*start, typed)?,
                is_inside: *start > 0,
            })
        });
        ways.min()
    }

    fn form_from(&self, start: usize, typed: &Typed) -> Option<Form> {
        let rest = self.characters.get(start..)?;
        if rest.starts_with(&typed.characters) {
            return Some(Form::Written);
        }
        if !typed.has_letters {
            return None;
        }
        [Form::Sounds, Form::Initials]
            .into_iter()
            .find(|form| self.is_sounded(start, typed, *form))
    }

    /// Whether `typed` can be read as the characters from `start` on: each as it is written or by its whole sound (the last one by the
    /// beginning of it), with [`Form::Initials`] also by its first letter.
    fn is_sounded(&self, start: usize, typed: &Typed, form: Form) -> bool {
        let end = typed.characters.len();
        // Places in `typed` that are reached.
        let mut reached = BTreeSet::from([0]);
        for (c, sounds) in self.characters.iter().zip(&self.sounds).skip(start) {
            let mut next = BTreeSet::new();
            for at in &reached {
                let Some(rest) = typed.characters.get(*at..).filter(|r| !r.is_empty()) else {
                    continue;
                };
                if rest.first() == Some(c) {
                    next.insert(at + 1);
                }
                let Some(sounds) = sounds else { continue };
                for syllable in std::iter::once(sounds.likely).chain(sounds.others()) {
                    let same = rest.iter().zip(syllable.chars());
                    let same = same.take_while(|(typed, c)| **typed == *c).count();
                    if same == syllable.len() || same == rest.len() {
                        next.insert(at + same);
                    }
                    if same > 0 && form == Form::Initials {
                        next.insert(at + 1);
                    }
                }
            }
            if next.contains(&end) {
                return true;
            }
            if next.is_empty() {
                return false;
            }
            reached = next;
        }
        false
    }
}

impl Key {
    fn new(form: Form, text: &str) -> Self {
        Self {
            form,
            text: form.cut(text).to_owned(),
        }
    }
}

/// Whether a character between two words parts them: invisible ones do not.
fn parts(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// How a text goes on from what is typed; less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closeness {
    /// In which form.
    pub form: Form,
    /// Whether from a place inside, not from the beginning.
    pub is_inside: bool,
}

/// What somebody has typed so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    characters: Vec<char>,
    has_letters: bool,
}

impl Typed {
    /// What `text` says to search; `None` where that is nothing.
    pub fn of(text: &str) -> Option<Self> {
        let units = Units::of(text);
        let characters: Vec<char> = units
            .items()
            .iter()
            .flat_map(|unit| units.folded(unit).chars())
            .collect();
        let has_letters = characters.iter().any(char::is_ascii_lowercase);
        (!characters.is_empty()).then_some(Self {
            characters,
            has_letters,
        })
    }

    /// The beginnings of all keys that may lead to what goes on from it. Some lead to more than that.
    pub fn beginnings(&self) -> Vec<Key> {
        let whole: String = self.characters.iter().collect();
        let mut found = vec![Key::new(Form::Written, &whole)];
        if self.characters.iter().all(char::is_ascii_alphanumeric) {
            if self.has_letters {
                found.push(Key::new(Form::Sounds, &whole));
            }
            // One letter begins the sound already.
            if self.has_letters && self.characters.len() > 1 {
                found.push(Key::new(Form::Initials, &whole));
            }
        } else if self.has_letters {
            // What is typed half: the characters may go on by their sounds.
            let mut written = self.characters.iter().peekable();
            let mut head = String::new();
            while let Some(c) = written.next_if(|c| c.is_ascii()) {
                head.push(*c);
            }
            while let Some(c) = written.next_if(|c| !c.is_ascii()) {
                head.push(*c);
            }
            found.push(Key::new(Form::Written, &head));
            found.dedup();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_found(spelling: &Spelling, typed: &Typed) -> bool {
        let keys = spelling.keys();
        typed.beginnings().iter().any(|beginning| {
            keys.iter()
                .any(|key| key.form == beginning.form && key.text.starts_with(&beginning.text))
        })
    }

    /// How `text` is reached by `typed`: by a key, and then how well.
    fn way(spelling: &Spelling, typed: &str) -> Option<(Form, bool)> {
        let typed = Typed::of(typed)?;
        let closeness = spelling.closeness(&typed)?;
        is_found(spelling, &typed).then_some((closeness.form, closeness.is_inside))
    }

    #[test]
    fn names_are_reached_by_script_sound_and_initials() {
        use Form::{Initials, Sounds, Written};
        for (name, typed, expected) in [
            ("科技創新", "科技", Some((Written, false))),
            ("科技創新", "创新", Some((Written, true))),
            ("科技创新", "創　新", Some((Written, true))),
            ("科技创新", "keji", Some((Sounds, false))),
            ("科技创新", "chuangx", Some((Sounds, true))),
            ("科技创新", "chuang xin", Some((Sounds, true))),
            ("科技创新", "KJCX", Some((Initials, false))),
            ("科技创新", "cx", Some((Initials, true))),
            ("中国科学院", "zgkxy", Some((Initials, false))),
            ("中国科学院", "zgk", Some((Initials, false))),
            ("中国科学院", "中国kxy", Some((Initials, false))),
            ("中国科学院", "中国kexue", Some((Sounds, false))),
            ("重庆", "chongqing", Some((Sounds, false))),
            ("重庆", "zhongqing", Some((Sounds, false))),
            ("银行", "yinhang", Some((Sounds, false))),
            ("长江", "changjiang", Some((Sounds, false))),
            ("行长", "hangzhang", Some((Sounds, false))),
            ("行长", "hz", Some((Initials, false))),
            ("音樂", "yinyue", Some((Sounds, false))),
            ("女性", "nvxing", Some((Sounds, false))),
            ("女性", "nuxing", Some((Sounds, false))),
            ("ＡＩ赋能", "aifn", Some((Initials, false))),
            ("ＡＩ赋能", "ai", Some((Written, false))),
            ("Nature Physics", "phys", Some((Written, true))),
            ("Nature Physics", "naturep", Some((Written, false))),
            ("创\u{200b}新", "创新", Some((Written, false))),
            ("🎉庆典", "🎉", Some((Written, false))),
            ("科技创新", "技术", None),
            ("科技创新", "kejx", None),
            ("科技创新", "%", None),
        ] {
            assert_eq!(
                way(&Spelling::of_name(name), typed),
                expected,
                "{name} {typed}"
            );
        }
    }

    #[test]
    fn titles_are_reached_from_behind_signs() {
        let title = Spelling::of_title("专题：《生物安全》——新问题、新挑战，还有更多");
        for (typed, is_reached) in [
            ("专题", true),
            ("专题生物", true),
            ("生物", true),
            ("shengwuanq", true),
            ("swaq", true),
            ("xwt", true),
            ("安全", false),
            ("还有", false),
        ] {
            assert_eq!(way(&title, typed).is_some(), is_reached, "{typed}");
        }
    }

    #[test]
    fn what_is_typed_may_be_longer_than_keys() {
        let long = "中国科学院院士专家团队在合肥发布最新研究成果引起广泛关注";
        let title = Spelling::of_title(long);
        let sounds = "zhongguokexueyuanyuanshizhuanjiatuan";
        for typed in [
            long,
            "中国科学院院士专家团队在合肥发布",
            sounds,
            "zgkxyyszjtd",
        ] {
            assert!(way(&title, typed).is_some(), "{typed}");
        }
        assert!(way(&title, &format!("{long}吗")).is_none());
        assert!(way(&title, "zgkxyyszjtdx").is_none());
    }

    #[test]
    fn nothing_typed_is_nothing() {
        for text in ["", "  ", "！？，。", "\u{200b}", "%_'\""] {
            assert_eq!(Typed::of(text), None, "{text}");
        }
    }

    #[test]
    fn keys_are_few_and_short() {
        let keys = Spelling::of_title(&"长".repeat(1000)).keys();
        assert!(keys.len() <= 5, "{keys:?}");
        for key in keys {
            assert!(key.text.len() <= key.form.longest_key());
        }
        let keys = Spelling::of_name(&"行 ".repeat(100)).keys();
        assert!(keys.len() <= 80, "{}", keys.len());
    }
}
