//! Where what was hidden in a body as it was sent stands in the body as it is kept, where cleaning took off only what hid it. It knows texts,
//! not rules.

use std::ops::Range;

use super::segments::{Segment, Walked};
use crate::models::hygiene::{Form, Place};

/// The characters of a body that say something, and which marks they are.
struct Content {
    text: String,
    /// Where each begins in the text, and its mark.
    marks: Vec<(usize, usize)>,
}

impl Content {
    fn new(walked: &Walked, is_read: impl Fn(&Segment) -> bool) -> Self {
        let mut content = Self {
            text: String::new(),
            marks: Vec::new(),
        };
        for segment in walked.segments.iter().filter(|segment| is_read(segment)) {
            for at in segment.marks.clone().filter(|at| says(walked, *at)) {
                content.marks.push((content.text.len(), at));
                content.text.push_str(walked.folded.slice(at..at + 1));
            }
        }
        content
    }

    /// The marks of the bytes in a range of the text.
    fn marks(&self, bytes: &Range<usize>) -> Option<Range<usize>> {
        let at = |byte: usize| self.marks.partition_point(|(begin, _)| *begin < byte);
        let (_, first) = self.marks.get(at(bytes.start))?;
        let (_, last) = self.marks.get(at(bytes.end).checked_sub(1)?)?;
        Some(*first..last + 1)
    }
}

fn says(walked: &Walked, at: usize) -> bool {
    walked
        .folded
        .marks
        .get(at)
        .is_some_and(super::fold::Mark::is_content)
}

/// A cleaned body, in which what was sent is looked for.
pub(super) struct Shown {
    walked: Walked,
    content: Content,
}

impl Shown {
    pub fn new(body: &str) -> Self {
        let walked = Walked::new(Form::Html, body);
        let content = Content::new(&walked, |segment| segment.place == Place::Text);
        Self { walked, content }
    }

    /// Where it says what `sent` says: whole lines, with their elements, rather than a part of one.
    pub fn place(&self, sent: &str) -> Option<Range<usize>> {
        let sent = Walked::new(Form::Html, sent);
        let is_text = |segment: &Segment| matches!(segment.place, Place::Text | Place::Hidden);
        let sent = Content::new(&sent, is_text).text;
        // One character says too little to be found again.
        sent.chars().nth(1)?;
        let mut part = None;
        for (byte, found) in self.content.text.match_indices(&sent) {
            let marks = self.content.marks(&(byte..byte + found.len()))?;
            match self.lines(&marks) {
                Some(whole) => return Some(whole),
                None => part = Some(self.walked.folded.source(marks)),
            }
        }
        part
    }

    /// The lines that these marks are, without anything beside.
    fn lines(&self, marks: &Range<usize>) -> Option<Range<usize>> {
        let mut touched = self.walked.segments.iter().filter(|segment| {
            segment.place == Place::Text
                && segment.marks.start < marks.end
                && marks.start < segment.marks.end
        });
        let first = touched.next()?;
        let last = touched.next_back().unwrap_or(first);
        let outside = (first.marks.start..marks.start).chain(marks.end..last.marks.end);
        let is_whole = !outside.into_iter().any(|at| says(&self.walked, at));
        is_whole.then(|| first.cut.start.min(last.cut.start)..last.cut.end.max(first.cut.end))
    }
}
