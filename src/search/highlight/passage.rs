//! Where a passage begins and ends: at lines and sentences, at clauses, or else at words. Does not know what was searched for.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// Characters of a passage, at most.
const LONGEST: usize = 160;

/// Characters of a passage, at least, where there are as many.
const SHORTEST: usize = 60;

/// A piece of a text that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// What it is shown for.
    pub core: Range<usize>,
    /// Whether it begins within a sentence.
    pub is_cut_before: bool,
    /// Whether it ends within a sentence.
    pub is_cut_behind: bool,
}

/// What a passage may not go beyond: the text, other passages.
#[derive(Debug)]
pub(super) struct Bounds {
    range: Range<usize>,
    /// Whether a sentence begins there.
    is_whole_before: bool,
    /// Whether a sentence ends there.
    is_whole_behind: bool,
    is_narrow: bool,
}

impl Bounds {
    /// All of `text`.
    pub(super) fn of(text: &str) -> Self {
        Self {
            range: 0..text.len(),
            is_whole_before: true,
            is_whole_behind: true,
            is_narrow: false,
        }
    }

    /// Nothing before the end of `passage`.
    pub(super) fn after(&mut self, passage: &Passage) {
        self.is_narrow = true;
        if passage.range.end >= self.range.start {
            self.range.start = passage.range.end;
            self.is_whole_before = !passage.is_cut_behind;
        }
    }

    /// Nothing behind the begin of `passage`.
    pub(super) fn before(&mut self, passage: &Passage) {
        self.is_narrow = true;
        if passage.range.start <= self.range.end {
            self.range.end = passage.range.start;
            self.is_whole_behind = !passage.is_cut_before;
        }
    }

    /// Whether there are other passages.
    pub(super) fn are_narrow(&self) -> bool {
        self.is_narrow
    }
}

/// The passage that shows `core`, from one edge of a grapheme cluster to another; if that is too much, what it has of it begins with `first`.
pub(super) fn around(
    text: &str,
    core: Range<usize>,
    first: Range<usize>,
    bounds: &Bounds,
) -> Passage {
    let stretch = Stretch::around(text, &core, bounds);
    let begin = stretch.number(core.start);
    let end = stretch.number(core.end);
    let shown = if end - begin > LONGEST {
        let limit = begin + LONGEST;
        let end = stretch.last(begin + 1..limit, Edge::Cluster);
        begin..end.unwrap_or(limit)
    } else {
        stretch
            .sentences(begin..end)
            .unwrap_or_else(|| stretch.window(begin..end))
    };
    let is_cut_before = stretch.edge(shown.start) < Edge::Sentence;
    let is_cut_behind = stretch.edge(shown.end) < Edge::Sentence;
    let trimmed = stretch.trimmed(shown, begin..end, is_cut_behind);
    Passage {
        range: stretch.byte(trimmed.start)..stretch.byte(trimmed.end),
        core: first,
        is_cut_before,
        is_cut_behind,
    }
}

/// What may end between two characters; what is greater is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    /// Nothing.
    None,
    /// A grapheme cluster within a word.
    Cluster,
    /// A word.
    Word,
    /// A clause.
    Clause,
    /// A sentence.
    Sentence,
    /// A line.
    Line,
}

/// As much of a text as a passage may have.
struct Stretch {
    /// The bytes where they begin, and the characters.
    characters: Vec<(usize, char)>,
    /// What ends before each of these, and last what ends behind the last.
    edges: Vec<Edge>,
    /// The byte behind the last.
    end: usize,
}

impl Stretch {
    fn around(text: &str, core: &Range<usize>, bounds: &Bounds) -> Self {
        let before = text.get(bounds.range.start..core.start).unwrap_or_default();
        let behind = text.get(core.end..bounds.range.end).unwrap_or_default();
        let (left, is_whole_before) = reach(before.chars().rev(), bounds.is_whole_before);
        let (right, is_whole_behind) = reach(behind.chars(), bounds.is_whole_behind);
        let begin = core.start - left;
        let end = core.end + right;
        let piece = text.get(begin..end).unwrap_or_default();
        let characters: Vec<(usize, char)> = piece
            .char_indices()
            .map(|(at, c)| (begin + at, c))
            .collect();
        let mut edges = edges(&characters);
        let mut clusters = piece.grapheme_indices(true).map(|(at, _)| begin + at);
        let mut cluster = clusters.next();
        for ((at, _), edge) in characters.iter().zip(&mut edges) {
            if cluster == Some(*at) {
                cluster = clusters.next();
            } else {
                *edge = Edge::None;
            }
        }
        if let Some(first) = edges.first_mut() {
            *first = outer(text, begin, is_whole_before);
        }
        if let Some(last) = edges.last_mut() {
            *last = outer(text, end, is_whole_behind);
        }
        Self {
            characters,
            edges,
            end,
        }
    }

    /// Whole sentences round `core`, if these are not too long.
    fn sentences(&self, core: Range<usize>) -> Option<Range<usize>> {
        let mut begin = self.last(0..core.start, Edge::Sentence)?;
        let mut end = self.first(core.end..self.len(), Edge::Sentence)?;
        if end - begin > LONGEST {
            return None;
        }
        // Sentences of the same line rather than others.
        for most in [Edge::Sentence, Edge::Line] {
            while end - begin < SHORTEST && self.edge(end) <= most {
                match self.first(end + 1..self.len(), Edge::Sentence) {
                    Some(next) if next - begin <= LONGEST => end = next,
                    _ => break,
                }
            }
            while end - begin < SHORTEST && self.edge(begin) <= most && begin > 0 {
                match self.last(0..begin - 1, Edge::Sentence) {
                    Some(next) if end - next <= LONGEST => begin = next,
                    _ => break,
                }
            }
        }
        Some(begin..end)
    }

    /// A piece of the sentences round `core`.
    fn window(&self, core: Range<usize>) -> Range<usize> {
        let room = LONGEST - core.len();
        let end_of_sentence = self.first(core.end..self.len(), Edge::Sentence);
        let behind = end_of_sentence.unwrap_or(self.len()) - core.end;
        let lowest = core
            .start
            .saturating_sub(room - behind.min(room - room / 3));
        let middle = lowest + (core.start - lowest) / 2;
        let begin = self
            .last(lowest..core.start, Edge::Sentence)
            .or_else(|| self.first(lowest..middle, Edge::Clause))
            .or_else(|| self.first(lowest..core.start, Edge::Word))
            .unwrap_or(core.start);
        let highest = self.len().min(begin + LONGEST);
        let middle = highest - (highest - core.end) / 2;
        let end = end_of_sentence
            .filter(|end| *end <= highest)
            .or_else(|| self.last(middle..highest, Edge::Clause))
            .or_else(|| self.last(core.end..highest, Edge::Word))
            .unwrap_or(core.end);
        begin..end
    }

    /// `shown` without blanks at its ends, and without the comma that it was cut at. What is of `core` stays.
    fn trimmed(&self, shown: Range<usize>, core: Range<usize>, is_cut: bool) -> Range<usize> {
        let Range { mut start, mut end } = shown;
        let is = |at: usize, what: fn(char) -> bool| {
            self.characters.get(at).is_some_and(|(_, c)| what(*c))
        };
        // A blank may carry a mark, which is not left behind.
        let is_edge = |at: usize| self.edge(at) != Edge::None;
        while start < core.start && is(start, char::is_whitespace) && is_edge(start + 1) {
            start += 1;
        }
        while end > core.end
            && (is(end - 1, char::is_whitespace) || (is_cut && is(end - 1, ends_clause)))
            && is_edge(end - 1)
        {
            end -= 1;
        }
        start..end
    }

    /// The first edge in `range`, its end included, that is as good as `edge`.
    fn first(&self, range: Range<usize>, edge: Edge) -> Option<usize> {
        (range.start..=range.end).find(|at| self.edge(*at) >= edge)
    }

    /// The last edge in `range`, its end included, that is as good as `edge`.
    fn last(&self, range: Range<usize>, edge: Edge) -> Option<usize> {
        (range.start..=range.end)
            .rev()
            .find(|at| self.edge(*at) >= edge)
    }

    fn edge(&self, at: usize) -> Edge {
        self.edges.get(at).copied().unwrap_or(Edge::None)
    }

    fn len(&self) -> usize {
        self.characters.len()
    }

    /// The number of the character at a byte.
    fn number(&self, byte: usize) -> usize {
        self.characters.partition_point(|(at, _)| *at < byte)
    }

    /// The byte where a character begins.
    fn byte(&self, number: usize) -> usize {
        self.characters.get(number).map_or(self.end, |(at, _)| *at)
    }
}

/// How many bytes of `characters` a passage may have at most, and whether a sentence ends there.
fn reach(characters: impl Iterator<Item = char>, is_whole: bool) -> (usize, bool) {
    let mut bytes = 0;
    for (number, c) in characters.enumerate() {
        if number == LONGEST {
            return (bytes, false);
        }
        bytes += c.len_utf8();
    }
    (bytes, is_whole)
}

/// What ends at the end of a stretch.
fn outer(text: &str, at: usize, is_whole: bool) -> Edge {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    let behind = text.get(at..).and_then(|behind| behind.chars().next());
    match (before, behind) {
        _ if is_whole => Edge::Sentence,
        _ if super::cluster_edge(text, at, true) != at => Edge::None,
        (Some(before), Some(behind)) => plain_edge(before, behind),
        _ => Edge::Sentence,
    }
}

/// What ends between `characters`, not looking at grapheme clusters.
fn edges(characters: &[(usize, char)]) -> Vec<Edge> {
    let mut edges = vec![Edge::Cluster];
    // What the signs that were read last end.
    let mut ended = None;
    let mut last = None;
    let mut last_but_one = None;
    for (at, (_, c)) in characters.iter().enumerate() {
        let next = characters.get(at + 1).map(|(_, next)| *next);
        ended = if ends_sentence([last_but_one, last], *c, next) {
            Some(Edge::Sentence)
        } else if ends_clause(*c) && !next.is_some_and(|next| next.is_ascii_alphanumeric()) {
            ended.or(Some(Edge::Clause))
        } else if closes(*c) {
            ended
        } else {
            None
        };
        let goes_on = next.is_some_and(|next| is_stop(next) || closes(next));
        let here = next.map(|next| plain_edge(*c, next));
        let edge = ended.filter(|_| !goes_on).max(here);
        edges.push(edge.unwrap_or(Edge::Cluster));
        last_but_one = last;
        last = Some(*c);
    }
    edges
}

/// Whether a sentence ends with `c`, behind the `last` characters and before the `next`.
fn ends_sentence(last: [Option<char>; 2], c: char, next: Option<char>) -> bool {
    match c {
        '。' | '！' | '？' | '；' | '…' | '｡' => true,
        '!' | '?' | ';' => !next.is_some_and(|next| next.is_ascii_alphanumeric()),
        '.' => {
            let is_last = next.is_none_or(|next| next.is_whitespace() || closes(next));
            // The point of an initial or an abbreviation.
            let is_single = matches!(last, [before, Some(letter)]
                if letter.is_alphabetic() && is_of_word(letter) && !before.is_some_and(char::is_alphanumeric));
            is_last && !is_single
        }
        _ => false,
    }
}

/// What ends between two characters if these are all that is known.
fn plain_edge(before: char, behind: char) -> Edge {
    if ends_line(before) || ends_line(behind) {
        Edge::Line
    } else if before.is_whitespace() || behind.is_whitespace() {
        Edge::Word
    } else {
        let is_held = is_stop(behind) || closes(behind) || opens(before);
        let is_in_word = is_of_word(before) && is_of_word(behind);
        if is_held || is_in_word {
            Edge::Cluster
        } else {
            Edge::Word
        }
    }
}

fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

fn is_stop(c: char) -> bool {
    matches!(
        c,
        '。' | '！' | '？' | '；' | '…' | '｡' | '!' | '?' | ';' | '.'
    ) || ends_clause(c)
}

fn ends_clause(c: char) -> bool {
    matches!(c, '，' | '、' | '：' | ',' | ':' | '､')
}

/// Whether `c` stays with the stop before it.
fn closes(c: char) -> bool {
    matches!(
        c,
        '”' | '’' | '」' | '』' | '）' | '》' | '〉' | '】' | '〕' | ')' | ']' | '}' | '"' | '\''
    )
}

fn opens(c: char) -> bool {
    matches!(
        c,
        '“' | '‘' | '「' | '『' | '（' | '《' | '〈' | '【' | '〔' | '(' | '[' | '{'
    )
}

/// Whether `c` is of a script with blanks, or a sign that stands within its words, names, numbers and addresses.
fn is_of_word(c: char) -> bool {
    let is_invisible = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}');
    let is_without_blanks = matches!(c, '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ffdf}' | '\u{20000}'..='\u{3ffff}');
    is_invisible
        || is_combining_mark(c)
        || c.is_ascii_graphic()
        || (c.is_alphanumeric() && !is_without_blanks)
}
