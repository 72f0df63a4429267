//! Which bytes of a piece of HTML go when something is taken out, so that what is left is as well formed as it was. It knows tags, not what is
//! wrong with the text.

use std::ops::Range;

use super::spans::Edit;
use crate::hygiene::elements::{is_block, is_void};
use crate::models::hygiene::Place;
use crate::text::markup::{Token, Tokens, is_space};

/// `text` as it is written between tags, or in the value of an attribute.
pub(super) fn escaped(text: &str, is_value: bool) -> String {
    let text = text.replace('&', "&amp;");
    match is_value {
        true => text.replace('"', "&quot;").replace('\'', "&#39;"),
        false => text.replace('<', "&lt;").replace('>', "&gt;"),
    }
}

/// Takes the text in a range out and puts `with` in its place. Elements that are whole within it go along, tags that belong to others stay.
pub(super) fn strip(html: &str, range: Range<usize>, with: String) -> Vec<Edit> {
    let Some(inner) = html.get(range.clone()) else {
        return Vec::new();
    };
    let stays = lonely(inner);
    if stays.is_empty() {
        return vec![Edit { range, with }];
    }
    let mut edits = Vec::new();
    let mut with = Some(with);
    let mut from = range.start;
    let ends = stays
        .into_iter()
        .map(|tag| range.start + tag.start..range.start + tag.end);
    for tag in ends.chain(std::iter::once(range.end..range.end)) {
        if from < tag.start {
            edits.push(Edit {
                range: from..tag.start,
                with: with.take().unwrap_or_default(),
            });
        }
        from = tag.end;
    }
    edits
}

/// The tags of a piece of HTML whose other half is not in it.
fn lonely(html: &str) -> Vec<Range<usize>> {
    let mut open: Vec<(&str, Range<usize>)> = Vec::new();
    let mut lonely = Vec::new();
    let mut tokens = Tokens::new(html);
    let mut at = 0;
    while let Some(token) = tokens.next_or_skipped() {
        let end = html.len() - tokens.rest().len();
        match token {
            Ok(Token::Start { name, .. }) if !is_void(&name.to_ascii_lowercase()) => {
                open.push((name, at..end));
            }
            Ok(Token::End { name }) => {
                match open
                    .iter()
                    .rposition(|(known, _)| known.eq_ignore_ascii_case(name))
                {
                    Some(place) => {
                        let within = open.split_off(place);
                        lonely.extend(within.into_iter().skip(1).map(|(_, range)| range));
                    }
                    None => lonely.push(at..end),
                }
            }
            _ => {}
        }
        at = end;
    }
    lonely.extend(open.into_iter().map(|(_, range)| range));
    lonely.sort_by_key(|range| range.start);
    lonely
}

/// How deep elements stand in each other; cleaned bodies do not have more.
const DEEPEST: usize = 64;

/// Takes findings out: what stands in attributes with the attribute where nothing is left of it, elements where nothing is left in them, and the white
/// space before those that are blocks.
pub(super) fn cut(html: &str, cuts: &[(Place, Range<usize>)]) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    for (place, range) in cuts {
        match place {
            Place::Attribute | Place::Address => edits.extend(in_tag(html, *place, range)),
            Place::Comment => edits.push(nothing(range.clone())),
            Place::Text | Place::Hidden | Place::FileName => {
                edits.extend(strip(html, range.clone(), String::new()));
            }
        }
    }
    edits.sort_by_key(|edit| (edit.range.start, std::cmp::Reverse(edit.range.end)));
    let mut gone: Vec<Range<usize>> = Vec::new();
    let mut kept: Vec<Edit> = Vec::new();
    for edit in edits {
        match (edit.with.is_empty(), gone.last_mut()) {
            (true, Some(last)) if last.end >= edit.range.start => {
                last.end = last.end.max(edit.range.end)
            }
            (true, _) => gone.push(edit.range),
            (false, _) => kept.push(edit),
        }
    }
    // From the inside to the outside, until nothing is left empty: what one leaves may be all that another stands beside.
    for _ in 0..DEEPEST {
        let mut grown: Vec<Range<usize>> = gone
            .iter()
            .map(|range| emptied(html, range.clone(), &gone))
            .collect();
        grown.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
        grown.dedup_by(|next, last| next.end <= last.end);
        if grown == gone {
            break;
        }
        gone = grown;
    }
    let grown = gone.into_iter().map(|range| with_blanks(html, range));
    let mut all: Vec<Edit> = kept;
    let mut end = 0;
    for range in grown {
        let from = range.start.max(end);
        if from < range.end {
            end = range.end;
            all.push(nothing(from..range.end));
        }
    }
    all
}

fn nothing(range: Range<usize>) -> Edit {
    Edit {
        range,
        with: String::new(),
    }
}

/// A range with the elements around it in which nothing else is but what goes too.
fn emptied(html: &str, range: Range<usize>, gone: &[Range<usize>]) -> Range<usize> {
    let mut whole = range.clone();
    loop {
        let (mut start, mut end) = (whole.start, whole.end);
        loop {
            start = before(html, start);
            match gone
                .iter()
                .find(|other| other.end == start && other.start < start)
            {
                Some(other) => start = other.start,
                None => break,
            }
        }
        loop {
            end = behind(html, end);
            match gone
                .iter()
                .find(|other| other.start == end && other.end > end)
            {
                Some(other) => end = other.end,
                None => break,
            }
        }
        match element(html, start, end) {
            Some(outer) => whole = outer,
            None => return whole,
        }
    }
}

/// Where the white space before a place begins.
fn before(html: &str, at: usize) -> usize {
    html.get(..at)
        .map_or(at, |text| text.trim_end_matches(is_space).len())
}

/// Where the white space behind a place ends.
fn behind(html: &str, at: usize) -> usize {
    html.get(at..).map_or(at, |text| {
        at + (text.len() - text.trim_start_matches(is_space).len())
    })
}

/// The element that has its start tag right before `start` and its end tag right at `end`; none where it means something though it is empty.
fn element(html: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let closing = html.get(end..)?.strip_prefix("</")?;
    let (name, _) = closing.split_once('>')?;
    let name = name.trim_end_matches(is_space);
    let opening = html.get(..start)?.strip_suffix('>')?;
    let at = opening.rfind('<')?;
    let tag = opening.get(at + 1..)?;
    let own = tag.split(|c: char| is_space(c) || c == '/').next()?;
    let is_same = !own.is_empty() && own.eq_ignore_ascii_case(name);
    let is_needed = matches!(
        name.to_ascii_lowercase().as_str(),
        "td" | "th" | "body" | "html"
    );
    let length = closing.find('>')? + "</".len() + 1;
    (is_same && !is_needed).then_some(at..end + length)
}

/// A range with the white space before it, where it is a block; where nothing is before it, with that behind.
fn with_blanks(html: &str, range: Range<usize>) -> Range<usize> {
    let tag = html
        .get(range.clone())
        .and_then(|cut| cut.strip_prefix('<'));
    let name = tag.map(|tag| {
        tag.split(|c: char| is_space(c) || matches!(c, '>' | '/'))
            .next()
            .unwrap_or_default()
    });
    if !name.is_some_and(|name| is_block(&name.to_ascii_lowercase())) {
        return range;
    }
    let start = before(html, range.start);
    match start {
        0 => 0..behind(html, range.end),
        _ => start..range.end,
    }
}

/// What goes with a range in the value of an attribute: all of an address with its attribute, or with the element that is nothing without; of
/// others the attribute, where nothing else is in it.
fn in_tag(html: &str, place: Place, range: &Range<usize>) -> Option<Edit> {
    let mut tokens = Tokens::new(html);
    let mut at = 0;
    loop {
        let token = tokens.next_or_skipped()?;
        let end = html.len() - tokens.rest().len();
        if end <= range.start {
            at = end;
            continue;
        }
        let Ok(Token::Start { name, attributes }) = token else {
            return Some(nothing(range.clone()));
        };
        for (attribute, value) in attributes {
            let offset = |part: &str| part.as_ptr().addr().saturating_sub(html.as_ptr().addr());
            let written = offset(value)..offset(value) + value.len();
            if range.start < written.start || written.end < range.end {
                continue;
            }
            let rest = html.get(written.start..range.start)?.trim().is_empty()
                && html.get(range.end..written.end)?.trim().is_empty();
            if place == Place::Attribute && !rest {
                return Some(nothing(range.clone()));
            }
            if attribute.eq_ignore_ascii_case("alt") {
                return Some(nothing(written));
            }
            let is_source = attribute.eq_ignore_ascii_case("src");
            if is_source && is_void(&name.to_ascii_lowercase()) {
                return Some(nothing(at..end));
            }
            let start = before(html, offset(attribute));
            let quote = html.get(written.end..written.end + 1);
            let is_quoted = matches!(quote, Some("\"" | "'"));
            return Some(nothing(start..written.end + usize::from(is_quoted)));
        }
        return Some(nothing(range.clone()));
    }
}
