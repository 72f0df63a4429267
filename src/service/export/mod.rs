//! Writing everything as a portal file, as one consistent picture of the database.

mod held;
mod media;

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use chrono::FixedOffset;

use self::held::Held;
use self::media::Files;
use crate::content::media::Addresses;
use crate::error::{Error, Resource, Result};
use crate::library::Library;
use crate::models::article::{FormerSlug, Text};
use crate::models::category::FormerPath;
use crate::models::counting::Gauge;
use crate::models::hygiene::RecordKind;
use crate::models::site::{Site, SiteContent};
use crate::portal::writer::{
    ArticleLine, CategoryLine, FormerPathLine, FormerSlugLine, LinkGroupLine, MenuItemLine,
    MenuLine, ScriptPhraseLine, SiteLine, SourceLine, TopicLine, TranslationLine, Writer,
};
use crate::store::articles::Loaded;
use crate::store::{self, Conn, Store};

/// Rows read at a time; few, because articles may be large.
const BATCH: i64 = 25;

/// Use cases on portal files.
#[derive(Clone)]
pub struct Export {
    store: Store,
    library: Library,
    addresses: Addresses,
}

/// What is written, and where to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportOptions<'o> {
    /// The slug of the only site that is; `None` stands for all.
    pub site: Option<&'o str>,
    /// The folder for the bytes of files; without it articles name files by address, and there are no lines for them.
    pub media: Option<&'o Path>,
    /// Whether what is held back is written, too.
    pub held: bool,
}

/// What articles refer to, by id.
struct Names {
    categories: HashMap<i64, String>,
    sources: HashMap<i64, String>,
    topics: HashMap<i64, String>,
}

impl Export {
    pub(super) fn new(store: Store, library: Library, addresses: Addresses) -> Self {
        Self {
            store,
            library,
            addresses,
        }
    }

    /// Writes one site, or all of them, to `out`; returns how many records were left out because they are held back. Blocks the calling
    /// thread.
    pub fn run(&self, out: impl Write, options: ExportOptions<'_>) -> Result<u64> {
        let ExportOptions { site, media, held } = options;
        let files = Files::new(&self.library, &self.addresses, media)?;
        let written = self.store.read_blocking(|conn| {
            store::connection::snapshot(conn, |conn| {
                let held = Held::find(conn, held)?;
                write(conn, out, site, &files, &held)
            })
        });
        written.map_err(|error| files.told(&self.store, error))
    }
}

fn write(
    conn: &mut Conn,
    out: impl Write,
    only: Option<&str>,
    files: &Files,
    held: &Held,
) -> Result<u64> {
    let mut sites = match only {
        None => store::sites::all(conn)?,
        Some(slug) => {
            vec![
                store::sites::find(conn, slug)?
                    .ok_or_else(|| Error::not_found(Resource::Site, slug))?,
            ]
        }
    };
    let only = only.and(sites.first()).cloned();
    let only = only.as_ref();
    sites.retain(|site| held.shows(RecordKind::Site, site.id));
    let mut file = Writer::new(out);
    done(file.header())?;
    for site in &sites {
        let visits = store::counting::numbers(conn, Gauge::SiteVisits, &[site.id])?;
        let visitors = visits.get(&site.id).copied().unwrap_or_default();
        done(file.site(&site_line(site, visitors)))?;
    }
    let mut names = Names {
        categories: HashMap::new(),
        sources: HashMap::new(),
        topics: HashMap::new(),
    };
    write_sources(conn, &mut file, only, &mut names, held)?;
    for site in &sites {
        write_site_parts(conn, &mut file, site, &mut names, held)?;
    }
    files.write(conn, &mut file, only, held)?;
    write_articles(conn, &mut file, &sites, only, &names, (files, held))?;
    done(file.finish().map(drop))?;
    Ok(held.left_out())
}

fn done(written: std::io::Result<()>) -> Result<()> {
    written.map_err(|cause| Error::File {
        what: "writing the portal file".to_owned(),
        cause,
    })
}

fn site_line(site: &Site, visitors: i64) -> SiteLine<'_> {
    let Site {
        id: _,
        slug,
        content,
        version: _,
        updated_at: _,
    } = site;
    let SiteContent {
        name,
        default_locale,
        locales,
        utc_offset,
        home_label,
        owner,
        copyright,
        copyright_notice,
        url_template,
        registrations,
        contacts,
        credits,
        blocks,
        identity,
        script_variants,
    } = content;
    SiteLine {
        slug,
        name,
        default_locale,
        utc_offset,
        locales: &locales.0,
        home_label: home_label.as_deref(),
        owner: owner.as_deref(),
        copyright: copyright.as_deref(),
        copyright_notice: copyright_notice.as_deref(),
        url_template: url_template.as_deref(),
        registrations: &registrations.0,
        contacts: &contacts.0,
        credits: &credits.0,
        blocks: &blocks.0,
        identity: &identity.0,
        script_variants: *script_variants,
        visitors,
    }
}

/// All sources, or those that the articles of `site` name.
fn write_sources(
    conn: &mut Conn,
    file: &mut Writer<impl Write>,
    site: Option<&Site>,
    names: &mut Names,
    held: &Held,
) -> Result<()> {
    let mut after = 0;
    loop {
        let page = match site {
            None => store::sources::page(conn, after, 0, BATCH)?,
            Some(site) => store::sources::page_of_site(conn, site.id, after, BATCH)?,
        };
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.id;
        for source in page {
            if !held.shows(RecordKind::Source, source.id) {
                continue;
            }
            done(file.source(&SourceLine {
                slug: &source.slug,
                name: &source.name,
                url: source.url.as_deref(),
            }))?;
            names.sources.insert(source.id, source.slug);
        }
    }
}

fn write_site_parts(
    conn: &mut Conn,
    file: &mut Writer<impl Write>,
    site: &Site,
    names: &mut Names,
    held: &Held,
) -> Result<()> {
    // Parents first, siblings in order.
    let mut categories = store::categories::all(conn, site.id)?;
    categories.sort_by_key(|c| c.path.matches('/').count());
    let mut former: HashMap<i64, Vec<FormerPath>> = HashMap::new();
    for (id, path) in store::category_paths::of_site(conn, site.id)? {
        former.entry(id).or_default().push(path);
    }
    let hidden = held.categories(conn, site.id)?;
    for category in categories {
        if hidden.contains(&category.id) {
            continue;
        }
        done(
            file.category(&CategoryLine {
                site: &site.slug,
                path: &category.path,
                name: &category.name,
                former_paths: former
                    .get(&category.id)
                    .into_iter()
                    .flatten()
                    .map(former_path_line)
                    .collect(),
            }),
        )?;
        names.categories.insert(category.id, category.path);
    }
    for (menu_id, key) in store::menus::all(conn, site.id)? {
        if !held.shows(RecordKind::Menu, menu_id) {
            continue;
        }
        let items = store::menus::items(conn, menu_id)?;
        let items = items
            .iter()
            .filter(|item| item.category_id.is_none_or(|id| !hidden.contains(&id)))
            .map(|item| MenuItemLine {
                depth: item.depth,
                label: &item.label,
                url: item.url.as_deref(),
                category: item
                    .category_id
                    .and_then(|id| names.categories.get(&id))
                    .map(String::as_str),
            })
            .collect();
        done(file.menu(&MenuLine {
            site: &site.slug,
            key: &key,
            items,
        }))?;
    }
    for group in store::link_groups::all(conn, site.id)? {
        if !held.shows(RecordKind::LinkGroup, group.id) {
            continue;
        }
        done(file.link_group(&LinkGroupLine {
            site: &site.slug,
            key: &group.key,
            title: &group.title,
            links: &group.links.0,
        }))?;
    }
    for phrase in store::script_phrases::of_sites(conn, &[site.id])? {
        done(file.script_phrase(&ScriptPhraseLine {
            site: &site.slug,
            hans: &phrase.hans,
            hant: &phrase.hant,
            direction: &phrase.direction,
            note: phrase.note.as_deref(),
        }))?;
    }
    let mut after = (i64::MIN, 0);
    loop {
        let page = store::topics::page(conn, site.id, after, BATCH)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = (last.position, last.id);
        for topic in page {
            if !held.shows(RecordKind::Topic, topic.id) {
                continue;
            }
            done(file.topic(&TopicLine {
                site: &site.slug,
                key: &topic.key,
                title: &topic.title,
                year: topic.year,
            }))?;
            names.topics.insert(topic.id, topic.key);
        }
    }
}

/// By id, whatever the site: articles published at the same instant stand in the order of their ids.
fn write_articles(
    conn: &mut Conn,
    file: &mut Writer<impl Write>,
    sites: &[Site],
    only: Option<&Site>,
    names: &Names,
    (files, held): (&Files, &Held),
) -> Result<()> {
    let slugs: HashMap<i64, &str> = sites.iter().map(|s| (s.id, s.slug.as_str())).collect();
    let mut after = 0;
    loop {
        let ids = store::articles::page_of_ids(conn, only.map(|s| s.id), after, BATCH)?;
        let Some(last) = ids.last() else {
            return Ok(());
        };
        after = *last;
        let mut articles = store::articles::load(conn, &ids)?;
        held.leave_out(&mut articles);
        add_pending(conn, &mut articles)?;
        files.put_into(conn, &mut articles)?;
        for article in articles {
            let site = slugs.get(&article.row.site_id).ok_or_else(|| {
                Error::internal(format!("article {} has no site", article.row.id))
            })?;
            done(file.article(&article_line(site, &article, names)?))?;
        }
    }
}

/// Has the counters say what was counted and is not yet added to them, too.
fn add_pending(conn: &mut Conn, articles: &mut [Loaded]) -> Result<()> {
    let ids: Vec<i64> = articles.iter().map(|article| article.row.id).collect();
    let views = store::counting::numbers(conn, Gauge::ArticleViews, &ids)?;
    let downloads = store::counting::numbers(conn, Gauge::ArticleDownloads, &ids)?;
    for article in articles {
        let id = article.row.id;
        let counters = &mut article.counters;
        counters.views = views.get(&id).copied().unwrap_or(counters.views);
        counters.downloads = downloads.get(&id).copied().unwrap_or(counters.downloads);
    }
    Ok(())
}

fn article_line<'a>(
    site: &'a str,
    article: &'a Loaded,
    names: &'a Names,
) -> Result<ArticleLine<'a>> {
    let Loaded {
        row,
        content,
        counters,
        contributor_ids: _,
        attachment_ids: _,
        revision: _,
    } = article;
    let state = &content.state;
    let (original, translations) = content
        .texts
        .split_first()
        .ok_or_else(|| Error::internal(format!("article {} has no text", row.id)))?;
    let offset = FixedOffset::east_opt(state.published_offset * 60)
        .ok_or_else(|| Error::internal(format!("article {} has an impossible offset", row.id)))?;
    Ok(ArticleLine {
        site,
        key: &row.key,
        category: named(&names.categories, state.category_id)?,
        locale: &state.locale,
        slug: &state.slug,
        title: &original.title,
        subtitle: original.subtitle.as_deref(),
        summary: original.summary.as_deref(),
        summary_label: original.summary_label.as_deref(),
        body_html: &original.body_html,
        byline: original.byline.as_deref(),
        contributors: &content.contributions,
        sources: content
            .sources
            .iter()
            .map(|id| named(&names.sources, *id))
            .collect::<Result<_>>()?,
        source_line: state.source_line.as_deref(),
        published_at: state.published_at.0.with_timezone(&offset),
        published_precision: state.published_precision,
        unpublish_at: state.unpublish_at.map(|at| at.0),
        event_date: state.event_date,
        keywords: &original.keywords,
        topics: content
            .topics
            .iter()
            .map(|id| named(&names.topics, *id))
            .collect::<Result<_>>()?,
        cover: state.cover.as_deref(),
        attachments: &content.attachments,
        audio: &state.audio,
        related: content.related.iter().map(String::as_str).collect(),
        views: counters.views,
        downloads: counters.downloads,
        citations: counters.citations,
        status: state.wanted(),
        retraction_reason: state.retraction.as_ref().map(|r| r.reason.as_str()),
        retracted_at: state.retraction.as_ref().map(|r| r.at.0),
        translations: translations.iter().map(translation_line).collect(),
        former_slugs: content.former_slugs.iter().map(former_slug_line).collect(),
    })
}

fn former_path_line(former: &FormerPath) -> FormerPathLine<'_> {
    let FormerPath { path, retired_at } = former;
    FormerPathLine {
        path,
        until: Some(retired_at.0),
    }
}

fn former_slug_line(former: &FormerSlug) -> FormerSlugLine<'_> {
    let FormerSlug {
        slug,
        locale,
        retired_at,
    } = former;
    FormerSlugLine {
        slug,
        locale: locale.as_deref(),
        until: Some(retired_at.0),
    }
}

fn translation_line(text: &Text) -> TranslationLine<'_> {
    let Text {
        locale,
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
    TranslationLine {
        locale,
        slug: slug.as_deref(),
        title,
        subtitle: subtitle.as_deref(),
        summary: summary.as_deref(),
        summary_label: summary_label.as_deref(),
        body_html,
        byline: byline.as_deref(),
        contributors,
        keywords,
    }
}

fn named(names: &HashMap<i64, String>, id: i64) -> Result<&str> {
    names
        .get(&id)
        .map(String::as_str)
        .ok_or_else(|| Error::internal(format!("record {id} is referred to but not there")))
}
