//! Archives: what unpacks safely and what does not.

use super::super::samples::{Zip, deflate, sample, zip};
use super::*;

#[test]
fn archives_that_unpack_to_too_much_are_refused() {
    let zeros = vec![0; 60_000_000];
    let mut bomb = Zip::default();
    bomb.deflated("零", &zeros);
    refused(bomb.finish(), "bomb", "unpacks to 60000000 bytes");

    // The same, telling lies.
    let packed = deflate(&zeros);
    let mut lies = Zip::default();
    lies.add("零".as_bytes(), b"0", &packed, 8);
    refused(lies.finish(), "bomb", "more than the archive says");

    let mut vast = Zip::default();
    vast.deflated("a", b"a");
    vast.told[0].size = u32::MAX - 1;
    vast.told.push(vast.told[0].clone());
    vast.told[1].name = b"b".to_vec();
    refused(vast.finish(), "bomb", "unpacks to");
}

#[test]
fn archives_of_overlapping_entries_are_refused() {
    let mut kernel = Zip::default();
    kernel.deflated("a", &[0; 1_000]);
    let mut again = kernel.told[0].clone();
    again.name = b"b".to_vec();
    kernel.told.push(again);
    refused(kernel.finish(), "bomb", "on top of each other");

    let mut beyond = Zip::default();
    beyond.stored("a", b"a");
    beyond.told[0].packed = 50;
    refused(beyond.finish(), "bomb", "on top of each other");
}

#[test]
fn an_archive_of_small_texts_that_pack_well_is_fine() {
    let text = "<row/>".repeat(1_000_000);
    assert_eq!(look(zip(&[("表.xml", text.as_bytes())])), Ok(Format::Zip));
}

#[test]
fn archives_that_unpack_elsewhere_are_refused() {
    for name in [
        "../a",
        "a/../../b",
        "/etc/passwd",
        "C:\\a",
        "\\\\host\\a",
        "..\\a",
        "a/..",
    ] {
        refused(zip(&[(name, b"a")]), "unsafe_path", "relative names");
    }
    assert_eq!(
        look(zip(&[("a..b/...c", b"a"), ("..a", b"a")])),
        Ok(Format::Zip)
    );
    let mut link = Zip::default();
    link.stored("a", b"/etc/passwd");
    link.told[0].attributes = 0xA1FF << 16;
    refused(link.finish(), "unsafe_path", "without links");
}

#[test]
fn archives_that_cannot_be_checked_are_refused() {
    let mut locked = Zip::default();
    locked.deflated("密.txt", b"a");
    locked.told[0].flags |= 1;
    refused(locked.finish(), "encrypted", "`密.txt`");

    let mut odd = Zip::default();
    odd.add(b"a", b"a", b"a", 14);
    refused(odd.finish(), "type_not_allowed", "Deflate");

    let mut wrong = Zip::default();
    wrong.deflated("a", b"abc");
    wrong.told[0].crc ^= 1;
    refused(wrong.finish(), "damaged", "broken entry");

    let mut garbage = Zip::default();
    garbage.add(b"a", b"abc", b"\xff\xff\xff\xff", 8);
    refused(garbage.finish(), "damaged", "broken entry");

    refused(zip(&[("a", b"a"), ("a", b"b")]), "damaged", "same name");
    refused(zip(&[("", b"a")]), "damaged", "whose name");
    refused(zip(&[("a\0b", b"a")]), "damaged", "whose name");
    refused(Zip::default().finish(), "empty", "nothing in it");
}

#[test]
fn archives_begin_and_end_as_archives() {
    let archive = sample(Format::Zip);
    refused(
        [archive.clone(), b"more".to_vec()].concat(),
        "damaged",
        "after its end",
    );

    let mut moved = Zip::default();
    moved.bytes.extend(b"PK\x03\x04 something else ");
    moved.stored("a", b"a");
    refused(moved.finish(), "polyglot", "behind other content");

    let mut twice = Zip::default();
    twice.stored("a", b"a");
    let comment = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
    refused(twice.finish_with(&comment), "empty", "nothing in it");

    let mut twice = Zip::default();
    twice.stored("a", b"a");
    let comment = [b"PK\x05\x06".as_slice(), &[0; 19]].concat();
    refused(twice.finish_with(&comment), "polyglot", "two ends");

    let mut noted = Zip::default();
    noted.stored("a", b"a");
    assert_eq!(look(noted.finish_with("注释".as_bytes())), Ok(Format::Zip));
}

#[test]
fn an_archive_has_at_most_ten_thousand_entries() {
    let of = |count: usize| {
        let mut zip = Zip::default();
        for n in 0..count {
            zip.stored(&format!("{n}"), b"");
        }
        zip.finish()
    };
    assert_eq!(look(of(10_000)), Ok(Format::Zip));
    refused(of(10_001), "bomb", "10001 entries");
}

#[test]
fn large_archives_of_the_64_bit_kind_are_read() {
    let mut zip = Zip::default();
    zip.stored("a", b"abc");
    let start = zip.bytes.len();
    let mut bytes = zip.finish();
    let end = bytes.len() - 22;
    let directory = bytes[start..end].to_vec();
    bytes.truncate(start);
    // The sizes stand in an extra field.
    let mut entry = directory;
    entry[20..28].fill(0xFF);
    entry[30..32].copy_from_slice(&20_u16.to_le_bytes());
    entry.extend(b"\x01\0\x10\0");
    entry.extend(3_u64.to_le_bytes());
    entry.extend(3_u64.to_le_bytes());
    let length = u64::try_from(entry.len()).unwrap();
    let record = u64::try_from(start).unwrap() + length;
    bytes.extend(entry);
    bytes.extend(b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
    for number in [1, 1, length, u64::try_from(start).unwrap()] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend(record.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
    bytes.extend([0xFF; 8]);
    bytes.extend([0; 2]);
    assert_eq!(look(bytes), Ok(Format::Zip));
}
