//! The members of an article, to be mended one by one: those that `pieces` looks at, by the same names. A new one stops the compiler there.

use super::Mender;
use crate::models::article::{ArticleContent, Attachment, Text};
use crate::models::hygiene::Form;
use crate::models::rules::{self, Verdict};
use crate::text::slug::{disambiguate, slugify};

/// What becomes of the names of an article in addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slugs<'a> {
    /// The natural key of the article.
    pub key: &'a str,
    /// Whether nobody ever saw it: a name that was made from its title is then made anew from the new one.
    pub are_fresh: bool,
}

impl Slugs<'_> {
    /// Whether a slug was made from this title.
    fn is_made(&self, slug: &str, title: &str) -> bool {
        let base = slugify(title);
        slug == base || slug == disambiguate(&base, self.key)
    }
}

fn any(_: &str) -> Verdict {
    Ok(())
}

impl Mender<'_> {
    /// Mends an article. Says whether it has another slug now, made from its title.
    pub fn article(&mut self, content: &mut ArticleContent, slugs: Slugs<'_>) -> bool {
        let own = content.state.locale.clone();
        let mut is_renamed = false;
        for text in &mut content.texts {
            let is_own = text.locale == own;
            let before = text.title.clone();
            self.rendition(text);
            let locale = text.locale.clone();
            if let Some(slug) = &mut text.slug {
                let is_made =
                    slugs.are_fresh && text.title != before && slugs.is_made(slug, &before);
                if self.is_to_go(Some(&locale), slug) || is_made {
                    *slug = slugify(&text.title);
                }
            }
            if is_own {
                let state = &mut content.state;
                let is_made =
                    slugs.are_fresh && text.title != before && slugs.is_made(&state.slug, &before);
                if self.is_to_go(None, &state.slug) || is_made {
                    state.slug = slugify(&text.title);
                    is_renamed = true;
                }
                if slugs.are_fresh && text.title != before {
                    content
                        .former_slugs
                        .retain(|former| !slugs.is_made(&former.slug, &before));
                }
            }
        }
        self.contributions(content);
        let state = &mut content.state;
        self.optional(
            None,
            "/source_line",
            Form::Plain,
            &mut state.source_line,
            rules::summary,
        );
        self.optional(
            None,
            "/cover",
            Form::Address,
            &mut state.cover,
            rules::optional_url,
        );
        let mut number = 0;
        content.attachments.retain_mut(|attachment| {
            let Attachment { name, url, .. } = attachment;
            let place = format!("/attachments/{number}");
            number += 1;
            let is_named = self.entry(
                None,
                &format!("{place}/name"),
                Form::FileName,
                name,
                rules::title,
            );
            let is_there = self.entry(
                None,
                &format!("{place}/url"),
                Form::Address,
                url,
                rules::url,
            );
            is_named && is_there
        });
        if let Some(retraction) = &mut state.retraction {
            self.required(
                None,
                "/retraction_reason",
                Form::Plain,
                &mut retraction.reason,
                rules::remark,
            );
        }
        is_renamed
    }

    fn rendition(&mut self, text: &mut Text) {
        let locale = text.locale.clone();
        let locale = Some(locale.as_str());
        self.required(locale, "/title", Form::Plain, &mut text.title, rules::title);
        self.optional(
            locale,
            "/subtitle",
            Form::Plain,
            &mut text.subtitle,
            rules::subtitle,
        );
        self.optional(
            locale,
            "/summary",
            Form::Plain,
            &mut text.summary,
            rules::summary,
        );
        self.optional(
            locale,
            "/summary_label",
            Form::Plain,
            &mut text.summary_label,
            rules::subtitle,
        );
        self.entry(
            locale,
            "/body_html",
            Form::Html,
            &mut text.body_html,
            rules::body,
        );
        self.optional(
            locale,
            "/byline",
            Form::Plain,
            &mut text.byline,
            rules::summary,
        );
        let mut number = 0;
        text.keywords.retain_mut(|keyword| {
            let field = format!("/keywords/{number}");
            number += 1;
            self.entry(locale, &field, Form::Plain, keyword, rules::title)
        });
        for (number, person) in text.contributors.iter_mut().enumerate() {
            let place = format!("/contributors/{number}");
            self.required(
                locale,
                &format!("{place}/name"),
                Form::Plain,
                &mut person.name,
                rules::title,
            );
            let affiliation = &mut person.affiliation;
            self.optional(
                locale,
                &format!("{place}/affiliation"),
                Form::Plain,
                affiliation,
                rules::subtitle,
            );
        }
    }

    /// Those of the original; who goes goes in all languages.
    fn contributions(&mut self, content: &mut ArticleContent) {
        let locale = content.state.locale.clone();
        let locale = Some(locale.as_str());
        let mut gone = Vec::new();
        let mut number = 0;
        content.contributions.retain_mut(|person| {
            let place = format!("/contributors/{number}");
            number += 1;
            let affiliation = &mut person.affiliation;
            self.optional(
                locale,
                &format!("{place}/affiliation"),
                Form::Plain,
                affiliation,
                rules::subtitle,
            );
            let stays = self.entry(
                locale,
                &format!("{place}/name"),
                Form::Plain,
                &mut person.name,
                rules::title,
            );
            if !stays {
                gone.extend(person.key.clone());
            }
            stays
        });
        for text in &mut content.texts {
            text.contributors
                .retain(|person| !gone.contains(&person.key));
        }
    }

    /// Whether something that is to go stands in a slug, which is then made anew.
    fn is_to_go(&mut self, locale: Option<&str>, slug: &str) -> bool {
        let (known, replaced) = (self.changes.len(), self.replaced);
        let mut said = slug.to_owned();
        self.entry(locale, "/slug", Form::Address, &mut said, any);
        let is_to_go = self.changes.len() > known;
        // What becomes of it is told apart.
        self.changes.truncate(known);
        self.replaced = replaced;
        is_to_go
    }
}
