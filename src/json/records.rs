//! Which members each kind of record has, and which rule each of them keeps, in lines of portal files and in bodies of
//! requests. It sees one text at a time.

use chrono::{DateTime, Utc};

use super::fields::{Fields, Read, boolean, distinct, list, number, text, understood, word};
use super::values::{
    attachment, audio, block, contact, contribution, contributor_name, credit, former_path,
    former_slug, identity, link, locale, menu_items, other_than, registration, translation,
};
use crate::models::article::Attachment;
use crate::models::contributor::{Contribution, ContributorName};
use crate::models::patch::Patch;
use crate::models::record::{
    ArticleRecord, CategoryChange, CategoryRecord, FileRecord, FormerPathRecord, FormerSlugRecord,
    LinkGroupRecord, MediaRecord, MenuRecord, ScriptPhraseRecord, SiteRecord, SourceRecord,
    TopicRecord, TranslationRecord,
};
use crate::models::rules;
use crate::models::script_phrase::PhraseDirection;
use crate::models::time::Precision;
use crate::models::workflow::State;

/// What kind of text a record stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A line of a portal file: it names the record by its natural key, and may be about one that exists or not.
    Line,
    /// The body of a request that makes a record.
    Create,
    /// The body of a request that changes the record in its address (RFC 7396).
    Update,
}

/// Members of answers that no request has.
const READ_ONLY: [&str; 5] = ["id", "version", "created_at", "updated_at", "is_held"];

impl Form {
    /// Refuses what only answers have; `fixed` are members that are given once and for all.
    fn begin(self, fields: &mut Fields<'_, '_>, fixed: &[&'static str]) {
        if self != Self::Line {
            fields.read_only(&READ_ONLY);
        }
        if self == Self::Update {
            fields.read_only(fixed);
        }
    }

    /// A part of the natural key; empty where it is faulty or not to be given.
    fn key(
        self,
        fields: &mut Fields<'_, '_>,
        name: &'static str,
        rule: fn(&str) -> rules::Verdict,
    ) -> String {
        match self {
            Self::Line | Self::Create => fields.required(name, text(rule)).unwrap_or_default(),
            Self::Update => String::new(),
        }
    }

    /// As [`Form::key`]; a request may leave it to the server.
    fn own_key(
        self,
        fields: &mut Fields<'_, '_>,
        name: &'static str,
        rule: fn(&str) -> rules::Verdict,
    ) -> String {
        match self {
            Self::Create => fields.optional(name, text(rule)).unwrap_or_default(),
            Self::Line | Self::Update => self.key(fields, name, rule),
        }
    }

    /// A member that a new record must have.
    fn due<'v, T>(
        self,
        fields: &mut Fields<'_, 'v>,
        name: &'static str,
        read: impl Read<'v, T>,
    ) -> Patch<T> {
        match self {
            Self::Create => fields.required(name, read).map_or(Patch::Keep, Patch::Set),
            Self::Line | Self::Update => fields.firm(name, read),
        }
    }

    /// The place among its siblings; a file says it by the order of its lines.
    fn position(self, fields: &mut Fields<'_, '_>) -> Patch<i64> {
        match self {
            Self::Line => Patch::Keep,
            Self::Create | Self::Update => fields.firm("position", number(rules::position)),
        }
    }
}

/// A site.
pub fn site(fields: &mut Fields<'_, '_>, form: Form) -> SiteRecord {
    form.begin(fields, &["slug"]);
    SiteRecord {
        slug: form.key(fields, "slug", rules::slug),
        name: form.due(fields, "name", text(rules::title)),
        default_locale: form.due(fields, "default_locale", locale()),
        utc_offset: fields.firm("utc_offset", text(rules::utc_offset)),
        locales: fields.patch("locales", distinct("", |tag: &String| Some(tag), locale())),
        home_label: fields.patch("home_label", text(rules::subtitle)),
        owner: fields.patch("owner", text(rules::subtitle)),
        copyright: fields.patch("copyright", text(rules::summary)),
        copyright_notice: fields.patch("copyright_notice", text(rules::summary)),
        url_template: fields.patch("url_template", text(rules::url_template)),
        registrations: fields.patch("registrations", list(registration)),
        contacts: fields.patch("contacts", list(contact)),
        credits: fields.patch("credits", list(credit)),
        blocks: fields.patch("blocks", list(block)),
        identity: fields.patch("identity", identity(form)),
        script_variants: fields.firm("script_variants", boolean),
        visitors: counter(fields, form, "visitors"),
    }
}

/// A source.
pub fn source(fields: &mut Fields<'_, '_>, form: Form) -> SourceRecord {
    form.begin(fields, &["slug"]);
    SourceRecord {
        slug: form.own_key(fields, "slug", rules::slug),
        name: form.due(fields, "name", text(rules::title)),
        url: fields.patch("url", text(rules::optional_url)),
    }
}

/// A category of a line.
pub fn category(fields: &mut Fields<'_, '_>) -> CategoryRecord {
    CategoryRecord {
        site: Form::Line.key(fields, "site", rules::slug),
        path: Form::Line.key(fields, "path", rules::category_path),
        name: fields.firm("name", text(rules::title)),
        former_paths: fields.patch(
            "former_paths",
            distinct("path", |f: &FormerPathRecord| Some(&f.path), former_path),
        ),
    }
}

/// A category of a request: it may stand in another place afterwards.
pub fn category_change(fields: &mut Fields<'_, '_>, form: Form) -> CategoryChange {
    form.begin(fields, &["site", "path"]);
    let path = match form {
        Form::Create => fields.optional("path", text(rules::category_path)),
        Form::Line | Form::Update => None,
    };
    let change = CategoryChange {
        site: form.key(fields, "site", rules::slug),
        path,
        parent_id: fields.patch("parent_id", number(rules::id)),
        slug: fields.firm("slug", text(rules::slug)),
        name: form.due(fields, "name", text(rules::title)),
        position: form.position(fields),
    };
    let is_named = matches!(change.slug, Patch::Set(_));
    match (&change.path, form) {
        (Some(_), _) if is_named || change.parent_id != Patch::Keep => fields.fault(
            "path",
            "conflict",
            "stands beside `slug` or `parent_id`; give either the path, or the slug with the id of the category above",
        ),
        (None, Form::Create) if !is_named => fields.fault(
            "slug",
            "required",
            "is required where there is no `path`",
        ),
        _ => {}
    }
    change
}

/// A menu.
pub fn menu(fields: &mut Fields<'_, '_>, form: Form) -> MenuRecord {
    form.begin(fields, &["site", "key"]);
    MenuRecord {
        site: form.key(fields, "site", rules::slug),
        key: form.key(fields, "key", rules::key),
        items: fields.patch("items", menu_items),
    }
}

/// A group of links.
pub fn link_group(fields: &mut Fields<'_, '_>, form: Form) -> LinkGroupRecord {
    form.begin(fields, &["site", "key"]);
    LinkGroupRecord {
        site: form.key(fields, "site", rules::slug),
        key: form.key(fields, "key", rules::key),
        title: form.due(fields, "title", text(rules::title)),
        links: fields.patch("links", list(link)),
        position: form.position(fields),
    }
}

/// One of the texts of a phrase: part of its name in files, to be changed in requests.
fn script_text(fields: &mut Fields<'_, '_>, form: Form, name: &'static str) -> Patch<String> {
    let form = match form {
        Form::Line => Form::Create,
        Form::Create | Form::Update => form,
    };
    form.due(fields, name, text(rules::script_phrase))
}

/// What an editor wants instead of what the dictionaries of scripts say.
pub fn script_phrase(fields: &mut Fields<'_, '_>, form: Form) -> ScriptPhraseRecord {
    form.begin(fields, &["site"]);
    ScriptPhraseRecord {
        site: form.key(fields, "site", rules::slug),
        hans: script_text(fields, form, "hans"),
        hant: script_text(fields, form, "hant"),
        direction: fields.firm(
            "direction",
            word(PhraseDirection::ALL, PhraseDirection::as_str),
        ),
        note: fields.patch("note", text(rules::subtitle)),
    }
}

/// A topic.
pub fn topic(fields: &mut Fields<'_, '_>, form: Form) -> TopicRecord {
    form.begin(fields, &["site", "key"]);
    TopicRecord {
        site: form.key(fields, "site", rules::slug),
        key: form.own_key(fields, "key", rules::key),
        title: form.due(fields, "title", text(rules::title)),
        year: match fields.patch("year", number(rules::year)) {
            Patch::Set(year) => i32::try_from(year).map_or(Patch::Keep, Patch::Set),
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        },
        position: form.position(fields),
    }
}

/// An article.
pub fn article(fields: &mut Fields<'_, '_>, form: Form) -> ArticleRecord {
    form.begin(fields, &["site", "key"]);
    if form != Form::Line {
        fields.read_only(&[
            "url",
            "created_by",
            "views",
            "downloads",
            "revision",
            "held_status",
            "retraction_reason",
            "retracted_at",
        ]);
    }
    let (retraction_reason, retracted_at, comment) = match form {
        Form::Line => (
            fields.patch("retraction_reason", text(rules::remark)),
            fields.patch(
                "retracted_at",
                understood(|text| rules::instant(text).map(|at| at.to_utc())),
            ),
            None,
        ),
        Form::Create | Form::Update => (Patch::Keep, Patch::Keep, comment(fields)),
    };
    let site = form.key(fields, "site", rules::slug);
    let own_key = form.own_key(fields, "key", rules::key);
    let category = fields.firm("category", text(rules::category_path));
    let category_id = match form {
        Form::Line => Patch::Keep,
        Form::Create | Form::Update => fields.firm("category_id", number(rules::id)),
    };
    match (&category, &category_id, form) {
        (Patch::Set(_), Patch::Set(_), _) => fields.fault(
            "category_id",
            "conflict",
            "stands beside `category`; give one of them",
        ),
        (Patch::Keep, Patch::Keep, Form::Create) => {
            fields.fault("category", "required", "is required, or `category_id`");
        }
        _ => {}
    }
    let own_locale = fields.firm("locale", locale());
    let related = fields.patch(
        "related",
        distinct("", |key: &String| Some(key), other_than(&own_key)),
    );
    let translations = fields.patch(
        "translations",
        distinct("locale", |t: &TranslationRecord| Some(&t.locale), {
            let own_locale = match &own_locale {
                Patch::Set(locale) => Some(locale.as_str()),
                Patch::Keep | Patch::Clear => None,
            };
            move |value, path, faults| translation(value, path, faults, own_locale)
        }),
    );
    let published_at = fields.firm("published_at", understood(rules::instant));
    let unpublish_at = fields.patch(
        "unpublish_at",
        understood(|text| rules::instant(text).map(|at| at.to_utc())),
    );
    if let (Patch::Set(start), Patch::Set(end)) = (&published_at, &unpublish_at)
        && *end <= DateTime::<Utc>::from(*start)
    {
        fields.fault(
            "unpublish_at",
            "invalid",
            "must be later than `published_at`",
        );
    }
    ArticleRecord {
        site,
        key: own_key,
        category,
        category_id,
        locale: own_locale,
        title: form.due(fields, "title", text(rules::title)),
        body_html: fields.firm("body_html", text(rules::body)),
        published_at,
        published_precision: fields.firm(
            "published_precision",
            word(Precision::ALL, Precision::as_str),
        ),
        status: fields.firm("status", word(State::WANTED, State::as_str)),
        retraction_reason,
        retracted_at,
        slug: match form {
            Form::Line => fields.patch("slug", text(rules::slug)),
            Form::Create | Form::Update => fields.firm("slug", text(rules::slug)),
        },
        subtitle: fields.patch("subtitle", text(rules::subtitle)),
        summary: fields.patch("summary", text(rules::summary)),
        summary_label: fields.patch("summary_label", text(rules::subtitle)),
        byline: fields.patch("byline", text(rules::summary)),
        contributors: fields.patch(
            "contributors",
            distinct("key", |c: &Contribution| c.key.as_deref(), contribution),
        ),
        sources: fields.patch(
            "sources",
            distinct("", |slug: &String| Some(slug), text(rules::slug)),
        ),
        source_line: fields.patch("source_line", text(rules::summary)),
        event_date: fields.patch("event_date", understood(rules::date)),
        keywords: fields.patch("keywords", list(text(rules::title))),
        topics: fields.patch(
            "topics",
            distinct("", |key: &String| Some(key), text(rules::key)),
        ),
        cover: fields.patch("cover", text(rules::optional_url)),
        attachments: fields.patch(
            "attachments",
            distinct("url", |a: &Attachment| Some(&a.url), attachment),
        ),
        audio: fields.patch("audio", list(audio(form))),
        related,
        unpublish_at,
        views: counter(fields, form, "views"),
        downloads: counter(fields, form, "downloads"),
        citations: match form {
            Form::Line => fields.patch("citations", number(rules::counter)),
            Form::Create | Form::Update => fields.firm("citations", number(rules::counter)),
        },
        translations,
        former_slugs: fields.patch(
            "former_slugs",
            distinct("slug", |f: &FormerSlugRecord| Some(&f.slug), former_slug),
        ),
        comment,
    }
}

/// What a request changes of a file.
pub fn media(fields: &mut Fields<'_, '_>) -> MediaRecord {
    fields.read_only(&READ_ONLY);
    fields.read_only(&[
        "site",
        "key",
        "url",
        "kind",
        "media_type",
        "size",
        "sha256",
        "width",
        "height",
        "variants",
        "is_used",
        "created_by",
    ]);
    MediaRecord {
        site: None,
        name: fields.firm("name", text(rules::title)),
        alt: fields.patch("alt", text(rules::subtitle)),
    }
}

/// A file of a line. Its type is worked out from its bytes, so what the line says of it is for readers.
pub fn file(fields: &mut Fields<'_, '_>) -> FileRecord {
    let site = fields.optional("site", text(rules::slug));
    let key = fields.required("key", text(rules::file_key));
    let place = fields.optional("file", text(rules::file_key));
    fields.optional("media_type", text(rules::key));
    FileRecord {
        site,
        key: key.unwrap_or_default(),
        file: place,
        name: fields.firm("name", text(rules::title)),
        alt: fields.patch("alt", text(rules::subtitle)),
        size: fields.optional("size", number(rules::counter)),
        sha256: fields.optional("sha256", text(rules::sha256)),
    }
}

/// What a request says for the revision that it makes.
pub fn comment(fields: &mut Fields<'_, '_>) -> Option<String> {
    fields.optional("comment", text(rules::remark))
}

/// A translation whose language is known from elsewhere.
pub fn translation_of(fields: &mut Fields<'_, '_>, locale: String) -> TranslationRecord {
    let title = fields.required("title", text(rules::title));
    let body_html = fields.required("body_html", text(rules::body));
    let slug = fields.optional("slug", text(rules::slug));
    let subtitle = fields.optional("subtitle", text(rules::subtitle));
    let summary = fields.optional("summary", text(rules::summary));
    let summary_label = fields.optional("summary_label", text(rules::subtitle));
    let byline = fields.optional("byline", text(rules::summary));
    let contributors = fields.optional(
        "contributors",
        distinct("key", |c: &ContributorName| Some(&c.key), contributor_name),
    );
    let keywords = fields.optional("keywords", list(text(rules::title)));
    TranslationRecord {
        locale,
        title: title.unwrap_or_default(),
        body_html: body_html.unwrap_or_default(),
        slug,
        subtitle,
        summary,
        summary_label,
        byline,
        contributors: contributors.unwrap_or_default(),
        keywords: keywords.unwrap_or_default(),
    }
}

/// An opening balance, which only files have.
fn counter(fields: &mut Fields<'_, '_>, form: Form, name: &'static str) -> i64 {
    match form {
        Form::Line => fields
            .optional(name, number(rules::counter))
            .unwrap_or_default(),
        Form::Create | Form::Update => 0,
    }
}
