//! The longest way that two short stretches go together, in a time that depends on their lengths only. It knows numbers only.
//!
//! For each unit after there is a row with a bit for each unit before: it is 0 where the longest common order of the rows so
//! far and of the units before up to this one is longer by this one. A row follows from the last one by a few operations on
//! whole numbers (Hyyrö, 2004), and the rows together tell which units go together.

/// The numbers in a row.
const LANES: usize = 16;

/// Bits of a number.
const BITS: usize = 128;

/// How many units the stretches before may have. Those after may be as many as there is memory for.
pub(super) const WIDTH: usize = LANES * BITS;

/// Long enough for words that any two texts share to be whole in most places, and short enough for little more.
const PIECE: usize = 64;

/// A bit for each unit before.
type Row = [u128; LANES];

/// What is needed to compare stretches, kept from one comparison to the next.
pub(super) struct Window {
    /// Where each kind of unit stands before; the first one is for those that do not.
    places: Vec<Row>,
    /// Which of `places` belongs to a unit.
    kinds: Vec<usize>,
    /// The stretch before.
    units: Vec<u32>,
    /// How many numbers of each row it needs.
    lanes: usize,
    rows: Vec<Row>,
}

impl Window {
    /// For units below `kinds`.
    pub(super) fn new(kinds: usize) -> Self {
        Self {
            places: Vec::new(),
            kinds: vec![0; kinds],
            units: Vec::new(),
            lanes: 0,
            rows: Vec::new(),
        }
    }

    /// How many units of two stretches can go together in order.
    pub(super) fn compare(&mut self, before: &[u32], after: &[u32]) -> usize {
        self.place(before);
        self.rows.clear();
        let mut row = FIRST;
        for unit in after {
            self.follow(&mut row, *unit);
            self.rows.push(row);
        }
        length(&row)
    }

    /// How many units could go together if the second stretch were read from its end, piece by piece: about what any two
    /// stretches of such units have in common.
    pub(super) fn chance(&self, after: &[u32]) -> usize {
        let mut row = FIRST;
        for unit in after.rchunks(PIECE).flatten() {
            self.follow(&mut row, *unit);
        }
        length(&row)
    }

    /// Which units of the stretches that were compared go together, the last ones first.
    pub(super) fn pairs(&self, before: &[u32], after: &[u32]) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        let (mut b, mut a) = (before.len(), after.len());
        while let (Some(last_b), Some(last_a)) = (b.checked_sub(1), a.checked_sub(1)) {
            if before.get(last_b) == after.get(last_a) {
                pairs.push((last_b, last_a));
                (b, a) = (last_b, last_a);
            } else if self.is_longer_by(last_a, last_b) {
                a = last_a;
            } else {
                b = last_b;
            }
        }
        pairs
    }

    /// Notes where the units stand.
    fn place(&mut self, before: &[u32]) {
        for unit in self.units.drain(..) {
            if let Some(kind) = self.kinds.get_mut(number(unit)) {
                *kind = 0;
            }
        }
        self.units.extend(before);
        self.lanes = before.len().div_ceil(BITS);
        self.places.clear();
        self.places.push([0; LANES]);
        for (lane, units) in before.chunks(BITS).enumerate() {
            let mut bit = 1_u128;
            for unit in units {
                let Some(kind) = self.kinds.get_mut(number(*unit)) else {
                    continue;
                };
                if *kind == 0 {
                    *kind = self.places.len();
                    self.places.push([0; LANES]);
                }
                let places = self.places.get_mut(*kind);
                if let Some(place) = places.and_then(|row| row.get_mut(lane)) {
                    *place |= bit;
                }
                bit <<= 1;
            }
        }
    }

    /// Makes a row the next one.
    fn follow(&self, row: &mut Row, unit: u32) {
        let kind = self.kinds.get(number(unit)).copied().unwrap_or_default();
        if kind == 0 {
            return;
        }
        let Some(places) = self.places.get(kind) else {
            return;
        };
        let mut carry = false;
        for (bits, place) in row.iter_mut().zip(places).take(self.lanes) {
            let (sum, first) = bits.overflowing_add(*bits & place);
            let (sum, second) = sum.overflowing_add(u128::from(carry));
            carry = first | second;
            *bits = sum | (*bits & !place);
        }
    }

    /// Whether the longest common order up to a unit after is longer by a unit before.
    fn is_longer_by(&self, after: usize, before: usize) -> bool {
        let row = self.rows.get(after);
        let bits = row.and_then(|row| row.get(before / BITS));
        bits.is_some_and(|bits| (bits >> (before % BITS)) & 1 == 0)
    }
}

/// The row before the first unit.
const FIRST: Row = [u128::MAX; LANES];

/// How many bits are 0.
fn length(row: &Row) -> usize {
    row.iter().map(|bits| number(bits.count_zeros())).sum()
}

/// Memory ends before such numbers do.
fn number(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
