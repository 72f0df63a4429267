//! What was found, marked in what an article says: in the rendition that is shown, else in another one.

use std::borrow::Cow;

use super::{Matching, Words};
use crate::search::highlight::{self, Extent};
use crate::service::articles::Summary;
use crate::store::articles::Wording;
use crate::text::html;

/// Passages of an article, at most.
const PASSAGES: usize = 3;

/// What was found in an article, as HTML in which nothing is marked up but the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlights {
    /// The title that is shown.
    pub title: String,
    /// Pieces of its text, in their order.
    pub passages: Vec<String>,
}

impl Highlights {
    /// Those of an article in these words. Passages are of the first text that has any: body, summary and subtitle of the rendition that
    /// is shown, then the same of others and their titles; those in the language that is shown come before the rest. Pieces of the words are
    /// marked only where no article has all of them.
    pub(super) fn of(
        summary: &Summary,
        mut wordings: Vec<Wording>,
        words: &Words,
        matching: Matching,
    ) -> Self {
        let shown = &summary.text.locale;
        let rank = |wording: &Wording| {
            let mut locales = summary.available_locales.iter();
            (
                wording.locale != *shown,
                language(&wording.locale) != language(shown),
                locales.position(|locale| *locale == wording.locale),
            )
        };
        wordings.sort_by_key(rank);
        let of_first = |extent| {
            let texts = wordings.iter().flat_map(|wording| texts(wording, shown));
            texts
                .map(|text| highlight::passages(&text, words, extent, PASSAGES))
                .find(|passages| !passages.is_empty())
        };
        let (passages, extent) = match matching {
            Matching::All => (of_first(Extent::Phrases), Extent::Phrases),
            // A text with a whole phrase goes before one with pieces.
            Matching::Most => {
                let passages = of_first(Extent::Phrases).or_else(|| of_first(Extent::Pieces));
                (passages, Extent::Pieces)
            }
        };
        let title = &summary.text.title;
        Self {
            title: highlight::whole(title, words, extent)
                .unwrap_or_else(|| highlight::plain(title)),
            passages: passages.unwrap_or_default(),
        }
    }
}

/// The texts of a rendition that passages may be of, one by one; its title only where that is not shown anyway.
fn texts<'a>(wording: &'a Wording, shown: &str) -> impl Iterator<Item = Cow<'a, str>> {
    let body = || Cow::Owned(html::plain_text(&wording.body_html));
    let others = [
        wording.summary.as_deref(),
        wording.subtitle.as_deref(),
        (wording.locale != shown).then_some(&*wording.title),
    ];
    std::iter::once_with(body).chain(others.into_iter().flatten().map(Cow::Borrowed))
}

/// The language of a tag, without script and region.
fn language(locale: &str) -> &str {
    locale.split('-').next().unwrap_or(locale)
}
