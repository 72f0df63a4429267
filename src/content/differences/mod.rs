//! What is different between an article as it was and as it is, field by field, as editors see it. It does not know where the
//! two come from.

mod fields;
mod lists;

use std::iter;

use crate::models::article::{ManagedArticle, Text};
use crate::models::difference::{Difference, FieldDifference, Segment, SegmentKind};
use crate::text::diff::{self, Edit, Markup, Unit};
use fields::{Fields, Named};

/// Bytes of all texts that are compared unit by unit; of those beyond it is only said that one was replaced by the other.
const COMPARED: usize = 16 << 20;

/// The fields of `after` that are not what they were in `before`; without that, all that say something.
///
/// What belongs to a language comes by language, the original's own first. Renditions are compared with those in the same language; where
/// the original is in a language that the other article does not have at all, with the other original.
pub fn compare(
    before: Option<&ManagedArticle>,
    after: &ManagedArticle,
    unit: Unit,
) -> Vec<FieldDifference> {
    let mut comparison = Comparison {
        unit,
        room: COMPARED,
        found: Vec::new(),
    };
    let mut pairs = pairs(before, after).into_iter();
    let original = pairs.next().unwrap_or_default();
    comparison.renditions(original);
    let shared = |article: Option<_>| article.map(fields::of_article).unwrap_or_default();
    comparison.fields(None, shared(before), shared(Some(after)));
    for pair in pairs {
        comparison.renditions(pair);
    }
    comparison.found
}

/// A rendition as it was and as it is.
type Pair<'a> = (Option<&'a Text>, Option<&'a Text>);

/// Which renditions belong together, the original first.
fn pairs<'a>(before: Option<&'a ManagedArticle>, after: &'a ManagedArticle) -> Vec<Pair<'a>> {
    let old: &[Text] = before.map_or(&[], |article| &article.content.texts);
    let new = &after.content.texts;
    let find = |texts: &'a [Text], locale: &str| texts.iter().find(|text| text.locale == locale);
    let was_renamed = match (old.first(), new.first()) {
        (Some(one), Some(other)) => {
            find(new, &one.locale).is_none() && find(old, &other.locale).is_none()
        }
        _ => false,
    };
    let of_new = new.iter().enumerate().map(|(at, text)| {
        let counterpart = match at {
            0 if was_renamed => old.first(),
            _ => find(old, &text.locale),
        };
        (counterpart, Some(text))
    });
    let gone = old.iter().skip(usize::from(was_renamed));
    let gone = gone.filter(|text| find(new, &text.locale).is_none());
    of_new.chain(gone.map(|text| (Some(text), None))).collect()
}

struct Comparison {
    unit: Unit,
    /// Bytes that may still be compared unit by unit.
    room: usize,
    found: Vec<FieldDifference>,
}

impl Comparison {
    /// Compares two renditions; of one that is not there all fields are empty.
    fn renditions(&mut self, (before, after): Pair<'_>) {
        let fields = |text: Option<_>| text.map(fields::of_rendition).unwrap_or_default();
        if let Some(text) = after.or(before) {
            self.fields(Some(&text.locale), fields(before), fields(after));
        }
    }

    fn fields(&mut self, locale: Option<&str>, before: Fields<'_>, after: Fields<'_>) {
        for (field, before, after) in side_by_side(before.plain, after.plain) {
            if before != after {
                let segments = self.segments(before, after, Markup::Plain);
                self.push(field, locale, Difference::Text(segments));
            }
        }
        for (field, before, after) in side_by_side(before.html, after.html) {
            if before != after {
                let segments = self.segments(before, after, Markup::Html);
                self.push(field, locale, Difference::Html(segments));
            }
        }
        for (field, before, after) in side_by_side(before.values, after.values) {
            if before != after {
                self.push(field, locale, Difference::Value { before, after });
            }
        }
        for (field, before, after) in side_by_side(before.lists, after.lists) {
            let items = lists::compare(&before, &after);
            if !items.is_empty() {
                self.push(field, locale, Difference::List(items));
            }
        }
    }

    fn segments(&mut self, before: &str, after: &str, markup: Markup) -> Vec<Segment> {
        let Some(room) = self.room.checked_sub(before.len() + after.len()) else {
            let replaced = [(SegmentKind::Delete, before), (SegmentKind::Insert, after)];
            let replaced = replaced.into_iter().filter(|(_, text)| !text.is_empty());
            return replaced.map(|(kind, text)| segment(kind, text)).collect();
        };
        self.room = room;
        let runs = diff::diff(before, after, self.unit, markup).into_iter();
        runs.map(|run| match run.edit {
            Edit::Equal => segment(SegmentKind::Equal, run.text),
            Edit::Delete => segment(SegmentKind::Delete, run.text),
            Edit::Insert => segment(SegmentKind::Insert, run.text),
        })
        .collect()
    }

    fn push(&mut self, field: &'static str, locale: Option<&str>, how: Difference) {
        self.found.push(FieldDifference {
            field,
            locale: locale.map(str::to_owned),
            how,
        });
    }
}

/// Fields of the same thing, both of which are there unless one thing is not.
fn side_by_side<T: Default>(
    before: Named<T>,
    after: Named<T>,
) -> impl Iterator<Item = (&'static str, T, T)> {
    let (mut before, mut after) = (before.into_iter(), after.into_iter());
    iter::from_fn(move || match (before.next(), after.next()) {
        (Some((field, before)), Some((_, after))) => Some((field, before, after)),
        (Some((field, before)), None) => Some((field, before, T::default())),
        (None, Some((field, after))) => Some((field, T::default(), after)),
        (None, None) => None,
    })
}

fn segment(kind: SegmentKind, text: &str) -> Segment {
    Segment {
        kind,
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
