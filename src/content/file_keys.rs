//! Files as portal files name them: an article there says the key of a file, a relative address, where the one here has the path of
//! media. Which media there are is for others to find out.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use percent_encoding::percent_decode_str;

use super::media::{Part, part, path, variant_path};
use crate::models::article::ArticleContent;
use crate::models::media::Media;
use crate::models::patch::Patch;
use crate::models::record::ArticleRecord;
use crate::models::rules;
use crate::text::media_links::{self, MediaAddress};

/// What an address asks for of media that belong to all sites, where the site has others with the same key.
const SHARED: &str = "shared";

/// What it asks for of a smaller copy, with the width behind it.
const WIDTH: &str = "width=";

/// A relative address, which may name a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relative {
    /// The keys that may be meant, the likeliest first; none where it can be no key.
    pub keys: Vec<String>,
    /// Why it can be no key, where it cannot.
    pub reason: Option<String>,
    /// It means what belongs to all sites.
    pub is_shared: bool,
    width: Option<i32>,
    rest: String,
}

impl Relative {
    /// What `address` may name; `None` where it is not relative.
    pub fn parse(address: &str) -> Option<Self> {
        if address.is_empty() || address.starts_with(['/', '\\', '#', '?']) || has_scheme(address) {
            return None;
        }
        let address = address.trim_start_matches("./");
        let end = address.find(['?', '#']).unwrap_or(address.len());
        let (written, rest) = address.split_at_checked(end)?;
        let (is_shared, width, rest) = wishes(rest);
        let mut keys = Vec::new();
        // What an export has written is encoded, so that is the better guess.
        if let Ok(decoded) = percent_decode_str(written).decode_utf8() {
            keys.push(decoded.into_owned());
        }
        if keys.first().is_none_or(|decoded| decoded != written) {
            keys.push(written.to_owned());
        }
        let reason = keys.first().and_then(|key| rules::file_key(key).err());
        keys.retain(|key| rules::file_key(key).is_ok());
        Some(Self {
            keys,
            reason,
            is_shared,
            width,
            rest: rest.to_owned(),
        })
    }

    /// The path of what it names.
    pub fn path_of(&self, media: &Media) -> String {
        let mut variants = media.file.variants.0.iter();
        let variant = variants.find(|variant| Some(variant.width) == self.width);
        let path = variant.map_or_else(|| path(media), |variant| variant_path(media, variant));
        format!("{path}{}", self.rest)
    }
}

/// Whether it begins with a scheme (RFC 3986, section 3.1).
fn has_scheme(address: &str) -> bool {
    let Some((scheme, _)) = address.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// What a query asks for, and what is left; a query that asks for anything else is left as it is.
fn wishes(rest: &str) -> (bool, Option<i32>, &str) {
    let Some(query) = rest.strip_prefix('?') else {
        return (false, None, rest);
    };
    let end = query.find('#').unwrap_or(query.len());
    let (query, fragment) = query.split_at_checked(end).unwrap_or((query, ""));
    let (mut is_shared, mut width) = (false, None);
    for word in query.split('&') {
        match (word, word.strip_prefix(WIDTH).map(str::parse)) {
            (SHARED, _) => is_shared = true,
            (_, Some(Ok(asked))) => width = Some(asked),
            _ => return (false, None, rest),
        }
    }
    (is_shared, width, fragment)
}

/// Where in a line an address stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// The cover.
    Cover,
    /// An attachment, by its place.
    Attachment(usize),
    /// A recording, by its place.
    Audio(usize),
    /// The body.
    Body,
    /// The body of a translation, by its place.
    Translation(usize),
}

impl Member {
    /// Whether it is a body, where relative addresses may well be pages of the site.
    pub fn is_body(self) -> bool {
        matches!(self, Self::Body | Self::Translation(_))
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cover => f.write_str("cover"),
            Self::Attachment(at) => write!(f, "attachments[{at}].url"),
            Self::Audio(at) => write!(f, "audio[{at}].url"),
            Self::Body => f.write_str("body_html"),
            Self::Translation(at) => write!(f, "translations[{at}].body_html"),
        }
    }
}

/// An address in a line.
#[derive(Debug, Clone, Copy)]
pub struct Mention<'a> {
    /// Where it stands.
    pub member: Member,
    /// The address.
    pub address: &'a str,
    /// What the line calls the file.
    pub name: Option<&'a str>,
}

/// Looks at all addresses of files in a line; `look` may return another one to stand there.
pub fn each_address(
    record: &mut ArticleRecord,
    mut look: impl FnMut(Mention<'_>) -> Option<String>,
) {
    let mut see = |member, address: &mut String, name: Option<&str>| {
        let mention = Mention {
            member,
            address,
            name,
        };
        if let Some(other) = look(mention) {
            *address = other;
        }
    };
    if let Patch::Set(cover) = &mut record.cover {
        see(Member::Cover, cover, None);
    }
    if let Patch::Set(attachments) = &mut record.attachments {
        for (at, attachment) in attachments.iter_mut().enumerate() {
            see(
                Member::Attachment(at),
                &mut attachment.url,
                Some(&attachment.name),
            );
        }
    }
    if let Patch::Set(audio) = &mut record.audio {
        for (at, recording) in audio.iter_mut().enumerate() {
            see(Member::Audio(at), &mut recording.url, None);
        }
    }
    let mut see_body = |member, html: &mut String| {
        let seen = media_links::rewrite(html, |tag| {
            // Other tags do not get in.
            if !(tag.is_picture() || tag.is_link()) {
                return;
            }
            let mut address = tag.address().into_owned();
            see(member, &mut address, None);
            if address != tag.address() {
                tag.set_address(&address);
            }
        });
        if let Cow::Owned(seen) = seen {
            *html = seen;
        }
    };
    if let Patch::Set(html) = &mut record.body_html {
        see_body(Member::Body, html);
    }
    if let Patch::Set(translations) = &mut record.translations {
        for (at, translation) in translations.iter_mut().enumerate() {
            see_body(Member::Translation(at), &mut translation.body_html);
        }
    }
}

/// Files by key, those of a site and those of none.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    own: HashMap<String, Media>,
    shared: HashMap<String, Media>,
}

impl Shelf {
    /// Adds a file.
    pub fn add(&mut self, media: Media) {
        let shelf = match media.site_id {
            Some(_) => &mut self.own,
            None => &mut self.shared,
        };
        shelf.insert(media.key.clone(), media);
    }

    /// What an address names: a file of the site before one of none.
    pub fn find(&self, named: &Relative) -> Option<&Media> {
        named.keys.iter().find_map(|key| {
            let own = self.own.get(key).filter(|_| !named.is_shared);
            own.or_else(|| self.shared.get(key))
        })
    }
}

/// Media by id, with what tells how to name them by key.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    by_id: HashMap<i64, Media>,
    /// Keys of files of the site.
    own: HashSet<String>,
}

impl Keys {
    /// `media` for an article of a site that has files with the keys `own`.
    pub fn new(media: Vec<Media>, own: impl IntoIterator<Item = String>) -> Self {
        Self {
            by_id: media.into_iter().map(|media| (media.id, media)).collect(),
            own: own.into_iter().collect(),
        }
    }

    /// Has an article name media by key.
    pub fn put_into(&self, content: &mut ArticleContent) {
        change_addresses(content, |address| self.key_of(address));
    }

    fn key_of(&self, address: &str) -> Option<String> {
        let MediaAddress { id, file, rest } = media_links::parse(address)?;
        let media = self.by_id.get(&id)?;
        let mut wishes = Vec::new();
        if media.site_id.is_none() && self.own.contains(&media.key) {
            wishes.push(SHARED.to_owned());
        }
        if let Some(Part::Variant(variant)) = part(&media.file, file) {
            wishes.push(format!("{WIDTH}{}", variant.width));
        }
        let key = encoded(&media.key);
        let fragment = rest.find('#').and_then(|at| rest.get(at..));
        Some(match wishes.is_empty() {
            true => format!("{key}{rest}"),
            false => format!("{key}?{}{}", wishes.join("&"), fragment.unwrap_or_default()),
        })
    }
}

/// A key as an address: what would mean something else there is percent-encoded, letters of any script stay.
fn encoded(key: &str) -> String {
    let mut address = String::with_capacity(key.len());
    for c in key.chars() {
        let is_plain = match c {
            '/' => true,
            c if c.is_ascii() => c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=@".contains(c),
            c => !c.is_whitespace() && !c.is_control(),
        };
        if is_plain {
            address.push(c);
            continue;
        }
        let mut bytes = [0; 4];
        for byte in c.encode_utf8(&mut bytes).bytes() {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}

/// Has an article name the file as it is `after` where it names it as it was `before`. Returns the addresses of attachments that
/// changed, old and new.
pub fn readdress(
    content: &mut ArticleContent,
    before: &Media,
    after: &Media,
) -> Vec<(String, String)> {
    let changed = |address: &str| {
        let MediaAddress { id, file, rest } = media_links::parse(address)?;
        if id != after.id {
            return None;
        }
        let path = match part(&before.file, file) {
            Some(Part::Variant(variant)) => {
                let mut variants = after.file.variants.0.iter();
                let same = variants.find(|other| other.width == variant.width);
                same.map_or_else(|| path(after), |variant| variant_path(after, variant))
            }
            _ => path(after),
        };
        Some(format!("{path}{rest}")).filter(|path| path != address)
    };
    let file = &after.file;
    let mut pairs = Vec::new();
    for attachment in &mut content.attachments {
        if let Some(address) = changed(&attachment.url) {
            pairs.push((attachment.url.clone(), address));
            attachment.media_type = Some(file.media_type.clone());
            attachment.size = Some(file.size);
            attachment.sha256 = Some(file.sha256.clone());
        }
    }
    for recording in &mut content.state.audio {
        if changed(&recording.url).is_some() {
            recording.media_type = Some(file.media_type.clone());
        }
    }
    change_addresses(content, changed);
    pairs
}

fn change_addresses(content: &mut ArticleContent, change: impl Fn(&str) -> Option<String>) {
    let put = |address: &mut String| {
        if let Some(other) = change(address) {
            *address = other;
        }
    };
    if let Some(cover) = &mut content.state.cover {
        put(cover);
    }
    for attachment in &mut content.attachments {
        put(&mut attachment.url);
    }
    for recording in &mut content.state.audio {
        put(&mut recording.url);
    }
    for text in &mut content.texts {
        if !media_links::are_in(&text.body_html) {
            continue;
        }
        let changed = media_links::rewrite(&text.body_html, |tag| {
            if let Some(other) = change(&tag.address()) {
                tag.set_address(&other);
            }
        });
        if let Cow::Owned(changed) = changed {
            text.body_html = changed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::json::Doc;
    use crate::models::media::{StoredFile, Variant};

    fn media(id: i64, site_id: Option<i64>, key: &str) -> Media {
        Media {
            id,
            site_id,
            key: key.to_owned(),
            name: "a.jpg".to_owned(),
            alt: None,
            file: StoredFile {
                sha256: "0f".repeat(32),
                media_type: "image/jpeg".to_owned(),
                size: 1,
                width: Some(640),
                height: Some(480),
                variants: Doc(vec![Variant {
                    width: 320,
                    height: 240,
                    size: 1,
                }]),
            },
        }
    }

    #[test]
    fn relative_addresses_are_told_from_others() {
        for address in [
            "",
            "/a.jpg",
            "//h/a.jpg",
            "\\\\h\\a.jpg",
            "#top",
            "?page=2",
            "https://example.org/a.jpg",
            "mailto:a@b",
            "C:\\a.jpg",
        ] {
            assert_eq!(Relative::parse(address), None, "{address}");
        }
        let keys = |address| Relative::parse(address).map(|named| named.keys);
        for (address, expected) in [
            ("a.jpg", vec!["a.jpg"]),
            ("./图/海 面.jpg#1", vec!["图/海 面.jpg"]),
            ("a%20b.jpg?x", vec!["a b.jpg", "a%20b.jpg"]),
            ("100%.pdf", vec!["100%.pdf"]),
            ("a/b:c.pdf", vec!["a/b:c.pdf"]),
            ("%E5%9B%BE.jpg", vec!["图.jpg", "%E5%9B%BE.jpg"]),
            ("../a.jpg", vec![]),
            ("a/../../b.jpg", vec![]),
            ("%2e%2e/a.jpg", vec!["%2e%2e/a.jpg"]),
            ("a%00.jpg", vec!["a%00.jpg"]),
            ("a//b.jpg", vec![]),
        ] {
            assert_eq!(
                keys(address),
                Some(expected.into_iter().map(str::to_owned).collect()),
                "{address}"
            );
        }
    }

    #[test]
    fn every_key_comes_back_from_its_address() {
        for key in [
            "a.jpg",
            "图/海 面\u{3000}图.jpg",
            "a%20b.jpg",
            "C# notes?.pdf",
            "a:b.pdf",
            "100%.pdf",
            "😀/[1] {2} \"3\".mp3",
            "圖片/臺灣.png",
        ] {
            for (site_id, own) in [(Some(1), vec![]), (None, vec![]), (None, vec![key])] {
                let file = media(7, site_id, key);
                let mut shelf = Shelf::default();
                shelf.add(file.clone());
                for name in &own {
                    shelf.add(media(8, Some(1), name));
                }
                let keys = Keys::new(vec![file.clone()], own.into_iter().map(str::to_owned));
                let [variant] = file.file.variants.0.as_slice() else {
                    panic!("one variant");
                };
                for address in [
                    path(&file),
                    format!("{}#page=3", path(&file)),
                    variant_path(&file, variant),
                ] {
                    let written = keys.key_of(&address).unwrap();
                    assert_eq!(rules::optional_url(&written), Ok(()), "{written}");
                    let named = Relative::parse(&written).unwrap();
                    let found = shelf.find(&named).unwrap();
                    assert_eq!(named.path_of(found), address, "{written}");
                }
            }
        }
    }

    #[test]
    fn queries_that_ask_for_nothing_of_ours_stay() {
        let file = media(7, Some(1), "a.jpg");
        for (address, rest) in [
            ("a.jpg?x=1#y", "?x=1#y"),
            ("a.jpg?width=x", "?width=x"),
            ("a.jpg?width=999#y", "#y"),
            ("a.jpg?shared", ""),
        ] {
            let path = format!("{}{rest}", path(&file));
            assert_eq!(
                Relative::parse(address).unwrap().path_of(&file),
                path,
                "{address}"
            );
        }
    }
}
