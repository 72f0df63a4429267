//! Injected text taken out of a record, or replaced: only that changes, every other byte stays. It knows what to take out and what a record says, not
//! who may do it, nor where the record is kept.

mod article;
mod markup;
mod records;
mod spans;

use std::ops::Range;

use super::fold::Folded;
use crate::models::difference::{Segment, SegmentKind};
use crate::models::hygiene::{Form, Found, Place};
use crate::models::repair::MemberChange;
use crate::models::rules::{Verdict, not_blank};
use spans::{Cuts, Edit};

pub use article::Slugs;

/// A phrase, and what is to stand in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The phrase as places are compared with it.
    folded: String,
    /// The phrase as it was given.
    literal: String,
    /// What is to stand there.
    with: String,
}

impl Pair {
    /// `with` in place of `phrase`, however that is written; `None` where nothing is left of the phrase to compare.
    pub fn new(phrase: &str, with: &str) -> Option<Self> {
        let mut folded = Folded::default();
        folded.plain(0, phrase);
        folded
            .marks
            .iter()
            .any(|mark| mark.is_content())
            .then(|| Self {
                folded: folded.text,
                literal: phrase.to_owned(),
                with: with.to_owned(),
            })
    }
}

/// A finding of a record that is to be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut<'r> {
    /// Its place in the request.
    pub place: usize,
    /// What was found.
    pub found: &'r Found,
}

/// Why a record cannot be mended as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The place of the finding in the request; `None` where a replacement is at fault.
    pub place: Option<usize>,
    /// What is wrong, and the mend: a sentence that follows the name of the member of the request.
    pub reason: String,
}

/// A record that is being mended: goes through its members, and notes what it changes.
#[derive(Debug)]
pub struct Mender<'r> {
    pairs: &'r [Pair],
    /// What is to be cut, and whether it was.
    cuts: Vec<(Cut<'r>, bool)>,
    /// What was changed, member by member.
    pub changes: Vec<MemberChange>,
    /// Why it cannot be done.
    pub refusals: Vec<Refusal>,
    /// How many places were replaced.
    pub replaced: usize,
}

/// What a member says after it was mended.
enum Mended {
    /// What it said.
    Same,
    /// This.
    To(String),
    /// Nothing that shows: all of it was cut, for the finding at this place of the request among others.
    Blank(usize),
}

impl<'r> Mender<'r> {
    /// Replaces what `pairs` say, and cuts these findings of the record.
    pub fn new(pairs: &'r [Pair], cuts: impl IntoIterator<Item = Cut<'r>>) -> Self {
        Self {
            pairs,
            cuts: cuts.into_iter().map(|cut| (cut, false)).collect(),
            changes: Vec::new(),
            refusals: Vec::new(),
            replaced: 0,
        }
    }

    /// Notes what could not be found. To be called last. What cleaning took off is not stored, so there is nothing to cut.
    pub fn finish(&mut self) {
        for (cut, is_done) in &mut self.cuts {
            if cut.found.is_stored && !*is_done {
                self.refusals.push(Refusal {
                    place: Some(cut.place),
                    reason: "names a finding whose text does not stand there any more; list the findings anew".to_owned(),
                });
            }
        }
    }

    /// The findings that are to be cut from a member, where they are in it.
    fn cuts_in(
        &mut self,
        locale: Option<&str>,
        field: &str,
        text: &str,
    ) -> Vec<(usize, Place, Range<usize>)> {
        let mut ranges = Vec::new();
        for (cut, is_done) in &mut self.cuts {
            let found = cut.found;
            if !found.is_stored
                || *is_done
                || found.field != field
                || found.locale.as_deref() != locale
            {
                continue;
            }
            if let Some(range) = standing(found, text) {
                *is_done = true;
                ranges.push((cut.place, found.place, range));
            }
        }
        ranges
    }

    fn mend(
        &mut self,
        locale: Option<&str>,
        field: &str,
        form: Form,
        text: &str,
        rule: fn(&str) -> Verdict,
    ) -> Mended {
        let named = self.cuts_in(locale, field, text);
        let place = named.first().map(|(place, ..)| *place);
        let cuts = Cuts {
            count: named.len(),
            ranges: named
                .into_iter()
                .map(|(_, place, range)| (place, range))
                .collect(),
        };
        let (edits, replaced) = spans::edits(form, text, self.pairs, &cuts);
        if edits.is_empty() {
            return Mended::Same;
        }
        let after = applied(text, &edits);
        self.replaced += replaced;
        self.changes.push(MemberChange {
            locale: locale.map(str::to_owned),
            field: field.to_owned(),
            replacements: replaced,
            cuts: cuts.count,
            segments: segments(text, &edits),
        });
        // What is left of the name of a file but its ending names nothing.
        let rest = match (form, after.rsplit_once('.')) {
            (Form::FileName, Some((stem, _))) => stem,
            _ => &after,
        };
        if let Some(place) = place.filter(|_| form != Form::Html)
            && not_blank(rest).is_err()
        {
            return Mended::Blank(place);
        }
        if let Err(reason) = rule(&after) {
            self.refuse(
                place,
                format!(
                    "would leave {} such that it {reason}",
                    member(locale, field)
                ),
            );
        }
        Mended::To(after)
    }

    fn refuse(&mut self, place: Option<usize>, reason: String) {
        self.refusals.push(Refusal { place, reason });
    }

    /// A member that must say something.
    fn required(
        &mut self,
        locale: Option<&str>,
        field: &str,
        form: Form,
        text: &mut String,
        rule: fn(&str) -> Verdict,
    ) {
        match self.mend(locale, field, form, text, rule) {
            Mended::Same => {}
            Mended::To(after) => *text = after,
            Mended::Blank(place) => self.refuse(
                Some(place),
                format!(
                    "is all that {} says, which must not become empty; give what is to stand there in `replace`",
                    member(locale, field)
                ),
            ),
        }
    }

    /// A member that need not be there.
    fn optional(
        &mut self,
        locale: Option<&str>,
        field: &str,
        form: Form,
        text: &mut Option<String>,
        rule: fn(&str) -> Verdict,
    ) {
        let Some(said) = text else { return };
        match self.mend(locale, field, form, said, rule) {
            Mended::Same => {}
            Mended::To(after) => *said = after,
            Mended::Blank(_) => *text = None,
        }
    }

    /// A member without which its item of a list is nothing; tells whether that stays.
    fn entry(
        &mut self,
        locale: Option<&str>,
        field: &str,
        form: Form,
        text: &mut String,
        rule: fn(&str) -> Verdict,
    ) -> bool {
        match self.mend(locale, field, form, text, rule) {
            Mended::Same => true,
            Mended::To(after) => {
                *text = after;
                true
            }
            Mended::Blank(_) => false,
        }
    }
}

fn member(locale: Option<&str>, field: &str) -> String {
    match locale {
        Some(locale) => format!("`{field}` ({locale})"),
        None => format!("`{field}`"),
    }
}

/// Where the text of a finding stands now: where it stood, or else where it stands once.
fn standing(found: &Found, text: &str) -> Option<Range<usize>> {
    let range = found.offset..found.offset + found.length;
    if found.text.is_empty() {
        return None;
    }
    if text.get(range.clone()) == Some(found.text.as_str()) {
        return Some(range);
    }
    let mut places = text.match_indices(&found.text);
    match (places.next(), places.next()) {
        (Some((at, found)), None) => Some(at..at + found.len()),
        _ => None,
    }
}

/// A text with its edits done.
fn applied(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for edit in edits {
        out.push_str(text.get(from..edit.range.start).unwrap_or_default());
        out.push_str(&edit.with);
        from = edit.range.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// The same as runs of what stayed, went and came.
fn segments(text: &str, edits: &[Edit]) -> Vec<Segment> {
    let mut all: Vec<Segment> = Vec::new();
    let mut add = |kind: SegmentKind, text: &str| {
        if !text.is_empty() {
            all.push(Segment {
                kind,
                text: text.to_owned(),
            });
        }
    };
    let mut from = 0;
    for edit in edits {
        add(
            SegmentKind::Equal,
            text.get(from..edit.range.start).unwrap_or_default(),
        );
        add(
            SegmentKind::Delete,
            text.get(edit.range.clone()).unwrap_or_default(),
        );
        add(SegmentKind::Insert, &edit.with);
        from = edit.range.end;
    }
    add(SegmentKind::Equal, text.get(from..).unwrap_or_default());
    all
}

#[cfg(test)]
mod tests;
