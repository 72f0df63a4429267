//! Articles that come and go by themselves, to the second, on every path that readers have; whatever was planned before, and
//! whether the upkeep has run or not.

use std::collections::BTreeMap;

use masthead::models::access::Scope;
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::content::Record;
use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both, spec};
use crate::transitions::go;

/// Articles that are public all the time.
const OTHERS: usize = 2;

/// How long the database may keep what happened by itself from followers of the changes: clocks of instances may differ.
const TOLD_LATE: i64 = 2;

fn portal() -> Portal {
    let open = |a: Record| {
        a.category("news/sea")
            .sources(&["daily"])
            .topics(&["deep-sea"])
            .set("keywords", ["潮汐"])
            .set(
                "contributors",
                json!([{"key": "lin", "role": "author", "kind": "person", "name": "林晓岚"}]),
            )
            .set(
                "attachments",
                json!([{"name": "x", "url": "https://example.org/x"}]),
            )
            .set(
                "translations",
                json!([{"locale": "zh-Hans", "title": "文章", "body_html": ""}]),
            )
    };
    Portal::new("demo")
        .site(|s| s.set("locales", ["en", "zh-Hans"]))
        .source("daily")
        .topic("deep-sea")
        .category("news/sea")
        .article("open", open)
        .article("other", open)
}

/// The article that comes and goes, dated after the others.
fn article() -> Value {
    json!({
        "site": "demo", "category": "news/sea", "key": "tide", "slug": "tide", "title": "潮汐🌊ＡＢＣ",
        "keywords": ["潮汐"], "sources": ["daily"], "topics": ["deep-sea"], "published_at": "2026-01-12T08:00:00+08:00",
        "contributors": [{"key": "lin", "role": "author", "kind": "person", "name": "林曉嵐"}],
        "attachments": [{"name": "報告.pdf", "url": "https://example.org/r.pdf"}],
        "translations": [{"locale": "zh-Hans", "title": "潮汐", "slug": "潮汐", "body_html": "<p>正文</p>", "keywords": ["潮汐"]}],
    })
}

/// The paths of readers, once the content is there.
struct Readers<'a> {
    app: &'a TestApp,
    /// The article that comes and goes.
    id: i64,
    /// What asks for it by name: 404 where it is not public.
    named: Vec<String>,
    /// Lists that it is in, each with all the others.
    lists: Vec<String>,
    /// What shows it, or counts it, as a part of something else.
    around: [String; 5],
}

impl<'a> Readers<'a> {
    async fn of(app: &'a TestApp, id: i64) -> Self {
        let open = app.article_id("open").await;
        let other = app.article_id("other").await;
        let shown = app
            .get(&format!("/api/v1/articles/{open}?include=breadcrumbs"))
            .await
            .json();
        let (category, parent) = (&shown["category"]["id"], &shown["breadcrumbs"][1]["id"]);
        let (source, topic) = (&shown["sources"][0]["id"], &shown["topics"][0]["id"]);
        let contributor = &shown["contributors"][0]["id"];
        let named = [
            format!("/articles/{id}"),
            format!("/articles/{id}?include=breadcrumbs,neighbors,related,site_details"),
            format!("/articles/{id}?locale=zh-Hans&fallback=none"),
            "/sites/demo/articles/tide".to_owned(),
            "/sites/demo/articles/潮汐".to_owned(),
        ];
        let lists = [
            "sort=published_at".to_owned(),
            "site=demo".to_owned(),
            "site=demo&sort=title&order=asc".to_owned(),
            "site=demo&sort=updated_at".to_owned(),
            "sort=published_at&order=asc".to_owned(),
            format!("category={category}"),
            format!("category={parent}&subtree=true"),
            "site=demo&category_path=news&subtree=true".to_owned(),
            "site=demo&category_path=news/sea".to_owned(),
            format!("source={source}"),
            format!("topic={topic}"),
            "keyword=潮汐".to_owned(),
            format!("contributor={contributor}"),
            "available_in=zh".to_owned(),
            "available_in=zh-Hans&locale=zh-Hans".to_owned(),
            "has_attachments=true".to_owned(),
            format!("ids={id},{open},{other}"),
            "published_from=2026-01-01&published_to=2027-01-01".to_owned(),
            format!(
                "site=demo&source={source}&topic={topic}&keyword=潮汐&contributor={contributor}&available_in=zh"
            ),
        ];
        let around = [
            "/sites/demo/categories".to_owned(),
            "/sites/demo/categories/news/sea".to_owned(),
            format!("/categories/{parent}"),
            format!("/articles/{other}?include=neighbors"),
            format!("/articles/{open}?include=related"),
        ];
        Self {
            app,
            id,
            named: named.map(|path| format!("/api/v1{path}")).into(),
            lists: lists
                .map(|query| format!("/api/v1/articles?limit=100&count=exact&{query}"))
                .into(),
            around: around.map(|path| format!("/api/v1{path}")),
        }
    }

    fn is_of(&self, item: &Value) -> bool {
        item["id"] == self.id
    }

    /// Fails unless the article is public on every path, or on none; nothing may be kept for longer than `left` seconds.
    /// Returns what was said.
    async fn assert_shown(&self, is_shown: bool, left: Option<i64>, when: &str) -> Vec<Answer> {
        let mut answers = Vec::new();
        for path in &self.named {
            let answer = self.app.get(path).await;
            answer.assert_status(if is_shown { 200 } else { 404 });
            answers.push(answer);
        }
        let total = OTHERS + usize::from(is_shown);
        for path in &self.lists {
            let answer = self.app.get(path).await;
            let list = answer.assert_status(200).json();
            let shown = spec::items(&list["items"])
                .filter(|item| self.is_of(item))
                .count();
            assert_eq!(shown, usize::from(is_shown), "{when}: {answer}");
            assert_eq!(
                spec::items(&list["items"]).count(),
                total,
                "{when}: {answer}"
            );
            assert_eq!(
                (&list["total"], &list["total_kind"]),
                (&json!(total), &json!("exact")),
                "{when}: {answer}"
            );
            answers.push(answer);
        }
        let [tree, leaf, parent, neighbor, related] = &self.around;
        for (path, counts) in [
            (
                tree,
                &[
                    "/items/0/total_count",
                    "/items/0/children/0/article_count",
                    "/items/0/children/0/total_count",
                ][..],
            ),
            (leaf, &["/article_count", "/total_count"]),
            (
                parent,
                &[
                    "/total_count",
                    "/children/0/article_count",
                    "/children/0/total_count",
                ],
            ),
        ] {
            let answer = self.app.get(path).await;
            for pointer in counts {
                assert_eq!(
                    answer.json().pointer(pointer),
                    Some(&json!(total)),
                    "{when}: {pointer}: {answer}"
                );
            }
            answers.push(answer);
        }
        let answer = self.app.get(neighbor).await;
        let next = &answer.assert_status(200).json()["neighbors"]["next"];
        assert_eq!(
            (self.is_of(next), next.is_null()),
            (is_shown, !is_shown),
            "{when}: {answer}"
        );
        answers.push(answer);
        let answer = self.app.get(related).await;
        let shown = spec::items(&answer.assert_status(200).json()["related"])
            .filter(|item| self.is_of(item))
            .count();
        assert_eq!(shown, usize::from(is_shown), "{when}: {answer}");
        answers.push(answer);
        for answer in &answers {
            assert_kept_for_at_most(answer, left, when);
        }
        answers
    }

    /// Fails where a cache is told that what it has of these is still good.
    async fn assert_outdated(&self, before: &[Answer], when: &str) {
        for answer in before.iter().filter(|answer| answer.status == 200) {
            for (name, validator) in [
                ("if-none-match", "etag"),
                ("if-modified-since", "last-modified"),
            ] {
                let value = answer.header(validator).unwrap();
                let again = self
                    .app
                    .request("GET", &answer.path)
                    .header(name, value)
                    .send()
                    .await;
                assert_ne!(again.status, 304, "{when}: {name}: {answer}");
            }
        }
    }
}

/// Fails where a cache may serve an answer, fresh or stale, for longer than `left` seconds.
fn assert_kept_for_at_most(answer: &Answer, left: Option<i64>, when: &str) {
    let control = answer.header("cache-control").unwrap();
    if answer.status >= 400 {
        return assert_eq!(control, "no-store", "{when}: {answer}");
    }
    let seconds = |name: &str| -> i64 {
        let value = control
            .split(", ")
            .find_map(|part| part.strip_prefix(&format!("{name}=")));
        value
            .unwrap_or_else(|| panic!("no {name}: {answer}"))
            .parse()
            .unwrap()
    };
    let fresh = seconds("s-maxage");
    let stale = seconds("stale-while-revalidate").max(seconds("stale-if-error"));
    assert_eq!(seconds("max-age"), 0, "{when}: {answer}");
    if let Some(left) = left {
        assert!(
            fresh + stale <= left,
            "{when}: kept for {fresh} + {stale} s, {left} s are left: {answer}"
        );
    }
}

/// Somebody who may do everything for as long as a test takes: tokens do not outlast the hours that pass.
fn desk(app: &TestApp) -> Desk<'_> {
    let id = app.account("desk@example.org", "admin");
    let (_, key) = app.api_key(id, &Scope::ALL, None);
    app.desk_of(key)
}

/// The content, with the article as a draft that another one is related to; returns its path in management and its id.
async fn begin(app: &TestApp, desk: &Desk<'_>) -> (String, i64) {
    app.import(&portal());
    let (path, made) = desk.made("/articles", &article()).await;
    let open = app.article_id("open").await;
    desk.changed(&format!("/articles/{open}"), &json!({"related": ["tide"]}))
        .await;
    (path, made["id"].as_i64().unwrap())
}

async fn roll_up(app: &TestApp) {
    app.app.services().upkeep.roll_up_counts().await.unwrap();
}

/// An article is scheduled for six and vanishes at seven; the upkeep runs before each look, or never.
async fn comes_and_goes(app: &TestApp, has_upkeep: bool) {
    let desk = desk(app);
    let (path, id) = begin(app, &desk).await;
    let readers = Readers::of(app, id).await;
    readers.assert_shown(false, None, "a draft").await;
    go(&desk, &path, &json!({"to": "scheduled", "publish_at": "2026-01-15T14:00:00+08:00", "unpublish_at": "2026-01-15T07:00:00Z"})).await.assert_status(200);
    let mut before = Vec::new();
    for (now, is_shown, left) in [
        ("2026-01-15T04:00:00Z", false, Some(7200)),
        ("2026-01-15T05:30:00Z", false, Some(1800)),
        ("2026-01-15T05:59:50Z", false, Some(10)),
        ("2026-01-15T05:59:59Z", false, Some(1)),
        ("2026-01-15T05:59:59.999999Z", false, Some(0)),
        ("2026-01-15T06:00:00Z", true, Some(3600)),
        ("2026-01-15T06:00:01Z", true, Some(3599)),
        ("2026-01-15T06:59:40Z", true, Some(20)),
        ("2026-01-15T06:59:59Z", true, Some(1)),
        ("2026-01-15T07:00:00Z", false, None),
        ("2026-01-15T07:00:01Z", false, None),
        // What happened more than an hour ago is folded into the numbers.
        ("2026-01-15T07:00:30Z", false, None),
        ("2026-01-15T08:30:00Z", false, None),
        ("2026-01-16T08:30:00Z", false, None),
    ] {
        app.set_clock(now);
        if has_upkeep {
            roll_up(app).await;
        }
        let answers = readers.assert_shown(is_shown, left, now).await;
        if matches!(now, "2026-01-15T06:00:00Z" | "2026-01-15T07:00:00Z") {
            readers.assert_outdated(&before, now).await;
        }
        before = answers;
    }
    go(
        &desk,
        &path,
        &json!({"to": "published", "unpublish_at": null}),
    )
    .await
    .assert_status(200);
    readers.assert_shown(true, None, "for good").await;
    go(&desk, &path, &json!({"to": "archived"}))
        .await
        .assert_status(200);
    roll_up(app).await;
    readers.assert_shown(false, None, "archived").await;
}

/// A copy of all articles as a follower of the changes keeps it.
#[derive(Default)]
struct Copy {
    titles: BTreeMap<i64, String>,
    cursor: Option<String>,
}

impl Copy {
    /// Follows the feed to its end; returns what it told.
    async fn follow(&mut self, app: &TestApp) -> Vec<Value> {
        let mut told = Vec::new();
        loop {
            let since = self
                .cursor
                .as_ref()
                .map(|cursor| format!("&since={cursor}"))
                .unwrap_or_default();
            let page = app
                .get(&format!(
                    "/api/v1/articles/changes?site=demo&limit=3{since}"
                ))
                .await;
            let page = page.assert_status(200).json();
            for change in spec::items(&page["items"]) {
                let id = change["id"].as_i64().unwrap();
                match change["article"]["title"].as_str() {
                    Some(title) => self.titles.insert(id, title.to_owned()),
                    None => self.titles.remove(&id),
                };
                assert_eq!(
                    change["article"].is_null(),
                    change["withdrawn_at"].is_string(),
                    "{change}"
                );
                told.push(change.clone());
            }
            self.cursor = Some(page["next_cursor"].as_str().unwrap().to_owned());
            if page["has_more"] == false {
                return told;
            }
        }
    }
}

/// `seconds` after [`crate::support::app::NOW`].
fn at(seconds: i64) -> String {
    let now = chrono::DateTime::parse_from_rfc3339(crate::support::app::NOW).unwrap();
    (now + chrono::TimeDelta::seconds(seconds)).to_rfc3339()
}

/// What becomes of an article after a plan was made for it: the way, and when it is public, in seconds from the start.
struct Turn {
    name: &'static str,
    first: Value,
    then: Value,
    /// Until the turn it is public from the first of these to the second; after it from the third to the fourth.
    public: [i64; 4],
}

/// Never, or for ever.
const END: i64 = 1_000_000;

/// A plan is made at 0, another at 600.
fn turns() -> Vec<Turn> {
    let turn = |name, first, then, public| Turn {
        name,
        first,
        then,
        public,
    };
    let scheduled = || json!({"to": "scheduled", "publish_at": at(1200)});
    let ending = || json!({"to": "published", "unpublish_at": at(1200)});
    let (never, ever) = ([END, END], [0, END]);
    let join = |a: [i64; 2], b: [i64; 2]| [a[0], a[1], b[0], b[1]];
    vec![
        turn(
            "put off",
            scheduled(),
            json!({"to": "scheduled", "publish_at": at(1500)}),
            join(never, [1500, END]),
        ),
        turn(
            "brought forward",
            scheduled(),
            json!({"to": "scheduled", "publish_at": at(660)}),
            join(never, [660, END]),
        ),
        turn(
            "published now",
            scheduled(),
            json!({"to": "published"}),
            join(never, [600, END]),
        ),
        turn(
            "published as of then",
            scheduled(),
            json!({"to": "published", "publish_at": at(-5000)}),
            join(never, [600, END]),
        ),
        turn(
            "unscheduled",
            scheduled(),
            json!({"to": "approved"}),
            join(never, never),
        ),
        turn(
            "back for review",
            scheduled(),
            json!({"to": "in_review"}),
            join(never, never),
        ),
        turn(
            "back to the drafts",
            scheduled(),
            json!({"to": "draft"}),
            join(never, never),
        ),
        turn(
            "archived before it came",
            scheduled(),
            json!({"to": "archived"}),
            join(never, never),
        ),
        turn(
            "given an end",
            scheduled(),
            json!({"to": "scheduled", "unpublish_at": at(1300)}),
            join(never, [1200, 1300]),
        ),
        turn(
            "for one second",
            scheduled(),
            json!({"to": "scheduled", "publish_at": at(900), "unpublish_at": at(901)}),
            join(never, [900, 901]),
        ),
        turn(
            "kept for longer",
            ending(),
            json!({"to": "published", "unpublish_at": at(1500)}),
            join(ever, [600, 1500]),
        ),
        turn(
            "ended sooner",
            ending(),
            json!({"to": "published", "unpublish_at": at(700)}),
            join(ever, [600, 700]),
        ),
        turn(
            "kept for good",
            ending(),
            json!({"to": "published", "unpublish_at": null}),
            join(ever, ever),
        ),
        turn(
            "archived before its end",
            ending(),
            json!({"to": "archived"}),
            join(ever, never),
        ),
        turn(
            "retracted before its end",
            ending(),
            json!({"to": "retracted", "reason": "误"}),
            join(ever, never),
        ),
        turn(
            "taken out until later",
            ending(),
            json!({"to": "scheduled", "publish_at": at(900)}),
            join(ever, [900, 1200]),
        ),
        turn(
            "published ahead",
            json!({"to": "published"}),
            json!({"to": "published", "publish_at": at(900)}),
            join(ever, [900, END]),
        ),
        turn(
            "over, and published again",
            json!({"to": "published", "unpublish_at": at(300)}),
            json!({"to": "published", "unpublish_at": null}),
            join([0, 300], ever),
        ),
        turn(
            "come, and put off",
            json!({"to": "scheduled", "publish_at": at(300)}),
            json!({"to": "scheduled", "publish_at": at(1200)}),
            join([300, END], [1200, END]),
        ),
    ]
}

on_both! {
    /// A scheduled article appears, and vanishes, to the second on every path, if nothing but the clock goes on
    async fn an_article_comes_and_goes_to_the_second(app) {
        comes_and_goes(app, false).await;
    }

    /// The same while the upkeep runs all the time
    async fn an_article_comes_and_goes_while_the_upkeep_runs(app) {
        comes_and_goes(app, true).await;
    }

    /// Whatever becomes of a plan, the last one holds and nothing of the first one stays
    async fn the_last_plan_holds(app) {
        let desk = desk(app);
        app.import(&portal());
        let mut planned = Vec::new();
        for turn in turns() {
            let body = json!({"site": "demo", "category": "news/sea", "title": turn.name, "published_at": "2026-01-12T08:00:00+08:00"});
            let (path, made) = desk.made("/articles", &body).await;
            go(&desk, &path, &turn.first).await.assert_status(200);
            planned.push((made["id"].as_i64().unwrap(), path, turn));
        }
        let mut copy = Copy::default();
        let moments = [0, 1, 299, 300, 301, 599, 600, 601, 659, 660, 699, 700, 899, 900, 901, 902, 1199, 1200, 1201, 1299, 1300, 1499, 1500, 1501, 5400, 9000, 90_000];
        for seconds in moments {
            app.set_clock(&at(seconds));
            if seconds == 600 {
                for (_, path, turn) in &planned {
                    let done = go(&desk, path, &turn.then).await;
                    assert_eq!(done.status, 200, "{}: {done}", turn.name);
                }
            }
            if seconds % 2 == 0 {
                roll_up(app).await;
            }
            let list = app.get("/api/v1/articles?site=demo&limit=100&count=exact").await.assert_status(200).json();
            let mut public = 0;
            for (id, path, turn) in &planned {
                let [from, to, then_from, then_to] = turn.public;
                let is_public = match seconds < 600 {
                    true => (from..to).contains(&seconds),
                    false => (then_from..then_to).contains(&seconds),
                };
                public += usize::from(is_public);
                let is_listed = spec::items(&list["items"]).any(|item| item["id"] == *id);
                assert_eq!(is_listed, is_public, "{} at {seconds}", turn.name);
                let status = app.get(&format!("/api/v1{path}")).await.status;
                let is_retracted = seconds >= 600 && turn.then["to"] == "retracted";
                let otherwise = if is_retracted { 410 } else { 404 };
                assert_eq!(status, if is_public { 200 } else { otherwise }, "{} at {seconds}", turn.name);
            }
            assert_eq!(list["total"], OTHERS + public, "{seconds}");
            let leaf = app.get("/api/v1/sites/demo/categories/news/sea").await.json();
            assert_eq!((&leaf["article_count"], &leaf["total_count"]), (&list["total"], &list["total"]), "{seconds}");
            app.set_clock(&at(seconds + TOLD_LATE));
            if !moments.iter().any(|other| (seconds + 1..=seconds + TOLD_LATE).contains(other)) {
                copy.follow(app).await;
                assert_eq!(copy.titles.len(), OTHERS + public, "{seconds}: {:?}", copy.titles);
            }
        }
        app.app.services().upkeep.reindex().unwrap();
        let list = app.get("/api/v1/articles?site=demo&limit=100&count=exact").await.json();
        assert_eq!(list["total"], copy.titles.len());
    }

    /// What is deleted before its time never comes
    async fn what_is_deleted_before_its_time_never_comes(app) {
        let desk = desk(app);
        let (path, id) = begin(app, &desk).await;
        let readers = Readers::of(app, id).await;
        go(&desk, &path, &json!({"to": "scheduled", "publish_at": "2026-01-15T06:00:00Z"})).await.assert_status(200);
        desk.delete(&path).await.assert_status(204);
        for now in ["2026-01-15T05:59:59Z", "2026-01-15T06:00:00Z", "2026-01-15T09:00:00Z"] {
            app.set_clock(now);
            readers.assert_shown(false, None, now).await;
            roll_up(app).await;
        }
    }

    /// Followers hear of what comes and goes when it does, and of nothing before
    async fn followers_hear_of_what_comes_and_goes(app) {
        let desk = desk(app);
        let mut copy = Copy::default();
        let (path, id) = begin(app, &desk).await;
        copy.follow(app).await;
        go(&desk, &path, &json!({"to": "scheduled", "publish_at": "2026-01-15T06:00:00Z", "unpublish_at": "2026-01-15T07:00:00Z"})).await.assert_status(200);
        assert_eq!(copy.follow(app).await, Vec::<Value>::new());
        // One follows all the time, one looks in only when all is over, one in between.
        let mut late = Copy { cursor: copy.cursor.clone(), ..Copy::default() };
        let mut slow = Copy { cursor: copy.cursor.clone(), ..Copy::default() };
        app.set_clock("2026-01-15T05:59:59Z");
        assert_eq!(copy.follow(app).await, Vec::<Value>::new());
        app.set_clock("2026-01-15T06:00:02Z");
        let came = copy.follow(app).await;
        assert_eq!(came.len(), 1);
        assert_eq!((&came[0]["id"], &came[0]["article"]["title"], &came[0]["withdrawn_at"]), (&json!(id), &json!("潮汐🌊ＡＢＣ"), &Value::Null));
        app.set_clock("2026-01-15T06:59:59Z");
        assert_eq!(copy.follow(app).await, Vec::<Value>::new());
        assert_eq!(slow.follow(app).await.len(), 1);
        app.set_clock("2026-01-15T07:00:02Z");
        for copy in [&mut copy, &mut slow] {
            let went = copy.follow(app).await;
            assert_eq!(went.len(), 1);
            assert_eq!(went[0]["article"], Value::Null);
            assert_eq!((&went[0]["reason"], &went[0]["withdrawn_at"]), (&json!("expired"), &json!("2026-01-15T07:00:00Z")));
        }
        app.set_clock("2026-01-15T10:00:00Z");
        roll_up(app).await;
        let went = late.follow(app).await;
        assert_eq!((went.len(), &went[0]["reason"]), (1, &json!("expired")));
        assert_eq!(copy.titles.len(), OTHERS);
    }

    /// Whatever is planned, moved, taken back or published, lists, numbers and copies say what the plans say
    async fn lists_numbers_and_copies_say_what_the_plans_say(app) {
        #[derive(Default, Clone, Copy)]
        struct Plan { is_published: bool, from: i64, end: Option<i64> }
        let desk = desk(app);
        app.import(&Portal::new("demo").category("a/b").category("c"));
        let mut random = fastrand::Rng::with_seed(23);
        let mut plans: BTreeMap<i64, Plan> = BTreeMap::new();
        for n in 0..12 {
            let category = ["a", "a/b", "c"][n % 3];
            let body = json!({"site": "demo", "category": category, "title": format!("文章 {n}"), "published_at": "2026-01-12T00:00:00Z"});
            let (_, made) = desk.made("/articles", &body).await;
            plans.insert(made["id"].as_i64().unwrap(), Plan { is_published: false, from: -1_000_000, end: None });
        }
        let ids: Vec<i64> = plans.keys().copied().collect();
        let (mut now, mut done, mut copy) = (5, 0, Copy::default());
        app.set_clock(&at(now));
        for step in 0..150 {
            for _ in 0..random.usize(0..4) {
                let id = ids[random.usize(..ids.len())];
                let path = format!("/articles/{id}");
                // Whole minutes, and the clock five seconds off them.
                let from = 60 * (now / 60 + random.i64(-90..60));
                let end = 60 * (now / 60 + random.i64(-5..90));
                let mut plan = plans[&id];
                let answer = match random.usize(0..8) {
                    0 | 1 => {
                        plan = Plan { is_published: true, from, ..plan };
                        go(&desk, &path, &json!({"to": "published", "publish_at": at(from)})).await
                    }
                    2 => {
                        plan = Plan { is_published: true, from, end: Some(end) };
                        go(&desk, &path, &json!({"to": "published", "publish_at": at(from), "unpublish_at": at(end)})).await
                    }
                    3 => {
                        plan = Plan { is_published: true, from, end: None };
                        go(&desk, &path, &json!({"to": "scheduled", "publish_at": at(from), "unpublish_at": null})).await
                    }
                    4 => {
                        let to = ["archived", "draft", "approved", "in_review"][random.usize(..4)];
                        plan.is_published = false;
                        go(&desk, &path, &json!({"to": to})).await
                    }
                    5 => {
                        plan.is_published = false;
                        go(&desk, &path, &json!({"to": "retracted", "reason": "误"})).await
                    }
                    6 => {
                        plan.end = random.bool().then_some(end);
                        desk.patch(&path, &json!({"unpublish_at": plan.end.map(at)})).await
                    }
                    _ => {
                        plan.from = from;
                        desk.patch(&path, &json!({"published_at": at(from)})).await
                    }
                };
                match answer.status {
                    200 => {
                        plans.insert(id, plan);
                        done += 1;
                    }
                    409 | 422 => {}
                    _ => panic!("step {step}: {answer}"),
                }
            }
            if random.bool() {
                now += 60 * random.i64(0..50);
                app.set_clock(&at(now));
            }
            if random.u8(0..3) == 0 {
                roll_up(app).await;
            }
            let public: Vec<i64> = plans.iter()
                .filter(|(_, plan)| plan.is_published && plan.from <= now && plan.end.is_none_or(|end| end > now))
                .map(|(id, _)| *id).collect();
            let list = app.get("/api/v1/articles?site=demo&limit=100&count=exact").await.json();
            let mut listed: Vec<i64> = spec::items(&list["items"]).map(|item| item["id"].as_i64().unwrap()).collect();
            listed.sort_unstable();
            assert_eq!(listed, public, "step {step}");
            assert_eq!(list["total"], public.len(), "step {step}");
            let tree = app.get("/api/v1/sites/demo/categories").await.json();
            let below = |paths: &[usize]| public.iter().filter(|id| paths.contains(&(ids.iter().position(|other| other == *id).unwrap() % 3))).count();
            for (pointer, expected) in [
                ("/items/0/article_count", below(&[0])), ("/items/0/total_count", below(&[0, 1])),
                ("/items/0/children/0/article_count", below(&[1])), ("/items/1/total_count", below(&[2])),
            ] {
                assert_eq!(tree.pointer(pointer), Some(&json!(expected)), "step {step}: {pointer}");
            }
            if random.bool() {
                copy.follow(app).await;
                let copied: Vec<i64> = copy.titles.keys().copied().collect();
                assert_eq!(copied, public, "step {step}");
            }
        }
        assert!(done > 80, "{done}");
    }
}
