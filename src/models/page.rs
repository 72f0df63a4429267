//! Pages of lists: where one starts, how long it is, and how many items there are in all.

/// Whether a caller wants to know how many items there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Count {
    /// No.
    #[default]
    None,
    /// As exactly as a bounded effort allows.
    Exact,
    /// Roughly, with little effort.
    Estimated,
}

impl Count {
    /// The total of a list whose length is known anyway.
    pub fn exactly(self, items: i64) -> Total {
        match self {
            Self::None => Total::Unknown,
            Self::Exact | Self::Estimated => Total::Exact(items),
        }
    }
}

/// How many items there are in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Total {
    /// Nobody counted.
    #[default]
    Unknown,
    /// Exactly so many.
    Exact(i64),
    /// About so many.
    Estimated(i64),
}

/// Where a page starts; `P` is a place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start<P> {
    /// At the beginning.
    First,
    /// Behind this place.
    After(P),
    /// Behind this many items.
    Skip(i64),
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageQuery<P> {
    /// Where it starts.
    pub start: Start<P>,
    /// Most items of it.
    pub limit: i64,
    /// Whether the whole list is to be counted.
    pub count: Count,
}

impl<P: Clone> PageQuery<P> {
    /// The first item alone.
    pub fn first() -> Self {
        Self {
            start: Start::First,
            limit: 1,
            count: Count::None,
        }
    }

    /// The place behind which the page starts, where it is given by one.
    pub fn after(&self) -> Option<P> {
        match &self.start {
            Start::After(place) => Some(place.clone()),
            Start::First | Start::Skip(_) => None,
        }
    }

    /// How many items stand between that place and the page.
    pub fn offset(&self) -> i64 {
        match self.start {
            Start::Skip(items) => items,
            Start::First | Start::After(_) => 0,
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, P> {
    /// Its items.
    pub items: Vec<T>,
    /// Where the next one starts; `None` on the last.
    pub next: Option<P>,
    /// How many items the whole list has.
    pub total: Total,
}

impl<T, P> Page<T, P> {
    /// A page of at most `limit` items from one item more, which only tells that there is a next page.
    pub fn cut(mut items: Vec<T>, limit: i64, place: impl FnOnce(&T) -> P, total: Total) -> Self {
        let full = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = items.len() > full;
        items.truncate(full);
        let next = items.last().filter(|_| has_more).map(place);
        Self { items, next, total }
    }

    /// The only page of a list without items.
    pub fn empty(count: Count) -> Self {
        Self {
            items: Vec::new(),
            next: None,
            total: count.exactly(0),
        }
    }

    /// The items of the page, and the page without them.
    pub fn split(self) -> (Vec<T>, Page<T, P>) {
        let Self { items, next, total } = self;
        let rest = Self {
            items: Vec::new(),
            next,
            total,
        };
        (items, rest)
    }

    /// The same page of other items.
    pub fn with_items<U>(self, items: Vec<U>) -> Page<U, P> {
        Page {
            items,
            next: self.next,
            total: self.total,
        }
    }
}
