//! What the check for injected text found, on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::total;
use crate::http::pagination::CountKind;
use crate::models::hygiene::{Finding, Found, Place, Reason, RecordKind, Severity, SpamClass};
use crate::models::page::Page;
use crate::models::repair::ListedFinding;

/// What kind of record something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// An article, with its translations and attachments.
    Article,
    /// The record of a site itself.
    Site,
    /// A category.
    Category,
    /// A topic.
    Topic,
    /// A source.
    Source,
    /// A menu with its items.
    Menu,
    /// A group of links.
    LinkGroup,
    /// A file.
    Media,
}

impl From<RecordKind> for FindingKind {
    fn from(kind: RecordKind) -> Self {
        match kind {
            RecordKind::Article => Self::Article,
            RecordKind::Site => Self::Site,
            RecordKind::Category => Self::Category,
            RecordKind::Topic => Self::Topic,
            RecordKind::Source => Self::Source,
            RecordKind::Menu => Self::Menu,
            RecordKind::LinkGroup => Self::LinkGroup,
            RecordKind::Media => Self::Media,
        }
    }
}

impl From<FindingKind> for RecordKind {
    fn from(kind: FindingKind) -> Self {
        match kind {
            FindingKind::Article => Self::Article,
            FindingKind::Site => Self::Site,
            FindingKind::Category => Self::Category,
            FindingKind::Topic => Self::Topic,
            FindingKind::Source => Self::Source,
            FindingKind::Menu => Self::Menu,
            FindingKind::LinkGroup => Self::LinkGroup,
            FindingKind::Media => Self::Media,
        }
    }
}

/// What a finding does to the record it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingSeverity {
    /// Worth knowing.
    Note,
    /// Somebody should look; the record stays where it is.
    Review,
    /// The record is held back: it does not exist for readers until the finding is repaired or dismissed.
    Block,
}

impl From<Severity> for FindingSeverity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Note,
            Severity::Review => Self::Review,
            Severity::Block => Self::Block,
        }
    }
}

impl From<FindingSeverity> for Severity {
    fn from(severity: FindingSeverity) -> Self {
        match severity {
            FindingSeverity::Note => Self::Note,
            FindingSeverity::Review => Self::Review,
            FindingSeverity::Block => Self::Block,
        }
    }
}

/// What injected text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingSpamClass {
    /// Betting, casinos, lottery tips.
    Gambling,
    /// Pornography, prostitution, obscenity.
    Adult,
    /// False documents, loans, drugs, cheats and the like.
    Fraud,
    /// Text that looks put in, whatever it is for.
    Injection,
}

impl From<SpamClass> for FindingSpamClass {
    fn from(class: SpamClass) -> Self {
        match class {
            SpamClass::Gambling => Self::Gambling,
            SpamClass::Adult => Self::Adult,
            SpamClass::Fraud => Self::Fraud,
            SpamClass::Injection => Self::Injection,
        }
    }
}

/// Why something is a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingReason {
    /// A phrase of a rule.
    Lexicon,
    /// An expression of a rule.
    Pattern,
    /// Phrases one after the other without the end of a sentence.
    PhraseList,
    /// Behind the end of the article.
    Tail,
    /// In another script than the page.
    OtherScript,
    /// Nothing to do with what the page is about.
    OffTopic,
    /// Readers do not see it.
    HiddenElement,
    /// Many links to domains that are not the site's.
    LinkFarm,
    /// A name that is none of the site's.
    ForeignName,
    /// The name contradicts the filing numbers or the domain of the site.
    ContradictsRegistrations,
    /// The same phrase stands in the name of the site, in the title and in the body.
    SameInNameTitleBody,
}

impl From<Reason> for FindingReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Lexicon => Self::Lexicon,
            Reason::Pattern => Self::Pattern,
            Reason::PhraseList => Self::PhraseList,
            Reason::Tail => Self::Tail,
            Reason::OtherScript => Self::OtherScript,
            Reason::OffTopic => Self::OffTopic,
            Reason::HiddenElement => Self::HiddenElement,
            Reason::LinkFarm => Self::LinkFarm,
            Reason::ForeignName => Self::ForeignName,
            Reason::ContradictsRegistrations => Self::ContradictsRegistrations,
            Reason::SameInNameTitleBody => Self::SameInNameTitleBody,
        }
    }
}

/// Where in a member something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingPlace {
    /// In what readers read.
    Text,
    /// In an address.
    Address,
    /// In another attribute of an element, such as `alt`.
    Attribute,
    /// In a comment.
    Comment,
    /// In an element that readers do not see.
    Hidden,
    /// In the name of a file.
    FileName,
}

impl From<Place> for FindingPlace {
    fn from(place: Place) -> Self {
        match place {
            Place::Text => Self::Text,
            Place::Address => Self::Address,
            Place::Attribute => Self::Attribute,
            Place::Comment => Self::Comment,
            Place::Hidden => Self::Hidden,
            Place::FileName => Self::FileName,
        }
    }
}

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// It waits for somebody to repair or dismiss it.
    Open,
    /// An editor said that the text may stay; it holds nothing back.
    Dismissed,
}

impl FindingState {
    /// Whether it is the one of findings whose text may stay.
    pub fn is_dismissed(self) -> bool {
        self == Self::Dismissed
    }
}

/// Something in a record that looks injected.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingBody {
    /// Its id; the same as long as the text stands where it stands.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 311)]
    id: i64,
    /// What kind of record it is in.
    kind: FindingKind,
    /// Which one.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    record_id: i64,
    /// The article that it is in; `null` where `kind` is another.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    article_id: Option<i64>,
    /// Slug of the site; `null` for sources, which belong to none.
    #[schema(max_length = 200, example = "demo")]
    site: Option<String>,
    /// The rule that found it.
    #[schema(max_length = 100, example = "gambling-names")]
    rule: String,
    /// The version of that rule.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    rule_version: i64,
    /// What the text is for.
    spam_class: FindingSpamClass,
    /// What it does to the record.
    severity: FindingSeverity,
    /// Why it is a finding.
    #[schema(max_items = 11)]
    reasons: Vec<FindingReason>,
    /// Why it is a finding and what to do, in a sentence.
    #[schema(max_length = 1000)]
    detail: String,
    /// The language of the rendition; `null` where the member belongs to none.
    #[schema(max_length = 35, example = "zh-Hans")]
    locale: Option<String>,
    /// JSON Pointer (RFC 6901) to the member, in the rendition or the record.
    #[schema(max_length = 500, example = "/body_html")]
    field: String,
    /// Where in the member.
    place: FindingPlace,
    /// Where it begins, in bytes of the member as UTF-8.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 120)]
    offset: i64,
    /// How long it is, in bytes of the member as UTF-8.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 12)]
    length: i64,
    /// What stands there.
    #[schema(max_length = 5000000)]
    text: String,
    /// Whether it is stored. What cleaning took off (comments, hidden elements) was never kept: its place is one in what was sent.
    is_stored: bool,
    /// What became of it.
    state: FindingState,
    /// When it was found (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    found_at: String,
}

impl From<ListedFinding> for FindingBody {
    fn from(listed: ListedFinding) -> Self {
        let ListedFinding { finding, site } = listed;
        let detail = detail(&finding);
        let Finding {
            id,
            kind,
            record_id,
            site_id: _,
            rule_version,
            found,
            is_dismissed,
            found_at,
        } = finding;
        let Found {
            rule,
            class,
            severity,
            reasons,
            locale,
            field,
            place,
            offset,
            length,
            text,
            is_stored,
        } = found;
        Self {
            id,
            kind: kind.into(),
            record_id,
            article_id: (kind == RecordKind::Article).then_some(record_id),
            site,
            rule,
            rule_version,
            spam_class: class.into(),
            severity: severity.into(),
            reasons: reasons.into_iter().map(Into::into).collect(),
            detail,
            locale,
            field,
            place: place.into(),
            offset: i64::try_from(offset).unwrap_or_default(),
            length: i64::try_from(length).unwrap_or_default(),
            text,
            is_stored,
            state: match is_dismissed {
                true => FindingState::Dismissed,
                false => FindingState::Open,
            },
            found_at: found_at.to_rfc3339(),
        }
    }
}

/// Why something is a finding, and the mend.
fn detail(finding: &Finding) -> String {
    let Finding {
        found,
        is_dismissed,
        ..
    } = finding;
    let place = match found.place {
        Place::Text => "text",
        Place::Address => "an address",
        Place::Attribute => "an attribute",
        Place::Comment => "a comment",
        Place::Hidden if found.is_stored => {
            "an element that was hidden where it came from, and is not any more,"
        }
        Place::Hidden => "an element that readers do not see",
        Place::FileName => "the name of a file",
    };
    let why: Vec<&str> = found
        .reasons
        .iter()
        .map(|reason| because(*reason))
        .collect();
    let mend = match (is_dismissed, found.is_stored, found.severity) {
        (true, ..) => "an editor let it stay",
        (_, false, _) => {
            "cleaning took it off, so nothing of it is stored: look where it came from, then cut or dismiss the finding"
        }
        (_, true, Severity::Block) => {
            "replace or cut it with POST /api/v1/manage/findings/repair, or dismiss it where it is honest; until then the record is held back"
        }
        (_, true, _) => "look at it, and replace, cut or dismiss it; the record stays where it is",
    };
    format!(
        "{} in {place} of `{}`: {}; {mend}.",
        noun(found.class),
        found.field,
        why.join(", "),
    )
}

fn noun(class: SpamClass) -> &'static str {
    match class {
        SpamClass::Gambling => "Advertising for gambling",
        SpamClass::Adult => "Obscene text",
        SpamClass::Fraud => "Advertising for something unlawful",
        SpamClass::Injection => "Text that looks put in",
    }
}

fn because(reason: Reason) -> &'static str {
    match reason {
        Reason::Lexicon => "it is a phrase of the rule",
        Reason::Pattern => "it is built as the rule says",
        Reason::PhraseList => "it is a list of phrases without the end of a sentence",
        Reason::Tail => "it stands behind the end of the article",
        Reason::OtherScript => "it is in another script than the page",
        Reason::OffTopic => "it has nothing to do with the page",
        Reason::HiddenElement => "readers do not see it",
        Reason::LinkFarm => "its links lead to many foreign domains",
        Reason::ForeignName => "it is the name of somebody else",
        Reason::ContradictsRegistrations => {
            "it contradicts the filing numbers or the domain of the site"
        }
        Reason::SameInNameTitleBody => {
            "it stands in the name of the site, in the title and in the body alike"
        }
    }
}

/// A page of findings.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FindingPage)]
pub struct FindingPageBody {
    /// The findings, the newest first.
    #[schema(max_items = 100)]
    items: Vec<FindingBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl FindingPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<ListedFinding, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// What an editor says of findings.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::repairs` reads")]
pub struct FindingDismissalRequest {
    /// Ids of the findings, each once.
    #[schema(min_items = 1, max_items = 500, minimum = 1, maximum = 9007199254740991_i64, example = json!([311]))]
    ids: Vec<i64>,
    /// Whether what was found may stay; `false` takes back that it may.
    #[schema(example = true)]
    is_dismissed: bool,
    /// Why, for the audit log.
    #[schema(max_length = 16000, example = "引自判决书", nullable = false)]
    comment: Option<String>,
}

/// The findings as they are now.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DismissedFindings)]
pub struct DismissedFindingsBody {
    /// The findings, in the order of their ids.
    #[schema(max_items = 500)]
    items: Vec<FindingBody>,
}

impl From<Vec<ListedFinding>> for DismissedFindingsBody {
    fn from(items: Vec<ListedFinding>) -> Self {
        Self {
            items: items.into_iter().map(Into::into).collect(),
        }
    }
}
