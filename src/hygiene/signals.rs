//! What gives injected text away without a list of words. It knows texts and what is known of the site, not phrases.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};

use super::blocks::Line;
use super::draft::Draft;
use super::fold::Folded;
use super::names;
use super::rules::RuleSet;
use super::segments::Walked;
use crate::models::hygiene::{Place, Reason, Surroundings};
use crate::text::folding::{Kind, script_of};
use crate::text::script::Script;

/// The signals that there are, with the numbers of their rules where they are switched on.
#[derive(Debug, Default)]
pub(super) struct Signals {
    pub hidden_text: Option<usize>,
    pub phrase_list: Option<usize>,
    pub link_farm: Option<usize>,
    pub foreign_name: Option<usize>,
    pub name_in_text: Option<usize>,
}

impl Signals {
    /// Switches the signal `key` on as the rule `number`.
    pub fn place(&mut self, key: &str, number: usize) -> Option<()> {
        let signal = match key {
            "hidden-text" => &mut self.hidden_text,
            "phrase-list" => &mut self.phrase_list,
            "link-farm" => &mut self.link_farm,
            "foreign-name" => &mut self.foreign_name,
            "name-in-text" => &mut self.name_in_text,
            _ => return None,
        };
        *signal = Some(number);
        Some(())
    }
}

/// The keys of the signals that there are.
pub(super) fn known() -> &'static str {
    "`hidden-text`, `phrase-list`, `link-farm`, `foreign-name`, `name-in-text`"
}

/// Phrases of a list.
const LIST: usize = 3;
/// Hosts that make a farm of links: in places that are no place for links, and anywhere behind the text.
const FEW_HOSTS: usize = 3;
const MANY_HOSTS: usize = 10;

/// The script of a text by the characters that give it away, and how many do: Simplified, Traditional.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Scripts {
    simplified: usize,
    traditional: usize,
}

impl Scripts {
    fn without(self, part: Self) -> Self {
        Self {
            simplified: self.simplified.saturating_sub(part.simplified),
            traditional: self.traditional.saturating_sub(part.traditional),
        }
    }

    /// The other script than that of the page, if all of the text is in it.
    fn is_other_than(self, page: Self) -> bool {
        let page = match page {
            Self {
                simplified,
                traditional,
            } if simplified > traditional * 8 && simplified > 9 => Script::Hans,
            Self {
                simplified,
                traditional,
            } if traditional > simplified * 8 && traditional > 9 => Script::Hant,
            _ => return false,
        };
        match page {
            Script::Hans => self.traditional > 0 && self.simplified == 0,
            Script::Hant => self.simplified > 0 && self.traditional == 0,
        }
    }
}

/// The scripts of a body, without what is spam as a whole in it.
fn page_scripts(text: &str, lines: &[Line<'_>], wholes: &HashSet<usize>) -> Scripts {
    let mut all = Scripts::default();
    let mut rest = SAMPLE;
    for line in lines {
        let cut = &line.segment.cut;
        if rest == 0 {
            break;
        }
        if line.segment.place == Place::Text && !wholes.contains(&cut.start) {
            let found = scripts(text.get(cut.clone()).unwrap_or_default(), rest);
            all.simplified += found.simplified;
            all.traditional += found.traditional;
            rest = rest.saturating_sub(line.content);
        }
    }
    all
}

/// Counts the scripts of a text as it is stored.
fn scripts(text: &str, at_most: usize) -> Scripts {
    let mut scripts = Scripts::default();
    for c in text.chars().filter(|c| !c.is_ascii()).take(at_most) {
        match script_of(c) {
            Some(Script::Hans) => scripts.simplified += 1,
            Some(Script::Hant) => scripts.traditional += 1,
            None => {}
        }
    }
    scripts
}

/// Hidden texts of a piece that are told of, and the bytes of one.
const HIDDEN: usize = 10;
const HIDDEN_LENGTH: usize = 4_096;

/// Characters of a page that say which script it is in.
const SAMPLE: usize = 1_000;

/// Adds what the lines of a body give away, and completes what is known of lines that are spam by their words.
pub(super) fn of_lines(
    rules: &RuleSet,
    around: &Surroundings,
    text: &str,
    walked: &Walked,
    lines: &[Line<'_>],
    drafts: &mut Vec<Draft>,
) {
    off_topic(lines, drafts);
    let wholes: HashSet<usize> = drafts
        .iter()
        .filter(|draft| draft.is_whole)
        .map(|draft| draft.source.start)
        .collect();
    let page = OnceCell::new();
    let page = || *page.get_or_init(|| page_scripts(text, lines, &wholes));
    for draft in drafts.iter_mut().filter(|draft| draft.is_whole) {
        let said = text.get(draft.source.clone()).unwrap_or_default();
        if scripts(said, SAMPLE).is_other_than(page()) {
            draft.reasons.insert(Reason::OtherScript);
        }
    }
    let whole = |drafts: &mut Vec<Draft>, number: usize, line: &Line<'_>, reasons: BTreeSet<_>| {
        let Some(rule) = rules.rules.get(number) else {
            return;
        };
        drafts.push(Draft {
            rule: number,
            severity: rule.severity,
            reasons,
            place: line.segment.place,
            source: line.segment.cut.clone(),
            marks: line.segment.marks.clone(),
            is_whole: false,
        });
    };
    let mut hidden = 0;
    for line in lines.iter().filter(|line| line.segment.is_line) {
        let is_hidden = line.segment.place == Place::Hidden;
        if let Some(number) = rules.signals.hidden_text
            && is_hidden
            && line.content > 3
            && hidden < HIDDEN
            && line.segment.cut.len() <= HIDDEN_LENGTH
        {
            hidden += 1;
            whole(
                drafts,
                number,
                line,
                BTreeSet::from([Reason::HiddenElement]),
            );
        }
        if let Some(number) = rules.signals.link_farm
            && let Some(reasons) = link_farm(around, walked, line)
        {
            whole(drafts, number, line, reasons);
        }
        if let Some(number) = rules.signals.phrase_list
            && line.ends == 0
            && !line.segment.is_label
            && (is_hidden || line.is_tail)
            && line.segment.cut.len() <= HIDDEN_LENGTH
            && is_list(line)
        {
            let said = text.get(line.segment.cut.clone()).unwrap_or_default();
            let said = scripts(said, SAMPLE);
            if said.is_other_than(page().without(said)) && said.simplified + said.traditional > LIST
            {
                let mut reasons = BTreeSet::from([Reason::PhraseList, Reason::OtherScript]);
                if line.is_tail {
                    reasons.insert(Reason::Tail);
                }
                whole(drafts, number, line, reasons);
            }
        }
    }
    for draft in drafts {
        if matches!(draft.place, Place::Hidden | Place::Comment) {
            draft.reasons.insert(Reason::HiddenElement);
        }
    }
}

/// Says of spam behind a text that nothing in the text is like it.
fn off_topic(lines: &[Line<'_>], drafts: &mut [Draft]) {
    /// Characters of a text that has a topic.
    const TEXT: usize = 50;
    let wholes: Vec<_> = drafts
        .iter()
        .filter(|draft| draft.is_whole)
        .map(|draft| draft.marks.clone())
        .collect();
    // Both in order.
    let mut next = wholes.iter().peekable();
    let mut is_inside = |marks: &std::ops::Range<usize>| {
        while next.next_if(|whole| whole.end <= marks.start).is_some() {}
        next.peek().is_some_and(|whole| whole.start <= marks.start)
    };
    let content: usize = lines
        .iter()
        .filter(|line| !is_inside(&line.segment.marks))
        .map(|line| line.content)
        .sum();
    let mut others: Vec<_> = drafts
        .iter()
        .filter(|draft| !draft.is_whole)
        .map(|draft| draft.marks.clone())
        .collect();
    others.sort_by_key(|marks| marks.start);
    let mut next = wholes.iter().peekable();
    let is_elsewhere = others.iter().any(|marks| {
        while next.next_if(|whole| whole.end <= marks.start).is_some() {}
        next.peek().is_none_or(|whole| whole.start > marks.start)
    });
    if content >= TEXT && !is_elsewhere {
        let tails = drafts
            .iter_mut()
            .filter(|draft| draft.reasons.contains(&Reason::Tail));
        tails.for_each(|draft| {
            draft.reasons.insert(Reason::OffTopic);
        });
    }
}

/// Whether a line is a list of phrases: neither words nor sentences.
fn is_list(line: &Line<'_>) -> bool {
    let count = line.clauses.len();
    let is_phrase = |content: usize| (4..=24).contains(&content);
    let phrases = line
        .clauses
        .iter()
        .filter(|clause| is_phrase(clause.content))
        .count();
    count >= LIST && phrases * 10 >= count * 8
}

fn link_farm(around: &Surroundings, walked: &Walked, line: &Line<'_>) -> Option<BTreeSet<Reason>> {
    let hosts = walked.hosts.get(line.segment.hosts.clone())?;
    if hosts.is_empty() || line.ends > 0 || line.segment.linked * 10 < line.content * 8 {
        return None;
    }
    let foreign: HashSet<&str> = hosts
        .iter()
        .filter(|host| !names::is_own_domain(around, host))
        .map(|host| names::registered(host))
        .collect();
    let is_hidden = line.segment.place == Place::Hidden;
    // Where it is not known which domains are the site's, a few may all be.
    let few = if around.domains.is_empty() {
        FEW_HOSTS
    } else {
        1
    };
    let is_farm = is_hidden && foreign.len() >= few || line.is_tail && foreign.len() >= MANY_HOSTS;
    let mut reasons = BTreeSet::from([Reason::LinkFarm]);
    if line.is_tail {
        reasons.insert(Reason::Tail);
    }
    is_farm.then_some(reasons)
}

/// Where a folded name stands in a text, by its characters; names that are parts of words are not there.
pub(super) fn places(folded: &Folded, name: &str) -> Vec<std::ops::Range<usize>> {
    let length = name.chars().count();
    let at = |byte: usize| {
        folded
            .marks
            .partition_point(|mark| super::fold::to_usize(mark.at) < byte)
    };
    let joins = |index: usize| {
        folded
            .marks
            .get(index)
            .is_some_and(|mark| mark.kind == Kind::Letter)
    };
    folded
        .text
        .match_indices(name)
        .map(|(byte, _)| at(byte)..at(byte) + length)
        .filter(|marks| {
            let before = marks.start.checked_sub(1).is_some_and(joins);
            let gap = |index: usize| folded.marks.get(index).is_some_and(|mark| mark.gap);
            let is_cut_before = before && joins(marks.start) && !gap(marks.start);
            let is_cut_behind =
                marks.end.checked_sub(1).is_some_and(joins) && joins(marks.end) && !gap(marks.end);
            !is_cut_before && !is_cut_behind
        })
        .collect()
}
