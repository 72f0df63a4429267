//! A piece cut into what is read in one go: lines, attributes, comments and what readers do not see. It knows texts, not rules.

use std::ops::Range;

use super::fold::Folded;
use super::walk::Walker;
use crate::models::hygiene::{Form, Place};

/// A text within a piece; nothing is found across two of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// Where it stands.
    pub place: Place,
    /// Its characters.
    pub marks: Range<usize>,
    /// What is cut where all of it goes: its element, where it is the only text in one.
    pub cut: Range<usize>,
    /// Whether it may be judged as a whole: a line of a body, a comment, a hidden element.
    pub is_line: bool,
    /// Whether it is a heading or a cell, which are short by nature.
    pub is_label: bool,
    /// How many of its characters are links.
    pub linked: usize,
    /// The hosts of these links.
    pub hosts: Range<usize>,
}

/// A piece that was cut.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub folded: Folded,
    pub segments: Vec<Segment>,
    pub hosts: Vec<String>,
}

impl Walked {
    /// What there is in a text of a form.
    pub fn new(form: Form, text: &str) -> Self {
        let mut walked = Self::default();
        match form {
            Form::Html | Form::Raw => Walker::new(text, form == Form::Raw).walk(),
            Form::Plain | Form::Name => {
                let mut from = 0;
                for line in text.split('\n') {
                    walked.segment(Place::Text, from..from + line.len(), false, |folded| {
                        folded.plain(from, line);
                    });
                    from += line.len() + 1;
                }
                walked
            }
            Form::Address | Form::FileName => {
                let place = match form {
                    Form::FileName => Place::FileName,
                    _ => Place::Address,
                };
                walked.segment(place, 0..text.len(), false, |folded| {
                    folded.address(0, text, false);
                });
                walked
            }
        }
    }

    /// Adds a text; one that says nothing is none.
    pub fn segment(
        &mut self,
        place: Place,
        cut: Range<usize>,
        is_line: bool,
        fold: impl FnOnce(&mut Folded),
    ) {
        let begin = self.folded.len();
        fold(&mut self.folded);
        let marks = begin..self.folded.len();
        if marks.is_empty() {
            return;
        }
        self.folded.end();
        self.segments.push(Segment {
            place,
            marks,
            cut,
            is_line,
            is_label: false,
            linked: 0,
            hosts: 0..0,
        });
    }
}
