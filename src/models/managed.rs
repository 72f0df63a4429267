//! Things as those see them who may change them: with their version, and what a change expects that to be.

use super::time::Ts;
use crate::error::{Error, Result};

/// A stored thing and what is known about its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed<T> {
    /// The thing.
    pub value: T,
    /// Slug of its site; empty for what belongs to none.
    pub site: String,
    /// Grows with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Ts,
    /// When it was last changed.
    pub updated_at: Ts,
    /// Whether it is held back for what was found in it; what cannot be held back never is.
    pub is_held: bool,
}

/// Which version the thing must have for a change to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Any.
    Any,
    /// One of these.
    OneOf(Vec<i64>),
}

impl Expected {
    /// Fails where the thing has another `version`.
    pub fn check(&self, version: i64) -> Result<()> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(versions) if versions.contains(&version) => Ok(()),
            Self::OneOf(_) => Err(Error::Stale { version }),
        }
    }
}

/// What a write did to one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T> {
    /// How it was; `None` for a new one.
    pub before: Option<T>,
    /// How it is; `None` for one that is gone.
    pub after: Option<T>,
}

impl<T> Change<T> {
    /// It was made.
    pub fn created(after: T) -> Self {
        Self {
            before: None,
            after: Some(after),
        }
    }

    /// It was changed, or is as it was.
    pub fn updated(before: T, after: T) -> Self {
        Self {
            before: Some(before),
            after: Some(after),
        }
    }

    /// It is gone.
    pub fn deleted(before: T) -> Self {
        Self {
            before: Some(before),
            after: None,
        }
    }
}
