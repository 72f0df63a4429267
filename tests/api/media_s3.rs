//! Many and large files in S3-compatible storage: in step with the database whatever happens at once, on both databases.

use std::time::{Duration, Instant};

use masthead::media::storage::Storage;
use serde_json::Value;

use crate::support::accounts::join_all;
use crate::support::app::{Setup, run};
use crate::support::faulty_storage::{Fault, FaultyStorage};
use crate::support::kept::Kept;
use crate::support::media::{Form, jpeg, path, pdf, sha256};
use crate::support::s3::Bucket;
use crate::support::{Backend, Portal, TestApp};

/// Runs each test on both databases against a bucket of its own, where there is a storage.
macro_rules! in_a_bucket {
    ($($(#[$about:meta])* async fn $name:ident($app:ident, $bucket:ident) $body:block)+) => {$(
        $(#[$about])*
        async fn $name(backend: Backend) {
            if let Some($bucket) = Bucket::create() {
                let setup = Setup::new(backend).vars($bucket.vars());
                run(setup, async |$app: &TestApp| $body).await;
            }
        }

        mod $name {
            #[actix_web::test]
            async fn sqlite() {
                super::$name(super::Backend::Sqlite).await;
            }

            #[actix_web::test]
            async fn postgres() {
                super::$name(super::Backend::Postgres).await;
            }
        }
    )+};
}

/// What is kept; fails where database and bucket are not in step.
fn in_step(app: &TestApp, bucket: &Bucket) -> Kept {
    let storage = Storage::open(&bucket.settings("media")).unwrap();
    let kept = Kept::look(&mut app.database().connect(), &storage);
    assert_eq!(kept.orphans, [""; 0], "{kept:#?}");
    assert!(kept.recorded.values().all(|named| *named), "{kept:#?}");
    assert_eq!((app.arriving(), bucket.unfinished()), (0, 0));
    kept
}

in_a_bucket! {
    /// A file of several parts is stored whole, and delivered whole and in parts
    async fn a_large_file_goes_there_and_back(app, bucket) {
        app.import(&Portal::new("demo"));
        let bytes = pdf(&"大文件".repeat(2_000_000));
        let media = app.desk("editor").uploaded("大文件.pdf", &bytes).await;
        assert_eq!((&media["size"], &media["sha256"]), (&bytes.len().into(), &sha256(&bytes).into()));
        let whole = app.get(&path(&media["url"])).await;
        assert_eq!(sha256(&whole.assert_status(200).body), sha256(&bytes));
        for (range, start, end) in [
            ("bytes=0-0", 0, 1),
            ("bytes=8388600-8388700", 8_388_600, 8_388_701),
            ("bytes=-7", bytes.len() - 7, bytes.len()),
        ] {
            let part = app.request("GET", &path(&media["url"])).header("range", range).send().await;
            assert_eq!(part.assert_status(206).body, bytes[start..end], "{range}");
        }
        in_step(app, &bucket);
    }

    /// Files that are refused, for themselves or for their words, leave no object
    async fn what_is_refused_leaves_nothing(app, bucket) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("editor");
        let svg = Form::of("图.svg", "<svg onload='alert(1)'/>").text("site", "demo");
        desk.upload(&svg).await.assert_problem(422, "invalid_body");
        for bytes in [pdf("words"), jpeg(700, 500), pdf(&"a".repeat(9_000_000))] {
            let unknown = Form::of("a", bytes).text("site", "nowhere");
            desk.upload(&unknown).await.assert_problem(422, "invalid_body");
        }
        assert_eq!(in_step(app, &bucket), Kept::default());
    }

    /// Uploads and deletions of the same bytes at once leave what is named, and nothing else
    async fn uploads_and_deletions_at_once(app, bucket) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("editor");
        for round in 0..6 {
            let (name, bytes) = match round % 2 {
                0 => ("a.pdf", pdf("again")),
                _ => ("a.jpg", jpeg(400, 300)),
            };
            let form = Form::of(name, &bytes).text("site", "demo");
            let first = desk.taken(&form).await;
            let place = format!("/media/{}", first["id"]);
            let uploads = join_all((0..4).map(|_| desk.upload(&form)));
            let (gone, answers) = tokio::join!(desk.delete_if(&place, "*"), uploads);
            gone.assert_status(204);
            let made: Vec<Value> = answers.iter().map(|answer| answer.assert_status(201).json()).collect();
            for media in &made {
                assert_eq!(app.get(&path(&media["url"])).await.assert_status(200).body, bytes);
            }
            let kept = in_step(app, &bucket);
            assert_eq!((kept.media, kept.recorded.len()), (4, 1), "round {round}");
            for media in &made {
                desk.delete_if(&format!("/media/{}", media["id"]), "*").await.assert_status(204);
            }
            assert_eq!(in_step(app, &bucket), Kept::default());
        }
    }
}

/// A storage that never answers ends an upload in time, and nothing is recorded
#[actix_web::test]
async fn a_storage_that_is_silent() {
    let storage = FaultyStorage::start();
    let setup = Setup::new(Backend::Sqlite).vars(storage.vars());
    run(setup, async |app: &TestApp| {
        app.import(&Portal::new("demo"));
        let desk = app.desk("editor");
        let kept = desk.uploaded("有.pdf", pdf("kept")).await;
        storage.fail(Some(Fault::Silence), 0);
        let began = Instant::now();
        let read = app.get(&path(&kept["url"])).await;
        read.assert_problem(503, "unavailable");
        assert!(began.elapsed() < Duration::from_secs(20));
        storage.fail(None, 0);
        let read = app.get(&path(&kept["url"])).await;
        assert_eq!(read.assert_status(200).body, pdf("kept"));
    })
    .await;
}
