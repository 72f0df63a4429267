//! What the check for injected text looks for, and what it found.

use super::time::Ts;

/// What a finding does to the record it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// An editor should look; the record stays where it is.
    Review,
    /// The record is held back: it does not exist for readers until the finding is mended or dismissed.
    Block,
}

impl Severity {
    /// Every severity, from the least.
    pub const ALL: [Self; 3] = [Self::Note, Self::Review, Self::Block];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Review => "review",
            Self::Block => "block",
        }
    }

    /// The severity with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// What injected text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpamClass {
    /// Betting, casinos, lottery tips.
    Gambling,
    /// Pornography, prostitution, obscenity.
    Adult,
    /// False documents, loans, drugs, cheats and the like.
    Fraud,
    /// Text that looks put in, whatever it is for.
    Injection,
}

impl SpamClass {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Gambling, Self::Adult, Self::Fraud, Self::Injection];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gambling => "gambling",
            Self::Adult => "adult",
            Self::Fraud => "fraud",
            Self::Injection => "injection",
        }
    }

    /// The class with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// How a rule finds what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleKind {
    /// Phrases; `(a|b)` stands for either, `(a|)` for one or nothing. Compared folded: width, case, script, blanks inside and invisible
    /// characters make no difference.
    Term,
    /// Words that say something in company only: a run of them in a text, or a block that is made of them. Which of them tell, and which just go
    /// along, says the severity of the rule: those of a `note` go along.
    Vocabulary,
    /// Regular expressions over folded text.
    Pattern,
    /// A property of a text that needs no list. There is a fixed set of them; they can be switched and weighed, not added.
    Signal,
}

impl RuleKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Term, Self::Vocabulary, Self::Pattern, Self::Signal];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Term => "term",
            Self::Vocabulary => "vocabulary",
            Self::Pattern => "pattern",
            Self::Signal => "signal",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// What must stand around a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// Anything.
    Anywhere,
    /// No letter or digit of the kind that the match begins or ends with: Latin words are whole words.
    Word,
    /// Nothing but signs, blanks or the end of the block: the match is a phrase of its own. `创新性交流` holds no `性交` like that.
    Alone,
}

impl Boundary {
    /// Every boundary.
    pub const ALL: [Self; 3] = [Self::Anywhere, Self::Word, Self::Alone];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anywhere => "anywhere",
            Self::Word => "word",
            Self::Alone => "alone",
        }
    }

    /// The boundary with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// A rule of the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HygieneRule {
    /// Its name: lower-case words joined by `-`, stable for ever.
    pub key: String,
    /// How it finds.
    pub kind: RuleKind,
    /// What it finds.
    pub class: SpamClass,
    /// What a finding does.
    pub severity: Severity,
    /// What must stand around a match; [`Boundary::Anywhere`] for signals.
    pub boundary: Boundary,
    /// Phrases or expressions; none for signals.
    pub texts: Vec<String>,
    /// What it is for, and what it spares.
    pub description: String,
    /// Whether it is applied.
    pub is_enabled: bool,
}

/// Where in a field something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
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

impl Place {
    /// Every place.
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::Address,
        Self::Attribute,
        Self::Comment,
        Self::Hidden,
        Self::FileName,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Address => "address",
            Self::Attribute => "attribute",
            Self::Comment => "comment",
            Self::Hidden => "hidden",
            Self::FileName => "file_name",
        }
    }

    /// The place with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// Why something is a finding, for machines; a finding has one or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
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

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Lexicon,
        Self::Pattern,
        Self::PhraseList,
        Self::Tail,
        Self::OtherScript,
        Self::OffTopic,
        Self::HiddenElement,
        Self::LinkFarm,
        Self::ForeignName,
        Self::ContradictsRegistrations,
        Self::SameInNameTitleBody,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lexicon => "lexicon",
            Self::Pattern => "pattern",
            Self::PhraseList => "phrase_list",
            Self::Tail => "tail",
            Self::OtherScript => "other_script",
            Self::OffTopic => "off_topic",
            Self::HiddenElement => "hidden_element",
            Self::LinkFarm => "link_farm",
            Self::ForeignName => "foreign_name",
            Self::ContradictsRegistrations => "contradicts_registrations",
            Self::SameInNameTitleBody => "same_in_name_title_body",
        }
    }

    /// The reason with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// Something that was found in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The key of the rule that decided.
    pub rule: String,
    /// What it is for.
    pub class: SpamClass,
    /// What it does to the record.
    pub severity: Severity,
    /// Why, in the order of [`Reason::ALL`].
    pub reasons: Vec<Reason>,
    /// The language of the rendition; `None` where the field belongs to no rendition.
    pub locale: Option<String>,
    /// JSON Pointer of the member, in the rendition or the record.
    pub field: String,
    /// Where in the member.
    pub place: Place,
    /// Where it begins, in bytes of the member as UTF-8.
    pub offset: usize,
    /// How long it is, in bytes of the member.
    pub length: usize,
    /// What stands there, or stood there.
    pub text: String,
    /// Whether it is stored; what cleaning took off was never kept, so the place is one in what was sent.
    pub is_stored: bool,
}

/// How a piece of a record is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A text without markup: a title, a name, a keyword.
    Plain,
    /// The name of an organisation in the place where a site says what it is called.
    Name,
    /// A cleaned body.
    Html,
    /// A body as it was sent: only what cleaning takes off or makes visible is looked at.
    Raw,
    /// An address.
    Address,
    /// The name of a file.
    FileName,
}

/// A piece of a record, to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The language of the rendition.
    pub locale: Option<&'a str>,
    /// JSON Pointer of the member.
    pub field: String,
    /// How it is read.
    pub form: Form,
    /// What it says.
    pub text: &'a str,
}

/// What is known of the site around a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// What the site may call itself, as its identity says.
    pub names: Vec<String>,
    /// Its domains: those of its identity, and where its pages live.
    pub domains: Vec<String>,
    /// What its record says that it is called: name, owner.
    pub called: Vec<String>,
    /// Its filing numbers, as printed.
    pub registrations: Vec<String>,
    /// The domains of its contacts' addresses.
    pub contact_domains: Vec<String>,
}

/// A body as it was sent, where cleaning has changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawBody {
    /// The language of the rendition.
    pub locale: String,
    /// What was sent.
    pub html: String,
}

/// The kinds of records that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// An article with all its renditions.
    Article,
    /// A site.
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

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Article,
        Self::Site,
        Self::Category,
        Self::Topic,
        Self::Source,
        Self::Menu,
        Self::LinkGroup,
        Self::Media,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Site => "site",
            Self::Category => "category",
            Self::Topic => "topic",
            Self::Source => "source",
            Self::Menu => "menu",
            Self::LinkGroup => "link_group",
            Self::Media => "media",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// A finding as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its id.
    pub id: i64,
    /// What kind of record it is in.
    pub kind: RecordKind,
    /// Which one.
    pub record_id: i64,
    /// The site of the record; sources have none.
    pub site_id: Option<i64>,
    /// The version of the rule that found it.
    pub rule_version: i64,
    /// What was found.
    pub found: Found,
    /// Whether an editor said that the text may stay.
    pub is_dismissed: bool,
    /// When it was found.
    pub found_at: Ts,
}

impl Finding {
    /// Whether it holds the record back.
    pub fn is_holding(&self) -> bool {
        self.found.severity == Severity::Block && !self.is_dismissed
    }
}

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRule {
    /// Its id.
    pub id: i64,
    /// The rule.
    pub rule: HygieneRule,
    /// Whether it came with the program.
    pub is_shipped: bool,
    /// Grows with every change.
    pub version: i64,
    /// When it was made here.
    pub created_at: Ts,
    /// When it was last changed.
    pub updated_at: Ts,
}

/// Why everything that is there is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScanPurpose {
    /// The rules changed, or somebody asked for it.
    Rescan,
    /// To find what came behind the back of the API.
    Guard,
    /// To see what a rule would find; nothing is changed.
    Trial,
    /// A site or category is held back now, or is not any more.
    Settle,
}

impl ScanPurpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::Rescan, Self::Guard, Self::Trial, Self::Settle];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rescan => "rescan",
            Self::Guard => "guard",
            Self::Trial => "trial",
            Self::Settle => "settle",
        }
    }

    /// The purpose with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScanState {
    /// Nobody works on it right now.
    Waiting,
    /// It is worked on.
    Running,
    /// It is through.
    Done,
    /// Somebody stopped it, or another run made it needless.
    Cancelled,
}

impl ScanState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Running, Self::Done, Self::Cancelled];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}
