//! The objects inside records: names, links, files, menu items. It sees one value at a time.

use super::fields::{
    Faults, Fields, Path, Read, array, boolean, list, number, text, understood, word,
};
use super::records::{Form, translation_of};
use super::tree::Value;
use crate::models::article::Attachment;
use crate::models::contributor::{Contribution, ContributorKind, ContributorName};
use crate::models::link_group::Link;
use crate::models::patch::Patch;
use crate::models::record::{
    AudioRecord, FormerPathRecord, FormerSlugRecord, IdentityRecord, MenuEntry, TranslationRecord,
};
use crate::models::rules;
use crate::models::site::{Block, Contact, Credit, Registration};

pub(super) fn former_path(
    value: Value<'_>,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<FormerPathRecord> {
    let mut fields = Fields::open(value, path, faults)?;
    let former = fields.required("path", text(rules::category_path));
    let until = fields.optional(
        "until",
        understood(|text| rules::instant(text).map(|at| at.to_utc())),
    );
    fields.close();
    Some(FormerPathRecord {
        path: former?,
        until,
    })
}

pub(super) fn former_slug(
    value: Value<'_>,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<FormerSlugRecord> {
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

/// One of a list of translations; not in the article's own language, where that is known.
pub(super) fn translation(
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
            "invalid",
            "is the article's own; a translation has another language",
        );
    }
    let translation = translation_of(&mut fields, locale.clone().unwrap_or_default());
    fields.close();
    locale.map(|_| translation)
}

/// A language tag, in its canonical casing.
pub(super) fn locale<'v>() -> impl Read<'v, String> {
    understood(|tag| rules::locale(tag).map(|()| rules::canonical_locale(tag).unwrap_or_default()))
}

/// The key of another article than `own`.
pub(super) fn other_than<'v>(own: &str) -> impl Read<'v, String> {
    move |value: Value<'v>, path: &Path<'_>, faults: &mut Faults| {
        let key = text(rules::key)(value, path, faults)?;
        if key == own {
            faults.add(path, "invalid", "is the article itself; remove it");
        }
        Some(key)
    }
}

pub(super) fn registration(
    value: Value<'_>,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<Registration> {
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

pub(super) fn contact(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Contact> {
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

pub(super) fn credit(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Credit> {
    let mut fields = Fields::open(value, path, faults)?;
    let label = fields.optional("label", text(rules::subtitle));
    let value = fields.required("value", text(rules::passage));
    fields.close();
    Some(Credit {
        label,
        value: value?,
    })
}

pub(super) fn block(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Block> {
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

/// What a site may call itself. A line replaces it whole, a request only the members it names (RFC 7396).
pub(super) fn identity<'v>(form: Form) -> impl Read<'v, IdentityRecord> {
    move |value: Value<'v>, path: &Path<'_>, faults: &mut Faults| {
        let mut fields = Fields::open(value, path, faults)?;
        let mut record = IdentityRecord {
            names: fields.patch("names", list(text(rules::title))),
            domains: fields.patch("domains", list(text(rules::title))),
        };
        fields.close();
        if form == Form::Line {
            for member in [&mut record.names, &mut record.domains] {
                if *member == Patch::Keep {
                    *member = Patch::Clear;
                }
            }
        }
        Some(record)
    }
}

pub(super) fn link(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Link> {
    let mut fields = Fields::open(value, path, faults)?;
    let label = fields.required("label", text(rules::title));
    let url = fields.required("url", text(rules::url));
    fields.close();
    Some(Link {
        label: label?,
        url: url?,
    })
}

pub(super) fn contribution(
    value: Value<'_>,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<Contribution> {
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

pub(super) fn contributor_name(
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

pub(super) fn attachment(
    value: Value<'_>,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<Attachment> {
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

/// A recording. A request names the revision that it was made for, a file says whether the text is another one since.
pub(super) fn audio<'v>(form: Form) -> impl Read<'v, AudioRecord> {
    move |value: Value<'v>, path: &Path<'_>, faults: &mut Faults| {
        let mut fields = Fields::open(value, path, faults)?;
        let url = fields.required("url", text(rules::url));
        let media_type = fields.optional("media_type", text(rules::key));
        let duration_s = fields.optional("duration_s", number(rules::counter));
        let locale = fields.optional("locale", locale());
        let revision = match form {
            Form::Line => None,
            Form::Create | Form::Update => fields.optional("revision", number(rules::id)),
        };
        // Requests send it back as they got it; it is worked out anew.
        let stale = fields.optional("stale", boolean);
        fields.close();
        Some(AudioRecord {
            url: url?,
            media_type,
            duration_s,
            locale,
            revision,
            stale: stale.filter(|_| form == Form::Line),
        })
    }
}

/// A tree of menu items, in pre-order.
pub(super) fn menu_items(
    value: Value<'_>,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<Vec<MenuEntry>> {
    let mut entries = Vec::new();
    menu_level(value, path, faults, 0, &mut entries)?;
    if entries.len() > rules::MENU_ITEMS {
        faults.add(
            path,
            "too_many",
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
            "too_deep",
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
                "conflict",
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
            pointer: path.pointer(),
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
