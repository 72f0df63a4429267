//! What keeps answers cheap: nothing here changes one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::index::{Index, Pending, Room};
use crate::models::article::{ArticleContent, ArticleState};
use crate::models::revision::Retention;
use crate::models::subject::Subject;
use crate::models::time::Ts;
use crate::screening::Screening;
use crate::store::connection::Structure;
use crate::store::counts::Deltas;
use crate::store::listings::Listed;
use crate::store::{self, Conn, Store, touched};

/// How long to wait before another attempt at what another process is doing.
const RETRY: Duration = Duration::from_secs(1);

/// How many attempts, each of which also waits for its turn to write.
const ATTEMPTS: u32 = 100;

/// How long what is over is kept.
const KEPT_FOR: TimeDelta = TimeDelta::days(1);

/// Revisions deleted in one transaction.
const REVISIONS_AT_ONCE: i64 = 500;

/// Answers to repeat deleted in one transaction.
const REPLIES_AT_ONCE: i64 = 2_000;

/// Articles read together.
const BATCH: i64 = 200;

/// Use cases without a user.
#[derive(Clone)]
pub struct Upkeep {
    store: Store,
    clock: Clock,
    retention: Retention,
    index: Index,
    /// The suggested keyword that was looked at last.
    keywords_seen: Arc<AtomicI64>,
}

impl Upkeep {
    pub(super) fn new(store: Store, clock: Clock, retention: Retention, index: Index) -> Self {
        Self {
            store,
            clock,
            retention,
            index,
            keywords_seen: Arc::default(),
        }
    }

    /// Folds the changes of category counts that are old enough into the counts.
    pub async fn roll_up_counts(&self) -> Result<()> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || {
            let now = Ts::from(this.clock.now());
            while this.store.write_blocking(|conn| {
                let rolled_up = store::counts::roll_up(conn, now)?;
                let mut pending = Pending::default();
                // Suggestions count what stands in lists.
                if !rolled_up.expired.is_empty() {
                    touched::touch(Subject::Index);
                }
                this.index.remove(conn, &mut pending, &rolled_up.expired)?;
                this.index.commit(conn, pending, Room::SMALL)?;
                Ok(rolled_up.has_more)
            })? {}
            Ok(())
        })
        .await
        .map_err(|e| Error::Internal(e.into()))?
    }

    /// Removes what nobody needs any more: sessions that ended more than a day ago, failed sign-ins of the day before, and answers
    /// to repeat that are older than a day.
    pub async fn clean_up(&self) -> Result<()> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || {
            let now = Ts::from(this.clock.now());
            let before = Ts(now.0 - KEPT_FOR);
            this.store.write_blocking(|conn| {
                store::sessions::delete_expired(conn, before)?;
                store::sign_ins::delete_old(conn, before)?;
                Ok(())
            })?;
            while this.store.write_blocking(|conn| {
                store::idempotency::delete_old(conn, before, REPLIES_AT_ONCE)
            })? > 0
            {}
            Ok(())
        })
        .await
        .map_err(|e| Error::Internal(e.into()))?
    }

    /// Looks at some suggested keywords, others with each call, and forgets those that no article has any more.
    pub async fn forget_unused_keywords(&self) -> Result<()> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || {
            let after = this.keywords_seen.load(Ordering::Relaxed);
            let (unused, next) = this
                .store
                .read_blocking(|conn| store::suggestions::unused_keywords(conn, after))?;
            if !unused.is_empty() {
                this.store.write_blocking(|conn| {
                    // Who lists an article adds its keywords.
                    store::connection::lock_structure(conn, Structure::Changed)?;
                    store::suggestions::forget_keywords(conn, unused)
                })?;
            }
            this.keywords_seen.store(next, Ordering::Relaxed);
            Ok(())
        })
        .await
        .map_err(|e| Error::Internal(e.into()))?
    }

    /// Removes revisions that are older than they are kept.
    pub async fn retire_revisions(&self) -> Result<()> {
        let days = self.retention.max_age_days;
        let Some(age) = TimeDelta::try_days(days).filter(|_| days > 0) else {
            return Ok(());
        };
        let this = self.clone();
        tokio::task::spawn_blocking(move || {
            let before = Ts(this.clock.now() - age);
            while this.store.write_blocking(|conn| {
                store::articles::revisions::delete_old(conn, before, REVISIONS_AT_ONCE)
            })? > 0
            {}
            Ok(())
        })
        .await
        .map_err(|e| Error::Internal(e.into()))?
    }

    /// Does what migrations and new versions left to the program, if anything: lists and counts are made anew, and the rules of the check for injected
    /// text that come with this version are kept. Blocks the calling thread.
    pub fn complete_migration(&self) -> Result<()> {
        if !self.store.read_blocking(is_due)? {
            return Ok(());
        }
        let mut attempts = ATTEMPTS;
        while let Err(error) = self.store.write_blocking(|conn| self.complete(conn)) {
            // On SQLite another process may be doing it, which takes longer than a writer waits.
            let is_busy = matches!(error, Error::Unavailable(_));
            if !is_busy || attempts == 0 {
                return Err(error);
            }
            if !self.store.read_blocking(is_due)? {
                break;
            }
            tracing::warn!(error = error.chain(), "waiting for another process");
            attempts -= 1;
            std::thread::sleep(RETRY);
        }
        Ok(())
    }

    /// Another instance may have done it meanwhile.
    fn complete(&self, conn: &mut Conn) -> Result<()> {
        store::import::lock(conn)?;
        if store::maintenance::is_due(conn)? {
            tracing::info!("making lists and counts anew for this version");
            reindex(conn, &self.clock)?;
        }
        if Screening::is_due(conn)? {
            // So that nobody goes on writing by the rules that were.
            store::connection::lock_structure(conn, Structure::Changed)?;
            Screening::ship(conn, Ts::from(self.clock.now()))?;
        }
        Ok(())
    }

    /// Derives lists and category counts from the articles anew, in one transaction; returns how many articles there
    /// are. Writers of articles wait meanwhile, readers do not. Blocks the calling thread.
    pub fn reindex(&self) -> Result<u64> {
        self.store.write_blocking(|conn| {
            store::import::lock(conn)?;
            reindex(conn, &self.clock)
        })
    }
}

/// Whether anything is left to the program.
fn is_due(conn: &mut Conn) -> Result<bool> {
    Ok(store::maintenance::is_due(conn)? || Screening::is_due(conn)?)
}

fn reindex(conn: &mut Conn, clock: &Clock) -> Result<u64> {
    store::maintenance::begin(conn)?;
    let now = Ts::from(clock.now());
    // What came and went by itself is told to followers before its traces go.
    while store::counts::roll_up(conn, now)?.has_more {}
    store::maintenance::clear(conn)?;
    store::suggestions::restore_names(conn)?;
    let mut counts = Deltas::new();
    let mut articles = 0;
    let sites: BTreeSet<i64> = store::sites::ids(conn)?.into_iter().collect();
    for site_id in &sites {
        let mut after = 0;
        loop {
            let ids = store::articles::page_of_ids(conn, Some(*site_id), after, BATCH)?;
            let Some(last) = ids.last() else { break };
            after = *last;
            reindex_batch(conn, *site_id, &ids, now, &mut counts)?;
            articles += u64::try_from(ids.len()).unwrap_or_default();
        }
    }
    store::counts::apply(conn, &counts)?;
    store::import::refresh_statistics(conn)?;
    store::maintenance::finish(conn)?;
    touched::touch_everything();
    store::stamps::stamp(conn, &sites, Ts::from(clock.now()))?;
    Ok(articles)
}

fn reindex_batch(
    conn: &mut Conn,
    site_id: i64,
    ids: &[i64],
    now: Ts,
    counts: &mut Deltas,
) -> Result<()> {
    let mut contributor_ids: HashMap<i64, Vec<i64>> = HashMap::new();
    for made in store::contributors::of_articles(conn, ids)? {
        let of_article = contributor_ids.entry(made.article_id).or_default();
        of_article.push(made.contributor_id);
    }
    let loaded = store::articles::load(conn, ids)?;
    let listed: Vec<Listed<'_>> = loaded
        .iter()
        .map(|article| Listed {
            id: article.row.id,
            site_id,
            content: &article.content,
            contributor_ids: contributor_ids.remove(&article.row.id).unwrap_or_default(),
            updated_at: article.row.updated_at,
        })
        .collect();
    store::listings::insert(conn, &listed, now)?;
    let contents: Vec<(i64, &ArticleContent)> = loaded
        .iter()
        .map(|article| (article.row.id, &article.content))
        .collect();
    store::suggestions::save(conn, site_id, &[], &contents, now)?;
    let states: Vec<(i64, &ArticleState)> = loaded
        .iter()
        .map(|article| (article.row.id, &article.content.state))
        .collect();
    for (category_id, delta) in store::counts::add(conn, site_id, &states, now)? {
        *counts.entry(category_id).or_default() += delta;
    }
    store::changes::record_missing(conn, site_id, &states)
}
