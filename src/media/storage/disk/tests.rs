//! The disk as a storage, where it works and where it does not.

use std::os::unix::fs::symlink;
use std::process::Command;

use tempfile::TempDir;

use super::*;

/// Says to the test below that it runs by itself, and where.
const ON_ODD_DISKS: &str = "MASTHEAD_TEST_ODD_DISKS";

/// A storage in a new folder, in which files can be made too.
fn storage() -> (TempDir, Disk) {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(&dir.path().join("新闻/media"));
    (dir, disk)
}

fn key(start: &str) -> Key {
    Key::original(&format!("{start:0<64}")).unwrap()
}

fn file(dir: &Path, bytes: &[u8]) -> PathBuf {
    let path = dir.join(temporary_name().unwrap());
    fs::write(&path, bytes).unwrap();
    path
}

fn read(disk: &Disk, key: &Key, range: Range<u64>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    disk.read(key, range)
        .unwrap()?
        .read_to_end(&mut bytes)
        .unwrap();
    Some(bytes)
}

fn listed(disk: &Disk) -> Vec<(Listed, u64)> {
    let mut found = Vec::new();
    disk.list(&mut |what, size| {
        found.push((what, size));
        Ok(())
    })
    .unwrap();
    found
}

/// Every name below the folder of files, folders too.
fn names(disk: &Disk) -> Vec<String> {
    let mut found = Vec::new();
    for (folder, about) in entries(&disk.files).unwrap() {
        if about.is_dir() {
            let inner = entries(&disk.files.join(&folder)).unwrap();
            found.extend(
                inner
                    .into_iter()
                    .map(|(name, _)| format!("{folder}/{name}")),
            );
        } else {
            found.push(folder);
        }
    }
    found
}

#[test]
fn a_file_is_read_as_it_was_put_whole_or_in_part() {
    let (dir, disk) = storage();
    let (key, other) = (key("ab"), key("cd"));
    let source = file(dir.path(), "新闻📰".as_bytes());
    disk.put(&key, &source).unwrap();
    assert!(source.exists());
    assert_eq!(disk.size(&key).unwrap(), Some(10));
    assert_eq!(read(&disk, &key, 0..10).unwrap(), "新闻📰".as_bytes());
    assert_eq!(read(&disk, &key, 3..6).unwrap(), "闻".as_bytes());
    assert_eq!(read(&disk, &key, 4..4).unwrap(), b"");
    assert!(disk.read(&key, 3..11).is_err());
    assert_eq!(disk.size(&other).unwrap(), None);
    assert_eq!(read(&disk, &other, 0..1), None);
}

#[test]
fn a_file_is_replaced_and_removed() {
    let (dir, disk) = storage();
    let key = key("ab");
    let first = file(dir.path(), b"one");
    disk.put(&key, &first).unwrap();
    // The same file again is the same name of the same file.
    disk.put(&key, &first).unwrap();
    disk.put(&key, &file(dir.path(), b"second")).unwrap();
    assert_eq!(read(&disk, &key, 0..6).unwrap(), b"second");
    assert_eq!(names(&disk), [key.as_str()]);
    disk.remove(&key).unwrap();
    disk.remove(&key).unwrap();
    assert_eq!(disk.size(&key).unwrap(), None);
    assert_eq!(names(&disk), [""; 0]);
    disk.put(&key, &first).unwrap();
    assert_eq!(disk.size(&key).unwrap(), Some(3));
}

#[test]
fn a_file_of_another_file_system_is_copied() {
    let (_dir, disk) = storage();
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    let key = key("ab");
    let source = file(elsewhere.path(), b"elsewhere");
    disk.put(&key, &source).unwrap();
    assert_eq!(read(&disk, &key, 0..9).unwrap(), b"elsewhere");
    assert_eq!(names(&disk), [key.as_str()]);
    // A copy is a file of its own.
    fs::write(&source, b"changed").unwrap();
    assert_eq!(read(&disk, &key, 0..9).unwrap(), b"elsewhere");
}

#[test]
fn everything_is_listed_in_order_and_told_apart() {
    let (dir, disk) = storage();
    assert_eq!(listed(&disk), []);
    let original = key("ab");
    let variant = Key::variant(original.sha256(), 640).unwrap();
    let (before, after) = (key("0f"), key("fe"));
    for (key, bytes) in [
        (&after, "1"),
        (&variant, "22"),
        (&original, "333"),
        (&before, ""),
    ] {
        disk.put(key, &file(dir.path(), bytes.as_bytes())).unwrap();
    }
    let left = format!("ab/{TEMPORARY}00ff");
    fs::write(disk.files.join(&left), b"left").unwrap();
    let busy = format!("ab/{TEMPORARY}01ff");
    let held = File::create(disk.files.join(&busy)).unwrap();
    held.try_lock().unwrap();
    fs::write(disk.files.join("ab/图片.jpg"), b"x").unwrap();
    fs::write(disk.files.join("zz"), b"y").unwrap();
    symlink(
        "/etc/passwd",
        disk.files.join(key("ac").as_str().replace("ac/", "ab/")),
    )
    .unwrap();

    let found = listed(&disk);
    let stranger = |name: &str| Listed::Stranger(name.to_owned());
    let (link, size) = found.get(4).cloned().unwrap();
    assert_eq!(link, stranger(&format!("ab/{}", key("ac").sha256())));
    assert_eq!(
        found,
        [
            (Listed::File(before), 0),
            (Listed::Leftover(left.clone()), 4),
            (Listed::File(original), 3),
            (Listed::File(variant), 2),
            (link, size),
            (stranger("ab/图片.jpg"), 1),
            (Listed::File(after), 1),
            (stranger("zz"), 1),
        ]
    );

    assert!(!disk.remove_leftover(&busy).unwrap());
    assert!(!disk.remove_leftover("ab/图片.jpg").unwrap());
    assert!(!disk.remove_leftover("../etc/.put-00").unwrap());
    assert!(disk.remove_leftover(&left).unwrap());
    assert!(!disk.remove_leftover(&left).unwrap());
    drop(held);
    assert!(disk.remove_leftover(&busy).unwrap());
}

#[test]
fn what_a_caller_stops_is_not_listed_further() {
    let (dir, disk) = storage();
    for start in ["ab", "cd"] {
        disk.put(&key(start), &file(dir.path(), b"x")).unwrap();
    }
    let mut count = 0;
    let stopped = disk.list(&mut |_, _| {
        count += 1;
        Err(Error::internal("enough"))
    });
    assert!(stopped.is_err());
    assert_eq!(count, 1);
}

#[test]
fn links_are_never_followed() {
    let (dir, disk) = storage();
    let secret = file(dir.path(), b"secret");
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();

    let linked = key("ab");
    disk.put(&linked, &secret).unwrap();
    disk.remove(&linked).unwrap();
    symlink(&secret, disk.files.join(linked.as_str())).unwrap();
    assert!(disk.size(&linked).is_err());
    assert!(disk.read(&linked, 0..6).is_err());

    let in_linked_folder = key("cd");
    symlink(&outside, disk.files.join("cd")).unwrap();
    fs::write(outside.join(in_linked_folder.sha256()), b"secret").unwrap();
    assert!(disk.size(&in_linked_folder).is_err());
    assert!(disk.read(&in_linked_folder, 0..6).is_err());
    assert!(disk.put(&in_linked_folder, &secret).is_err());
    assert!(disk.remove(&in_linked_folder).is_err());
    assert!(outside.join(in_linked_folder.sha256()).exists());

    let source = dir.path().join("link");
    symlink(&secret, &source).unwrap();
    assert!(disk.put(&key("ef"), &source).is_err());
    assert!(disk.put(&key("ef"), &dir.path().join("none")).is_err());
    assert!(disk.put(&key("ef"), &outside).is_err());
    assert_eq!(disk.size(&key("ef")).unwrap(), None);
}

#[test]
fn many_put_remove_and_list_one_file_at_once() {
    let (dir, disk) = storage();
    let key = key("ab");
    let source = file(dir.path(), b"the same bytes");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    disk.put(&key, &source).unwrap();
                    let found = read(&disk, &key, 0..14);
                    assert!(found.is_none_or(|bytes| bytes == b"the same bytes"));
                    disk.remove(&key).unwrap();
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..50 {
                for (what, _) in listed(&disk) {
                    assert_eq!(what, Listed::File(key.clone()));
                }
            }
        });
    });
    assert_eq!(names(&disk), [""; 0]);
}

/// On disks that are full or may only be read, made in a mount namespace of its own that goes with its last process
#[test]
fn a_full_disk_and_one_that_may_only_be_read_are_told_and_keep_nothing_half() {
    let dir = tempfile::tempdir().unwrap();
    let script = "mkdir full readonly && mount -t tmpfs -o size=64k none full \
        && mount -t tmpfs none readonly && mkdir readonly/files && mount -o remount,ro none readonly \
        && exec \"$0\" --exact --ignored --nocapture media::storage::disk::tests::on_odd_disks";
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .current_dir(dir.path())
        .env(ON_ODD_DISKS, dir.path())
        .output();
    let said = match output {
        Ok(output) => String::from_utf8([output.stdout, output.stderr].concat()).unwrap(),
        Err(e) => e.to_string(),
    };
    if said.contains("1 passed") {
        return;
    }
    assert!(!said.contains("running 1 test"), "{said}");
    eprintln!("no file system can be mounted here, full disks are not tested: {said}");
}

#[test]
#[ignore = "run by the test above, on disks made for it"]
fn on_odd_disks() {
    let Some(dir) = std::env::var_os(ON_ODD_DISKS).map(PathBuf::from) else {
        return;
    };
    let disk = Disk::open(&dir.join("full"));
    let (large, small) = (file(&dir, &[1; 100_000]), file(&dir, &[2; 8_000]));
    let (key, other) = (key("ab"), key("ac"));
    let refused = disk.put(&key, &large).unwrap_err();
    assert!(matches!(refused, Error::NoSpace(_)), "{refused:?}");
    assert_eq!(disk.size(&key).unwrap(), None);
    assert_eq!(names(&disk), [""; 0]);
    // What there was is not lost by a larger file that does not come to replace it.
    disk.put(&key, &small).unwrap();
    assert!(matches!(disk.put(&key, &large), Err(Error::NoSpace(_))));
    assert!(matches!(disk.put(&other, &large), Err(Error::NoSpace(_))));
    assert_eq!(read(&disk, &key, 0..8_000).unwrap(), [2; 8_000]);
    disk.put(&other, &small).unwrap();
    assert_eq!(names(&disk), [key.as_str(), other.as_str()]);

    let disk = Disk::open(&dir.join("readonly"));
    let refused = disk.put(&key, &small).unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
    assert!(
        refused.chain().contains("readonly/files/ab"),
        "{}",
        refused.chain()
    );
    assert_eq!(disk.size(&key).unwrap(), None);
    assert!(
        Disk::open(&dir.join("readonly/new"))
            .put(&key, &small)
            .is_err()
    );
}
