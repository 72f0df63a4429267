//! Files of every kind, made in code, and the forms in which they are sent.

use std::io::{Cursor, Write};

use serde_json::Value;

use super::client::{Answer, Request};
use super::desk::Desk;

/// A body of `multipart/form-data` (RFC 7578) being written.
#[derive(Clone)]
pub struct Form {
    boundary: String,
    parts: Vec<u8>,
}

impl Form {
    /// A form without parts.
    pub fn new() -> Self {
        Self {
            boundary: "----masthead7MA4YWxkTrZu0gW".to_owned(),
            parts: Vec::new(),
        }
    }

    /// A form with nothing but a file called `name`.
    pub fn of(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self::new().file(name, bytes)
    }

    /// Adds the part `file`, its name written as browsers write it.
    pub fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let name = name.replace('"', "%22");
        let disposition = format!("form-data; name=\"file\"; filename=\"{name}\"");
        // What a client says about the type must not matter.
        let headers = [
            ("Content-Disposition", disposition.as_str()),
            ("Content-Type", "application/octet-stream"),
        ];
        self.part(&headers, bytes)
    }

    /// Adds a word about the file: `site`, `name`, `alt`.
    pub fn text(self, name: &str, value: &str) -> Self {
        let disposition = format!("form-data; name=\"{name}\"");
        self.part(&[("Content-Disposition", disposition.as_str())], value)
    }

    /// Adds a part with these header lines.
    pub fn part(mut self, headers: &[(&str, &str)], content: impl AsRef<[u8]>) -> Self {
        self.parts
            .extend(format!("--{}\r\n", self.boundary).into_bytes());
        for (name, value) in headers {
            self.parts
                .extend(format!("{name}: {value}\r\n").into_bytes());
        }
        self.parts.extend(b"\r\n");
        self.parts.extend(content.as_ref());
        self.parts.extend(b"\r\n");
        self
    }

    /// What stands between its parts, without dashes.
    pub fn boundary(&self) -> &str {
        &self.boundary
    }

    /// The value of `Content-Type` for it.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The whole body.
    pub fn bytes(&self) -> Vec<u8> {
        let end = format!("--{}--\r\n", self.boundary);
        [self.parts.as_slice(), end.as_bytes()].concat()
    }
}

impl Request<'_> {
    /// Sends a form.
    pub fn form(self, form: &Form) -> Self {
        self.header("content-type", &form.content_type())
            .body(form.bytes())
    }
}

impl Desk<'_> {
    /// The answer to an upload.
    pub async fn upload(&self, form: &Form) -> Answer {
        self.request("POST", "/media").form(form).send().await
    }

    /// A file of the site `demo`, which must be taken.
    pub async fn uploaded(&self, name: &str, bytes: impl AsRef<[u8]>) -> Value {
        self.taken(&Form::of(name, bytes).text("site", "demo"))
            .await
    }

    /// What an upload has made, which must be taken.
    pub async fn taken(&self, form: &Form) -> Value {
        let answer = self.upload(form).await;
        answer.assert_status(201).json()
    }
}

/// The way to a file on the server that a test started: the address without the host.
pub fn path(url: &Value) -> String {
    let url = url.as_str().unwrap_or_else(|| panic!("no address: {url}"));
    let (_, path) = url
        .split_once("/api/v1/")
        .unwrap_or_else(|| panic!("not of this server: {url}"));
    format!("/api/v1/{path}")
}

/// The SHA-256 of `bytes`, in hexadecimal digits.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(bytes.as_ref());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A picture in shades of grey, as JPEG (baseline).
pub fn jpeg(width: u16, height: u16) -> Vec<u8> {
    jpeg_with(width, height, &[])
}

/// The same, stored as cameras do that were held another way: `orientation` is that of EXIF, 1 to 8.
pub fn jpeg_turned(width: u16, height: u16, orientation: u8) -> Vec<u8> {
    let exif = [
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
        &[orientation, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    jpeg_with(width, height, &segment(0xE1, &exif))
}

/// `extra` stands behind the start of the picture. Every block of 8 x 8 pixels has one shade, so a handful of Huffman codes will do.
fn jpeg_with(width: u16, height: u16, extra: &[u8]) -> Vec<u8> {
    let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
    let frame = [[8].as_slice(), &size, &[1, 1, 0x11, 0]].concat();
    // Nine codes of four bits for differences of shades, one of one bit for the end of a block.
    let shades = [
        [0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].as_slice(),
        &[0, 1, 2, 3, 4, 5, 6, 7, 8],
    ]
    .concat();
    let rest = [0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    [
        [0xFF, 0xD8].as_slice(),
        extra,
        &segment(0xDB, &[[0].as_slice(), &[8; 64]].concat()),
        &segment(0xC0, &frame),
        &segment(0xC4, &shades),
        &segment(0xC4, &rest),
        &segment(0xDA, &[1, 1, 0, 0, 63, 0]),
        &jpeg_data(width.div_ceil(8), height.div_ceil(8)),
        &[0xFF, 0xD9],
    ]
    .concat()
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap();
    [[0xFF, marker].as_slice(), &length.to_be_bytes(), data].concat()
}

fn jpeg_data(across: u16, down: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut pending, mut held) = (0_u32, 0_u32);
    let mut push = |value: u32, length: u32| {
        pending = pending << length | value;
        held += length;
        while held >= 8 {
            held -= 8;
            let byte = u8::try_from(pending >> held & 0xFF).unwrap();
            bytes.push(byte);
            if byte == 0xFF {
                bytes.push(0);
            }
        }
        pending &= (1 << held) - 1;
    };
    let mut last = 0;
    for y in 0..i32::from(down) {
        for x in 0..i32::from(across) {
            let shade = (x * 5 + y * 3) % 256 - 128;
            let difference = shade - last;
            last = shade;
            let length = i32::BITS - difference.unsigned_abs().leading_zeros();
            push(length, 4);
            let said = match difference < 0 {
                true => difference + (1 << length) - 1,
                false => difference,
            };
            push(u32::try_from(said).unwrap(), length);
            push(0, 1);
        }
    }
    push(0x7F, 7);
    bytes
}

/// A picture in colours, as PNG.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&colours(width, height)).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A picture in colours, as WebP.
pub fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = image_webp::WebPEncoder::new(&mut bytes);
    let colour = image_webp::ColorType::Rgb8;
    encoder
        .encode(&colours(width, height), width, height, colour)
        .unwrap();
    bytes
}

fn colours(width: u32, height: u32) -> Vec<u8> {
    let byte = |n: u32| u8::try_from(n % 256).unwrap();
    (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| [byte(x), byte(y / 2), byte(x / 3 + y)]))
        .collect()
}

/// A picture in shades of grey, as GIF.
pub fn gif(width: u16, height: u16) -> Vec<u8> {
    frames(width, height, 1)
}

/// A picture that moves.
pub fn animated_gif(width: u16, height: u16) -> Vec<u8> {
    frames(width, height, 3)
}

fn frames(width: u16, height: u16, count: u8) -> Vec<u8> {
    let palette: Vec<u8> = (0..=u8::MAX).flat_map(|shade| [shade; 3]).collect();
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, width, height, &palette).unwrap();
    for n in 0..count {
        let shade = |x: u16, y: u16| u8::try_from((x + y / 3) % 256).unwrap();
        let pixels: Vec<u8> = (0..height)
            .flat_map(|y| (0..width).map(move |x| shade(x, y).wrapping_add(n * 40)))
            .collect();
        let frame = gif::Frame::from_indexed_pixels(width, height, pixels, None);
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    bytes
}

/// A document that holds `text` in a comment.
pub fn pdf(text: &str) -> Vec<u8> {
    let start = "%PDF-1.7\n%\u{e2}\u{e3}\u{cf}\u{d3}\n";
    format!("{start}% {text}\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n").into_bytes()
}

/// A recording of so many frames, 26 ms each: silence at 128 kbit/s.
pub fn mp3(frames: usize) -> Vec<u8> {
    let frame = [b"\xff\xfb\x90\x00".as_slice(), &[0; 413]].concat();
    frame.repeat(frames)
}

/// A Word document that says `text`.
pub fn docx(text: &str) -> Vec<u8> {
    let main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
    let types = format!(
        "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Override PartName=\"/word/document.xml\" ContentType=\"{main}\"/></Types>"
    );
    let document = format!("<?xml version=\"1.0\"?><document>{text}</document>");
    zip(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", b"<Relationships/>"),
        ("word/document.xml", document.as_bytes()),
    ])
}

/// An archive with these files in it.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
