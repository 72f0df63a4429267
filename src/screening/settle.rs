//! Articles that are there already are looked at again: by the rules as they are now, in the site as it is now.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Screen, Screened, Verdict};
use crate::error::Result;
use crate::hygiene::{self, pieces};
use crate::models::article::ArticleContent;
use crate::models::hygiene::{Found, RecordKind};
use crate::models::revision::Occasion;
use crate::models::time::Ts;
use crate::store::articles::Loaded;
use crate::store::counts::Deltas;
use crate::store::{self, Conn};

/// What looking at articles again came to.
#[derive(Debug, Default)]
pub struct Settled {
    /// Articles that are held back now, with their sites.
    pub held: Vec<(i64, i64)>,
    /// Articles that nothing holds back any more.
    pub released: Vec<(i64, i64)>,
    /// Open findings in all of them: of severity block, review, note.
    pub blocks: u64,
    /// See `blocks`.
    pub reviews: u64,
    /// See `blocks`.
    pub notes: u64,
    /// What that adds to the numbers of categories.
    pub counts: Deltas,
    /// Sites whose readers see something else now.
    pub sites: BTreeSet<i64>,
}

impl Settled {
    /// The articles that changed: they are to be indexed anew.
    pub fn changed(&self) -> Vec<i64> {
        let changed = self.held.iter().chain(&self.released);
        changed.map(|(id, _)| *id).collect()
    }

    fn weigh(&mut self, verdict: &Verdict) {
        let number = |n: usize| u64::try_from(n).unwrap_or_default();
        self.blocks += number(verdict.blocks);
        self.reviews += number(verdict.reviews);
        self.notes += number(verdict.notes);
    }

    fn note(&mut self, old: &Loaded, new: &ArticleContent) {
        let list = match new.state.held {
            Some(_) => &mut self.held,
            None => &mut self.released,
        };
        list.push((old.row.id, old.row.site_id));
    }
}

/// What a rule on trial finds in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What kind of record it is.
    pub kind: RecordKind,
    /// Which one.
    pub record_id: i64,
    /// Its site, where it belongs to one.
    pub site_id: Option<i64>,
    /// Whether it is held back anyway.
    pub is_held: bool,
    /// What is found.
    pub found: Vec<Found>,
}

impl Screen {
    /// Looks at these articles again, keeps what is found, and holds back, or lets go, what there is reason to. A few hundred at a time.
    pub fn settle(
        &mut self,
        conn: &mut Conn,
        ids: &[i64],
        occasion: &Occasion,
        now: Ts,
    ) -> Result<Settled> {
        let mut settled = Settled::default();
        let mut by_site: BTreeMap<i64, Vec<Loaded>> = BTreeMap::new();
        for article in store::articles::load(conn, ids)? {
            by_site
                .entry(article.row.site_id)
                .or_default()
                .push(article);
        }
        for (site_id, loaded) in by_site {
            self.settle_site(conn, site_id, loaded, occasion, now, &mut settled)?;
        }
        Ok(settled)
    }

    fn settle_site(
        &mut self,
        conn: &mut Conn,
        site_id: i64,
        loaded: Vec<Loaded>,
        occasion: &Occasion,
        now: Ts,
        settled: &mut Settled,
    ) -> Result<()> {
        let (contents, verdicts) = self.look_again(conn, site_id, &loaded)?;
        verdicts.iter().for_each(|verdict| settled.weigh(verdict));
        let changed: Vec<(&Loaded, &ArticleContent)> = loaded
            .iter()
            .zip(&contents)
            .filter(|(old, new)| old.content.state.status != new.state.status)
            .collect();
        for (old, new) in &changed {
            settled.note(old, new);
        }
        if !changed.is_empty() {
            let saved = store::articles::update(conn, site_id, &changed, occasion)?;
            for (category_id, delta) in saved.counts {
                *settled.counts.entry(category_id).or_default() += delta;
            }
            settled.sites.insert(site_id);
        }
        let ids = loaded.iter().map(|article| article.row.id);
        self.keep_articles(conn, site_id, ids.zip(verdicts), now)
    }

    /// What these articles are by the rules, and what is found in them.
    fn look_again(
        &mut self,
        conn: &mut Conn,
        site_id: i64,
        loaded: &[Loaded],
    ) -> Result<(Vec<ArticleContent>, Vec<Verdict>)> {
        let mut contents: Vec<ArticleContent> = loaded
            .iter()
            .map(|article| article.content.clone())
            .collect();
        let mut screened: Vec<Screened<'_>> = loaded
            .iter()
            .zip(&mut contents)
            .map(|(article, content)| Screened {
                id: Some(article.row.id),
                content,
                raw: &[],
                sent: &[],
            })
            .collect();
        let verdicts = self.judge(conn, site_id, &mut screened)?;
        Ok((contents, verdicts))
    }

    /// Which of these articles are not as they should be by the rules: their findings, or whether they are held back; and what settling them would come
    /// to. Changes nothing.
    pub fn unsettled(&mut self, conn: &mut Conn, ids: &[i64]) -> Result<(Vec<i64>, Settled)> {
        let mut settled = Settled::default();
        let mut by_site: HashMap<i64, Vec<Loaded>> = HashMap::new();
        for article in store::articles::load(conn, ids)? {
            by_site
                .entry(article.row.site_id)
                .or_default()
                .push(article);
        }
        let mut unsettled = Vec::new();
        for (site_id, loaded) in by_site {
            let (contents, verdicts) = self.look_again(conn, site_id, &loaded)?;
            for ((old, new), verdict) in loaded.iter().zip(&contents).zip(&verdicts) {
                settled.weigh(verdict);
                let is_other = old.content.state.status != new.state.status;
                if is_other {
                    settled.note(old, new);
                }
                if is_other || !verdict.is_known() {
                    unsettled.push(old.row.id);
                }
            }
        }
        unsettled.sort_unstable();
        Ok((unsettled, settled))
    }

    /// What the rules find in these articles, whatever is known of them. Changes nothing.
    pub fn try_on(&mut self, conn: &mut Conn, ids: &[i64]) -> Result<Vec<Tried>> {
        let rules = self.rules.clone();
        let mut tried = Vec::new();
        for article in store::articles::load(conn, ids)? {
            let site_id = article.row.site_id;
            let around = &self.site(conn, site_id)?.around;
            let found = hygiene::scan(&rules.set, around, &pieces::of_article(&article.content));
            if !found.is_empty() {
                tried.push(Tried {
                    kind: RecordKind::Article,
                    record_id: article.row.id,
                    site_id: Some(site_id),
                    is_held: article.content.state.held.is_some(),
                    found,
                });
            }
        }
        Ok(tried)
    }
}
