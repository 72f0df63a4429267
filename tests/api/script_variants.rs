//! Articles in the other Chinese script: derived where they lack it, for who asks by name, and never stored.

use serde_json::{Value, json};

use crate::support::content::Record;
use crate::support::{Portal, TestApp, on_both};

const BODY: &str = "<h2 id=\"fa-zhan\">发展</h2><p title=\"发展\">科学家的<b>头发</b> &amp; 皇后在后面 <a href=\"/发展\" rel=\"noopener noreferrer\">里程</a> 🏮 AI</p><pre>发 = 发 + 1</pre><p lang=\"ja\">国</p>";

/// An article with a text in everything that is converted, and in what is not.
fn simplified(a: Record) -> Record {
    a.set("locale", "zh-Hans")
        .title("发展中国家的头发 ＡＩ 🏮 Science")
        .body(BODY)
        .set("subtitle", "后面的皇后")
        .set("summary", "信息与干净的干部")
        .set("summary_label", "核心阅读")
        .set("byline", "本报记者 张丽娜")
        .set("source_line", "科学网")
        .set("keywords", json!(["创新", "AI", "头发"]))
        .set(
            "contributors",
            json!([{"key": "z", "role": "author", "kind": "person", "name": "张丽娜", "affiliation": "海洋研究所"}]),
        )
        .set(
            "attachments",
            json!([{"name": "发展报告.pdf", "url": "https://example.org/发展.pdf", "size": 1}]),
        )
        .set("related", json!(["other"]))
}

fn chinese() -> Portal {
    Portal::new("demo")
        .site(|s| s.set("default_locale", "zh-Hans"))
        .source("s1")
        .article("other", |a| {
            a.set("locale", "zh-Hans")
                .title("复杂的发现")
                .set("summary", "头发")
                .set("source_line", "科学网")
                .set("keywords", json!(["创新"]))
        })
        .article("main", simplified)
}

async fn shown(app: &TestApp, slug: &str, query: &str) -> Value {
    let answer = app
        .get(&format!("/api/v1/sites/demo/articles/{slug}?{query}"))
        .await;
    answer.assert_status(200);
    let article = answer.json();
    assert_eq!(
        answer.header("content-language"),
        article["locale"].as_str(),
        "{answer}"
    );
    article
}

async fn phrase(app: &TestApp, hans: &str, hant: &str, direction: &str) -> String {
    let body = json!({"site": "demo", "hans": hans, "hant": hant, "direction": direction});
    app.desk("editor").made("/script-phrases", &body).await.0
}

fn listed<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item[member].as_str().unwrap())
        .collect()
}

on_both! {
    /// Who asks for Traditional gets an article of Simplified texts put into it, phrase by phrase, and nothing but its texts
    async fn traditional_is_derived_from_simplified(app) {
        app.import(&chinese());
        let id = app.article_id("main").await;
        let original = shown(app, "main", "").await;
        assert_eq!((&original["locale"], &original["derived"]), (&json!("zh-Hans"), &json!(false)));
        assert_eq!(original["body_html"], BODY);
        let derived = shown(app, "main", "locale=zh-Hant").await;
        let expected = [
            ("locale", json!("zh-Hant")),
            ("derived", json!(true)),
            ("title", json!("發展中國家的頭髮 ＡＩ 🏮 Science")),
            ("subtitle", json!("後面的皇后")),
            ("summary", json!("信息與乾淨的幹部")),
            ("summary_label", json!("核心閱讀")),
            ("byline", json!("本報記者 張麗娜")),
            ("source_line", json!("科學網")),
            ("keywords", json!(["創新", "AI", "頭髮"])),
            ("outline", json!([{"level": 2, "text": "發展", "anchor": "fa-zhan"}])),
            ("body_html", json!("<h2 id=\"fa-zhan\">發展</h2><p title=\"发展\">科學家的<b>頭髮</b> &amp; 皇后在後面 <a href=\"/发展\" rel=\"noopener noreferrer\">里程</a> 🏮 AI</p><pre>发 = 发 + 1</pre><p lang=\"ja\">国</p>")),
        ];
        for (member, value) in &expected {
            assert_eq!(derived[member], *value, "{member}");
        }
        let person = &derived["contributors"][0];
        assert_eq!((&person["name"], &person["affiliation"], &person["role"]), (&json!("張麗娜"), &json!("海洋研究所"), &json!("author")));
        assert_eq!(person["id"], original["contributors"][0]["id"]);
        // Everything else is as it was: files, ids, the languages that there are.
        for (member, value) in original.as_object().unwrap() {
            if !expected.iter().any(|(known, _)| known == member) && member != "contributors" {
                assert_eq!(derived[member], *value, "{member}");
            }
        }
        assert_eq!(derived["available_locales"], json!(["zh-Hans"]));
        let by_id = app.get(&format!("/api/v1/articles/{id}?locale=zh-Hant")).await;
        assert_eq!(by_id.json(), derived);
        assert_eq!(by_id.header("content-language"), Some("zh-Hant"));
        assert!(!by_id.header("vary").unwrap_or_default().to_lowercase().contains("accept-language"), "{by_id}");
        // Nothing was stored.
        assert_eq!(shown(app, "main", "").await, original);
        let managed = app.desk("admin").get(&format!("/articles/{id}")).await.json();
        assert_eq!((&managed["title"], &managed["translations"]), (&original["title"], &json!([])));
    }

    /// And the other way, from Traditional of no region, of Taiwan and of Hong Kong
    async fn simplified_is_derived_from_traditional(app) {
        let portal = ["zh-Hant", "zh-TW", "zh-HK"].iter().fold(Portal::new("demo"), |portal, locale| {
            portal.article(&locale.to_lowercase(), |a| a.set("locale", *locale).title("科技創新與頭髮，乾坤").body("<p>她看著皇后在後面，著作</p>"))
        });
        app.import(&portal);
        for slug in ["zh-hant", "zh-tw"] {
            for asked in ["zh-Hans", "zh-CN", "zh-SG", "zh-hans-sg"] {
                let derived = shown(app, slug, &format!("locale={asked}")).await;
                assert_eq!((&derived["locale"], &derived["derived"]), (&json!("zh-Hans"), &json!(true)), "{slug} {asked}");
                assert_eq!(derived["title"], "科技创新与头发，乾坤");
                assert_eq!(derived["body_html"], "<p>她看着皇后在后面，著作</p>");
            }
        }
        assert_eq!(shown(app, "zh-hk", "locale=zh-Hans").await["title"], "科技创新与头发，乾坤");
        // One script of another region is not converted.
        let stored = shown(app, "zh-tw", "locale=zh-HK&fallback=none").await;
        assert_eq!((&stored["locale"], &stored["derived"]), (&json!("zh-TW"), &json!(false)));
    }

    /// Regions get their standards, and the tag says which
    async fn regions_write_as_they_do(app) {
        app.import(&Portal::new("demo").article("a", |a| a.set("locale", "zh-CN").title("为了这里的面条和软件").set("slug", "a")));
        for (asked, tag, title) in [
            ("zh-Hant", "zh-Hant", "爲了這裏的麪條和軟件"),
            ("zh-TW", "zh-Hant-TW", "為了這裡的麵條和軟件"),
            ("zh-hant-tw", "zh-Hant-TW", "為了這裡的麵條和軟件"),
            ("zh-HK", "zh-Hant-HK", "為了這裏的麪條和軟件"),
            ("zh-MO", "zh-Hant-MO", "為了這裏的麪條和軟件"),
        ] {
            let derived = shown(app, "a", &format!("locale={asked}")).await;
            assert_eq!((&derived["locale"], &derived["title"], &derived["derived"]), (&json!(tag), &json!(title), &json!(true)), "{asked}");
        }
    }

    /// Only a name asks for a script: no header, no default of the site, no plain `zh`
    async fn only_a_name_asks_for_a_script(app) {
        app.import(&chinese().site(|s| s.set("default_locale", "zh-Hant").set("locales", json!(["zh-Hant"]))));
        let path = "/api/v1/sites/demo/articles/main";
        for language in ["zh-Hant", "zh-TW, zh-Hant;q=0.9", "*"] {
            let answer = app.request("GET", path).header("accept-language", language).send().await;
            assert_eq!((&answer.json()["derived"], answer.header("content-language")), (&json!(false), Some("zh-Hans")), "{language}");
        }
        for query in ["", "locale=zh", "locale=en", "locale=zh-Latn", "locale=yue-Hant", "locale=zh-US"] {
            assert_eq!(shown(app, "main", query).await["derived"], false, "{query}");
        }
        // Strict readers by header get nothing that is derived either.
        let strict = app.request("GET", &format!("{path}?fallback=none")).header("accept-language", "zh-Hant").send().await;
        strict.assert_status(404);
    }

    /// What exists goes before what is derived, and nothing is derived from other languages
    async fn what_exists_is_served(app) {
        let traditional = json!([{"locale": "zh-Hant", "title": "自有的繁體", "body_html": "<p>發</p>"}, {"locale": "en", "title": "Hair", "body_html": ""}]);
        app.import(&Portal::new("demo")
            .article("both", |a| simplified(a).set("related", json!([])).set("translations", traditional))
            .article("english", |a| a.title("Hair 头发"))
            .article("mixed", |a| a.title("Hair").set("source_line", "日本の発行元 头发").set("translations", json!([{"locale": "zh-Hans", "title": "头发", "body_html": "<p>发</p>"}]))));
        let own = shown(app, "both", "locale=zh-Hant").await;
        assert_eq!((&own["title"], &own["derived"], &own["locale"]), (&json!("自有的繁體"), &json!(false), &json!("zh-Hant")));
        assert_eq!(shown(app, "both", "locale=zh-TW").await["title"], "自有的繁體");
        assert_eq!(shown(app, "both", "locale=en").await["title"], "Hair");
        let english = shown(app, "english", "locale=zh-Hant").await;
        assert_eq!((&english["title"], &english["derived"], &english["locale"]), (&json!("Hair 头发"), &json!(false), &json!("en")));
        app.get("/api/v1/sites/demo/articles/english?locale=zh-Hant&fallback=none").await.assert_status(404);
        // A translation serves, too; what is of the article itself is in another language and stays.
        let mixed = shown(app, "mixed", "locale=zh-Hant&fallback=none").await;
        assert_eq!((&mixed["title"], &mixed["body_html"], &mixed["derived"]), (&json!("頭髮"), &json!("<p>發</p>"), &json!(true)));
        assert_eq!(mixed["source_line"], "日本の発行元 头发");
    }

    /// `fallback=none` is content with a derived article
    async fn strict_readers_get_derived_articles(app) {
        app.import(&chinese());
        assert_eq!(shown(app, "main", "locale=zh-HK&fallback=none").await["derived"], true);
        app.get("/api/v1/sites/demo/articles/main?locale=fr&fallback=none").await.assert_status(404);
    }

    /// Languages have their own ETags, and each answers 304
    async fn languages_have_their_own_etags(app) {
        app.import(&chinese());
        let path = |locale: &str| format!("/api/v1/sites/demo/articles/main?locale={locale}");
        let mut tags = Vec::new();
        for locale in ["zh-Hans", "zh-Hant", "zh-TW", "zh-HK"] {
            let tag = app.get(&path(locale)).await.header("etag").unwrap().to_owned();
            let again = app.request("GET", &path(locale)).header("if-none-match", &tag).send().await;
            again.assert_status(304);
            assert!(!tags.contains(&tag));
            tags.push(tag);
        }
    }

    /// Lists, the feed of changes, rankings, neighbours and recommendations show titles in the script that was asked for
    async fn lists_are_derived_too(app) {
        app.import(&chinese().article("english", |a| a.set("locale", "en").title("Hair")));
        let id = app.article_id("main").await;
        for path in ["/api/v1/articles?locale=zh-Hant&order=asc", "/api/v1/articles?site=demo&locale=zh-TW&order=asc&ids=1,2,3"] {
            let list = app.get(path).await.assert_status(200).json();
            assert_eq!(listed(&list, "title"), ["複雜的發現", "發展中國家的頭髮 ＡＩ 🏮 Science", "Hair"], "{path}");
            assert_eq!(list["items"][2]["locale"], "en");
            let item = &list["items"][0];
            assert_eq!((&item["summary"], &item["source_line"], &item["keywords"]), (&json!("頭髮"), &json!("科學網"), &json!(["創新"])));
            assert_eq!(item["available_locales"], json!(["zh-Hans"]));
        }
        let list = app.get("/api/v1/articles?locale=zh-TW&order=asc").await.json();
        assert_eq!(listed(&list, "locale"), ["zh-Hant-TW", "zh-Hant-TW", "en"]);
        let stored = app.get("/api/v1/articles?order=asc").await.json();
        assert_eq!(listed(&stored, "title"), ["复杂的发现", "发展中国家的头发 ＡＩ 🏮 Science", "Hair"]);
        let filtered = app.get("/api/v1/articles?locale=zh-Hant&available_in=zh-Hant").await.json();
        assert_eq!(filtered["items"], json!([]));
        let changes = app.get("/api/v1/articles/changes?locale=zh-Hant").await.assert_status(200).json();
        let titles: Vec<&Value> = changes["items"].as_array().unwrap().iter().map(|c| &c["article"]["title"]).collect();
        assert!(titles.contains(&&json!("複雜的發現")), "{changes}");
        let around = shown(app, "main", "locale=zh-Hant&include=neighbors,related").await;
        assert_eq!(around["neighbors"]["previous"]["title"], "複雜的發現");
        assert_eq!(around["related"][0]["title"], "複雜的發現");
        app.request("POST", &format!("/api/v1/articles/{id}/views")).header("user-agent", "Mozilla/5.0").send().await.assert_status(200);
        let ranking = app.get("/api/v1/rankings/views?site=demo&locale=zh-Hant").await.assert_status(200).json();
        assert_eq!(ranking["items"][0]["article"]["title"], "發展中國家的頭髮 ＡＩ 🏮 Science");
    }

    /// A site that does without gets what it got before
    async fn a_site_may_do_without(app) {
        app.import(&chinese());
        let desk = app.desk("admin");
        let site = desk.get("/sites").await.json()["items"][0].clone();
        assert_eq!(site["script_variants"], true);
        let path = format!("/sites/{}", site["id"]);
        let article = "/api/v1/sites/demo/articles/main?locale=zh-Hant";
        let before = app.get(article).await;
        app.set_clock("2026-01-15T04:05:00Z");
        assert_eq!(desk.changed(&path, &json!({"script_variants": false})).await["script_variants"], false);
        let after = app.get(article).await;
        assert_eq!((&after.json()["derived"], &after.json()["locale"]), (&json!(false), &json!("zh-Hans")));
        assert_ne!((before.header("etag"), before.header("last-modified")), (after.header("etag"), after.header("last-modified")));
        assert_ne!(before.header("last-modified"), after.header("last-modified"));
        let list = app.get("/api/v1/articles?locale=zh-Hant&order=asc").await.json();
        assert_eq!(listed(&list, "locale"), ["zh-Hans", "zh-Hans"]);
        app.get(&format!("{article}&fallback=none")).await.assert_status(404);
        desk.refuses_changes(&path, &[
            (json!({"script_variants": null}), "/script_variants", "required"),
            (json!({"script_variants": "no"}), "/script_variants", "wrong_type"),
        ]).await;
        // A portal file says it as well, and one that does not keeps it.
        app.import(&chinese());
        assert_eq!(app.get(article).await.json()["derived"], false);
        app.import(&chinese().site(|s| s.set("script_variants", true)));
        assert_eq!(app.get(article).await.json()["derived"], true);
    }

    /// What editors want wins over the dictionaries, for readers at once
    async fn phrases_of_editors_win(app) {
        app.import(&chinese().and(Portal::new("else").article("else", |a| a.set("locale", "zh-Hans").title("信息"))));
        let path = "/api/v1/sites/demo/articles/main?locale=zh-Hant";
        let plain = app.get(path).await;
        assert_eq!(plain.json()["summary"], "信息與乾淨的幹部");
        app.set_clock("2026-01-15T04:05:00Z");
        let made = phrase(app, "信息", "資訊", "both").await;
        phrase(app, "信息与", "資訊和", "to_hant").await;
        phrase(app, "头发", "秀髮", "to_hans").await;
        let changed = app.get(path).await;
        assert_eq!(changed.json()["summary"], "資訊和乾淨的幹部");
        assert_eq!(changed.json()["keywords"][2], "頭髮");
        assert_ne!(changed.header("etag"), plain.header("etag"));
        assert_ne!(changed.header("last-modified"), plain.header("last-modified"));
        let unmodified = app.request("GET", path).header("if-none-match", plain.header("etag").unwrap()).send().await;
        unmodified.assert_status(200);
        // Only there.
        let other = app.get("/api/v1/sites/else/articles/else?locale=zh-Hant").await.json();
        assert_eq!(other["title"], "信息");
        let list = app.get("/api/v1/articles?locale=zh-Hant&order=asc&site=demo").await.json();
        assert_eq!(list["items"][1]["summary"], "資訊和乾淨的幹部");

        app.desk("editor").changed(&made, &json!({"hant": "訊息", "note": "试"})).await;
        app.desk("editor").delete("/script-phrases/2").await.assert_status(204);
        assert_eq!(app.get(path).await.json()["summary"], "訊息與乾淨的幹部");
        app.desk("editor").delete(&made).await.assert_status(204);
        assert_eq!(app.get(path).await.json()["summary"], "信息與乾淨的幹部");
    }

    /// Phrases hold from Traditional, too
    async fn phrases_hold_both_ways(app) {
        app.import(&Portal::new("demo").article("a", |a| a.set("locale", "zh-Hant").title("資訊科技與皇后").body("<p>資訊 &amp; 資<b>訊</b></p>")));
        phrase(app, "信息", "資訊", "both").await;
        phrase(app, "皇後", "皇后", "both").await;
        let derived = shown(app, "a", "locale=zh-Hans").await;
        assert_eq!((&derived["title"], &derived["body_html"]), (&json!("信息科技与皇後"), &json!("<p>信息 &amp; 资<b>讯</b></p>")));
    }

    /// Drafts, what is scheduled and what was taken back are not shown in any script
    async fn nothing_hidden_is_derived(app) {
        let hidden = |key: &'static str, change: fn(Record) -> Record| move |p: Portal| p.article(key, |a| change(a.set("locale", "zh-Hans").title("秘密的发现")));
        let portal = chinese();
        let portal = hidden("draft", |a| a.set("status", "draft"))(portal);
        let portal = hidden("later", |a| a.published_at("2026-02-01T00:00:00+08:00"))(portal);
        let portal = hidden("over", |a| a.set("unpublish_at", "2026-01-14T00:00:00Z"))(portal);
        let portal = hidden("archived", |a| a.set("status", "archived"))(portal);
        app.import(&portal);
        for slug in ["draft", "later", "over", "archived"] {
            for locale in ["zh-Hans", "zh-Hant", "zh-TW"] {
                app.get(&format!("/api/v1/sites/demo/articles/{slug}?locale={locale}")).await.assert_problem(404, "not_found");
            }
        }
        for id in 1..=6 {
            let answer = app.get(&format!("/api/v1/articles/{id}?locale=zh-Hant&include=neighbors,related")).await;
            assert!(!answer.text().contains("秘密"), "{answer}");
        }
        for path in ["/api/v1/articles?locale=zh-Hant", "/api/v1/articles/changes?locale=zh-Hant", "/api/v1/rankings/views?locale=zh-Hant"] {
            let answer = app.get(path).await;
            assert!(!answer.assert_status(200).text().contains("秘密"), "{answer}");
        }
    }

    /// Long titles and bodies, and what is broken in them, come out whole
    async fn anything_is_converted(app) {
        let long = "发展中国家的头发🏮".repeat(100);
        let body = format!("<p>{}</p>", "皇后在后面 &lt;发&gt; ".repeat(5_000));
        app.import(&Portal::new("demo").article("long", |a| a.set("locale", "zh-Hans").title(&long).body(&body))
            .article("odd", |a| a.set("locale", "zh-Hans").title("发\u{200b}展\u{fffd}😀é\u{301} 后\u{e000}").body("")));
        let derived = shown(app, "long", "locale=zh-Hant").await;
        assert_eq!(derived["title"], "發展中國家的頭髮🏮".repeat(100));
        assert_eq!(derived["body_html"], format!("<p>{}</p>", "皇后在後面 &lt;發&gt; ".repeat(5_000)));
        let odd = shown(app, "odd", "locale=zh-Hant").await;
        assert_eq!((&odd["title"], &odd["body_html"]), (&json!("發\u{200b}展\u{fffd}😀é\u{301} 後\u{e000}"), &json!("")));
    }

    /// A preview shows what readers would get
    async fn previews_are_derived(app) {
        app.import(&chinese().article("draft", |a| a.set("locale", "zh-Hans").set("status", "draft").title("头发")));
        let id = app.desk("admin").walk("/articles?site=demo&status=draft").await.0[0]["id"].as_i64().unwrap();
        let token = app.preview_token(id, 1);
        let preview = app.get(&format!("/api/v1/preview/{token}?locale=zh-Hant")).await;
        assert_eq!((&preview.json()["title"], &preview.json()["derived"]), (&json!("頭髮"), &json!(true)));
        assert_eq!(preview.header("content-language"), Some("zh-Hant"));
    }
}
