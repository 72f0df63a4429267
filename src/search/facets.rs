//! How many hits each value of a facet has.

use std::collections::HashMap;

use super::pages::Pages;
use super::request::Facet;
use super::segment::{List, Segment, Skimmed, damaged, fetch, place, prefixed};
use super::terms;
use crate::error::Result;

/// For each facet its values with their numbers of hits, the greatest first; `hits` has a bit for each document of its segment.
pub(super) fn count(
    facets: &[Facet],
    hits: &[(&Segment, &[u64])],
    pages: &mut impl Pages,
) -> Result<Vec<Vec<(i64, u64)>>> {
    let segments: Vec<&Segment> = hits.iter().map(|(segment, _)| *segment).collect();
    facets
        .iter()
        .map(|facet| {
            let list_prefix;
            let prefix: &[u8] = match facet {
                Facet::List(kind) => {
                    list_prefix = terms::list_prefix(*kind);
                    &list_prefix
                }
                Facet::Year => &terms::YEARS,
            };
            let found = prefixed(&segments, prefix, pages)?;
            let extents: Vec<_> = found.iter().flatten().map(|(_, e)| e.list).collect();
            let mut lists = fetch(&extents, pages)?.into_iter();
            let mut numbers: HashMap<i64, u64> = HashMap::new();
            for (terms, (_, hits)) in found.into_iter().zip(hits) {
                for (term, entry) in terms {
                    let value = terms::value(&term).ok_or_else(damaged)?;
                    let list = List::new(entry, lists.next().ok_or_else(damaged)?)?;
                    let number = among(&list, hits)?;
                    if number > 0 {
                        *numbers.entry(value).or_default() += number;
                    }
                }
            }
            let mut values: Vec<(i64, u64)> = numbers.into_iter().collect();
            values.sort_unstable_by(|(a, n), (b, m)| m.cmp(n).then(a.cmp(b)));
            Ok(values)
        })
        .collect()
}

/// How many documents of a list are hits.
fn among(list: &List, hits: &[u64]) -> Result<u64> {
    let mut scratch = Skimmed::default();
    let mut number = 0;
    for block in &list.blocks {
        list.skim(block, &mut scratch)?;
        for document in &scratch.documents {
            let bits = hits.get(place(document / 64)).copied().unwrap_or_default();
            number += (bits >> (document % 64)) & 1;
        }
    }
    Ok(number)
}
