//! Articles by their slugs: own, of translations, and former ones.

use serde_json::json;

use crate::support::{Portal, on_both};

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
            assert_eq!(moved.header("cache-control"), Some("public, max-age=0, s-maxage=30"));
            assert!(target.ends_with("/api/v1/sites/demo/articles/%E4%B8%89?locale=en&include=related"), "{target}");
        }
        app.import(&Portal::new("demo").article("a", |a| a.slug("三")).article("b", |a| a.slug("one")));
        assert_eq!(app.get("/api/v1/sites/demo/articles/one").await.assert_status(200).json()["title"], "Article b");
        // And back to one that it had itself.
        app.import(&Portal::new("demo").article("a", |a| a.slug("two")));
        app.get("/api/v1/sites/demo/articles/two").await.assert_status(200);
        app.get("/api/v1/sites/demo/articles/三").await.assert_status(308);
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
