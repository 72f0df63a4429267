//! Chinese texts in the other script: Simplified to Traditional and back, phrase by phrase. It knows texts and language tags, not articles.
//!
//! A text goes through one or two steps, each of which replaces the longest phrase that its dictionaries know at every place, as in OpenCC's
//! configurations `s2t`, `s2tw`, `s2hk`, `t2s`, `tw2s` and `hk2s`: between the scripts and the regional standards, never between the vocabularies.

mod choice;
mod dictionary;
mod markup;
#[cfg(test)]
mod tests;
mod variety;

use std::borrow::Cow;

pub use choice::{Choice, choose};
use dictionary::{Dictionary, Step};
pub(super) use dictionary::{simplified_characters, simplified_only};
pub use variety::{Script, Variety};

/// What editors want instead of what the dictionaries say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// What is found.
    pub found: String,
    /// What stands there instead.
    pub replacement: String,
}

/// From one way of writing Chinese to another.
pub struct Converter<'a> {
    from: Script,
    steps: Vec<&'static Step>,
    phrases: Dictionary<'a>,
}

impl<'a> Converter<'a> {
    /// From texts of `from` to texts of `to`; where `phrases` are found, they win over the dictionaries, the longest first. `None` where both
    /// are of one script.
    pub fn new(from: Variety, to: Variety, phrases: &'a [Phrase]) -> Option<Self> {
        let pairs = phrases
            .iter()
            .map(|phrase| (phrase.found.as_str(), phrase.replacement.as_str()));
        Some(Self {
            from: from.script(),
            steps: dictionary::steps(from, to)?,
            phrases: Dictionary::of_few(pairs),
        })
    }

    /// A plain text.
    pub fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        self.append(text, &mut out, Cow::Borrowed);
        out
    }

    /// A body of clean HTML: its texts are converted, everything else stays byte by byte: tags, attributes, references such as `&amp;`, what
    /// is code, and what says by `lang` that it is in another language or script.
    pub fn html(&self, html: &str) -> String {
        markup::convert(self, html)
    }

    /// Adds `text` converted; `escape` is for what editors wrote.
    fn append<'t>(
        &'t self,
        text: &str,
        out: &mut String,
        escape: impl Fn(&'t str) -> Cow<'t, str>,
    ) {
        if self.phrases.is_empty() {
            return self.look_up(text, out);
        }
        let mut pending = 0;
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            match self.phrases.longest(rest) {
                Some((length, replacement)) => {
                    self.look_up(text.get(pending..at).unwrap_or_default(), out);
                    out.push_str(&escape(replacement));
                    at += length;
                    pending = at;
                }
                None => at += rest.chars().next().map_or(1, char::len_utf8),
            }
        }
        self.look_up(text.get(pending..).unwrap_or_default(), out);
    }

    /// Adds `text` as the dictionaries have it.
    fn look_up(&self, text: &str, out: &mut String) {
        let Some((last, first)) = self.steps.split_last() else {
            return out.push_str(text);
        };
        let mut current = Cow::Borrowed(text);
        for step in first {
            let mut next = String::with_capacity(current.len());
            dictionary::replace(step, &current, &mut next);
            current = Cow::Owned(next);
        }
        dictionary::replace(last, &current, out);
    }
}
