//! Categories by the paths that they had before.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::exports::{exported, on_another, records};
use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both};

/// What readers get behind the categories of a site.
async fn status(app: &TestApp, path: &str) -> u16 {
    let path = format!("/api/v1/sites/demo/categories/{path}");
    app.get(&path).await.status
}

/// The path that a former path of the site `demo` leads to, which must be a present one.
async fn moved(app: &TestApp, path: &str) -> String {
    let answer = app
        .get(&format!("/api/v1/sites/demo/categories/{path}"))
        .await;
    let target = answer.assert_status(308).header("location").unwrap();
    let (_, path) = target
        .split_once("/api/v1/sites/demo/categories/")
        .unwrap_or_else(|| panic!("{target}"));
    let path = percent_decode_str(path).decode_utf8().unwrap().into_owned();
    assert_eq!(status(app, &path).await, 200, "{target}");
    path
}

/// Where each category of `demo` is managed, by path.
async fn places(desk: &Desk<'_>) -> BTreeMap<String, String> {
    let (items, _) = desk.walk("/categories?site=demo&limit=100").await;
    let place = |item: &Value| (text(&item["path"]), format!("/categories/{}", item["id"]));
    items.iter().map(place).collect()
}

/// The path of each category of `demo`, by id.
async fn by_id(desk: &Desk<'_>) -> BTreeMap<i64, String> {
    let all = places(desk).await.into_iter();
    all.map(|(path, place)| (id(&place), path)).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The id at the end of a place.
fn id(place: &str) -> i64 {
    place.rsplit('/').next().unwrap().parse().unwrap()
}

async fn rename(desk: &Desk<'_>, place: &str, slug: &str) {
    desk.changed(place, &json!({"slug": slug})).await;
}

/// Deletes a category and has another one take over.
async fn merge(desk: &Desk<'_>, gone: &str, heir: &str) {
    let path = format!("{gone}?reassign_to={}", id(heir));
    let request = desk.request("DELETE", &path).header("if-match", "*");
    request.send().await.assert_status(204);
}

/// The slugs of the articles of a list, in alphabetical order.
async fn slugs(app: &TestApp, query: &str) -> String {
    let path = format!("/api/v1/articles?limit=100&{query}");
    let list = app.get(&path).await.assert_status(200).json();
    let items = list["items"].as_array().unwrap();
    let mut slugs: Vec<String> = items.iter().map(|a| text(&a["slug"])).collect();
    slugs.sort();
    slugs.join(" ")
}

/// The former paths in an export, by category, each with the time until when it was one.
fn former(app: &TestApp) -> Vec<(String, Vec<(String, String)>)> {
    let lines = records(app, "category").into_iter().filter_map(|line| {
        let list = line["former_paths"].as_array()?.iter();
        let list = list.map(|f| (text(&f["path"]), text(&f["until"])));
        Some((text(&line["path"]), list.collect()))
    });
    lines.collect()
}

/// Fails unless an export of `app` makes the same export in an empty database, and `paths` lead where they led.
async fn assert_comes_back(app: &TestApp, paths: &[&str]) {
    let file = exported(app);
    on_another(app, async |other| {
        assert_eq!(other.try_import(&file).unwrap().faults, []);
        for path in paths {
            assert_eq!(moved(other, path).await, moved(app, path).await, "{path}");
        }
        assert_eq!(exported(other), file);
        let again = other.try_import(&file).unwrap();
        assert_eq!((again.created, again.updated), (0, 0));
    })
    .await;
}

/// A line of the category at `path`, with these former paths.
fn with_former(portal: Portal, path: &str, list: Value) -> Portal {
    let line = portal.record("category").set("path", path);
    portal.with(line.set("name", path).set("former_paths", list))
}

on_both! {
    /// A renamed category is found at its old path, with everything below it, in one step and whatever the letters
    async fn a_renamed_category_leads_on(app, |s| s.var("MASTHEAD_PUBLIC_URL", "https://api.example.org")) {
        app.import(&Portal::new("demo").category("新聞/本地/城市/東區").category("新聞稿").and(Portal::new("other").category("新聞/本地")));
        let desk = app.desk("editor");
        rename(&desk, &places(&desk).await["新聞"], "Ｎｅｗｓ🌊").await;
        let old = "/api/v1/sites/demo/categories/新聞";
        let answer = app.get(old).await;
        assert_eq!(answer.assert_status(308).header("location"), Some("https://api.example.org/api/v1/sites/demo/categories/%EF%BC%AE%EF%BD%85%EF%BD%97%EF%BD%93%F0%9F%8C%8A"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=0, s-maxage=30, stale-while-revalidate=30, stale-if-error=300"));
        assert_eq!(app.request("HEAD", old).send().await.assert_status(308).header("location"), answer.header("location"));
        for below in ["/本地", "/本地/城市", "/本地/城市/東區"] {
            let answer = app.get(&format!("{old}{below}")).await;
            let target = answer.assert_status(308).header("location").unwrap();
            assert!(target.starts_with("https://api.example.org/api/v1/sites/demo/categories/%EF%BC%AE%EF%BD%85%EF%BD%97%EF%BD%93%F0%9F%8C%8A/%E6%9C%AC%E5%9C%B0"), "{target}");
            assert_eq!(moved(app, &format!("新聞{below}")).await, format!("Ｎｅｗｓ🌊{below}"));
        }
        for (path, expected) in [("新聞稿", 200), ("新聞/別的", 404), ("本地", 404), ("新聞/本", 404)] {
            assert_eq!(status(app, path).await, expected, "{path}");
        }
        app.get("/api/v1/sites/other/categories/新聞/本地").await.assert_status(200);
        app.get("/api/v1/sites/other/categories/Ｎｅｗｓ🌊").await.assert_problem(404, "not_found");
        app.get(&format!("{old}?x=1")).await.assert_problem(400, "invalid_parameter");
    }

    /// A moved category is found at its old path, and what it brought along too, until it is back
    async fn a_moved_category_leads_on(app) {
        app.import(&Portal::new("demo").category("a/b/c/d").category("e/f"));
        let desk = app.desk("editor");
        let places = places(&desk).await;
        let (b, f) = (places["a/b"].clone(), id(&places["e/f"]));
        desk.changed(&b, &json!({"parent_id": f, "slug": "x", "name": "New name"})).await;
        for (old, new) in [("a/b", "e/f/x"), ("a/b/c", "e/f/x/c"), ("a/b/c/d", "e/f/x/c/d")] {
            assert_eq!(moved(app, old).await, new);
        }
        rename(&desk, &places["e"], "g").await;
        desk.changed(&b, &json!({"parent_id": null})).await;
        for (old, new) in [("a/b/c/d", "x/c/d"), ("e/f/x/c/d", "x/c/d"), ("g/f/x/c/d", "x/c/d"), ("e/f", "g/f"), ("a/b", "x")] {
            assert_eq!(moved(app, old).await, new);
        }
        desk.changed(&b, &json!({"parent_id": id(&places["a"]), "slug": "b"})).await;
        assert_eq!((status(app, "a/b").await, status(app, "a/b/c/d").await), (200, 200));
        assert_eq!(moved(app, "x/c").await, "a/b/c");
        assert_eq!(former(app)[0], ("g".to_owned(), vec![("e".to_owned(), "2026-01-15T04:00:00Z".to_owned())]));
        assert_comes_back(app, &["x", "x/c/d", "e/f/x/c", "g/f/x", "e/f"]).await;
        // A change that moves nothing leaves nothing behind.
        let before = former(app);
        desk.changed(&places["a"], &json!({"name": "Other", "position": 2})).await;
        assert_eq!(former(app), before);
    }

    /// After a hundred names in a row each leads to the last one at once, and back again
    async fn many_names_lead_to_the_last(app) {
        app.import(&Portal::new("demo").category("s0/below"));
        let desk = app.desk("editor");
        let place = places(&desk).await["s0"].clone();
        for n in 1..=100 {
            rename(&desk, &place, &format!("s{n}")).await;
        }
        for n in [0, 1, 50, 99] {
            assert_eq!(moved(app, &format!("s{n}")).await, "s100");
            assert_eq!(moved(app, &format!("s{n}/below")).await, "s100/below");
        }
        assert_comes_back(app, &["s0", "s99/below"]).await;
        rename(&desk, &place, "s0").await;
        assert_eq!(status(app, "s0/below").await, 200);
        for n in [1, 50, 100] {
            assert_eq!(moved(app, &format!("s{n}/below")).await, "s0/below");
        }
        assert!(former(app).iter().all(|(_, list)| list.len() == 100));
    }

    /// A category that has more former paths than a file may say forgets the oldest
    async fn the_oldest_paths_are_forgotten(app) {
        let list: Vec<Value> = (0..1000).map(|n| json!({"path": format!("舊{n}"), "until": format!("2025-01-01T00:{:02}:{:02}Z", n / 60, n % 60)})).collect();
        app.import(&with_former(Portal::new("demo"), "a", json!(list)));
        let desk = app.desk("editor");
        rename(&desk, &places(&desk).await["a"], "b").await;
        assert_eq!(former(app)[0].1.len(), 1000);
        assert_eq!((status(app, "舊0").await, moved(app, "舊1").await, moved(app, "a").await), (404, "b".to_owned(), "b".to_owned()));
        assert_comes_back(app, &["a", "舊1", "舊999"]).await;
    }

    /// Two categories swap their names, and each path shows who has it now
    async fn names_are_swapped(app) {
        app.import(&Portal::new("demo").category("a/x").category("b/x").article("in-a", |r| r.category("a/x")).article("in-b", |r| r.category("b/x")));
        let desk = app.desk("editor");
        let places = places(&desk).await;
        let name = async |path: &str| text(&app.get(&format!("/api/v1/sites/demo/categories/{path}")).await.assert_status(200).json()["name"]);
        for (place, slug) in [("a", "t"), ("b", "a"), ("a", "b")] {
            rename(&desk, &places[place], slug).await;
        }
        assert_eq!((name("a").await, name("b/x").await), ("Category b".to_owned(), "Category a/x".to_owned()));
        assert_eq!((moved(app, "t").await, moved(app, "t/x").await), ("b".to_owned(), "b/x".to_owned()));
        assert_eq!(slugs(app, "site=demo&category_path=a/x").await, "in-b");
        assert_comes_back(app, &["t"]).await;
        // Each gives the name of the other up: the last one that had a path has it still.
        rename(&desk, &places["a"], "c").await;
        rename(&desk, &places["b"], "d").await;
        assert_eq!((moved(app, "a").await, moved(app, "b").await, moved(app, "t/x").await), ("d".to_owned(), "c".to_owned(), "c/x".to_owned()));
        assert_comes_back(app, &["a", "b/x", "t"]).await;
    }

    /// A new category at an old path is shown there; when it goes, the path leads on again
    async fn a_path_is_taken(app) {
        app.import(&Portal::new("demo").category("a/x"));
        let desk = app.desk("editor");
        rename(&desk, &places(&desk).await["a"], "b").await;
        let (new, _) = desk.made("/categories", &json!({"site": "demo", "path": "a", "name": "New"})).await;
        assert_eq!(app.get("/api/v1/sites/demo/categories/a").await.assert_status(200).json()["name"], "New");
        assert_eq!(moved(app, "a/x").await, "b/x");
        assert_comes_back(app, &["a/x"]).await;
        desk.delete(&new).await.assert_status(204);
        assert_eq!(moved(app, "a").await, "b");
        let (new, _) = desk.made("/categories", &json!({"site": "demo", "path": "a", "name": "New"})).await;
        rename(&desk, &new, "c").await;
        assert_eq!((moved(app, "a").await, moved(app, "a/x").await), ("c".to_owned(), "b/x".to_owned()));
        // Who gave it up last is gone: nobody has it.
        desk.delete(&new).await.assert_status(204);
        for path in ["a", "c"] {
            let problem = app.get(&format!("/api/v1/sites/demo/categories/{path}")).await.assert_problem(404, "not_found");
            assert!(text(&problem["detail"]).contains(&format!("`{path}`")), "{problem}");
        }
    }

    /// The paths of a deleted category, former ones too, lead to the heir, and those below it to where they are now
    async fn an_heir_takes_the_paths_over(app) {
        app.import(&Portal::new("demo").category("a/x/y").category("b").category("c").article("r", |r| r.category("a")));
        let desk = app.desk("editor");
        let places = places(&desk).await;
        rename(&desk, &places["a"], "a2").await;
        rename(&desk, &places["b"], "a").await;
        rename(&desk, &places["b"], "b2").await;
        merge(&desk, &places["a"], &places["b"]).await;
        for (old, new) in [("a", "b2"), ("a2", "b2"), ("b", "b2"), ("a/x", "b2/x"), ("a2/x/y", "b2/x/y")] {
            assert_eq!(moved(app, old).await, new);
        }
        assert_eq!(slugs(app, "site=demo&category_path=a2").await, "r");
        merge(&desk, &places["b"], &places["c"]).await;
        for (old, new) in [("a", "c"), ("a2", "c"), ("b", "c"), ("b2", "c"), ("a/x", "c/x"), ("a2/x/y", "c/x/y"), ("b2/x", "c/x")] {
            assert_eq!(moved(app, old).await, new);
        }
        // The heir may have the path of the one that it takes over from.
        rename(&desk, &places["c"], "d").await;
        let (other, _) = desk.made("/categories", &json!({"site": "demo", "path": "e", "name": "e"})).await;
        rename(&desk, &other, "a").await;
        merge(&desk, &places["c"], &other).await;
        assert_eq!((status(app, "a").await, status(app, "a/x/y").await), (200, 200));
        assert_eq!((moved(app, "d").await, moved(app, "c/x").await, moved(app, "e").await), ("a".to_owned(), "a/x".to_owned(), "a".to_owned()));
        assert!(former(app).iter().all(|(path, list)| list.iter().all(|(old, _)| old != path)), "{:?}", former(app));
        assert_comes_back(app, &["b2", "d", "e", "c/x/y"]).await;
    }

    /// A parent takes over from a chain of the same names
    async fn a_parent_takes_a_chain_over(app) {
        app.import(&Portal::new("demo").category("r/a/a/a"));
        let desk = app.desk("editor");
        let places = places(&desk).await;
        merge(&desk, &places["r/a"], &places["r"]).await;
        for present in ["r", "r/a", "r/a/a"] {
            assert_eq!(status(app, present).await, 200);
        }
        assert_eq!(moved(app, "r/a/a/a").await, "r/a/a");
        rename(&desk, &places["r/a/a"], "z").await;
        assert_eq!((moved(app, "r/a").await, moved(app, "r/a/a").await), ("r/z".to_owned(), "r/z/a".to_owned()));
    }

    /// The paths of a category that is deleted without an heir end
    async fn paths_end_with_their_category(app) {
        app.import(&Portal::new("demo").category("a").category("b"));
        let desk = app.desk("editor");
        let place = places(&desk).await["a"].clone();
        rename(&desk, &place, "a2").await;
        desk.delete(&place).await.assert_status(204);
        assert_eq!((status(app, "a").await, status(app, "a2").await), (404, 404));
        assert_eq!(slugs(app, "site=demo&category_path=a").await, "");
        assert!(!exported(app).contains("former_paths"));
    }

    /// A list by an old path shows what is in the category now, at the cost of one look-up; drafts stay hidden
    async fn lists_know_old_paths(app) {
        app.import(&Portal::new("demo").category("news/地方").category("c")
            .article("n", |r| r.category("news")).article("l", |r| r.category("news/地方")).article("hidden", |r| r.category("news").status("draft"))
            .and(Portal::new("other").category("news").article("o", |r| r)));
        let desk = app.desk("editor");
        let places = places(&desk).await;
        let cost = async |path: &str| {
            let before = app.statements();
            app.get(&format!("/api/v1/articles?site=demo&category_path={path}")).await.assert_status(200);
            app.statements() - before
        };
        let direct = cost("news").await;
        let first = app.get("/api/v1/articles?site=demo&category_path=news&subtree=true&limit=1").await.json();
        desk.changed(&places["news"], &json!({"parent_id": id(&places["c"]), "slug": "新闻"})).await;
        assert_eq!(slugs(app, "site=demo&category_path=news").await, "n");
        assert_eq!(slugs(app, "site=demo&category_path=news&subtree=true").await, "l n");
        assert_eq!(slugs(app, "site=demo&category_path=news/地方&count=exact").await, "l");
        assert_eq!(slugs(app, "site=other&category_path=news").await, "o");
        assert_eq!(slugs(app, "site=other&category_path=c/新闻").await, "");
        assert_eq!(slugs(app, "site=demo&category_path=nowhere").await, "");
        assert_eq!((cost("c/新闻").await, cost("news").await), (direct, direct + 1));
        // Who is on the way through the pages goes on.
        let next = text(&first["next_cursor"]);
        assert_eq!(slugs(app, &format!("site=demo&category_path=news&subtree=true&cursor={next}")).await, "n");
        desk.made("/categories", &json!({"site": "demo", "path": "news", "name": "n"})).await;
        assert_eq!(slugs(app, "site=demo&category_path=news&subtree=true").await, "");
    }

    /// Everything of a batch that fails is undone, and one that succeeds leads to its end
    async fn batches_lead_to_their_end(app) {
        app.import(&Portal::new("demo").category("a/x").category("b"));
        let desk = app.desk("editor");
        let places = places(&desk).await;
        let to = |place: &str, slug: &str| json!({"method": "PATCH", "path": format!("/manage{}", places[place]), "if_match": "*", "body": {"slug": slug}});
        let swap = [to("a", "t"), to("b", "a"), to("a", "b")];
        let bad = [swap.to_vec(), vec![to("a", "a")]].concat();
        desk.post("/batch", &json!({"atomic": true, "operations": bad})).await;
        assert_eq!((status(app, "a/x").await, status(app, "t").await), (200, 404));
        assert_eq!(former(app), []);
        desk.post("/batch", &json!({"atomic": true, "operations": swap})).await.assert_status(200);
        assert_eq!((status(app, "b/x").await, moved(app, "t").await, moved(app, "a/x").await), (200, "b".to_owned(), "b/x".to_owned()));
    }

    /// A file may say where a category was before: a list adds, empty clears, and what is given up is kept
    async fn a_file_names_former_paths(app) {
        let portal = |list: Value| with_former(Portal::new("demo").category("b"), "a", list);
        let list = json!([{"path": "新聞/本地"}, {"path": "old", "until": "2026-01-01T08:00:00.1234567+08:00"}, {"path": "b", "until": null}, {"path": "a"}]);
        let now = "2026-01-15T04:00:00Z".to_owned();
        let named = vec![("b".to_owned(), now.clone()), ("old".to_owned(), "2026-01-01T00:00:00.123456Z".to_owned()), ("新聞/本地".to_owned(), now)];
        app.import(&portal(list.clone()));
        assert_eq!(former(app), [("a".to_owned(), named.clone())]);
        assert_eq!((moved(app, "新聞/本地").await, moved(app, "old").await, status(app, "b").await), ("a".to_owned(), "a".to_owned(), 200));
        app.set_clock("2026-01-15T05:00:00Z");
        let absent = Portal::new("demo").category("b").with(Portal::new("demo").record("category").set("path", "a"));
        for again in [portal(list.clone()), absent] {
            assert_eq!(app.import(&again).updated, 0);
        }
        assert_eq!(app.import(&portal(json!([{"path": "more"}]))).updated, 1);
        assert_eq!(former(app)[0].1.len(), 4);
        assert_eq!(app.import(&portal(Value::Null)).updated, 1);
        assert_eq!(app.import(&portal(json!([]))).updated, 0);
        assert_eq!((former(app), status(app, "old").await), (vec![], 404));
        for (list, member) in [
            (json!([{"path": "x"}, {"path": "x"}]), "former_paths[1].path"),
            (json!([{"path": "x//y"}]), "former_paths[0].path"),
            (json!([{"path": "x/.."}]), "former_paths[0].path"),
            (json!([{"path": "x".repeat(601)}]), "former_paths[0].path"),
            (json!([{"until": "2026-01-01T00:00:00Z"}]), "former_paths[0].path"),
            (json!([{"path": "x", "until": "soon"}]), "former_paths[0].until"),
            (json!([{"path": "x", "slug": "y"}]), "former_paths[0].slug"),
            (json!(["x"]), "former_paths[0]"),
            (json!("x"), "former_paths"),
            (json!(vec![json!({"path": "x"}); 1001]), "former_paths"),
        ] {
            let report = app.try_import(portal(list).lines()).unwrap();
            assert_eq!(report.faults.iter().map(|f| f.member.as_str()).collect::<Vec<_>>(), [member]);
            assert!(report.faults[0].reason.len() > 10, "{:?}", report.faults);
        }
    }

    /// Of several categories of a file that had a path, the last one keeps it, whatever comes first
    async fn the_last_former_owner_counts(app) {
        let at = |day: u8| json!([{"path": "p", "until": format!("2026-01-{day:02}T00:00:00Z")}]);
        let portal = |a: Value, b: Value| with_former(with_former(Portal::new("demo"), "a", a), "b", b);
        for (a, b, owner) in [(at(2), at(3), "b"), (at(5), at(4), "a")] {
            app.import(&portal(json!([]), json!([])));
            app.import(&portal(a.clone(), b.clone()));
            assert_eq!((app.import(&portal(a, b)).updated, moved(app, "p").await), (0, owner.to_owned()));
        }
        // One without a time takes it from nobody, however often it comes.
        app.import(&portal(json!([]), at(8)));
        for _ in 0..2 {
            assert_eq!(app.import(&portal(json!([{"path": "p"}]), at(8))).updated, 0);
        }
        assert_eq!(moved(app, "p").await, "b");
    }

    /// However much hangs below it, a rename and a takeover take the same number of statements
    async fn statements_do_not_grow_with_the_subtree(app) {
        let portal = (0..60).fold(Portal::new("demo").category("few/x").category("heir").category("heir2"), |portal, n| portal.category(&format!("many/x/c{n}/d")));
        app.import(&portal);
        let desk = app.desk("editor");
        let places = places(&desk).await;
        let mut used = Vec::new();
        // The first round looks up what is looked up once a process.
        for (place, slug, heir) in [("few", "f1", ""), ("few", "f2", "heir"), ("many", "m2", "heir2")] {
            let before = app.statements();
            desk.patch_if(&places[place], "*", &json!({"slug": slug})).await.assert_status(200);
            let renamed = app.statements() - before;
            if !heir.is_empty() {
                merge(&desk, &places[place], &places[heir]).await;
                used.push((renamed, app.statements() - before - renamed));
            }
        }
        assert_eq!(used[0], used[1]);
        assert_eq!((moved(app, "many/x/c59/d").await, moved(app, "m2/x/c0").await), ("heir2/x/c59/d".to_owned(), "heir2/x/c0".to_owned()));
    }

    /// After any sequence of changes every path that was ever given out leads to where its last owner is
    async fn every_path_leads_to_its_last_owner(app) {
        app.import(&Portal::new("demo").category("a/b/c").category("a/d").category("e/b/c").category("f"));
        let desk = app.desk("editor");
        let mut random = fastrand::Rng::with_seed(7);
        let mut owners: BTreeMap<String, i64> = BTreeMap::new();
        let mut done = BTreeMap::new();
        for _ in 0..60 {
            let before = by_id(&desk).await;
            let ids: Vec<i64> = before.keys().copied().collect();
            let (one, other) = (ids[random.usize(..ids.len())], ids[random.usize(..ids.len())]);
            let place = format!("/categories/{one}");
            let slug = ["a", "b", "c", "d"][random.usize(..4)];
            let (action, answer) = match random.u8(..6) {
                0 if ids.len() > 5 => ("merge", desk.request("DELETE", &format!("{place}?reassign_to={other}")).header("if-match", "*").send().await),
                1 if ids.len() > 5 => ("delete", desk.delete(&place).await),
                2 if ids.len() < 9 => ("make", desk.post("/categories", &json!({"site": "demo", "parent_id": other, "slug": slug, "name": "n"})).await),
                3 => ("top", desk.patch(&place, &json!({"parent_id": null, "slug": slug})).await),
                4 => ("move", desk.patch(&place, &json!({"parent_id": other, "slug": slug})).await),
                _ => ("rename", desk.patch(&place, &json!({"slug": slug})).await),
            };
            if answer.status >= 300 {
                continue;
            }
            *done.entry(action).or_insert(0) += 1;
            let after = by_id(&desk).await;
            for (id, path) in &before {
                if after.get(id) != Some(path) {
                    owners.insert(path.clone(), *id);
                }
            }
            if action == "merge" {
                owners.values_mut().filter(|owner| **owner == one).for_each(|owner| *owner = other);
            }
            owners.retain(|_, owner| after.contains_key(owner));
            for (path, owner) in &owners {
                match after.values().any(|present| present == path) {
                    true => assert_eq!(status(app, path).await, 200, "{path} after {action}"),
                    false => assert_eq!(moved(app, path).await, after[owner], "{path} after {action}"),
                }
            }
        }
        assert!(done.len() == 6, "{done:?}");
        let present: Vec<String> = by_id(&desk).await.into_values().collect();
        let leading: Vec<&str> = owners.keys().map(String::as_str).filter(|path| !present.iter().any(|p| p == path)).collect();
        assert!(leading.len() > 5, "{leading:?}");
        assert_comes_back(app, &leading).await;
    }
}
