//! Small files of every format, for tests.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::media::format::Format;

/// A small whole file of `format`.
pub(super) fn sample(format: Format) -> Vec<u8> {
    match format {
        Format::Jpeg => [
            b"\xff\xd8\xff\xe0\x00\x10JFIF\0".as_slice(),
            &[7; 64],
            b"\xff\xd9",
        ]
        .concat(),
        Format::Png => png(3, 2),
        Format::Gif => b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;".to_vec(),
        Format::WebP => {
            b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0"
                .to_vec()
        }
        Format::Mp3 => [id3(20), mp3_frame().repeat(4)].concat(),
        Format::M4a => mp4(b"M4A ", &[b"soun"]),
        Format::Mp4 => mp4(b"isom", &[b"vide", b"soun"]),
        Format::Aac => b"\xff\xf1\x50\x80\x02\x1f\xfc123456789".repeat(4),
        Format::Ogg => ogg(&[b"OpusHead\x01\x02"]),
        Format::Flac => [b"fLaC\x80\0\0\x22".as_slice(), &[1; 34], b"\xff\xf8data"].concat(),
        Format::Wav => wav(8),
        Format::WebM => webm(b"webm"),
        Format::Pdf => {
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj\nstartxref\n9\n%%EOF\n"
                .to_vec()
        }
        Format::Docx => office("word/document.xml", "word"),
        Format::Xlsx => office("xl/workbook.xml", "excel"),
        Format::Pptx => office("ppt/presentation.xml", "powerpoint"),
        Format::Doc => ole(&[("WordDocument", 2)]),
        Format::Xls => ole(&[("Workbook", 2)]),
        Format::Ppt => ole(&[("PowerPoint Document", 2)]),
        Format::Odt => open_document("text", &[]),
        Format::Ods => open_document("spreadsheet", &[]),
        Format::Odp => open_document("presentation", &[]),
        Format::Ofd => zip(&[("OFD.xml", b"<ofd/>"), ("Doc_0/Document.xml", b"<doc/>")]),
        Format::Epub => {
            let mut zip = Zip::default();
            zip.stored("mimetype", b"application/epub+zip");
            zip.deflated("META-INF/container.xml", b"<container/>");
            zip.finish()
        }
        Format::Text => "通知：明天放假。\r\n🎉".into(),
        Format::Csv => "\u{feff}标题,日期\r\n关于,2024-01-01\r\n".into(),
        Format::Zip => zip(&[("通知/附件.txt", "关于".as_bytes()), ("b.txt", b"b")]),
    }
}

/// The beginning of a PNG of this size, and its end.
pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    let chunk = |name: &[u8], data: &[u8]| {
        let named = [name, data].concat();
        [
            &u32::try_from(data.len()).unwrap().to_be_bytes(),
            named.as_slice(),
            &crc(&named).to_be_bytes(),
        ]
        .concat()
    };
    let header = [
        &width.to_be_bytes(),
        height.to_be_bytes().as_slice(),
        &[8, 0, 0, 0, 0],
    ]
    .concat();
    let rows = vec![
        0;
        if width < 100 {
            usize::try_from((width + 1) * height).unwrap()
        } else {
            9
        }
    ];
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&rows).unwrap();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header),
        chunk(b"IDAT", &packed.finish().unwrap()),
        chunk(b"IEND", b""),
    ]
    .concat()
}

pub(super) fn mp3_frame() -> Vec<u8> {
    // 128 kbit/s at 44.1 kHz: 417 bytes.
    [b"\xff\xfb\x90\x00".as_slice(), &[0; 413]].concat()
}

/// A tag of 10 bytes and `padding`.
pub(super) fn id3(padding: u8) -> Vec<u8> {
    let mut tag = vec![b'I', b'D', b'3', 4, 0, 0, 0, 0, 0, padding];
    tag.resize(10 + usize::from(padding), 0);
    tag
}

pub(super) fn atom(name: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap();
    [&length.to_be_bytes(), name, content].concat()
}

pub(super) fn mp4(brand: &[u8], tracks: &[&[u8]]) -> Vec<u8> {
    let track = |kind: &&[u8]| {
        let handler = atom(b"hdlr", &[b"\0\0\0\0\0\0\0\0", *kind, &[0; 13]].concat());
        atom(b"trak", &atom(b"mdia", &handler))
    };
    let tracks: Vec<u8> = tracks.iter().flat_map(track).collect();
    [
        atom(b"ftyp", &[brand, b"\0\0\x02\0", brand, b"iso2"].concat()),
        atom(b"mdat", &[1; 40]),
        atom(b"moov", &[atom(b"mvhd", &[0; 100]), tracks].concat()),
    ]
    .concat()
}

pub(super) fn ogg(streams: &[&[u8]]) -> Vec<u8> {
    let page = |flags: u8, data: &[u8]| {
        let mut page = b"OggS\0".to_vec();
        page.push(flags);
        page.extend([0; 20]);
        page.extend([1, u8::try_from(data.len()).unwrap()]);
        page.extend_from_slice(data);
        page
    };
    let mut bytes: Vec<u8> = streams.iter().flat_map(|data| page(2, data)).collect();
    bytes.extend(page(0, b"data"));
    bytes
}

/// A recording that says it has `length` bytes of samples and has eight.
pub(super) fn wav(length: u32) -> Vec<u8> {
    [
        b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data"
            .as_slice(),
        &length.to_le_bytes(),
        &[0; 8],
    ]
    .concat()
}

pub(super) fn webm(kind: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| 0x80 | u8::try_from(bytes.len()).unwrap();
    let fields = [
        b"\x42\x86\x81\x01\x42\x82".as_slice(),
        &[length(kind)],
        kind,
    ]
    .concat();
    [
        b"\x1a\x45\xdf\xa3".as_slice(),
        &[length(&fields)],
        &fields,
        b"\x18\x53\x80\x67\x84data",
    ]
    .concat()
}

pub(super) fn office(part: &str, app: &str) -> Vec<u8> {
    let types =
        format!("<Types><Override PartName=\"/{part}\" ContentType=\"{app}.main+xml\"/></Types>");
    zip(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", b"<Relationships/>"),
        (part, "<document>正文</document>".repeat(20).as_bytes()),
    ])
}

pub(super) fn open_document(kind: &str, more: &[&str]) -> Vec<u8> {
    let mut zip = Zip::default();
    let named = format!("application/vnd.oasis.opendocument.{kind}");
    zip.stored("mimetype", named.as_bytes());
    zip.deflated("content.xml", b"<office:document/>");
    zip.deflated("META-INF/manifest.xml", b"<manifest/>");
    for name in more {
        zip.deflated(name, b"<x/>");
    }
    zip.finish()
}

/// A compound file of 512-byte sectors whose directory has these entries, all at the top: name and kind (1 folder, 2 stream).
pub(super) fn ole(entries: &[(&str, u8)]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..8].copy_from_slice(super::ole::SIGNATURE);
    header[24..32].copy_from_slice(&[0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0]);
    header[44] = 1;
    header[48..52].copy_from_slice(&1_u32.to_le_bytes());
    header[76..].fill(0xFF);
    header[76..80].copy_from_slice(&0_u32.to_le_bytes());
    let mut directory = Vec::new();
    let mut entry = |name: &str, kind: u8, right: u32, child: u32| {
        let mut bytes = vec![0; 128];
        let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes[..units.len()].copy_from_slice(&units);
        bytes[64] = u8::try_from(units.len() + 2).unwrap();
        bytes[66] = kind;
        bytes[68..72].fill(0xFF);
        bytes[72..76].copy_from_slice(&right.to_le_bytes());
        bytes[76..80].copy_from_slice(&child.to_le_bytes());
        directory.extend(bytes);
    };
    entry("Root Entry", 5, u32::MAX, 1);
    for (number, (name, kind)) in (2..).zip(entries) {
        let next = if number > entries.len() {
            u32::MAX
        } else {
            u32::try_from(number).unwrap()
        };
        entry(name, *kind, next, u32::MAX);
    }
    directory.resize(directory.len().next_multiple_of(512), 0);
    let sectors = u32::try_from(directory.len() / 512).unwrap();
    let mut table = vec![0xFF; 512];
    table[..4].copy_from_slice(&0xFFFF_FFFD_u32.to_le_bytes());
    for n in 1..=sectors {
        let next = if n == sectors { 0xFFFF_FFFE } else { n + 1 };
        let at = usize::try_from(n * 4).unwrap();
        table[at..at + 4].copy_from_slice(&next.to_le_bytes());
    }
    [header, table, directory].concat()
}

pub(super) fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

pub(super) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = Zip::default();
    for (name, data) in entries {
        zip.deflated(name, data);
    }
    zip.finish()
}

pub(super) fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// What the headers of an entry say.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) name: Vec<u8>,
    pub(super) size: u32,
    pub(super) packed: u32,
    pub(super) crc: u32,
    pub(super) method: u16,
    pub(super) flags: u16,
    pub(super) attributes: u32,
    pub(super) header: u32,
}

/// An archive in the making, truthful or not.
#[derive(Default)]
pub(super) struct Zip {
    pub(super) bytes: Vec<u8>,
    pub(super) told: Vec<Told>,
}

impl Zip {
    pub(super) fn stored(&mut self, name: &str, data: &[u8]) {
        self.add(name.as_bytes(), data, data, 0);
    }

    pub(super) fn deflated(&mut self, name: &str, data: &[u8]) {
        self.add(name.as_bytes(), data, &deflate(data), 8);
    }

    pub(super) fn add(&mut self, name: &[u8], data: &[u8], packed: &[u8], method: u16) {
        let told = Told {
            name: name.to_vec(),
            size: u32::try_from(data.len()).unwrap(),
            packed: u32::try_from(packed.len()).unwrap(),
            crc: crc(data),
            method,
            flags: 0x0800,
            attributes: 0,
            header: u32::try_from(self.bytes.len()).unwrap(),
        };
        self.bytes.extend(b"PK\x03\x04\x14\0");
        self.bytes.extend(Self::shared(&told));
        self.bytes.extend(&told.name);
        self.bytes.extend(packed);
        self.told.push(told);
    }

    fn shared(told: &Told) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(told.flags.to_le_bytes());
        bytes.extend(told.method.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(told.crc.to_le_bytes());
        bytes.extend(told.packed.to_le_bytes());
        bytes.extend(told.size.to_le_bytes());
        bytes.extend(u16::try_from(told.name.len()).unwrap().to_le_bytes());
        bytes.extend([0; 2]);
        bytes
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.finish_with(b"")
    }

    pub(super) fn finish_with(mut self, comment: &[u8]) -> Vec<u8> {
        let start = self.bytes.len();
        for told in &self.told {
            self.bytes.extend(b"PK\x01\x02\x14\x03\x14\0");
            self.bytes.extend(Self::shared(told));
            self.bytes.extend([0; 6]);
            self.bytes.extend(told.attributes.to_le_bytes());
            self.bytes.extend(told.header.to_le_bytes());
            self.bytes.extend(&told.name);
        }
        let length = u32::try_from(self.bytes.len() - start).unwrap();
        let count = u16::try_from(self.told.len()).unwrap().to_le_bytes();
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend([count, count].concat());
        self.bytes.extend(length.to_le_bytes());
        self.bytes
            .extend(u32::try_from(start).unwrap().to_le_bytes());
        self.bytes
            .extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
        self.bytes.extend(comment);
        self.bytes
    }
}
