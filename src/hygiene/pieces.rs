//! What there is to look at in records, piece by piece, each with the JSON Pointer of its member. It knows records, not what is wrong in them.

use crate::models::article::{ArticleContent, Attachment, Audio, Text};
use crate::models::category::Category;
use crate::models::contributor::{Contribution, ContributorName};
use crate::models::hygiene::{Form, Piece, Surroundings};
use crate::models::link_group::LinkGroup;
use crate::models::media::Media;
use crate::models::menu::Menu;
use crate::models::script_phrase::ScriptPhrase;
use crate::models::site::{Block, Contact, Credit, Registration, SiteContent};
use crate::models::source::Source;
use crate::models::topic::Topic;

use super::names;

/// Pieces of one record, as they are gathered.
struct Gathered<'a> {
    locale: Option<&'a str>,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Gathered<'a> {
    fn new(locale: Option<&'a str>) -> Self {
        Self {
            locale,
            pieces: Vec::new(),
        }
    }

    fn add(&mut self, field: impl Into<String>, form: Form, text: &'a str) {
        if !text.is_empty() {
            self.pieces.push(Piece {
                locale: self.locale,
                field: field.into(),
                form,
                text,
            });
        }
    }

    fn add_some(&mut self, field: impl Into<String>, form: Form, text: Option<&'a str>) {
        if let Some(text) = text {
            self.add(field, form, text);
        }
    }
}

/// The pieces of an article: those of each rendition, then those that belong to none.
pub fn of_article(content: &ArticleContent) -> Vec<Piece<'_>> {
    let ArticleContent {
        state,
        texts,
        contributions,
        sources: _,
        topics: _,
        attachments,
        related: _,
        former_slugs: _,
    } = content;
    let mut all = Gathered::new(None);
    for text in texts {
        all.locale = Some(&text.locale);
        of_text(&mut all, text);
        if text.locale == state.locale {
            for (n, person) in contributions.iter().enumerate() {
                let Contribution {
                    key: _,
                    role: _,
                    kind: _,
                    name,
                    affiliation,
                } = person;
                all.add(format!("/contributors/{n}/name"), Form::Plain, name);
                let affiliation = affiliation.as_deref();
                all.add_some(
                    format!("/contributors/{n}/affiliation"),
                    Form::Plain,
                    affiliation,
                );
            }
        }
    }
    all.locale = None;
    all.add("/slug", Form::Address, &state.slug);
    all.add_some("/source_line", Form::Plain, state.source_line.as_deref());
    all.add_some("/cover", Form::Address, state.cover.as_deref());
    for (n, attachment) in attachments.iter().enumerate() {
        let Attachment {
            name,
            url,
            media_type: _,
            size: _,
            sha256: _,
        } = attachment;
        all.add(format!("/attachments/{n}/name"), Form::FileName, name);
        all.add(format!("/attachments/{n}/url"), Form::Address, url);
    }
    for (n, Audio { url, .. }) in state.audio.iter().enumerate() {
        all.add(format!("/audio/{n}/url"), Form::Address, url);
    }
    let reason = state.retraction.as_ref().map(|said| said.reason.as_str());
    all.add_some("/retraction_reason", Form::Plain, reason);
    all.pieces
}

fn of_text<'a>(all: &mut Gathered<'a>, text: &'a Text) {
    let Text {
        locale: _,
        slug,
        title,
        subtitle,
        summary,
        summary_label,
        byline,
        keywords,
        contributors,
        body_html,
    } = text;
    all.add("/title", Form::Plain, title);
    all.add_some("/subtitle", Form::Plain, subtitle.as_deref());
    all.add_some("/summary", Form::Plain, summary.as_deref());
    all.add_some("/summary_label", Form::Plain, summary_label.as_deref());
    all.add("/body_html", Form::Html, body_html);
    all.add_some("/byline", Form::Plain, byline.as_deref());
    for (n, keyword) in keywords.iter().enumerate() {
        all.add(format!("/keywords/{n}"), Form::Plain, keyword);
    }
    all.add_some("/slug", Form::Address, slug.as_deref());
    for (n, person) in contributors.iter().enumerate() {
        let ContributorName {
            key: _,
            name,
            affiliation,
        } = person;
        all.add(format!("/contributors/{n}/name"), Form::Plain, name);
        let affiliation = affiliation.as_deref();
        all.add_some(
            format!("/contributors/{n}/affiliation"),
            Form::Plain,
            affiliation,
        );
    }
}

/// The pieces of a site. What it may call itself is what it is compared with, and is none of them.
pub fn of_site<'a>(slug: &'a str, content: &'a SiteContent) -> Vec<Piece<'a>> {
    let SiteContent {
        name,
        default_locale: _,
        locales: _,
        utc_offset: _,
        home_label,
        owner,
        copyright,
        copyright_notice,
        url_template,
        registrations,
        contacts,
        credits,
        blocks,
        identity: _,
        script_variants: _,
    } = content;
    let mut all = Gathered::new(None);
    all.add("/slug", Form::Address, slug);
    all.add("/name", Form::Name, name);
    all.add_some("/owner", Form::Name, owner.as_deref());
    all.add_some("/home_label", Form::Plain, home_label.as_deref());
    all.add_some("/copyright", Form::Plain, copyright.as_deref());
    all.add_some(
        "/copyright_notice",
        Form::Plain,
        copyright_notice.as_deref(),
    );
    all.add_some("/url_template", Form::Address, url_template.as_deref());
    for (n, registration) in registrations.0.iter().enumerate() {
        let Registration {
            kind: _,
            number,
            url,
        } = registration;
        all.add(format!("/registrations/{n}/number"), Form::Plain, number);
        let url = url.as_deref();
        all.add_some(format!("/registrations/{n}/url"), Form::Address, url);
    }
    for (n, contact) in contacts.0.iter().enumerate() {
        let Contact {
            kind: _,
            label,
            value,
        } = contact;
        let label = label.as_deref();
        all.add_some(format!("/contacts/{n}/label"), Form::Plain, label);
        all.add(format!("/contacts/{n}/value"), Form::Plain, value);
    }
    for (n, Credit { label, value }) in credits.0.iter().enumerate() {
        let label = label.as_deref();
        all.add_some(format!("/credits/{n}/label"), Form::Plain, label);
        all.add(format!("/credits/{n}/value"), Form::Plain, value);
    }
    for (n, block) in blocks.0.iter().enumerate() {
        let Block {
            kind: _,
            text,
            attribution,
        } = block;
        all.add(format!("/blocks/{n}/text"), Form::Plain, text);
        let attribution = attribution.as_deref();
        all.add_some(format!("/blocks/{n}/attribution"), Form::Plain, attribution);
    }
    all.pieces
}

/// The pieces of a category.
pub fn of_category(category: &Category) -> Vec<Piece<'_>> {
    let Category {
        id: _,
        site_id: _,
        parent_id: _,
        path,
        name,
        position: _,
    } = category;
    let mut all = Gathered::new(None);
    all.add("/path", Form::Address, path);
    all.add("/name", Form::Plain, name);
    all.pieces
}

/// The pieces of a topic.
pub fn of_topic(topic: &Topic) -> Vec<Piece<'_>> {
    let mut all = Gathered::new(None);
    all.add("/title", Form::Plain, &topic.title);
    all.pieces
}

/// The pieces of a source.
pub fn of_source(source: &Source) -> Vec<Piece<'_>> {
    let Source {
        id: _,
        slug,
        name,
        url,
    } = source;
    let mut all = Gathered::new(None);
    all.add("/slug", Form::Address, slug);
    all.add("/name", Form::Plain, name);
    all.add_some("/url", Form::Address, url.as_deref());
    all.pieces
}

/// The pieces of a menu. Its items are a tree: `/items/0/children/2/label`.
pub fn of_menu(menu: &Menu) -> Vec<Piece<'_>> {
    let mut all = Gathered::new(None);
    for (item, place) in menu.items.iter().zip(menu_places(menu)) {
        all.add(format!("{place}/label"), Form::Plain, &item.label);
        all.add_some(format!("{place}/url"), Form::Address, item.url.as_deref());
    }
    all.pieces
}

/// Where the items of a menu stand in its tree.
pub(super) fn menu_places(menu: &Menu) -> Vec<String> {
    // The number of the item that is open at each depth.
    let mut open: Vec<usize> = Vec::new();
    let places = menu.items.iter().map(|item| {
        let depth = usize::try_from(item.depth).unwrap_or(0).min(open.len());
        let number = open.get(depth).map_or(0, |last| last + 1);
        open.truncate(depth);
        open.push(number);
        let numbers: Vec<String> = open.iter().map(usize::to_string).collect();
        format!("/items/{}", numbers.join("/children/"))
    });
    places.collect()
}

/// The pieces of a group of links.
pub fn of_link_group(group: &LinkGroup) -> Vec<Piece<'_>> {
    let mut all = Gathered::new(None);
    all.add("/title", Form::Plain, &group.title);
    for (n, link) in group.links.0.iter().enumerate() {
        all.add(format!("/links/{n}/label"), Form::Plain, &link.label);
        all.add(format!("/links/{n}/url"), Form::Address, &link.url);
    }
    all.pieces
}

/// The pieces of a file.
pub fn of_media(media: &Media) -> Vec<Piece<'_>> {
    let mut all = Gathered::new(None);
    all.add("/key", Form::FileName, &media.key);
    all.add("/name", Form::FileName, &media.name);
    all.add_some("/alt", Form::Plain, media.alt.as_deref());
    all.pieces
}

/// The pieces of what editors want instead of what the dictionaries of scripts say.
pub fn of_script_phrase(phrase: &ScriptPhrase) -> Vec<Piece<'_>> {
    let mut all = Gathered::new(None);
    all.add("/hans", Form::Plain, &phrase.hans);
    all.add("/hant", Form::Plain, &phrase.hant);
    all.add_some("/note", Form::Plain, phrase.note.as_deref());
    all.pieces
}

/// What is known of a site, for its own record and for all that belongs to it.
pub fn surroundings(content: &SiteContent) -> Surroundings {
    let identity = &content.identity.0;
    let template = content.url_template.as_deref().and_then(names::domain_of);
    let contacts = content.contacts.0.iter();
    Surroundings {
        names: identity.names.clone(),
        domains: identity.domains.iter().cloned().chain(template).collect(),
        called: std::iter::once(content.name.clone())
            .chain(content.owner.clone())
            .collect(),
        registrations: content
            .registrations
            .0
            .iter()
            .map(|registration| registration.number.clone())
            .collect(),
        contact_domains: contacts
            .filter_map(|contact| names::domain_of(&contact.value))
            .collect(),
    }
}
