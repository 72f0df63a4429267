//! Articles by their slugs: own, of translations, and former ones.

use std::collections::BTreeSet;

use masthead::store::migrations;
use serde_json::{Value, json};

use crate::exports::{exported, on_another, records};
use crate::support::content::Record;
use crate::support::{Portal, TestApp, on_both};

/// What stands behind the slugs of the site `demo` in the `Location` that a former slug leads to; `path` may hold a query.
async fn moved(app: &TestApp, path: &str) -> String {
    let answer = app
        .get(&format!("/api/v1/sites/demo/articles/{path}"))
        .await;
    answer.assert_status(308);
    let target = answer.header("location").unwrap();
    let (_, slug) = target.split_once("/api/v1/sites/demo/articles/").unwrap();
    slug.to_owned()
}

/// The former slugs in an export, by article: each with its language.
fn former(app: &TestApp) -> Vec<(String, Vec<(String, Value)>)> {
    let articles = records(app, "article").into_iter().filter_map(|article| {
        let list = article["former_slugs"].as_array()?.iter();
        let list = list.map(|f| (f["slug"].as_str().unwrap().to_owned(), f["locale"].clone()));
        Some((article["key"].as_str()?.to_owned(), list.collect()))
    });
    articles.collect()
}

/// Fails unless an export of `app` makes the same export in an empty database, and `slugs` lead where they led.
async fn assert_comes_back(app: &TestApp, slugs: &[&str]) {
    let file = exported(app);
    on_another(app, async |other| {
        let report = other.try_import(&file).unwrap();
        assert_eq!(report.faults, []);
        for slug in slugs {
            assert_eq!(moved(other, slug).await, moved(app, slug).await, "{slug}");
        }
        assert_eq!(exported(other), file);
        assert_eq!(other.try_import(&file).unwrap().updated, 0);
    })
    .await;
}

/// A path segment as it was before it was encoded.
fn percent_decoded(segment: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(segment);
    decoded.decode_utf8().unwrap().into_owned()
}

on_both! {
    /// An article is found by its slug, in its site alone, with every include
    async fn an_article_is_found_by_its_slug(app) {
        app.import(&Portal::new("demo").article("a", |a| a.slug("开放日")).and(Portal::new("other").article("b", |a| a)));
        let id = app.article_id("开放日").await;
        for path in ["/api/v1/sites/demo/articles/开放日", "/api/v1/sites/demo/articles/%E5%BC%80%E6%94%BE%E6%97%A5"] {
            assert_eq!(app.get(&format!("{path}?include=breadcrumbs,neighbors,related,site_details")).await.assert_status(200).json(),
                app.get(&format!("/api/v1/articles/{id}?include=breadcrumbs,neighbors,related,site_details")).await.json());
        }
        for path in ["sites/other/articles/开放日", "sites/nowhere/articles/开放日", "sites/demo/articles/b", "sites/demo/articles/a%2Fb"] {
            app.get(&format!("/api/v1/{path}")).await.assert_problem(404, "not_found");
        }
    }

    /// The slug of a translation serves that translation, unless another language is asked for
    async fn a_translations_slug_serves_it(app) {
        app.import(&Portal::new("demo").article("a", |a| a.set("translations", json!([{"locale": "zh-Hans", "slug": "wen-zhang", "title": "文章", "body_html": ""}]))));
        let title = async |path: &str, header: &str| {
            app.request("GET", &format!("/api/v1/sites/demo/articles/{path}")).header("accept-language", header).send().await.assert_status(200).json()["title"].as_str().unwrap().to_owned()
        };
        assert_eq!(title("wen-zhang", "en").await, "文章");
        assert_eq!(title("wen-zhang?locale=en", "zh").await, "Article a");
        assert_eq!(title("a", "zh-Hans").await, "文章");
        assert_eq!(title("a", "en").await, "Article a");
    }

    /// A slug that an article had before leads to the one it has, until another article takes it
    async fn a_former_slug_leads_on(app) {
        app.import(&Portal::new("demo").article("a", |a| a.slug("one")));
        app.import(&Portal::new("demo").article("a", |a| a.slug("two")));
        app.import(&Portal::new("demo").article("a", |a| a.slug("三")));
        for old in ["one", "two"] {
            let moved = app.get(&format!("/api/v1/sites/demo/articles/{old}?locale=en&include=related")).await;
            moved.assert_status(308);
            let target = moved.header("location").unwrap();
            assert_eq!(moved.header("cache-control"), Some("public, max-age=0, s-maxage=30, stale-while-revalidate=30, stale-if-error=300"));
            assert!(target.ends_with("/api/v1/sites/demo/articles/%E4%B8%89?locale=en&include=related"), "{target}");
        }
        app.import(&Portal::new("demo").article("a", |a| a.slug("三")).article("b", |a| a.slug("one")));
        assert_eq!(app.get("/api/v1/sites/demo/articles/one").await.assert_status(200).json()["title"], "Article b");
        // And back to one that it had itself.
        app.import(&Portal::new("demo").article("a", |a| a.slug("two")));
        app.get("/api/v1/sites/demo/articles/two").await.assert_status(200);
        app.get("/api/v1/sites/demo/articles/三").await.assert_status(308);
    }

    /// A former slug of a translation leads to that translation, whatever it is called now
    async fn a_translations_former_slug_leads_to_it(app) {
        let portal = |translations: Value| Portal::new("demo").article("a", |a| a.slug("main").set("translations", translations));
        let french = |slug: Option<&str>| json!([{"locale": "fr", "title": "Titre", "body_html": "", "slug": slug}]);
        app.import(&portal(french(Some("ancien"))));
        app.import(&portal(french(Some("moyen"))));
        app.import(&portal(french(Some("présent"))));
        for old in ["ancien", "moyen"] {
            assert_eq!(moved(app, old).await, "pr%C3%A9sent");
            assert_eq!(moved(app, &format!("{old}?locale=en&include=related")).await, "pr%C3%A9sent?locale=en&include=related");
        }
        // A rendition without a slug of its own is asked for by its language, unless the reader asks for one.
        app.import(&portal(french(None)));
        for old in ["ancien", "présent"] {
            assert_eq!(moved(app, old).await, "main?locale=fr");
            assert_eq!(moved(app, &format!("{old}?include=related")).await, "main?include=related&locale=fr");
            assert_eq!(moved(app, &format!("{old}?locale=en")).await, "main?locale=en");
        }
        assert_eq!(app.get("/api/v1/sites/demo/articles/main?locale=fr").await.json()["title"], "Titre");
        // Nor does one that is called like the article.
        app.import(&portal(french(Some("main"))));
        assert_eq!(moved(app, "ancien").await, "main?locale=fr");
        // One that is gone has nothing to lead to but the article, until it is back.
        app.import(&portal(json!([{"locale": "de", "title": "Titel", "body_html": "", "slug": "titel"}])));
        assert_eq!(moved(app, "ancien").await, "main");
        app.import(&portal(french(Some("retour"))));
        assert_eq!(moved(app, "ancien").await, "retour");
        assert_eq!(moved(app, "titel").await, "main");
    }

    /// A slug that goes from the article to its translation or back serves what it belongs to now
    async fn a_slug_may_change_hands_within_an_article(app) {
        let portal = |own: &str, french: &str| Portal::new("demo").article("a", |a| a.slug(own).set("translations", json!([{"locale": "fr", "title": "Titre", "body_html": "", "slug": french}])));
        app.import(&portal("x", "y"));
        app.import(&portal("y", "x"));
        let title = async |slug: &str| app.get(&format!("/api/v1/sites/demo/articles/{slug}")).await.assert_status(200).json()["title"].clone();
        assert_eq!((title("x").await, title("y").await), (json!("Titre"), json!("Article a")));
        app.import(&portal("z", "y"));
        assert_eq!((moved(app, "x").await, title("y").await), ("y".to_owned(), json!("Titre")));
        assert_eq!(former(app), [("a".to_owned(), vec![("x".to_owned(), json!("fr"))])]);
    }

    /// Until the new owner of a slug is public, and where it no longer is, the slug leads where it led
    async fn hidden_articles_do_not_break_redirections(app) {
        app.import(&Portal::new("demo").article("a", |a| a.slug("one")));
        app.import(&Portal::new("demo").article("a", |a| a.slug("two")));
        let taker = |change: fn(Record) -> Record| Portal::new("demo").article("a", |a| a.slug("two")).article("b", |b| change(b.slug("one")));
        app.import(&taker(|b| b.status("draft")));
        assert_eq!(moved(app, "one").await, "two");
        app.import(&taker(|b| b.published_at("2026-01-20T00:00:00Z")));
        assert_eq!(moved(app, "one").await, "two");
        let now = crate::support::app::NOW;
        app.set_clock("2026-01-20T00:00:00Z");
        assert_eq!(app.get("/api/v1/sites/demo/articles/one").await.assert_status(200).json()["title"], "Article b");
        app.set_clock(now);
        app.import(&taker(|b| b.status("archived")));
        assert_eq!(moved(app, "one").await, "two");
    }

    /// Of several public articles that had a slug, the last one has it
    async fn the_last_former_owner_counts(app) {
        let portal = |a: &str, b: &str| Portal::new("demo").article("a", |r| r.slug(a)).article("b", |r| r.slug(b));
        app.import(&portal("a", "one"));
        app.set_clock("2026-01-15T05:00:00Z");
        app.import(&portal("a", "b"));
        app.import(&portal("one", "b"));
        app.set_clock("2026-01-15T06:00:00Z");
        app.import(&portal("a", "b"));
        assert_eq!(moved(app, "one").await, "a");
        assert_comes_back(app, &["one"]).await;
        app.import(&Portal::new("demo").article("a", |r| r.slug("a").status("draft")));
        assert_eq!(moved(app, "one").await, "b");
    }

    /// Former slugs come back from an export; without any there is nothing to write
    async fn former_slugs_come_back(app) {
        let portal = |a: &str, french: Option<&str>| Portal::new("demo").article("b", |b| b)
            .article("a", |r| r.slug(a).set("translations", json!([{"locale": "fr", "title": "Titre", "body_html": "", "slug": french}])));
        app.import(&portal("one", Some("un")));
        assert!(!exported(app).contains("former_slugs"));
        app.import(&portal("two", Some("deux")));
        app.import(&portal("three", None));
        assert_eq!(former(app), [("a".to_owned(), ["deux", "one", "two", "un"].map(|slug| {
            (slug.to_owned(), if slug.starts_with(['d', 'u']) { json!("fr") } else { Value::Null })
        }).to_vec())]);
        assert_comes_back(app, &["one", "two", "un", "deux"]).await;
        // At home it changes nothing.
        let report = app.try_import(exported(app)).unwrap();
        assert_eq!((report.created, report.updated, report.faults), (0, 0, vec![]));
    }

    /// A file may say what an article was called before: a list adds, empty clears, and what is given up is kept
    async fn a_file_names_former_slugs(app) {
        let portal = |slug: &str, list: Value| Portal::new("demo").article("a", |a| {
            let a = a.slug(slug).set("translations", json!([{"locale": "fr", "title": "Titre", "body_html": "", "slug": "fr"}]));
            if list == json!("absent") { a } else { a.set("former_slugs", list) }
        });
        let list = json!([{"slug": "z"}, {"slug": "y", "locale": "FR", "until": "2026-01-01T00:00:00Z"}, {"slug": "fr", "locale": null}]);
        let named = vec![("y".to_owned(), json!("fr")), ("z".to_owned(), Value::Null)];
        app.import(&portal("one", list.clone()));
        assert_eq!(former(app), [("a".to_owned(), named.clone())]);
        assert_eq!((moved(app, "y").await, moved(app, "z").await), ("fr".to_owned(), "one".to_owned()));
        app.set_clock("2026-01-15T05:00:00Z");
        for again in [list.clone(), json!("absent")] {
            assert_eq!(app.import(&portal("one", again)).updated, 0);
        }
        // One that is given up is kept, listed or not; importing the line again changes nothing.
        assert_eq!(app.import(&portal("two", list.clone())).updated, 1);
        assert_eq!(app.import(&portal("two", list)).updated, 0);
        let with_given_up = [vec![("one".to_owned(), Value::Null)], named].concat();
        assert_eq!(former(app), [("a".to_owned(), with_given_up)]);
        assert_eq!(moved(app, "one").await, "two");
        assert_eq!(app.import(&portal("two", json!([]))).updated, 1);
        assert_eq!(former(app), []);
        app.get("/api/v1/sites/demo/articles/z").await.assert_problem(404, "not_found");
        for (list, member) in [
            (json!([{"slug": "x"}, {"slug": "x"}]), "former_slugs[1].slug"),
            (json!([{"slug": "x", "locale": "not a tag"}]), "former_slugs[0].locale"),
            (json!([{"locale": "fr"}]), "former_slugs[0].slug"),
            (json!([{"slug": "x", "until": "soon"}]), "former_slugs[0].until"),
            (json!([{"slug": "x", "article": "a"}]), "former_slugs[0].article"),
        ] {
            let report = app.try_import(portal("two", list).lines()).unwrap();
            assert_eq!(report.faults.iter().map(|f| f.member.as_str()).collect::<Vec<_>>(), [member]);
        }
    }

    /// An older database knows the languages of its slugs once this version has opened it
    async fn slugs_of_an_older_database_know_their_languages(app) {
        app.import(&Portal::new("demo").article("a", |a| a.slug("main").set("translations", json!([
            {"locale": "fr", "title": "Titre", "body_html": "", "slug": "titre"}, {"locale": "de", "title": "Titel", "body_html": "", "slug": "main"}]))));
        for _ in ["hygiene", "search"] {
            migrations::revert_last(&mut app.database().connect()).unwrap();
        }
        app.app.migrate().unwrap();
        let title = async |slug: &str| app.get(&format!("/api/v1/sites/demo/articles/{slug}")).await.assert_status(200).json()["title"].clone();
        assert_eq!((title("titre").await, title("main").await), (json!("Titre"), json!("Article a")));
    }

    /// Neither a present nor a former slug tells of an article that is not public
    async fn slugs_tell_nothing_of_hidden_articles(app) {
        app.import(&Portal::new("demo").article("a", |a| a.slug("one")));
        for (status, at) in [("draft", "2026-01-10T00:00:00Z"), ("archived", "2026-01-10T00:00:00Z"), ("published", "2026-02-01T00:00:00Z")] {
            app.import(&Portal::new("demo").article("a", |a| a.slug("two").status(status).published_at(at)));
            for slug in ["one", "two", "never"] {
                let problem = app.get(&format!("/api/v1/sites/demo/articles/{slug}")).await.assert_problem(404, "not_found");
                assert!(problem["detail"].as_str().unwrap().contains(slug), "{problem}");
            }
        }
    }

    /// Without a slug an article is called after its title, in letters that every address can have
    async fn a_slug_is_made_from_the_title(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = app.desk("admin");
        for (title, slug) in [
            ("开放日 2026", "kai-fang-ri-2026"),
            ("研發投入強度", "yan-fa-tou-ru-qiang-du"),
            ("ＡＢＣ　１２３", "abc-123"),
            ("「深海」:🌊觀測!", "shen-hai-guan-ce"),
            ("ＡＩ赋能２０２３年", "ai-fu-neng-2023-nian"),
            ("Übung café cafe\u{301}", "übung-café-cafe"),
            ("👩‍🔬 Lab / a_b?c#d%e", "lab-a-b-c-d-e"),
            ("🎉🌊👩‍🔬", "article"),
        ] {
            let (path, made) = desk.made("/articles", &json!({"site": "demo", "category": "news", "title": title, "status": "published"})).await;
            assert_eq!(made["slug"], slug, "{title}");
            let shown = app.get(&format!("/api/v1/sites/demo/articles/{slug}")).await.assert_status(200).json();
            assert_eq!(shown["title"], title);
            // It does not follow the title: addresses stay.
            assert_eq!(desk.changed(&path, &json!({"title": "別的"})).await["slug"], slug);
        }
        let mut seen = BTreeSet::new();
        let long = ["国际".repeat(450), "國際".repeat(450), "a".repeat(900), "🌊 ".repeat(450), "Ａ　".repeat(450), "龘".repeat(900)];
        let odd = ["🎉", "...", "!?", "「」", "　", "—", "\u{200d}", "同一标题", "同一标题", "同一标题", "Article", "ARTICLE", "article"];
        for title in long.iter().map(String::as_str).chain(odd) {
            let answer = desk.post("/articles", &json!({"site": "demo", "category": "news", "title": title, "status": "published"})).await;
            if title.trim().is_empty() || title == "\u{200d}" {
                // Nothing to see in it: refused or taken, but never without a name.
                assert!(matches!(answer.status, 201 | 422), "{answer}");
                if answer.status == 422 {
                    continue;
                }
            }
            let slug = answer.assert_status(201).json()["slug"].as_str().unwrap().to_owned();
            assert!(!slug.is_empty() && slug.chars().count() <= 100, "{title}: {slug}");
            assert!(slug.chars().all(|c| c == '-' || c.is_alphanumeric()), "{title}: {slug}");
            assert!(!slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--"), "{title}: {slug}");
            assert!(seen.insert(slug.clone()), "{slug} twice");
            assert_eq!(app.get(&format!("/api/v1/sites/demo/articles/{slug}")).await.assert_status(200).json()["title"], title);
        }
    }

    /// Files whose articles have no slug get the same names; equal titles stay apart
    async fn slugs_of_files_are_made_from_titles(app) {
        let portal = ["深海", "深海", "🌊", "🌊"].into_iter().enumerate()
            .fold(Portal::new("demo"), |portal, (n, title)| portal.article(&format!("k{n}"), |a| a.title(title).without("slug")));
        app.import(&portal);
        let list = app.get("/api/v1/articles?sort=published_at&order=asc").await.json();
        let slugs: Vec<&str> = list["items"].as_array().unwrap().iter().map(|a| a["slug"].as_str().unwrap()).collect();
        assert_eq!((slugs[0], slugs[2]), ("shen-hai", "article"));
        assert!(slugs[1].starts_with("shen-hai-") && slugs[3].starts_with("article-"), "{slugs:?}");
        assert_eq!(app.import(&portal).updated, 0, "the same names again");
    }

    /// After a hundred renames each address that ever was leads on in one step
    async fn a_hundred_renames_lead_to_the_last(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = app.desk("admin");
        let name = |n: usize| match n % 3 {
            0 => format!("name-{n}"),
            1 => format!("名-{n}"),
            _ => format!("naïve-{n}"),
        };
        let new = json!({"site": "demo", "category": "news", "title": "A", "status": "published", "slug": name(0),
            "translations": [{"locale": "fr", "title": "F", "body_html": "", "slug": "fr-0"}]});
        let (path, _) = desk.made("/articles", &new).await;
        for n in 1..=100 {
            let translations = json!([{"locale": "fr", "title": "F", "body_html": "", "slug": format!("fr-{n}")}]);
            desk.patch_if(&path, "*", &json!({"slug": name(n), "translations": translations})).await.assert_status(200);
        }
        let last = app.get(&format!("/api/v1/sites/demo/articles/{}", name(100))).await.assert_status(200).json();
        for n in 0..100 {
            let target = moved(app, &name(n)).await;
            assert_eq!(percent_decoded(&target), name(100), "{n}");
            assert_eq!(moved(app, &format!("fr-{n}")).await, "fr-100");
        }
        assert_eq!(app.get("/api/v1/sites/demo/articles/fr-100").await.assert_status(200).json()["id"], last["id"]);
        // Back to the first: no way leads around in a circle.
        desk.changed(&path, &json!({"slug": name(0)})).await;
        assert_eq!(app.get(&format!("/api/v1/sites/demo/articles/{}", name(0))).await.assert_status(200).json()["id"], last["id"]);
        for n in 1..=100 {
            assert_eq!(moved(app, &name(n)).await, name(0), "{n}");
        }
        let kept = desk.get(&path).await.json()["former_slugs"].as_array().unwrap().len();
        assert_eq!(kept, 200);
    }

    /// A slug that another one took is the other's, until that one gives it up
    async fn a_slug_that_is_taken_is_the_others(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = app.desk("admin");
        let new = |title: &str, slug: &str| json!({"site": "demo", "category": "news", "title": title, "status": "published", "slug": slug});
        let shown = async |slug: &str| app.get(&format!("/api/v1/sites/demo/articles/{slug}")).await.assert_status(200).json()["title"].clone();
        let (a, _) = desk.made("/articles", &new("A", "一")).await;
        app.set_clock("2026-01-15T04:01:00Z");
        desk.changed(&a, &json!({"slug": "zwei"})).await;
        let (b, _) = desk.made("/articles", &new("B", "一")).await;
        assert_eq!((shown("一").await, shown("zwei").await), (json!("B"), json!("A")));
        let refused = desk.patch(&a, &json!({"slug": "一"})).await;
        assert_eq!(refused.assert_problem(409, "conflict")["errors"][0]["pointer"], "/slug");
        app.set_clock("2026-01-15T04:02:00Z");
        desk.changed(&b, &json!({"slug": "drei"})).await;
        assert_eq!(moved(app, "一").await, "drei", "the last one that had it");
        desk.delete(&b).await.assert_status(204);
        assert_eq!(moved(app, "一").await, "zwei", "and where that is gone the one before");
        desk.changed(&a, &json!({"slug": "一"})).await;
        assert_eq!((shown("一").await, moved(app, "zwei").await), (json!("A"), "%E4%B8%80".to_owned()));
    }

    /// Two articles swap their slugs by way of a third, or in one batch
    async fn two_articles_swap_their_slugs(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = app.desk("admin");
        let new = |title: &str, slug: &str| json!({"site": "demo", "category": "news", "title": title, "status": "published", "slug": slug});
        let shown = async |slug: &str| app.get(&format!("/api/v1/sites/demo/articles/{slug}")).await.assert_status(200).json()["title"].clone();
        let (a, _) = desk.made("/articles", &new("A", "甲")).await;
        let (b, _) = desk.made("/articles", &new("B", "乙")).await;
        let step = |path: &str, slug: &str| json!({"method": "PATCH", "path": format!("/manage{path}"), "if_match": "*", "body": {"slug": slug}});
        let straight = json!({"operations": [step(&a, "乙"), step(&b, "甲")]});
        desk.post("/batch", &straight).await.assert_problem(409, "conflict");
        assert_eq!((shown("甲").await, shown("乙").await), (json!("A"), json!("B")));
        let around = json!({"operations": [step(&a, "temp"), step(&b, "甲"), step(&a, "乙")]});
        desk.post("/batch", &around).await.assert_status(200);
        assert_eq!((shown("甲").await, shown("乙").await), (json!("B"), json!("A")));
        assert_eq!(moved(app, "temp").await, "%E4%B9%99");
        for _ in 0..2 {
            desk.post("/batch", &json!({"operations": [step(&a, "temp"), step(&b, "乙"), step(&a, "甲")]})).await.assert_status(200);
            assert_eq!((shown("甲").await, shown("乙").await), (json!("A"), json!("B")));
            desk.post("/batch", &json!({"operations": [step(&a, "temp"), step(&b, "甲"), step(&a, "乙")]})).await.assert_status(200);
            assert_eq!((shown("甲").await, shown("乙").await), (json!("B"), json!("A")));
        }
        assert_comes_back(app, &["temp"]).await;
    }
}
