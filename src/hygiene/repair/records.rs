//! The members of all records but articles, to be mended one by one: those that `pieces` looks at, by the same names. A new one stops the compiler there.

use super::{Cut, Mender, Refusal};
use crate::models::category::Category;
use crate::models::hygiene::Form;
use crate::models::link_group::LinkGroup;
use crate::models::media::Media;
use crate::models::menu::{Menu, PlacedItem};
use crate::models::rules;
use crate::models::site::SiteContent;
use crate::models::topic::Topic;

impl Mender<'_> {
    /// Mends the record of a site. Its slug is what addresses and files know it by, and stays.
    pub fn site(&mut self, content: &mut SiteContent) {
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
        self.stays("/slug", "a site keeps its slug");
        self.required(None, "/name", Form::Name, name, rules::title);
        self.optional(None, "/owner", Form::Name, owner, rules::subtitle);
        self.optional(
            None,
            "/home_label",
            Form::Plain,
            home_label,
            rules::subtitle,
        );
        self.optional(None, "/copyright", Form::Plain, copyright, rules::summary);
        self.optional(
            None,
            "/copyright_notice",
            Form::Plain,
            copyright_notice,
            rules::summary,
        );
        self.optional(
            None,
            "/url_template",
            Form::Address,
            url_template,
            rules::url_template,
        );
        let mut number = 0;
        registrations.0.retain_mut(|registration| {
            let place = format!("/registrations/{number}");
            number += 1;
            self.optional(
                None,
                &format!("{place}/url"),
                Form::Address,
                &mut registration.url,
                rules::optional_url,
            );
            let said = &mut registration.number;
            self.entry(
                None,
                &format!("{place}/number"),
                Form::Plain,
                said,
                rules::title,
            )
        });
        let mut number = 0;
        contacts.0.retain_mut(|contact| {
            let place = format!("/contacts/{number}");
            number += 1;
            self.optional(
                None,
                &format!("{place}/label"),
                Form::Plain,
                &mut contact.label,
                rules::subtitle,
            );
            self.entry(
                None,
                &format!("{place}/value"),
                Form::Plain,
                &mut contact.value,
                rules::passage,
            )
        });
        let mut number = 0;
        credits.0.retain_mut(|credit| {
            let place = format!("/credits/{number}");
            number += 1;
            self.optional(
                None,
                &format!("{place}/label"),
                Form::Plain,
                &mut credit.label,
                rules::subtitle,
            );
            self.entry(
                None,
                &format!("{place}/value"),
                Form::Plain,
                &mut credit.value,
                rules::passage,
            )
        });
        let mut number = 0;
        blocks.0.retain_mut(|block| {
            let place = format!("/blocks/{number}");
            number += 1;
            let attribution = &mut block.attribution;
            self.optional(
                None,
                &format!("{place}/attribution"),
                Form::Plain,
                attribution,
                rules::summary,
            );
            self.entry(
                None,
                &format!("{place}/text"),
                Form::Plain,
                &mut block.text,
                rules::passage,
            )
        });
    }

    /// Mends a category. Its path is changed where everything that it leads to is changed along.
    pub fn category(&mut self, category: &mut Category) {
        self.stays(
            "/path",
            "give it another one with PATCH /api/v1/manage/categories/{id}",
        );
        self.required(None, "/name", Form::Plain, &mut category.name, rules::title);
    }

    /// Mends a topic.
    pub fn topic(&mut self, topic: &mut Topic) {
        self.required(None, "/title", Form::Plain, &mut topic.title, rules::title);
    }

    /// Mends a menu. An item of which nothing is left goes, unless others are below it.
    pub fn menu(&mut self, menu: &mut Menu) {
        let fields = super::super::pieces::menu_places(menu);
        let depths: Vec<i32> = menu.items.iter().map(|item| item.depth).collect();
        let mut number = 0;
        menu.items.retain_mut(|item| {
            let PlacedItem {
                depth, label, url, ..
            } = item;
            let place = fields.get(number).cloned().unwrap_or_default();
            let is_last = depths.get(number + 1).is_none_or(|next| next <= depth);
            number += 1;
            self.optional(
                None,
                &format!("{place}/url"),
                Form::Address,
                url,
                rules::optional_url,
            );
            let field = format!("{place}/label");
            match is_last {
                true => self.entry(None, &field, Form::Plain, label, rules::title),
                false => {
                    self.required(None, &field, Form::Plain, label, rules::title);
                    true
                }
            }
        });
    }

    /// Mends a group of links. A link without its text, or without its address, is none.
    pub fn link_group(&mut self, group: &mut LinkGroup) {
        self.required(None, "/title", Form::Plain, &mut group.title, rules::title);
        let mut number = 0;
        group.links.0.retain_mut(|link| {
            let place = format!("/links/{number}");
            number += 1;
            let is_said = self.entry(
                None,
                &format!("{place}/label"),
                Form::Plain,
                &mut link.label,
                rules::title,
            );
            let is_there = self.entry(
                None,
                &format!("{place}/url"),
                Form::Address,
                &mut link.url,
                rules::url,
            );
            is_said && is_there
        });
    }

    /// Mends what is said of a file.
    pub fn media(&mut self, media: &mut Media) {
        self.stays(
            "/key",
            "a file keeps its key; delete the file, or dismiss the finding",
        );
        self.required(None, "/name", Form::FileName, &mut media.name, rules::title);
        self.optional(None, "/alt", Form::Plain, &mut media.alt, rules::subtitle);
    }

    /// Refuses to cut from a member that cannot be changed here.
    fn stays(&mut self, field: &str, mend: &str) {
        let named = self
            .cuts
            .iter_mut()
            .filter(|(cut, _)| cut.found.field == field);
        for (Cut { place, .. }, is_done) in named {
            *is_done = true;
            self.refusals.push(Refusal {
                place: Some(*place),
                reason: format!("names a finding in `{field}`, which cannot be cut: {mend}"),
            });
        }
    }
}
