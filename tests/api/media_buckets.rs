//! Files that are kept in S3-compatible storage, as clients meet them: as on disk, and unavailable while that storage fails.

use crate::support::app::{Setup, run};
use crate::support::faulty_storage::{Fault, FaultyStorage};
use crate::support::media::{Form, jpeg, path, pdf};
use crate::support::s3::Bucket;
use crate::support::{Backend, Portal, TestApp};

/// Runs each test on both databases, against a bucket of its own where there is a storage, or a storage that fails on demand.
macro_rules! on_both_in {
    ($($(#[$about:meta])* async fn $name:ident($app:ident, $storage:ident: $kind:ident) $body:block)+) => {$(
        $(#[$about])*
        async fn $name(backend: Backend) {
            if let Some($storage) = $kind::create() {
                let setup = Setup::new(backend).vars($storage.vars());
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

on_both_in! {
    async fn a_file_in_a_bucket_is_delivered_with_its_copies_and_goes_when_it_is_deleted(app, bucket: Bucket) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let picture = jpeg(400, 200);
        let media = desk.uploaded("照片.jpg", &picture).await;
        let found = app.get(&path(&media["url"])).await;
        assert_eq!(found.assert_status(200).body, picture);
        let part = app.request("GET", &path(&media["url"])).header("range", "bytes=2-5").send().await;
        assert_eq!(part.assert_status(206).body, picture[2..6]);
        let copy = app.get(&path(&media["variants"][0]["url"])).await;
        assert_eq!(copy.assert_status(200).media_type(), Some("image/webp"));
        // The same bytes once more are stored once.
        let again = desk.uploaded("again.jpg", &picture).await;
        assert_eq!(bucket.objects().len(), 2);

        desk.delete(&format!("/media/{}", media["id"])).await.assert_status(204);
        assert_eq!(bucket.objects().len(), 2);
        desk.delete(&format!("/media/{}", again["id"])).await.assert_status(204);
        assert_eq!(bucket.objects(), [""; 0]);
        app.get(&path(&media["url"])).await.assert_problem(404, "not_found");
    }

    async fn a_storage_that_answers_500_makes_uploads_and_files_unavailable_until_it_works_again(app, storage: FaultyStorage) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let kept = desk.uploaded("kept.pdf", pdf("kept")).await;
        let before = storage.objects();

        storage.fail(Some(Fault::Status(500)), 0);
        let form = Form::of("公告.pdf", pdf("公告")).text("site", "demo");
        desk.upload(&form).await.assert_problem(503, "unavailable");
        app.get(&path(&kept["url"])).await.assert_problem(503, "unavailable");
        let listed = desk.get("/media").await.json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);

        storage.fail(None, 0);
        assert_eq!(storage.objects(), before);
        desk.taken(&form).await;
        assert_eq!(storage.objects().len(), 2);
        app.get(&path(&kept["url"])).await.assert_status(200);
    }

    async fn a_picture_of_which_only_some_copies_could_be_put_is_not_recorded(app, storage: FaultyStorage) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        // One of two copies is taken, nothing after it.
        storage.fail(Some(Fault::Writing(500)), 1);
        let form = Form::of("照片.jpg", jpeg(700, 350)).text("site", "demo");
        desk.upload(&form).await.assert_problem(503, "unavailable");
        let listed = desk.get("/media").await.json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 0);

        storage.fail(None, 0);
        let media = desk.taken(&form).await;
        assert_eq!(media["variants"].as_array().unwrap().len(), 2);
        assert_eq!(storage.objects().len(), 3);
    }

    async fn a_storage_that_is_full_is_told_as_such(app, storage: FaultyStorage) {
        app.import(&Portal::new("demo"));
        storage.fail(Some(Fault::Writing(507)), 0);
        let form = Form::of("公告.pdf", pdf("公告")).text("site", "demo");
        app.desk("admin").upload(&form).await.assert_status(507);
        assert_eq!(storage.objects(), [""; 0]);
    }
}
