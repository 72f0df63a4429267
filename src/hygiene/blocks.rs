//! What the matches in a text come to: phrases, runs of words, and lines that are spam as a whole. It knows matches, not sites.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::automaton::Hit;
use super::draft::Draft;
use super::fold::Folded;
use super::rules::{Compiled, RuleSet};
use super::segments::{Segment, Walked};
use crate::models::hygiene::{Boundary, Place, Reason, RuleKind, Severity, SpamClass};
use crate::text::folding::Kind;

/// Characters of a line that is judged as a whole; what is longer is judged phrase by phrase.
const LONGEST: usize = 2_000;

/// Characters of a run that is one finding; in longer ones each phrase is one.
const LONGEST_RUN: usize = 100;

/// Characters of a phrase of which a telling word is a good part.
const SHORT: usize = 16;

/// Phrases one after the other that are a list.
const LIST: usize = 3;

/// A stretch of a text between two signs.
#[derive(Debug, Clone, Default)]
pub(super) struct Clause {
    pub marks: Range<usize>,
    /// Characters that say something.
    pub content: usize,
    /// Those of them that stand in matches.
    covered: usize,
    /// How many words of rules cover it.
    words: usize,
    /// How many of them tell.
    telling: usize,
    /// A phrase that is a finding by itself.
    has_phrase: bool,
    /// A word that is one where it stands alone.
    has_lone: bool,
}

impl Clause {
    /// Whether most of it is what rules look for; a rough word alone is, where nothing should stand.
    fn is_spam(&self, is_apart: bool) -> bool {
        self.has_phrase
            || is_apart && self.has_lone && self.covered == self.content
            || is_telling_run(self.words, self.telling) && self.covered * 10 >= self.content * 6
            || is_apart
                && self.telling > 0
                && self.content <= SHORT
                && self.covered * 3 >= self.content
    }
}

/// A text with its clauses.
pub(super) struct Line<'a> {
    pub segment: &'a Segment,
    pub clauses: Vec<Clause>,
    pub content: usize,
    /// How many sentences end in it.
    pub ends: usize,
    /// Whether it stands behind the last sentence of the body.
    pub is_tail: bool,
}

/// The texts of a piece, with those that stand behind its end told apart.
pub(super) fn lines(walked: &Walked) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = walked
        .segments
        .iter()
        .map(|segment| line(&walked.folded, segment))
        .collect();
    let is_text = |line: &Line<'_>| line.segment.is_line && line.segment.place == Place::Text;
    let last = lines
        .iter()
        .rposition(|line| is_text(line) && line.ends > 0);
    if let Some(last) = last {
        for line in lines.iter_mut().skip(last + 1) {
            line.is_tail = is_text(line);
        }
    }
    lines
}

fn line<'a>(folded: &Folded, segment: &'a Segment) -> Line<'a> {
    let mut line = Line {
        segment,
        clauses: Vec::new(),
        content: 0,
        ends: 0,
        is_tail: false,
    };
    let mut clause = Clause {
        marks: segment.marks.start..segment.marks.start,
        ..Clause::default()
    };
    let marks = folded.marks.get(segment.marks.clone()).unwrap_or_default();
    let text = folded.slice(segment.marks.clone());
    let mut previous: Option<Kind> = None;
    let mut finish = |clause: &mut Clause, at: usize| {
        clause.marks.end = at;
        let done = std::mem::replace(
            clause,
            Clause {
                marks: at..at,
                ..Clause::default()
            },
        );
        if done.content > 0 {
            line.content += done.content;
            line.clauses.push(done);
        }
    };
    let mut ends = 0;
    for ((at, mark), c) in marks.iter().enumerate().zip(text.chars()) {
        let at = segment.marks.start + at;
        if mark.is_content() {
            if mark.gap
                && (mark.kind == Kind::Character || previous == Some(Kind::Character))
                && previous != Some(Kind::Sign)
            {
                finish(&mut clause, at);
            }
            clause.content += 1;
        } else if !matches!(c, ' ' | '.' | '-' | '\'' | '·' | '+' | '%' | '&' | '_') {
            finish(&mut clause, at);
            clause.marks.start = at + 1;
            ends += usize::from(matches!(c, '。' | '!' | '?'));
        } else if c == '.' && previous == Some(Kind::Letter) {
            let next = marks.get(at + 1 - segment.marks.start);
            ends += usize::from(next.is_none_or(|next| next.gap));
        }
        previous = Some(mark.kind);
    }
    finish(&mut clause, segment.marks.end);
    line.ends = ends;
    line
}

/// What the matches in a text are: `hits` are those in it, in order.
pub(super) fn judge(
    rules: &RuleSet,
    walked: &Walked,
    line: &mut Line<'_>,
    hits: &[Hit],
    drafts: &mut Vec<Draft>,
) {
    if hits.is_empty() {
        return;
    }
    let place = line.segment.place;
    let phrase = |rule: usize, marks: Range<usize>, severity: Severity, reason: Reason| Draft {
        rule,
        severity,
        reasons: BTreeSet::from([reason]),
        place,
        source: walked.folded.source(marks.clone()),
        marks,
        is_whole: false,
    };
    for hit in hits {
        if let Some(rule) = rules.rules.get(hit.rule).filter(|rule| is_phrase(rule)) {
            let reason = match rule.kind {
                RuleKind::Pattern => Reason::Pattern,
                _ => Reason::Lexicon,
            };
            drafts.push(phrase(hit.rule, hit.begin..hit.end, rule.severity, reason));
        }
    }
    for run in runs(rules, hits) {
        drafts.push(phrase(run.rule, run.marks, run.severity, Reason::Lexicon));
    }
    cover(rules, line, hits);
    if line.segment.is_line {
        whole(rules, walked, line, hits, drafts);
    }
}

/// Whether so many words of which so many tell say enough together.
fn is_telling_run(words: usize, telling: usize) -> bool {
    telling > 1 || telling > 0 && words > 2
}

/// Whether a match of the rule is a finding by itself.
fn is_phrase(rule: &Compiled) -> bool {
    matches!(rule.kind, RuleKind::Term | RuleKind::Pattern)
}

/// Whether a match of the rule says by itself what it is for.
fn is_telling(rule: &Compiled) -> bool {
    rule.severity > Severity::Note
}

/// Words of one class one after the other.
struct Run {
    marks: Range<usize>,
    rule: usize,
    severity: Severity,
    words: usize,
    telling: usize,
    /// Words of a vocabulary that blocks.
    blocking: usize,
    /// From the first word that tells to the last one, and the most that one of them does by itself.
    told: Range<usize>,
    most: Severity,
}

impl Run {
    fn new(hit: &Hit) -> Self {
        Self {
            marks: hit.begin..hit.begin,
            rule: hit.rule,
            severity: Severity::Note,
            words: 0,
            telling: 0,
            blocking: 0,
            told: hit.begin..hit.begin,
            most: Severity::Note,
        }
    }

    fn add(&mut self, hit: &Hit, rule: &Compiled) {
        let telling = usize::from(is_telling(rule));
        if telling > 0 {
            if self.told.is_empty() {
                self.told.start = hit.begin;
            }
            self.told.end = self.told.end.max(hit.end);
            if is_phrase(rule) {
                self.most = self.most.max(rule.severity);
            }
        }
        // A word within another is none of its own.
        if hit.end > self.marks.end {
            self.words += 1;
            self.telling += telling;
            self.blocking +=
                usize::from(rule.severity == Severity::Block && rule.kind == RuleKind::Vocabulary);
            self.marks.end = hit.end;
        } else if self.telling == 0 {
            self.telling = telling;
        }
        if rule.severity > self.severity {
            self.severity = rule.severity;
            self.rule = hit.rule;
        }
    }

    /// What it comes to, if it is anything.
    fn done(mut self) -> Option<Self> {
        self.severity = match self.words > 2 && self.blocking > 1 {
            true => Severity::Block,
            false => Severity::Review,
        };
        if self.telling > 1 {
            self.severity = self.severity.max(self.most);
            self.marks = self.told.clone();
        }
        let is_short = (4..=LONGEST_RUN).contains(&self.marks.len());
        (is_telling_run(self.words, self.telling) && is_short).then_some(self)
    }
}

/// Runs of words with one that tells among them.
fn runs(rules: &RuleSet, hits: &[Hit]) -> Vec<Run> {
    let mut runs = Vec::new();
    for class in SpamClass::ALL {
        let mut open: Option<Run> = None;
        for hit in hits {
            let Some(rule) = rules.rules.get(hit.rule).filter(|rule| rule.class == class) else {
                continue;
            };
            // Expressions take what stands around; words that need a place of their own make no runs.
            if rule.kind == RuleKind::Pattern || rule.boundary == Boundary::Alone {
                continue;
            }
            if open.as_ref().is_some_and(|run| hit.begin > run.marks.end) {
                runs.extend(open.take().and_then(Run::done));
            }
            open.get_or_insert_with(|| Run::new(hit)).add(hit, rule);
        }
        runs.extend(open.and_then(Run::done));
    }
    runs
}

/// Counts what the matches cover of each clause.
fn cover(rules: &RuleSet, line: &mut Line<'_>, hits: &[Hit]) {
    let mut hits = hits.iter().peekable();
    let mut end = 0;
    for clause in &mut line.clauses {
        while let Some(hit) = hits.next_if(|hit| hit.begin < clause.marks.end) {
            let Some(rule) = rules.rules.get(hit.rule) else {
                continue;
            };
            let is_telling = is_telling(rule);
            clause.has_phrase |= is_telling && is_phrase(rule);
            clause.has_lone |=
                rule.boundary == Boundary::Alone && rule.kind == RuleKind::Vocabulary;
            let from = hit.begin.max(end);
            if hit.end > from {
                clause.covered += hit.end.min(clause.marks.end) - from.min(clause.marks.end);
                clause.words += 1;
                clause.telling += usize::from(is_telling);
                end = hit.end;
            } else if clause.telling == 0 {
                clause.telling += usize::from(is_telling);
            }
        }
    }
}

/// Judges a line as a whole, and the lists in it.
fn whole(rules: &RuleSet, walked: &Walked, line: &Line<'_>, hits: &[Hit], drafts: &mut Vec<Draft>) {
    let place = line.segment.place;
    let is_unseen = matches!(place, Place::Hidden | Place::Comment);
    let is_apart = is_unseen || line.is_tail;
    let is_spam = |clause: &Clause| clause.is_spam(is_apart);
    let spam: Vec<&Clause> = line
        .clauses
        .iter()
        .filter(|clause| is_spam(clause))
        .collect();
    let content: usize = spam.iter().map(|clause| clause.content).sum();
    let is_list = spam.len() >= LIST;
    let covered: usize = spam.iter().map(|clause| clause.covered).sum();
    let is_whole = !spam.is_empty()
        && line.ends == 0
        && line.content <= LONGEST
        && content * 2 >= line.content
        && (!line.segment.is_label || is_list)
        && (is_apart || is_list || covered * 10 >= line.content * 6);
    if is_whole {
        let (rule, severity) = decisive(rules, hits);
        let mut reasons = BTreeSet::from([Reason::Lexicon]);
        if line.clauses.len() > 1 {
            reasons.insert(Reason::PhraseList);
        }
        if line.is_tail {
            reasons.insert(Reason::Tail);
        }
        drafts.push(Draft {
            rule,
            severity: match is_apart && is_list && line.clauses.len() <= spam.len() * 2 {
                true => Severity::Block,
                false => severity.max(Severity::Review),
            },
            reasons,
            place,
            source: line.segment.cut.clone(),
            marks: line.segment.marks.clone(),
            is_whole: true,
        });
        return;
    }
    for list in line.clauses.chunk_by(|a, b| is_spam(a) && is_spam(b)) {
        let (Some(first), Some(last)) = (list.first(), list.last()) else {
            continue;
        };
        if list.len() < LIST || !is_spam(first) || last.marks.end - first.marks.start > LONGEST {
            continue;
        }
        let marks = first.marks.start..last.marks.end;
        let from = hits.partition_point(|hit| hit.begin < marks.start);
        let to = hits.partition_point(|hit| hit.begin < marks.end);
        let (rule, severity) = decisive(rules, hits.get(from..to).unwrap_or_default());
        drafts.push(Draft {
            rule,
            severity: severity.max(Severity::Review),
            reasons: BTreeSet::from([Reason::Lexicon, Reason::PhraseList]),
            place,
            source: walked.folded.source(marks.clone()),
            marks,
            is_whole: true,
        });
    }
}

/// The rule that says what it is: the most severe; of several, the one with most matches.
fn decisive(rules: &RuleSet, hits: &[Hit]) -> (usize, Severity) {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for hit in hits {
        *counts.entry(hit.rule).or_default() += 1;
    }
    counts
        .into_iter()
        .filter_map(|(number, count)| {
            let rule = rules.rules.get(number)?;
            // Words block in company only.
            let severity = match rule.kind {
                RuleKind::Vocabulary if count < 2 => rule.severity.min(Severity::Review),
                _ => rule.severity,
            };
            Some((severity, count, std::cmp::Reverse(number)))
        })
        .max()
        .map_or((0, Severity::Review), |(severity, _, number)| {
            (number.0, severity)
        })
}
