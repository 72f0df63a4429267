//! Whatever editors do in whatever order: each revision stays what the article was, restoring is exact, and the numbers of
//! categories are right. Knows what a save is; knows no query.
//!
//! `MASTHEAD_HISTORY_SEED` sets the seed, `MASTHEAD_HISTORY_STEPS` how many steps are taken.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use fastrand::Rng;
use masthead::models::access::Scope;
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both};

const SEED: u64 = 20_260_116;

const STEPS: u64 = 120;

const TITLES: [&str; 9] = [
    "深海观测",
    "深海觀測",
    "🌊",
    "ＡＢＣ",
    "Deep sea",
    "a\u{301}é",
    "！？",
    "👩‍🔬 x",
    "「新闻」",
];

const BODIES: [&str; 8] = [
    "",
    "<p>正文</p>",
    "plain & <b>bold",
    "<h2>一</h2><h2>一</h2><p>👩‍🔬",
    "<table><tr><td>x</table>",
    "<ul><li>甲<li>乙</ul>",
    "<p onclick=x>a<script>b</script></p>",
    "　全角　",
];

const SLUGS: [&str; 6] = ["one", "二", "three", "vier", "fünf", "6"];

const STATES: [&str; 7] = [
    "draft",
    "in_review",
    "approved",
    "scheduled",
    "published",
    "archived",
    "retracted",
];

/// An article, and what each of its revisions must be.
struct Tracked {
    path: String,
    /// What each revision but the newest showed last, the first one first, in the state that it was saved in.
    past: Vec<Value>,
    /// The newest.
    present: Value,
    /// The state in which the newest was saved.
    saved_as: Value,
}

/// Everything a run knows.
struct Run<'a> {
    app: &'a TestApp,
    desk: Desk<'a>,
    rng: Rng,
    now: DateTime<Utc>,
    articles: Vec<Tracked>,
    made: usize,
    about: String,
}

on_both! {
    /// Revisions replay, restoring is exact, counts are right, after any sequence of saves
    async fn history_is_exact(app) {
        let seed = from_environment("MASTHEAD_HISTORY_SEED").unwrap_or(SEED);
        let steps = from_environment("MASTHEAD_HISTORY_STEPS").unwrap_or(STEPS);
        let mut portal = Portal::new("demo").site(|s| s.set("locales", ["en", "zh-Hans", "zh-Hant", "fr"])).category("a/b/c").category("d").category("e");
        for n in 0..4 {
            portal = portal.source(&format!("s{n}")).topic(&format!("t{n}"));
        }
        app.import(&portal);
        let (_, key) = app.api_key(app.account("chief@example.org", "admin"), &Scope::ALL, None);
        let mut run = Run {
            app,
            desk: app.desk_of(key),
            rng: Rng::with_seed(seed),
            now: app.now().0,
            articles: Vec::new(),
            made: 0,
            about: String::new(),
        };
        for step in 0..steps {
            run.about = format!("MASTHEAD_HISTORY_SEED={seed} step {step}");
            run.step().await;
            run.check_one().await;
            run.check_counts().await;
        }
        run.about = format!("MASTHEAD_HISTORY_SEED={seed} at the end");
        run.check_all().await;
        run.replay().await;
        run.check_all().await;
        run.check_counts().await;
        let before = run.overview().await;
        app.app.services().upkeep.reindex().unwrap();
        assert_eq!(run.overview().await, before, "{}", run.about);
        run.check_counts().await;
        let kept: usize = run.articles.iter().map(|article| article.past.len()).sum();
        assert!(kept > run.articles.len(), "{}: {kept} revisions", run.about);
    }
}

impl Run<'_> {
    /// Does one thing that editors or time do.
    async fn step(&mut self) {
        match self.rng.u8(..24) {
            0..=2 => self.create().await,
            3..=8 => self.patch().await,
            9..=10 => self.translate().await,
            11..=14 => self.transition().await,
            15..=17 => self.restore().await,
            18..=19 => self.change_structure().await,
            20..=21 => self.pass_time(),
            22 => {
                let upkeep = &self.app.app.services().upkeep;
                upkeep.roll_up_counts().await.unwrap();
            }
            _ => self.import().await,
        }
    }

    async fn create(&mut self) {
        if self.articles.len() >= 6 {
            return self.delete().await;
        }
        self.made += 1;
        let mut body = self.members();
        body["site"] = json!("demo");
        body["key"] = json!(format!("k{}", self.made));
        body["title"] = json!(self.title());
        body["category"] = json!(self.category().await.1);
        if self.rng.bool() {
            body["status"] = json!(*pick(
                &["draft", "published", "archived", "approved"],
                &mut self.rng
            ));
        }
        let answer = self.desk.post("/articles", &body).await;
        if answer.status != 201 {
            self.expect_refusal(&answer);
            return;
        }
        let article = answer.json();
        assert_eq!(article["revision"], 1, "{}", self.about);
        self.articles.push(Tracked {
            path: format!("/articles/{}", article["id"]),
            past: Vec::new(),
            saved_as: article["status"].clone(),
            present: article,
        });
    }

    async fn delete(&mut self) {
        let at = self.rng.usize(..self.articles.len());
        let gone = self.articles.swap_remove(at);
        self.desk.delete(&gone.path).await.assert_status(204);
        let left = self.desk.get(&format!("{}/revisions", gone.path)).await;
        left.assert_problem(404, "not_found");
        self.look_again().await;
    }

    async fn patch(&mut self) {
        let mut body = self.members();
        for _ in 0..self.rng.usize(..3) {
            match self.rng.u8(..6) {
                0 => body["title"] = json!(self.title()),
                1 => body["slug"] = json!(*pick(&SLUGS, &mut self.rng)),
                2 => body["category"] = json!(self.category().await.1),
                3 => body["published_at"] = json!(self.moment()),
                4 => body["unpublish_at"] = self.maybe_moment(),
                _ => body["status"] = json!(*pick(&STATES, &mut self.rng)),
            }
        }
        self.save("PATCH", "", body).await;
    }

    async fn translate(&mut self) {
        let locale = *pick(&["zh-Hans", "zh-Hant", "fr"], &mut self.rng);
        let part = format!("/translations/{locale}");
        if self.rng.u8(..4) == 0 {
            return self.save("DELETE", &part, Value::Null).await;
        }
        let mut body = json!({"title": self.title(), "body_html": *pick(&BODIES, &mut self.rng), "comment": self.title()});
        if self.rng.bool() {
            body["slug"] = json!(*pick(&SLUGS, &mut self.rng));
        }
        self.save("PUT", &part, body).await;
    }

    async fn transition(&mut self) {
        let mut body = json!({"to": *pick(&STATES, &mut self.rng)});
        let to = body["to"].as_str().unwrap_or_default().to_owned();
        if to == "retracted" {
            body["reason"] = json!(self.title());
        }
        if matches!(to.as_str(), "scheduled" | "published") {
            if self.rng.bool() {
                body["publish_at"] = json!(self.moment());
            }
            if self.rng.bool() {
                body["unpublish_at"] = self.maybe_moment();
            }
        }
        if self.rng.bool() {
            body["comment"] = json!(self.title());
        }
        self.save("POST", "/transitions", body).await;
    }

    async fn restore(&mut self) {
        let Some(at) = self.any() else { return };
        self.look_at(at).await;
        let newest = self.articles[at].past.len() + 1;
        let number = self.rng.usize(1..=newest);
        let part = format!("/revisions/{number}/restore");
        let before = self.articles[at].present.clone();
        let then = match self.articles[at].past.get(number - 1) {
            Some(then) => then.clone(),
            None => before.clone(),
        };
        let answer = self
            .save_of(at, "POST", &part, json!({"comment": self.about}))
            .await;
        answer.assert_status(200);
        let after = &self.articles[at].present;
        self.expect_restored(&then, &before, after);
    }

    /// Fails unless `after` says what `then` said, as far as it is there, and stands where `before` stood.
    fn expect_restored(&self, then: &Value, before: &Value, after: &Value) {
        let about = &self.about;
        for name in [
            "status",
            "published_at",
            "published_precision",
            "unpublish_at",
            "retracted_at",
            "retraction_reason",
            "key",
            "created_at",
        ] {
            assert_eq!(after[name], before[name], "{about}: {name}");
        }
        for name in [
            "title",
            "locale",
            "body_html",
            "subtitle",
            "contributors",
            "keywords",
            "attachments",
            "event_date",
        ] {
            assert_eq!(after[name], then[name], "{about}: {name}");
        }
        assert!(
            after["slug"] == then["slug"] || after["slug"] == before["slug"],
            "{about}: {after}"
        );
        for name in ["sources", "topics", "related"] {
            let kept: Vec<&Value> = then[name]
                .as_array()
                .unwrap()
                .iter()
                .filter(|key| after[name].as_array().unwrap().contains(key))
                .collect();
            assert_eq!(
                after[name].as_array().unwrap().iter().collect::<Vec<_>>(),
                kept,
                "{about}: {name}"
            );
        }
        let texts = |article: &Value| -> Vec<(Value, Value, Value)> {
            let list = article["translations"].as_array().unwrap().iter();
            list.map(|t| {
                (
                    t["locale"].clone(),
                    t["title"].clone(),
                    t["body_html"].clone(),
                )
            })
            .collect()
        };
        assert_eq!(texts(after), texts(then), "{about}");
        if then == before {
            let mut same = after.clone();
            for name in ["revision", "version", "updated_at"] {
                same[name] = before[name].clone();
            }
            assert_eq!(same, *before, "{about}: what is there came back");
        }
    }

    async fn import(&mut self) {
        let mut portal =
            Portal::new("demo").site(|s| s.set("locales", ["en", "zh-Hans", "zh-Hant", "fr"]));
        let Some(at) = self.any() else { return };
        let key = self.articles[at].present["key"]
            .as_str()
            .unwrap()
            .to_owned();
        let record = portal
            .record("article")
            .set("key", key)
            .title(&self.title());
        let status = *pick(&["draft", "published", "archived"], &mut self.rng);
        let record = match self.rng.bool() {
            true => record.status(status),
            false => record.set("keywords", [self.title()]),
        };
        portal = portal.with(record);
        self.app.import(&portal);
        self.follow(at, None).await;
    }

    /// Renames and moves categories, merges sources, deletes topics: no article is saved by that.
    async fn change_structure(&mut self) {
        match self.rng.u8(..6) {
            0 => {
                let topics = self.desk.get("/topics?site=demo&limit=100").await.json();
                if let Some(topic) = topics["items"].as_array().unwrap().first() {
                    let path = format!("/topics/{}", topic["id"]);
                    self.desk.delete(&path).await.assert_status(204);
                }
            }
            1 => {
                let sources = self.desk.get("/sources?limit=100").await.json();
                if let [first, second, ..] = sources["items"].as_array().unwrap().as_slice() {
                    let request = self
                        .desk
                        .request("POST", &format!("/sources/{}/merge", first["id"]));
                    let request = request
                        .header("if-match", "*")
                        .json(&json!({"into": second["id"]}));
                    request.send().await.assert_status(200);
                }
            }
            2 => {
                let (id, _) = self.category().await;
                let (heir, _) = self.category().await;
                if self.rng.u8(..3) == 0 && id != heir {
                    let request = self
                        .desk
                        .request("DELETE", &format!("/categories/{id}?reassign_to={heir}"));
                    let answer = request.header("if-match", "*").send().await;
                    assert!(
                        matches!(answer.status, 204 | 400 | 409),
                        "{}: {answer}",
                        self.about
                    );
                }
            }
            3 => {
                let (id, _) = self.category().await;
                let (parent, _) = self.category().await;
                let parent = if self.rng.bool() {
                    json!(parent)
                } else {
                    Value::Null
                };
                let answer = self
                    .desk
                    .patch_if(
                        &format!("/categories/{id}"),
                        "*",
                        &json!({"parent_id": parent}),
                    )
                    .await;
                assert!(
                    matches!(answer.status, 200 | 409 | 422),
                    "{}: {answer}",
                    self.about
                );
            }
            _ => {
                let (id, _) = self.category().await;
                let change = json!({"slug": *pick(&["a", "b", "新闻", "x", "d"], &mut self.rng), "name": self.title()});
                let answer = self
                    .desk
                    .patch_if(&format!("/categories/{id}"), "*", &change)
                    .await;
                assert!(
                    matches!(answer.status, 200 | 409),
                    "{}: {answer}",
                    self.about
                );
            }
        }
        self.look_again().await;
    }

    fn pass_time(&mut self) {
        self.now += TimeDelta::seconds(self.rng.i64(0..9_000));
        self.app.set_clock(&printed(self.now));
    }

    async fn save(&mut self, method: &str, part: &str, body: Value) {
        if let Some(at) = self.any() {
            self.save_of(at, method, part, body).await;
        }
    }

    /// Sends a change of an article, and notes what it has become.
    async fn save_of(&mut self, at: usize, method: &str, part: &str, body: Value) -> Answer {
        let path = format!("{}{part}", self.articles[at].path);
        // What passed by itself is seen before.
        self.look_at(at).await;
        let tag = format!("\"{}\"", self.articles[at].present["version"]);
        let request = self.desk.request(method, &path).header("if-match", &tag);
        let answer = match &body {
            Value::Null => request.send().await,
            body => request.json(body).send().await,
        };
        if answer.status != 200 {
            self.expect_refusal(&answer);
        }
        let told = (answer.status == 200).then(|| answer.json());
        self.follow(at, told).await;
        answer
    }

    /// Notes what a save made of an article; `told` is what its answer said.
    async fn follow(&mut self, at: usize, told: Option<Value>) {
        let article = &mut self.articles[at];
        let now = self.desk.get(&article.path).await.assert_status(200).json();
        if let Some(told) = told {
            assert_eq!(now, told, "{}", self.about);
        }
        let before = std::mem::replace(&mut article.present, now);
        if article.present["revision"] == before["revision"] {
            assert_eq!(
                article.present, before,
                "{}: not saved, yet changed",
                self.about
            );
            return;
        }
        let mut over = before;
        over["status"] =
            std::mem::replace(&mut article.saved_as, article.present["status"].clone());
        article.past.push(over);
        assert_eq!(
            article.present["revision"],
            article.past.len() + 1,
            "{}",
            self.about
        );
    }

    /// Looks at all articles after something else was changed: no number may have changed.
    async fn look_again(&mut self) {
        for at in 0..self.articles.len() {
            self.look_at(at).await;
        }
    }

    async fn look_at(&mut self, at: usize) {
        let article = &mut self.articles[at];
        let now = self.desk.get(&article.path).await.assert_status(200).json();
        let before = std::mem::replace(&mut article.present, now);
        let now = &article.present;
        assert_eq!(now["revision"], before["revision"], "{}", self.about);
        let mut same = before.clone();
        same["status"] = now["status"].clone();
        if same != *now {
            assert!(
                now["version"].as_i64() > before["version"].as_i64(),
                "{}: {before} {now}",
                self.about
            );
        }
    }

    fn expect_refusal(&self, answer: &Answer) {
        assert!(
            matches!(answer.status, 404 | 409 | 422),
            "{}: {answer}",
            self.about
        );
        answer.problem(answer.status);
    }

    /// Fails unless one revision of one article is what it was.
    async fn check_one(&mut self) {
        let Some(at) = self.any() else { return };
        let number = self.rng.usize(..=self.articles[at].past.len());
        self.check(at, number).await;
    }

    /// Fails unless every revision of every article is what it was, and nothing else is there.
    async fn check_all(&mut self) {
        self.look_again().await;
        for at in 0..self.articles.len() {
            let article = &self.articles[at];
            let (list, _) = self
                .desk
                .walk(&format!("{}/revisions?limit=100", article.path))
                .await;
            let numbers: Vec<usize> = list
                .iter()
                .rev()
                .map(|r| usize::try_from(r["number"].as_i64().unwrap()).unwrap())
                .collect();
            let newest = article.past.len() + 1;
            let first = newest.saturating_sub(99).max(1);
            assert_eq!(
                numbers,
                (first..=newest).collect::<Vec<_>>(),
                "{}",
                self.about
            );
            for number in first - 1..newest {
                self.check(at, number).await;
            }
        }
    }

    async fn check(&self, at: usize, index: usize) {
        let article = &self.articles[at];
        let number = index + 1;
        let answer = self
            .desk
            .get(&format!("{}/revisions/{number}", article.path))
            .await;
        let body = answer.assert_status(200).json();
        let about = format!("{}: revision {number} of {}", self.about, article.path);
        let saved_as = match article.past.get(index) {
            Some(then) => {
                assert_eq!(body["article"], *then, "{about}");
                &then["status"]
            }
            None => {
                let now = self.desk.get(&article.path).await.json();
                assert_eq!(body["article"], now, "{about}");
                assert_eq!(body["revision"]["is_current"], true, "{about}");
                &article.saved_as
            }
        };
        assert_eq!(body["revision"]["status"], *saved_as, "{about}");
        assert_eq!(
            body["revision"]["title"], body["article"]["title"],
            "{about}"
        );
        assert_eq!(
            body["revision"]["created_at"], body["article"]["updated_at"],
            "{about}"
        );
    }

    /// Brings each article's revisions back one after the other, and in the end what it was.
    async fn replay(&mut self) {
        for at in 0..self.articles.len().min(2) {
            self.look_at(at).await;
            let last = self.articles[at].past.len() + 1;
            for number in (1..=last)
                .rev()
                .take(15)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
            {
                let before = self.articles[at].present.clone();
                let then = self.articles[at]
                    .past
                    .get(number - 1)
                    .cloned()
                    .unwrap_or_else(|| before.clone());
                let part = format!("/revisions/{number}/restore");
                self.save_of(at, "POST", &part, json!({}))
                    .await
                    .assert_status(200);
                self.expect_restored(&then, &before, &self.articles[at].present);
            }
            let then = &self.articles[at].past[last - 1];
            let now = &self.articles[at].present;
            for name in [
                "title",
                "body_html",
                "translations",
                "category",
                "sources",
                "topics",
                "related",
                "slug",
                "contributors",
            ] {
                assert_eq!(now[name], then[name], "{}: {name}", self.about);
            }
        }
    }

    /// Fails unless the numbers of the tree are those of the articles that are public now.
    async fn check_counts(&self) {
        let mut wanted: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let categories = self.categories().await;
        for (_, path) in &categories {
            wanted.insert(path.clone(), (0, 0));
        }
        let (articles, _) = self.desk.walk("/articles?limit=100").await;
        let now = self.now;
        for article in articles {
            let ends = article["unpublish_at"]
                .as_str()
                .map(|at| DateTime::parse_from_rfc3339(at).unwrap().to_utc());
            if article["status"] != "published" || ends.is_some_and(|at| at <= now) {
                continue;
            }
            let path = article["category"].as_str().unwrap();
            for (category, numbers) in &mut wanted {
                numbers.0 += u64::from(category == path);
                numbers.1 +=
                    u64::from(category == path || path.starts_with(&format!("{category}/")));
            }
        }
        let mut found = BTreeMap::new();
        let tree = self
            .app
            .get("/api/v1/sites/demo/categories")
            .await
            .assert_status(200)
            .json();
        collect(&tree["items"], &mut found);
        // What has nothing in it may be left out.
        wanted.retain(|path, _| found.contains_key(path));
        assert_eq!(found, wanted, "{}", self.about);
        for (id, path) in categories.iter().take(2) {
            let list = self
                .app
                .get(&format!(
                    "/api/v1/articles?category={id}&subtree=true&count=exact&limit=100"
                ))
                .await;
            let list = list.assert_status(200).json();
            let total = wanted.get(path).map_or(0, |numbers| numbers.1);
            assert_eq!(
                (&list["total"], list["items"].as_array().unwrap().len()),
                (&json!(total), usize::try_from(total).unwrap()),
                "{}",
                self.about
            );
        }
    }

    /// All that readers and editors are shown.
    async fn overview(&self) -> Vec<Value> {
        let mut shown = Vec::new();
        for path in [
            "sites/demo/categories",
            "articles?limit=100&count=exact",
            "articles?limit=100&sort=title&order=asc",
            "articles?available_in=fr&limit=100",
        ] {
            shown.push(
                self.app
                    .get(&format!("/api/v1/{path}"))
                    .await
                    .assert_status(200)
                    .json(),
            );
        }
        for article in &self.articles {
            for part in ["", "/revisions?limit=100", "/revisions/1"] {
                shown.push(
                    self.desk
                        .get(&format!("{}{part}", article.path))
                        .await
                        .json(),
                );
            }
        }
        shown
    }

    fn any(&mut self) -> Option<usize> {
        (!self.articles.is_empty()).then(|| self.rng.usize(..self.articles.len()))
    }

    /// Some members of an article.
    fn members(&mut self) -> Value {
        let mut body = json!({});
        for _ in 0..self.rng.usize(..4) {
            let rng = &mut self.rng;
            match rng.u8(..11) {
                0 => body["body_html"] = json!(*pick(&BODIES, rng)),
                1 => {
                    body["subtitle"] = if rng.bool() {
                        Value::Null
                    } else {
                        json!(*pick(&TITLES, rng))
                    }
                }
                2 => body["keywords"] = json!([*pick(&TITLES, rng), *pick(&TITLES, rng)]),
                3 => body["sources"] = json!([format!("s{}", rng.u8(..4))]),
                4 => body["topics"] = json!([format!("t{}", rng.u8(..4))]),
                5 => {
                    body["contributors"] = json!([
                    {"key": "lin", "role": "author", "kind": "person", "name": *pick(&TITLES, rng)},
                    {"role": "editor", "kind": "organization", "name": *pick(&TITLES, rng)}])
                }
                6 => {
                    body["attachments"] = json!([
                    {"name": *pick(&TITLES, rng), "url": format!("https://example.org/{}", rng.u8(..3))},
                    {"name": "固定", "url": "https://example.org/fixed.pdf"}])
                }
                7 => body["related"] = json!([format!("k{}", rng.usize(..=self.made))]),
                8 => {
                    body["translations"] = json!([{"locale": "zh-Hans", "title": *pick(&TITLES, rng), "body_html": *pick(&BODIES, rng)}])
                }
                9 => body["event_date"] = json!(format!("2026-01-{:02}", rng.u8(1..29))),
                _ => body["comment"] = json!(*pick(&TITLES, rng)),
            }
        }
        body
    }

    fn title(&mut self) -> String {
        format!("{} {}", pick(&TITLES, &mut self.rng), self.rng.u8(..10))
    }

    /// A moment within two hours.
    fn moment(&mut self) -> String {
        printed(self.now + TimeDelta::seconds(self.rng.i64(-7_200..7_200)))
    }

    fn maybe_moment(&mut self) -> Value {
        match self.rng.bool() {
            true => json!(self.moment()),
            false => Value::Null,
        }
    }

    async fn categories(&self) -> Vec<(i64, String)> {
        let (items, _) = self.desk.walk("/categories?site=demo&limit=100").await;
        let place = |item: &Value| {
            (
                item["id"].as_i64().unwrap(),
                item["path"].as_str().unwrap().to_owned(),
            )
        };
        items.iter().map(place).collect()
    }

    async fn category(&mut self) -> (i64, String) {
        let mut all = self.categories().await;
        if all.len() < 4 {
            let body =
                json!({"site": "demo", "path": format!("n{}", self.rng.u32(..)), "name": "新"});
            self.desk.made("/categories", &body).await;
            all = self.categories().await;
        }
        all.swap_remove(self.rng.usize(..all.len()))
    }
}

fn collect(nodes: &Value, into: &mut BTreeMap<String, (u64, u64)>) {
    for node in nodes.as_array().unwrap() {
        let numbers = (
            node["article_count"].as_u64().unwrap(),
            node["total_count"].as_u64().unwrap(),
        );
        into.insert(node["path"].as_str().unwrap().to_owned(), numbers);
        collect(&node["children"], into);
    }
}

fn printed(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn pick<'a, T>(list: &'a [T], rng: &mut Rng) -> &'a T {
    &list[rng.usize(..list.len())]
}

fn from_environment(name: &str) -> Option<u64> {
    let value = std::env::var_os(name)?.into_string().ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} must be a whole number")),
    )
}
