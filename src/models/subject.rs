//! What an answer may show, and what a write may change: the two sides by which a cache knows which answers are over.

use super::listing::{List, ListKind};

/// Something that answers depend on and writes change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// What a public article says.
    Article(i64),
    /// What stands in a list of articles.
    List(List),
    /// Which articles of a site are public, and what they say.
    ArticlesOf(i64),
    /// Which articles are public anywhere, and what they say.
    Articles,
    /// Everything around the articles of a site: its settings, categories, topics, menus, links, files.
    Site(i64),
    /// The same of any site.
    Sites,
    /// The numbers of an article and its files.
    Numbers(i64),
    /// The search index, where it changes without an article that does.
    Index,
}

/// A subject as a number of 16 bits. Two subjects may share one; then a write to either ends answers on both.
pub type Slot = u16;

/// How many slots there are.
pub const SLOTS: usize = 1 << 16;

impl Subject {
    /// Its slot, the same in every process.
    pub fn slot(self) -> Slot {
        let (kind, id) = match self {
            Self::Article(id) => (1, id),
            Self::List(List { kind, reference }) => (16 + i64::from(kind.code()), reference),
            Self::ArticlesOf(id) => (2, id),
            Self::Articles => (3, 0),
            Self::Site(id) => (4, id),
            Self::Sites => (5, 0),
            Self::Numbers(id) => (6, id),
            Self::Index => (7, 0),
        };
        // The finaliser of SplitMix64 (Steele, Lea, Flood 2014) spreads neighbouring ids.
        let mut mixed =
            id.cast_unsigned() ^ kind.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let [high, low, ..] = mixed.to_be_bytes();
        Slot::from_be_bytes([high, low])
    }
}

/// What an answer was chosen from: it may change when any of this does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All sites.
    Everything,
    /// One site.
    Site(i64),
    /// One article, without those beside it.
    Article {
        /// Its id.
        id: i64,
        /// Its site.
        site_id: i64,
    },
    /// A list of articles, of one site or of all.
    List {
        /// The list.
        list: List,
        /// The site that it was asked for with.
        site_id: Option<i64>,
    },
    /// What the search index has of one site, or of all.
    Search(Option<i64>),
    /// What stands around the articles of one site, or of all.
    Around(Option<i64>),
}

impl Scope {
    /// The site that everything comes from, if it is one.
    pub fn site_id(self) -> Option<i64> {
        match self {
            Self::Everything => None,
            Self::Site(id) | Self::Article { site_id: id, .. } => Some(id),
            Self::List { site_id, .. } | Self::Search(site_id) | Self::Around(site_id) => site_id,
        }
    }

    /// The subjects of an answer from this.
    pub fn subjects(self) -> Vec<Subject> {
        let around = |site_id: Option<i64>| site_id.map_or(Subject::Sites, Subject::Site);
        let within = |site_id: Option<i64>| site_id.map_or(Subject::Articles, Subject::ArticlesOf);
        match self {
            Self::Everything => vec![Subject::Articles, Subject::Sites],
            Self::Site(id) => vec![Subject::ArticlesOf(id), Subject::Site(id)],
            Self::Article { id, site_id } => vec![Subject::Article(id), Subject::Site(site_id)],
            Self::Search(site_id) => vec![within(site_id), around(site_id), Subject::Index],
            Self::Around(site_id) => vec![around(site_id)],
            Self::List { list, site_id } => {
                let articles = match list.kind {
                    ListKind::All => Subject::Articles,
                    ListKind::Site => Subject::ArticlesOf(list.reference),
                    _ => Subject::List(list),
                };
                vec![articles, around(site_id)]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn slots_are_spread_and_the_same_everywhere() {
        let slots: HashSet<Slot> = (1..=1_000).map(|id| Subject::Article(id).slot()).collect();
        assert!(slots.len() > 980, "{}", slots.len());
        // Other instances read these numbers: a change needs another version of their messages.
        assert_eq!(
            [
                Subject::Article(1),
                Subject::Site(1),
                Subject::Articles,
                Subject::List(List {
                    kind: ListKind::Category,
                    reference: 7
                })
            ]
            .map(Subject::slot),
            [58_585, 29_121, 1_732, 6_809]
        );
    }
}
