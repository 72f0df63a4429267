//! The doctor on files: bytes without a record, records without bytes, and what broken uploads left.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command_line::{Place, databases};
use crate::support::media::{jpeg, pdf, sha256};
use crate::support::{Database, Portal};
use masthead::media::incoming::Incoming;
use serde_json::json;

/// A place with a folder for files, two of which an article uses.
fn place(database: &Database) -> Place {
    let place = Place::with(database).var("MASTHEAD_MEDIA_STORAGE", "storage");
    fs::create_dir_all(place.path("in")).unwrap();
    place.write("in/图.jpg", jpeg(800, 600));
    place.write("in/a.pdf", pdf("甲"));
    let portal = Portal::new("demo").article("a", |a| {
        a.set("cover", "图.jpg")
            .set("attachments", json!([{"name": "附件", "url": "a.pdf"}]))
    });
    place.write("a.ndjson", portal.lines());
    let said = place.run(&["import", "--media", "in", "a.ndjson"]);
    assert_eq!(
        said.assert_done(),
        "a.ndjson: 3 created, 0 updated, 0 unchanged, 0 faults\na.ndjson: 2 files of the folder became media, because articles name them\n"
    );
    place
}

fn file(place: &Place, sha256: &str) -> PathBuf {
    place.path(&format!("storage/files/{}/{sha256}", &sha256[..2]))
}

fn put(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, b"x").unwrap();
}

#[test]
fn all_is_well_after_an_import_and_an_export() {
    for database in databases() {
        let place = place(&database);
        let said = place.run(&["doctor"]);
        assert!(
            said.assert_done()
                .contains("ok    files: 2 with all their bytes\n"),
            "{said:#?}"
        );
        let said = place.run(&["export", "--media", "out", "-o", "b.ndjson"]);
        said.assert_done();
        assert_eq!(fs::read(place.path("out/图.jpg")).unwrap(), jpeg(800, 600));
        assert_eq!(fs::read(place.path("out/a.pdf")).unwrap(), pdf("甲"));
    }
}

#[test]
fn what_nobody_needs_is_found_and_removed() {
    for database in databases() {
        let place = place(&database);
        let orphan = file(&place, &"0a".repeat(32));
        let leftover = place.path("storage/files/0a/.put-0123456789abcdef01234567");
        let stranger = place.path("storage/files/README");
        let broken = place.path("storage/incoming/0123/file");
        for path in [&orphan, &leftover, &stranger, &broken] {
            put(path);
        }
        for _ in 0..2 {
            let said = place.run(&["doctor"]);
            assert_eq!(said.code, Some(1), "{said:#?}");
            for part in [
                "ok    files: 2 with all their bytes\n",
                "FAIL  files: 1 without a record; `masthead doctor --repair` removes them\n",
                "FAIL  files: 2 left over of uploads that were broken off; `masthead doctor --repair` removes them\n",
                "ok    files: 1 in the storage that are not of this program, left alone\n        README\n",
                &"0a".repeat(32),
            ] {
                assert!(said.out.contains(part), "`{part}` is not in {said:#?}");
            }
            assert!(orphan.exists() && leftover.exists() && broken.exists());
        }
        let said = place.run(&["doctor", "--repair"]);
        let said = said.assert_done();
        assert!(
            said.contains("files: 1 without a record, removed\n"),
            "{said}"
        );
        assert!(
            said.contains("files: 2 left over of uploads that were broken off, removed\n"),
            "{said}"
        );
        assert!(!orphan.exists() && !leftover.exists() && !broken.exists() && stranger.exists());
        let said = place.run(&["doctor"]);
        assert!(
            said.assert_done()
                .contains("files: 2 with all their bytes\n"),
            "{said:#?}"
        );
    }
}

#[test]
fn what_is_missing_is_told_with_who_has_it_and_comes_back() {
    for database in databases() {
        let place = place(&database);
        let sha256 = sha256(pdf("甲"));
        let lost = file(&place, &sha256);
        fs::remove_file(&lost).unwrap();
        for arguments in [vec!["doctor"], vec!["doctor", "--repair"]] {
            let said = place.run(&arguments);
            assert_eq!(said.code, Some(1), "{said:#?}");
            for part in [
                "ok    files: 1 with all their bytes\n",
                "FAIL  files: 1 missing or of another size\n",
                "`附件.pdf` of `demo`; upload the same file again (SHA-256 ",
                sha256.as_str(),
            ] {
                assert!(said.out.contains(part), "`{part}` is not in {said:#?}");
            }
        }
        let said = place.run(&["export", "--media", "out"]);
        said.assert_failed(&["are missing; `masthead doctor` tells which media have them"]);
        // A smaller copy of a picture counts too, and so does a file that is cut off.
        fs::write(&lost, b"%PDF").unwrap();
        let said = place.run(&["doctor"]);
        assert!(
            said.out
                .contains("FAIL  files: 1 missing or of another size\n"),
            "{said:#?}"
        );
        // The same bytes mend it.
        let line = json!({"type": "media", "site": "demo", "key": "a.pdf"});
        place.write(
            "c.ndjson",
            format!("{{\"type\":\"portal\",\"version\":1}}\n{line}\n"),
        );
        let said = place.run(&["import", "--media", "in", "c.ndjson"]);
        assert_eq!(
            said.assert_done(),
            "c.ndjson: 0 created, 0 updated, 1 unchanged, 0 faults\n"
        );
        let said = place.run(&["doctor"]);
        assert!(
            said.assert_done()
                .contains("files: 2 with all their bytes\n"),
            "{said:#?}"
        );
    }
}

#[test]
fn bytes_that_are_about_to_be_recorded_are_no_orphans() {
    for database in databases() {
        let place = place(&database);
        let bytes = pdf("來了");
        let name = sha256(&bytes);
        let stored = file(&place, &name);
        fs::create_dir_all(stored.parent().unwrap()).unwrap();
        fs::write(&stored, &bytes).unwrap();
        let incoming = place.path("storage/incoming");
        let begin = || Incoming::begin(&incoming, 1 << 20).unwrap();
        // An upload, and an import, which keeps notes on many.
        let mut upload = begin();
        upload.write(&bytes).unwrap();
        let mut import = begin();
        for sha256 in ["0b".repeat(32), name] {
            let note = json!({"sha256": sha256, "media_type": "application/pdf", "size": 1, "variants": []});
            import.write(format!("{note}\n").as_bytes()).unwrap();
        }
        for busy in [upload, import] {
            let busy = busy.finish();
            for arguments in [vec!["doctor"], vec!["doctor", "--repair"]] {
                let said = place.run(&arguments);
                let said = said.assert_done();
                assert!(!said.contains("without a record"), "{said}");
            }
            assert!(stored.exists());
            drop(busy);
        }
        // Nobody recorded them.
        let said = place.run(&["doctor"]);
        assert_eq!(said.code, Some(1), "{said:#?}");
        assert!(
            said.out.contains("FAIL  files: 1 without a record; "),
            "{said:#?}"
        );
        place.run(&["doctor", "--repair"]).assert_done();
        assert!(!stored.exists());
    }
}

#[test]
fn what_others_put_where_files_arrive_is_left_alone() {
    for database in databases() {
        let place = place(&database);
        let stray = place.path("storage/incoming/.DS_Store");
        let orphan = file(&place, &"0a".repeat(32));
        put(&stray);
        put(&orphan);
        let said = place.run(&["doctor"]);
        assert!(
            said.out.contains("FAIL  files: 1 without a record; "),
            "{said:#?}"
        );
        place.run(&["doctor", "--repair"]).assert_done();
        place.run(&["doctor"]).assert_done();
        assert!(stray.exists() && !orphan.exists());
    }
}

#[test]
fn a_lost_smaller_copy_comes_back_with_its_line() {
    for database in databases() {
        let place = place(&database);
        let sha256 = sha256(jpeg(800, 600));
        fs::remove_file(file(&place, &sha256).with_file_name(format!("{sha256}-320"))).unwrap();
        let said = place.run(&["doctor"]);
        assert!(
            said.out
                .contains("FAIL  files: 1 missing or of another size\n"),
            "{said:#?}"
        );
        let line = json!({"type": "media", "site": "demo", "key": "图.jpg"});
        place.write(
            "c.ndjson",
            format!("{{\"type\":\"portal\",\"version\":1}}\n{line}\n"),
        );
        let said = place.run(&["import", "--media", "in", "c.ndjson"]);
        assert_eq!(
            said.assert_done(),
            "c.ndjson: 0 created, 0 updated, 1 unchanged, 0 faults\n"
        );
        let said = place.run(&["doctor"]);
        assert!(
            said.assert_done()
                .contains("files: 2 with all their bytes\n"),
            "{said:#?}"
        );
    }
}

#[test]
fn a_storage_that_fails_is_told_with_the_reason() {
    for database in databases() {
        let place = place(&database);
        fs::remove_dir_all(place.path("storage/files")).unwrap();
        fs::write(place.path("storage/files"), b"").unwrap();
        let said = place.run(&["doctor"]);
        assert_eq!(said.code, Some(1), "{said:#?}");
        assert!(said.out.contains("FAIL  "), "{said:#?}");
    }
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let place = Place::new();
    place.write("a.ndjson", Portal::new("demo").lines());
    let said = place.run(&["import", "--media", "nowhere", "a.ndjson"]);
    said.assert_failed(&[
        "a.ndjson: not imported\nerror: reading nowhere: No such file or directory",
    ]);
    let said = place.run(&["import", "--media", "a.ndjson", "a.ndjson"]);
    said.assert_failed(&["reading a.ndjson: "]);
}
