//! Things that happen to files at once: whoever comes first, no record ever lacks its file, and no file its record.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use masthead::config::Config;
use masthead::library::{Library, LibrarySettings};
use masthead::media::format::Format;
use masthead::media::storage::StorageSettings;
use masthead::store::Store;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::desk::Desk;
use crate::support::media::{Form, jpeg, path, pdf, png, sha256};
use crate::support::{Portal, TestApp, on_both};

/// Fails unless the file that an upload has made is delivered as it was sent.
async fn assert_delivered(app: &TestApp, media: &Value, bytes: &[u8]) {
    let answer = app.get(&path(&media["url"])).await;
    answer.assert_status(200);
    assert_eq!(answer.body, bytes);
    for variant in media["variants"].as_array().unwrap() {
        let answer = app.get(&path(&variant["url"])).await;
        answer.assert_status(200);
        assert_eq!(variant["size"], answer.body.len());
    }
}

/// The answer to a DELETE of a media: its status.
async fn deleted(desk: &Desk<'_>, media: &Value) -> u16 {
    let place = format!("/media/{}", media["id"]);
    desk.delete_if(&place, "*").await.status
}

/// What somebody else does with the same database and the same folder.
fn another(app: &TestApp) -> (Library, Store) {
    let config = Config::from_vars(|name| match name {
        "DATABASE_URL" => Some(app.database().url.clone()),
        _ => None,
    })
    .unwrap();
    let settings = LibrarySettings {
        storage: StorageSettings::Disk { dir: app.stored() },
        incoming: app.incoming(),
        max_bytes: 1 << 20,
        max_pixels: 1 << 20,
        formats: Format::ALL.to_vec(),
        widths: vec![320],
        stall: std::time::Duration::from_secs(1),
    };
    (
        Library::open(settings).unwrap(),
        Store::open(&config).unwrap(),
    )
}

on_both! {
    /// Two, and twenty, uploads of one file at once are as many media, stored once
    async fn uploads_of_one_file_at_once(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let mut media = 0;
        for (count, name, bytes) in [
            (2, "二.pdf", pdf("two")),
            (2, "二.jpg", jpeg(800, 600)),
            (20, "二十.pdf", pdf("twenty")),
            (20, "二十.png", png(700, 500)),
        ] {
            let form = Form::of(name, &bytes).text("site", "demo");
            let answers = join_all((0..count).map(|_| desk.upload(&form))).await;
            let mut ids = Vec::new();
            for answer in &answers {
                let made = answer.assert_status(201).json();
                assert_eq!((&made["sha256"], &made["size"]), (&sha256(&bytes).into(), &bytes.len().into()));
                ids.push(made["id"].as_i64().unwrap());
            }
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), count);
            assert_delivered(app, &answers[0].json(), &bytes).await;
            media += count;
        }
        let kept = app.assert_in_step();
        assert_eq!((kept.media, kept.recorded.len()), (media.try_into().unwrap(), 4));
        // Two pictures with two smaller copies each: 320 and 640 pixels wide.
        assert_eq!(kept.stored.len(), 4 + 2 + 2);
    }

    /// A file that is uploaded while the last media with the same bytes is deleted is there afterwards
    async fn an_upload_while_the_same_file_is_deleted(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        for round in 0..30 {
            let (name, bytes) = match round % 2 {
                0 => ("a.pdf", pdf("again")),
                _ => ("a.jpg", jpeg(400, 300)),
            };
            let form = Form::of(name, &bytes).text("site", "demo");
            let first = desk.taken(&form).await;
            let uploads = join_all((0..3).map(|_| desk.upload(&form)));
            let (status, answers) = tokio::join!(deleted(&desk, &first), uploads);
            assert_eq!(status, 204);
            let made: Vec<Value> = answers.iter().map(|answer| answer.assert_status(201).json()).collect();
            for media in &made {
                assert_delivered(app, media, &bytes).await;
            }
            let kept = app.assert_in_step();
            assert_eq!((kept.media, kept.recorded.len()), (3, 1), "round {round}");
            let statuses = join_all(made.iter().map(|media| deleted(&desk, media))).await;
            assert_eq!(statuses, [204; 3]);
            app.assert_nothing_kept(&format!("round {round}"));
        }
    }

    /// A media is deleted while an article that uses it is saved: one of the two is refused
    async fn a_deletion_while_an_article_is_saved(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = app.desk("admin");
        let category = app.get("/api/v1/sites/demo/categories").await.json()["items"][0]["id"].clone();
        for round in 0..20 {
            let media = desk.uploaded("封面.png", png(20, 20 + round)).await;
            let article = json!({
                "site": "demo", "category_id": category, "title": format!("第{round}篇"), "status": "published",
                "body_html": "<p>正文</p>", "cover": media["url"],
            });
            let (deletion, saved) = tokio::join!(deleted(&desk, &media), desk.post("/articles", &article));
            match (deletion, saved.status) {
                (204, 422) => {
                    let problem = saved.assert_problem(422, "invalid_body");
                    assert_eq!(problem["errors"][0]["pointer"], "/cover", "{saved}");
                }
                (409, 201) => {
                    assert_delivered(app, &media, &png(20, 20 + round)).await;
                    let place = format!("/media/{}", media["id"]);
                    assert_eq!(desk.get(&place).await.json()["is_used"], true);
                }
                other => panic!("round {round}: {other:?}: {saved}"),
            }
        }
        app.assert_in_step();
    }

    /// Files are put in order by another process while they come and go: nothing that is needed is removed, nothing else stays
    async fn repairs_while_files_come_and_go(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let is_over = Arc::new(AtomicBool::new(false));
        let (library, store) = another(app);
        let (now, over) = (app.now(), Arc::clone(&is_over));
        let repairs = std::thread::spawn(move || {
            let mut rounds = 0;
            loop {
                let is_last = over.load(Ordering::SeqCst);
                let findings = library.inspect(&store, now, true).unwrap();
                assert_eq!((findings.missing.count, findings.strangers.count), (0, 0), "{findings:?}");
                rounds += 1;
                if is_last {
                    return (rounds, findings);
                }
            }
        });
        for round in 0..15 {
            let bytes = [pdf("same"), pdf(&format!("round {round}")), png(330, 200 + round)];
            let forms: Vec<Form> = bytes.iter().map(|bytes| Form::of("a", bytes).text("site", "demo")).collect();
            let answers = join_all(forms.iter().chain(&forms).map(|form| desk.upload(form))).await;
            let made: Vec<Value> = answers.iter().map(|answer| answer.assert_status(201).json()).collect();
            for (media, bytes) in made.iter().zip(bytes.iter().chain(&bytes)) {
                assert_delivered(app, media, bytes).await;
            }
            // What is refused for its words is taken away again, unless somebody else has it too.
            let refused = Form::of("b.pdf", pdf("same")).text("site", "nowhere");
            let (statuses, answer) = tokio::join!(
                join_all(made.iter().map(|media| deleted(&desk, media))),
                desk.upload(&refused)
            );
            assert_eq!(statuses, [204; 6]);
            answer.assert_problem(422, "invalid_body");
        }
        is_over.store(true, Ordering::SeqCst);
        let (rounds, last) = actix_web::rt::task::spawn_blocking(move || repairs.join().unwrap()).await.unwrap();
        assert!(rounds > 1 && last.is_clean(), "{rounds}: {last:?}");
        app.assert_nothing_kept("repairs");
    }
}
