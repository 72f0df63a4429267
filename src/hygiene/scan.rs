//! The pieces of a record looked at one by one, and what they have in common. It knows rules and pieces, not records.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::automaton::Hit;
use super::draft::{self, Draft};
use super::fold::Folded;
use super::names::{self, Names};
use super::rules::RuleSet;
use super::segments::Walked;
use super::shown::Shown;
use super::{blocks, signals};
use crate::models::hygiene::{Form, Found, Piece, Place, Reason, Severity, Surroundings};

/// Findings of one piece; of more, the most severe are kept.
const MOST: usize = 1_000;

/// What is found in the pieces of one record, in their order, and in each from its begin.
pub fn scan(rules: &RuleSet, around: &Surroundings, pieces: &[Piece<'_>]) -> Vec<Found> {
    let names = Names::new(around);
    let mut looked: Vec<Looked<'_>> = pieces
        .iter()
        .map(|piece| Looked::new(rules, around, &names, piece))
        .collect();
    in_common(around, &names, &mut looked);
    let mut found = Vec::new();
    for piece in looked {
        let first = found.len();
        piece.findings(rules, &mut found);
        // What is found in the cleaned body need not be said of the one that was sent.
        if piece.piece.form == Form::Raw {
            let (before, own) = found.split_at(first);
            let fresh: Vec<Found> = own
                .iter()
                .filter(|raw| {
                    !matches!(raw.place, Place::Attribute | Place::Address)
                        || !before.iter().any(|other: &Found| {
                            other.rule == raw.rule
                                && other.field == raw.field
                                && other.locale == raw.locale
                                && (other.place == raw.place && folded(other) == folded(raw)
                                    || encloses(other, raw))
                        })
                })
                .cloned()
                .collect();
            found.truncate(first);
            uncover(pieces, piece.piece, &mut found, fresh);
        }
    }
    found
}

/// Adds what was found in a body as it was sent. What was hidden there and is kept was hidden from readers only until now: it is found where it
/// stands, in place of what says less of the same, and holds the record back where somebody was to look at it.
fn uncover(pieces: &[Piece<'_>], sent: &Piece<'_>, found: &mut Vec<Found>, fresh: Vec<Found>) {
    let body = pieces.iter().find(|piece| {
        piece.form == Form::Html && piece.field == sent.field && piece.locale == sent.locale
    });
    let shown = OnceCell::new();
    for mut hidden in fresh {
        if let Some(body) = body.filter(|_| hidden.place == Place::Hidden)
            && let Some(range) = shown
                .get_or_init(|| Shown::new(body.text))
                .place(&hidden.text)
            && let Some(text) = body.text.get(range.clone())
        {
            if hidden.severity == Severity::Review {
                hidden.severity = Severity::Block;
            }
            hidden.is_stored = true;
            hidden.offset = range.start;
            hidden.length = range.len();
            hidden.text = text.to_owned();
            found.retain(|other| {
                !(other.is_stored
                    && other.field == hidden.field
                    && other.locale == hidden.locale
                    && other.place == Place::Text
                    && other.severity <= hidden.severity
                    && range.start <= other.offset
                    && other.offset + other.length <= range.end)
            });
        }
        found.push(hidden);
    }
}

/// Whether a finding in the cleaned body is of tags too, among them the one in which this attribute stands.
fn encloses(whole: &Found, attribute: &Found) -> bool {
    let mut all = Folded::default();
    all.address(0, &whole.text, true);
    whole.text.contains('<') && all.text.contains(&folded(attribute))
}

/// What a finding in an attribute says, however it is written: cleaning encodes addresses, and decodes references.
fn folded(found: &Found) -> String {
    let mut folded = Folded::default();
    match found.place {
        Place::Address => folded.address(0, &found.text, true),
        _ => folded.references(0, &found.text),
    }
    folded.text
}

/// A piece that was looked at.
struct Looked<'a> {
    piece: &'a Piece<'a>,
    /// What the phrases that were found say, folded; `None` for what is judged as a whole.
    drafts: Vec<(Draft, Option<String>)>,
}

impl<'a> Looked<'a> {
    fn new(rules: &RuleSet, around: &Surroundings, names: &Names, piece: &'a Piece<'a>) -> Self {
        let walked = Walked::new(piece.form, piece.text);
        let hits = hits(rules, &walked);
        let mut lines = blocks::lines(&walked);
        let mut drafts = Vec::new();
        let mut rest = hits.as_slice();
        for line in &mut lines {
            let end = line.segment.marks.end;
            let (within, behind) = rest.split_at(rest.partition_point(|hit| hit.begin < end));
            blocks::judge(rules, &walked, line, within, &mut drafts);
            rest = behind;
        }
        signals::of_lines(rules, around, piece.text, &walked, &lines, &mut drafts);
        foreign_names(rules, names, piece, &walked, &mut drafts);
        let phrase = |draft: Draft| {
            let said = (!draft.is_whole).then(|| walked.folded.slice(draft.marks.clone()));
            let said = said.map(str::to_owned);
            (draft, said)
        };
        let mut drafts = draft::settle(drafts);
        if drafts.len() > MOST {
            drafts.sort_by_key(|draft| (std::cmp::Reverse(draft.severity), draft.source.start));
            drafts.truncate(MOST);
            drafts.sort_by_key(|draft| draft.source.start);
        }
        Self {
            piece,
            drafts: drafts.into_iter().map(phrase).collect(),
        }
    }

    fn findings(&self, rules: &RuleSet, found: &mut Vec<Found>) {
        for (draft, _) in &self.drafts {
            let Some(rule) = rules.rules.get(draft.rule) else {
                continue;
            };
            let text = self.piece.text.get(draft.source.clone());
            found.push(Found {
                rule: rule.key.clone(),
                class: rule.class,
                severity: draft.severity,
                reasons: draft.reasons.iter().copied().collect(),
                locale: self.piece.locale.map(str::to_owned),
                field: self.piece.field.clone(),
                place: draft.place,
                offset: draft.source.start,
                length: draft.source.len(),
                text: text.unwrap_or_default().to_owned(),
                is_stored: self.piece.form != Form::Raw,
            });
        }
    }
}

/// Everything that the rules know in a piece, from its begin.
fn hits(rules: &RuleSet, walked: &Walked) -> Vec<Hit> {
    let folded = &walked.folded;
    let mut hits = rules.automaton.find(folded);
    if let Some(any) = &rules.any_pattern {
        for number in any.matches(&folded.text) {
            let Some((rule, regex)) = rules.patterns.get(number) else {
                continue;
            };
            for segment in &walked.segments {
                let text = folded.slice(segment.marks.clone());
                let mut counted = (0, segment.marks.start);
                for found in regex.find_iter(text) {
                    let mut index = |byte: usize| {
                        let between = text.get(counted.0..byte).unwrap_or_default();
                        counted = (byte, counted.1 + between.chars().count());
                        counted.1
                    };
                    let (begin, end) = (index(found.start()), index(found.end()));
                    if begin < end {
                        hits.push(Hit {
                            rule: *rule,
                            begin,
                            end,
                        });
                    }
                }
            }
        }
    }
    hits.sort_unstable_by_key(|hit| (hit.begin, std::cmp::Reverse(hit.end), hit.rule));
    hits
}

/// Adds names of organisations that are none of the site's: in the place of its name, and wherever what stands there is said.
fn foreign_names(
    rules: &RuleSet,
    names: &Names,
    piece: &Piece<'_>,
    walked: &Walked,
    drafts: &mut Vec<Draft>,
) {
    let folded = &walked.folded;
    let mut add = |rule: Option<usize>, marks: std::ops::Range<usize>, reason: Reason| {
        if let Some(rule) = rule
            && let Some(compiled) = rules.rules.get(rule)
        {
            drafts.push(Draft {
                rule,
                severity: compiled.severity,
                reasons: BTreeSet::from([reason]),
                place: Place::Text,
                source: folded.source(marks.clone()),
                marks,
                is_whole: false,
            });
        }
    };
    match piece.form {
        Form::Name => {
            let name = names::folded(piece.text);
            if names.is_foreign(&name)
                && let Some(segment) = walked.segments.first()
            {
                add(
                    rules.signals.foreign_name,
                    segment.marks.clone(),
                    Reason::ForeignName,
                );
            }
        }
        Form::Plain | Form::Html => {
            for name in &names.foreign {
                for marks in signals::places(folded, name) {
                    add(rules.signals.name_in_text, marks, Reason::ForeignName);
                }
            }
        }
        Form::Raw | Form::Address | Form::FileName => {}
    }
}

/// Adds the reasons that only all pieces together give, and takes back what needed them.
fn in_common(around: &Surroundings, names: &Names, looked: &mut [Looked<'_>]) {
    let is_site = looked.iter().any(|piece| piece.piece.form == Form::Name);
    if is_site {
        if !names::is_institution(around) {
            return;
        }
        for (draft, said) in looked.iter_mut().flat_map(|piece| &mut piece.drafts) {
            let is_called = said
                .as_ref()
                .is_some_and(|said| names.called.iter().any(|name| name.contains(said)));
            let says_what = draft.reasons.contains(&Reason::Lexicon)
                || draft.reasons.contains(&Reason::Pattern);
            if is_called && says_what {
                draft.reasons.insert(Reason::ContradictsRegistrations);
            }
        }
        return;
    }
    let said_in = |looked: &[Looked<'_>], field: &str| -> BTreeSet<String> {
        let pieces = looked.iter().filter(|piece| piece.piece.field == field);
        let said =
            pieces.flat_map(|piece| piece.drafts.iter().filter_map(|(_, said)| said.clone()));
        said.collect()
    };
    let titles = said_in(looked, "/title");
    let bodies = said_in(looked, "/body_html");
    let is_everywhere = |said: &String| {
        titles.contains(said)
            && bodies.contains(said)
            && names.called.iter().any(|name| name.contains(said))
    };
    for piece in looked.iter_mut() {
        piece.drafts.retain_mut(|(draft, said)| {
            let everywhere = said.as_ref().is_some_and(is_everywhere);
            if everywhere {
                draft.reasons.insert(Reason::SameInNameTitleBody);
            }
            // The name of somebody else is nothing in a text by itself.
            let is_name_alone = draft.reasons.len() == 1
                && draft.reasons.contains(&Reason::ForeignName)
                && draft.severity <= Severity::Review;
            !is_name_alone
        });
    }
}
