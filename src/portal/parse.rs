//! Which members each kind of record has, and which rule each of them keeps. It sees one line at a time.

use chrono::{DateTime, Utc};

use crate::models::article::{Attachment, Audio, Status};
use crate::models::contributor::{Contribution, ContributorKind, ContributorName};
use crate::models::link_group::Link;
use crate::models::rules;
use crate::models::site::{Block, Contact, Credit, Identity, Registration};
use crate::models::time::Precision;

use super::fields::{
    Faults, Fields, Path, Read, array, distinct, list, number, string, text, understood, word,
};
use super::json::Value;
use super::record::{
    ArticleRecord, CategoryRecord, FormerSlugRecord, LineFault, LinkGroupRecord, MenuEntry,
    MenuRecord, Patch, Record, SiteRecord, SourceRecord, TopicRecord, TranslationRecord,
};

/// The types a line may have.
const TYPES: &str = "portal, site, source, category, menu, link_group, topic, article";

/// The record of a parsed line.
pub(super) fn record(value: Value<'_>, line: u64) -> Result<Record, Vec<LineFault>> {
    let mut faults = Faults::of_line(line);
    let record = read_record(value, &mut faults);
    faults.or(record)
}

fn read_record(value: Value<'_>, faults: &mut Faults) -> Option<Record> {
    let mut fields = Fields::open(value, &Path::Line, faults)?;
    let kind = fields.required("type", string)?;
    let record = match kind.as_ref() {
        "portal" => portal(&mut fields),
        "site" => site(&mut fields),
        "source" => source(&mut fields),
        "category" => category(&mut fields),
        "menu" => menu(&mut fields),
        "link_group" => link_group(&mut fields),
        "topic" => topic(&mut fields),
        "article" => article(&mut fields),
        other => {
            fields.fault(
                "type",
                format!("is `{}`, but must be one of {TYPES}", rules::excerpt(other)),
            );
            return None;
        }
    };
    fields.close();
    Some(record)
}

fn portal(fields: &mut Fields<'_, '_>) -> Record {
    fields.required(
        "version",
        number(|version| match version {
            1 => Ok(()),
            _ => Err("must be 1, the only version of the format".to_owned()),
        }),
    );
    Record::Portal
}

fn site(fields: &mut Fields<'_, '_>) -> Record {
    Record::Site(Box::new(SiteRecord {
        slug: key(fields, "slug", rules::slug),
        name: fields.firm("name", text(rules::title)),
        default_locale: fields.firm("default_locale", locale()),
        utc_offset: fields.firm("utc_offset", text(rules::utc_offset)),
        locales: fields.patch("locales", distinct("", |tag: &String| Some(tag), locale())),
        home_label: fields.patch("home_label", text(rules::subtitle)),
        owner: fields.patch("owner", text(rules::subtitle)),
        copyright: fields.patch("copyright", text(rules::summary)),
        copyright_notice: fields.patch("copyright_notice", text(rules::summary)),
        url_template: fields.patch("url_template", text(rules::optional_url)),
        registrations: fields.patch("registrations", list(registration)),
        contacts: fields.patch("contacts", list(contact)),
        credits: fields.patch("credits", list(credit)),
        blocks: fields.patch("blocks", list(block)),
        identity: fields.patch("identity", identity),
        visitors: counter(fields, "visitors"),
    }))
}

fn source(fields: &mut Fields<'_, '_>) -> Record {
    Record::Source(SourceRecord {
        slug: key(fields, "slug", rules::slug),
        name: fields.firm("name", text(rules::title)),
        url: fields.patch("url", text(rules::optional_url)),
    })
}

fn category(fields: &mut Fields<'_, '_>) -> Record {
    Record::Category(CategoryRecord {
        site: key(fields, "site", rules::slug),
        path: key(fields, "path", rules::category_path),
        name: fields.firm("name", text(rules::title)),
    })
}

fn menu(fields: &mut Fields<'_, '_>) -> Record {
    Record::Menu(MenuRecord {
        site: key(fields, "site", rules::slug),
        key: key(fields, "key", rules::key),
        items: fields.patch("items", menu_items),
    })
}

fn link_group(fields: &mut Fields<'_, '_>) -> Record {
    Record::LinkGroup(LinkGroupRecord {
        site: key(fields, "site", rules::slug),
        key: key(fields, "key", rules::key),
        title: fields.firm("title", text(rules::title)),
        links: fields.patch("links", list(link)),
    })
}

fn topic(fields: &mut Fields<'_, '_>) -> Record {
    Record::Topic(TopicRecord {
        site: key(fields, "site", rules::slug),
        key: key(fields, "key", rules::key),
        title: fields.firm("title", text(rules::title)),
        year: match fields.patch("year", number(rules::year)) {
            Patch::Set(year) => i32::try_from(year).map_or(Patch::Keep, Patch::Set),
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        },
    })
}

fn article(fields: &mut Fields<'_, '_>) -> Record {
    let site = key(fields, "site", rules::slug);
    let own_key = key(fields, "key", rules::key);
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
        fields.fault("unpublish_at", "must be later than `published_at`");
    }
    Record::Article(Box::new(ArticleRecord {
        site,
        key: own_key,
        category: fields.firm("category", text(rules::category_path)),
        locale: own_locale,
        title: fields.firm("title", text(rules::title)),
        body_html: fields.firm("body_html", text(rules::body)),
        published_at,
        published_precision: fields.firm(
            "published_precision",
            word(Precision::ALL, Precision::as_str),
        ),
        status: fields.firm("status", word(Status::ALL, Status::as_str)),
        slug: fields.patch("slug", text(rules::slug)),
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
        audio: fields.patch("audio", list(audio)),
        related,
        unpublish_at,
        views: counter(fields, "views"),
        downloads: counter(fields, "downloads"),
        citations: counter(fields, "citations"),
        translations,
        former_slugs: fields.patch(
            "former_slugs",
            distinct("slug", |f: &FormerSlugRecord| Some(&f.slug), former_slug),
        ),
    }))
}

fn former_slug(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<FormerSlugRecord> {
    let mut fields = Fields::open(value, path, faults)?;
    let slug = fields.required("slug", text(rules::slug));
    let locale = fields.optional("locale", locale());
    let until = fields.optional(
        "until",
        understood(|text| rules::instant(text).map(|at| at.to_utc())),
    );
    fields.close();
    Some(FormerSlugRecord {
        slug: slug?,
        locale,
        until,
    })
}

fn translation(
    value: Value<'_>,
    path: &Path<'_>,
    faults: &mut Faults,
    own_locale: Option<&str>,
) -> Option<TranslationRecord> {
    let mut fields = Fields::open(value, path, faults)?;
    let locale = fields.required("locale", locale());
    if locale.is_some() && locale.as_deref() == own_locale {
        fields.fault(
            "locale",
            "is the article's own; a translation has another language",
        );
    }
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
    fields.close();
    Some(TranslationRecord {
        locale: locale?,
        title: title.unwrap_or_default(),
        body_html: body_html.unwrap_or_default(),
        slug,
        subtitle,
        summary,
        summary_label,
        byline,
        contributors: contributors.unwrap_or_default(),
        keywords: keywords.unwrap_or_default(),
    })
}

/// A member of the natural key; empty where it is faulty.
fn key(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    rule: fn(&str) -> rules::Verdict,
) -> String {
    fields.required(name, text(rule)).unwrap_or_default()
}

/// An opening balance.
fn counter(fields: &mut Fields<'_, '_>, name: &'static str) -> i64 {
    fields
        .optional(name, number(rules::counter))
        .unwrap_or_default()
}

/// A language tag, in its canonical casing.
fn locale<'v>() -> impl Read<'v, String> {
    understood(|tag| rules::locale(tag).map(|()| rules::canonical_locale(tag).unwrap_or_default()))
}

/// The key of another article than `own`.
fn other_than<'v>(own: &str) -> impl Read<'v, String> {
    move |value: Value<'v>, path: &Path<'_>, faults: &mut Faults| {
        let key = text(rules::key)(value, path, faults)?;
        if key == own {
            faults.add(path, "is the article itself; remove it");
        }
        Some(key)
    }
}

fn registration(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Registration> {
    let mut fields = Fields::open(value, path, faults)?;
    let kind = fields.required("kind", text(rules::key));
    let number = fields.required("number", text(rules::title));
    let url = fields.optional("url", text(rules::optional_url));
    fields.close();
    Some(Registration {
        kind: kind?,
        number: number?,
        url,
    })
}

fn contact(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Contact> {
    let mut fields = Fields::open(value, path, faults)?;
    let kind = fields.required("kind", text(rules::key));
    let label = fields.optional("label", text(rules::subtitle));
    let value = fields.required("value", text(rules::passage));
    fields.close();
    Some(Contact {
        kind: kind?,
        label,
        value: value?,
    })
}

fn credit(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Credit> {
    let mut fields = Fields::open(value, path, faults)?;
    let label = fields.optional("label", text(rules::subtitle));
    let value = fields.required("value", text(rules::passage));
    fields.close();
    Some(Credit {
        label,
        value: value?,
    })
}

fn block(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Block> {
    let mut fields = Fields::open(value, path, faults)?;
    let kind = fields.required("kind", text(rules::key));
    let words = fields.required("text", text(rules::passage));
    let attribution = fields.optional("attribution", text(rules::summary));
    fields.close();
    Some(Block {
        kind: kind?,
        text: words?,
        attribution,
    })
}

fn identity(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Identity> {
    let mut fields = Fields::open(value, path, faults)?;
    let names = fields
        .optional("names", list(text(rules::title)))
        .unwrap_or_default();
    let domains = fields
        .optional("domains", list(text(rules::title)))
        .unwrap_or_default();
    fields.close();
    Some(Identity { names, domains })
}

fn link(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Link> {
    let mut fields = Fields::open(value, path, faults)?;
    let label = fields.required("label", text(rules::title));
    let url = fields.required("url", text(rules::url));
    fields.close();
    Some(Link {
        label: label?,
        url: url?,
    })
}

fn contribution(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Contribution> {
    let mut fields = Fields::open(value, path, faults)?;
    let key = fields.optional("key", text(rules::key));
    let role = fields.required("role", text(rules::key));
    let kind = fields.required("kind", word(ContributorKind::ALL, ContributorKind::as_str));
    let name = fields.required("name", text(rules::title));
    let affiliation = fields.optional("affiliation", text(rules::subtitle));
    fields.close();
    Some(Contribution {
        key,
        role: role?,
        kind: kind?,
        name: name?,
        affiliation,
    })
}

fn contributor_name(
    value: Value<'_>,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<ContributorName> {
    let mut fields = Fields::open(value, path, faults)?;
    let key = fields.required("key", text(rules::key));
    let name = fields.required("name", text(rules::title));
    let affiliation = fields.optional("affiliation", text(rules::subtitle));
    fields.close();
    Some(ContributorName {
        key: key?,
        name: name?,
        affiliation,
    })
}

fn attachment(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Attachment> {
    let mut fields = Fields::open(value, path, faults)?;
    let name = fields.required("name", text(rules::title));
    let url = fields.required("url", text(rules::url));
    let media_type = fields.optional("media_type", text(rules::key));
    let size = fields.optional("size", number(rules::counter));
    let sha256 = fields.optional("sha256", text(rules::sha256));
    fields.close();
    Some(Attachment {
        name: name?,
        url: url?,
        media_type,
        size,
        sha256,
    })
}

fn audio(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Audio> {
    let mut fields = Fields::open(value, path, faults)?;
    let url = fields.required("url", text(rules::url));
    let media_type = fields.optional("media_type", text(rules::key));
    let duration_s = fields.optional("duration_s", number(rules::counter));
    fields.close();
    Some(Audio {
        url: url?,
        media_type,
        duration_s,
    })
}

/// A tree of menu items, in pre-order.
fn menu_items(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Vec<MenuEntry>> {
    let mut entries = Vec::new();
    menu_level(value, path, faults, 0, &mut entries)?;
    if entries.len() > rules::MENU_ITEMS {
        faults.add(
            path,
            format!(
                "has {} items, at most {} are allowed",
                entries.len(),
                rules::MENU_ITEMS
            ),
        );
    }
    Some(entries)
}

/// One level of the tree and what hangs below it; the depth of the recursion is bounded by [`rules::MENU_DEPTH`].
fn menu_level(
    value: Value<'_>,
    path: &Path<'_>,
    faults: &mut Faults,
    depth: usize,
    entries: &mut Vec<MenuEntry>,
) -> Option<()> {
    let items = array(value, path, faults)?;
    if depth >= rules::MENU_DEPTH && !items.is_empty() {
        faults.add(
            path,
            format!(
                "is more than {} levels deep; move these items up",
                rules::MENU_DEPTH
            ),
        );
        return None;
    }
    for (index, item) in items.into_iter().enumerate() {
        let path = Path::Item(path, index);
        let Some(mut fields) = Fields::open(item, &path, faults) else {
            continue;
        };
        let label = fields
            .required("label", text(rules::title))
            .unwrap_or_default();
        let url = fields.optional("url", text(rules::url));
        let category = fields.optional("category", text(rules::category_path));
        if url.is_some() && category.is_some() {
            fields.fault(
                "category",
                "stands beside `url`; an item points to one of them",
            );
        }
        let depth_stored = i32::try_from(depth).unwrap_or(i32::MAX);
        entries.push(MenuEntry {
            depth: depth_stored,
            label,
            url,
            category,
            member: path.to_string(),
        });
        let children = fields.optional("children", |value, _: &Path<'_>, _: &mut Faults| {
            Some(value)
        });
        fields.close();
        if let Some(children) = children {
            menu_level(
                children,
                &Path::Member(&path, "children"),
                faults,
                depth + 1,
                entries,
            );
        }
    }
    Some(())
}
