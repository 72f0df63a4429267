//! Articles in which text was found that looks injected: where it is found, what that holds back, and what lets it go.

use serde_json::{Value, json};

use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both};

/// A casino's name, as it was put in the place of the name of an academy.
const SPAM: &str = "澳门赌场";

/// The same, in ways that only a reader sees through.
const EVASIONS: [&str; 9] = [
    "澳門賭場",
    "澳 门 赌 场",
    "澳\u{200B}门\u{200B}赌\u{200B}场",
    "澳\u{3000}门\u{3000}赌\u{3000}场",
    "&#28595;&#38376;&#36172;&#22330;",
    "澳<b>门</b>赌<i></i>场",
    "<span>澳</span><span>门</span><span>赌</span><span>场</span>",
    "澳&shy;门&#x200b;赌&nbsp;场",
    "澳\u{FE0F}门\u{2060}赌\u{00AD}场",
];

fn portal() -> Portal {
    Portal::new("demo")
        .category("news/sea")
        .article("open", |a| {
            a.title("潮位").body("<p>今天的潮位。</p>").slug("open")
        })
}

fn body(extra: Value) -> Value {
    let mut body = json!({"site": "demo", "category": "news/sea", "title": "灯塔点亮 😀", "body_html": "<p>灯塔今晚点亮。</p>", "status": "published"});
    for (member, value) in extra.as_object().unwrap() {
        body[member] = value.clone();
    }
    body
}

/// What is found in an article.
async fn findings(desk: &Desk<'_>, article: &Value) -> Vec<Value> {
    desk.walk(&format!("/findings?article_id={}&limit=100", article["id"]))
        .await
        .0
}

/// Fails where readers get anything of an article.
async fn is_gone(app: &TestApp, article: &Value) {
    let id = &article["id"];
    let slug = article["slug"].as_str().unwrap();
    for path in [
        format!("/api/v1/articles/{id}"),
        format!("/api/v1/sites/demo/articles/{slug}"),
        format!("/api/v1/articles/{id}/views"),
        format!("/api/v1/articles/{id}/views/history"),
    ] {
        let answer = app.get(&path).await;
        answer.assert_status(404);
        assert!(!answer.text().contains("灯塔"), "{answer}");
    }
    let counted = app
        .request("POST", &format!("/api/v1/articles/{id}/views"))
        .json(&json!({}))
        .send()
        .await;
    counted.assert_status(404);
    for path in [
        "/api/v1/articles?limit=100".to_owned(),
        format!("/api/v1/articles?ids={id}"),
        "/api/v1/search?q=%E7%81%AF%E5%A1%94".to_owned(),
        "/api/v1/search/suggestions?q=%E7%81%AF%E5%A1%94".to_owned(),
        "/api/v1/articles/changes?limit=100".to_owned(),
        "/api/v1/sites/demo/categories".to_owned(),
    ] {
        let answer = app.get(&path).await;
        answer.assert_status(200);
        let text = answer.text();
        assert!(!text.contains("灯塔") && !text.contains("赌场"), "{answer}");
    }
}

on_both! {
    /// HY-07: in whatever member and whatever place it comes, it is found there, and readers do not get the article
    async fn it_is_found_wherever_it_stands(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let places = [
            (json!({"title": format!("{SPAM}国际合作")}), "/title", "text"),
            (json!({"subtitle": SPAM}), "/subtitle", "text"),
            (json!({"summary": format!("摘要:{SPAM}。")}), "/summary", "text"),
            (json!({"byline": format!("{SPAM} 张三")}), "/byline", "text"),
            (json!({"source_line": SPAM}), "/source_line", "text"),
            (json!({"keywords": ["潮位", SPAM]}), "/keywords/1", "text"),
            (json!({"contributors": [{"role": "author", "kind": "person", "name": "林晓岚", "affiliation": SPAM}]}), "/contributors/0/affiliation", "text"),
            (json!({"attachments": [{"name": format!("{SPAM}.pdf"), "url": "https://example.org/a.pdf"}]}), "/attachments/0/name", "file_name"),
            (json!({"attachments": [{"name": "a.pdf", "url": "https://example.org/%E6%BE%B3%E9%97%A8%E8%B5%8C%E5%9C%BA.pdf"}]}), "/attachments/0/url", "address"),
            (json!({"body_html": format!("<p>甲</p><p>在{SPAM}的工作</p>")}), "/body_html", "text"),
            (json!({"body_html": format!("<p><a href=\"https://example.org/\">{SPAM}</a></p>")}), "/body_html", "text"),
            (json!({"body_html": format!("<p><a href=\"https://example.org/?q={SPAM}\">甲</a></p>")}), "/body_html", "address"),
            (json!({"body_html": format!("<p><img src=\"https://example.org/a.png\" alt=\"{SPAM}\"></p>")}), "/body_html", "attribute"),
            (json!({"body_html": format!("<p>甲</p><!-- {SPAM} -->")}), "/body_html", "comment"),
            (json!({"body_html": format!("<p>甲</p><div style=\"display:none\">{SPAM}</div>")}), "/body_html", "hidden"),
            (json!({"translations": [{"locale": "zh-Hans", "title": "潮位", "body_html": format!("<p>{SPAM}</p>")}]}), "/body_html", "text"),
        ];
        for (extra, field, place) in places {
            let answer = desk.post("/articles", &body(extra.clone())).await;
            answer.assert_status(201);
            let article = answer.json();
            assert_eq!((&article["status"], &article["held_status"]), (&json!("quarantined"), &json!("published")), "{extra}");
            let found = findings(&desk, &article).await;
            let here = found.iter().find(|f| f["field"] == field && f["place"] == place);
            let here = here.unwrap_or_else(|| panic!("{extra}: {found:?}"));
            assert_eq!((&here["severity"], &here["state"], &here["kind"]), (&json!("block"), &json!("open"), &json!("article")));
            assert!(!here["rule"].as_str().unwrap().is_empty() && !here["reasons"].as_array().unwrap().is_empty(), "{here}");
            assert!(here["text"].as_str().unwrap().contains('赌') || place == "address", "{here}");
            is_gone(app, &article).await;
        }
    }

    /// HY-08: blanks, invisible characters, the other script, entities and tags do not hide it
    async fn evasions_are_found(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        for evasion in EVASIONS {
            let answer = desk.post("/articles", &body(json!({"body_html": format!("<p>甲</p><p>在{evasion}的工作</p>")}))).await;
            answer.assert_status(201);
            assert_eq!(answer.json()["status"], "quarantined", "{evasion}");
            if !evasion.contains(['<', '&']) {
                let answer = desk.post("/articles", &body(json!({"title": format!("在{evasion}的工作")}))).await;
                assert_eq!(answer.json()["status"], "quarantined", "{evasion}");
            }
        }
    }

    /// Honest text is left alone
    async fn honest_text_is_left_alone(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        for (title, text) in [
            ("澳门大学与我校签署合作协议", "澳门大学代表团来访,双方就澳门特别行政区的科技创新交换了意见。"),
            ("加强创新性交流合作", "会议强调要开展创新性交流,5日批准的计划今日实施。"),
            ("视频会议在京召开", "本次视频会议面向全国,在线观看人数超过一万。"),
            ("播放器的新版本", "高清视频播放流畅,可以免费下载;纪录片有中文字幕,在线观看不限次数,欧美和日韩的用户也可以使用国产手机播放。"),
            ("亚洲国产化进程", "国产视频设备远销欧美,精品课程在线播放,校园网络电影院今晚免费放映。"),
            ("研發投入強度高", "作為國家級平臺,中關村論壇的主題為“开放合作·共享未来”。"),
            ("第十三点意见", "第十三点意见指出,要充满激情地工作,成人教育不可忽视。"),
            ("An essay on ｃｌａｓｓｉｃ analysis", "The assassin's classic cocktail in Scunthorpe and Essex."),
        ] {
            let answer = desk.post("/articles", &body(json!({"title": title, "body_html": format!("<p>{text}</p>")}))).await;
            answer.assert_status(201);
            let article = answer.json();
            assert_eq!(article["status"], "published", "{title}");
            let found = findings(&desk, &article).await;
            assert!(found.iter().all(|f| f["severity"] == "note"), "{title}: {found:?}");
        }
        // About gambling is not for gambling.
        let law = json!({"title": "我国网络赌博犯罪的刑法规制", "body_html": "<p>本文讨论赌场经营与网络赌博的刑事责任。开设赌场罪的认定,应当结合司法解释。</p>"});
        let article = desk.post("/articles", &body(law)).await.assert_status(201).json();
        assert_eq!(article["status"], "published");
    }

    /// A held article is not published by asking for it, and the answer says what to do and not what was found
    async fn a_held_article_is_not_published(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let (path, article) = desk.made("/articles", &body(json!({"title": format!("{SPAM}国际合作"), "status": "draft"}))).await;
        assert_eq!((&article["status"], &article["held_status"]), (&json!("quarantined"), &json!("draft")));
        for to in ["published", "scheduled"] {
            let order = json!({"to": to, "publish_at": "2026-02-01T00:00:00Z"});
            let tag = desk.tag(&path).await;
            let refused = desk.request("POST", &format!("{path}/transitions")).header("if-match", &tag).json(&order).send().await;
            let problem = refused.problem(409);
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(&format!("/api/v1/manage/findings?article_id={}", article["id"])), "{detail}");
            assert!(!refused.text().contains("赌"), "{refused}");
        }
        let refused = desk.patch(&path, &json!({"status": "published"})).await;
        refused.problem(409);
        // Anything else goes on behind the curtain.
        let tag = desk.tag(&path).await;
        let moved = desk.request("POST", &format!("{path}/transitions")).header("if-match", &tag).json(&json!({"to": "in_review"})).send().await;
        let moved = moved.assert_status(200).json();
        assert_eq!((&moved["status"], &moved["held_status"]), (&json!("quarantined"), &json!("in_review")));
        let listed = desk.get("/articles?status=quarantined").await.assert_status(200).json();
        assert_eq!(listed["items"][0]["id"], article["id"]);
        let why = desk.get(&format!("{path}/visibility")).await.assert_status(200).json();
        assert!(why["reasons"].as_array().unwrap().iter().any(|reason| reason["code"] == "held_back" && reason["is_blocking"] == true), "{why}");
    }

    /// A published article that gets such a text goes out of sight at once, and comes back with the save that takes it out
    async fn it_goes_and_comes_back_with_the_text(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let (path, article) = desk.made("/articles", &body(json!({}))).await;
        app.get(&format!("/api/v1{path}")).await.assert_status(200);
        let followed = app.get("/api/v1/articles/changes?limit=100").await.json();
        let cursor = followed["next_cursor"].as_str().map(str::to_owned);
        let held = desk.changed(&path, &json!({"body_html": format!("<p>灯塔。</p><p>{SPAM}</p>")})).await;
        assert_eq!((&held["status"], &held["held_status"]), (&json!("quarantined"), &json!("published")));
        is_gone(app, &article).await;
        if let Some(cursor) = cursor {
            let told = app.get(&format!("/api/v1/articles/changes?limit=100&since={cursor}")).await.json();
            assert!(told.to_string().contains("withdrawn_at"), "{told}");
        }
        // Other changes leave it there.
        let still = desk.changed(&path, &json!({"subtitle": "副题"})).await;
        assert_eq!(still["status"], "quarantined");
        let back = desk.changed(&path, &json!({"body_html": "<p>灯塔。</p>"})).await;
        assert_eq!((&back["status"], &back["held_status"]), (&json!("published"), &Value::Null));
        app.get(&format!("/api/v1{path}")).await.assert_status(200);
        assert!(findings(&desk, &article).await.is_empty());
        // What it said stays where only editors look, also for those who have a link.
        let (revisions, _) = desk.walk(&format!("{path}/revisions?limit=100")).await;
        assert_eq!(revisions.len(), 4);
        for number in 1..=4 {
            let token = app.preview_token(article["id"].as_i64().unwrap(), number);
            let status = if number == 2 || number == 3 { 404 } else { 200 };
            let shown = app.get(&format!("/api/v1/preview/{token}")).await;
            shown.assert_status(status);
            assert!(!shown.text().contains("赌"), "{shown}");
        }
        let restored = desk.request("POST", &format!("{path}/revisions/2/restore")).header("if-match", &desk.tag(&path).await).json(&json!({})).send().await;
        assert_eq!(restored.assert_status(200).json()["status"], "quarantined");
        is_gone(app, &article).await;
    }

    /// What cleaning took off holds the article back, too, until its body is sent without it
    async fn what_cleaning_takes_off_is_remembered(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let (path, article) = desk.made("/articles", &body(json!({"body_html": format!("<p>灯塔。</p><!--{SPAM}-->")}))).await;
        assert_eq!(article["status"], "quarantined");
        assert_eq!(article["body_html"], "<p>灯塔。</p>");
        let found = findings(&desk, &article).await;
        assert_eq!((found.len(), &found[0]["is_stored"]), (1, &json!(false)), "{found:?}");
        let same = desk.changed(&path, &json!({"subtitle": "副题"})).await;
        assert_eq!(same["status"], "quarantined");
        assert_eq!(findings(&desk, &article).await, found);
        let back = desk.changed(&path, &json!({"body_html": "<p>灯塔。</p>", "subtitle": null})).await;
        assert_eq!(back["status"], "published");
    }

    /// A file with such texts is taken in whole, and says how much of it is held back
    async fn an_import_goes_on_and_counts(app) {
        let spam = |text: &str| portal().article("bad", |a| a.title("灯塔").slug("lamp").body(&format!("<p>灯塔。</p><p>{text}</p>")));
        let report = app.import(&spam(SPAM));
        assert_eq!((report.held, report.fault_count, report.committed), (1, 0, true));
        let desk = app.desk("admin");
        let id = desk.get("/articles?status=quarantined").await.json()["items"][0]["id"].clone();
        is_gone(app, &json!({"id": id, "slug": "lamp"})).await;
        let before = findings(&desk, &json!({"id": id})).await;
        // Taken in twice nothing changes, not even the findings.
        let again = app.import(&spam(SPAM));
        assert_eq!((again.created, again.updated), (0, 0));
        assert_eq!(findings(&desk, &json!({"id": id})).await, before);
        // And a file without them lets it go.
        app.import(&spam("潮位。"));
        app.get(&format!("/api/v1/articles/{id}")).await.assert_status(200);
        assert!(findings(&desk, &json!({"id": id})).await.is_empty());
    }
}
