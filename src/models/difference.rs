//! What is different between two revisions of an article: which fields, and how.

/// What is different between two revisions of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionDifference {
    /// The article.
    pub article_id: i64,
    /// The number of the revision that is compared.
    pub number: i64,
    /// The number of the revision that it is compared with; `None` where it is the first one that is kept, all of which is new.
    pub against: Option<i64>,
    /// The fields that differ.
    pub fields: Vec<FieldDifference>,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDifference {
    /// Its name on the wire.
    pub field: &'static str,
    /// The language that it belongs to; `None` for what all languages share.
    pub locale: Option<String>,
    /// How it differs.
    pub how: Difference,
}

/// How a field differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A plain text reads differently.
    Text(Vec<Segment>),
    /// A text with tags reads differently.
    Html(Vec<Segment>),
    /// It has another value; `None` for none.
    Value {
        /// The one it had.
        before: Option<String>,
        /// The one it has.
        after: Option<String>,
    },
    /// A list has other items, or others in other places.
    List(Vec<ItemDifference>),
}

/// A run of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// What became of it.
    pub kind: SegmentKind,
    /// The text, never empty.
    pub text: String,
}

/// What became of a run of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// It stayed.
    Equal,
    /// It went.
    Delete,
    /// It came.
    Insert,
}

/// An item of a list that is not what, or where, it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemDifference {
    /// The item as it was, and its place in the list; `None` for one that was added.
    pub before: Option<Placed>,
    /// The item as it is, and its place; `None` for one that was removed.
    pub after: Option<Placed>,
    /// Whether others did not just come or go around it, but it went past others.
    pub is_moved: bool,
    /// The members that differ, where it is there on both sides.
    pub members: Vec<MemberDifference>,
}

/// An item in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its place, from 0.
    pub index: usize,
    /// What it is, for people to read.
    pub label: String,
}

/// A member of an item that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberDifference {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it was; `None` for nothing.
    pub before: Option<String>,
    /// What it is; `None` for nothing.
    pub after: Option<String>,
}
