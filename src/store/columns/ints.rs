//! Up to 4,096 numbers in as few bits as their spread needs: base + scale × code.
//!
//! The scale is the greatest step that all have in common, so whole seconds kept as microseconds take no
//! more than seconds would. All alike take no bits at all, nor do numbers that follow one another in equal
//! steps, as ids mostly do: the place of each is its code.

use std::io;

use super::{
    CHUNK_ROWS,
    codec::{In, Out, sound},
    nulls::Nulls,
};

/// Bits beyond which a code could straddle nine bytes: it takes eight whole ones then.
const BITS_MAX: u8 = 56;
/// Bits up to which codes are so few that what follows from each is best worked out beforehand.
const BITS_OF_FEW: u8 = 8;
/// Bytes behind the last code, so that eight can be read from wherever a code begins.
const PAD: usize = 8;

/// What stands in an image in the place of a width where numbers follow one another.
const RUN: u8 = 255;

/// Numbers by place; null where nothing was put.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ints {
    base: i64,
    scale: u64,
    bits: u8,
    len: u16,
    /// Whether the place of each number is its code; then `bits` is 0, and none is null.
    is_run: bool,
    codes: Vec<u8>,
    nulls: Nulls,
    least: i64,
    most: i64,
    /// How many are not null.
    held: u16,
}

impl Ints {
    /// As few bits as `numbers` take.
    #[cfg(test)]
    pub(super) fn of(numbers: &[i64]) -> Self {
        let len = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
        let mut all = Self { len, ..Self::default() };
        for number in numbers {
            all.widen(*number);
            all.held += 1;
        }
        all.fit(0, 0);
        all.recode(numbers, &Nulls::default());
        all
    }

    /// Places from the first to the last that something was put in.
    pub(crate) fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// The number at a place.
    pub(crate) fn get(&self, at: usize) -> Option<i64> {
        (at < self.len() && !self.nulls.is_null(at)).then(|| self.number(at))
    }

    /// All numbers; what is null comes as some number or other, see [`Ints::nulls`].
    pub(crate) fn fill(&self, out: &mut [i64; CHUNK_ROWS]) {
        let (base, scale) = (self.base, self.scale);
        self.unpack(|code| base.wrapping_add(code.wrapping_mul(scale).cast_signed()), out);
    }

    /// What `of` makes of each number, asked once for each where they can only be few; of what is null,
    /// something or other.
    pub(crate) fn map(&self, of: impl Fn(i64) -> u32, out: &mut [u32; CHUNK_ROWS]) {
        let (base, scale) = (self.base, self.scale);
        let made = |code: u64| of(base.wrapping_add(code.wrapping_mul(scale).cast_signed()));
        if self.bits > BITS_OF_FEW || self.is_run {
            return self.unpack(made, out);
        }
        let mut few = [0; 1 << BITS_OF_FEW];
        for (code, few) in (0..=mask(self.bits)).zip(&mut few) {
            *few = made(code);
        }
        // No code has more bits than a byte.
        self.unpack(|code| few[usize::from(code.to_le_bytes()[0])], out);
    }

    /// Which places up to [`Ints::len`] are null; all behind are.
    pub(crate) fn nulls(&self) -> &Nulls {
        &self.nulls
    }

    /// Between which two all its numbers are; none where all are null.
    pub(crate) fn bounds(&self) -> Option<(i64, i64)> {
        (self.held > 0).then_some((self.least, self.most))
    }

    pub(super) fn set(&mut self, at: usize, number: Option<i64>) {
        if self.is_run && !(at < self.len() && number == Some(self.number(at))) {
            self.break_run();
        }
        if at >= self.len() {
            if number.is_none() {
                return;
            }
            self.grow(at + 1);
        }
        let was_null = self.nulls.is_null(at);
        self.nulls.set(at, number.is_none());
        self.held = self.held + u16::from(was_null) - u16::from(number.is_none());
        let Some(number) = number else { return };
        if self.held == 1 {
            (self.base, self.scale) = (number, 0);
            (self.least, self.most) = (number, number);
        } else {
            (self.least, self.most) = (self.least.min(number), self.most.max(number));
        }
        let code = self.code(number).unwrap_or_else(|| {
            self.refit(number);
            self.code(number).unwrap_or(0)
        });
        self.put_code(at, code);
    }

    /// Gives back memory that was kept for more numbers.
    pub(super) fn trim(&mut self) {
        let (numbers, nulls) = (self.numbers(), std::mem::take(&mut self.nulls));
        self.held = 0;
        let held = |at: &usize| !nulls.is_null(*at);
        for at in (0..numbers.len()).filter(held) {
            self.widen(numbers[at]);
            self.held += 1;
        }
        self.is_run = is_run(&numbers) && self.held == self.len;
        if self.is_run {
            (self.base, self.bits, self.codes) = (self.least, 0, Vec::new());
        } else {
            self.fit(0, 0);
            self.recode(&numbers, &nulls);
            self.codes.shrink_to_fit();
        }
        self.nulls = nulls;
        self.nulls.trim();
    }

    /// Gives each number a code of its own again.
    fn break_run(&mut self) {
        let numbers = self.numbers();
        self.is_run = false;
        self.fit(0, 0);
        self.recode(&numbers, &Nulls::default());
    }

    /// Whether nothing was put anywhere, or all of it taken away.
    pub(super) fn is_nothing(&self) -> bool {
        self.held == 0
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.i64(self.base)?;
        out.u64(self.scale)?;
        out.byte(if self.is_run { RUN } else { self.bits })?;
        out.u16(self.len)?;
        out.i64(self.least)?;
        out.i64(self.most)?;
        self.nulls.write_to(out)?;
        out.list(&self.codes)
    }

    pub(super) fn read_from(input: &mut In<'_>) -> io::Result<Self> {
        let (base, scale) = (input.i64()?, input.u64()?);
        let (width, len) = (input.byte()?, input.u16()?);
        let (bits, is_run) = if width == RUN { (0, true) } else { (width, false) };
        let (least, most) = (input.i64()?, input.i64()?);
        let (nulls, codes) = (Nulls::read_from(input)?, input.list()?);
        let count = usize::from(len);
        sound(count <= CHUNK_ROWS && (bits <= BITS_MAX || bits == 64), "numbers are too many")?;
        let needed = if is_run { 0 } else { (count * usize::from(bits)).div_ceil(8) + PAD };
        sound(count == 0 || codes.len() == needed, "numbers are missing")?;
        sound(!(is_run && nulls.any()), "what follows something is nothing")?;
        let held = u16::try_from(nulls.held(count)).unwrap_or(len);
        Ok(Self { base, scale, bits, len, is_run, codes, nulls, least, most, held })
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.codes.capacity() + self.nulls.heap_bytes()
    }

    /// What `of` makes of each code; behind the last, of 0.
    fn unpack<T: Copy>(&self, of: impl Fn(u64) -> T, out: &mut [T; CHUNK_ROWS]) {
        let (bits, mask) = (usize::from(self.bits), mask(self.bits));
        let (held, rest) = out.split_at_mut(self.len());
        rest.fill(of(0));
        if self.is_run {
            return held.iter_mut().zip(0..).for_each(|(out, code)| *out = of(code));
        }
        if bits == 0 {
            return held.fill(of(0));
        }
        let mut done = 0;
        // Eight codes begin and end with whole bytes, so each has its place there.
        let places: [(usize, usize); 8] = std::array::from_fn(|at| (at * bits / 8, at * bits % 8));
        if self.bits <= BITS_MAX {
            for (group, out) in held.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                let bytes = self.codes.get(group * bits..);
                let Some(bytes) = bytes.and_then(|bytes| bytes.first_chunk::<64>()) else { break };
                for (out, (byte, shift)) in out.iter_mut().zip(places) {
                    let eight =
                        bytes[byte..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
                    *out = of((eight >> shift) & mask);
                }
                done += 8;
            }
        }
        for (at, out) in held.iter_mut().enumerate().skip(done) {
            *out = of(self.read(at));
        }
    }

    fn number(&self, at: usize) -> i64 {
        self.base.wrapping_add(self.read(at).wrapping_mul(self.scale).cast_signed())
    }

    fn read(&self, at: usize) -> u64 {
        if self.is_run {
            return at as u64;
        }
        let bit = at * usize::from(self.bits);
        let bytes = self.codes.get(bit / 8..).and_then(|rest| rest.first_chunk::<8>());
        let word = bytes.map_or(0, |eight| u64::from_le_bytes(*eight));
        (word >> (bit % 8)) & mask(self.bits)
    }

    fn put_code(&mut self, at: usize, code: u64) {
        let bit = at * usize::from(self.bits);
        let bytes = self.codes.get_mut(bit / 8..).and_then(|rest| rest.first_chunk_mut::<8>());
        if let Some(eight) = bytes {
            let kept = u64::from_le_bytes(*eight) & !(mask(self.bits) << (bit % 8));
            *eight = (kept | code << (bit % 8)).to_le_bytes();
        }
    }

    /// What stands for `number` at the present base, scale and width.
    fn code(&self, number: i64) -> Option<u64> {
        if number <= self.base {
            return (number == self.base).then_some(0);
        }
        let above = number.abs_diff(self.base);
        let code = above.checked_div(self.scale)?;
        (code * self.scale == above && code <= mask(self.bits)).then_some(code)
    }

    fn grow(&mut self, len: usize) {
        for at in self.len()..len {
            self.nulls.set(at, true);
        }
        // At most CHUNK_ROWS, which fits.
        self.len = u16::try_from(len).unwrap_or(u16::MAX);
        self.codes.resize((len * usize::from(self.bits)).div_ceil(8) + PAD, 0);
    }

    fn numbers(&self) -> Vec<i64> {
        (0..self.len()).map(|at| self.number(at)).collect()
    }

    /// Takes `number` into bounds and scale, before it counts as held.
    fn widen(&mut self, number: i64) {
        if self.held == 0 {
            (self.base, self.scale, self.least, self.most) = (number, 0, number, number);
            return;
        }
        (self.least, self.most) = (self.least.min(number), self.most.max(number));
        self.scale = common(self.scale, number.abs_diff(self.base));
    }

    /// Base and width for the present bounds and scale, with room for codes `below` and `above` them.
    fn fit(&mut self, below: u64, above: u64) {
        let step = self.scale.max(1);
        let span = self.most.wrapping_sub(self.least).cast_unsigned() / step;
        let wanted = span.checked_add(below).and_then(|codes| codes.checked_add(above));
        let bits = wanted.map_or(64, |codes| 64 - codes.leading_zeros());
        let bits = u8::try_from(bits).unwrap_or(64);
        self.bits = if bits > BITS_MAX { 64 } else { bits };
        let room = below.checked_mul(step).filter(|_| self.bits < 64);
        let base = room.and_then(|room| self.least.checked_sub_unsigned(room));
        self.base = base.unwrap_or(self.least);
    }

    /// Makes room for `number`, which is within the bounds already but has no code yet.
    fn refit(&mut self, number: i64) {
        let (numbers, nulls) = (self.numbers(), std::mem::take(&mut self.nulls));
        let (base, is_below) = (self.base, number < self.base);
        self.scale = common(self.scale, number.abs_diff(base));
        let step = self.scale.max(1);
        // Once more the room there is, on the side where it was missing: few numbers move more than twice.
        let more = self.most.wrapping_sub(self.least).cast_unsigned() / step;
        let more = if self.len() < CHUNK_ROWS { more } else { 0 };
        self.fit(if is_below { more } else { 0 }, if is_below { 0 } else { more });
        self.recode(&numbers, &nulls);
        self.nulls = nulls;
    }

    fn recode(&mut self, numbers: &[i64], nulls: &Nulls) {
        self.codes.clear();
        self.codes.resize((numbers.len() * usize::from(self.bits)).div_ceil(8) + PAD, 0);
        for (at, number) in numbers.iter().enumerate().filter(|(at, _)| !nulls.is_null(*at)) {
            // The one that is being put has no code yet and follows.
            if let Some(code) = self.code(*number) {
                self.put_code(at, code);
            }
        }
    }
}

/// Whether numbers follow one another in equal steps upwards.
fn is_run(numbers: &[i64]) -> bool {
    let [first, second, ..] = numbers else { return false };
    let step = second.checked_sub(*first).filter(|step| *step > 0);
    step.is_some_and(|step| {
        numbers.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(step))
    })
}

fn mask(bits: u8) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

/// The greatest number that divides both; 0 and 0 have 0.
pub(super) fn common(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(numbers: &[Option<i64>], bits: u8) {
        let mut ints = Ints::default();
        for (at, number) in numbers.iter().enumerate() {
            ints.set(at, *number);
        }
        let same = |ints: &Ints| (0..numbers.len()).all(|at| ints.get(at) == numbers[at]);
        assert!(same(&ints));
        ints.trim();
        assert!(same(&ints));
        assert_eq!(ints.bits, bits);
    }

    #[test]
    fn numbers_take_the_bits_of_their_spread() {
        check(&[Some(7), Some(7), Some(7)], 0);
        check(&[Some(7), Some(8), Some(9)], 0);
        check(&[Some(7), Some(8), None, Some(9)], 2);
        check(&[Some(i64::MIN), Some(-1), Some(i64::MAX - 1)], 0);
        check(&[Some(0), Some(1), None, Some(1)], 1);
        check(&[Some(9_000_000_000), Some(9_000_000_003)], 0);
        check(&[Some(9_000_000_003), Some(9_000_000_000)], 1);
        check(&[Some(3_000_000), None, Some(6_000_000), Some(1_000_000)], 3);
        check(&[Some(i64::MAX), Some(i64::MIN)], 1);
        check(&[Some(i64::MIN), Some(0), Some(i64::MAX)], 64);
        check(&[None, None], 0);
    }

    #[test]
    fn a_whole_chunk_put_in_any_order_is_kept_and_soon_enough() {
        for step in [1, -1, 1_000_003, -1_000_003, 0] {
            let numbers: Vec<_> = (0..4096).map(|at| Some(at * step)).collect();
            check(&numbers, if step >= 0 { 0 } else { 12 });
        }
    }

    #[test]
    fn numbers_far_apart_do_not_pass_for_one_another() {
        let (low, high) = (i64::MIN, i64::MAX);
        check(&[Some(high - 6), Some(high), Some(low), Some(low + 2), Some(0), Some(2)], 64);
        check(&[Some(high), Some(low + 1), Some(low), Some(3), None, Some(-1)], 64);
    }

    fn number() -> impl Strategy<Value = Option<i64>> {
        let wide = (0u32..64).prop_map(|n| 1 << n);
        let some =
            prop_oneof![any::<i64>(), wide, -5i64..5, (0i64..99).prop_map(|n| n * 1_000_000)];
        prop::option::weighted(0.8, some)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn numbers_put_at_random_places_are_found_again(
            puts in prop::collection::vec((0usize..60, number(), 0u8..9), 1..150)
        ) {
            let (mut ints, mut want) = (Ints::default(), vec![None; 64]);
            for (at, number, trim) in puts {
                ints.set(at, number);
                want[at] = number;
                if trim == 0 {
                    ints.trim();
                }
                let mut all: Box<[i64; CHUNK_ROWS]> = vec![0; CHUNK_ROWS].try_into().unwrap();
                ints.fill(&mut all);
                let low = |number: i64| u32::from(number.to_le_bytes()[0]);
                let mut lows: Box<[u32; CHUNK_ROWS]> = vec![0; CHUNK_ROWS].try_into().unwrap();
                ints.map(low, &mut lows);
                for (at, number) in want.iter().enumerate() {
                    prop_assert_eq!(ints.get(at), *number);
                    prop_assert!(number.is_none_or(|number| all[at] == number));
                    prop_assert!(number.is_none_or(|number| lows[at] == low(number)));
                }
                let held: Vec<i64> = want.iter().flatten().copied().collect();
                prop_assert_eq!(ints.is_nothing(), held.is_empty());
                if let Some((least, most)) = ints.bounds() {
                    prop_assert!(held.iter().all(|number| (least..=most).contains(number)));
                }
            }
        }

        #[test]
        fn a_list_of_numbers_is_kept(numbers in prop::collection::vec(any::<i64>(), 0..99)) {
            let ints = Ints::of(&numbers);
            for (at, number) in numbers.iter().enumerate() {
                prop_assert_eq!(ints.get(at), Some(*number));
            }
            prop_assert_eq!(ints.get(numbers.len()), None);
        }
    }
}
