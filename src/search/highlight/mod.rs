//! What is marked in an answer: where in a text a query was found, cut to passages. Knows no index.
//!
//! Texts go in as they were written and come out as HTML: escaped, in their own script and spelling, with `<mark>` round what was found.
//! Where no phrase of a query stands in a text as a whole, pairs of its characters and its single words can be marked instead.

mod finder;
mod passage;
#[cfg(test)]
mod tests;

use std::ops::Range;

use unicode_segmentation::GraphemeCursor;

use self::finder::{Finder, Match};
use self::passage::Passage;
use super::query::Query;
use crate::text::units::Units;

/// Places of one phrase that are looked at for the best passages, at most.
const MOST_OF_ONE: usize = 200;

/// Places of all phrases that are looked at for the best passages, at most.
const MOST: usize = 1_000;

/// How far apart two matches may stand, in characters, so that one passage shows both.
const REACH: usize = 120;

/// Characters of a passage that is cut off on both sides by others, at least.
const SHORTEST_REST: usize = 20;

/// What is marked in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Phrases of the query, as wholes.
    Phrases,
    /// Where there is no whole phrase, pairs of its characters and its single words.
    Pieces,
}

/// `text` as HTML, with what the query finds in it marked: for titles. None if it finds nothing.
pub fn whole(text: &str, query: &Query, extent: Extent) -> Option<String> {
    let units = Units::of(text);
    let (_, matches) = found(&units, query, extent, usize::MAX, usize::MAX)?;
    let marks = marks(text, matches.into_iter().map(|found| found.source));
    let mut html = String::with_capacity(text.len() + marks.len() * 16);
    write_marked(&mut html, text, 0..text.len(), &marks);
    Some(html)
}

/// `text` as HTML, without marks.
pub fn plain(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    write_escaped(&mut html, text);
    html
}

/// The best passages of `text` (a plain text, a line for each block), in its order, as HTML with what the query finds in them marked.
///
/// A passage has 60 to 160 characters (fewer where there are no more) and begins and ends with a sentence or a line; where it cannot, with a
/// clause or at least a word, and `…` says so. Those with the most different phrases are the best, then those with the longest, then the first.
pub fn passages(text: &str, query: &Query, extent: Extent, at_most: usize) -> Vec<String> {
    let units = Units::of(text);
    let Some((finder, matches)) = found(&units, query, extent, MOST_OF_ONE, MOST) else {
        return Vec::new();
    };
    let mut shown = chosen(text, &matches, finder.len(), at_most);
    shown.sort_unstable_by_key(|passage| passage.range.start);
    shown
        .iter()
        .map(|passage| {
            let Range { start, end } = passage.range;
            let inside = finder.find(&units, start..end, usize::MAX, usize::MAX);
            let core = passage.core.start.max(start)..passage.core.end.min(end);
            let sources = inside.into_iter().map(|found| found.source);
            let marks = marks(text, sources.chain([core]));
            let mut html = String::with_capacity((end - start) * 2);
            if passage.is_cut_before {
                html.push('…');
            }
            write_marked(&mut html, text, start..end, &marks);
            if passage.is_cut_behind {
                html.push('…');
            }
            html
        })
        .collect()
}

/// Where the phrases of `query` stand, or if none does, their pieces, if these are wanted.
fn found<'q>(
    units: &Units,
    query: &'q Query,
    extent: Extent,
    most_of_one: usize,
    most: usize,
) -> Option<(Finder<'q>, Vec<Match>)> {
    let look = |finder: Finder<'q>| {
        let matches = finder.find(units, 0..usize::MAX, most_of_one, most);
        (!matches.is_empty()).then_some((finder, matches))
    };
    let phrases = look(Finder::of_phrases(query));
    match extent {
        Extent::Phrases => phrases,
        Extent::Pieces => phrases.or_else(|| look(Finder::of_pieces(query))),
    }
}

/// A match with what stands near it.
struct Site {
    /// The match that a passage must show, in bytes.
    first: Range<usize>,
    /// From there to the end of the last match near it that adds a phrase, in bytes.
    core: Range<usize>,
    /// Different phrases in it.
    phrases: usize,
    /// The length of these.
    weight: usize,
}

/// The best passages, the best first.
fn chosen(text: &str, matches: &[Match], needles: usize, at_most: usize) -> Vec<Passage> {
    let mut sites = sites(text, matches, needles);
    sites.sort_by_key(|site| (usize::MAX - site.phrases, usize::MAX - site.weight));
    let mut chosen: Vec<Passage> = Vec::new();
    for site in sites {
        if chosen.len() == at_most {
            break;
        }
        let core = clusters(text, &site.core);
        let mut bounds = passage::Bounds::of(text);
        let mut is_shown = false;
        for other in &chosen {
            if other.range.end <= core.start {
                bounds.after(other);
            } else if core.end <= other.range.start {
                bounds.before(other);
            } else {
                is_shown = true;
                break;
            }
        }
        if is_shown {
            continue;
        }
        let passage = passage::around(text, core, clusters(text, &site.first), &bounds);
        let found = text.get(passage.range.clone()).unwrap_or_default();
        let is_rest = bounds.are_narrow()
            && (passage.is_cut_before || passage.is_cut_behind)
            && found.chars().count() < SHORTEST_REST;
        let is_repeated = chosen
            .iter()
            .any(|other| text.get(other.range.clone()) == Some(found));
        if !is_rest && !is_repeated {
            chosen.push(passage);
        }
    }
    chosen
}

/// For each match: what stands near it, behind it.
fn sites(text: &str, matches: &[Match], needles: usize) -> Vec<Site> {
    let places = places(text, matches);
    // By needle: the last match from which it was seen, counted from 1.
    let mut seen: Vec<usize> = vec![0; needles];
    let mut sites = Vec::with_capacity(matches.len());
    for (at, (first, begin)) in matches.iter().zip(&places).enumerate() {
        let limit = begin.start + REACH;
        let mut site = Site {
            first: first.source.clone(),
            core: first.source.clone(),
            phrases: 0,
            weight: 0,
        };
        let from_here = matches.iter().zip(&places).enumerate().skip(at);
        for (number, (near, place)) in from_here {
            if number > at && place.start >= limit {
                break;
            }
            let Some(seen) = seen.get_mut(near.needle) else {
                continue;
            };
            if (number == at || place.end <= limit) && *seen != at + 1 {
                *seen = at + 1;
                site.phrases += 1;
                site.weight += near.weight;
                site.core.end = site.core.end.max(near.source.end);
            }
        }
        sites.push(site);
    }
    sites
}

/// Where matches stand, in characters.
fn places(text: &str, matches: &[Match]) -> Vec<Range<usize>> {
    let count = |range: Range<usize>| text.get(range).unwrap_or_default().chars().count();
    let (mut at, mut characters) = (0, 0);
    matches
        .iter()
        .map(|found| {
            characters += count(at..found.source.start);
            at = found.source.start;
            characters..characters + count(found.source.clone())
        })
        .collect()
}

/// What is marked: whole clusters, in order, joined where they touch.
fn marks(text: &str, sources: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = sources.map(|source| clusters(text, &source)).collect();
    found.sort_unstable_by_key(|mark| mark.start);
    let mut marks: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for mark in found {
        match marks.last_mut() {
            Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
            _ => marks.push(mark),
        }
    }
    marks
}

/// `range` with the rest of the grapheme clusters that it begins and ends in; at least one character.
fn clusters(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = cluster_edge(text, range.start, false);
    let end = if range.end > range.start {
        range.end
    } else {
        range.start + 1
    };
    start..cluster_edge(text, end, true)
}

/// The edge of a grapheme cluster that is nearest to `at`: before it, or behind it. Looks at some hundred bytes only, whatever stands there.
fn cluster_edge(text: &str, at: usize, is_behind: bool) -> usize {
    const NEAR: usize = 128;
    let up = |mut at: usize| {
        while !text.is_char_boundary(at.min(text.len())) {
            at += 1;
        }
        at.min(text.len())
    };
    let at = up(at);
    let begin = up(at.saturating_sub(NEAR));
    let near = text.get(begin..up(at + NEAR)).unwrap_or_default();
    let mut cursor = GraphemeCursor::new(at - begin, near.len(), true);
    let edge = match cursor.is_boundary(near, 0) {
        Ok(false) if is_behind => cursor.next_boundary(near, 0).ok().flatten(),
        Ok(false) => cursor.prev_boundary(near, 0).ok().flatten(),
        _ => None,
    };
    edge.map_or(at, |edge| begin + edge)
}

/// Writes a piece of `text` with the marks in it.
fn write_marked(html: &mut String, text: &str, piece: Range<usize>, marks: &[Range<usize>]) {
    let mut written = piece.start;
    let mut write = |html: &mut String, to: usize| {
        write_escaped(html, text.get(written..to).unwrap_or_default());
        written = to;
    };
    for mark in marks {
        let start = mark.start.max(piece.start);
        let end = mark.end.min(piece.end);
        if start < end {
            write(html, start);
            html.push_str("<mark>");
            write(html, end);
            html.push_str("</mark>");
        }
    }
    write(html, piece.end);
}

fn write_escaped(html: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, from) = rest.split_at(at);
        html.push_str(before);
        html.push_str(match from.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            Some(b'"') => "&quot;",
            _ => "&#39;",
        });
        rest = from.get(1..).unwrap_or_default();
    }
    html.push_str(rest);
}
