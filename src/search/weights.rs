//! Relevance: what a term is worth in which field, and how much a newer article is preferred. BM25F (Robertson, Zaragoza, Taylor 2004)
//! over units, with lengths of fields that are fixed instead of averaged, so that what is stored never has to change.

use super::document::Field;

/// How fast further occurrences stop to matter.
const K1: f32 = 1.2;

/// The kinds of fields that are weighted apart.
const GROUPS: usize = 4;

/// What an occurrence is worth in titles, in keywords and names, in summaries, in bodies.
const WEIGHTS: [f32; GROUPS] = [9.0, 4.0, 1.0, 0.5];

/// How much the length of a field matters.
const B: [f32; GROUPS] = [0.6, 0.8, 0.4, 0.8];

/// The usual length of a field, in units.
const USUAL: [f32; GROUPS] = [50.0, 60.0, 40.0, 500.0];

/// A year more is worth this much, as part of a score.
const YEAR: f32 = 0.02;

/// The weeks of a year, and those between 1970 and 1990, from when on years count.
const WEEKS: f32 = 52.18;
const FIRST_WEEK: u16 = 1043;

/// What a title or a keyword that is exactly what was asked for adds, as a part of what all terms are worth.
pub(super) const WHOLE: f32 = 0.5;

/// How often something stands in the groups of fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Frequencies([u32; GROUPS]);

impl Frequencies {
    pub(super) fn add(&mut self, field: Field, times: usize) {
        let group = match field {
            Field::Title => 0,
            Field::Subtitle
            | Field::Keyword
            | Field::Contributor
            | Field::Source
            | Field::Topic
            | Field::Attachment => 1,
            Field::Summary => 2,
            Field::Body => 3,
        };
        if let Some(number) = self.0.get_mut(group) {
            *number = number.saturating_add(u32::try_from(times).unwrap_or(u32::MAX));
        }
    }
}

/// How much a term with these frequencies says about a document with fields of these lengths: 1 to 255.
pub(super) fn impact(frequencies: &Frequencies, lengths: &Frequencies) -> u8 {
    let mut weight = 0.0;
    for (((times, length), worth), (b, usual)) in frequencies
        .0
        .iter()
        .zip(lengths.0)
        .zip(WEIGHTS)
        .zip(B.into_iter().zip(USUAL))
    {
        weight += worth * float(*times) / (1.0 - b + b * float(length) / usual);
    }
    quantised(weight / (K1 + weight))
}

/// How rare terms are worth more: of `documents` documents, `with` have it. In steps, so that scores stay the same from one page to the
/// next although articles are saved meanwhile.
pub(super) fn rarity(documents: u64, with: u64) -> f32 {
    const STEPS: f64 = 8.0;
    let documents = wide(documents);
    let with = wide(with).min(documents);
    let exactly = (1.0 + (documents - with + 0.5) / (with + 0.5)).ln();
    narrow((exactly * STEPS).ceil() / STEPS)
}

/// What a week of publication adds to a score.
pub(super) fn recency(week: u16) -> f32 {
    f32::from(week.saturating_sub(FIRST_WEEK)) * (YEAR / WEEKS)
}

/// `share` of 255, at least 1.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and 255"
)]
fn quantised(share: f32) -> u8 {
    (share * 255.0).round().clamp(1.0, 255.0) as u8
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "frequencies and lengths need no more than the 24 bits that a float has"
)]
fn float(number: u32) -> f32 {
    number as f32
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "numbers of documents are below 2^53"
)]
fn wide(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a logarithm of a number of documents is small"
)]
fn narrow(number: f64) -> f32 {
    number as f32
}
