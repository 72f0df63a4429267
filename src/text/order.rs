//! Orders of numbers, whatever they stand for.

/// The longest choice of `numbers` that rises: their places, in order. Of several that are as long it is one that ends low.
pub fn longest_rise(numbers: &[usize]) -> Vec<usize> {
    // For each length the rise of that length that ends lowest: its last number, and the place of that.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|(end, _)| end < number);
        let shorter = length.checked_sub(1).and_then(|length| ends.get(length));
        previous.push(shorter.map(|(_, last)| *last));
        match ends.get_mut(length) {
            Some(end) => *end = (*number, at),
            None => ends.push((*number, at)),
        }
    }
    let mut rise = Vec::with_capacity(ends.len());
    let mut next = ends.last().map(|(_, last)| *last);
    while let Some(at) = next {
        rise.push(at);
        next = previous.get(at).copied().flatten();
    }
    rise.reverse();
    rise
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rise_is_found() {
        for (numbers, places) in [
            (&[][..], &[][..]),
            (&[7], &[0]),
            (&[0, 1, 2], &[0, 1, 2]),
            (&[2, 1, 0], &[2]),
            (&[3, 0, 1, 2], &[1, 2, 3]),
            (&[1, 2, 3, 0], &[0, 1, 2]),
            (&[5, 5, 5], &[2]),
            (&[0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13], &[0, 4, 6, 9, 11]),
        ] {
            assert_eq!(longest_rise(numbers), places, "{numbers:?}");
        }
    }
}
