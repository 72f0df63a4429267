//! Completing what somebody types with titles, keywords and names, of what is public only.

use std::collections::{HashMap, HashSet};

use crate::clock::Clock;
use crate::error::Result;
use crate::models::freshness::Fresh;
use crate::models::listing::{List, ListKind};
use crate::models::suggestion::{Suggestion, SuggestionKind};
use crate::models::time::Ts;
use crate::store::suggestions::Candidate;
use crate::store::{self, Conn, Delivery};
use crate::text::completion::{Closeness, Form, Spelling, Typed};
use crate::text::fold;

/// Articles whose titles are looked at for each form: the newest.
const TITLES: usize = 40;

/// Keywords, categories and sources that are looked at for whether they are public, of each.
const NAMES: usize = 40;

/// Suggestions from which on each kind that has some has two places for sure; below it has one, or none where they are fewer than kinds.
const ROOMY: usize = 8;

/// What to complete.
#[derive(Debug, Clone)]
pub struct SuggestionQuery {
    /// What is typed.
    pub typed: Typed,
    /// Slug of a site.
    pub site: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// Use cases on suggestions.
#[derive(Clone)]
pub struct Suggestions {
    store: Delivery,
    clock: Clock,
}

/// Something that goes on from what is typed.
#[derive(Debug, Clone)]
struct Found {
    suggestion: Suggestion,
    closeness: Closeness,
    /// How many articles stand behind it, as far as they are counted.
    articles: i64,
    /// When the newest was published, for titles.
    published_at: Option<Ts>,
}

impl Suggestions {
    pub(super) fn new(store: Delivery, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// What completes what is typed: what goes on as it is written before what does by sounds and by initials, from the beginning before from
    /// inside; then by how many articles there are, titles last and newest first. Each kind that has some gets a place. A site that there is
    /// not has none.
    pub async fn complete(&self, query: SuggestionQuery) -> Result<Fresh<Vec<Suggestion>>> {
        let now = Ts::from(self.clock.now());
        self.store
            .read(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let site_id = match &query.site {
                        Some(slug) => match store::sites::find_shown_id(conn, slug)? {
                            Some(id) => Some(id),
                            None => {
                                return Ok(Fresh {
                                    value: Vec::new(),
                                    freshness: store::stamps::of_everything(conn, now)?.of_search(),
                                });
                            }
                        },
                        None => None,
                    };
                    // Their order depends on how many articles there are of any site.
                    let freshness = store::stamps::of_everything(conn, now)?;
                    let value = complete(conn, &query, site_id, now)?;
                    Ok(Fresh {
                        value,
                        freshness: freshness.of_search(),
                    })
                })
            })
            .await
    }
}

fn complete(
    conn: &mut Conn,
    query: &SuggestionQuery,
    site_id: Option<i64>,
    now: Ts,
) -> Result<Vec<Suggestion>> {
    let typed = &query.typed;
    let candidates = store::suggestions::candidates(conn, &typed.beginnings(), site_id)?;
    let mut found = titles(conn, typed, &candidates, now)?;
    found.extend(names(conn, typed, &candidates, site_id, now)?);
    found.sort_by_cached_key(order);
    // Of what reads the same to people the best stays.
    let mut seen = HashSet::new();
    found.retain(|f| seen.insert((f.suggestion.kind, fold::fold(&f.suggestion.text))));
    Ok(choose(found, query.limit))
}

/// What comes first.
fn order(found: &Found) -> impl Ord + use<> {
    let Found {
        suggestion,
        closeness,
        articles,
        published_at,
    } = found;
    let is_title = suggestion.kind == SuggestionKind::Title;
    (
        *closeness,
        is_title,
        std::cmp::Reverse(*articles),
        std::cmp::Reverse(*published_at),
        suggestion.text.chars().count(),
        suggestion.kind,
        suggestion.text.clone(),
        suggestion.id,
    )
}

/// The first `limit` of `found`, but so that no kind takes the places of all others.
fn choose(found: Vec<Found>, limit: usize) -> Vec<Suggestion> {
    let sure = match limit {
        ROOMY.. => 2,
        limit if limit >= SuggestionKind::ALL.len() => 1,
        _ => 0,
    };
    let mut of_kind: HashMap<SuggestionKind, usize> = HashMap::new();
    let mut is_chosen: Vec<bool> = found
        .iter()
        .map(|f| {
            let before = of_kind.entry(f.suggestion.kind).or_default();
            *before += 1;
            *before <= sure
        })
        .collect();
    let mut left = limit.saturating_sub(is_chosen.iter().filter(|chosen| **chosen).count());
    for chosen in is_chosen.iter_mut().filter(|chosen| !**chosen) {
        if left == 0 {
            break;
        }
        *chosen = true;
        left -= 1;
    }
    let chosen = found
        .into_iter()
        .zip(is_chosen)
        .filter(|(_, chosen)| *chosen);
    chosen.map(|(f, _)| f.suggestion).take(limit).collect()
}

/// Titles of public articles that go on from what is typed.
fn titles(conn: &mut Conn, typed: &Typed, candidates: &[Candidate], now: Ts) -> Result<Vec<Found>> {
    let mut ids = Vec::new();
    for form in Form::ALL {
        let of_form = candidates
            .iter()
            .filter(|c| c.kind == SuggestionKind::Title && c.form == form);
        let mut newest: Vec<i64> = of_form.map(|c| c.id).collect();
        newest.sort_unstable_by(|a, b| b.cmp(a));
        newest.dedup();
        newest.truncate(TITLES);
        ids.extend(newest);
    }
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let titles = store::suggestions::titles(conn, &ids, now)?;
    let found = titles.into_iter().filter_map(|title| {
        Some(Found {
            closeness: Spelling::of_title(&title.title).closeness(typed)?,
            suggestion: Suggestion {
                text: title.title,
                kind: SuggestionKind::Title,
                id: Some(title.article_id),
            },
            articles: 1,
            published_at: Some(title.published_at),
        })
    });
    Ok(found.collect())
}

/// Keywords, categories and sources that go on from what is typed and have public articles.
fn names(
    conn: &mut Conn,
    typed: &Typed,
    candidates: &[Candidate],
    site_id: Option<i64>,
    now: Ts,
) -> Result<Vec<Found>> {
    let mut named: Vec<(List, Found)> = Vec::new();
    for kind in [
        SuggestionKind::Keyword,
        SuggestionKind::Category,
        SuggestionKind::Source,
    ] {
        let of_kind = candidates.iter().filter(|c| c.kind == kind);
        let mut ids: Vec<i64> = of_kind.map(|c| c.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            continue;
        }
        let mut found: Vec<(List, Found)> = Vec::new();
        for (list, id, text) in named_as(conn, kind, &ids)? {
            let Some(closeness) = Spelling::of_name(&text).closeness(typed) else {
                continue;
            };
            let suggestion = Suggestion { text, kind, id };
            let name = Found {
                suggestion,
                closeness,
                articles: 0,
                published_at: None,
            };
            found.push((list, name));
        }
        // The shorter is nearer to being complete.
        found.sort_by_cached_key(|(_, f)| (f.closeness, f.suggestion.text.chars().count()));
        found.truncate(NAMES);
        named.extend(found);
    }
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let lists: Vec<List> = named.iter().map(|(list, _)| *list).collect();
    let standing = store::suggestions::standing(conn, &lists, site_id, now)?;
    let public = named.into_iter().filter_map(|(list, found)| {
        let articles = *standing.get(&list)?;
        Some(Found { articles, ..found })
    });
    Ok(public.collect())
}

/// What things of a kind are called now, each with the list of its articles and the id that readers know it by.
fn named_as(
    conn: &mut Conn,
    kind: SuggestionKind,
    ids: &[i64],
) -> Result<Vec<(List, Option<i64>, String)>> {
    let of = |kind, reference| List { kind, reference };
    Ok(match kind {
        SuggestionKind::Title => Vec::new(),
        SuggestionKind::Keyword => store::suggestions::keywords(conn, ids)?
            .into_iter()
            .map(|(list, keyword)| (list, None, keyword))
            .collect(),
        SuggestionKind::Category => store::categories::labelled(conn, ids)?
            .into_iter()
            .map(|c| (of(ListKind::Subtree, c.id), Some(c.id), c.name))
            .collect(),
        SuggestionKind::Source => store::sources::find_all_shown(conn, ids)?
            .into_iter()
            .map(|s| (of(ListKind::Source, s.id), Some(s.id), s.name))
            .collect(),
    })
}
