//! Files of portal files: brought from a folder, named by key, and written back.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use masthead::config::Config;
use masthead::service::export::ExportOptions;
use masthead::service::import::{ImportOptions, ImportReport};
use masthead::store::{self, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::exports::{answers, assert_same, exported, on_another, portable_answers};
use crate::support::media::{jpeg, mp3, path, pdf, png, sha256};
use crate::support::{Portal, TestApp, on_both};

/// A folder with these files.
fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (key, bytes) in files {
        put(dir.path(), key, bytes);
    }
    dir
}

fn put(dir: &Path, key: &str, bytes: &[u8]) {
    let path = dir.join(key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn bring(app: &TestApp, text: &str, dir: Option<&Path>, keep_going: bool) -> ImportReport {
    let options = ImportOptions {
        keep_going,
        media: dir,
    };
    let import = &app.app.services().import;
    import.run(text.as_bytes(), options, |_| {}).unwrap()
}

/// An import from a folder, which must be taken whole.
#[track_caller]
fn brought(app: &TestApp, portal: &Portal, dir: &Path) -> ImportReport {
    let report = bring(app, &portal.lines(), Some(dir), false);
    assert_eq!(report.faults, []);
    report
}

/// The faults of an import as they are told.
fn faults(report: &ImportReport) -> Vec<String> {
    report.faults.iter().map(ToString::to_string).collect()
}

fn counts(report: &ImportReport) -> [u64; 4] {
    [
        report.created,
        report.updated,
        report.unchanged,
        report.fault_count,
    ]
}

/// A portal file and the folder with it.
fn exported_with(app: &TestApp, site: Option<&str>) -> (String, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (exported_into(app, site, dir.path()), dir)
}

fn exported_into(app: &TestApp, site: Option<&str>, dir: &Path) -> String {
    let mut file = Vec::new();
    let media = Some(dir);
    let export = &app.app.services().export;
    export
        .run(
            &mut file,
            ExportOptions {
                site,
                media,
                held: false,
            },
        )
        .unwrap();
    String::from_utf8(file).unwrap()
}

fn records(file: &str, kind: &str) -> Vec<Value> {
    let all = file
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap());
    all.filter(|record| record["type"] == kind).collect()
}

/// What is in a folder: bytes by path.
fn content(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(at) = open.pop() {
        let Ok(entries) = fs::read_dir(&at) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => {
                    let name = path.strip_prefix(dir).unwrap().to_str().unwrap();
                    found.insert(name.to_owned(), fs::read(&path).unwrap());
                }
            }
        }
    }
    found
}

/// Takes a portal file, and does something when its site is written.
struct Meanwhile<F> {
    text: Vec<u8>,
    then: Option<F>,
}

impl<F: FnOnce()> Write for Meanwhile<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend(bytes);
        if self.text.ends_with(b"}\n")
            && self.text.iter().filter(|byte| **byte == b'\n').count() == 2
            && let Some(then) = self.then.take()
        {
            then();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many files the storage of an application holds.
fn stored(app: &TestApp) -> usize {
    let within = app.stored().join("files");
    content(&within).len()
}

async fn article(app: &TestApp, slug: &str) -> Value {
    let id = app.article_id(slug).await;
    app.get(&format!("/api/v1/articles/{id}"))
        .await
        .assert_status(200)
        .json()
}

/// Asserts that an address is of this server and has these bytes.
async fn assert_bytes(app: &TestApp, url: &Value, bytes: &[u8]) {
    let answer = app.get(&path(url)).await;
    answer.assert_status(200);
    assert!(answer.body == bytes, "other bytes at {url}");
}

async fn media(app: &TestApp) -> Vec<Value> {
    let answer = app.desk("admin").get("/media?limit=100").await;
    answer.assert_status(200).json()["items"]
        .as_array()
        .unwrap()
        .clone()
}

/// A portal in three renditions whose articles name files in every way that there is.
fn illustrated() -> Portal {
    let portal = Portal::new("demo")
        .site(|s| s.set("default_locale", "zh-Hans"))
        .category("news");
    let shared = crate::support::content::Record::new("media")
        .set("site", Value::Null)
        .set("key", "shared/标志.png")
        .set("name", "台徽.png")
        .set("alt", "「台徽」");
    portal
        .with(shared)
        .article("a", |a| {
            a.locale("zh-Hans")
                .title("深海观测网")
                .set("cover", "图/海%20面.jpg")
                .set(
                    "attachments",
                    json!([{"name": "2025年度报告", "url": "./reports/報告書.pdf"}, {"name": "outside", "url": "https://example.org/x.pdf", "size": 5}]),
                )
                .set(
                    "audio",
                    json!([{"url": "audio/朗读.mp3", "duration_s": 1}, {"url": "audio/en.mp3", "locale": "en", "stale": true}]),
                )
                .body("<p>正文<img src=\"图/海 面.jpg\" alt=\"海\"><img src=\"shared/%E6%A0%87%E5%BF%97.png\"><a href=\"reports/報告書.pdf#page=2\">报告</a> <a href=\"../about/\">关于</a> <a href=\"list.html\">列表</a></p>")
                .set(
                    "translations",
                    json!([
                        {"locale": "en", "title": "Deep sea", "body_html": "<p><img src=\"图/海%20面.jpg\"> <a href=\"图/海%20面.jpg?width=320\">small</a></p>"},
                        {"locale": "zh-Hant", "title": "深海觀測網", "body_html": "<p><img src=\"图/emoji😀.png\"></p>"},
                    ]),
                )
        })
        .article("b", |a| a.locale("zh-Hans").set("cover", "图/海%20面.jpg"))
}

fn illustrations() -> TempDir {
    folder(&[
        ("图/海 面.jpg", jpeg(800, 600)),
        ("图/emoji😀.png", png(40, 30)),
        ("shared/标志.png", png(20, 20)),
        ("reports/報告書.pdf", pdf("報告")),
        ("audio/朗读.mp3", mp3(40)),
        ("audio/en.mp3", mp3(60)),
        ("unused.pdf", pdf("unused")),
    ])
}

/// Answers without the ids in addresses of media.
fn without_ids(answers: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let strip = |value: Value| -> Value {
        let text = value.to_string();
        let mut parts = text.split("/api/v1/media/");
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            out.push_str("/api/v1/media/N");
            out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
        serde_json::from_str(&out).unwrap()
    };
    answers.into_iter().map(|(k, v)| (k, strip(v))).collect()
}

on_both! {
    /// Articles of a file name files of the folder beside it, and readers get them
    async fn articles_bring_the_files_that_they_name(app) {
        let dir = illustrations();
        let report = brought(app, &illustrated(), dir.path());
        // Site, category, the shared file and two articles; five files have no line of their own.
        assert_eq!((counts(&report), report.files), ([5, 0, 0, 0], 5));
        let a = article(app, "a").await;
        assert_bytes(app, &a["cover"]["url"], &jpeg(800, 600)).await;
        assert_eq!((&a["cover"]["width"], &a["cover"]["sha256"]), (&json!(800), &json!(sha256(jpeg(800, 600)))));
        assert_eq!(a["cover"]["variants"].as_array().unwrap().len(), 2);
        assert_bytes(app, &a["attachments"][0]["url"], &pdf("報告")).await;
        assert_eq!(a["attachments"][0]["media_type"], "application/pdf");
        assert_eq!(a["attachments"][1]["url"], "https://example.org/x.pdf");
        assert_bytes(app, &a["audio"][0]["url"], &mp3(40)).await;
        assert_eq!((&a["audio"][1]["locale"], &a["audio"][1]["stale"]), (&json!("en"), &json!(true)));
        let body = a["body_html"].as_str().unwrap();
        assert!(body.contains("srcset=") && body.contains(".pdf#page=2\""), "{body}");
        // What is no file stays as it is.
        assert!(body.contains("href=\"../about/\"") && body.contains("href=\"list.html\""), "{body}");
        assert!(!body.contains("标志") && !body.contains("図/"), "{body}");
        let files = media(app).await;
        assert_eq!(files.len(), 6);
        let of_key = |key: &str| files.iter().find(|file| file["key"] == key).unwrap();
        assert_eq!(of_key("reports/報告書.pdf")["name"], "2025年度报告.pdf");
        assert_eq!(of_key("图/海 面.jpg")["name"], "海 面.jpg");
        assert_eq!((&of_key("shared/标志.png")["site"], &of_key("shared/标志.png")["alt"]), (&Value::Null, &json!("「台徽」")));
        assert!(files.iter().all(|file| file["is_used"] == true));
        assert!(files.iter().all(|file| file["key"] != "unused.pdf"));
    }

    /// The same file a second time changes nothing, with the folder and without
    async fn a_second_time_changes_nothing(app) {
        let dir = illustrations();
        brought(app, &illustrated(), dir.path());
        let before = (exported(app), answers(app).await, media(app).await, stored(app));
        app.set_clock("2026-01-15T04:00:01Z");
        let lines = illustrated().lines();
        for dir in [Some(dir.path()), None] {
            let report = bring(app, &lines, dir, false);
            assert_eq!((counts(&report), report.files), ([0, 0, 5, 0], 0));
        }
        assert_eq!((exported(app), answers(app).await, media(app).await, stored(app)), before);
    }

    /// An export with its folder makes the same answers in an empty database
    async fn files_come_back_from_an_export(app) {
        let dir = illustrations();
        brought(app, &illustrated(), dir.path());
        let (file, out) = exported_with(app, None);
        assert_eq!(records(&file, "media").len(), 6);
        let article = &records(&file, "article")[0];
        assert_eq!(article["cover"], "图/海%20面.jpg");
        assert_eq!(article["attachments"][0]["url"], "reports/報告書.pdf");
        assert_eq!(article["translations"][0]["body_html"], "<p><img src=\"图/海%20面.jpg\"> <a href=\"图/海%20面.jpg?width=320\" rel=\"noopener noreferrer\">small</a></p>");
        let mut expected = content(dir.path());
        expected.remove("unused.pdf");
        assert_eq!(content(out.path()), expected);
        // A second time finds them there.
        assert_eq!(exported_into(app, None, out.path()), file);
        assert_eq!(content(out.path()), expected);
        let before = without_ids(portable_answers(app).await);
        on_another(app, async |other| {
            let report = bring(other, &file, Some(out.path()), false);
            assert_eq!((report.faults.as_slice(), report.created + 1, report.files), ([].as_slice(), report.lines, 0));
            assert_same(&without_ids(portable_answers(other).await), &before);
            let again = bring(other, &file, Some(out.path()), false);
            assert_eq!(counts(&again), [0, 0, report.created, 0]);
            assert_eq!(exported_with(other, None).0, file);
        })
        .await;
    }

    /// Without a folder an export names files by their addresses, as files of elsewhere
    async fn without_a_folder_files_stay_where_they_are(app) {
        let dir = illustrations();
        brought(app, &illustrated(), dir.path());
        let file = exported(app);
        assert_eq!(records(&file, "media"), [Value::Null; 0]);
        let a = article(app, "a").await;
        let record = &records(&file, "article")[0];
        assert_eq!(record["cover"], a["cover"]["url"]);
        assert_eq!(record["attachments"][0]["sha256"], sha256(pdf("報告")));
        // At home that is no change.
        assert_eq!(counts(&bring(app, &file, None, false)), [0, 0, 4, 0]);
        // On a server of that name that does not have them it is a fault.
        on_another(app, async |other| {
            let report = bring(other, &file, None, false);
            assert!(faults(&report)[0].starts_with("line 4: cover: names no media"), "{report:#?}");
        })
        .await;
    }

    /// Two sites may have different files with one key, a site and all sites too
    async fn one_key_may_be_that_of_several_files(app) {
        let line = |site: Value, bytes: &[u8], file: Option<&str>| {
            let record = crate::support::content::Record::new("media").set("site", site).set("key", "a.pdf").set("sha256", sha256(bytes));
            match file {
                Some(file) => record.set("file", file),
                None => record,
            }
        };
        let [one, two, all] = ["one", "two", "all"].map(pdf);
        let dir = folder(&[("a.pdf", one.clone()), ("b/a.pdf", two.clone()), ("c/a.pdf", all.clone())]);
        let attached = |url: &str| json!([{"name": "x", "url": url}]);
        let portal = Portal::new("one").article("x", |a| a.set("attachments", attached("a.pdf"))).article("y", |a| a.set("attachments", attached("a.pdf?shared")));
        let portal = portal.and(Portal::new("two").article("z", |a| a.set("attachments", attached("a.pdf"))));
        let portal = portal.with(line(json!("one"), &one, None)).with(line(json!("two"), &two, Some("b/a.pdf"))).with(line(Value::Null, &all, Some("c/a.pdf")));
        brought(app, &portal, dir.path());
        for (slug, bytes) in [("x", &one), ("y", &all), ("z", &two)] {
            assert_bytes(app, &article(app, slug).await["attachments"][0]["url"], bytes).await;
        }
        let (file, out) = exported_with(app, None);
        assert_eq!(content(out.path()).len(), 3);
        on_another(app, async |other| {
            assert_eq!(bring(other, &file, Some(out.path()), false).faults, []);
            for (slug, bytes) in [("x", &one), ("y", &all), ("z", &two)] {
                assert_bytes(other, &article(other, slug).await["attachments"][0]["url"], bytes).await;
            }
        })
        .await;
        // One site takes what its articles use, and no more.
        let (file, out) = exported_with(app, Some("two"));
        assert_eq!((records(&file, "media").len(), content(out.path()).len()), (1, 1));
        let (file, _out) = exported_with(app, Some("one"));
        assert_eq!(records(&file, "media").len(), 2);
    }

    /// An export overwrites nothing that is another file
    async fn an_export_overwrites_nothing(app) {
        let dir = folder(&[("a.pdf", pdf("new"))]);
        brought(app, &Portal::new("demo").article("a", |a| a.set("attachments", json!([{"name": "x", "url": "a.pdf"}]))), dir.path());
        let out = folder(&[("a.pdf", pdf("mine"))]);
        let file = exported_into(app, None, out.path());
        let place = format!("{}.pdf", sha256(pdf("new")));
        assert_eq!(records(&file, "media")[0]["file"], place);
        assert_eq!(content(out.path()), BTreeMap::from([("a.pdf".to_owned(), pdf("mine")), (place, pdf("new"))]));
        on_another(app, async |other| {
            assert_eq!(bring(other, &file, Some(out.path()), false).faults, []);
            assert_bytes(other, &article(other, "a").await["attachments"][0]["url"], &pdf("new")).await;
        })
        .await;
    }

    /// A line gives a file other bytes, and articles that use it lead to them
    async fn a_file_may_be_replaced(app) {
        let line = crate::support::content::Record::new("media").set("site", "demo").set("key", "a.pdf");
        let portal = Portal::new("demo").with(line.clone()).article("a", |a| a.set("attachments", json!([{"name": "x", "url": "a.pdf"}])).body("<p><a href=\"a.pdf#1\">x</a></p>"));
        let dir = folder(&[("a.pdf", pdf("old"))]);
        brought(app, &portal, dir.path());
        let before = article(app, "a").await;
        app.set_clock("2026-01-15T05:00:00Z");
        put(dir.path(), "a.pdf", &pdf("new"));
        let only = format!("{{\"type\":\"portal\",\"version\":1}}\n{}\n", json!({"type": "media", "site": "demo", "key": "a.pdf", "alt": "改"}));
        assert_eq!(counts(&bring(app, &only, Some(dir.path()), false)), [0, 1, 0, 0]);
        let after = article(app, "a").await;
        assert_bytes(app, &after["attachments"][0]["url"], &pdf("new")).await;
        assert_eq!(after["attachments"][0]["id"], before["attachments"][0]["id"]);
        assert_eq!(after["attachments"][0]["sha256"], sha256(pdf("new")));
        let url = after["attachments"][0]["url"].as_str().unwrap();
        assert!(after["body_html"].as_str().unwrap().contains(&format!("{url}#1")), "{after}");
        assert!(after["version"].as_i64() > before["version"].as_i64());
        app.get(&path(&before["attachments"][0]["url"])).await.assert_problem(404, "not_found");
        // The old bytes are gone, and the file of the articles as before changes nothing.
        assert_eq!(stored(app), 1);
        assert_eq!(counts(&bring(app, &portal.lines(), Some(dir.path()), false)), [0, 0, 4, 0]);
        // A picture in the place of a document is another thing.
        put(dir.path(), "a.pdf", &png(9, 9));
        let report = bring(app, &only, Some(dir.path()), false);
        assert!(faults(&report)[0].contains("give the new one another key"), "{report:#?}");
    }

    /// Nothing is kept of a file that is refused, and of a file with bad lines only what good lines have
    async fn what_is_refused_leaves_no_bytes(app) {
        let dir = folder(&[("a.pdf", pdf("a")), ("b.pdf", pdf("b")), ("c.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec()), ("d/x", b"x".to_vec())]);
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link.txt")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("d"), dir.path().join("l")).unwrap();
        let attached = |url: &str| json!([{"name": "x", "url": url}]);
        let portal = Portal::new("demo")
            .article("a", |a| a.set("attachments", attached("a.pdf")))
            .article("none", |a| a.set("attachments", attached("none.pdf")))
            .article("svg", |a| a.set("cover", "c.svg"))
            .article("up", |a| a.set("cover", "../a.pdf"))
            .article("link", |a| a.set("attachments", attached("link.txt")))
            .article("below", |a| a.body("<a href=\"l/x\">x</a>"))
            .article("folder", |a| a.set("attachments", attached("d")))
            .article("kind", |a| a.set("cover", "b.pdf"));
        let report = bring(app, &portal.lines(), Some(dir.path()), false);
        let told = faults(&report);
        for (line, part) in [
            ("line 5: attachments[0].url: names `none.pdf`, which is neither media of the site nor a file in the folder of --media; put it there", ""),
            ("line 6: cover: names `c.svg`, which ", "SVG"),
            ("line 7: cover: `../a.pdf` has the part `..`; ", ""),
            ("line 8: attachments[0].url: names `link.txt`, which is, or is in, a symbolic link, which is not followed", ""),
            ("line 9: body_html: names `l/x`, which is, or is in, a symbolic link", ""),
            ("line 10: attachments[0].url: names `d`, ", ""),
            ("line 11: cover: names media of the type `application/pdf`", ""),
        ] {
            assert!(told.iter().any(|fault| fault.starts_with(line) && fault.contains(part)), "{line}: {told:#?}");
        }
        assert_eq!((report.fault_count, report.committed), (7, false));
        assert_eq!((stored(app), media(app).await.len()), (0, 0));
        assert_eq!(content(&app.incoming()), BTreeMap::new());
        let report = bring(app, &portal.lines(), Some(dir.path()), true);
        assert_eq!((counts(&report), report.files), ([3, 0, 0, 7], 1));
        let a = article(app, "a").await;
        assert_bytes(app, &a["attachments"][0]["url"], &pdf("a")).await;
        // Nor does a file stay that only lines left out name.
        let keys: Vec<Value> = media(app).await.iter().map(|file| file["key"].clone()).collect();
        assert_eq!((keys, stored(app)), (vec![json!("a.pdf")], 1));
    }

    /// A line about a file that is left out changes nothing, whether the file is new or is to be replaced
    async fn a_line_left_out_leaves_nothing(app) {
        let dir = folder(&[("a.pdf", pdf("old"))]);
        let portal = Portal::new("demo").article("a", |a| a.set("attachments", json!([{"name": "x", "url": "a.pdf"}])));
        brought(app, &portal, dir.path());
        let before = (exported(app), media(app).await, stored(app));
        put(dir.path(), "a.pdf", &pdf("new"));
        put(dir.path(), "b.pdf", &pdf("b"));
        put(dir.path(), "c.pdf", &png(9, 9));
        let lines = [
            json!({"type": "media", "site": "demo", "key": "a.pdf", "name": "a\u{202E}b.pdf"}),
            json!({"type": "media", "site": "demo", "key": "b.pdf", "name": "报告\u{202E}.pdf"}),
            json!({"type": "media", "site": "demo", "key": "a.pdf", "file": "c.pdf"}),
        ];
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        let text = format!("{{\"type\":\"portal\",\"version\":1}}\n{}\n", lines.join("\n"));
        for keep_going in [true, false] {
            let report = bring(app, &text, Some(dir.path()), keep_going);
            let told = faults(&report);
            assert_eq!(counts(&report), [0, 0, 0, 3], "{told:#?}");
            assert!(told[0].starts_with("line 2: name: ") && told[1].starts_with("line 3: name: ") && told[2].starts_with("line 4: key: is that of a file of the type `application/pdf`"), "{told:#?}");
            assert_eq!((exported(app), media(app).await, stored(app)), before);
            assert_eq!(content(&app.incoming()), BTreeMap::new());
        }
    }

    /// A file that is deleted while an export runs is no damage: the export says so, and another one does without it
    async fn a_file_may_be_deleted_during_an_export(app) {
        let dir = folder(&[("a.pdf", pdf("甲"))]);
        let line = crate::support::content::Record::new("media").set("site", "demo").set("key", "a.pdf");
        brought(app, &Portal::new("demo").with(line), dir.path());
        let id = media(app).await[0]["id"].as_i64().unwrap();
        let delete = || {
            let config = Config::from_vars(|name| (name == "DATABASE_URL").then(|| app.database().url.clone())).unwrap();
            let sha256 = sha256(pdf("甲"));
            Store::open(&config).unwrap().write_blocking(|conn| {
                store::media::delete(conn, id)?;
                assert!(store::media_files::release(conn, &sha256)?);
                Ok(())
            }).unwrap();
            fs::remove_dir_all(app.stored().join("files")).unwrap();
        };
        let out = tempfile::tempdir().unwrap();
        let options = ExportOptions { site: None, media: Some(out.path()), held: false };
        let export = &app.app.services().export;
        let failed = export.run(Meanwhile { text: Vec::new(), then: Some(delete) }, options).unwrap_err().to_string();
        assert!(failed.ends_with(" was deleted during the export; run it again"), "{failed}");
        assert_eq!(content(out.path()), BTreeMap::new());
        assert_eq!(records(&exported_into(app, None, out.path()), "media"), [Value::Null; 0]);
    }

    /// Every fault of a line about a file is told with its mend
    async fn faults_of_files_are_told(app) {
        let dir = folder(&[("a.pdf", pdf("a")), ("empty.pdf", Vec::new()), ("page.html", b"<html><script>1</script></html>".to_vec())]);
        app.import(&Portal::new("demo"));
        for (record, dir, expected) in [
            (json!({"key": "a.pdf"}), None, "line 2: key: has no file: nothing with these bytes is stored as `a.pdf`; give the folder that has it with --media"),
            (json!({"key": "none.pdf"}), Some(&dir), "line 2: key: names `none.pdf`, and there is no such file in the folder of --media"),
            (json!({"key": "a.pdf", "file": "none.pdf"}), Some(&dir), "line 2: file: names `none.pdf`"),
            (json!({"key": "a.pdf", "sha256": "0".repeat(64)}), Some(&dir), "line 2: sha256: is not that of `a.pdf`, which has "),
            (json!({"key": "a.pdf", "size": 1}), Some(&dir), "line 2: size: is not that of `a.pdf`, which has "),
            (json!({"key": "a.pdf", "site": "nowhere"}), Some(&dir), "line 2: site: no site `nowhere`"),
            (json!({"key": "empty.pdf"}), Some(&dir), "line 2: key: names `empty.pdf`, which "),
            (json!({"key": "page.html"}), Some(&dir), "line 2: key: names `page.html`, which "),
            (json!({"key": "a.pdf", "name": "a\u{202E}b.pdf"}), Some(&dir), "line 2: name: contains a character that changes the direction of the text"),
            (json!({"key": "../a.pdf"}), Some(&dir), "line 2: key: has the part `..`"),
            (json!({"key": "/etc/passwd"}), Some(&dir), "line 2: key: starts with `/`"),
            (json!({"key": "a\\b"}), Some(&dir), "line 2: key: contains `\\`"),
            (json!({"key": "a//b"}), Some(&dir), "line 2: key: has an empty part"),
            (json!({"key": "a\u{202E}b"}), Some(&dir), "line 2: key: contains the invisible character U+202E"),
            (json!({"key": "中".repeat(86)}), Some(&dir), "line 2: key: has a part of more than 255 bytes"),
            (json!({"key": "a.pdf", "width": 1}), Some(&dir), "line 2: width: is not a known member"),
            (json!({}), Some(&dir), "line 2: key: is required"),
        ] {
            let mut line = record;
            line["type"] = json!("media");
            let text = format!("{{\"type\":\"portal\",\"version\":1}}\n{line}\n");
            let report = bring(app, &text, dir.map(TempDir::path), false);
            let told = faults(&report);
            assert!(told.len() == 1 && told[0].starts_with(expected), "{expected}\n{told:#?}");
        }
        assert_eq!((stored(app), media(app).await.len()), (0, 0));
    }

    /// What files are called and show is changed without their bytes at hand
    async fn words_about_a_file_need_no_folder(app) {
        let dir = illustrations();
        brought(app, &illustrated(), dir.path());
        let before = article(app, "b").await;
        let line = |alt: Value| format!("{{\"type\":\"portal\",\"version\":1}}\n{}\n", json!({"type": "media", "site": "demo", "key": "图/海 面.jpg", "name": "海面", "alt": alt, "sha256": sha256(jpeg(800, 600))}));
        assert_eq!(counts(&bring(app, &line(json!("海面😀")), None, false)), [0, 1, 0, 0]);
        assert_eq!(counts(&bring(app, &line(json!("海面😀")), None, false)), [0, 0, 1, 0]);
        let after = article(app, "b").await;
        assert_eq!((&before["cover"]["alt"], &after["cover"]["alt"]), (&Value::Null, &json!("海面😀")));
        assert!(after["version"].as_i64() > before["version"].as_i64());
        let files = media(app).await;
        assert!(files.iter().any(|file| file["name"] == "海面.jpg"));
    }

    /// Files are looked up together, however many articles name them
    async fn statements_do_not_grow_with_the_articles(app) {
        let dir = illustrations();
        brought(app, &illustrated(), dir.path());
        let with = |n: usize| (0..n).fold(Portal::new("demo").site(|s| s.set("default_locale", "zh-Hans")).category("news"), |portal, i| portal.article(&format!("n{i}"), |a| a.set("cover", "图/海%20面.jpg")));
        let cost = |n: usize| {
            let before = app.statements();
            brought(app, &with(n), dir.path());
            app.statements() - before
        };
        // From then on nothing changes.
        cost(150);
        assert_eq!(cost(5), cost(150));
    }

    /// What an article does not use any more may be deleted, and what it uses may not
    async fn what_a_line_drops_may_be_deleted(app) {
        let dir = folder(&[("a.pdf", pdf("a"))]);
        let with = |list: Value| Portal::new("demo").article("a", |a| a.set("attachments", list));
        brought(app, &with(json!([{"name": "x", "url": "a.pdf"}])), dir.path());
        let id = media(app).await[0]["id"].clone();
        let delete = async || {
            let desk = app.desk("admin");
            let tag = desk.get(&format!("/media/{id}")).await.header("etag").unwrap().to_owned();
            desk.request("DELETE", &format!("/media/{id}")).header("if-match", &tag).send().await.status
        };
        assert_eq!(delete().await, 409);
        brought(app, &with(json!([])), dir.path());
        assert_eq!(delete().await, 204);
        assert_eq!(stored(app), 0);
    }
}
