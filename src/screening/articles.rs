//! Articles that are about to be saved.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{Rules, Screen};
use crate::error::Result;
use crate::hygiene::{self, pieces};
use crate::models::article::ArticleContent;
use crate::models::hygiene::{
    Finding, Form, Found, Piece, Place, RawBody, RecordKind, Severity, Surroundings,
};
use crate::models::time::Ts;
use crate::store::{self, Conn};

/// Findings that are kept of one article.
const MOST: usize = 1_000;

/// An article to look at.
pub struct Screened<'a> {
    /// Its id, where it has one yet.
    pub id: Option<i64>,
    /// What it says; afterwards also whether it is held back.
    pub content: &'a mut ArticleContent,
    /// Its bodies as they were sent, where they were.
    pub raw: &'a [RawBody],
    /// Languages whose bodies were sent.
    pub sent: &'a [String],
}

/// What was found in a record, and what becomes of what was found before.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Findings to be kept that are not yet.
    new: Vec<(Found, bool)>,
    /// Ids of those that are no more.
    gone: Vec<i64>,
    /// Open findings that hold the record back by themselves.
    pub blocks: usize,
    /// Open findings that somebody should look at.
    pub reviews: usize,
    /// Others.
    pub notes: usize,
}

impl Verdict {
    /// What becomes of findings: `found` is what is there now, `known` what was kept, of which `stays` holds without being found again.
    pub(super) fn new(
        found: Vec<Found>,
        known: Vec<Finding>,
        stays: impl Fn(&Finding) -> bool,
    ) -> Self {
        let mut verdict = Self::default();
        let mut rest: Vec<Option<Finding>> = Vec::with_capacity(known.len());
        for finding in known {
            let is_found_again = found.iter().any(|found| {
                found.place == finding.found.place
                    && found.rule == finding.found.rule
                    && found.locale == finding.found.locale
                    && found.text == finding.found.text
            });
            if stays(&finding) && !is_found_again {
                verdict.weigh(finding.found.severity, finding.is_dismissed);
            } else {
                rest.push(Some(finding));
            }
        }
        for found in found {
            let same = rest
                .iter_mut()
                .find(|known| known.as_ref().is_some_and(|known| known.found == found));
            if let Some(known) = same.and_then(Option::take) {
                verdict.weigh(found.severity, known.is_dismissed);
                if known.is_dismissed {
                    // It still speaks for others like it.
                    rest.push(Some(Finding { id: 0, ..known }));
                }
                continue;
            }
            // What an editor let stand may move, and come again.
            let is_dismissed = rest.iter().flatten().any(|known| {
                known.is_dismissed
                    && known.found.rule == found.rule
                    && known.found.locale == found.locale
                    && known.found.text == found.text
            });
            verdict.weigh(found.severity, is_dismissed);
            verdict.new.push((found, is_dismissed));
        }
        verdict.gone = rest
            .into_iter()
            .flatten()
            .map(|finding| finding.id)
            .filter(|id| *id != 0)
            .collect();
        verdict
    }

    fn weigh(&mut self, severity: Severity, is_dismissed: bool) {
        match severity {
            _ if is_dismissed => {}
            Severity::Block => self.blocks += 1,
            Severity::Review => self.reviews += 1,
            Severity::Note => self.notes += 1,
        }
    }

    /// Whether it says the same as what is kept.
    pub fn is_known(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty()
    }

    /// The findings that are to be kept.
    pub(super) fn findings(
        self,
        rules: &Rules,
        kind: RecordKind,
        record_id: i64,
        site_id: Option<i64>,
        now: Ts,
    ) -> (Vec<Finding>, Vec<i64>) {
        let new = self.new.into_iter().map(|(found, is_dismissed)| Finding {
            id: 0,
            kind,
            record_id,
            site_id,
            rule_version: rules.version_of(&found.rule),
            found,
            is_dismissed,
            found_at: now,
        });
        (new.collect(), self.gone)
    }
}

impl Screen {
    /// Looks at articles of a site that are about to be saved, and holds them back or not.
    pub fn judge(
        &mut self,
        conn: &mut Conn,
        site_id: i64,
        articles: &mut [Screened<'_>],
    ) -> Result<Vec<Verdict>> {
        let ids: Vec<i64> = articles.iter().filter_map(|article| article.id).collect();
        let mut known: HashMap<i64, Vec<Finding>> = HashMap::new();
        for finding in store::findings::of_records(conn, RecordKind::Article, &ids)? {
            known.entry(finding.record_id).or_default().push(finding);
        }
        let rules = self.rules.clone();
        let site = self.site(conn, site_id)?;
        let verdicts = articles.iter_mut().map(|article| {
            let found = look(&rules, &site.around, article);
            let known = article
                .id
                .and_then(|id| known.remove(&id))
                .unwrap_or_default();
            // What cleaning took off stands until the body is sent again, and what it uncovered as long as the body says it.
            let (sent, content) = (article.sent, &*article.content);
            let verdict = Verdict::new(found, known, |finding| {
                let locale = finding.found.locale.as_ref();
                match finding.found.is_stored {
                    true => finding.found.place == Place::Hidden && says(content, &finding.found),
                    false => !locale.is_some_and(|locale| sent.contains(locale)),
                }
            });
            let is_held = verdict.blocks > 0
                || site.is_held
                || site
                    .held_categories
                    .contains(&article.content.state.category_id);
            article.content.state.set_held(is_held);
            verdict
        });
        Ok(verdicts.collect())
    }

    /// Keeps what was found in articles of a site that are saved by now.
    pub fn keep_articles(
        &self,
        conn: &mut Conn,
        site_id: i64,
        verdicts: impl IntoIterator<Item = (i64, Verdict)>,
        now: Ts,
    ) -> Result<()> {
        let mut new = Vec::new();
        let mut gone = Vec::new();
        for (id, verdict) in verdicts {
            let (found, lost) =
                verdict.findings(&self.rules, RecordKind::Article, id, Some(site_id), now);
            new.extend(found);
            gone.extend(lost);
        }
        store::findings::delete(conn, &gone)?;
        store::findings::insert(conn, &new)
    }
}

/// Whether the body of an article still says what was found in it.
fn says(content: &ArticleContent, found: &Found) -> bool {
    let texts = content.texts.iter();
    let mut texts = texts.filter(|text| Some(&text.locale) == found.locale.as_ref());
    texts.any(|text| text.body_html.contains(&found.text))
}

/// What there is in an article.
fn look(rules: &Rules, around: &Surroundings, article: &Screened<'_>) -> Vec<Found> {
    let mut all = pieces::of_article(article.content);
    all.extend(article.raw.iter().map(|raw| Piece {
        locale: Some(&raw.locale),
        field: "/body_html".to_owned(),
        form: Form::Raw,
        text: &raw.html,
    }));
    let mut found = hygiene::scan(&rules.set, around, &all);
    if found.len() > MOST {
        // The gravest first; once these are mended the others come.
        found.sort_by_key(|found| Reverse(found.severity));
        found.truncate(MOST);
    }
    found
}
