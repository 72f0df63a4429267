//! Recordings of articles: what they were made for, and whether the article says something else since. Two texts are the same for
//! a recording where title, subtitle and the words of the body are: it reads neither links nor emphasis.

use std::collections::HashMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::{Misfit, misfit};
use crate::models::article::{Audio, Text};
use crate::models::record::AudioRecord;
use crate::text::html;

/// The digest of a text that nobody knows any more.
const UNKNOWN: &str = "";

/// Bytes of a digest that are kept: it tells texts apart, nobody attacks it.
const KEPT: usize = 16;

/// The most revisions that the recordings of one request may name: each is read whole.
pub const MAX_NAMED: usize = 10;

/// Digests of the renditions of an article by language, the original first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readings(Vec<(String, String)>);

impl Readings {
    /// Those of `texts`, which begin with the original.
    pub fn of(texts: &[Text]) -> Self {
        let all = texts.iter().map(|text| (text.locale.clone(), digest(text)));
        Self(all.collect())
    }

    /// That of a language; `None` stands for the original.
    fn of_locale(&self, locale: Option<&str>) -> Option<&str> {
        let found = match locale {
            None => self.0.first(),
            Some(locale) => self.0.iter().find(|(known, _)| known == locale),
        };
        found.map(|(_, digest)| digest.as_str())
    }
}

/// The revisions that recordings may have been made for.
#[derive(Debug, Clone, Default)]
pub struct Revisions {
    /// The number of the one that is made.
    pub next: i64,
    /// What the article said in others, by their numbers.
    pub earlier: HashMap<i64, Readings>,
}

impl Revisions {
    /// No other revision than the one that is made.
    pub fn only(next: i64) -> Self {
        Self {
            next,
            earlier: HashMap::new(),
        }
    }
}

/// A digest of what is read of a text.
fn digest(text: &Text) -> String {
    let words = html::plain_text(&text.body_html);
    let subtitle = text.subtitle.as_deref().unwrap_or_default();
    let mut hasher = Sha256::new();
    for part in [&text.title, subtitle, &words] {
        hasher.update(part.as_bytes());
        // Stands in no text, so no two texts run together.
        hasher.update([0]);
    }
    let mut digits = String::with_capacity(2 * KEPT);
    for byte in hasher.finalize().iter().take(KEPT) {
        // Writing to a string never fails.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// The revisions beside the next one that recordings name and that are to be looked up: not those that a stored recording is known
/// to have been made for.
pub fn named(records: &[AudioRecord], stored: &[Audio], next: i64) -> Result<Vec<i64>, Misfit> {
    let is_known = |record: &AudioRecord| {
        let same = |audio: &Audio| audio.url == record.url && audio.revision == record.revision;
        stored.iter().any(same)
    };
    let mut numbers: Vec<i64> = records
        .iter()
        .filter(|record| !is_known(record))
        .filter_map(|record| record.revision)
        .filter(|number| *number != next)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    match numbers.len() > MAX_NAMED {
        true => Err(misfit(
            "audio",
            format!(
                "names {} revisions, at most {MAX_NAMED} are looked up at once; change the recordings in several steps",
                numbers.len()
            ),
        )),
        false => Ok(numbers),
    }
}

/// The recordings that records describe, of an article that says `texts` now and has the recordings `stored`. One that stays is made
/// for what it was made for, also where that rendition is gone; a new one for what the article says, or said in the revision that it
/// names.
pub(super) fn taken(
    records: Vec<AudioRecord>,
    texts: &[Text],
    stored: &[Audio],
    revisions: &Revisions,
) -> Result<Vec<Audio>, Misfit> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let said = Said {
        now: Readings::of(texts),
        own: texts.first().map_or("", |text| &text.locale),
        stored,
        revisions,
    };
    let records = records.into_iter().enumerate();
    records
        .map(|(at, record)| {
            said.recording(record).map_err(|m| Misfit {
                member: format!("audio[{at}].{}", m.member),
                ..m
            })
        })
        .collect()
}

/// What recordings may have been made for.
struct Said<'s> {
    now: Readings,
    /// The language of the original.
    own: &'s str,
    stored: &'s [Audio],
    revisions: &'s Revisions,
}

impl Said<'_> {
    fn recording(&self, record: AudioRecord) -> Result<Audio, Misfit> {
        let AudioRecord {
            url,
            media_type,
            duration_s,
            locale,
            revision,
            stale,
        } = record;
        let locale = locale.filter(|locale| locale != self.own);
        let now = self.now.of_locale(locale.as_deref()).map(str::to_owned);
        let known = self.stored.iter().find(|known| {
            let read = known.locale.as_deref().filter(|read| *read != self.own);
            known.url == url
                && read == locale.as_deref()
                && (revision.is_none() || known.revision == revision)
        });
        // One that is there outlives its rendition, and a file may bring one that has; nothing else reads what is not there.
        let may_read_nothing = stale.unwrap_or(known.is_some());
        if now.is_none() && !may_read_nothing {
            return Err(self.no_rendition());
        }
        let (revision, digest) = match (known, revision) {
            (Some(known), _) => (known.revision, known.digest.clone()),
            (None, Some(number)) if number != self.revisions.next => {
                let digest = self.said_in(number, locale.as_deref())?;
                (Some(number), Some(digest))
            }
            (None, _) => (now.as_ref().map(|_| self.revisions.next), now.clone()),
        };
        let is_stale = match (&digest, &now) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(digest), Some(now)) => digest != now,
        };
        // A file may know better: it speaks of texts that nobody has here.
        let digest = match stale {
            Some(true) if !is_stale => Some(UNKNOWN.to_owned()),
            Some(false) if is_stale => now,
            // What a rendition said that is gone is not to be taken for what a new one says.
            _ if now.is_none() => digest.or_else(|| Some(UNKNOWN.to_owned())),
            _ => digest,
        };
        Ok(Audio {
            url,
            media_type,
            duration_s,
            locale,
            revision,
            digest,
            stale: false,
        })
    }

    fn no_rendition(&self) -> Misfit {
        let there: Vec<String> = self.now.0.iter().map(|(l, _)| format!("`{l}`")).collect();
        misfit(
            "locale",
            format!(
                "names no rendition of the article, which is there in {}; add the translation first",
                there.join(", ")
            ),
        )
    }

    /// What a rendition said in a revision.
    fn said_in(&self, number: i64, locale: Option<&str>) -> Result<String, Misfit> {
        let missing = || {
            misfit(
                "revision",
                format!(
                    "names no revision of this article that is kept: there is no {number}; leave it out for the one that is made"
                ),
            )
        };
        let readings = self.revisions.earlier.get(&number).ok_or_else(missing)?;
        let digest = readings.of_locale(locale).ok_or_else(|| {
            misfit(
                "revision",
                format!(
                    "names revision {number}, in which the article was not there in this language"
                ),
            )
        })?;
        Ok(digest.to_owned())
    }
}

/// Notes of each recording what it was made for, where that is not known: what the article says.
pub fn pin(audio: &mut [Audio], texts: &[Text]) {
    if audio.iter().all(|recording| recording.digest.is_some()) {
        return;
    }
    let said = Readings::of(texts);
    for recording in audio {
        if recording.digest.is_none() {
            recording.digest = said
                .of_locale(recording.locale.as_deref())
                .map(str::to_owned);
        }
    }
}

/// Notes of each recording whether it is stale, now that the article says `texts`. Those that were there before anybody noted what
/// they were made for were made for what the article said `before`.
pub fn refresh(audio: &mut [Audio], texts: &[Text], before: &[Text]) {
    if audio.is_empty() {
        return;
    }
    let now = Readings::of(texts);
    let then = match audio.iter().any(|recording| recording.digest.is_none()) {
        true => Readings::of(before),
        false => Readings::default(),
    };
    for recording in audio {
        let locale = recording.locale.as_deref();
        let digest = recording.digest.as_deref();
        let made_for = digest.or_else(|| then.of_locale(locale));
        // Without its rendition it is stale too.
        recording.stale = made_for != now.of_locale(locale);
        if recording.stale {
            recording.digest = Some(made_for.unwrap_or(UNKNOWN).to_owned());
        }
    }
}
