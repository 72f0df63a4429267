//! Which bytes of one text change, and into what. It knows texts and their forms, not members of records.

use std::collections::HashSet;
use std::ops::Range;

use super::Pair;
use super::markup;
use crate::hygiene::fold::{Folded, to_usize};
use crate::hygiene::segments::Walked;
use crate::hygiene::signals::places;
use crate::models::hygiene::{Form, Place};

/// A range of a text, and what is to stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub range: Range<usize>,
    pub with: String,
}

/// What is to be cut from a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Cuts {
    pub count: usize,
    pub ranges: Vec<(Place, Range<usize>)>,
}

/// The edits of a text in order, none of which touches another, and how many places they replace.
pub(super) fn edits(form: Form, text: &str, pairs: &[Pair], cuts: &Cuts) -> (Vec<Edit>, usize) {
    let mut edits = match form {
        Form::Html | Form::Raw => markup::cut(text, &cuts.ranges),
        Form::Plain | Form::Name | Form::Address | Form::FileName => cut_plain(text, cuts),
    };
    let gone: Vec<Range<usize>> = edits.iter().map(|edit| edit.range.clone()).collect();
    let mut replaced = 0;
    for (place, range, pair) in found(form, text, pairs) {
        let is_apart = gone
            .iter()
            .all(|gone| gone.end <= range.start || range.end <= gone.start);
        if is_apart {
            replaced += 1;
            edits.extend(replacement(form, text, place, range, &pair.with));
        }
    }
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    (merged(edits), replaced)
}

/// Edits that touch as one.
fn merged(edits: Vec<Edit>) -> Vec<Edit> {
    let mut all: Vec<Edit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match all.last_mut() {
            Some(last) if last.range.end >= edit.range.start => {
                last.range.end = last.range.end.max(edit.range.end);
                last.with.push_str(&edit.with);
            }
            _ => all.push(edit),
        }
    }
    all
}

/// Where phrases stand, in order and without those that begin within another; of two that begin at the same place the longer one.
fn found<'p>(form: Form, text: &str, pairs: &'p [Pair]) -> Vec<(Place, Range<usize>, &'p Pair)> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let walked = Walked::new(form, text);
    let folded = &walked.folded;
    let mut all = Vec::new();
    for pair in pairs {
        for marks in standing(form, text, folded, pair) {
            let behind = walked
                .segments
                .partition_point(|segment| segment.marks.start <= marks.start);
            let segment = behind.checked_sub(1).and_then(|at| walked.segments.get(at));
            if let Some(segment) = segment.filter(|segment| marks.end <= segment.marks.end)
                && is_aligned(folded, &marks)
            {
                all.push((segment.place, folded.source(marks), pair));
            }
        }
    }
    all.sort_by_key(|(_, range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    all.retain(|(_, range, _)| {
        let is_free = range.start >= end && !range.is_empty();
        if is_free {
            end = range.end;
        }
        is_free
    });
    all
}

/// The characters that are a phrase: whole words where it is written in letters, or exactly what was given.
fn standing(form: Form, text: &str, folded: &Folded, pair: &Pair) -> Vec<Range<usize>> {
    let mut found = places(folded, &pair.folded);
    let is_html = matches!(form, Form::Html | Form::Raw);
    let written = match is_html {
        true => markup::escaped(&pair.literal, false),
        false => pair.literal.clone(),
    };
    if !text.contains(&written) {
        return found;
    }
    let length = pair.folded.chars().count();
    let literal = folded.text.match_indices(&pair.folded).map(|(byte, _)| {
        let at = folded
            .marks
            .partition_point(|mark| to_usize(mark.at) < byte);
        at..at + length
    });
    let known: HashSet<usize> = found.iter().map(|marks| marks.start).collect();
    found.extend(literal.filter(|marks| {
        !known.contains(&marks.start)
            && text.get(folded.source(marks.clone())) == Some(written.as_str())
    }));
    found
}

/// Whether a match takes whole characters of the source: `㈱` is three in one.
fn is_aligned(folded: &Folded, marks: &Range<usize>) -> bool {
    let source = |index: usize| folded.marks.get(index).map(|mark| mark.source);
    let before = marks.start.checked_sub(1).and_then(source);
    let last = marks.end.checked_sub(1).and_then(source);
    (before.is_none() || before != source(marks.start)) && last != source(marks.end)
}

/// A phrase replaced in the way that is written where it stands.
fn replacement(form: Form, text: &str, place: Place, range: Range<usize>, with: &str) -> Vec<Edit> {
    let said = text.get(range.clone()).unwrap_or_default();
    let is_html = matches!(form, Form::Html | Form::Raw);
    let with = match place {
        Place::Address if said.contains('%') => percent_encoded(with),
        _ if !is_html => with.to_owned(),
        Place::Address | Place::Attribute => markup::escaped(with, true),
        _ => markup::escaped(with, false),
    };
    match (is_html, place) {
        (true, Place::Text | Place::Hidden) => markup::strip(text, range, with),
        _ => vec![Edit { range, with }],
    }
}

/// Everything but what addresses write as it is (RFC 3986, section 2.3).
fn percent_encoded(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Findings cut from a text without tags. An address goes whole: what is left of it leads nowhere. Blanks that would then stand at an end go along.
fn cut_plain(text: &str, cuts: &Cuts) -> Vec<Edit> {
    let mut ranges: Vec<Range<usize>> =
        cuts.ranges.iter().map(|(_, range)| range.clone()).collect();
    if cuts
        .ranges
        .iter()
        .any(|(place, _)| *place == Place::Address)
    {
        ranges.clear();
        ranges.push(0..text.len());
    }
    ranges.sort_by_key(|range| range.start);
    let mut edits: Vec<Edit> = Vec::new();
    for range in ranges {
        match edits.last_mut() {
            Some(last) if last.range.end >= range.start => {
                last.range.end = last.range.end.max(range.end);
            }
            _ => edits.push(Edit {
                range,
                with: String::new(),
            }),
        }
    }
    if let Some(first) = edits.first_mut()
        && text
            .get(..first.range.start)
            .is_some_and(|before| before.trim().is_empty())
    {
        let behind = text.get(first.range.end..).unwrap_or_default();
        first.range = 0..first.range.end + (behind.len() - behind.trim_start().len());
    }
    if let Some(last) = edits.last_mut()
        && text
            .get(last.range.end..)
            .is_some_and(|behind| behind.trim().is_empty())
    {
        let before = text.get(..last.range.start).unwrap_or_default();
        last.range = before.trim_end().len()..text.len();
    }
    edits
}
