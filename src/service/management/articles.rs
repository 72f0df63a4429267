//! Writing articles and their translations. What an article is after a change is for `content` to say, as in imports.

use super::article_media::{self, Bodies, Missing, shown};
use super::article_references::{known, related_ids, settle_category, settle_slugs, taken};
use super::citations::cite;
use super::{Tx, invalid, random_key, workflow};
use crate::content::articles::{self as merging, Merged, Sent};
use crate::content::{Misfit, audio, former_slugs};
use crate::error::{Error, Fault, Resource, Result};
use crate::models::access::Role;
use crate::models::article::{ArticleContent, ManagedArticle, ManagedPlace, ManagedSummary};
use crate::models::hygiene::RecordKind;
use crate::models::managed::{Change, Expected};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::patch::Patch;
use crate::models::record::{ArticleRecord, TranslationRecord};
use crate::models::revision::{Action, Occasion};
use crate::models::rules;
use crate::models::time::{Precision, Ts};
use crate::models::workflow::State;
use crate::store;
use crate::store::articles::affected::{self, Named};
use crate::store::articles::{Loaded, ManagedFilters, NewArticle};

/// Which articles to list; each narrows the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only of the site with this slug.
    pub site: Option<String>,
    /// Only of this category.
    pub category_id: Option<i64>,
    /// Also of the categories below it.
    pub subtree: bool,
    /// Only in this state.
    pub state: Option<State>,
    /// Only those that this account made.
    pub created_by: Option<i64>,
}

/// A page of the articles that the caller may see, the last changed first.
pub fn page(
    tx: &mut Tx<'_>,
    wanted: Wanted,
    query: PageQuery<(Ts, i64)>,
) -> Result<Page<ManagedSummary, (Ts, i64)>> {
    tx.allow_somewhere()?;
    let site_id = match &wanted.site {
        None => None,
        Some(slug) => match tx.visible_site(slug)? {
            None => return Ok(Page::empty(query.count)),
            id => id,
        },
    };
    let category_ids = match wanted.category_id {
        Some(id) if wanted.subtree => Some(store::categories::below(tx.conn, &[id])?),
        id => id.map(|id| vec![id]),
    };
    let filters = ManagedFilters {
        site_id,
        category_ids,
        state: wanted.state,
        created_by: wanted.created_by,
        visible: visible(tx)?,
    };
    let items = store::articles::managed_page(
        tx.conn,
        &filters,
        query.after(),
        query.offset(),
        query.limit + 1,
        tx.now,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => {
            store::articles::count_managed(tx.conn, &filters, tx.now)?
        }
    };
    Ok(Page::cut(
        items,
        query.limit,
        |article| (article.updated_at, article.id),
        total,
    ))
}

/// The sites and categories whose articles the caller may see; `None` for all.
pub(super) fn visible(tx: &mut Tx<'_>) -> Result<Option<(Vec<i64>, Vec<i64>)>> {
    let rights = &tx.caller.principal.rights;
    if rights.role.is_some() {
        return Ok(None);
    }
    let sites = rights.grants.iter().filter(|g| g.category_id.is_none());
    let sites = sites.map(|grant| grant.site_id).collect();
    let roots: Vec<i64> = rights.grants.iter().filter_map(|g| g.category_id).collect();
    let categories = store::categories::below(tx.conn, &roots)?;
    Ok(Some((sites, categories)))
}

/// One article.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ManagedArticle> {
    seen(tx, id)?;
    let mut article = find(tx, id)?.0;
    tx.addresses.expand(&mut article.content);
    Ok(article)
}

/// Where an article is that the caller may see.
pub(super) fn seen(tx: &mut Tx<'_>, id: i64) -> Result<ManagedPlace> {
    let place = store::articles::find_place(tx.conn, id)?.ok_or_else(|| missing(id))?;
    if tx
        .role_in_category(place.site_id, place.category_id)?
        .is_none()
    {
        return Err(missing(id));
    }
    tx.allow_in_category(place.site_id, place.category_id)?;
    Ok(place)
}

/// Makes an article. Only the title, the site and the category must be given: it is then an empty draft in the language of the
/// site, dated now.
pub fn create(tx: &mut Tx<'_>, mut record: ArticleRecord) -> Result<Change<ManagedArticle>> {
    let site_id = tx.site_id(&record.site)?;
    let category_id = settle_category(tx, site_id, &mut record)?
        .ok_or_else(|| invalid("/category", "required", "`category` is required"))?;
    let role = tx.allow_in_category(site_id, category_id)?;
    let is_undated = record.published_at == Patch::Keep;
    fill_in(tx, &mut record)?;
    let comment = record.comment.take();
    if let Patch::Set(state) = record.status
        && state != State::Draft
    {
        workflow::expect_open(role, true, State::Draft, state)?;
        if is_undated && state == State::Scheduled {
            return Err(workflow::undated("published_at"));
        }
        workflow::expect_dated(tx.now, state, &record.published_at)?;
    }
    if store::articles::keys(tx.conn, site_id, std::slice::from_ref(&record.key))?.len() == 1 {
        return Err(taken("key", &record.key));
    }
    let known = known(tx, site_id, &record)?;
    let bodies = Bodies::of(&record);
    let revisions = article_media::made_for(tx, &mut record, None)?;
    let mut merged = merging::merge(record, None, &known, &revisions, tx.now).map_err(refused)?;
    let content = &mut merged.content;
    let uses = article_media::settle(tx, site_id, content, None, Missing::Refused, &bodies)?;
    settle_slugs(
        tx,
        site_id,
        None,
        &mut merged.content,
        merged.slug_is_made,
        &merged.key,
    )?;
    merged.settle_former_slugs(None, tx.now);
    let verdict = tx.judge(site_id, None, &mut merged.content, &merged.sent)?;
    let Merged {
        key,
        content,
        opening,
        ..
    } = merged;
    let related = related_ids(tx, site_id, &content.related)?;
    let new = NewArticle {
        key,
        content,
        counters: opening,
    };
    let saved = store::articles::insert(
        tx.conn,
        site_id,
        &[new],
        &tx.occasion(Action::Create, comment),
    )?;
    let id = *saved
        .ids
        .first()
        .ok_or_else(|| Error::internal("an inserted article has no id"))?;
    store::articles::relate(tx.conn, &[(id, related)])?;
    uses.write(tx, id)?;
    tx.keep(site_id, id, verdict)?;
    let user_id = tx.caller.principal.user_id;
    store::articles::set_owner(tx.conn, id, user_id)?;
    tx.count(saved.counts);
    tx.index_new(id);
    tx.touch_articles(site_id);
    let change = Change::created(find(tx, id)?.0);
    Ok(shown(tx, change))
}

/// Changes an article.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    mut record: ArticleRecord,
) -> Result<Change<ManagedArticle>> {
    let comment = record.comment.take();
    // Who changes nothing but the state needs the rights of the transition alone.
    let is_transition = record.status != Patch::Keep
        && record
            == ArticleRecord {
                status: record.status.clone(),
                ..ArticleRecord::default()
            };
    let (before, loaded, role) = match is_transition {
        true => locked(tx, id, expected, |_, _| Ok(()))?,
        false => editable(tx, id, expected)?,
    };
    let stands = before.wanted_state(tx.now);
    let wanted = record.status.clone().set().unwrap_or(stands);
    if is_transition && wanted == stands {
        expect_editable(tx, &before, role)?;
    }
    if let Some(category_id) = settle_category(tx, before.site_id, &mut record)?
        && category_id != before.content.state.category_id
    {
        let stays_draft = stands == State::Draft && wanted == State::Draft;
        allow_move(tx, &before, category_id, stays_draft)?;
    }
    settle_state(tx, &before, role, wanted, &mut record)?;
    let asks_to_publish = matches!(
        record.status,
        Patch::Set(State::Published | State::Scheduled)
    );
    if let Patch::Set(related) = &record.related
        && let Some(at) = related.iter().position(|key| *key == before.key)
    {
        let pointer = format!("/related/{at}");
        return Err(invalid(
            &pointer,
            "invalid",
            "`related` names the article itself; remove it",
        ));
    }
    record.key.clone_from(&before.key);
    let known = known(tx, before.site_id, &record)?;
    let bodies = Bodies::of(&record);
    let revisions = article_media::made_for(tx, &mut record, Some(&before))?;
    let mut merged = merging::merge(record, Some(&before.content), &known, &revisions, tx.now)
        .map_err(refused)?;
    merged.settle_former_slugs(Some(&before.content), tx.now);
    if wanted != stands && matches!(wanted, State::Published | State::Scheduled) {
        workflow::expect_end_ahead(&merged.content.state, tx.now)?;
    }
    let occasion = tx.occasion(Action::Update, comment);
    let was_held = before.content.state.held.is_some();
    let change = save_named(
        tx,
        before,
        &loaded,
        merged.content,
        occasion,
        &bodies,
        &merged.sent,
    )?;
    if was_held && asks_to_publish {
        workflow::expect_released(tx, &change)?;
    }
    cite(tx, change, merged.citations)
}

/// Fails unless the caller may take the article to the `wanted` state; the record has the time that goes with it afterwards.
fn settle_state(
    tx: &mut Tx<'_>,
    before: &ManagedArticle,
    role: Role,
    wanted: State,
    record: &mut ArticleRecord,
) -> Result<()> {
    let stands = before.wanted_state(tx.now);
    let has_changed = wanted != stands;
    if has_changed {
        workflow::expect_open(role, is_own(tx, before), stands, wanted)?;
    }
    if record.status != Patch::Keep {
        workflow::expect_dated(tx.now, wanted, &record.published_at)?;
    }
    if has_changed
        && record.published_at == Patch::Keep
        && let Some(at) = workflow::date(tx, before, wanted, None, "published_at")?
    {
        record.published_at = Patch::Set(at);
        if record.published_precision == Patch::Keep {
            record.published_precision = Patch::Set(Precision::Second);
        }
    }
    Ok(())
}

/// Deletes an article. Followers of the changes hear of it; nothing of it stays.
pub fn delete(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<Change<ManagedArticle>> {
    let (before, loaded, role) = editable(tx, id, expected)?;
    if role < Role::Editor && store::changes::was_public(tx.conn, id)? {
        expect_editor(role, "deleting an article that was public")?;
    }
    // Those that name it are of the same site.
    if affected::touch(tx.conn, Named::Related(id))? > 0 {
        tx.touch(Some(before.site_id))?;
    }
    let counts = store::articles::delete(tx.conn, &loaded, tx.now)?;
    store::findings::delete_of(tx.conn, RecordKind::Article, &[id])?;
    tx.count(counts);
    tx.index(&[id]);
    tx.touch_articles(before.site_id);
    Ok(shown(tx, Change::deleted(before)))
}

/// Adds a translation, or replaces the one in the same language.
pub fn put_translation(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: TranslationRecord,
    comment: Option<String>,
) -> Result<Change<ManagedArticle>> {
    let (before, loaded, _) = editable(tx, id, expected)?;
    let bodies = Bodies::Rendition(record.locale.clone());
    let (mut content, sent) =
        merging::with_translation(&before.content, record).map_err(refused)?;
    former_slugs::settle(&mut content, Some(&before.content), tx.now);
    let occasion = tx.occasion(Action::Translate, comment);
    save_named(tx, before, &loaded, content, occasion, &bodies, &sent)
}

/// Removes the translation in a language.
pub fn delete_translation(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    locale: &str,
) -> Result<Change<ManagedArticle>> {
    let (before, loaded, _) = editable(tx, id, expected)?;
    let mut content = merging::without_translation(&before.content, locale)
        .ok_or_else(|| Error::not_found(Resource::Translation, locale))?;
    former_slugs::settle(&mut content, Some(&before.content), tx.now);
    let occasion = tx.occasion(Action::Translate, None);
    save(tx, before, &loaded, content, occasion)
}

/// Makes a stored article equal to `content`. A translation that says what is there already leaves no revision, nor does
/// a change without a comment; a transition and what comes back always do.
pub(super) fn save(
    tx: &mut Tx<'_>,
    before: ManagedArticle,
    loaded: &Loaded,
    content: ArticleContent,
    occasion: Occasion,
) -> Result<Change<ManagedArticle>> {
    save_named(
        tx,
        before,
        loaded,
        content,
        occasion,
        &Bodies::Kept,
        &Sent::default(),
    )
}

/// [`save`], where a request has names of its own for the bodies.
fn save_named(
    tx: &mut Tx<'_>,
    before: ManagedArticle,
    loaded: &Loaded,
    mut content: ArticleContent,
    mut occasion: Occasion,
    bodies: &Bodies,
    sent: &Sent,
) -> Result<Change<ManagedArticle>> {
    let site_id = before.site_id;
    let missing = match occasion.action {
        Action::Restore => Missing::LeftOut,
        _ => Missing::Refused,
    };
    let old = &before.content;
    let uses = article_media::settle(tx, site_id, &mut content, Some(old), missing, bodies)?;
    audio::refresh(&mut content.state.audio, &content.texts, &old.texts);
    settle_slugs(
        tx,
        site_id,
        Some(before.id),
        &mut content,
        false,
        &before.key,
    )?;
    let verdict = tx.judge(site_id, Some(before.id), &mut content, sent)?;
    let may_be_idle = match occasion.action {
        Action::Update => occasion.comment.is_none(),
        // Put twice is put once.
        Action::Translate => true,
        _ => false,
    };
    if may_be_idle && content == before.content {
        tx.keep(site_id, before.id, verdict)?;
        return Ok(shown(tx, Change::updated(before.clone(), before)));
    }
    let related = match content.related == before.content.related {
        true => None,
        false => Some(related_ids(tx, site_id, &content.related)?),
    };
    // Who waited for the lock on the row may have looked at the clock before the one who had it.
    occasion.at = tx
        .now
        .max(Ts(before.updated_at.0 + chrono::Duration::microseconds(1)));
    let saved = store::articles::update(tx.conn, site_id, &[(loaded, &content)], &occasion)?;
    if let Some(related) = related {
        store::articles::relate(tx.conn, &[(before.id, related)])?;
    }
    uses.write(tx, before.id)?;
    tx.keep(site_id, before.id, verdict)?;
    tx.count(saved.counts);
    tx.index(&saved.ids);
    tx.touch_articles(site_id);
    let after = find(tx, before.id)?.0;
    Ok(shown(tx, Change::updated(before, after)))
}

/// The article as it stays until the transaction ends, where the caller may see it and expects this version; and their role
/// there.
pub(super) fn locked(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    expect_right: impl FnOnce(&ManagedPlace, Role) -> Result<()>,
) -> Result<(ManagedArticle, Loaded, Role)> {
    store::connection::lock(tx.conn, "articles", id)?;
    let place = store::articles::find_place(tx.conn, id)?.ok_or_else(|| missing(id))?;
    if tx
        .role_in_category(place.site_id, place.category_id)?
        .is_none()
    {
        return Err(missing(id));
    }
    let role = tx.allow_in_category(place.site_id, place.category_id)?;
    expect_right(&place, role)?;
    expected.check(place.version)?;
    let (article, loaded) = find(tx, id)?;
    Ok((article, loaded, role))
}

/// [`locked`], where the caller may change what the article says: authors their own drafts, editors everything.
pub(super) fn editable(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
) -> Result<(ManagedArticle, Loaded, Role)> {
    let user_id = tx.caller.principal.user_id;
    let found = locked(tx, id, expected, |place, role| {
        match place.created_by == Some(user_id) {
            true => Ok(()),
            false => expect_editor(role, "an article that somebody else made"),
        }
    })?;
    expect_editable(tx, &found.0, found.2)?;
    Ok(found)
}

/// Fails unless somebody with `role` may change what the article says.
fn expect_editable(tx: &Tx<'_>, article: &ManagedArticle, role: Role) -> Result<()> {
    if !is_own(tx, article) {
        expect_editor(role, "an article that somebody else made")?;
    }
    match article.wanted_state(tx.now) {
        State::Draft => Ok(()),
        _ => expect_editor(role, "an article that is not a draft"),
    }
}

/// Whether the caller made the article.
pub(super) fn is_own(tx: &Tx<'_>, article: &ManagedArticle) -> bool {
    article.created_by == Some(tx.caller.principal.user_id)
}

/// Fails unless the caller may bring the article into another category: what needs an editor here needs one there.
pub(super) fn allow_move(
    tx: &mut Tx<'_>,
    article: &ManagedArticle,
    category_id: i64,
    stays_draft: bool,
) -> Result<()> {
    let there = tx.allow_in_category(article.site_id, category_id)?;
    match is_own(tx, article) && stays_draft {
        true => Ok(()),
        false => expect_editor(there, "moving this article there"),
    }
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<(ManagedArticle, Loaded)> {
    store::articles::find_managed(tx.conn, id, tx.now)?.ok_or_else(|| missing(id))
}

pub(super) fn missing(id: i64) -> Error {
    Error::not_found(Resource::Article, id)
}

fn expect_editor(role: Role, what: &str) -> Result<()> {
    match role >= Role::Editor {
        true => Ok(()),
        false => Err(Error::Forbidden(format!(
            "{what} needs the role `{}` in its category",
            Role::Editor.as_str()
        ))),
    }
}

/// What a new article is where the request does not say.
fn fill_in(tx: &mut Tx<'_>, record: &mut ArticleRecord) -> Result<()> {
    let site = store::sites::find(tx.conn, &record.site)?
        .ok_or_else(|| Error::not_found(Resource::Site, &record.site))?;
    let content = site.content;
    if record.key.is_empty() {
        record.key = random_key()?;
    }
    let fill = |patch: &mut Patch<String>, value: String| {
        if *patch == Patch::Keep {
            *patch = Patch::Set(value);
        }
    };
    fill(&mut record.locale, content.default_locale);
    fill(&mut record.body_html, String::new());
    if record.status == Patch::Keep {
        record.status = Patch::Set(State::Draft);
    }
    if record.published_at == Patch::Keep {
        let minutes = rules::offset_minutes(&content.utc_offset).unwrap_or_default();
        record.published_at = Patch::Set(workflow::second_of(tx.now, minutes));
    }
    if record.published_precision == Patch::Keep {
        record.published_precision = Patch::Set(Precision::Second);
    }
    Ok(())
}

pub(super) fn refused(misfit: Misfit) -> Error {
    let detail = format!("`{}`: {}", misfit.member, misfit.reason);
    Error::Invalid(vec![Fault::new(misfit.pointer(), "invalid", detail)])
}
