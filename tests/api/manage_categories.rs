//! Categories as those meet them who may change them.

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, SmallInt};
use diesel::{QueryableByName, RunQueryDsl};
use masthead::models::access::Role;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::desk::{Desk, long_text};
use crate::support::{Portal, TestApp, on_both};

/// `news` with `news/local` and `news/world`, `culture` with `culture/film`, an article in each, and another portal.
fn portals() -> Portal {
    let paths = [
        "news",
        "news/local",
        "news/world",
        "culture",
        "culture/film",
    ];
    let portal = paths
        .iter()
        .fold(Portal::new("demo"), |portal, path| portal.category(path));
    paths
        .iter()
        .fold(portal, |portal, path| {
            portal.article(&path.replace('/', "-"), |a| a.category(path))
        })
        .menu("main", json!([{"label": "Local", "category": "news/local"}, {"label": "Out", "url": "https://example.org"}]))
        .and(Portal::new("other").category("o"))
}

/// Where each category is managed, by path.
async fn places(desk: &Desk<'_>) -> BTreeMap<String, String> {
    let (items, _) = desk.walk("/categories?site=demo&limit=100").await;
    let place = |item: &Value| (text(&item["path"]), format!("/categories/{}", item["id"]));
    items.iter().map(place).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The id at the end of a place.
fn id(place: &str) -> i64 {
    place.rsplit('/').next().unwrap().parse().unwrap()
}

/// The tree as readers see it: path, own and total count, in order.
async fn tree(app: &TestApp) -> Vec<(String, i64, i64)> {
    fn collect(nodes: &Value, into: &mut Vec<(String, i64, i64)>) {
        for node in nodes.as_array().unwrap() {
            let count = |name: &str| node[name].as_i64().unwrap();
            into.push((
                text(&node["path"]),
                count("article_count"),
                count("total_count"),
            ));
            collect(&node["children"], into);
        }
    }
    let mut found = Vec::new();
    collect(
        &app.get("/api/v1/sites/demo/categories")
            .await
            .assert_status(200)
            .json()["items"],
        &mut found,
    );
    found
}

async fn paths(app: &TestApp) -> String {
    let tree = tree(app).await;
    let paths: Vec<&str> = tree.iter().map(|(path, ..)| path.as_str()).collect();
    paths.join(" ")
}

/// The slugs of the articles of a list, in alphabetical order.
async fn slugs(app: &TestApp, query: &str) -> String {
    let list = app
        .get(&format!("/api/v1/articles?limit=100&{query}"))
        .await
        .assert_status(200)
        .json();
    let mut slugs: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| text(&a["slug"]))
        .collect();
    slugs.sort();
    slugs.join(" ")
}

on_both! {
    /// A category is made in both ways, shown, renamed and deleted, and readers see it at once
    async fn categories_are_made_changed_and_deleted(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, made) = desk.made("/categories", &json!({"site": "demo", "path": "news/海洋", "name": "海洋"})).await;
        let news = id(&places(&desk).await["news"]);
        assert_eq!(made, json!({
            "id": made["id"], "site": "demo", "path": "news/海洋", "slug": "海洋", "parent_id": news, "name": "海洋",
            "position": 4, "version": 1, "is_held": false, "created_at": "2026-01-15T04:00:00Z", "updated_at": "2026-01-15T04:00:00Z",
        }));
        let (_, below) = desk.made("/categories", &json!({"site": "demo", "slug": "深海", "parent_id": made["id"], "name": long_text(900)})).await;
        assert_eq!((&below["path"], &below["parent_id"], &below["position"]), (&json!("news/海洋/深海"), &made["id"], &json!(1)));
        for top in [json!({"site": "demo", "slug": "top", "parent_id": null, "name": "t"}), json!({"site": "demo", "path": "top2", "name": "t"})] {
            let (top, _) = desk.made("/categories", &top).await;
            desk.delete(&top).await.assert_status(204);
        }
        let first = app.get("/api/v1/sites/demo/categories").await;
        assert_eq!(paths(app).await, "news news/local news/world news/海洋 news/海洋/深海 culture culture/film");

        app.set_clock("2026-01-15T04:05:00Z");
        for nothing in [json!({}), json!({"name": "海洋"}), json!({"slug": "海洋", "parent_id": news, "position": 4})] {
            desk.unchanged(&path, &nothing).await;
        }
        let changed = desk.changed(&path, &json!({"name": "大洋", "slug": "大洋"})).await;
        assert_eq!((&changed["path"], &changed["slug"], &changed["name"]), (&json!("news/大洋"), &json!("大洋"), &json!("大洋")));
        assert_eq!(changed["updated_at"], "2026-01-15T04:05:00Z");
        let below = format!("/categories/{}", below["id"]);
        let (deep, tag) = desk.found(&desk.get(&below).await);
        assert_eq!((&deep["path"], tag.as_str()), (&json!("news/大洋/深海"), "\"2\""));
        let second = app.get("/api/v1/sites/demo/categories").await;
        assert_ne!(second.header("etag"), first.header("etag"));
        assert_ne!(second.header("last-modified"), first.header("last-modified"));
        desk.delete(&below).await.assert_status(204);
        desk.delete(&path).await.assert_status(204);
        for answer in [desk.get(&path).await, desk.delete(&path).await, desk.patch(&path, &json!({})).await] {
            answer.assert_problem(404, "not_found");
        }
    }

    /// Lists are in the order of positions, all of a site or one level
    async fn categories_are_listed(app) {
        app.import(&portals());
        let desk = app.desk("reader");
        let all = |items: &[Value]| items.iter().map(|c| text(&c["path"])).collect::<Vec<_>>().join(" ");
        let (items, pages) = desk.walk("/categories?site=demo&limit=2").await;
        assert_eq!((all(&items).as_str(), pages), ("news news/local news/world culture culture/film", 3));
        let news = &items[0]["id"];
        let (below, _) = desk.walk(&format!("/categories?site=demo&limit=1&parent_id={news}")).await;
        assert_eq!(all(&below), "news/local news/world");
        let page = desk.get(&format!("/categories?site=demo&limit=1&page=2&count=exact&parent_id={news}")).await.assert_status(200).json();
        assert_eq!((&page["items"][0]["path"], &page["total"], &page["total_kind"]), (&json!("news/world"), &json!(2), &json!("exact")));
        let cursor = text(&desk.get("/categories?site=demo&limit=1").await.json()["next_cursor"]);
        desk.get(&format!("/categories?site=demo&parent_id={news}&cursor={cursor}")).await.assert_problem(400, "invalid_cursor");
        desk.get("/categories").await.assert_problem(400, "invalid_parameter");
        desk.get("/categories?site=demo&parent_id=x").await.assert_problem(400, "invalid_parameter");
        assert_eq!(desk.get("/categories?site=nope").await.assert_status(200).json()["items"], json!([]));
    }

    /// Categories stand where they are put among their siblings, and these make room
    async fn categories_have_an_order(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let places = places(&desk).await;
        desk.made("/categories", &json!({"site": "demo", "path": "news/first", "name": "f", "position": 1})).await;
        assert_eq!(paths(app).await, "news news/first news/local news/world culture culture/film");
        assert_eq!(desk.tag(&places["news/local"]).await, "\"2\"");
        assert_eq!(desk.tag(&places["culture/film"]).await, "\"1\"");
        desk.changed(&places["news/world"], &json!({"position": 1})).await;
        assert_eq!(paths(app).await, "news news/world news/first news/local culture culture/film");
        desk.changed(&places["culture"], &json!({"position": 1})).await;
        assert_eq!(paths(app).await, "culture culture/film news news/world news/first news/local");
        let moved = desk.changed(&places["culture/film"], &json!({"parent_id": id(&places["news"]), "position": 2})).await;
        assert_eq!(moved["position"], 2);
        assert_eq!(paths(app).await, "culture news news/world news/film news/first news/local");
        desk.changed(&places["culture"], &json!({"parent_id": id(&places["news"])})).await;
        assert_eq!(paths(app).await, "news news/world news/film news/first news/local news/culture");
    }

    /// A moved subtree takes everything along: paths, lists, counts, breadcrumbs, menus, followers
    async fn a_subtree_moves_with_everything(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let places = places(&desk).await;
        let (news, culture) = (id(&places["news"]), id(&places["culture"]));
        let article = format!("/api/v1/articles/{}?include=breadcrumbs", app.article_id("news-local").await);
        let before = app.get(&article).await;
        let since = text(&app.get("/api/v1/articles/changes").await.json()["next_cursor"]);
        let menu = app.get("/api/v1/sites/demo/menus/main").await;
        let (menus, _) = desk.walk("/menus?site=demo").await;

        desk.changed(&places["news"], &json!({"parent_id": culture, "slug": "nieuws", "name": "Nieuws"})).await;
        assert_eq!(tree(app).await, [
            ("culture".to_owned(), 1, 5), ("culture/film".to_owned(), 1, 1), ("culture/nieuws".to_owned(), 1, 3),
            ("culture/nieuws/local".to_owned(), 1, 1), ("culture/nieuws/world".to_owned(), 1, 1),
        ]);
        assert_eq!(slugs(app, &format!("category={culture}&subtree=true")).await, "culture culture-film news news-local news-world");
        assert_eq!(slugs(app, &format!("category={culture}")).await, "culture");
        assert_eq!(slugs(app, &format!("category={news}&subtree=true")).await, "news news-local news-world");
        assert_eq!(slugs(app, "site=demo&category_path=culture/nieuws/local").await, "news-local");
        let after = app.get(&article).await;
        assert_eq!(after.json()["category"]["path"], "culture/nieuws/local");
        let crumbs: Vec<String> = after.json()["breadcrumbs"].as_array().unwrap().iter().map(|c| text(&c["path"])).collect();
        assert_eq!(crumbs, ["", "culture", "culture/nieuws", "culture/nieuws/local"]);
        assert_ne!(after.header("etag"), before.header("etag"));
        assert_eq!(after.json()["version"], before.json()["version"].as_i64().unwrap() + 1);
        let changes = app.get(&format!("/api/v1/articles/changes?since={since}")).await.json();
        assert_eq!(changes["items"].as_array().unwrap().len(), 3);
        let moved = app.get("/api/v1/sites/demo/menus/main").await;
        assert_eq!(moved.json()["items"][0]["category_id"], menu.json()["items"][0]["category_id"]);
        assert_ne!(moved.header("etag"), menu.header("etag"));
        let (menus_now, _) = desk.walk("/menus?site=demo").await;
        assert_eq!(menus_now[0]["version"], menus[0]["version"].as_i64().unwrap() + 1);
        app.get("/api/v1/sites/demo/categories/news").await.assert_status(308);

        desk.changed(&places["news"], &json!({"parent_id": null, "slug": "news"})).await;
        assert_eq!(slugs(app, &format!("category={culture}&subtree=true")).await, "culture culture-film");
        assert_eq!(paths(app).await, "culture culture/film news news/local news/world");
    }

    /// A category cannot be below itself, in another site, or where another one is
    async fn impossible_places_are_refused(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let places = places(&desk).await;
        let local = id(&places["news/local"]);
        let other = app.get("/api/v1/sites/other/categories").await.json()["items"][0]["id"].clone();
        let long = "x".repeat(200);
        desk.refuses_changes(&places["news"], &[
            (json!({"parent_id": id(&places["news"])}), "/parent_id", "circular"),
            (json!({"parent_id": local}), "/parent_id", "circular"),
            (json!({"parent_id": other}), "/parent_id", "unknown"),
            (json!({"parent_id": 9_007_199_254_740_991_i64}), "/parent_id", "unknown"),
            (json!({"parent_id": 0}), "/parent_id", "invalid"),
            (json!({"parent_id": "culture"}), "/parent_id", "wrong_type"),
            (json!({"parent_id": [1]}), "/parent_id", "wrong_type"),
            (json!({"site": "demo"}), "/site", "read_only"),
            (json!({"path": "news"}), "/path", "read_only"),
            (json!({"slug": null}), "/slug", "required"),
            (json!({"slug": "a/b"}), "/slug", "invalid"),
            (json!({"slug": ".."}), "/slug", "invalid"),
            (json!({"slug": "x".repeat(10_000)}), "/slug", "invalid"),
            (json!({"name": null}), "/name", "required"),
            (json!({"name": "\u{3000}"}), "/name", "invalid"),
            (json!({"name": ["n"]}), "/name", "wrong_type"),
            (json!({"position": 0}), "/position", "invalid"),
            (json!({"position": null}), "/position", "required"),
            (json!({"position": 1.5}), "/position", "invalid"),
        ]).await;
        desk.refuses_new("/categories", &[
            (json!({"path": "x", "name": "n"}), "/site", "required"),
            (json!({"site": "demo", "path": "x"}), "/name", "required"),
            (json!({"site": "demo", "name": "n"}), "/slug", "required"),
            (json!({"site": "nope", "path": "x", "name": "n"}), "/site", "unknown"),
            (json!({"site": "demo", "path": "nope/x", "name": "n"}), "/path", "unknown_parent"),
            (json!({"site": "demo", "path": "a//b", "name": "n"}), "/path", "invalid"),
            (json!({"site": "demo", "path": "news/x", "slug": "x", "name": "n"}), "/path", "conflict"),
            (json!({"site": "demo", "path": "news/x", "parent_id": local, "name": "n"}), "/path", "conflict"),
            (json!({"site": "demo", "slug": "x", "parent_id": other, "name": "n"}), "/parent_id", "unknown"),
        ]).await;
        for taken in [
            desk.post("/categories", &json!({"site": "demo", "path": "news/local", "name": "n"})).await,
            desk.patch(&places["news/world"], &json!({"slug": "local"})).await,
            desk.patch(&places["culture"], &json!({"slug": "news"})).await,
        ] {
            let problem = taken.assert_problem(409, "conflict");
            assert_eq!(problem["errors"][0]["code"], "taken");
        }
        // A path below would be too long, not the category's own.
        let mut above = places["news/local"].clone();
        for _ in 0..2 {
            above = desk.made("/categories", &json!({"site": "demo", "slug": long, "parent_id": id(&above), "name": "n"})).await.0;
        }
        let problem = desk.patch(&places["news"], &json!({"slug": long})).await.assert_problem(422, "invalid_body");
        assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!("/slug"), &json!("too_long")));
        let problem = desk.post("/categories", &json!({"site": "demo", "slug": long, "parent_id": id(&above), "name": "n"})).await.assert_problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["code"], "too_long");
        desk.changed(&places["news/local"], &json!({"parent_id": null})).await;
    }

    /// Conditional requests keep changes of others
    async fn changes_of_others_are_kept(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let places = places(&desk).await;
        desk.keeps_conditions(&places["news/local"], &json!({"name": "Other"})).await;
    }

    /// A category in use stays, and says what is in the way
    async fn a_category_in_use_stays(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let places = places(&desk).await;
        let problem = desk.delete(&places["news"]).await.assert_problem(409, "conflict");
        assert!(text(&problem["detail"]).contains("2 categories below it, 1 article;"), "{problem}");
        let problem = desk.delete(&places["news/local"]).await.assert_problem(409, "conflict");
        assert!(text(&problem["detail"]).contains("1 article, 1 menu item;"), "{problem}");
        let other = app.get("/api/v1/sites/other/categories").await.json()["items"][0]["id"].clone();
        for heir in [json!(id(&places["news"])), json!(id(&places["news/local"])), other, json!(9_007_199_254_740_991_i64), json!(0), json!("x"), json!("")] {
            let heir = heir.as_str().map_or_else(|| heir.to_string(), str::to_owned);
            let answer = desk.request("DELETE", &format!("{}?reassign_to={heir}", places["news"])).header("if-match", "*").send().await;
            let problem = answer.assert_problem(400, "invalid_parameter");
            assert_eq!(problem["errors"][0]["pointer"], "/reassign_to", "{problem}");
        }
        desk.request("DELETE", &format!("{}?x=1", places["news"])).header("if-match", "*").send().await.assert_problem(400, "invalid_parameter");
        assert_eq!(paths(app).await, "news news/local news/world culture culture/film");
    }

    /// Another category takes everything over
    async fn another_category_takes_over(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let places = places(&desk).await;
        let culture = id(&places["culture"]);
        let take_over = async |gone: &str, heir: i64| desk.request("DELETE", &format!("{gone}?reassign_to={heir}")).header("if-match", "*").send().await;
        desk.made("/categories", &json!({"site": "demo", "path": "culture/local", "name": "n"})).await;
        let problem = take_over(&places["news"], culture).await.assert_problem(409, "conflict");
        assert!(text(&problem["detail"]).contains("`culture/local`"), "{problem}");
        desk.changed(&places["news/local"], &json!({"slug": "near"})).await;
        let article = format!("/api/v1/articles/{}", app.article_id("news").await);
        let version = app.get(&article).await.json()["version"].as_i64().unwrap();
        take_over(&places["news"], culture).await.assert_status(204);
        assert_eq!(tree(app).await, [
            ("culture".to_owned(), 2, 5), ("culture/film".to_owned(), 1, 1), ("culture/local".to_owned(), 0, 0),
            ("culture/near".to_owned(), 1, 1), ("culture/world".to_owned(), 1, 1),
        ]);
        let moved = app.get(&article).await.json();
        assert_eq!((&moved["category"]["path"], &moved["version"]), (&json!("culture"), &json!(version + 1)));
        assert_eq!(slugs(app, &format!("category={culture}")).await, "culture news");
        take_over(&places["news/local"], culture).await.assert_status(204);
        assert_eq!(app.get("/api/v1/sites/demo/menus/main").await.json()["items"][0]["category_id"], culture);

        // The parent takes over from a chain of the same names.
        let mut above = places["culture"].clone();
        for _ in 0..4 {
            above = desk.made("/categories", &json!({"site": "demo", "slug": "a", "parent_id": id(&above), "name": "n"})).await.0;
        }
        let gone = self::places(&desk).await["culture/a"].clone();
        take_over(&gone, culture).await.assert_status(204);
        assert!(paths(app).await.ends_with("culture/a culture/a/a culture/a/a/a"), "{}", paths(app).await);
    }

    /// Editors of a category change what is there and below, and nothing else
    async fn rights_hold_in_a_subtree(app) {
        app.import(&portals());
        let places = places(&app.desk("admin")).await;
        let (news, culture) = (id(&places["news"]), id(&places["culture"]));
        let desk = app.desk_of(app.token_with(None, &[(Role::Editor, "demo", Some("news")), (Role::Reader, "demo", None)]));
        desk.changed(&places["news/local"], &json!({"name": "N", "slug": "near"})).await;
        desk.changed(&places["news"], &json!({"name": "N"})).await;
        let (made, _) = desk.made("/categories", &json!({"site": "demo", "path": "news/new", "name": "n"})).await;
        desk.get(&places["culture"]).await.assert_status(200);
        for refused in [
            desk.post("/categories", &json!({"site": "demo", "path": "new", "name": "n"})).await,
            desk.post("/categories", &json!({"site": "demo", "path": "culture/new", "name": "n"})).await,
            desk.post("/categories", &json!({"site": "other", "path": "o/new", "name": "n"})).await,
            desk.patch(&places["culture"], &json!({"name": "N"})).await,
            desk.patch(&places["culture/film"], &json!({"parent_id": news})).await,
            desk.patch(&made, &json!({"parent_id": culture})).await,
            desk.patch(&made, &json!({"parent_id": null})).await,
            desk.delete(&format!("{made}?reassign_to={culture}")).await,
            desk.delete(&places["culture/film"]).await,
        ] {
            refused.assert_problem(403, "forbidden");
        }
        desk.request("DELETE", &format!("{}?reassign_to={news}", places["news/local"])).header("if-match", "*").send().await.assert_status(204);
        let author = app.desk_of(app.token_with(None, &[(Role::Author, "demo", None)]));
        author.get(&made).await.assert_status(200);
        author.patch(&made, &json!({"name": "N"})).await.assert_problem(403, "forbidden");
        let stranger = app.desk_of(app.token_with(None, &[(Role::Admin, "other", None)]));
        for answer in [stranger.get(&made).await, stranger.patch(&made, &json!({"name": "N"})).await, stranger.delete(&made).await] {
            answer.assert_problem(404, "not_found");
        }
        assert_eq!(stranger.get("/categories?site=demo").await.json()["items"], json!([]));
    }

    /// After any sequence of changes the tree, the counts and the lists are those that are made anew from the articles
    async fn derived_numbers_equal_a_recount(app) {
        let mut portal = portals().category("news/local/town").category("a/b/c/d");
        for n in 0..24 {
            let path = ["news", "news/local", "news/local/town", "culture/film", "a/b", "a/b/c/d"][n % 6];
            portal = portal.article(&format!("x{n}"), |a| match n % 4 {
                0 => a.category(path).status("draft"),
                1 => a.category(path).published_at("2026-01-15T11:30:00+08:00").set("unpublish_at", "2026-01-15T13:30:00+08:00"),
                2 => a.category(path).published_at("2026-01-15T12:40:00+08:00"),
                _ => a.category(path),
            });
        }
        app.import(&portal);
        let editor = app.account("moves@example.org", "editor");
        let mut desk = app.desk_of(app.sign_in_as(editor));
        let mut random = fastrand::Rng::with_seed(11);
        let mut done = BTreeMap::new();
        for step in 0..60_i64 {
            if step % 10 == 9 {
                app.set_clock(&format!("2026-01-15T{:02}:{:02}:00Z", 4 + step / 20, step % 60));
                app.app.services().upkeep.roll_up_counts().await.unwrap();
                desk = app.desk_of(app.sign_in_as(editor));
            }
            let places: Vec<(String, String)> = places(&desk).await.into_iter().collect();
            let one = |random: &mut fastrand::Rng| &places[random.usize(..places.len())];
            let chosen = one(&mut random).clone();
            let other = id(&one(&mut random).1);
            let slug = format!("s{}", random.u8(..6));
            let (action, answer) = match random.u8(..5) {
                0 => ("rename", desk.patch(&chosen.1, &json!({"slug": slug})).await),
                1 => ("top", desk.patch(&chosen.1, &json!({"parent_id": null, "position": 1})).await),
                2 if places.len() > 5 => {
                    let delete = desk.request("DELETE", &format!("{}?reassign_to={other}", chosen.1)).header("if-match", "*");
                    ("delete", delete.send().await)
                }
                3 => ("make", desk.post("/categories", &json!({"site": "demo", "path": format!("{}/{slug}", chosen.0), "name": "n"})).await),
                _ => ("move", desk.patch(&chosen.1, &json!({"parent_id": other})).await),
            };
            assert!([200, 201, 204, 400, 409, 422].contains(&answer.status), "{answer}");
            if answer.status < 300 {
                *done.entry(action).or_insert(0) += 1;
            }
            let kept = derived(app);
            let seen = tree(app).await;
            assert_eq!(seen, recount(app).await, "after {action}: {answer}");
            app.app.services().upkeep.reindex().unwrap();
            assert_eq!(kept, derived(app), "after {action}: {answer}");
            assert_eq!(seen, tree(app).await);
        }
        assert!(done.len() == 5 && done.values().all(|n| *n >= 2), "{done:?}");
    }

    /// Fifty moves at once leave a tree, beside changes of articles
    async fn parallel_moves_leave_a_tree(app, |s| s.var("MASTHEAD_WORKERS", "4")) {
        let portal = (0..10).fold(portals(), |portal, n| portal.category(&format!("c{n}")).article(&format!("y{n}"), |a| a.category(&format!("c{n}"))));
        app.import(&portal);
        let desk = &app.desk("editor");
        let places: Vec<String> = places(desk).await.into_values().collect();
        let (articles, _) = desk.walk("/articles?site=demo&limit=100").await;
        let mut random = fastrand::Rng::with_seed(3);
        let plans: Vec<(String, Value)> = (0..50)
            .map(|_| {
                let mut one = || places[random.usize(..places.len())].clone();
                (one(), json!({"parent_id": id(&one())}))
            })
            .chain((0..20).map(|n| (format!("/articles/{}", articles[n % articles.len()]["id"]), json!({"title": format!("Title {n}")}))))
            .collect();
        let answers = join_all(plans.iter().map(|(path, body)| desk.patch_if(path, "*", body))).await;
        for answer in &answers {
            assert!([200, 409, 422].contains(&answer.status), "{answer}");
        }
        assert!(answers.iter().filter(|answer| answer.status == 200).count() > 20);
        let (all, _) = desk.walk("/categories?site=demo&limit=100").await;
        let by_id: BTreeMap<i64, &Value> = all.iter().map(|c| (c["id"].as_i64().unwrap(), c)).collect();
        for category in &all {
            let above = category["parent_id"].as_i64().map(|id| text(&by_id[&id]["path"]) + "/").unwrap_or_default();
            assert_eq!(text(&category["path"]), above + &text(&category["slug"]));
        }
        assert_eq!(tree(app).await.len(), all.len());
        let kept = derived(app);
        app.app.services().upkeep.reindex().unwrap();
        assert_eq!(kept, derived(app));
    }
}

#[derive(QueryableByName)]
struct ListingRow {
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = BigInt)]
    reference: i64,
    #[diesel(sql_type = BigInt)]
    article_id: i64,
}

/// Every row of every list.
fn derived(app: &TestApp) -> Vec<(i16, i64, i64)> {
    let rows: Vec<ListingRow> = diesel::sql_query(
        "SELECT kind, reference, article_id FROM listings ORDER BY kind, reference, article_id",
    )
    .load(&mut app.database().connect())
    .unwrap();
    rows.into_iter()
        .map(|row| (row.kind, row.reference, row.article_id))
        .collect()
}

/// The tree with the numbers counted article by article.
async fn recount(app: &TestApp) -> Vec<(String, i64, i64)> {
    let list = app.get("/api/v1/articles?site=demo&limit=100").await.json();
    assert_eq!(list["next_cursor"], Value::Null);
    let in_category: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| text(&a["category"]["path"]))
        .collect();
    let count = |is_in: &dyn Fn(&str) -> bool| {
        i64::try_from(in_category.iter().filter(|path| is_in(path)).count()).unwrap()
    };
    tree(app)
        .await
        .into_iter()
        .map(|(path, ..)| {
            let own = count(&|other| other == path);
            let all = count(&|other| other == path || other.starts_with(&format!("{path}/")));
            (path, own, all)
        })
        .collect()
}
