//! What is different between two lists. What stayed may be told from what came by what it is, not by where it stands, so an item
//! that goes elsewhere is one that moved. It does not know what the items are.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use crate::models::difference::{ItemDifference, MemberDifference, Placed};
use crate::text::order::longest_rise;

/// An item of a list, ready to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// What it is, for people to read.
    label: String,
    /// Its members, always the same ones in the same order.
    members: Vec<(&'static str, Option<String>)>,
    /// What it is known by once it is not the same any more; what says more goes first.
    names: Vec<Option<String>>,
}

impl Entry {
    /// An item that people know as this.
    pub(super) fn new(label: String) -> Self {
        Self {
            label,
            members: Vec::new(),
            names: Vec::new(),
        }
    }

    /// With one more member.
    pub(super) fn with(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.members.push((name, value.map(str::to_owned)));
        self
    }

    /// With one more name, where it has such a one; it says less than those before.
    pub(super) fn known_by(mut self, name: Option<String>) -> Self {
        self.names.push(name);
        self
    }

    fn placed(&self, index: usize) -> Placed {
        Placed {
            index,
            label: self.label.clone(),
        }
    }
}

/// A list, ready to be compared.
pub(super) fn entries<T>(items: &[T], entry: impl FnMut(&T) -> Entry) -> Vec<Entry> {
    items.iter().map(entry).collect()
}

/// The items that came, went, moved or changed: first those that went, then the others in the order of `after`.
pub(super) fn compare(before: &[Entry], after: &[Entry]) -> Vec<ItemDifference> {
    if before == after {
        return Vec::new();
    }
    let counterparts = counterparts(before, after);
    let kept: HashSet<usize> = counterparts.values().copied().collect();
    let removed = before
        .iter()
        .enumerate()
        .filter(|(at, _)| !kept.contains(at));
    let removed = removed.map(|(at, entry)| ItemDifference {
        before: Some(entry.placed(at)),
        after: None,
        is_moved: false,
        members: Vec::new(),
    });
    let stays = staying(&counterparts);
    let others = after.iter().enumerate().filter_map(|(at, entry)| {
        let old = counterparts.get(&at);
        let old = old.and_then(|at| Some((*at, before.get(*at)?)));
        let members = old.map(|(_, old)| members(old, entry)).unwrap_or_default();
        let is_moved = old.is_some() && !stays.contains(&at);
        (old.is_none() || is_moved || !members.is_empty()).then(|| ItemDifference {
            before: old.map(|(at, old)| old.placed(at)),
            after: Some(entry.placed(at)),
            is_moved,
            members,
        })
    });
    removed.chain(others).collect()
}

/// What the items of `after` were in `before`, by their places.
fn counterparts(before: &[Entry], after: &[Entry]) -> HashMap<usize, usize> {
    let mut pairs = Pairs {
        before,
        after,
        found: HashMap::new(),
        taken: HashSet::new(),
    };
    // Those that are the same find each other first.
    pairs.find(|entry| Some(&entry.members));
    let ranks = after.iter().map(|entry| entry.names.len()).max();
    for rank in 0..ranks.unwrap_or_default() {
        pairs.find(|entry| entry.names.get(rank)?.as_ref());
    }
    pairs.found
}

struct Pairs<'a> {
    before: &'a [Entry],
    after: &'a [Entry],
    /// Places before by places after.
    found: HashMap<usize, usize>,
    /// Places before that have a counterpart.
    taken: HashSet<usize>,
}

impl<'a> Pairs<'a> {
    /// Pairs the items that have none yet with those of the same `name`, in their order.
    fn find<N: Hash + Eq>(&mut self, name: impl Fn(&'a Entry) -> Option<N>) {
        let mut free: HashMap<N, VecDeque<usize>> = HashMap::new();
        for (at, entry) in self.before.iter().enumerate() {
            if let Some(name) = name(entry).filter(|_| !self.taken.contains(&at)) {
                free.entry(name).or_default().push_back(at);
            }
        }
        for (at, entry) in self.after.iter().enumerate() {
            if self.found.contains_key(&at) {
                continue;
            }
            let queue = name(entry).and_then(|name| free.get_mut(&name));
            if let Some(old) = queue.and_then(VecDeque::pop_front) {
                self.found.insert(at, old);
                self.taken.insert(old);
            }
        }
    }
}

/// The places after of those items that need not move: as many as there can be.
fn staying(counterparts: &HashMap<usize, usize>) -> HashSet<usize> {
    let mut pairs: Vec<(usize, usize)> = counterparts.iter().map(|(a, b)| (*a, *b)).collect();
    pairs.sort_unstable();
    let places: Vec<usize> = pairs.iter().map(|(_, before)| *before).collect();
    let stays = longest_rise(&places).into_iter();
    stays
        .filter_map(|at| pairs.get(at).map(|(after, _)| *after))
        .collect()
}

fn members(before: &Entry, after: &Entry) -> Vec<MemberDifference> {
    let pairs = before.members.iter().zip(&after.members);
    pairs
        .filter(|((_, before), (_, after))| before != after)
        .map(|((name, before), (_, after))| MemberDifference {
            name,
            before: before.clone(),
            after: after.clone(),
        })
        .collect()
}
