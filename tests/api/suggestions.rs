//! Suggestions: what completes what readers type, in both scripts and by pinyin, of what is public only.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::content::Record;
use crate::support::{Portal, TestApp, on_both};

/// When everything that has an end is over, and rolled up.
const LATER: &str = "2026-01-16T04:00:00Z";

/// The suggestions for what is typed.
async fn suggested(app: &TestApp, typed: &str) -> Vec<Value> {
    let typed = typed.replace('&', "%26").replace('#', "%23");
    asked(app, &format!("q={typed}&limit=20")).await
}

/// The suggestions for a query.
async fn asked(app: &TestApp, query: &str) -> Vec<Value> {
    let answer = app
        .get(&format!("/api/v1/search/suggestions?{query}"))
        .await;
    let body = answer.assert_status(200).json();
    body["items"].as_array().unwrap().clone()
}

/// Kinds and texts.
fn texts(items: &[Value]) -> Vec<String> {
    let text = |item: &Value| {
        format!(
            "{} {}",
            item["kind"].as_str().unwrap(),
            item["text"].as_str().unwrap()
        )
    };
    items.iter().map(text).collect()
}

/// Kinds and texts of what completes what is typed.
async fn completed(app: &TestApp, typed: &str) -> Vec<String> {
    texts(&suggested(app, typed).await)
}

fn keywords(record: Record, keywords: &[&str]) -> Record {
    record.set("keywords", keywords)
}

/// A portal with something of each kind.
fn portal() -> Portal {
    let demo = Portal::new("demo").site(|s| {
        s.set("locales", ["en", "zh-Hans", "zh-Hant"])
            .set("default_locale", "zh-Hans")
    });
    let source = |slug: &str, name: &str| Record::new("source").set("slug", slug).set("name", name);
    let category = |portal: &Portal, path: &str, name: &str| {
        portal
            .record("category")
            .set("path", path)
            .set("name", name)
    };
    let science = category(&demo, "science", "科技创新");
    demo.with(science)
        .with(source("daily", "科学日报"))
        .with(source("idle", "科学闲报"))
        .article("one", |a| {
            keywords(a, &["科普", "人工智能"])
                .title("科學家：《創新》與ＡＩ")
                .sources(&["daily"])
        })
        .article("two", |a| {
            keywords(a, &["科普", "重庆"]).title("重庆银行行长谈音乐")
        })
        .article("three", |a| {
            keywords(a, &["🎉庆典", "Science"])
                .title("Nature Physics: the 50% 'rule'")
                .set(
                    "translations",
                    json!([{"locale": "en", "title": "Rivers and tides", "body_html": ""}]),
                )
        })
}

/// The id that the list at `path` has for what is called `name`.
async fn id_of(app: &TestApp, path: &str, name: &str) -> i64 {
    let list = app.get(path).await.json();
    let found = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["name"] == name);
    found.unwrap()["id"].as_i64().unwrap()
}

fn fault(answer: &Answer) -> (Value, String) {
    let problem = answer.assert_problem(400, "invalid_parameter");
    let fault = &problem["errors"][0];
    (
        fault["pointer"].clone(),
        fault["detail"].as_str().unwrap().to_owned(),
    )
}

on_both! {
    /// Titles, keywords, categories and sources go on from what is typed, each with the id that readers know it by
    async fn everything_that_has_a_name_is_suggested(app) {
        app.import(&portal());
        let found = suggested(app, "科").await;
        // By how many articles there are.
        assert_eq!(texts(&found), ["category 科技创新", "keyword 科普", "source 科学日报", "title 科學家：《創新》與ＡＩ"]);
        for item in &found {
            let id = match item["kind"].as_str().unwrap() {
                "title" => json!(app.article_id("one").await),
                "category" => json!(id_of(app, "/api/v1/sites/demo/categories", "科技创新").await),
                "source" => json!(id_of(app, "/api/v1/sources", "科学日报").await),
                _ => Value::Null,
            };
            assert_eq!(item["id"], id, "{item}");
        }
        // The title is the newest, and has the fewest articles behind it.
        assert_eq!(found[3]["kind"], "title");
        assert_eq!(completed(app, "river").await, ["title Rivers and tides"]);
        assert_eq!(completed(app, "没有").await, [""; 0]);
    }

    /// Script, width, case, blanks and signs do not matter, and the answer is as it was written
    async fn what_reads_the_same_is_the_same(app) {
        app.import(&portal());
        let title = "title 科學家：《創新》與ＡＩ";
        for typed in ["科学家", "科學家", "科学家创新", "科 学　家：创新", "創新", "创新", "《创新》", "创新与ai", "創新與ＡＩ", "创\u{200b}新"] {
            assert!(completed(app, typed).await.contains(&title.to_owned()), "{typed}");
        }
        for typed in ["创新", "創新"] {
            assert!(completed(app, typed).await.contains(&"category 科技创新".to_owned()), "{typed}");
        }
        assert_eq!(completed(app, "ＳＣＩ").await, ["keyword Science"]);
        assert_eq!(completed(app, "🎉").await, ["keyword 🎉庆典"]);
        assert_eq!(completed(app, "nature phys").await, ["title Nature Physics: the 50% 'rule'"]);
        assert_eq!(completed(app, "phys").await, ["title Nature Physics: the 50% 'rule'"]);
        assert_eq!(completed(app, "50%").await, ["title Nature Physics: the 50% 'rule'"]);
    }

    /// Pinyin as it is typed: whole syllables, the beginning of one, initials; with the other sounds of a character
    async fn pinyin_and_initials_are_understood(app) {
        app.import(&portal());
        for (typed, text) in [
            ("keji", "category 科技创新"),
            ("keJiChuang", "category 科技创新"),
            ("kejichuangx", "category 科技创新"),
            ("chuang xin", "category 科技创新"),
            ("kjcx", "category 科技创新"),
            ("cx", "category 科技创新"),
            ("kexuer", "source 科学日报"),
            ("kxrb", "source 科学日报"),
            ("科xrb", "source 科学日报"),
            ("rgzn", "keyword 人工智能"),
            ("zhineng", "keyword 人工智能"),
            ("chongqing", "keyword 重庆"),
            ("zhongqing", "keyword 重庆"),
            ("cq", "keyword 重庆"),
            ("chongqingyinhang", "title 重庆银行行长谈音乐"),
            ("cqyhhztyy", "title 重庆银行行长谈音乐"),
            ("chongqingyinhanghangzhangtanyinyue", "title 重庆银行行长谈音乐"),
            ("kexuejia", "title 科學家：《創新》與ＡＩ"),
            ("kxjcxyai", "title 科學家：《創新》與ＡＩ"),
        ] {
            assert!(completed(app, typed).await.contains(&text.to_owned()), "{typed}: {:?}", completed(app, typed).await);
        }
        for typed in ["kejx", "chongqinx", "zgkxy", "cqyhhztyyx"] {
            assert_eq!(completed(app, typed).await, [""; 0], "{typed}");
        }
    }

    /// What goes on as it is written comes before what does by its sound, this before initials; the beginning before the middle; the used
    /// before the rare; and no kind takes all places
    async fn better_matches_come_first(app) {
        let mut portal = Portal::new("demo").category("news");
        for n in 0..30 {
            portal = portal.article(&format!("a{n}"), |a| keywords(a, &["中国海", "南中国"]).title(&format!("中国 {n}")));
        }
        portal = portal.article("b", |a| keywords(a, &["中国画", "zhonghua", "中华", "作画"]).title("作坊"));
        app.import(&portal);
        let found = completed(app, "中国").await;
        assert_eq!(found[..3], ["keyword 中国海", "keyword 中国画", "title 中国 29"]);
        assert_eq!(found[3], "title 中国 28");
        assert_eq!(found.len(), 20);
        // Behind a great many better ones.
        assert_eq!(found.last().unwrap(), "title 中国 12");
        assert_eq!(texts(&asked(app, "q=中国").await).len(), 10);
        assert_eq!(texts(&asked(app, "q=中国&limit=1").await), ["keyword 中国海"]);
        assert_eq!(texts(&asked(app, "q=南中&limit=4").await), ["keyword 南中国"]);
        // By its sound, then by initials.
        assert_eq!(completed(app, "zhuo").await, [""; 0]);
        assert_eq!(completed(app, "zuohua").await, ["keyword 作画"]);
        assert_eq!(completed(app, "zuof").await, ["title 作坊"]);
        assert_eq!(completed(app, "zhonghua").await, ["keyword zhonghua", "keyword 中华"]);
        let initials = completed(app, "zh").await;
        assert_eq!(initials[0], "keyword zhonghua", "{initials:?}");
        assert!(initials.iter().any(|t| t.starts_with("title ")), "{initials:?}");
    }

    /// What has one title over and over again does not hide the others
    async fn equal_titles_are_one_suggestion(app) {
        let mut portal = Portal::new("demo");
        for n in 0..450 {
            portal = portal.article(&format!("a{n}"), |a| a.title("通知公告"));
        }
        app.import(&portal.article("other", |a| a.title("通知")).and(Portal::new("next").article("next", |a| a.title("通知公告"))));
        let found = suggested(app, "通知").await;
        assert_eq!(texts(&found), ["title 通知", "title 通知公告"]);
        assert_eq!(found[1]["id"], json!(app.article_id("a449").await));
    }

    /// Nothing of what is not public now is suggested: neither its title nor what only it has
    async fn what_is_not_public_is_never_suggested(app) {
        let hidden = |way: &str| {
            let (way, word) = (way.to_owned(), format!("秘密{way}"));
            move |a: Record| {
                let a = keywords(a, &[&word]).title(&word).category(&format!("c{way}")).sources(&[&format!("s{way}")])
                    .set("translations", json!([{"locale": "zh-Hans", "title": format!("密{word}"), "body_html": ""}]));
                match way.as_str() {
                    "scheduled" => a.published_at("2026-01-15T05:00:00Z"),
                    "expired" => a.set("unpublish_at", "2026-01-15T03:30:00Z"),
                    "ending" => a.set("unpublish_at", "2026-01-15T04:30:00Z"),
                    "retracted" => a.status("retracted").set("retraction_reason", "错"),
                    state => a.status(state),
                }
            }
        };
        let ways = ["draft", "in_review", "approved", "archived", "retracted", "scheduled", "expired", "ending"];
        let mut portal = Portal::new("demo").site(|s| s.set("locales", ["en", "zh-Hans"])).category("news");
        for way in ways {
            let category = portal.record("category").set("path", format!("c{way}")).set("name", format!("秘密栏目{way}"));
            portal = portal.with(Record::new("source").set("slug", format!("s{way}")).set("name", format!("秘密来源{way}"))).with(category);
            portal = portal.article(way, hidden(way));
        }
        app.import(&portal);
        let all = |way: &str| {
            let mut all = [format!("category 秘密栏目{way}"), format!("keyword 秘密{way}"), format!("source 秘密来源{way}"), format!("title 秘密{way}")];
            all.sort();
            all
        };
        let shown = async || {
            let mut shown = completed(app, "秘密").await;
            for query in ["q=mimi&limit=20&site=demo", "q=mm&limit=20"] {
                let mut by_sound = texts(&asked(app, query).await);
                // This one sounds alike.
                by_sound.retain(|text| !text.contains("密秘密"));
                assert_eq!(by_sound, shown, "{query}");
            }
            shown.sort();
            shown
        };
        assert_eq!(shown().await, all("ending"));
        assert_eq!(completed(app, "密秘密").await, ["title 密秘密ending"]);
        app.set_clock("2026-01-15T04:30:00Z");
        assert_eq!(shown().await, [""; 0]);
        app.set_clock("2026-01-15T05:00:00Z");
        assert_eq!(shown().await, all("scheduled"));
        app.set_clock(LATER);
        app.app.services().upkeep.roll_up_counts().await.unwrap();
        assert_eq!(shown().await, all("scheduled"));
        // Back again, after it was taken off the lists.
        app.import(&portal.article("ending", |a| hidden("ending")(a).set("unpublish_at", Value::Null)));
        assert_eq!(shown().await, { let mut both = [all("ending"), all("scheduled")].concat(); both.sort(); both });
    }

    /// A site has only its own suggestions; without one equal texts are one suggestion
    async fn a_site_has_its_own_suggestions(app) {
        let site = |slug: &str, source: &str| {
            let portal = Portal::new(slug);
            let category = portal.record("category").set("path", "c").set("name", "海洋栏目");
            portal.with(category).source("x").source("y").article(&format!("{slug}-1"), |a| keywords(a, &["海洋", slug]).title("海洋").sources(&[source]))
        };
        let named = |name: &str, slug: &str| Record::new("source").set("slug", slug).set("name", name);
        app.import(&site("east", "x").and(site("west", "y")).with(named("海洋报", "x")).with(named("海洋西报", "y")));
        assert_eq!(completed(app, "海洋").await.len(), 5);
        for (site, source) in [("east", "海洋报"), ("west", "海洋西报")] {
            let mut found = texts(&asked(app, &format!("q=海洋&site={site}")).await);
            found.sort();
            assert_eq!(found, ["category 海洋栏目".to_owned(), "keyword 海洋".to_owned(), format!("source {source}"), "title 海洋".to_owned()]);
            let list = app.get(&format!("/api/v1/articles?site={site}")).await.json();
            let title = asked(app, &format!("q=海洋&site={site}&limit=20")).await.into_iter().find(|i| i["kind"] == "title").unwrap();
            assert_eq!(title["id"], list["items"][0]["id"]);
        }
        assert_eq!(asked(app, "q=west&site=east").await, [Value::Null; 0]);
        assert_eq!(asked(app, "q=海&site=nowhere").await, [Value::Null; 0]);
    }

    /// Renames, merges and removals show at once
    async fn suggestions_follow_what_they_name(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let source = id_of(app, "/api/v1/sources", "科学日报").await;
        desk.changed(&format!("/sources/{source}"), &json!({"name": "海洋时报"})).await;
        assert_eq!(completed(app, "haiyang").await, ["source 海洋时报"]);
        assert_eq!(completed(app, "科学日").await, [""; 0]);
        // Into one that had nothing so far.
        let idle = id_of(app, "/api/v1/sources", "科学闲报").await;
        assert_eq!(completed(app, "科学闲报").await, [""; 0]);
        let merge = format!("/sources/{source}/merge");
        let tag = desk.tag(&format!("/sources/{source}")).await;
        desk.request("POST", &merge).header("if-match", &tag).json(&json!({"into": idle})).send().await.assert_status(200);
        assert_eq!(completed(app, "haiyang").await, [""; 0]);
        assert_eq!(suggested(app, "kxxb").await, [json!({"kind": "source", "text": "科学闲报", "id": idle})]);

        let category = id_of(app, "/api/v1/sites/demo/categories", "科技创新").await;
        desk.changed(&format!("/categories/{category}"), &json!({"name": "成果"})).await;
        assert_eq!(completed(app, "成果").await, ["category 成果"]);
        assert!(!completed(app, "科技").await.contains(&"category 科技创新".to_owned()));
        let (heir, _) = desk.made("/categories", &json!({"site": "demo", "slug": "heir", "name": "继任"})).await;
        assert_eq!(completed(app, "继任").await, [""; 0]);
        let heir: i64 = heir.rsplit('/').next().unwrap().parse().unwrap();
        let path = format!("/categories/{category}");
        let tag = desk.tag(&path).await;
        desk.delete_if(&format!("{path}?reassign_to={heir}"), &tag).await.assert_status(204);
        assert_eq!(completed(app, "继任").await, ["category 继任"]);
        assert_eq!(completed(app, "成果").await, [""; 0]);

        let article = format!("/articles/{}", app.article_id("two").await);
        desk.changed(&article, &json!({"title": "改名之后", "keywords": ["新词"]})).await;
        assert_eq!(completed(app, "gmzh").await, ["title 改名之后"]);
        assert_eq!(completed(app, "xinci").await, ["keyword 新词"]);
        assert_eq!(completed(app, "chongqing").await, [""; 0]);
        assert_eq!(completed(app, "科普").await, ["keyword 科普"]);
        desk.delete(&article).await.assert_status(204);
        for typed in ["gmzh", "xinci"] {
            assert_eq!(completed(app, typed).await, [""; 0]);
        }
        // Words that nobody uses any more are forgotten, and come back with an article.
        app.app.services().upkeep.forget_unused_keywords().await.unwrap();
        assert_eq!(completed(app, "科普").await, ["keyword 科普"]);
        app.import(&portal());
        assert_eq!(completed(app, "重庆").await, ["keyword 重庆", "title 重庆银行行长谈音乐"]);
    }

    /// A site that goes takes its words with it
    async fn a_removed_site_leaves_nothing(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        for slug in ["one", "two", "three"] {
            desk.delete(&format!("/articles/{}", app.article_id(slug).await)).await.assert_status(204);
        }
        let sites = desk.walk("/sites?limit=100").await.0;
        desk.delete(&format!("/sites/{}", sites[0]["id"])).await.assert_status(204);
        assert_eq!(completed(app, "科").await, [""; 0]);
        app.import(&portal());
        assert_eq!(completed(app, "科").await.len(), 4);
    }

    /// Made anew the suggestions are what they were
    async fn reindexing_keeps_them(app) {
        app.import(&portal());
        let before = suggested(app, "k").await;
        assert!(!before.is_empty());
        app.database().execute("DELETE FROM suggestion_keys; DELETE FROM suggested_keywords");
        assert_eq!(suggested(app, "k").await, [Value::Null; 0]);
        app.app.services().upkeep.reindex().unwrap();
        assert_eq!(suggested(app, "k").await, before);
    }

    /// Whatever is typed is text
    async fn anything_may_be_typed(app) {
        app.import(&portal());
        let path = |typed: &str| format!("/api/v1/search/suggestions?q={typed}");
        for nothing in ["", "%20", "%E3%80%80", "%25", "_", "'", "%22", "**", "%26", "%5C", "！？，。", "\u{200b}", "--", ";", "()", "%F4%8F%BF%BF"] {
            let (pointer, detail) = fault(&app.get(&path(nothing)).await);
            assert_eq!(pointer, "/q", "{nothing}");
            assert!(detail.starts_with("`q` must have something to complete"), "{detail}");
        }
        for long in ["长".repeat(101), "a".repeat(101), "%20".repeat(101), "x".repeat(8000)] {
            let (pointer, detail) = fault(&app.get(&path(&long)).await);
            assert_eq!((pointer, detail.starts_with("`q` must have at most 100 characters")), (json!("/q"), true), "{detail}");
        }
        fault(&app.get(&path(&"a".repeat(10_000))).await);
        for broken in ["%00", "a%00", "%ED%A0%80", "%FF", "a%C3"] {
            assert_eq!(fault(&app.get(&path(broken)).await).0, "/q", "{broken}");
        }
        assert_eq!(fault(&app.get("/api/v1/search/suggestions").await).0, "/q");
        for (query, pointer) in [("q=a&limit=0", "/limit"), ("q=a&limit=21", "/limit"), ("q=a&limit=x", "/limit"), ("q=a&site=", "/site"), ("q=a&locale=en", "/locale"), ("q=a&q=b", "/q")] {
            assert_eq!(fault(&app.get(&format!("/api/v1/search/suggestions?{query}")).await).0, pointer, "{query}");
        }
        for text in [
            "'%20OR%201=1--", "a'%20UNION%20SELECT%201", "k%25", "k_", "科%", "%F4%8F%BF%BFk", "%EF%BF%BFk", "a".repeat(100).as_str(), "长".repeat(100).as_str(), "🎉".repeat(100).as_str(),
            "NEAR(a)", "a*", "%5Ea", "title:a", "%22a", "1", "①", "한국", "ひら", "\u{1f468}\u{200d}\u{1f52c}", "e\u{301}", "ﷺ", "%E2%80%AEk",
        ] {
            app.get(&path(text)).await.assert_status(200);
        }
        // Not patterns.
        assert_eq!(completed(app, "k_p").await, completed(app, "kp").await);
        assert_eq!(completed(app, "科_").await, completed(app, "科").await);
    }

    /// Nobody asks in vain: answers have validators, and change with what they show
    async fn answers_are_kept_until_something_changes(app) {
        app.import(&portal());
        let path = "/api/v1/search/suggestions?q=ke&site=demo";
        let first = app.get(path).await;
        let tag = first.header("etag").unwrap().to_owned();
        assert!(first.header("cache-control").unwrap().contains("s-maxage"));
        app.request("GET", path).header("if-none-match", &tag).send().await.assert_status(304);
        app.import(&Portal::new("demo").category("science").article("new", |a| a.category("science").title("科目")));
        app.request("GET", path).header("if-none-match", &tag).send().await.assert_status(200);
    }

    /// However many articles there are, an answer takes the same number of statements
    async fn statements_do_not_grow(app) {
        let of = |from: usize, to: usize| {
            let mut portal = Portal::new("demo");
            for n in from..to {
                portal = portal.article(&format!("a{n}"), |a| keywords(a, &[&format!("可能{n}")]).title(&format!("可以 {n}")));
            }
            portal
        };
        let cost = async || {
            let before = app.statements();
            assert!(suggested(app, "ke").await.len() > 1);
            app.statements() - before
        };
        app.import(&of(0, 3));
        let few = cost().await;
        app.import(&of(3, 400));
        assert_eq!(cost().await, few);
        assert!(few < 20, "{few}");
    }
}
