//! What a storage of files does, on disk and in S3-compatible storage alike, and what happens when the latter fails.

use std::io::{Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use masthead::error::Error;
use masthead::media::storage::{Key, Listed, Storage, StorageSettings};
use tempfile::TempDir;

use crate::support::faulty_storage::{Fault, FaultyStorage};
use crate::support::s3::Bucket;

/// More than one part of an upload in parts, and no round number.
const LARGE: usize = 20 * 1024 * 1024 + 7;

/// A storage and a folder for files.
struct Place {
    storage: Storage,
    bucket: Option<Bucket>,
    dir: TempDir,
}

impl Place {
    fn disk() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let settings = StorageSettings::Disk {
            dir: dir.path().join("media"),
        };
        let storage = Storage::open(&settings).unwrap();
        Some(Self {
            storage,
            bucket: None,
            dir,
        })
    }

    fn s3() -> Option<Self> {
        let bucket = Bucket::create()?;
        let storage = Storage::open(&bucket.settings("新闻/media")).unwrap();
        Some(Self {
            storage,
            bucket: Some(bucket),
            dir: tempfile::tempdir().unwrap(),
        })
    }

    fn put(&self, key: &Key, bytes: &[u8]) {
        self.storage
            .put(key, &file(self.dir.path(), bytes))
            .unwrap();
    }

    fn read(&self, key: &Key, range: Range<u64>) -> Option<Vec<u8>> {
        read(&self.storage, key, range)
    }

    fn listed(&self) -> Vec<(Listed, u64)> {
        let mut found = Vec::new();
        self.storage
            .list(&mut |what, size| {
                found.push((what, size));
                Ok(())
            })
            .unwrap();
        found
    }
}

fn file(dir: &Path, bytes: &[u8]) -> PathBuf {
    let mut file = tempfile::NamedTempFile::new_in(dir).unwrap();
    file.write_all(bytes).unwrap();
    file.keep().unwrap().1
}

fn read(storage: &Storage, key: &Key, range: Range<u64>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    storage
        .read(key, range)
        .unwrap()?
        .read_to_end(&mut bytes)
        .unwrap();
    Some(bytes)
}

fn key(start: &str) -> Key {
    Key::original(&format!("{start:0<64}")).unwrap()
}

/// Bytes that are different everywhere.
fn noise(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.u8(..))
        .take(length)
        .collect()
}

/// Runs each test on both storages, as `<test>::disk` and `<test>::s3`.
macro_rules! on_both_storages {
    ($(fn $name:ident($place:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            fn holds(place: Option<Place>) {
                if let Some($place) = place $body
            }

            #[test]
            fn disk() {
                holds(Place::disk());
            }

            #[test]
            fn s3() {
                holds(Place::s3());
            }
        }
    )+};
}

on_both_storages! {
    fn a_file_is_read_as_it_was_put_whole_or_in_part(place) {
        let (key, other) = (key("ab"), key("cd"));
        place.put(&key, "新闻📰".as_bytes());
        assert_eq!(place.storage.size(&key).unwrap(), Some(10));
        assert_eq!(place.read(&key, 0..10).unwrap(), "新闻📰".as_bytes());
        assert_eq!(place.read(&key, 3..6).unwrap(), "闻".as_bytes());
        assert_eq!(place.read(&key, 9..10).unwrap().len(), 1);
        assert_eq!(place.read(&key, 4..4).unwrap(), b"");
        assert!(place.storage.read(&key, 3..11).is_err());
        assert!(place.storage.read(&key, 10..11).is_err());
        assert!(place.storage.read(&key, 11..11).is_err());
        assert_eq!(place.storage.size(&other).unwrap(), None);
        assert_eq!(place.read(&other, 0..1), None);
        assert_eq!(place.read(&other, 0..0), None);
    }

    fn a_large_file_comes_back_as_it_went(place) {
        let key = key("ab");
        let bytes = noise(LARGE);
        place.put(&key, &bytes);
        let size = u64::try_from(LARGE).unwrap();
        assert_eq!(place.storage.size(&key).unwrap(), Some(size));
        assert!(place.read(&key, 0..size).unwrap() == bytes);
        assert!(place.read(&key, 8_388_600..8_388_700).unwrap() == bytes[8_388_600..8_388_700]);
        // Whoever takes only the beginning of it leaves nothing behind.
        let mut reader = place.storage.read(&key, 0..size).unwrap().unwrap();
        reader.read_exact(&mut [0; 100]).unwrap();
        drop(reader);
        assert_eq!(place.listed(), [(Listed::File(key), size)]);
        assert_eq!(place.bucket.as_ref().map_or(0, Bucket::unfinished), 0);
    }

    fn a_file_is_replaced_and_removed(place) {
        let key = key("ab");
        place.put(&key, b"one");
        place.put(&key, b"second");
        assert_eq!(place.read(&key, 0..6).unwrap(), b"second");
        place.storage.remove(&key).unwrap();
        place.storage.remove(&key).unwrap();
        assert_eq!(place.storage.size(&key).unwrap(), None);
        assert_eq!(place.listed(), []);
    }

    fn an_empty_file_is_a_file(place) {
        let key = key("ab");
        place.put(&key, b"");
        assert_eq!(place.storage.size(&key).unwrap(), Some(0));
        assert_eq!(place.read(&key, 0..0).unwrap(), b"");
        assert_eq!(place.listed(), [(Listed::File(key), 0)]);
    }

    fn files_are_listed_in_order(place) {
        let mut keys = Vec::new();
        for number in (0..40).rev() {
            let original = key(&format!("{:02x}", number * 6));
            keys.push(Key::variant(original.sha256(), 640).unwrap());
            keys.push(Key::variant(original.sha256(), 1280).unwrap());
            keys.push(original);
        }
        for key in &keys {
            place.put(key, b"x");
        }
        keys.sort();
        let expected: Vec<_> = keys.into_iter().map(|key| (Listed::File(key), 1)).collect();
        assert_eq!(place.listed(), expected);
    }

    fn a_file_that_is_not_there_cannot_be_put(place) {
        let key = key("ab");
        let none = place.dir.path().join("none");
        assert!(place.storage.put(&key, &none).is_err());
        assert!(place.storage.put(&key, place.dir.path()).is_err());
        assert_eq!(place.storage.size(&key).unwrap(), None);
    }

    fn many_put_and_read_at_once(place) {
        let keys: Vec<Key> = (0..16).map(|n| key(&format!("{n:02x}"))).collect();
        std::thread::scope(|scope| {
            for key in &keys {
                scope.spawn(|| {
                    place.put(key, key.as_str().as_bytes());
                    assert_eq!(place.read(key, 0..67).unwrap(), key.as_str().as_bytes());
                });
            }
        });
        assert_eq!(place.listed().len(), keys.len());
    }
}

#[test]
fn strangers_in_a_bucket_are_told_apart_and_those_outside_the_prefix_not_told() {
    let Some(bucket) = Bucket::create() else {
        return;
    };
    let storage = Storage::open(&bucket.settings("media")).unwrap();
    let place = Place {
        storage,
        dir: tempfile::tempdir().unwrap(),
        bucket: None,
    };
    bucket.put_object("mediator/ab", b"other");
    bucket.put_object("logo.svg", b"other");
    bucket.put_object("media/zz/notes.txt", b"mine");
    let key = key("ab");
    place.put(&key, b"x");
    let stranger = Listed::Stranger("zz/notes.txt".to_owned());
    assert_eq!(
        place.listed(),
        [(Listed::File(key.clone()), 1), (stranger, 4)]
    );
    bucket.delete_object(&format!("media/{key}"));
    assert_eq!(place.storage.size(&key).unwrap(), None);
}

#[test]
fn a_bucket_that_is_not_there_is_a_failure_and_no_missing_file() {
    let Some(bucket) = Bucket::create() else {
        return;
    };
    bucket.delete();
    let storage = Storage::open(&bucket.settings("")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), b"x");
    let key = key("ab");
    let failures = [
        storage.size(&key).map(|_| ()),
        storage.read(&key, 0..1).map(|_| ()),
        storage.put(&key, &path),
        storage.remove(&key),
        storage.list(&mut |_, _| Ok(())),
    ];
    for failure in failures {
        let failure = failure.unwrap_err();
        assert!(matches!(failure, Error::Unavailable(_)), "{failure:?}");
        assert!(
            failure.chain().contains("no such bucket") || failure.chain().contains("NoSuchBucket"),
            "{}",
            failure.chain()
        );
    }
}

#[test]
fn a_storage_that_answers_500_is_asked_again_and_then_unavailable() {
    let faulty = FaultyStorage::start();
    let storage = Storage::open(&faulty.settings()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), b"bytes");
    let key = key("ab");
    storage.put(&key, &path).unwrap();
    assert_eq!(faulty.objects(), [format!("media/{key}")]);
    assert_eq!(read(&storage, &key, 1..3).unwrap(), b"yt");

    faulty.fail(Some(Fault::Status(500)), 0);
    let before = faulty.requests();
    let failure = storage.size(&key).unwrap_err();
    assert!(matches!(failure, Error::Unavailable(_)), "{failure:?}");
    assert!(failure.chain().contains("500"), "{}", failure.chain());
    assert!((2..=6).contains(&(faulty.requests() - before)));
    assert!(storage.put(&key, &path).is_err());
    assert!(storage.read(&key, 0..5).is_err());
    assert!(storage.remove(&key).is_err());
    assert!(storage.list(&mut |_, _| Ok(())).is_err());

    faulty.fail(None, 0);
    assert_eq!(storage.size(&key).unwrap(), Some(5));
}

#[test]
fn a_large_file_that_fails_on_its_way_is_given_up_whole() {
    let faulty = FaultyStorage::start();
    let storage = Storage::open(&faulty.settings()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), &noise(LARGE));
    let key = key("ab");
    // The upload is begun and two of its three parts arrive.
    faulty.fail(Some(Fault::Writing(500)), 3);
    let failure = storage.put(&key, &path).unwrap_err();
    assert!(matches!(failure, Error::Unavailable(_)), "{failure:?}");
    assert!(faulty.requests() > 4);
    assert!(!faulty.is_unfinished());
    assert_eq!(faulty.objects(), [""; 0]);

    faulty.fail(None, 0);
    storage.put(&key, &path).unwrap();
    assert_eq!(storage.size(&key).unwrap(), u64::try_from(LARGE).ok());
}

#[test]
fn a_storage_that_refuses_or_is_full_is_told_as_such() {
    let faulty = FaultyStorage::start();
    let storage = Storage::open(&faulty.settings()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), b"bytes");
    let key = key("ab");
    faulty.fail(Some(Fault::Status(403)), 0);
    let refused = storage.put(&key, &path).unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
    assert!(
        refused.chain().contains("access key"),
        "{}",
        refused.chain()
    );
    assert!(storage.size(&key).is_err());
    faulty.fail(Some(Fault::Status(507)), 0);
    let full = storage.put(&key, &path).unwrap_err();
    assert!(matches!(full, Error::NoSpace(_)), "{full:?}");
    assert_eq!(faulty.objects(), [""; 0]);
}

#[test]
fn a_file_whose_end_does_not_come_is_never_taken_for_a_shorter_one() {
    let faulty = FaultyStorage::start();
    let storage = Storage::open(&faulty.settings()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let key = key("ab");
    storage
        .put(&key, &file(dir.path(), &noise(100_000)))
        .unwrap();
    faulty.fail(Some(Fault::Half), 0);
    let mut reader = storage.read(&key, 0..100_000).unwrap().unwrap();
    let mut bytes = Vec::new();
    let ended = reader.read_to_end(&mut bytes);
    assert!(ended.is_err());
    assert!(bytes.len() < 100_000);
}

#[test]
fn a_storage_that_says_nothing_is_given_up_in_time() {
    let faulty = FaultyStorage::start();
    faulty.fail(Some(Fault::Silence), 0);
    let storage = Storage::open(&faulty.settings()).unwrap();
    let began = Instant::now();
    let failure = storage.size(&key("ab")).unwrap_err();
    assert!(matches!(failure, Error::Unavailable(_)), "{failure:?}");
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_storage_that_is_not_there_is_unavailable() {
    let settings = FaultyStorage::start().settings();
    let storage = Storage::open(&settings).unwrap();
    let failure = storage.size(&key("ab")).unwrap_err();
    assert!(matches!(failure, Error::Unavailable(_)), "{failure:?}");
    assert!(failure.chain().contains("refused"), "{}", failure.chain());
}

#[actix_web::test]
async fn a_storage_may_be_used_and_dropped_on_a_thread_that_must_not_block() {
    let faulty = FaultyStorage::start();
    let storage = Storage::open(&faulty.settings()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let key = key("ab");
    storage.put(&key, &file(dir.path(), b"bytes")).unwrap();
    assert_eq!(read(&storage, &key, 0..5).unwrap(), b"bytes");
    // What was begun before the storage went ends with an error, not with less.
    let mut reader = storage.read(&key, 0..5).unwrap().unwrap();
    drop(storage);
    let mut bytes = Vec::new();
    assert!(reader.read_to_end(&mut bytes).is_err() || bytes == b"bytes");
}
