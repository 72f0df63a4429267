//! A line of a portal file, as a record or as its faults.

use crate::models::record::{
    ArticleRecord, CategoryRecord, FileRecord, LinkGroupRecord, MenuRecord, ScriptPhraseRecord,
    SiteRecord, SourceRecord, TopicRecord,
};

/// One line of a portal file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// The first line.
    Portal,
    /// A site.
    Site(Box<SiteRecord>),
    /// A source.
    Source(SourceRecord),
    /// A category.
    Category(CategoryRecord),
    /// A menu.
    Menu(MenuRecord),
    /// A group of links.
    LinkGroup(LinkGroupRecord),
    /// What editors want instead of what the dictionaries of scripts say.
    ScriptPhrase(ScriptPhraseRecord),
    /// A topic.
    Topic(TopicRecord),
    /// A file.
    Media(FileRecord),
    /// An article.
    Article(Box<ArticleRecord>),
}

/// Something wrong with one line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFault {
    /// Line number, from 1.
    pub line: u64,
    /// The member, e.g. `contributors[0].role`; empty where the whole line is meant.
    pub member: String,
    /// What is wrong and how to mend it.
    pub reason: String,
}

impl std::fmt::Display for LineFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.member.is_empty() {
            write!(f, "line {}: {}", self.line, self.reason)
        } else {
            write!(f, "line {}: {}: {}", self.line, self.member, self.reason)
        }
    }
}
