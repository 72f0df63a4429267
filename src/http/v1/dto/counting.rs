//! Counters and the rules of counting on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::links::Links;
use crate::models::counting::{Counted, Policy, Tally, Uncounted};

/// Where the rules of counting are.
const POLICY: &str = "/api/v1/counting-policy";

/// Who saw something, for front ends that render on a server. Browsers and apps need no body.
#[derive(ToSchema)]
pub struct VisitRequest {
    /// A key of your own for this visitor, such as a random id kept in a cookie; it is hashed at once and never kept. Without it a visitor is told
    /// by address and user agent.
    #[schema(
        min_length = 1,
        max_length = 200,
        example = "c7a2f0d4-1d0f-4c57-9b0e-5a4b8f2f6d11",
        nullable = false
    )]
    pub visitor: Option<String>,
    /// The `User-Agent` of this visitor; without it that of this request.
    #[schema(
        max_length = 2000,
        example = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36",
        nullable = false
    )]
    pub user_agent: Option<String>,
}

/// Who saw which articles.
#[derive(ToSchema)]
pub struct ViewsRequest {
    /// A key of your own for this visitor; see `VisitRequest`.
    #[schema(
        min_length = 1,
        max_length = 200,
        example = "c7a2f0d4-1d0f-4c57-9b0e-5a4b8f2f6d11",
        nullable = false
    )]
    pub visitor: Option<String>,
    /// The `User-Agent` of this visitor; without it that of this request.
    #[schema(max_length = 2000, nullable = false)]
    pub user_agent: Option<String>,
    /// The articles, each once for every time that it was seen.
    #[schema(
        min_items = 1,
        max_items = 100,
        minimum = 1,
        maximum = 9007199254740991i64
    )]
    pub article_ids: Vec<i64>,
}

/// Why a request was a hit and nothing more: `repeat` (the visitor was counted within the window), `bot` (the user agent says that it is a
/// program), `address_limit` (as many visitors as may be were counted from this address within the window).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UncountedReason {
    /// The visitor was counted within the window.
    Repeat,
    /// The user agent says that it is a program.
    Bot,
    /// As many visitors as may be were counted from this address within the window.
    AddressLimit,
}

impl From<Uncounted> for UncountedReason {
    fn from(uncounted: Uncounted) -> Self {
        match uncounted {
            Uncounted::Repeat => Self::Repeat,
            Uncounted::Bot => Self::Bot,
            Uncounted::AddressLimit => Self::AddressLimit,
        }
    }
}

/// The rules by which a number was counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountingPolicyRef {
    /// Their number; it changes whenever they do.
    #[schema(minimum = 1, maximum = 2147483647, example = 1)]
    version: i32,
    /// Seconds within which a visitor counts once for the same thing.
    #[schema(minimum = 1, maximum = 86400, example = 1800)]
    window_s: u32,
    /// Where all of them are.
    #[schema(
        max_length = 20000,
        format = "uri",
        example = "https://news.example.org/api/v1/counting-policy"
    )]
    url: String,
}

impl CountingPolicyRef {
    /// A reference to `policy`.
    pub fn new(policy: &Policy, links: &Links) -> Self {
        Self {
            version: policy.version,
            window_s: policy.rules.window_s,
            url: links.absolute(POLICY),
        }
    }
}

/// The views of an article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ViewCounterBody {
    /// Views that count, and the opening balance.
    #[schema(minimum = 0, maximum = 9007199254740991i64, example = 1305)]
    views: i64,
    /// What the counter began with, when the article was imported.
    #[schema(minimum = 0, maximum = 9007199254740991i64, example = 1300)]
    opening: i64,
    /// Every request since this server counts, programs and repetitions too.
    #[schema(minimum = 0, maximum = 9007199254740991i64, example = 9)]
    hits: i64,
    policy: CountingPolicyRef,
}

impl ViewCounterBody {
    /// `tally`, counted by `policy`.
    pub fn new(tally: Tally, policy: &Policy, links: &Links) -> Self {
        let Tally {
            counted,
            opening,
            hits,
        } = tally;
        Self {
            views: counted,
            opening,
            hits,
            policy: CountingPolicyRef::new(policy, links),
        }
    }
}

/// The visitors of a site.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VisitCounterBody {
    /// Visits that count, and the opening balance.
    #[schema(minimum = 0, maximum = 9007199254740991i64, example = 34819433)]
    visits: i64,
    /// Every request since this server counts, programs and repetitions too.
    #[schema(minimum = 0, maximum = 9007199254740991i64, example = 9)]
    hits: i64,
    policy: CountingPolicyRef,
}

impl VisitCounterBody {
    /// `tally`, counted by `policy`.
    pub fn new(tally: Tally, policy: &Policy, links: &Links) -> Self {
        let Tally {
            counted,
            opening: _,
            hits,
        } = tally;
        Self {
            visits: counted,
            hits,
            policy: CountingPolicyRef::new(policy, links),
        }
    }
}

/// What came of a view.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountedViewBody {
    /// The counter, durable.
    #[schema(minimum = 0, maximum = 9007199254740991i64, example = 1306)]
    views: i64,
    /// Whether this view counts.
    counted: bool,
    /// Why it does not.
    #[schema(inline = false)]
    reason: Option<UncountedReason>,
}

impl From<Counted> for CountedViewBody {
    fn from(counted: Counted) -> Self {
        let Counted { number, uncounted } = counted;
        Self {
            views: number,
            counted: uncounted.is_none(),
            reason: uncounted.map(Into::into),
        }
    }
}

/// What came of a view of one of several articles.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountedViewItem {
    /// The article.
    #[schema(minimum = 1, maximum = 9007199254740991i64, example = 42)]
    article_id: i64,
    /// The counter, durable.
    #[schema(minimum = 0, maximum = 9007199254740991i64, example = 1306)]
    views: i64,
    /// Whether this view counts.
    counted: bool,
    /// Why it does not.
    #[schema(inline = false)]
    reason: Option<UncountedReason>,
}

/// What came of several views, in the order of `article_ids`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountedViewsBody {
    /// One for each id.
    #[schema(max_items = 100)]
    items: Vec<CountedViewItem>,
}

impl CountedViewsBody {
    /// What came of views of `ids`.
    pub fn new(ids: &[i64], counted: Vec<Counted>) -> Self {
        let items = ids.iter().zip(counted).map(|(id, counted)| {
            let Counted { number, uncounted } = counted;
            CountedViewItem {
                article_id: *id,
                views: number,
                counted: uncounted.is_none(),
                reason: uncounted.map(Into::into),
            }
        });
        Self {
            items: items.collect(),
        }
    }
}

/// What came of a visit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountedVisitBody {
    /// The counter, durable.
    #[schema(minimum = 0, maximum = 9007199254740991i64, example = 34819434)]
    visits: i64,
    /// Whether this visit counts.
    counted: bool,
    /// Why it does not.
    #[schema(inline = false)]
    reason: Option<UncountedReason>,
}

impl From<Counted> for CountedVisitBody {
    fn from(counted: Counted) -> Self {
        let Counted { number, uncounted } = counted;
        Self {
            visits: number,
            counted: uncounted.is_none(),
            reason: uncounted.map(Into::into),
        }
    }
}

/// What came of a download.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountedDownloadBody {
    /// The counter, durable.
    #[schema(minimum = 0, maximum = 9007199254740991i64, example = 17)]
    downloads: i64,
    /// Whether this download counts.
    counted: bool,
    /// Why it does not.
    #[schema(inline = false)]
    reason: Option<UncountedReason>,
}

impl From<Counted> for CountedDownloadBody {
    fn from(counted: Counted) -> Self {
        let Counted { number, uncounted } = counted;
        Self {
            downloads: number,
            counted: uncounted.is_none(),
            reason: uncounted.map(Into::into),
        }
    }
}

/// Rules of counting with the time since when they hold.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountingRulesBody {
    /// Their number.
    #[schema(minimum = 1, maximum = 2147483647, example = 1)]
    version: i32,
    /// Since when they hold.
    #[schema(
        max_length = 40,
        format = "date-time",
        example = "2026-11-22T09:00:00Z"
    )]
    since: String,
    /// Seconds within which a visitor counts once for the same article, file or site.
    #[schema(minimum = 1, maximum = 86400, example = 1800)]
    window_s: u32,
    /// Most visitors that count for the same article, file or site from one address within the window.
    #[schema(minimum = 1, maximum = 1000000, example = 100)]
    address_limit: u32,
    /// Words in a user agent that say that it is a program. They stand at the end of a word, whatever their case; `^` stands for the beginning of the user agent, `*`
    /// for more letters, `!` before a word says that it is none.
    #[schema(max_items = 10000)]
    bots: Vec<BotWord>,
}

/// A word in user agents.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(max_length = 200, example = "bot")]
pub struct BotWord(String);

impl CountingRulesBody {
    fn new(policy: Policy) -> Self {
        Self {
            version: policy.version,
            since: policy.since.to_rfc3339(),
            window_s: policy.rules.window_s,
            address_limit: policy.rules.per_address,
            bots: policy.rules.bots.into_iter().map(BotWord).collect(),
        }
    }
}

/// How it is decided what counts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountingPolicyBody {
    /// The rules in words.
    #[schema(max_length = 10000)]
    text: String,
    /// The rules in force.
    current: CountingRulesBody,
    /// Rules of before, the latest first. Numbers counted by them stay as they are.
    #[schema(max_items = 10000)]
    former: Vec<CountingRulesBody>,
}

impl CountingPolicyBody {
    /// `current` in words and numbers, and those of before.
    pub fn new(current: &Policy, all: Vec<Policy>) -> Self {
        let rules = &current.rules;
        let text = format!(
            "Every request to count is a hit. It also counts (as a view, a download, a visit) unless one of three things holds. \
             (1) The user agent says that it is a program: it has one of the words in `bots`. \
             (2) The same visitor was counted for the same article, file or site less than {} seconds ago. A visitor is what a front end sends as `visitor`, else address and user agent. \
             (3) {} visitors were counted for it from the same address (IPv6: the same /64) since the first of them, less than {} seconds ago. \
             Visitors and addresses are kept for that time only, as hashes with a random salt that changes every day (UTC) and is deleted once the window has passed; no address is stored. \
             Counters begin with the opening balance of an import and only grow. When the rules change, numbers that were counted before stay as they are.",
            rules.window_s, rules.per_address, rules.window_s
        );
        Self {
            text,
            former: all
                .into_iter()
                .filter(|policy| policy.version < current.version)
                .map(CountingRulesBody::new)
                .collect(),
            current: CountingRulesBody::new(current.clone()),
        }
    }
}
