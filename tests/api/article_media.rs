//! What articles refer to of media: how it is said, kept, refused and shown.

use std::collections::BTreeSet;

use masthead::models::json::Doc;
use masthead::models::media::{NewMedia, StoredFile, Variant};
use masthead::service::export::ExportOptions;
use masthead::service::import::ImportOptions;
use masthead::store;
use serde_json::{Value, json};

use crate::exports::on_another;
use crate::support::desk::Desk;
use crate::support::media::{mp3, pdf, sha256};
use crate::support::{Portal, TestApp, on_both};

const PUBLIC: &str = "https://news.example.org/cms";

/// A file that is recorded; its bytes do not matter here.
struct File {
    id: i64,
    sha256: String,
    /// Below the API.
    path: String,
    /// With everything before it.
    url: String,
}

impl File {
    /// The absolute address of a smaller copy.
    fn variant(&self, width: i32) -> String {
        let (start, _) = self.url.rsplit_once('.').unwrap();
        format!("{start}-{width}.webp")
    }
}

/// Records a file: of a site, or of all.
fn file(app: &TestApp, site: Option<&str>, media_type: &str, extension: &str) -> File {
    let conn = &mut app.database().connect();
    let site_id = site.map(|slug| store::sites::find_id(conn, slug).unwrap().unwrap());
    let n = store::media_files::page(conn, "", 1000).unwrap().len();
    let sha256 = format!("{n:04x}").repeat(16);
    let is_picture = media_type.starts_with("image/");
    let variants = [(320, 213), (640, 427)].map(|(width, height)| Variant {
        width,
        height,
        size: i64::from(width),
    });
    let stored = StoredFile {
        sha256: sha256.clone(),
        media_type: media_type.to_owned(),
        size: 48_213,
        width: is_picture.then_some(1200),
        height: is_picture.then_some(800),
        variants: Doc(if is_picture {
            variants.to_vec()
        } else {
            Vec::new()
        }),
    };
    store::media_files::claim(conn, &stored, app.now()).unwrap();
    let new = NewMedia {
        site_id,
        key: format!("{n}.{extension}"),
        sha256: sha256.clone(),
        kind: "document",
        name: format!("文件{n}.{extension}"),
        alt: is_picture.then(|| "海面上的「浮标」🌊".to_owned()),
        created_by: None,
    };
    let id = store::media::insert(conn, &new, app.now()).unwrap();
    let path = format!("/api/v1/media/{id}/{}.{extension}", &sha256[..32]);
    File {
        id,
        url: format!("{PUBLIC}{path}"),
        sha256,
        path,
    }
}

fn picture(app: &TestApp) -> File {
    file(app, Some("demo"), "image/jpeg", "jpg")
}

fn portal() -> Portal {
    Portal::new("demo")
        .site(|s| s.set("default_locale", "zh-Hans"))
        .category("news")
        .article("other", |a| a)
}

/// A new article; its address behind `/manage`, and how it is.
async fn made(desk: &Desk<'_>, mut body: Value) -> (String, Value) {
    for (name, value) in [
        ("site", json!("demo")),
        ("category", json!("news")),
        ("locale", json!("zh-Hans")),
        ("title", json!("深海观测网")),
    ] {
        if body.get(name).is_none() {
            body[name] = value;
        }
    }
    desk.made("/articles", &body).await
}

/// The public page of an article.
async fn page(app: &TestApp, article: &Value) -> Value {
    let path = format!("/api/v1/articles/{}", article["id"]);
    app.get(&path).await.assert_status(200).json()
}

/// The media that an article uses.
fn uses(app: &TestApp, article: &Value) -> BTreeSet<i64> {
    let conn = &mut app.database().connect();
    let id = article["id"].as_i64().unwrap();
    // More than any test makes.
    let all = 1..=20;
    all.filter(|media| {
        store::media::articles_using(conn, *media, 0, 100)
            .unwrap()
            .contains(&id)
    })
    .collect()
}

/// The pointer and the detail of the one fault of a refusal.
#[track_caller]
fn fault(answer: &crate::support::client::Answer) -> (String, String) {
    let problem = answer.assert_problem(422, "invalid_body");
    let text = |name: &str| problem["errors"][0][name].as_str().unwrap().to_owned();
    (text("pointer"), text("detail"))
}

on_both! {
    /// Whether media are named by path, with the host or with the scheme, it is the same: kept once, shown absolute
    async fn however_media_are_named_it_is_the_same(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        let desk = app.desk("editor");
        let image = picture(app);
        for (n, said) in [
            image.path.clone(),
            image.url.clone(),
            format!("/cms{}", image.path),
            format!("//news.example.org/cms{}", image.path),
            image.url.replace("https://news", "HTTPS://News"),
            image.variant(320),
        ].into_iter().enumerate() {
            let body = json!({"slug": format!("s{n}"), "cover": said, "status": "published",
                "body_html": format!("<p><img src=\"{said}\" alt=\"图\"></p>")});
            let (address, article) = made(&desk, body).await;
            assert_eq!(article["cover"], image.url, "{said}");
            assert_eq!(article["body_html"], format!("<p><img src=\"{}\" alt=\"图\"></p>", image.url));
            assert_eq!(uses(app, &article), BTreeSet::from([image.id]));
            desk.unchanged(&address, &json!({"cover": said, "body_html": article["body_html"]})).await;
            let stored = store::articles::load(&mut app.database().connect(), &[article["id"].as_i64().unwrap()]).unwrap();
            assert_eq!(stored[0].content.state.cover.as_deref(), Some(image.path.as_str()));
            assert!(stored[0].content.texts[0].body_html.contains(&format!("src=\"{}\"", image.path)));
        }
    }

    /// A cover that is media comes with everything that is known of it, in pages and in lists; of one that is outside nothing is known
    async fn covers_come_with_what_is_known_of_them(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        let desk = app.desk("editor");
        let image = picture(app);
        let (_, article) = made(&desk, json!({"cover": image.path, "status": "published"})).await;
        let cover = json!({"url": image.url, "media_type": "image/jpeg", "size": 48213, "sha256": image.sha256, "width": 1200, "height": 800,
            "alt": "海面上的「浮标」🌊", "variants": [
                {"width": 320, "height": 213, "url": image.variant(320), "media_type": "image/webp", "size": 320},
                {"width": 640, "height": 427, "url": image.variant(640), "media_type": "image/webp", "size": 640},
            ]});
        assert_eq!(page(app, &article).await["cover"], cover);
        let list = app.get("/api/v1/articles?site=demo").await.json();
        assert_eq!(list["items"][0]["cover"], cover);
        assert_eq!(list["items"][1]["cover"], Value::Null);
        let changes = app.get("/api/v1/articles/changes?limit=100").await.json();
        let change = changes["items"].as_array().unwrap().iter().find(|c| c["id"] == article["id"]).unwrap();
        assert_eq!(change["article"]["cover"], cover);
        let neighbor = app.get(&format!("/api/v1/articles/{}?include=neighbors,related", app.article_id("other").await)).await.json();
        assert_eq!(neighbor["neighbors"]["next"]["cover"], cover);

        for outside in ["https://example.org/封面.jpg", "/covers/1.jpg", "covers/1.jpg", "https://news.example.org/api/v1/media/1/x.jpg"] {
            let (_, article) = made(&desk, json!({"cover": outside, "status": "published"})).await;
            assert_eq!(page(app, &article).await["cover"], json!({"url": outside, "media_type": null, "size": null, "sha256": null,
                "width": null, "height": null, "alt": null, "variants": []}));
            assert_eq!(article["cover"], outside);
            assert!(uses(app, &article).is_empty());
        }
    }

    /// Of attachments and recordings that are media, type, size and digest are those of the media, whatever was sent
    async fn files_are_what_the_media_are(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        let desk = app.desk("editor");
        let (report, image, sound) = (file(app, None, "application/pdf", "pdf"), picture(app), file(app, None, "audio/mpeg", "mp3"));
        let (address, article) = made(&desk, json!({
            "status": "published",
            "attachments": [
                {"name": "年度报告", "url": format!("{}#page=3", report.url), "media_type": "text/plain", "size": 1, "sha256": "0".repeat(64)},
                {"name": "图", "url": image.variant(640)},
                {"name": "外", "url": "https://example.org/a.pdf", "size": 7},
            ],
            "audio": [{"url": sound.path, "media_type": "audio/ogg", "duration_s": 60}],
        })).await;
        assert_eq!(article["attachments"][0], json!({"name": "年度报告", "url": format!("{}#page=3", report.url),
            "media_type": "application/pdf", "size": 48213, "sha256": report.sha256}));
        assert_eq!(article["attachments"][1]["url"], image.url);
        assert_eq!(article["audio"][0]["media_type"], "audio/mpeg");
        assert_eq!(uses(app, &article), BTreeSet::from([report.id, image.id, sound.id]));
        // What was answered can be sent back.
        desk.unchanged(&address, &json!({"attachments": article["attachments"], "audio": article["audio"]})).await;

        let shown = page(app, &article).await;
        let files = shown["attachments"].as_array().unwrap();
        assert_eq!((&files[0]["sha256"], &files[0]["width"], &files[0]["variants"]), (&json!(report.sha256), &Value::Null, &json!([])));
        assert_eq!((&files[1]["width"], &files[1]["variants"][1]["url"]), (&json!(1200), &json!(image.variant(640))));
        assert_eq!(files[1]["alt"], "海面上的「浮标」🌊");
        assert_eq!((&files[2]["size"], &files[2]["sha256"], &files[2]["alt"]), (&json!(7), &Value::Null, &Value::Null));
        assert_eq!(shown["audio"], json!([{"url": sound.url, "media_type": "audio/mpeg", "size": 48213, "sha256": sound.sha256,
            "duration_s": 60, "locale": "zh-Hans", "stale": false}]));

        let twice = json!([{"name": "甲", "url": report.url}, {"name": "乙", "url": report.path}]);
        let (pointer, detail) = fault(&desk.patch(&address, &json!({"attachments": twice})).await);
        assert_eq!(pointer, "/attachments/1/url");
        assert!(detail.contains("attachments[0]"), "{detail}");

        let less = desk.changed(&address, &json!({"attachments": null})).await;
        assert_eq!(uses(app, &less), BTreeSet::from([sound.id]));
    }

    /// What leads to no media, to those of another site or to a file that they do not have is refused, and the member is named
    async fn addresses_that_lead_nowhere_are_refused(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        app.import(&Portal::new("elsewhere").category("news"));
        let desk = app.desk("editor");
        let (image, sound, strange) = (picture(app), file(app, None, "audio/mpeg", "mp3"), file(app, Some("elsewhere"), "image/png", "png"));
        let (address, article) = made(&desk, json!({"cover": image.url, "translations": [
            {"locale": "en", "title": "T", "body_html": ""}, {"locale": "zh-Hant", "title": "題", "body_html": ""}]})).await;
        let gone = "/api/v1/media/9007199254740991/0f.jpg";
        let wrong = image.path.replace(".jpg", ".png");
        let guessed = image.variant(999);
        let translation = |locale: &str, html: &str| json!({"locale": locale, "title": "T", "body_html": html});
        for (change, pointer, said) in [
            (json!({"cover": gone}), "/cover", "upload"),
            (json!({"cover": strange.url}), "/cover", "another site"),
            (json!({"cover": wrong}), "/cover", "does not have"),
            (json!({"cover": guessed}), "/cover", "does not have"),
            (json!({"cover": format!("{}/x", image.path)}), "/cover", "does not have"),
            (json!({"cover": "/api/v1/media/中文"}), "/cover", "upload"),
            (json!({"cover": sound.url}), "/cover", "give a picture"),
            (json!({"attachments": [{"name": "a", "url": "/a"}, {"name": "b", "url": gone}]}), "/attachments/1/url", "upload"),
            (json!({"audio": [{"url": image.path}]}), "/audio/0/url", "give a recording"),
            (json!({"body_html": format!("<p>好</p><img src=\"{gone}\">")}), "/body_html", "upload"),
            (json!({"body_html": format!("<a href='{}'>x</a>", strange.path)}), "/body_html", "another site"),
            // In the order of the request, which is not that in which they are kept.
            (json!({"translations": [translation("zh-Hant", ""), translation("en", &format!("<img src='{gone}'>"))]}), "/translations/1/body_html", "upload"),
        ] {
            let (found, detail) = fault(&desk.patch(&address, &change).await);
            assert_eq!(found, pointer, "{change}");
            assert!(detail.contains(said), "{detail}");
        }
        let put = desk.request("PUT", &format!("{address}/translations/en")).header("if-match", "*")
            .json(&json!({"title": "T", "body_html": format!("<img src=\"{gone}\">")})).send().await;
        assert_eq!(fault(&put).0, "/body_html");
        let answer = desk.post("/articles", &json!({"site": "demo", "category": "news", "title": "题", "cover": gone})).await;
        assert_eq!(fault(&answer).0, "/cover");
        assert_eq!(desk.get(&address).await.json(), article);
    }

    /// Pictures of a body that are media come in all their sizes; what only looks like a tag stays as it is
    async fn pictures_of_a_body_come_in_all_their_sizes(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        let desk = app.desk("editor");
        let (image, report) = (picture(app), file(app, None, "application/pdf", "pdf"));
        let text = format!("<p title=\"&lt;img src='{0}'&gt;\">src=\"{0}\" 中文 &lt;img src=\"{0}\"&gt;</p>", image.path);
        let body = format!(
            "{text}<figure><img src=\"{0}\" alt=\"浮标 &amp; 海\"></figure><img src=\"{1}\" width=\"100\"><a href=\"{1}\">小图</a>\
             <a href=\"{2}#page=2\">报告</a><img src=\"https://example.org/x.jpg\"><img src=\"/local.png\">",
            image.path, image.variant(320), report.path
        );
        let (_, article) = made(&desk, json!({"body_html": body, "status": "published"})).await;
        let srcset = format!("{} 320w, {} 640w, {} 1200w", image.variant(320), image.variant(640), image.url);
        assert_eq!(page(app, &article).await["body_html"].as_str().unwrap(), format!(
            "{text}<figure><img src=\"{url}\" alt=\"浮标 &amp; 海\" srcset=\"{srcset}\" width=\"1200\" height=\"800\"></figure>\
             <img src=\"{url}\" width=\"100\" alt=\"海面上的「浮标」🌊\" srcset=\"{srcset}\"><a href=\"{small}\" rel=\"noopener noreferrer\">小图</a>\
             <a href=\"{pdf}#page=2\" rel=\"noopener noreferrer\">报告</a><img src=\"https://example.org/x.jpg\"><img src=\"/local.png\">",
            url = image.url, small = image.variant(320), pdf = report.url
        ));
        assert_eq!(uses(app, &article), BTreeSet::from([image.id, report.id]));
        // Those who edit get no sizes, and what readers get may be sent.
        assert!(!article["body_html"].as_str().unwrap().contains("srcset"));
        let (_, again) = made(&desk, json!({"body_html": page(app, &article).await["body_html"], "slug": "again"})).await;
        assert!(!again["body_html"].as_str().unwrap().contains("srcset"), "{again}");
        assert_eq!(uses(app, &again), uses(app, &article));
    }

    /// A picture far wider than its copies is not offered beside them
    async fn large_originals_are_not_among_the_sizes(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        let desk = app.desk("editor");
        let image = picture(app);
        let (_, article) = made(&desk, json!({"status": "published", "body_html": format!("<img src=\"{}\" alt=\"图\">", image.path)})).await;
        let copies = format!("{} 320w, {} 640w", image.variant(320), image.variant(640));
        for (width, sizes) in [(1280, format!("{copies}, {} 1280w", image.url)), (1281, copies.clone()), (12_000, copies.clone())] {
            app.database().execute(&format!("UPDATE media_files SET width = {width}, height = 800 WHERE sha256 = '{}'", image.sha256));
            assert_eq!(page(app, &article).await["body_html"], format!(
                "<img src=\"{}\" alt=\"图\" srcset=\"{sizes}\" width=\"{width}\" height=\"800\">", image.url
            ));
        }
    }

    /// A picture of a body whose text says nothing of it says what its media say; an empty `alt` is kept
    async fn pictures_say_what_they_show(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        let desk = app.desk("editor");
        let (told, silent) = (picture(app), picture(app));
        for (image, alt) in [(&told, "'「浮标」<b> & \"海\" 🌊Ａ'"), (&silent, "NULL")] {
            app.database().execute(&format!("UPDATE media SET alt = {alt} WHERE id = {}", image.id));
        }
        let body = format!("<img src=\"{0}\"><img src=\"{0}\" alt=\"\"><img src=\"{0}\" alt=\"另\"><img src=\"{1}\"><a href=\"{0}\">x</a>", told.path, silent.path);
        let (_, article) = made(&desk, json!({"status": "published", "body_html": body})).await;
        assert!(!article["body_html"].as_str().unwrap().contains("浮标"), "{article}");
        let shown = page(app, &article).await["body_html"].as_str().unwrap().to_owned();
        let alts: Vec<Option<&str>> = shown.split("<img").skip(1)
            .map(|tag| tag.split_once("alt=\"").map(|(_, alt)| alt.split_once('"').unwrap().0)).collect();
        assert_eq!(alts, [Some("「浮标」&lt;b&gt; &amp; &quot;海&quot; 🌊Ａ"), Some(""), Some("另"), None], "{shown}");
    }

    /// An article with media takes one statement more than one without, however many media there are, and so does a list
    async fn media_cost_one_statement(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        let desk = app.desk("editor");
        let images: Vec<File> = (0..5).map(|_| picture(app)).collect();
        let pictures: String = images.iter().map(|i| format!("<img src=\"{}\">", i.path)).collect();
        let (_, with) = made(&desk, json!({"status": "published", "slug": "with", "body_html": pictures, "cover": images[0].path})).await;
        let (_, without) = made(&desk, json!({"status": "published", "slug": "without", "body_html": "<p>字</p>"})).await;
        let (_, several) = made(&desk, json!({"status": "published", "slug": "several", "body_html": pictures, "cover": images[1].path})).await;
        let cost = async |path: &str| {
            app.get(path).await.assert_status(200);
            let before = app.statements();
            app.get(path).await.assert_status(200);
            app.statements() - before
        };
        let bare = cost(&format!("/api/v1/articles/{}", without["id"])).await;
        assert_eq!(cost(&format!("/api/v1/articles/{}", with["id"])).await, bare + 1);
        assert_eq!(cost(&format!("/api/v1/articles/{}", several["id"])).await, bare + 1);
        let bare = cost(&format!("/api/v1/articles?ids={}", without["id"])).await;
        let ids = format!("/api/v1/articles?ids={},{},{}", with["id"], several["id"], without["id"]);
        assert_eq!(cost(&ids).await, bare + 1);
    }

    /// What an article said comes back without the media that are gone
    async fn a_restored_article_leaves_out_media_that_are_gone(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        let desk = app.desk("editor");
        let (kept, lost, sound) = (picture(app), picture(app), file(app, None, "audio/mpeg", "mp3"));
        let (address, article) = made(&desk, json!({
            "cover": lost.path,
            "attachments": [{"name": "丢", "url": lost.path}, {"name": "留", "url": kept.path}, {"name": "外", "url": "/a.pdf"}],
            "audio": [{"url": sound.url}, {"url": "/b.mp3"}],
            "body_html": format!("<p>甲<img src=\"{0}\" alt=\"丢\">乙<a href=\"{0}\" title=\"题\">丙</a><img src=\"{1}\"></p>", lost.url, kept.url),
        })).await;
        let bare = desk.changed(&address, &json!({"cover": null, "attachments": null, "audio": null, "body_html": "<p>空</p>"})).await;
        assert!(uses(app, &bare).is_empty());
        let conn = &mut app.database().connect();
        for gone in [&lost, &sound] {
            store::media::delete(conn, gone.id).unwrap();
        }
        // The revision still says what it said.
        let revision = desk.get(&format!("{address}/revisions/1")).await.assert_status(200).json();
        assert_eq!(revision["article"]["cover"], lost.url);
        let diff = desk.get(&format!("{address}/revisions/2/diff")).await.assert_status(200).json();
        let cover = diff["fields"].as_array().unwrap().iter().find(|f| f["field"] == "cover").unwrap();
        assert_eq!((&cover["before"], &cover["after"]), (&json!(lost.url), &Value::Null));
        let preview = app.get(&format!("/api/v1/preview/{}", app.preview_token(article["id"].as_i64().unwrap(), 1))).await.assert_status(200).json();
        assert_eq!((&preview["cover"]["url"], &preview["cover"]["width"]), (&json!(lost.url), &Value::Null));
        assert_eq!(preview["attachments"][1]["width"], 1200);
        assert!(preview["body_html"].as_str().unwrap().contains(&format!("{} 320w", kept.variant(320))));

        let answer = desk.request("POST", &format!("{address}/revisions/1/restore")).header("if-match", "*").json(&json!({})).send().await;
        let restored = answer.assert_status(200).json();
        assert_eq!(restored["cover"], Value::Null);
        let names: Vec<&str> = restored["attachments"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["留", "外"]);
        assert_eq!(restored["audio"].as_array().unwrap().len(), 1);
        assert_eq!(restored["body_html"], format!("<p>甲乙<a title=\"题\" rel=\"noopener noreferrer\">丙</a><img src=\"{}\"></p>", kept.url));
        assert_eq!(uses(app, &restored), BTreeSet::from([kept.id]));
    }

    /// What an article said comes back with the bytes that its media have now, and says of them what they are
    async fn a_restored_article_has_the_bytes_of_now(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        let desk = app.desk("editor");
        let dir = tempfile::tempdir().unwrap();
        let import = |report: &[u8], sound: &[u8]| {
            std::fs::write(dir.path().join("报告.pdf"), report).unwrap();
            std::fs::write(dir.path().join("朗读.mp3"), sound).unwrap();
            let line = |key: &str| json!({"type": "media", "site": "demo", "key": key});
            let lines = format!("{{\"type\":\"portal\",\"version\":1}}\n{}\n{}\n", line("报告.pdf"), line("朗读.mp3"));
            let options = ImportOptions { keep_going: false, media: Some(dir.path()) };
            let report = app.app.services().import.run(lines.as_bytes(), options, |_| {}).unwrap();
            assert_eq!(report.faults, []);
        };
        import(&pdf("旧"), &mp3(40));
        let files = desk.get("/media?limit=100").await.assert_status(200).json();
        let url = |key: &str| files["items"].as_array().unwrap().iter().find(|file| file["key"] == key).unwrap()["url"].clone();
        let (address, old) = made(&desk, json!({
            "status": "published",
            "attachments": [{"name": "报告", "url": format!("{}#page=2", url("报告.pdf").as_str().unwrap())}, {"name": "外", "url": "/a.pdf", "size": 7}],
            "audio": [{"url": url("朗读.mp3"), "duration_s": 1}],
        })).await;
        assert_eq!(old["attachments"][0]["sha256"], sha256(pdf("旧")));
        desk.changed(&address, &json!({"attachments": null, "audio": null})).await;
        let new = pdf("新的年度报告");
        import(&new, &mp3(60));
        let answer = desk.request("POST", &format!("{address}/revisions/1/restore")).header("if-match", "*").json(&json!({})).send().await;
        let restored = answer.assert_status(200).json();
        let of_name = |digest: &str, extension: &str| format!("{}.{extension}", &digest[..32]);
        let attachment = &restored["attachments"][0];
        assert!(attachment["url"].as_str().unwrap().ends_with(&format!("/{}#page=2", of_name(&sha256(&new), "pdf"))), "{attachment}");
        assert_eq!((&attachment["sha256"], &attachment["size"], &attachment["media_type"]), (&json!(sha256(&new)), &json!(new.len()), &json!("application/pdf")));
        assert_eq!((&restored["attachments"][1]["size"], &restored["attachments"][1]["sha256"]), (&json!(7), &Value::Null));
        assert!(restored["audio"][0]["url"].as_str().unwrap().ends_with(&of_name(&sha256(mp3(60)), "mp3")), "{restored}");
        assert_eq!((&restored["audio"][0]["media_type"], &restored["audio"][0]["stale"]), (&json!("audio/mpeg"), &json!(false)));
        let shown = page(app, &restored).await;
        assert_eq!((&shown["attachments"][0]["sha256"], &shown["attachments"][0]["size"]), (&json!(sha256(&new)), &json!(new.len())));
        assert_eq!(shown["audio"][0]["sha256"], sha256(mp3(60)));
        desk.unchanged(&address, &json!({"attachments": restored["attachments"], "audio": restored["audio"]})).await;
    }

    /// Nobody but who works on a draft learns of the media in it, nor of those that an address only guesses
    async fn media_of_drafts_do_not_leak(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        app.import(&Portal::new("elsewhere").category("news"));
        let desk = app.desk("editor");
        let (image, secret) = (picture(app), file(app, Some("elsewhere"), "image/png", "png"));
        let (address, _) = made(&desk, json!({"slug": "draft", "cover": image.path, "body_html": format!("<img src=\"{}\">", image.path)})).await;
        let digits = &image.sha256[..32];
        for path in ["/api/v1/articles", "/api/v1/articles/changes", "/api/v1/articles?has_attachments=false"] {
            assert!(!app.get(path).await.text().contains(digits), "{path}");
        }
        app.get(&address.replace("/articles", "/api/v1/articles")).await.assert_problem(404, "not_found");
        app.get("/api/v1/sites/demo/articles/draft").await.assert_problem(404, "not_found");
        // An address that got past the checks shows nothing of what it does not name wholly.
        let (_, article) = made(&desk, json!({"slug": "odd", "status": "published"})).await;
        let id = article["id"].as_i64().unwrap();
        for guess in [format!("/api/v1/media/{}/x.jpg", image.id), secret.path.clone()] {
            app.database().execute(&format!("UPDATE articles SET cover = '{guess}' WHERE id = {id}"));
            app.database().execute(&format!("UPDATE article_texts SET body_html = '<img src=\"{guess}\">' WHERE article_id = {id}"));
            let shown = page(app, &article).await;
            assert_eq!((&shown["cover"]["sha256"], &shown["cover"]["variants"]), (&Value::Null, &json!([])));
            assert!(!shown["body_html"].as_str().unwrap().contains("srcset"), "{shown}");
        }
    }

    /// A recording is stale once title, subtitle or words of the rendition that it reads are others, and no longer once they are back
    async fn recordings_know_what_they_read(app, |s| s.var("MASTHEAD_PUBLIC_URL", PUBLIC)) {
        app.import(&portal());
        let desk = app.desk("editor");
        let sound = file(app, None, "audio/mpeg", "mp3");
        let (address, article) = made(&desk, json!({
            "status": "published", "subtitle": "副题", "body_html": "<p>观测网覆盖整个海区。</p>",
            "audio": [{"url": sound.url, "duration_s": 60}, {"url": "/hant.mp3", "locale": "zh-Hant"}, {"url": "/en.mp3", "locale": "en"}],
            "translations": [
                {"locale": "zh-Hant", "title": "深海觀測網", "body_html": "<p>觀測網覆蓋整個海區。</p>"},
                {"locale": "en", "title": "Network", "body_html": "<p>It covers the sea.</p>"},
            ],
        })).await;
        let known = |article: &Value| -> Vec<(String, Value, bool)> {
            article["audio"].as_array().unwrap().iter()
                .map(|a| (a["locale"].as_str().unwrap().to_owned(), a["revision"].clone(), a["stale"].as_bool().unwrap())).collect()
        };
        let all = |own: bool, hant: bool, en: bool| vec![
            ("zh-Hans".to_owned(), json!(1), own), ("zh-Hant".to_owned(), json!(1), hant), ("en".to_owned(), json!(1), en),
        ];
        assert_eq!(known(&article), all(false, false, false));
        // Emphasis, links and what is no text change nothing.
        let same = desk.changed(&address, &json!({"body_html": "<p>观测网<b>覆盖</b>整个<a href=\"/x\">海区</a>。</p>", "byline": "林晓岚"})).await;
        assert_eq!(known(&same), all(false, false, false));
        for (change, back) in [
            (json!({"title": "深海观测网建成"}), json!({"title": "深海观测网"})),
            (json!({"subtitle": null}), json!({"subtitle": "副题"})),
            (json!({"body_html": "<p>观测网覆盖整个海区!</p>"}), json!({"body_html": "<p>观测网覆盖整个海区。</p>"})),
        ] {
            assert_eq!(known(&desk.changed(&address, &change).await), all(true, false, false), "{change}");
            assert_eq!(known(&desk.changed(&address, &back).await), all(false, false, false), "{back}");
        }
        let put = desk.request("PUT", &format!("{address}/translations/en")).header("if-match", "*")
            .json(&json!({"title": "Network", "body_html": "<p>It covers all of the sea.</p>"})).send().await;
        assert_eq!(known(&put.assert_status(200).json()), all(false, false, true));
        let shown = page(app, &article).await;
        assert_eq!(shown["audio"].as_array().unwrap().iter().map(|a| a["stale"].as_bool().unwrap()).collect::<Vec<_>>(), [false, false, true]);
        assert!(shown["audio"][0].get("revision").is_none());
        // Without its rendition a recording is stale as well.
        let deleted = desk.request("DELETE", &format!("{address}/translations/zh-Hant")).header("if-match", "*").send().await;
        assert_eq!(known(&deleted.assert_status(200).json()), all(false, true, true));
        let diff = desk.get(&format!("{address}/revisions/{}/diff", deleted.json()["revision"])).await.json();
        let audio = diff["fields"].as_array().unwrap().iter().find(|f| f["field"] == "audio").unwrap();
        assert_eq!(audio["items"][0]["members"], json!([{"name": "stale", "before": "false", "after": "true"}]));
    }

    /// A new recording reads what is saved with it, or what the revision said that is named; one that stays, what it read before
    async fn a_recording_is_made_for_a_revision(app) {
        app.import(&portal());
        let desk = app.desk("editor");
        let (address, _) = made(&desk, json!({"body_html": "<p>一</p>", "audio": [{"url": "/1.mp3"}]})).await;
        let only = |article: &Value| (article["audio"][0]["revision"].clone(), article["audio"][0]["stale"].clone());
        // With the text that it is sent with.
        let second = desk.changed(&address, &json!({"body_html": "<p>二</p>", "audio": [{"url": "/2.mp3"}]})).await;
        assert_eq!(only(&second), (json!(2), json!(false)));
        // As the answer has it: it stays what it was.
        let third = desk.changed(&address, &json!({"body_html": "<p>三</p>", "audio": second["audio"]})).await;
        assert_eq!(only(&third), (json!(2), json!(true)));
        desk.unchanged(&address, &json!({"audio": [{"url": "/2.mp3"}]})).await;
        desk.unchanged(&address, &json!({"audio": third["audio"]})).await;
        // For the text as it is.
        let fourth = desk.changed(&address, &json!({"audio": [{"url": "/2.mp3", "revision": 3}]})).await;
        assert_eq!(only(&fourth), (json!(3), json!(false)));
        // For one of long ago.
        let fifth = desk.changed(&address, &json!({"audio": [{"url": "/3.mp3", "revision": 1}]})).await;
        assert_eq!(only(&fifth), (json!(1), json!(true)));
        let sixth = desk.changed(&address, &json!({"body_html": "<p>一</p>"})).await;
        assert_eq!(only(&sixth), (json!(1), json!(false)));
        for (audio, pointer) in [
            (json!([{"url": "/4.mp3", "revision": 99}]), "/audio/0/revision"),
            (json!([{"url": "/3.mp3"}, {"url": "/4.mp3", "locale": "en"}]), "/audio/1/locale"),
            (json!([{"url": "/4.mp3", "revision": 0}]), "/audio/0/revision"),
            (json!([{"url": "/4.mp3", "locale": "?"}]), "/audio/0/locale"),
            ((1..=11).map(|n| json!({"url": format!("/{n}.mp3"), "revision": 100 + n})).collect(), "/audio"),
        ] {
            assert_eq!(fault(&desk.patch(&address, &json!({"audio": audio})).await).0, pointer, "{audio}");
        }
        let answer = desk.request("POST", &format!("{address}/revisions/3/restore")).header("if-match", "*").json(&json!({})).send().await;
        assert_eq!(only(&answer.assert_status(200).json()), (json!(2), json!(true)));
    }

    /// Recordings that were there before anybody noted what they read were made for what the article said then
    async fn old_recordings_read_what_there_was(app) {
        app.import(&portal());
        let desk = app.desk("editor");
        let (address, article) = made(&desk, json!({"body_html": "<p>一</p>"})).await;
        app.database().execute(&format!(
            "UPDATE articles SET audio = '[{{\"url\":\"/1.mp3\",\"media_type\":null,\"duration_s\":3}}]' WHERE id = {}", article["id"]
        ));
        let old = desk.get(&address).await.json();
        assert_eq!(old["audio"], json!([{"url": "/1.mp3", "media_type": null, "duration_s": 3, "locale": "zh-Hans", "revision": null, "stale": false}]));
        desk.unchanged(&address, &json!({"audio": old["audio"]})).await;
        assert_eq!(desk.changed(&address, &json!({"byline": "某"})).await["audio"][0]["stale"], false);
        assert_eq!(desk.changed(&address, &json!({"body_html": "<p>二</p>"})).await["audio"][0]["stale"], true);
        assert_eq!(desk.changed(&address, &json!({"body_html": "<p>一</p>"})).await["audio"][0]["stale"], false);
    }

    /// Files say which rendition a recording reads and whether it is stale; importing them again changes nothing
    async fn recordings_travel_in_files(app) {
        let portal = |body: &str, audio: Value| Portal::new("demo").article("a", |a| a
            .set("locale", "zh-Hans").set("body_html", body).set("audio", audio)
            .set("translations", json!([{"locale": "en", "title": "T", "body_html": "<p>one</p>"}])));
        let audio = json!([{"url": "/1.mp3"}, {"url": "/2.mp3", "locale": "en", "stale": true}]);
        let first = portal("<p>一</p>", audio.clone());
        app.import(&first);
        let stale = async || -> Vec<bool> {
            let shown = app.get("/api/v1/sites/demo/articles/a").await.json();
            shown["audio"].as_array().unwrap().iter().map(|a| a["stale"].as_bool().unwrap()).collect()
        };
        assert_eq!(stale().await, [false, true]);
        let again = app.import(&first);
        assert_eq!((again.created, again.updated), (0, 0));
        assert_eq!(stale().await, [false, true]);
        app.import(&portal("<p>二</p>", audio));
        assert_eq!(stale().await, [true, true]);
        app.import(&portal("<p>二</p>", json!([{"url": "/1.mp3", "stale": false}, {"url": "/2.mp3", "locale": "en"}])));
        assert_eq!(stale().await, [false, true]);
    }

    /// A recording whose rendition was deleted may be sent back as it was got, and stays stale; a new one needs a rendition
    async fn recordings_outlive_their_rendition(app) {
        app.import(&portal());
        let desk = app.desk("editor");
        let english = json!({"locale": "en", "title": "T", "body_html": "<p>one</p>"});
        let (address, article) = made(&desk, json!({
            "status": "published", "audio": [{"url": "/zh.mp3"}, {"url": "/en.mp3", "locale": "en", "duration_s": 5}], "translations": [english],
        })).await;
        let deleted = desk.request("DELETE", &format!("{address}/translations/en")).header("if-match", "*").send().await;
        let got = deleted.assert_status(200).json()["audio"].clone();
        assert_eq!(got[1], json!({"url": "/en.mp3", "media_type": null, "duration_s": 5, "locale": "en", "revision": 1, "stale": true}));
        desk.unchanged(&address, &json!({"audio": got})).await;
        desk.unchanged(&address, &json!({"audio": [{"url": "/zh.mp3"}, {"url": "/en.mp3", "locale": "en", "duration_s": 5}]})).await;
        let longer = json!([got[0], {"url": "/en.mp3", "locale": "en", "duration_s": 6}]);
        let changed = desk.changed(&address, &json!({"audio": longer})).await;
        assert_eq!((&changed["audio"][1]["stale"], &changed["audio"][1]["revision"]), (&json!(true), &json!(1)));
        assert_eq!(page(app, &article).await["audio"][1]["stale"], true);
        // `stale` of a request decides nothing, so others are refused as before.
        for (recording, pointer) in [
            (json!({"url": "/new.mp3", "locale": "en", "stale": true}), "/audio/1/locale"),
            (json!({"url": "/en.mp3", "locale": "zh-Hant", "stale": true}), "/audio/1/locale"),
            (json!({"url": "/en.mp3", "locale": "en", "revision": 2}), "/audio/1/locale"),
        ] {
            let (found, detail) = fault(&desk.patch(&address, &json!({"audio": [got[0], recording]})).await);
            assert_eq!(found, pointer, "{recording}");
            assert!(detail.contains("names no rendition"), "{detail}");
        }
        // What it was made for is not forgotten: the same words come back, and it reads them.
        let back = desk.changed(&address, &json!({"translations": [english]})).await;
        assert_eq!(back["audio"][1]["stale"], false);
        let gone = desk.changed(&address, &json!({"translations": null, "audio": back["audio"]})).await;
        assert_eq!(gone["audio"][1]["stale"], true);
        let other = json!([{"locale": "en", "title": "T", "body_html": "<p>two</p>"}]);
        assert_eq!(desk.changed(&address, &json!({"translations": other, "audio": gone["audio"]})).await["audio"][1]["stale"], true);
    }

    /// A file that says that a recording without a rendition is stale is taken, so that an export comes back in an empty database
    async fn recordings_without_a_rendition_travel_in_files(app) {
        let portal = |recording: Value, english: bool| Portal::new("demo").article("a", |a| {
            let a = a.set("locale", "zh-Hans").set("body_html", "<p>一</p>").set("audio", json!([{"url": "朗读.mp3"}, recording]));
            a.set("translations", if english { json!([{"locale": "en", "title": "T", "body_html": "<p>one</p>"}]) } else { Value::Null })
        });
        let import = |app: &TestApp, text: &str, dir: &std::path::Path| {
            let options = ImportOptions { keep_going: false, media: Some(dir) };
            app.app.services().import.run(text.as_bytes(), options, |_| {}).unwrap()
        };
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("朗读.mp3"), mp3(40)).unwrap();
        std::fs::write(dir.path().join("en.mp3"), mp3(60)).unwrap();
        let recording = json!({"url": "en.mp3", "locale": "en"});
        assert_eq!(import(app, &portal(recording.clone(), true).lines(), dir.path()).faults, []);
        let desk = app.desk("editor");
        let address = format!("/articles/{}", app.article_id("a").await);
        let deleted = desk.request("DELETE", &format!("{address}/translations/en")).header("if-match", "*").send().await;
        deleted.assert_status(200);
        let stale = async |app: &TestApp| -> Vec<Value> {
            let shown = app.get("/api/v1/sites/demo/articles/a").await.json();
            shown["audio"].as_array().unwrap().iter().map(|a| json!([a["locale"], a["stale"]])).collect()
        };
        let expected = [json!(["zh-Hans", false]), json!(["en", true])];
        assert_eq!(stale(app).await, expected);

        let out = tempfile::tempdir().unwrap();
        let export = |app: &TestApp, dir: &std::path::Path| {
            let mut file = Vec::new();
            app.app.services().export.run(&mut file, ExportOptions { site: None, media: Some(dir), held: false }).unwrap();
            String::from_utf8(file).unwrap()
        };
        let file = export(app, out.path());
        let again = import(app, &file, out.path());
        assert_eq!((again.faults.as_slice(), again.created, again.updated), ([].as_slice(), 0, 0));
        on_another(app, async |other| {
            assert_eq!(import(other, &file, out.path()).faults, []);
            assert_eq!(stale(other).await, expected);
            let again = import(other, &file, out.path());
            assert_eq!((again.faults.as_slice(), again.created, again.updated), ([].as_slice(), 0, 0));
            assert_eq!(export(other, tempfile::tempdir().unwrap().path()), file);
            // What it read is not known there, so no rendition makes it read well but one that a file calls so.
            assert_eq!(import(other, &portal(json!({"url": "en.mp3", "locale": "en", "stale": true}), true).lines(), dir.path()).faults, []);
            assert_eq!(stale(other).await, expected);
            assert_eq!(import(other, &portal(json!({"url": "en.mp3", "locale": "en", "stale": false}), true).lines(), dir.path()).faults, []);
            assert_eq!(stale(other).await, [json!(["zh-Hans", false]), json!(["en", false])]);
            let fresh = portal(json!({"url": "en.mp3", "locale": "en", "stale": false}), false);
            let report = import(other, &fresh.lines(), dir.path());
            assert!(report.faults[0].to_string().contains("audio[1].locale: names no rendition"), "{report:?}");
            let unknown = portal(json!({"url": "new.mp3", "locale": "en"}), false);
            std::fs::write(dir.path().join("new.mp3"), mp3(50)).unwrap();
            let report = import(other, &unknown.lines(), dir.path());
            assert!(report.faults[0].to_string().contains("audio[1].locale: names no rendition"), "{report:?}");
        })
        .await;
    }
}
