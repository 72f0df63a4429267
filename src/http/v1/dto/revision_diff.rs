//! What is different between two revisions of an article, on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::models::difference::{
    Difference, FieldDifference, ItemDifference, MemberDifference, Placed, RevisionDifference,
    Segment, SegmentKind,
};
use crate::text::diff::Unit;

/// What texts are compared by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiffUnit {
    /// Words as Unicode has them (UAX #29): Latin words and numbers as a whole, each Han character by itself.
    #[default]
    Word,
    /// What a reader takes for one character (grapheme clusters, UAX #29): an emoji or an accented letter is never split.
    Character,
}

impl From<DiffUnit> for Unit {
    fn from(unit: DiffUnit) -> Self {
        match unit {
            DiffUnit::Word => Self::Word,
            DiffUnit::Character => Self::Character,
        }
    }
}

/// What became of a run of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiffSegmentKind {
    /// It stayed.
    Equal,
    /// It went.
    Delete,
    /// It came.
    Insert,
}

/// A run of text and what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiffSegment {
    /// What became of it.
    kind: DiffSegmentKind,
    /// The text, never empty.
    #[schema(min_length = 1, max_length = 2097152, example = "研究所")]
    text: String,
}

impl From<Segment> for DiffSegment {
    fn from(segment: Segment) -> Self {
        let Segment { kind, text } = segment;
        Self {
            kind: match kind {
                SegmentKind::Equal => DiffSegmentKind::Equal,
                SegmentKind::Delete => DiffSegmentKind::Delete,
                SegmentKind::Insert => DiffSegmentKind::Insert,
            },
            text,
        }
    }
}

/// A member of an item that differs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiffMember {
    /// Its name, such as `affiliation`.
    #[schema(max_length = 40, example = "role")]
    name: String,
    /// What it was; `null` for nothing.
    #[schema(max_length = 16000, example = "author")]
    before: Option<String>,
    /// What it is; `null` for nothing.
    #[schema(max_length = 16000, example = "editor")]
    after: Option<String>,
}

impl From<MemberDifference> for DiffMember {
    fn from(member: MemberDifference) -> Self {
        let MemberDifference {
            name,
            before,
            after,
        } = member;
        Self {
            name: name.to_owned(),
            before,
            after,
        }
    }
}

/// What happened to an item of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiffItemKind {
    /// It came.
    Added,
    /// It went.
    Removed,
    /// It is the same in another place: it went past others.
    Moved,
    /// Some of its members differ; `is_moved` says whether it went past others too.
    Changed,
}

/// An item of a list that is not what it was, or not where.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiffItem {
    /// What happened to it.
    kind: DiffItemKind,
    /// Its place in the list of the earlier revision, from 0; `null` for one that was added.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 0)]
    before_index: Option<i64>,
    /// Its place in the list of the later revision, from 0; `null` for one that was removed.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 1)]
    after_index: Option<i64>,
    /// What it was, for people to read; `null` for one that was added.
    #[schema(max_length = 40000, example = "author: 林晓岚 (滨海海洋研究所)")]
    before: Option<String>,
    /// What it is, for people to read; `null` for one that was removed.
    #[schema(max_length = 40000, example = "editor: 林晓岚 (滨海海洋研究所)")]
    after: Option<String>,
    /// Whether it went past others. As few as can be do: where one goes to the front of ten, the others stay.
    is_moved: bool,
    /// The members that differ, of one that was changed.
    #[schema(max_items = 20)]
    members: Vec<DiffMember>,
}

impl From<ItemDifference> for DiffItem {
    fn from(item: ItemDifference) -> Self {
        let ItemDifference {
            before,
            after,
            is_moved,
            members,
        } = item;
        let kind = match (&before, &after) {
            (None, _) => DiffItemKind::Added,
            (_, None) => DiffItemKind::Removed,
            _ if members.is_empty() => DiffItemKind::Moved,
            _ => DiffItemKind::Changed,
        };
        let (before_index, before) = placed(before);
        let (after_index, after) = placed(after);
        Self {
            kind,
            before_index,
            after_index,
            before,
            after,
            is_moved,
            members: members.into_iter().map(Into::into).collect(),
        }
    }
}

fn placed(item: Option<Placed>) -> (Option<i64>, Option<String>) {
    let placed = item.map(|Placed { index, label }| (i64::try_from(index).ok(), label));
    let (index, label) = placed.unzip();
    (index.flatten(), label)
}

/// How a field is compared, and which of its members say what differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiffKind {
    /// A plain text: `segments`.
    Text,
    /// HTML, compared as it is written: `segments`. Tags and character references are never split.
    Html,
    /// A value: `before` and `after`.
    Value,
    /// A list: `items`.
    List,
}

/// A field of an article that differs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiffField {
    /// Its name in an article, such as `title`, `body_html` or `contributors`; `translations` says which there are.
    #[schema(max_length = 40, example = "title")]
    field: String,
    /// The language that it belongs to, that of the original too; `null` for what all languages share.
    #[schema(max_length = 35, example = "zh-Hans")]
    locale: Option<String>,
    /// How it is compared.
    kind: DiffKind,
    /// The value that it had; `null` for none, and where `kind` is not `value`.
    #[schema(max_length = 16000)]
    before: Option<String>,
    /// The value that it has; `null` for none, and where `kind` is not `value`.
    #[schema(max_length = 16000)]
    after: Option<String>,
    /// The text in runs: those that are equal or deleted are what it was, those that are equal or inserted what it is.
    #[schema(max_items = 5000000)]
    segments: Vec<DiffSegment>,
    /// The items that came, went, moved or changed; all others stayed.
    #[schema(max_items = 5000000)]
    items: Vec<DiffItem>,
}

impl From<FieldDifference> for DiffField {
    fn from(difference: FieldDifference) -> Self {
        let FieldDifference { field, locale, how } = difference;
        let (mut values, mut segments, mut items) = ((None, None), Vec::new(), Vec::new());
        let kind = match how {
            Difference::Text(runs) => {
                segments = runs;
                DiffKind::Text
            }
            Difference::Html(runs) => {
                segments = runs;
                DiffKind::Html
            }
            Difference::Value { before, after } => {
                values = (before, after);
                DiffKind::Value
            }
            Difference::List(list) => {
                items = list;
                DiffKind::List
            }
        };
        let (before, after) = values;
        Self {
            field: field.to_owned(),
            locale,
            kind,
            before,
            after,
            segments: segments.into_iter().map(Into::into).collect(),
            items: items.into_iter().map(Into::into).collect(),
        }
    }
}

/// What is different between two revisions of an article.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RevisionDiff)]
pub struct RevisionDiffBody {
    /// Id of the article.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    article_id: i64,
    /// The number of the revision: what it says is `after`.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    number: i64,
    /// The number of the revision that it is compared with: what that says is `before`; `null` where none is kept from before it, and all
    /// is new.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 2)]
    against: Option<i64>,
    /// What texts were compared by.
    unit: DiffUnit,
    /// The fields that differ, those of the original first; none where the two say the same.
    #[schema(max_items = 5000000)]
    fields: Vec<DiffField>,
}

impl RevisionDiffBody {
    /// What is different, by this unit.
    pub fn new(difference: RevisionDifference, unit: DiffUnit) -> Self {
        let RevisionDifference {
            article_id,
            number,
            against,
            fields,
        } = difference;
        Self {
            article_id,
            number,
            against,
            unit,
            fields: fields.into_iter().map(Into::into).collect(),
        }
    }
}
