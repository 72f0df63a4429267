//! Articles in the other Chinese script: which rendition a reader gets, and what of it is converted first. Nothing of that is ever stored.

use std::collections::HashMap;

use super::{Detail, Languages, Summary};
use crate::error::Result;
use crate::models::article::{Heading, PublicArticle, StoredText, TextSummary};
use crate::models::contributor::{ContributorName, StoredContribution};
use crate::models::script_phrase::{PhraseDirection, ScriptPhrase};
use crate::store::{self, Conn};
use crate::text::language;
use crate::text::script::{self, Choice, Converter, Phrase, Script, Variety};

/// The rendition that a reader gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Served {
    /// The language that is stored.
    pub(super) locale: String,
    /// What becomes of it.
    pub(super) conversion: Option<Conversion>,
}

/// From which way of writing to which.
pub(super) type Conversion = (Variety, Variety);

/// The language served: the one asked for, out of the other script where it must be, else an accepted one, else the site's, else the article's own.
/// Where the reader is strict, only one that was asked for or, without `locale`, accepted.
pub(super) fn choose(
    article: &PublicArticle,
    available: &[String],
    languages: &Languages,
) -> Option<Served> {
    let asked = languages.locale.as_ref().and_then(|locale| {
        script::choose(locale, available, article.site_script_variants).map(|choice| match choice {
            Choice::Stored(locale) => (locale, None),
            Choice::Derived { source, from, to } => (source, Some((from, to))),
        })
    });
    let lookup = |wanted: &[String]| language::lookup(wanted, available).map(|found| (found, None));
    let accepted = || lookup(&languages.accepted);
    let otherwise = || {
        lookup(std::slice::from_ref(&article.site_default_locale))
            .or_else(|| available.first().map(|own| (own.as_str(), None)))
    };
    let found = match (languages.strict, &languages.locale) {
        (true, Some(_)) => asked,
        (true, None) if !languages.accepted.is_empty() => accepted(),
        _ => asked.or_else(accepted).or_else(otherwise),
    };
    found.map(|(locale, conversion)| Served {
        locale: locale.to_owned(),
        conversion,
    })
}

/// Converts the summaries that are to be, with one statement for all and none where there is nothing to do.
pub(super) fn derive_summaries(
    conn: &mut Conn,
    summaries: &mut [(Summary, Option<Conversion>)],
) -> Result<()> {
    let site_of = |summary: &Summary| summary.article.article.site_id;
    let wanted = summaries
        .iter()
        .filter_map(|(summary, conversion)| Some((site_of(summary), (*conversion)?)));
    let book = Book::load(conn, wanted.collect())?;
    let mut converters = HashMap::new();
    for (summary, conversion) in summaries {
        let Some(conversion) = *conversion else {
            continue;
        };
        let key = (site_of(summary), conversion);
        let converter = converters
            .entry(key)
            .or_insert_with(|| book.converter(key.0, conversion));
        if let Some(converter) = converter {
            Derivation::new(converter, conversion, &summary.article).summary(summary);
        }
    }
    Ok(())
}

/// Converts an article.
pub(super) fn derive_detail(
    conn: &mut Conn,
    detail: &mut Detail,
    conversion: Conversion,
) -> Result<()> {
    let site_id = detail.article.article.site_id;
    let book = Book::load(conn, vec![(site_id, conversion)])?;
    if let Some(converter) = &book.converter(site_id, conversion) {
        Derivation::new(converter, conversion, &detail.article).detail(detail);
    }
    Ok(())
}

/// What the editors of sites want instead of what the dictionaries say, by site and by the script that texts are put into.
struct Book(HashMap<(i64, Script), Vec<Phrase>>);

impl Book {
    /// What these sites need for these conversions.
    fn load(conn: &mut Conn, wanted: Vec<(i64, Conversion)>) -> Result<Self> {
        let mut site_ids: Vec<i64> = wanted.iter().map(|(site_id, _)| *site_id).collect();
        site_ids.sort_unstable();
        site_ids.dedup();
        let mut book: HashMap<_, Vec<Phrase>> = HashMap::new();
        if site_ids.is_empty() {
            return Ok(Self(book));
        }
        for phrase in store::script_phrases::of_sites(conn, &site_ids)? {
            let ScriptPhrase {
                id: _,
                site_id,
                hans,
                hant,
                direction,
                note: _,
            } = phrase;
            let direction = PhraseDirection::parse(&direction);
            if direction != Some(PhraseDirection::ToHans) {
                let phrases = book.entry((site_id, Script::Hant)).or_default();
                phrases.push(Phrase {
                    found: hans.clone(),
                    replacement: hant.clone(),
                });
            }
            if direction != Some(PhraseDirection::ToHant) {
                let phrases = book.entry((site_id, Script::Hans)).or_default();
                phrases.push(Phrase {
                    found: hant,
                    replacement: hans,
                });
            }
        }
        Ok(Self(book))
    }

    fn converter(&self, site_id: i64, (from, to): Conversion) -> Option<Converter<'_>> {
        let phrases = self.0.get(&(site_id, to.script()));
        Converter::new(from, to, phrases.map_or(&[], Vec::as_slice))
    }
}

/// Texts of articles that are converted where they stand.
struct Derivation<'c> {
    converter: &'c Converter<'c>,
    to: Variety,
    /// Whether the rendition is in the language of the article, whose own texts are then converted with it.
    is_original: bool,
}

impl<'c> Derivation<'c> {
    fn new(converter: &'c Converter<'c>, (from, to): Conversion, article: &PublicArticle) -> Self {
        let own = Variety::of(&article.article.locale).map(Variety::script);
        Self {
            converter,
            to,
            is_original: own == Some(from.script()),
        }
    }

    fn text(&self, text: &mut String) {
        *text = self.converter.text(text);
    }

    fn optional(&self, text: &mut Option<String>) {
        text.iter_mut().for_each(|text| self.text(text));
    }

    fn summary(&self, shown: &mut Summary) {
        let TextSummary {
            article_id: _,
            locale,
            slug: _,
            title,
            subtitle,
            summary,
            keywords,
        } = &mut shown.text;
        self.to.tag().clone_into(locale);
        self.text(title);
        self.optional(subtitle);
        self.optional(summary);
        keywords.0.iter_mut().for_each(|keyword| self.text(keyword));
        if self.is_original {
            self.optional(&mut shown.article.article.source_line);
        }
    }

    /// Everything that is text of the rendition. Names of what stands beside it, such as its category, and of files stay, and so do anchors.
    fn detail(&self, detail: &mut Detail) {
        detail.derived = true;
        let StoredText {
            article_id: _,
            locale,
            slug: _,
            title,
            subtitle,
            summary,
            summary_label,
            byline,
            keywords,
            contributors,
            outline,
            reading_minutes: _,
            body_html,
        } = &mut detail.text;
        self.to.tag().clone_into(locale);
        self.text(title);
        for line in [subtitle, summary, summary_label, byline] {
            self.optional(line);
        }
        keywords.0.iter_mut().for_each(|keyword| self.text(keyword));
        for ContributorName {
            key: _,
            name,
            affiliation,
        } in &mut contributors.0
        {
            self.text(name);
            self.optional(affiliation);
        }
        for Heading {
            level: _,
            text,
            anchor: _,
        } in &mut outline.0
        {
            self.text(text);
        }
        *body_html = self.converter.html(body_html);
        if self.is_original {
            self.optional(&mut detail.article.article.source_line);
            for StoredContribution {
                name, affiliation, ..
            } in &mut detail.contributions
            {
                self.text(name);
                self.optional(affiliation);
            }
        }
    }
}
