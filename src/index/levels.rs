//! Which segments are merged when. Eight segments of one size become one of the next, so every document is written once a size, and there
//! are never more than seven of each. Pure.

use crate::store::search::SegmentRow;

/// How many segments of one size become one.
const FACTOR: usize = 8;

/// Documents of a segment from which on it is made anew when enough of it is gone.
const WORTH_IT: i64 = 64;

/// Documents that are left of a segment.
pub(super) fn left(row: &SegmentRow) -> i64 {
    row.documents - row.deleted
}

/// Which size a segment has: 0 up to seven documents, 1 up to 63, and so on.
fn level(row: &SegmentRow) -> u32 {
    u64::try_from(left(row)).unwrap_or(0).max(1).ilog2() / 3
}

/// The oldest segments of one size, where there are enough of them that what they make fits into `documents` and `bytes`.
pub(super) fn crowded(rows: &[SegmentRow], documents: i64, bytes: i64) -> Option<Vec<SegmentRow>> {
    let mut sorted: Vec<&SegmentRow> = rows.iter().collect();
    sorted.sort_unstable_by_key(|row| (row.format, level(row), row.id));
    sorted
        .chunk_by(|a, b| (a.format, level(a)) == (b.format, level(b)))
        .filter_map(|of_level| of_level.get(..FACTOR))
        .find(|chosen| {
            let sum = |of: fn(&SegmentRow) -> i64| chosen.iter().map(|row| of(row)).sum::<i64>();
            sum(left) <= documents && sum(|row| row.bytes) <= bytes
        })
        .map(|chosen| chosen.iter().copied().copied().collect())
}

/// What is to be merged next, however large: what is crowded, else a segment of which much is gone.
pub(super) fn due(rows: &[SegmentRow]) -> Option<Vec<SegmentRow>> {
    // What is about to go as a whole is not worth it.
    let rows: Vec<SegmentRow> = rows.iter().filter(|row| row.format > 0).copied().collect();
    crowded(&rows, i64::MAX, i64::MAX).or_else(|| {
        let worn = |row: &&SegmentRow| {
            row.documents >= WORTH_IT
                && row.deleted.saturating_mul(10) > row.documents.saturating_mul(3)
        };
        rows.iter().find(worn).map(|row| vec![*row])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(sizes: &[(i64, i64)]) -> Vec<SegmentRow> {
        (1..)
            .zip(sizes)
            .map(|(id, (documents, deleted))| SegmentRow {
                id,
                format: 1,
                documents: *documents,
                deleted: *deleted,
                bytes: documents * 1000,
            })
            .collect()
    }

    /// Eight of a size are merged, the oldest first; seven are not
    #[test]
    fn eight_of_a_size_are_merged() {
        assert_eq!(due(&rows(&[(1, 0); 7])), None);
        let nine = rows(&[
            (1, 0),
            (500, 0),
            (3, 0),
            (7, 0),
            (1, 0),
            (1, 0),
            (1, 0),
            (1, 0),
            (1, 0),
            (1, 0),
        ]);
        let chosen: Vec<i64> = due(&nine).unwrap().iter().map(|row| row.id).collect();
        assert_eq!(chosen, [1, 3, 4, 5, 6, 7, 8, 9]);
    }

    /// What would become too large is left to the job
    #[test]
    fn large_ones_are_left() {
        let large = rows(&[(100, 0); 8]);
        assert_eq!(crowded(&large, 799, i64::MAX), None);
        assert_eq!(crowded(&large, 800, 799_999), None);
        assert!(crowded(&large, 800, 800_000).is_some());
    }

    /// A segment of which a third is gone is made anew
    #[test]
    fn worn_segments_are_made_anew() {
        assert_eq!(due(&rows(&[(100, 30), (10, 9)])), None);
        assert_eq!(due(&rows(&[(5, 0), (100, 31)])).unwrap().len(), 1);
    }

    /// Versions do not mix, and what is being replaced is left alone
    #[test]
    fn versions_do_not_mix() {
        let mut rows = rows(&[(1, 0); 10]);
        for row in rows.iter_mut().take(3) {
            row.format = -1;
        }
        assert_eq!(due(&rows), None);
        assert_eq!(crowded(&rows, 512, i64::MAX), None);
    }
}
