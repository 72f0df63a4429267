//! Articles by their slugs: own, of translations, and former ones.

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
        migrations::revert_last(&mut app.database().connect()).unwrap();
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
}
