//! What the running transaction changes of what readers may be shown. A transaction runs on one thread from its beginning to its end, so
//! it is gathered by thread: here while statements are run, told to other instances with the commit ([`super::connection::immediate`]),
//! and to the caches of this one when the connection goes back ([`super::Store::with_writer`]), before anybody gets an answer.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::models::subject::{Slot, Subject};

/// What was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) slots: BTreeSet<Slot>,
    /// Anything may have changed.
    pub(super) everything: bool,
}

impl Touched {
    pub(super) fn is_empty(&self) -> bool {
        !self.everything && self.slots.is_empty()
    }

    fn absorb(&mut self, other: Self) {
        self.everything |= other.everything;
        self.slots.extend(other.slots);
    }
}

thread_local! {
    static RUNNING: RefCell<Touched> = RefCell::default();
    static COMMITTED: RefCell<Touched> = RefCell::default();
}

/// Notes that a subject changes.
pub fn touch(subject: Subject) {
    RUNNING.with_borrow_mut(|touched| touched.slots.insert(subject.slot()));
}

/// Notes that everything may change.
pub fn touch_everything() {
    RUNNING.with_borrow_mut(|touched| touched.everything = true);
}

/// Notes that something around the articles of a site changes, or (without one) something that all sites may show.
pub fn around(site_id: Option<i64>) {
    match site_id {
        Some(id) => {
            touch(Subject::Site(id));
            touch(Subject::Sites);
        }
        None => touch_everything(),
    }
}

/// What the running transaction has changed so far.
pub(super) fn running() -> Touched {
    RUNNING.with_borrow(Clone::clone)
}

/// Forgets what was noted of a transaction that left nothing.
pub(super) fn forget() {
    RUNNING.take();
}

/// The transaction was committed, or nobody knows.
pub(super) fn commit() {
    let touched = RUNNING.take();
    COMMITTED.with_borrow_mut(|committed| committed.absorb(touched));
}

/// What the transactions of this thread have changed since it was asked last.
pub(super) fn take_committed() -> Touched {
    COMMITTED.take()
}
