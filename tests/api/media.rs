//! Files in management: uploading, listing, changing and deleting them, and who may.

use masthead::models::access::{Role, Scope};
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::desk::{Desk, long_text};
use crate::support::media::{
    Form, animated_gif, docx, gif, jpeg, jpeg_turned, mp3, path, pdf, png, sha256, webp, zip,
};
use crate::support::{Portal, TestApp, on_both};

/// Where a file is in management, behind `/api/v1/manage`.
fn address(file: &Value) -> String {
    format!("/media/{}", file["id"])
}

/// The names of the files in the storage, in order.
fn kept(app: &TestApp) -> Vec<String> {
    let stored = app.kept().stored.into_keys();
    stored
        .map(|key| key.split_once('/').unwrap().1.to_owned())
        .collect()
}

/// The names of a list of files, in its order.
async fn names(desk: &Desk<'_>, query: &str) -> Vec<String> {
    let (items, _) = desk.walk(&format!("/media?limit=2{query}")).await;
    items
        .iter()
        .map(|file| file["name"].as_str().unwrap().to_owned())
        .collect()
}

/// An article in management that says this besides.
async fn article(desk: &Desk<'_>, more: Value) -> (String, Value) {
    let mut body = json!({"site": "demo", "category": "news", "title": "用图的文章", "body_html": "<p>文</p>"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    desk.made("/articles", &body).await
}

on_both! {
    /// An upload is answered with all that is known of the file, and its smaller copies are there
    async fn an_upload_is_answered_with_all_that_is_known(app, |s| s.var("MASTHEAD_PUBLIC_URL", "https://news.example.org/cms")) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let bytes = jpeg(1000, 500);
        let sum = sha256(&bytes);
        let form = Form::new().text("alt", "海面上的「浮标」🌊").file("观测网（ＡＢＣ）👩‍🔬.JPG", &bytes).text("site", "demo");
        let answer = desk.upload(&form).await;
        let file = answer.assert_status(201).json();
        let id = &file["id"];
        let start = format!("https://news.example.org/cms/api/v1/media/{id}/{}", &sum[..32]);
        let variants = &file["variants"];
        let variant = |at: usize, width: u32, height: u32| json!({"width": width, "height": height, "url": format!("{start}-{width}.webp"),
            "media_type": "image/webp", "size": variants[at]["size"]});
        assert_eq!(file, json!({
            "id": id, "site": "demo", "key": file["key"], "name": "观测网（ＡＢＣ）👩‍🔬.JPG", "alt": "海面上的「浮标」🌊", "url": format!("{start}.jpg"),
            "kind": "image", "media_type": "image/jpeg", "size": bytes.len(), "sha256": sum, "width": 1000, "height": 500,
            "variants": [variant(0, 320, 160), variant(1, 640, 320), variant(2, 960, 480)],
            "is_used": false, "is_held": false, "created_by": 1, "version": 1, "created_at": "2026-01-15T04:00:00Z", "updated_at": "2026-01-15T04:00:00Z",
        }));
        assert!(file["key"].as_str().unwrap().ends_with(".jpg"), "{file}");
        assert_eq!(answer.header("location"), Some(format!("/api/v1/manage/media/{id}").as_str()));
        assert_eq!((answer.header("etag"), answer.header("cache-control")), (Some("\"1\""), Some("private, no-store")));
        assert_eq!(desk.found(&desk.get(&address(&file)).await).0, file);
        assert_eq!(kept(app), [sum.clone(), format!("{sum}-320"), format!("{sum}-640"), format!("{sum}-960")]);
        assert_eq!(app.arriving(), 0);
        assert_eq!(app.get(&path(&file["url"])).await.assert_status(200).body, bytes);
        for variant in variants.as_array().unwrap() {
            let answer = app.get(&path(&variant["url"])).await;
            answer.assert_status(200);
            assert_eq!(variant["size"], answer.body.len());
            assert_eq!(answer.media_type(), Some("image/webp"));
            assert_eq!((&answer.body[..4], &answer.body[8..12]), (b"RIFF".as_slice(), b"WEBP".as_slice()));
        }
    }

    /// What a file is, is told by its content
    async fn what_a_file_is_is_told_by_its_content(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("editor");
        let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        for (name, bytes, kind, media_type, stored_name, size) in [
            ("a.png", jpeg(40, 30), "image", "image/jpeg", "a.png.jpg", Some((40, 30))),
            ("照片.png", png(33, 21), "image", "image/png", "照片.png", Some((33, 21))),
            ("照片", webp(50, 20), "image", "image/webp", "照片.webp", Some((50, 20))),
            ("圖.GIF", gif(12, 34), "image", "image/gif", "圖.GIF", Some((12, 34))),
            ("录音.exe", mp3(5), "audio", "audio/mpeg", "录音.exe.mp3", None),
            ("关于开展检查的通知.pdf", pdf("通知"), "document", "application/pdf", "关于开展检查的通知.pdf", None),
            ("附件１.docx", docx("附件"), "document", word, "附件１.docx", None),
            ("表.csv", "标题,日期\r\n关于,2026-01-01\r\n".into(), "document", "text/csv", "表.csv", None),
            ("说明.txt", "说明：🎉\n".into(), "document", "text/plain", "说明.txt", None),
            ("全部.zip", zip(&[("一.txt", b"1"), ("二.txt", b"2")]), "archive", "application/zip", "全部.zip", None),
        ] {
            let file = desk.uploaded(name, bytes).await;
            assert_eq!((&file["kind"], &file["media_type"], &file["name"]), (&json!(kind), &json!(media_type), &json!(stored_name)));
            let (width, height) = size.unzip();
            assert_eq!((&file["width"], &file["height"]), (&json!(width), &json!(height)), "{file}");
            assert_eq!(file["variants"], json!([]), "{file}");
            let delivered = app.get(&path(&file["url"])).await;
            assert_eq!(delivered.assert_status(200).media_type(), Some(media_type));
        }
    }

    /// Pictures are measured and made smaller as they are shown; those that move stay as they are
    async fn pictures_are_made_smaller_as_they_are_shown(app, |s| s.var("MASTHEAD_MEDIA_WIDTHS", "100,200,400")) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("editor");
        let widths = |file: &Value| -> Vec<(u64, u64)> {
            file["variants"].as_array().unwrap().iter().map(|v| (v["width"].as_u64().unwrap(), v["height"].as_u64().unwrap())).collect()
        };
        for (name, bytes, size, expected) in [
            ("a.jpg", jpeg(400, 200), (400, 200), vec![(100, 50), (200, 100)]),
            ("b.jpg", jpeg_turned(400, 200, 6), (200, 400), vec![(100, 200)]),
            ("c.jpg", jpeg_turned(400, 200, 3), (400, 200), vec![(100, 50), (200, 100)]),
            ("d.png", png(401, 100), (401, 100), vec![(100, 25), (200, 50), (400, 100)]),
            ("e.webp", webp(150, 300), (150, 300), vec![(100, 200)]),
            ("f.gif", gif(300, 60), (300, 60), vec![(100, 20), (200, 40)]),
            ("g.gif", animated_gif(300, 60), (300, 60), vec![]),
            ("h.jpg", jpeg(8, 3000), (8, 3000), vec![]),
            ("i.png", png(1, 1), (1, 1), vec![]),
        ] {
            let file = desk.uploaded(name, bytes).await;
            assert_eq!((&file["width"], &file["height"]), (&json!(size.0), &json!(size.1)), "{name}");
            assert_eq!(widths(&file), expected, "{name}");
        }
    }

    /// The same bytes are stored once, however often they are uploaded, and go with the last file that has them
    async fn the_same_bytes_are_stored_once(app) {
        app.import(&Portal::new("demo").and(Portal::new("other")));
        let desk = app.desk("admin");
        let bytes = png(700, 20);
        let sum = sha256(&bytes);
        let first = desk.uploaded("一.png", &bytes).await;
        let second = desk.taken(&Form::of("二.png", &bytes).text("site", "other").text("alt", "二")).await;
        let third = desk.taken(&Form::of("三.png", &bytes)).await;
        assert_eq!(kept(app), [sum.clone(), format!("{sum}-320"), format!("{sum}-640")]);
        for (file, site, name) in [(&first, json!("demo"), "一.png"), (&second, json!("other"), "二.png"), (&third, Value::Null, "三.png")] {
            assert_eq!((&file["site"], &file["name"], &file["sha256"]), (&site, &json!(name), &json!(sum)));
            assert_eq!(file["variants"].as_array().unwrap().len(), 2);
        }
        assert_ne!(first["url"], second["url"]);
        assert_ne!(first["key"], second["key"]);
        for (gone, left) in [(&first, Some(&second)), (&third, Some(&second)), (&second, None)] {
            desk.delete(&address(gone)).await.assert_status(204);
            desk.get(&address(gone)).await.assert_problem(404, "not_found");
            app.get(&path(&gone["url"])).await.assert_problem(404, "not_found");
            app.get(&path(&gone["variants"][0]["url"])).await.assert_problem(404, "not_found");
            match left {
                Some(left) => {
                    assert_eq!(app.get(&path(&left["url"])).await.assert_status(200).body, bytes);
                }
                None => assert_eq!(kept(app), [""; 0]),
            }
        }
        // And all of it comes back.
        let again = desk.uploaded("四.png", &bytes).await;
        assert_eq!(app.get(&path(&again["url"])).await.assert_status(200).body, bytes);
        assert_eq!(kept(app).len(), 3);
    }

    /// A name comes from the form or from the file, without folders and with an ending that fits
    async fn names_are_those_of_the_form_or_of_the_file(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("editor");
        let longest = format!("{}.pdf", "字".repeat(251));
        for (sent, said, name) in [
            ("../../etc/通知.pdf", None, "通知.pdf"),
            ("x.pdf", Some("C:\\文件\\通知.pdf"), "通知.pdf"),
            ("他说\"好\".pdf", None, "他说\"好\".pdf"),
            ("report.html", None, "report.html.pdf"),
            ("e\u{301}.pdf", None, "\u{e9}.pdf"),
            (longest.as_str(), None, longest.as_str()),
            ("x.pdf", Some("另一個名稱"), "另一個名稱.pdf"),
            ("x.pdf", Some("第１号.PDF"), "第１号.PDF"),
        ] {
            let mut form = Form::of(sent, pdf("x"));
            if let Some(said) = said {
                form = form.text("name", said);
            }
            assert_eq!(desk.taken(&form).await["name"], name);
        }
        // As programs send it that do not trust in UTF-8 (RFC 8187).
        let extended = "form-data; name=\"file\"; filename=\"x.pdf\"; filename*=UTF-8''%E9%80%9A%E7%9F%A5.pdf";
        let form = Form::new().part(&[("Content-Disposition", extended)], pdf("x"));
        assert_eq!(desk.taken(&form).await["name"], "通知.pdf");
    }

    /// Lists have the newest first, by site and by kind, a page at a time
    async fn lists_have_the_newest_first(app) {
        app.import(&Portal::new("demo").and(Portal::new("other")));
        let desk = app.desk("admin");
        assert_eq!(desk.get("/media?count=exact").await.json(), json!({"items": [], "next_cursor": null, "total": 0, "total_kind": "exact"}));
        for n in 1..=3 {
            desk.uploaded(&format!("文{n}.pdf"), pdf(&format!("{n}"))).await;
        }
        desk.taken(&Form::of("外.mp3", mp3(4)).text("site", "other")).await;
        desk.taken(&Form::of("共.png", png(9, 9))).await;
        assert_eq!(names(&desk, "").await, ["共.png", "外.mp3", "文3.pdf", "文2.pdf", "文1.pdf"]);
        assert_eq!(names(&desk, "&site=demo").await, ["文3.pdf", "文2.pdf", "文1.pdf"]);
        assert_eq!(names(&desk, "&site=other").await, ["外.mp3"]);
        assert_eq!(names(&desk, "&kind=document").await, ["文3.pdf", "文2.pdf", "文1.pdf"]);
        assert_eq!(names(&desk, "&kind=image").await, ["共.png"]);
        assert_eq!(names(&desk, "&site=other&kind=audio").await, ["外.mp3"]);
        assert_eq!(names(&desk, "&site=demo&kind=video").await, [""; 0]);
        let full = desk.get("/media?site=demo&limit=3&count=exact").await.json();
        assert_eq!((&full["next_cursor"], &full["total"]), (&Value::Null, &json!(3)));
        let (all, pages) = desk.walk("/media?limit=2").await;
        assert_eq!((all.len(), pages), (5, 3));
        let second = desk.get("/media?limit=2&page=2").await.json();
        assert_eq!(second["items"][0]["name"], "文3.pdf");
        // What is listed is what is told of each.
        for file in &all {
            assert_eq!(&desk.get(&address(file)).await.json(), file);
        }
        let cursor = desk.get("/media?limit=2").await.json()["next_cursor"].as_str().unwrap().to_owned();
        desk.get(&format!("/media?limit=2&kind=image&cursor={cursor}")).await.assert_problem(400, "invalid_cursor");
        for bad in ["kind=pictures", "limit=0", "limit=101", "sort=name", "kind="] {
            desk.get(&format!("/media?{bad}")).await.assert_problem(400, "invalid_parameter");
        }
        assert_eq!(desk.get("/media?site=nowhere").await.assert_status(200).json()["items"], json!([]));
    }

    /// Name and alternative text can be changed, the bytes never
    async fn name_and_alternative_text_can_be_changed(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("editor");
        let file = desk.uploaded("旧.png", png(20, 10)).await;
        let at = address(&file);
        app.set_clock("2026-01-15T04:05:00Z");
        let changed = desk.changed(&at, &json!({"name": "新", "alt": "一张「图」👩‍🔬"})).await;
        assert_eq!((&changed["name"], &changed["alt"]), (&json!("新.png"), &json!("一张「图」👩‍🔬")));
        assert_eq!(changed["updated_at"], "2026-01-15T04:05:00Z");
        for same in ["id", "site", "key", "url", "kind", "media_type", "size", "sha256", "width", "height", "variants", "created_by", "created_at"] {
            assert_eq!(changed[same], file[same], "{same}");
        }
        desk.unchanged(&at, &json!({"name": "新.png"})).await;
        desk.unchanged(&at, &json!({})).await;
        assert_eq!(desk.changed(&at, &json!({"alt": null})).await["alt"], Value::Null);
        let disposition = app.get(&path(&file["url"])).await.header("content-disposition").unwrap().to_owned();
        assert!(disposition.contains("%E6%96%B0.png"), "{disposition}");
        desk.keeps_conditions(&at, &json!({"alt": "x"})).await;
        let read_only = |name: &str| (json!({name: file[name]}), format!("/{name}"));
        let members = ["site", "key", "url", "kind", "media_type", "size", "sha256", "width", "height", "variants", "is_used", "created_by"].map(read_only);
        let mut cases: Vec<(Value, &str, &str)> = members.iter().map(|(body, pointer)| (body.clone(), pointer.as_str(), "read_only")).collect();
        cases.extend([
            (json!({"name": null}), "/name", "required"),
            (json!({"name": 7}), "/name", "wrong_type"),
            (json!({"name": "  "}), "/name", "invalid"),
            (json!({"name": "图\u{202e}gnp.exe"}), "/name", "invalid"),
            (json!({"name": "a%00.png"}), "/name", "invalid"),
            (json!({"name": "字".repeat(256)}), "/name", "too_long"),
            (json!({"alt": ["x"]}), "/alt", "wrong_type"),
            (json!({"alt": long_text(20_000)}), "/alt", "invalid"),
        ]);
        desk.refuses_changes(&at, &cases).await;
    }

    /// A file is deleted only when no article uses it, whatever for and in whatever state
    async fn a_file_in_use_is_not_deleted(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = app.desk("editor");
        for (bytes, name, member) in [
            (png(400, 20), "图.png", "cover"),
            (pdf("附"), "附.pdf", "attachments"),
            (mp3(4), "音.mp3", "audio"),
            (webp(400, 20), "正文.webp", "body_html"),
            (zip(&[("一", b"1")]), "链接.zip", "translations"),
        ] {
            let file = desk.uploaded(name, &bytes).await;
            let url = &file["url"];
            let (used, unused) = match member {
                "cover" => (json!(url), Value::Null),
                "attachments" => (json!([{"name": "附件", "url": url}]), json!([])),
                "audio" => (json!([{"url": url}]), json!([])),
                "body_html" => (json!(format!("<p><img src=\"{}\" alt=\"图\"></p>", path(url))), json!("<p></p>")),
                _ => (json!([{"locale": "zh-Hans", "title": "译", "body_html": format!("<p><a href=\"{}\">下载</a></p>", path(url))}]), json!([])),
            };
            let (using, made) = article(&desk, json!({member: used})).await;
            assert_eq!(desk.get(&address(&file)).await.json()["is_used"], true, "{member}");
            for status in ["draft", "published", "archived"] {
                desk.patch(&using, &json!({"status": status})).await.assert_status(200);
                let problem = desk.delete(&address(&file)).await.assert_problem(409, "conflict");
                let detail = problem["detail"].as_str().unwrap();
                assert!(detail.contains(&format!("the article {} uses it", made["id"])), "{detail}");
                app.get(&path(url)).await.assert_status(200);
            }
            desk.patch(&using, &json!({"status": "draft"})).await.assert_status(200);
            desk.changed(&using, &json!({member: unused})).await;
            assert_eq!(desk.get(&address(&file)).await.json()["is_used"], false, "{member}");
            desk.delete(&address(&file)).await.assert_status(204);
            assert_eq!(kept(app), [""; 0], "{member}");
        }
        // An article that goes takes its use along, and of many some are named.
        let file = desk.uploaded("图.png", png(30, 30)).await;
        let mut articles = Vec::new();
        for _ in 0..7 {
            articles.push(article(&desk, json!({"cover": file["url"]})).await.0);
        }
        let problem = desk.delete(&address(&file)).await.assert_problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains("and others use it"), "{problem}");
        for using in &articles {
            desk.delete(using).await.assert_status(204);
        }
        desk.delete(&address(&file)).await.assert_status(204);
    }

    /// A site with files is not deleted
    async fn a_site_with_files_is_not_deleted(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let file = desk.uploaded("a.pdf", pdf("a")).await;
        let problem = desk.delete("/sites/1").await.assert_problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains("has files"), "{problem}");
        desk.delete(&address(&file)).await.assert_status(204);
        desk.delete("/sites/1").await.assert_status(204);
    }

    /// Authors upload where they have a role, and change and delete what they uploaded; editors all of it
    async fn authors_keep_to_their_own_files(app) {
        app.import(&Portal::new("demo").category("news").and(Portal::new("other").category("news")));
        let author = app.desk_of(app.token_with(None, &[(Role::Author, "demo", Some("news"))]));
        let another = app.desk_of(app.token_with(None, &[(Role::Author, "demo", None)]));
        let elsewhere = app.desk_of(app.token_with(None, &[(Role::Editor, "other", None)]));
        let reader = app.desk_of(app.token_with(None, &[(Role::Reader, "demo", None)]));
        let nobody = app.desk_of(app.token_with(None, &[]));
        let form = |site: &str| Form::of("图.png", png(10, 10)).text("site", site);
        for desk in [&elsewhere, &reader, &nobody] {
            let refused = desk.upload(&form("demo")).await;
            assert!(matches!(refused.status, 403 | 422), "{refused}");
        }
        assert_eq!((kept(app).len(), app.arriving()), (0, 0));
        let own = author.taken(&form("demo")).await;
        for refused in [
            another.patch(&address(&own), &json!({"alt": "x"})).await,
            another.delete(&address(&own)).await,
            reader.patch(&address(&own), &json!({"alt": "x"})).await,
            reader.delete(&address(&own)).await,
        ] {
            refused.assert_problem(403, "forbidden");
        }
        for hidden in [
            elsewhere.get(&address(&own)).await,
            elsewhere.patch_if(&address(&own), "*", &json!({"alt": "x"})).await,
            elsewhere.delete_if(&address(&own), "*").await,
        ] {
            hidden.assert_problem(404, "not_found");
        }
        nobody.get(&address(&own)).await.assert_problem(403, "forbidden");
        author.changed(&address(&own), &json!({"alt": "我的"})).await;
        let (by_editor, by_admin) = (app.desk_of(app.token_with(None, &[(Role::Editor, "demo", None)])), app.desk("admin"));
        by_editor.changed(&address(&own), &json!({"alt": "编辑的"})).await;
        by_admin.changed(&address(&own), &json!({"alt": "管理的"})).await;
        author.delete(&address(&own)).await.assert_status(204);
        let others = by_admin.taken(&form("demo")).await;
        author.delete(&address(&others)).await.assert_problem(403, "forbidden");
        by_editor.delete(&address(&others)).await.assert_status(204);
    }

    /// What belongs to all sites is for those whose role holds everywhere
    async fn what_belongs_to_all_sites_is_for_roles_everywhere(app) {
        app.import(&Portal::new("demo").and(Portal::new("other")));
        let form = |n: u32| Form::of("图.png", png(n, 10));
        let local = app.desk_of(app.token_with(None, &[(Role::Admin, "demo", None)]));
        local.upload(&form(9)).await.assert_problem(403, "forbidden");
        assert_eq!((kept(app).len(), app.arriving()), (0, 0));
        let author = app.desk("author");
        let shared = author.taken(&form(10)).await;
        assert_eq!(shared["site"], Value::Null);
        // It is seen by all who work here, and changed by none of them.
        assert_eq!(local.get(&address(&shared)).await.assert_status(200).json(), shared);
        local.patch(&address(&shared), &json!({"alt": "x"})).await.assert_problem(403, "forbidden");
        local.delete(&address(&shared)).await.assert_problem(403, "forbidden");
        author.changed(&address(&shared), &json!({"alt": "x"})).await;
        let edited = app.desk("editor").taken(&form(11)).await;
        author.patch(&address(&edited), &json!({"alt": "x"})).await.assert_problem(403, "forbidden");
        author.delete(&address(&edited)).await.assert_problem(403, "forbidden");
        app.desk("editor").delete(&address(&shared)).await.assert_status(204);
        // Lists have what the caller may see.
        let admin = app.desk("admin");
        admin.taken(&Form::of("别处.pdf", pdf("o")).text("site", "other")).await;
        admin.taken(&Form::of("此处.pdf", pdf("d")).text("site", "demo")).await;
        assert_eq!(names(&local, "").await, ["此处.pdf", "图.png"]);
        assert_eq!(names(&local, "&site=other").await, [""; 0]);
        assert_eq!(local.get("/media?count=exact").await.json()["total"], 2);
        assert_eq!(names(&admin, "").await, ["此处.pdf", "别处.pdf", "图.png"]);
    }

    /// A key uploads where its scopes and its account may
    async fn keys_upload_where_they_may(app) {
        app.import(&Portal::new("demo"));
        let user = app.account("key@example.org", "author");
        let (_, reads) = app.api_key(user, &[Scope::ArticlesRead, Scope::StructureWrite], None);
        let (_, writes) = app.api_key(user, &[Scope::ArticlesWrite], None);
        let form = Form::of("a.pdf", pdf("a")).text("site", "demo");
        app.desk_of(reads.clone()).upload(&form).await.assert_problem(403, "insufficient_scope");
        let file = app.desk_of(writes.clone()).taken(&form).await;
        assert_eq!(file["created_by"], user);
        app.desk_of(writes.clone()).get(&address(&file)).await.assert_problem(403, "insufficient_scope");
        app.desk_of(reads).get(&address(&file)).await.assert_status(200);
        app.desk_of(writes).delete_if(&address(&file), "*").await.assert_status(204);
    }

    /// An upload that comes again is answered as before and makes nothing
    async fn an_upload_that_comes_again_makes_nothing(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("author");
        let send = async |form: &Form| desk.request("POST", "/media").header("idempotency-key", "k-1").form(form).send().await;
        let form = Form::of("图.png", png(400, 10)).text("site", "demo").text("alt", "图");
        let first = send(&form).await;
        first.assert_status(201);
        assert_eq!(first.header("idempotency-replayed"), None);
        let again = send(&form).await;
        assert_eq!(again.assert_status(201).body, first.body);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.header("location"), first.header("location"));
        for other in [
            Form::of("图.png", png(401, 10)).text("site", "demo").text("alt", "图"),
            Form::of("另.png", png(400, 10)).text("site", "demo").text("alt", "图"),
            Form::of("图.png", png(400, 10)).text("site", "demo").text("alt", "另"),
            Form::of("图.png", png(400, 10)).text("alt", "图"),
        ] {
            send(&other).await.assert_problem(422, "idempotency_key_reused");
        }
        assert_eq!(names(&desk, "").await, ["图.png"]);
        assert_eq!((kept(app).len(), app.arriving()), (2, 0));
        // Even after it is gone: the answer is that of the first request.
        desk.delete_if(&address(&first.json()), "*").await.assert_status(204);
        assert_eq!(send(&form).await.assert_status(201).body, first.body);
        assert_eq!((kept(app).len(), names(&desk, "").await.len()), (0, 0));
    }

    /// Of equal uploads at once with one key one is done
    async fn of_equal_uploads_at_once_one_is_done(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("author");
        let form = Form::of("a.pdf", pdf("a")).text("site", "demo");
        let answers = join_all((0..8).map(|_| desk.request("POST", "/media").header("idempotency-key", "k").form(&form).send())).await;
        for answer in &answers {
            assert!(matches!(answer.status, 201 | 409), "{answer}");
        }
        assert_eq!((names(&desk, "").await.len(), kept(app).len(), app.arriving()), (1, 1, 0));
    }

    /// Who uploaded, changed and deleted what is in the audit log
    async fn what_happened_to_files_is_in_the_log(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let file = desk.uploaded("旧.pdf", pdf("a")).await;
        desk.changed(&address(&file), &json!({"name": "新.pdf"})).await;
        desk.delete(&address(&file)).await.assert_status(204);
        let log = desk.get(&format!("/audit-log?resource=media&resource_id={}", file["id"])).await.assert_status(200).json();
        let items = log["items"].as_array().unwrap();
        let actions: Vec<&Value> = items.iter().map(|entry| &entry["action"]).collect();
        assert_eq!(actions, ["delete_media", "update_media", "create_media"]);
        assert_eq!((&items[1]["before"]["name"], &items[1]["after"]["name"]), (&json!("旧.pdf"), &json!("新.pdf")));
        assert_eq!((&items[2]["before"], &items[2]["after"]["sha256"]), (&Value::Null, &file["sha256"]));
        assert!(items.iter().all(|entry| entry["site"] == "demo"));
    }

    /// Files are changed and deleted in batches, and uploaded one a request
    async fn batches_change_and_delete_files(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = app.desk("editor");
        let one = desk.uploaded("一.png", png(400, 10)).await;
        let two = desk.uploaded("二.pdf", pdf("2")).await;
        let both = json!({"operations": [
            {"method": "PATCH", "path": format!("/manage/media/{}", one["id"]), "if_match": "\"1\"", "body": {"alt": "图"}},
            {"method": "DELETE", "path": format!("/manage/media/{}", two["id"]), "if_match": "\"1\""},
        ]});
        let done = desk.post("/batch", &both).await.assert_status(200).json();
        assert_eq!((&done["items"][0]["status"], &done["items"][1]["status"]), (&json!(200), &json!(204)));
        assert_eq!(done["items"][0]["body"]["alt"], "图");
        assert_eq!(kept(app).len(), 2);
        // In an atomic batch that fails nothing goes, no bytes either.
        let fails = json!({"operations": [
            {"method": "DELETE", "path": format!("/manage/media/{}", one["id"]), "if_match": "*"},
            {"method": "DELETE", "path": "/manage/media/999", "if_match": "*"},
        ]});
        desk.post("/batch", &fails).await.assert_problem(404, "not_found");
        assert_eq!(app.get(&path(&one["url"])).await.assert_status(200).body, png(400, 10));
        // Taking a file out of an article and deleting it is one step.
        let (_, using) = article(&desk, json!({"cover": one["url"]})).await;
        let out = json!({"operations": [
            {"method": "PATCH", "path": format!("/manage/articles/{}", using["id"]), "if_match": "*", "body": {"cover": null}},
            {"method": "DELETE", "path": format!("/manage/media/{}", one["id"]), "if_match": "*"},
        ]});
        desk.post("/batch", &out).await.assert_status(200);
        assert_eq!(kept(app), [""; 0]);
        let upload = json!({"operations": [{"method": "POST", "path": "/manage/media", "body": {"site": "demo"}}]});
        let problem = desk.post("/batch", &upload).await.assert_problem(404, "not_found");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("files"), "{problem}");
    }

    /// What an account uploaded outlives it
    async fn what_an_account_uploaded_outlives_it(app) {
        app.import(&Portal::new("demo"));
        let user = app.account("leaves@example.org", "author");
        let file = app.desk_of(app.sign_in_as(user)).uploaded("a.pdf", pdf("a")).await;
        let admin = app.desk("admin");
        admin.delete(&format!("/users/{user}")).await.assert_status(204);
        assert_eq!(admin.get(&address(&file)).await.assert_status(200).json()["name"], "a.pdf");
        app.get(&path(&file["url"])).await.assert_status(200);
    }

    /// How many files are stored and how many articles use them costs no more statements
    async fn statements_do_not_grow_with_files(app) {
        app.import(&Portal::new("demo").category("news"));
        let admin = app.account("desk@example.org", "admin");
        let (_, key) = app.api_key(admin, &Scope::ALL, None);
        let desk = app.desk_of(key);
        let mut counted = Vec::new();
        for count in [2_u32, 40] {
            let shared = desk.uploaded("共.png", png(400, count)).await;
            for n in 0..count {
                desk.uploaded("x.pdf", pdf(&format!("{count} {n}"))).await;
                article(&desk, json!({"cover": shared["url"]})).await;
            }
            let mut used = Vec::new();
            let mut count_of = async |what: &'static str, most: u64, request: crate::support::client::Request<'_>, status: u16| {
                let before = app.statements();
                request.send().await.assert_status(status);
                let statements = app.statements() - before;
                assert!(statements <= most, "{what}: {statements} instead of {most}");
                used.push((what, statements));
            };
            let spare = desk.uploaded("y.pdf", pdf(&format!("spare {count}"))).await;
            count_of("list", 5, desk.request("GET", "/media?limit=100&count=exact"), 200).await;
            count_of("get", 4, desk.request("GET", &address(&shared)), 200).await;
            count_of("change", 24, desk.request("PATCH", &address(&shared)).header("if-match", "*").json(&json!({"alt": format!("{count}")})), 200).await;
            count_of("refused", 12, desk.request("DELETE", &address(&shared)).header("if-match", "*"), 409).await;
            count_of("delete", 20, desk.request("DELETE", &address(&spare)).header("if-match", "*"), 204).await;
            count_of("upload", 24, desk.request("POST", "/media").form(&Form::of("z.png", png(700, count + 1)).text("site", "demo")), 201).await;
            count_of("again", 24, desk.request("POST", "/media").form(&Form::of("z.png", png(700, count + 1)).text("site", "demo")), 201).await;
            count_of("deliver", 1, app.request("GET", &path(&shared["url"])), 200).await;
            counted.push(used);
        }
        assert_eq!(counted[0], counted[1]);
    }

    /// No record ever lacks its file
    async fn every_record_has_its_file(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("editor");
        for n in 0..5_u32 {
            let file = desk.uploaded("a.png", png(330 + n, 8)).await;
            if n % 2 == 0 {
                desk.delete(&address(&file)).await.assert_status(204);
            }
        }
        let kept = app.assert_in_step();
        assert_eq!((kept.media, kept.recorded.len(), kept.stored.len()), (2, 2, 4));
    }
}
