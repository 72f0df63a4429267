//! A server that is killed while files come and go, and disks that are full: no record ever lacks its file, and what is left over is
//! found and removed.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use masthead::media::storage::{Storage, StorageSettings};
use serde_json::Value;

use crate::command_line::{Place, Serving};
use crate::support::kept::{Kept, entries};
use crate::support::media::{Form, jpeg, path, pdf, sha256};
use crate::support::outside::Outside;
use crate::support::{Backend, Database, Portal, announce};

/// How often the server is killed.
const KILLS: u32 = 20;

/// What somebody was told about the files that they sent: what is there, and what may be.
#[derive(Default)]
struct Told {
    /// Bytes by the way to the file, where an upload was answered and no deletion was begun.
    there: BTreeMap<String, Vec<u8>>,
    /// Where a deletion was answered.
    gone: Vec<String>,
}

/// The settings of a program that keeps files in `place`.
fn with_media(database: &Database) -> Place {
    let place = Place::with(database).var("MASTHEAD_LOG", "info");
    let (stored, incoming) = (place.path("stored"), place.path("incoming"));
    place
        .var("MASTHEAD_MEDIA_STORAGE", &stored.display().to_string())
        .var("MASTHEAD_MEDIA_INCOMING", &incoming.display().to_string())
        .var("MASTHEAD_MEDIA_WIDTHS", "100,200")
}

fn kept(database: &Database, dir: &Path) -> Kept {
    let dir = dir.to_owned();
    let storage = Storage::open(&StorageSettings::Disk { dir }).unwrap();
    Kept::look(&mut database.connect(), &storage)
}

/// Uploads one file after the other, and deletes some, until the server is gone.
fn work(caller: &Outside, told: &Mutex<Told>, number: &AtomicU32, begun: &AtomicU32) {
    loop {
        let n = number.fetch_add(1, Ordering::Relaxed);
        let (name, bytes) = match n % 4 {
            0 => (format!("通知 {n}.pdf"), pdf(&format!("{n}").repeat(20_000))),
            // The same bytes again and again, by several at once.
            1 => ("共用.jpg".to_owned(), jpeg(320, 200)),
            2 => ("共用.pdf".to_owned(), pdf("shared")),
            _ => (
                format!("{n}.jpg"),
                jpeg(240, 100 + u16::try_from(n % 5_000).unwrap()),
            ),
        };
        begun.fetch_add(1, Ordering::Relaxed);
        let Some((status, body)) = caller.upload(&Form::of(&name, &bytes).text("site", "demo"))
        else {
            return;
        };
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
        let media: Value = serde_json::from_slice(&body).unwrap();
        let way = path(&media["url"]);
        if !n.is_multiple_of(3) {
            told.lock().unwrap().there.insert(way, bytes);
            continue;
        }
        let Some((status, _)) = caller.delete(&media["id"]) else {
            return;
        };
        assert_eq!(status, 204);
        told.lock().unwrap().gone.push(way);
    }
}

/// An upload of which half has arrived when the server is killed.
fn half_an_upload(serving: &Serving, key: &str) -> TcpStream {
    let form = Form::of("half.pdf", pdf(&"half".repeat(200_000))).text("site", "demo");
    let body = form.bytes();
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    write!(
        stream,
        "POST /api/v1/manage/media HTTP/1.1\r\nhost: x\r\nauthorization: {key}\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n",
        form.content_type(),
        body.len()
    )
    .unwrap();
    stream.write_all(&body[..body.len() / 2]).unwrap();
    stream
}

fn kills(backend: Backend) {
    let Some(database) = Database::migrated(backend) else {
        return;
    };
    let place = with_media(&database);
    place.write("demo.ndjson", Portal::new("demo").lines());
    place.run(&["import", "demo.ndjson"]);
    let caller = Outside::new(&database);
    let (told, number) = (Mutex::new(Told::default()), AtomicU32::new(0));
    let (stored, incoming) = (place.path("stored"), place.path("incoming"));
    let (mut orphans, mut leftovers) = (0, 0);
    for round in 0..KILLS {
        let serving = Serving::start(&place);
        let caller = caller.at(&serving.address);
        let begun = AtomicU32::new(0);
        let half = half_an_upload(&serving, caller.key());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| work(&caller, &told, &number, &begun));
            }
            while begun.load(Ordering::Relaxed) < 4 || entries(&incoming) == 0 {
                thread::yield_now();
            }
            // At another moment each time.
            thread::sleep(Duration::from_millis(fastrand::u64(0..300)));
            // Kills it.
            drop(serving);
        });
        drop(half);
        let kept = kept(&database, &stored);
        orphans += kept.orphans.len() + kept.recorded.values().filter(|named| !**named).count();
        leftovers += kept.leftovers.len() + entries(&incoming);
        assert!(
            entries(&incoming) > 0,
            "round {round}: the half upload left nothing"
        );
    }
    let told = told.into_inner().unwrap();
    announce(&format!(
        "{backend:?}, {KILLS} kills: {} uploads begun, {} files kept, {} deleted; {orphans} orphans and {leftovers} leftovers seen",
        number.into_inner(),
        told.there.len(),
        told.gone.len()
    ));
    // A machine with much else to do gets less done between two kills.
    assert!(told.there.len() >= 10);

    // What is left does no harm, is found, and goes.
    let found = place.run(&["doctor"]);
    assert_eq!(found.code, Some(1), "{found:?}");
    let mended = place.run(&["doctor", "--repair"]);
    assert_eq!(mended.code, Some(0), "{mended:?}");
    let clean = place.run(&["doctor"]);
    assert_eq!(clean.code, Some(0), "{clean:?}");
    let after = kept(&database, &stored);
    assert_eq!(
        (after.orphans.len(), after.leftovers.len()),
        (0, 0),
        "{after:#?}"
    );
    assert!(after.recorded.values().all(|named| *named), "{after:#?}");
    assert_eq!(entries(&incoming), 0);

    let serving = Serving::start(&place);
    let caller = caller.at(&serving.address);
    for (way, bytes) in &told.there {
        let (status, got) = caller.get(way).unwrap();
        assert_eq!((status, sha256(got)), (200, sha256(bytes)), "{way}");
    }
    for way in &told.gone {
        assert_eq!(caller.get(way).unwrap().0, 404, "{way}");
    }
    drop(serving);
}

/// Killed 20 times while files come and go, the server loses none that it has acknowledged, and no record lacks its file
#[test]
fn a_killed_server_loses_no_file_sqlite() {
    kills(Backend::Sqlite);
}

/// The same on PostgreSQL
#[test]
fn a_killed_server_loses_no_file_postgres() {
    kills(Backend::Postgres);
}

/// A server whose folders `full` are disks of `size` of their own, which go with it; `None` where none can be mounted. The commands
/// of `first` run before it.
pub fn on_small_disks(place: &Place, size: &str, full: &[&str], first: &str) -> Option<Serving> {
    let mounts: Vec<String> = full
        .iter()
        .map(|name| format!("mkdir -p {name} && mount -t tmpfs -o size={size} none {name}"))
        .collect();
    let mounts = mounts.join(" && ");
    let within = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", script]);
        command
    };
    if !within(&mounts)
        .current_dir(place.path(""))
        .output()
        .is_ok_and(|tried| tried.status.success())
    {
        announce("no file system can be mounted here: full disks are not tested");
        return None;
    }
    let serve = place.command(&["serve"]);
    let program = serve.get_program().to_str().unwrap();
    let mut command = within(&format!("{mounts} && {first} && exec {program} serve"));
    command.current_dir(place.path(""));
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Some(Serving::launch(&mut command))
}

/// On a full disk an upload is refused as a whole, wherever it runs out of room, and goes well once there is room again
#[test]
fn a_full_disk_keeps_nothing_half() {
    for (backend, size, full) in [
        (Backend::Sqlite, "400k", ["incoming"].as_slice()),
        (Backend::Sqlite, "400k", &["stored"]),
        (Backend::Postgres, "400k", &["stored"]),
    ] {
        let Some(database) = Database::migrated(backend) else {
            continue;
        };
        let place = with_media(&database);
        place.write("demo.ndjson", Portal::new("demo").lines());
        place.run(&["import", "demo.ndjson"]);
        let caller = Outside::new(&database);
        let Some(serving) = on_small_disks(&place, size, full, "true") else {
            return;
        };
        let caller = caller.at(&serving.address);
        // The mounts are only there for the server.
        let root = format!("/proc/{}/root", serving.pid());
        let seen = |name: &str| Path::new(&root).join(place.path(name).strip_prefix("/").unwrap());
        let (stored, incoming) = (seen("stored"), seen("incoming"));
        let send = |form: &Form| caller.upload(&form.clone().text("site", "demo")).unwrap();

        let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
            .take(600_000)
            .collect();
        let picture = [jpeg(400, 300), noise.clone()].concat();
        let document = pdf(&"全".repeat(200_000));
        for (name, bytes) in [("大.pdf", &document), ("large.jpg", &picture)] {
            let (status, body) = send(&Form::of(name, bytes));
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(
                (status, &body["code"]),
                (507, &"insufficient_storage".into()),
                "{body}"
            );
            assert!(body["detail"].as_str().unwrap().len() > 20, "{body}");
            assert_eq!(
                kept(&database, &stored),
                Kept::default(),
                "{name} on {full:?}"
            );
            assert_eq!(entries(&incoming), 0, "{name} on {full:?}");
        }
        for n in 0..3 {
            let (status, body) = send(&Form::of("a.pdf", pdf(&format!("small {n}"))));
            assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
        }
        let kept = kept(&database, &stored);
        assert_eq!((kept.media, kept.orphans.len()), (3, 0));
    }
}
