//! Long texts with edits all over: how much of them counts as changed.

use std::time::{Duration, Instant};

use fastrand::Rng;

use super::*;
use Unit::{Character, Word};

/// How many of a hundred bytes of the text before are shown as gone; the texts can be put together again.
fn gone(before: &str, after: &str, unit: Unit) -> usize {
    let start = Instant::now();
    let runs = diff(before, after, unit, Markup::Plain);
    let taken = start.elapsed();
    // A quadratic algorithm would take hours.
    assert!(taken < Duration::from_secs(30), "{taken:?}");
    let without = |edit: Edit| -> String {
        let kept = runs.iter().filter(|run| run.edit != edit);
        kept.map(|run| run.text).collect()
    };
    assert!(without(Edit::Insert) == before && without(Edit::Delete) == after);
    let deleted = runs.iter().filter(|run| run.edit == Edit::Delete);
    deleted.map(|run| run.text.len()).sum::<usize>() * 100 / before.len()
}

/// One of `kinds` numbers, low ones more often.
fn common(random: &mut Rng, kinds: usize) -> usize {
    random.usize(0..kinds) * random.usize(0..kinds) / kinds
}

fn han(random: &mut Rng) -> char {
    let place = u32::try_from(common(random, 3_000)).unwrap();
    char::from_u32(0x4E00 + place).unwrap()
}

/// Groups of four or five characters, each with a comma behind it.
fn groups(seed: u64, characters: usize) -> String {
    let mut random = Rng::with_seed(seed);
    let mut text = String::new();
    let mut written = 0;
    while written < characters {
        let length = random.usize(4..=5);
        text.extend((0..length).map(|_| han(&mut random)));
        text.push(',');
        written += length;
    }
    text
}

fn words(seed: u64, words: usize) -> Vec<String> {
    let mut random = Rng::with_seed(seed);
    let mut word = |_| {
        let place = common(&mut random, 4_000);
        format!("{}{}", ["sea", "tide", "fish"][place % 3], place / 3)
    };
    (0..words).map(&mut word).collect()
}

/// One of `step` characters is left out, written twice or replaced.
fn scattered(text: &str, step: usize, alphabet: &[char]) -> String {
    let mut random = Rng::with_seed(7);
    let mut edited = String::new();
    for c in text.chars() {
        let other = alphabet[random.usize(0..alphabet.len())];
        match (random.usize(0..step), random.usize(0..3)) {
            (0, 0) => {}
            (0, 1) => edited.extend([c, other]),
            (0, _) => edited.push(other),
            _ => edited.push(c),
        }
    }
    edited
}

fn any(seed: u64, length: usize, alphabet: &[char]) -> String {
    let mut random = Rng::with_seed(seed);
    let mut one = |_| alphabet[random.usize(0..alphabet.len())];
    (0..length).map(&mut one).collect()
}

const SIZES: [usize; 2] = [20_000, 100_000];

#[test]
fn signs_replaced_all_over_are_all_that_changes() {
    for size in SIZES {
        let before = groups(1, size);
        let mut count = 0;
        let every_other = |c: char| {
            count += usize::from(c == ',');
            match c {
                ',' if count % 2 == 0 => '，',
                c => c,
            }
        };
        let half: String = before.chars().map(every_other).collect();
        for unit in [Word, Character] {
            // One byte of fifteen is a comma.
            assert!(gone(&before, &before.replace(',', "，"), unit) <= 7);
            assert!(gone(&half, &before, unit) <= 11, "{size} {unit:?}");
        }
    }
}

#[test]
fn every_third_word_replaced_leaves_two() {
    for size in SIZES {
        let before = words(1, size / 3);
        let others = words(2, size / 3);
        let pairs = before.iter().zip(&others).enumerate();
        let known: Vec<&str> = pairs
            .map(|(at, (word, other))| if at % 3 == 2 { other } else { word }.as_str())
            .collect();
        let fresh: Vec<&str> = known
            .iter()
            .enumerate()
            .map(|(at, word)| if at % 3 == 2 { "replaced" } else { word })
            .collect();
        let before = before.join(" ");
        for after in [known.join(" "), fresh.join(" ")] {
            for unit in [Word, Character] {
                let gone = gone(&before, &after, unit);
                assert!((10..40).contains(&gone), "{size} {unit:?}: {gone}");
            }
        }
    }
}

#[test]
fn texts_of_a_few_characters_keep_what_was_not_edited() {
    let alphabet = ['甲', '乙', '丙', '丁', '戊', '己'];
    for size in SIZES {
        for kinds in [2, 4, 6] {
            let alphabet = &alphabet[..kinds];
            let before = any(1, size, alphabet);
            let gone = gone(&before, &scattered(&before, 10, alphabet), Character);
            assert!(gone <= 10, "{size} {kinds}: {gone}");
        }
    }
}

#[test]
fn a_block_moved_far_away_is_all_that_moves() {
    for size in SIZES {
        for alphabet in [groups(2, 3_000).chars().collect(), vec!['a', 'b', 'c', 'd']] {
            let before: Vec<char> = any(1, size, &alphabet).chars().collect();
            let (start, end, place) = (size / 5, size * 3 / 10, size * 4 / 5);
            let parts = [
                &before[..start],
                &before[end..place],
                &before[start..end],
                &before[place..],
            ];
            let after = String::from_iter(parts.concat());
            let before = String::from_iter(before);
            let moved = gone(&before, &after, Character);
            assert!((9..=11).contains(&moved), "{size}: {moved}");
            let edited = gone(&before, &scattered(&after, 10, &alphabet), Character);
            assert!((9..=22).contains(&edited), "{size}: {edited}");
        }
    }
}

#[test]
fn texts_that_say_something_else_are_replaced() {
    for size in SIZES {
        let few = ['甲', '乙', '丙'];
        let pairs = [
            (groups(1, size), groups(2, size)),
            (words(1, size / 3).join(" "), words(2, size / 3).join(" ")),
            (any(1, size, &few), any(2, size, &few)),
        ];
        for (before, after) in &pairs {
            for unit in [Word, Character] {
                let runs = diff(before, after, unit, Markup::Plain).len();
                assert!(runs <= 8, "{size} {unit:?}: {runs} runs");
                assert!(gone(before, after, unit) >= 99, "{size} {unit:?}");
            }
        }
    }
}
