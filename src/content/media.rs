//! What articles refer to of media, by address. An address is kept as the path below this API and shown with everything before it.
//! Which media there are is for others to find out.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Misfit, misfit};
use crate::media::format::{Format, Kind};
use crate::models::article::{ArticleContent, Attachment};
use crate::models::linked_media::LinkedMedia;
use crate::models::media::{Media, StoredFile, Variant};
use crate::models::record::AudioRecord;
use crate::text::media_links::{self, Base, MediaAddress, PREFIX, Tag};

/// Digits of the SHA-256 in an address: too many to guess, few enough to read.
const DIGITS: usize = 32;

/// How many times as wide as its widest copy a picture may be that is offered beside them.
const LARGER: i32 = 2;

/// Pictures of a body that are shown in all their sizes; the sizes of more would be longer than the text.
const PICTURES: usize = 1_000;

/// The name of a file in its address.
pub fn file_name(file: &StoredFile) -> String {
    let extension = Format::parse(&file.media_type).map_or("bin", Format::extension);
    format!("{}.{extension}", digits(file))
}

/// The name of a smaller copy in its address.
pub fn variant_name(file: &StoredFile, variant: &Variant) -> String {
    format!("{}-{}.webp", digits(file), variant.width)
}

fn digits(file: &StoredFile) -> &str {
    file.sha256.get(..DIGITS).unwrap_or(&file.sha256)
}

/// What a name stands for, of all that there is of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The file itself.
    Original,
    /// A smaller copy.
    Variant(Variant),
}

/// What `name` stands for; `None` where the file has nothing of that name.
pub fn part(file: &StoredFile, name: &str) -> Option<Part> {
    if name == file_name(file) {
        return Some(Part::Original);
    }
    let mut variants = file.variants.0.iter();
    variants
        .find(|variant| name == variant_name(file, variant))
        .map(|variant| Part::Variant(*variant))
}

/// The path of a file below this API.
pub fn path(media: &Media) -> String {
    format!("{PREFIX}{}/{}", media.id, file_name(&media.file))
}

/// The path of a smaller copy below this API.
pub fn variant_path(media: &Media, variant: &Variant) -> String {
    let name = variant_name(&media.file, variant);
    format!("{PREFIX}{}/{name}", media.id)
}

/// Where in an article an address stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The cover.
    Cover,
    /// An attachment, by its place.
    Attachment(usize),
    /// A recording, by its place.
    Audio(usize),
    /// A picture in the body of a rendition, by its place.
    Picture(usize),
    /// A link there.
    Link(usize),
}

/// That an article refers to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where.
    pub place: Place,
    /// The media; 0 for none that may be.
    pub id: i64,
    /// The name of the file.
    pub file: String,
}

/// A reference that leads nowhere, or to something else than is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Where it stands.
    pub place: Place,
    /// What is wrong and how to mend it.
    pub reason: String,
}

impl Unfit {
    /// The same with the name of the member; `body` is that of the body of a rendition.
    pub fn named(self, body: impl Fn(usize) -> String) -> Misfit {
        let member = match self.place {
            Place::Cover => "cover".to_owned(),
            Place::Attachment(at) => format!("attachments[{at}].url"),
            Place::Audio(at) => format!("audio[{at}].url"),
            Place::Picture(at) | Place::Link(at) => body(at),
        };
        misfit(member, self.reason)
    }
}

/// Everything that an article refers to, in order.
pub fn references(content: &ArticleContent) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut note = |place, address: &str| {
        if let Some(MediaAddress { id, file, .. }) = media_links::parse(address) {
            let file = file.to_owned();
            found.push(Reference { place, id, file });
        }
    };
    if let Some(cover) = &content.state.cover {
        note(Place::Cover, cover);
    }
    for (at, attachment) in content.attachments.iter().enumerate() {
        note(Place::Attachment(at), &attachment.url);
    }
    for (at, recording) in content.state.audio.iter().enumerate() {
        note(Place::Audio(at), &recording.url);
    }
    for (at, text) in content.texts.iter().enumerate() {
        each_tag(&text.body_html, |tag| {
            note(place_in_body(tag, at), &tag.address());
        });
    }
    found
}

/// The ids in a body.
pub fn ids_in(html: &str) -> Vec<i64> {
    let mut ids = Vec::new();
    each_tag(html, |tag| ids.extend(id_of(&tag.address())));
    ids
}

/// The id in an address.
pub fn id_of(address: &str) -> Option<i64> {
    media_links::parse(address).map(|address| address.id)
}

/// Ids in order, each once, without those that nothing has.
pub fn distinct(ids: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut ids: Vec<i64> = ids.into_iter().filter(|id| *id > 0).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn place_in_body(tag: &Tag<'_>, at: usize) -> Place {
    match tag.is_picture() {
        true => Place::Picture(at),
        false => Place::Link(at),
    }
}

fn each_tag(html: &str, mut look: impl FnMut(&Tag<'_>)) {
    if media_links::are_in(html) {
        media_links::rewrite(html, |tag| look(tag));
    }
}

fn change_tags(html: &mut String, change: impl FnMut(&mut Tag<'_>)) {
    if !media_links::are_in(html) {
        return;
    }
    let changed = match media_links::rewrite(html, change) {
        Cow::Owned(changed) => changed,
        Cow::Borrowed(_) => return,
    };
    *html = changed;
}

/// Sees to it that all that an article refers to is there and is what it is referred to as: of these media, those that are of the
/// site or of none. The smaller copy of a picture gives way to the picture, and what is known of files is noted beside them.
pub fn resolve(content: &mut ArticleContent, media: &[Media], site_id: i64) -> Result<(), Unfit> {
    let known = Known { media, site_id };
    if let Some(cover) = &mut content.state.cover {
        known.settle(Place::Cover, cover)?;
    }
    for (at, attachment) in content.attachments.iter_mut().enumerate() {
        if let Some(file) = known.settle(Place::Attachment(at), &mut attachment.url)? {
            describe(attachment, file);
        }
    }
    for (at, recording) in content.state.audio.iter_mut().enumerate() {
        if let Some(file) = known.settle(Place::Audio(at), &mut recording.url)? {
            recording.media_type = Some(file.media_type.clone());
        }
    }
    for (at, text) in content.texts.iter_mut().enumerate() {
        let mut unfit = None;
        change_tags(&mut text.body_html, |tag| {
            let mut address = tag.address().into_owned();
            match known.settle(place_in_body(tag, at), &mut address) {
                Err(found) => unfit = unfit.take().or(Some(found)),
                Ok(_) if address != tag.address() => tag.set_address(&address),
                Ok(_) => {}
            }
        });
        if let Some(unfit) = unfit {
            return Err(unfit);
        }
    }
    expect_once(content)
}

/// [`resolve`] for what was said once: what is not there any more is left out.
pub fn resolve_known(content: &mut ArticleContent, media: &[Media], site_id: i64) {
    let known = Known { media, site_id };
    content
        .state
        .cover
        .take_if(|cover| known.settle_by_id(Place::Cover, cover).is_err());
    content.attachments.retain_mut(|attachment| {
        let found = known.settle_by_id(Place::Attachment(0), &mut attachment.url);
        if let Ok(Some(file)) = found {
            describe(attachment, file);
        }
        found.is_ok()
    });
    content.state.audio.retain_mut(|recording| {
        let found = known.settle_by_id(Place::Audio(0), &mut recording.url);
        if let Ok(Some(file)) = found {
            recording.media_type = Some(file.media_type.clone());
        }
        found.is_ok()
    });
    for text in &mut content.texts {
        change_tags(&mut text.body_html, |tag| {
            let mut address = tag.address().into_owned();
            match known.settle_by_id(place_in_body(tag, 0), &mut address) {
                Err(_) => tag.remove(),
                Ok(_) if address != tag.address() => tag.set_address(&address),
                Ok(_) => {}
            }
        });
    }
}

/// Notes beside an attachment what is known of its file.
fn describe(attachment: &mut Attachment, file: &StoredFile) {
    let StoredFile {
        media_type,
        size,
        sha256,
        ..
    } = file;
    attachment.media_type = Some(media_type.clone());
    attachment.size = Some(*size);
    attachment.sha256 = Some(sha256.clone());
}

/// Two addresses that were said in different ways may be the same.
fn expect_once(content: &ArticleContent) -> Result<(), Unfit> {
    let mut seen = HashMap::new();
    for (at, attachment) in content.attachments.iter().enumerate() {
        if let Some(before) = seen.insert(attachment.url.as_str(), at) {
            return Err(Unfit {
                place: Place::Attachment(at),
                reason: format!(
                    "is the same file as `attachments[{before}]`, which may stand in the list once"
                ),
            });
        }
    }
    Ok(())
}

/// The media that an article of a site may refer to.
struct Known<'m> {
    media: &'m [Media],
    site_id: i64,
}

impl<'m> Known<'m> {
    /// [`Known::settle`], where an address of media that have other bytes since it was said is made that of these.
    fn settle_by_id(
        &self,
        place: Place,
        address: &mut String,
    ) -> Result<Option<&'m StoredFile>, Unfit> {
        if let Some(MediaAddress { id, file, rest }) = media_links::parse(address)
            && let Some(media) = self.media.iter().find(|media| media.id == id)
            && part(&media.file, file).is_none()
        {
            *address = format!("{}{rest}", path(media));
        }
        self.settle(place, address)
    }

    /// Makes an address of media that of the original where only that is meant, and tells what is there; `None` for other addresses.
    fn settle(&self, place: Place, address: &mut String) -> Result<Option<&'m StoredFile>, Unfit> {
        let Some(MediaAddress { id, file, rest }) = media_links::parse(address) else {
            return Ok(None);
        };
        let unfit = |reason: String| Unfit { place, reason };
        let media = self.media.iter().find(|media| media.id == id);
        let Some(media) = media else {
            return Err(unfit(format!(
                "names no media: there is none with the id of `{}`; upload the file and give the `url` of the answer",
                excerpt(address)
            )));
        };
        if !is_of(media, self.site_id) {
            return Err(unfit(format!(
                "names media of another site (`{}`); upload the file for this site, or for all of them",
                excerpt(address)
            )));
        }
        let Some(part) = part(&media.file, file) else {
            return Err(unfit(format!(
                "names a file that the media does not have: `{}`; give the `url` of the media",
                excerpt(address)
            )));
        };
        let kind = Format::parse(&media.file.media_type).map(Format::kind);
        let (wanted, what) = match place {
            Place::Cover => (Some(Kind::Image), "a picture"),
            Place::Audio(_) => (Some(Kind::Audio), "a recording"),
            Place::Attachment(_) | Place::Picture(_) | Place::Link(_) => (None, ""),
        };
        if wanted.is_some() && kind != wanted {
            return Err(unfit(format!(
                "names media of the type `{}`; give {what}",
                media.file.media_type
            )));
        }
        // A link may lead to a copy of any size.
        if !matches!((part, place), (Part::Original, _) | (_, Place::Link(_))) {
            *address = format!("{}{rest}", path(media));
        }
        Ok(Some(&media.file))
    }
}

fn is_of(media: &Media, site_id: i64) -> bool {
    media.site_id.is_none_or(|of| of == site_id)
}

fn excerpt(address: &str) -> String {
    crate::models::rules::excerpt(address)
}

/// How addresses of media are kept and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    base: Base,
}

impl Addresses {
    /// Addresses below `public_url`, which has no slash at its end.
    pub fn new(public_url: &str) -> Self {
        Self {
            base: Base::new(public_url),
        }
    }

    /// The absolute address of a path.
    pub fn absolute(&self, path: &str) -> String {
        self.base.absolute(path)
    }

    /// Has an article name media by their paths, however it was said.
    pub fn canonical(&self, content: &mut ArticleContent) {
        if let Some(cover) = &mut content.state.cover {
            self.shorten(cover);
        }
        for attachment in &mut content.attachments {
            self.shorten(&mut attachment.url);
        }
        for recording in &mut content.state.audio {
            self.shorten(&mut recording.url);
        }
        for text in &mut content.texts {
            change_tags(&mut text.body_html, |tag| {
                let address = tag.address();
                let path = self.base.path(&address).filter(|path| *path != address);
                if let Some(path) = path.map(str::to_owned) {
                    tag.set_address(&path);
                }
            });
        }
    }

    /// The same for recordings that are to be compared with those of an article.
    pub fn canonical_audio(&self, audio: &mut [AudioRecord]) {
        for recording in audio {
            self.shorten(&mut recording.url);
        }
    }

    fn shorten(&self, address: &mut String) {
        if let Some(path) = self.base.path(address).filter(|path| path != address) {
            *address = path.to_owned();
        }
    }

    /// Has an article name media by absolute addresses: the reverse of [`Addresses::canonical`].
    pub fn expand(&self, content: &mut ArticleContent) {
        if let Some(cover) = &mut content.state.cover {
            self.lengthen(cover);
        }
        for attachment in &mut content.attachments {
            self.lengthen(&mut attachment.url);
        }
        for recording in &mut content.state.audio {
            self.lengthen(&mut recording.url);
        }
        for text in &mut content.texts {
            change_tags(&mut text.body_html, |tag| self.lengthen_tag(tag));
        }
    }

    /// Makes a path of media absolute; other addresses stay.
    pub fn lengthen(&self, address: &mut String) {
        if address.starts_with(PREFIX) {
            *address = self.base.absolute(address);
        }
    }

    fn lengthen_tag(&self, tag: &mut Tag<'_>) {
        let address = tag.address();
        if address.starts_with(PREFIX) {
            let absolute = self.base.absolute(&address);
            tag.set_address(&absolute);
        }
    }

    /// What readers see of a file that an address of an article of the site names; `None` where it is outside, or none of `media`.
    pub fn linked(&self, address: &str, media: &Shown, site_id: i64) -> Option<LinkedMedia> {
        let media = media.find(address, site_id)?;
        Some(LinkedMedia::new(media, |variant| {
            self.absolute(&variant_path(media, variant))
        }))
    }

    /// A body with absolute addresses of media, and pictures in all the sizes that there are.
    pub fn with_pictures(&self, html: &mut String, media: &Shown, site_id: i64) {
        let mut pictures = 0;
        change_tags(html, |tag| {
            pictures += usize::from(tag.is_picture());
            if tag.is_picture()
                && pictures <= PICTURES
                && let Some(media) = media.find(&tag.address(), site_id)
            {
                self.picture(tag, media);
            }
            self.lengthen_tag(tag);
        });
    }

    fn picture(&self, tag: &mut Tag<'_>, media: &Media) {
        // An empty one says that the picture is for show only.
        if let Some(alt) = media.alt.as_deref().filter(|_| !tag.has("alt")) {
            tag.add("alt", alt);
        }
        let StoredFile {
            width: Some(width),
            height: Some(height),
            variants,
            ..
        } = &media.file
        else {
            return;
        };
        let smaller = variants.0.iter();
        if let Some(widest) = smaller.clone().map(|variant| variant.width).max() {
            // A far larger original would be fetched for screens that a copy is as good for.
            let original =
                Some((path(media), *width)).filter(|_| *width <= widest.saturating_mul(LARGER));
            let sizes: Vec<String> = smaller
                .map(|variant| (variant_path(media, variant), variant.width))
                .chain(original)
                .map(|(path, width)| format!("{} {width}w", self.absolute(&path)))
                .collect();
            tag.add("srcset", &sizes.join(", "));
        }
        if !tag.has("width") && !tag.has("height") {
            tag.add("width", &width.to_string());
            tag.add("height", &height.to_string());
        }
    }
}

/// The media that an answer shows, by id.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    by_id: HashMap<i64, Media>,
}

impl Shown {
    /// These ones.
    pub fn new(media: Vec<Media>) -> Self {
        Self {
            by_id: media.into_iter().map(|media| (media.id, media)).collect(),
        }
    }

    /// The media behind an address of an article of the site. Who only guesses the name of a file learns nothing of it.
    fn find(&self, address: &str, site_id: i64) -> Option<&Media> {
        let MediaAddress { id, file, .. } = media_links::parse(address)?;
        let media = self.by_id.get(&id)?;
        let is_meant = is_of(media, site_id) && part(&media.file, file).is_some();
        is_meant.then_some(media)
    }
}
