//! Walking a list by cursor, while articles come and go.

use std::collections::BTreeSet;

use crate::support::{Portal, TestApp, on_both};

/// Walks a list and returns the slugs in order; `between` runs after each page.
async fn walk(app: &TestApp, path: &str, mut between: impl FnMut(usize)) -> Vec<String> {
    let mut slugs = Vec::new();
    let mut next = path.to_owned();
    for page in 0.. {
        let answer = app.get(&next).await.assert_status(200).json();
        slugs.extend(
            answer["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|a| a["slug"].as_str().unwrap().to_owned()),
        );
        match answer["next_cursor"].as_str() {
            None => return slugs,
            Some(cursor) => next = format!("{path}&cursor={cursor}"),
        }
        between(page);
    }
    slugs
}

on_both! {
    /// Lists of 0, 1, one page, and one page and one
    async fn pages_end_where_the_list_ends(app) {
        for (count, pages) in [(0, 1), (1, 1), (5, 1), (6, 2), (10, 2), (11, 3)] {
            let mut portal = Portal::new("demo");
            for n in 0..count {
                portal = portal.article(&format!("a{n}"), |a| a);
            }
            app.import(&portal);
            let mut seen = 1;
            let slugs = walk(app, "/api/v1/articles?limit=5", |_| seen += 1).await;
            assert_eq!((slugs.len(), seen), (count, pages));
        }
    }

    /// Whatever is inserted while a reader walks, every row that was there comes exactly once, in order
    async fn every_row_comes_once_while_rows_are_inserted(app) {
        for seed in 0..6 {
            let mut random = fastrand::Rng::with_seed(seed);
            let site = format!("s{seed}");
            // Many share a second, so that ids decide.
            let article = |portal: Portal, key: &str, random: &mut fastrand::Rng| {
                let at = format!("2026-01-{:02}T00:00:{:02}Z", random.u8(1..=3), random.u8(0..4));
                portal.article(key, |a| a.published_at(&at))
            };
            let mut portal = Portal::new(&site);
            let count = random.usize(30..60);
            for n in 0..count {
                portal = article(portal, &format!("old{n}"), &mut random);
            }
            app.import(&portal);
            let limit = random.usize(1..9);
            let slugs = walk(app, &format!("/api/v1/articles?site={site}&limit={limit}"), |page| {
                let mut more = Portal::new(&site);
                for n in 0..random.usize(1..4) {
                    more = article(more, &format!("new{page}-{n}"), &mut random);
                }
                app.import(&more);
            }).await;
            let old: Vec<&String> = slugs.iter().filter(|s| s.starts_with("old")).collect();
            let distinct: BTreeSet<&String> = slugs.iter().collect();
            assert_eq!(distinct.len(), slugs.len(), "seed {seed}: a row came twice");
            assert_eq!(old.len(), count, "seed {seed}: a row is missing");
            // A quiet walk agrees with the count of the category, and is in order.
            let quiet = walk(app, &format!("/api/v1/articles?site={site}&limit={limit}"), |_| ()).await;
            let counted = app.get(&format!("/api/v1/sites/{site}/categories")).await.json()["items"][0]["article_count"].as_u64().unwrap();
            assert_eq!(quiet.len(), usize::try_from(counted).unwrap(), "seed {seed}");
            assert_eq!(old, quiet.iter().filter(|s| s.starts_with("old")).collect::<Vec<_>>(), "seed {seed}");
        }
    }
}
