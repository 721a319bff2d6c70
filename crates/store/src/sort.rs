//! Two sorts for all: every use of the library's sort is compiled anew, at 5 to 10 kB of WebAssembly each.

use std::cmp::Ordering;

/// Sorts by a number; equals stay as they are.
pub fn sort_by_number<T: Copy>(items: &mut [T], number: impl Fn(&T) -> u64) {
    if items.is_sorted_by_key(&number) {
        return;
    }
    let mut order: Vec<(u64, u32)> = items.iter().map(number).zip(0..).collect();
    sort_pairs(&mut order);
    let before = items.to_vec();
    for (item, (_, from)) in items.iter_mut().zip(order) {
        if let Some(&found) = before.get(from as usize) {
            *item = found;
        }
    }
}

#[inline(never)]
fn sort_pairs(pairs: &mut [(u64, u32)]) {
    // Stable, as it is quick where the input is nearly sorted.
    pairs.sort_by_key(|&(number, _)| number);
}

/// Sorts numbers of things by what stands behind them; equals by the numbers themselves.
#[inline(never)]
pub fn sort_numbers(numbers: &mut [u32], compare: &dyn Fn(u32, u32) -> Ordering) {
    let compare = |a: &u32, b: &u32| compare(*a, *b).then(a.cmp(b));
    if !numbers.is_sorted_by(|a, b| compare(a, b).is_le()) {
        numbers.sort_by(compare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, by_length: &str, by_alphabet: &str) {
        let words: Vec<&str> = words.split(' ').collect();
        let mut sorted = words.clone();
        sort_by_number(&mut sorted, |word| word.len() as u64);
        assert_eq!(sorted.join(" "), by_length);

        let mut numbers: Vec<u32> = (0..words.len() as u32).rev().collect();
        sort_numbers(&mut numbers, &|a, b| words[a as usize].cmp(words[b as usize]));
        let sorted: Vec<String> = numbers.iter().map(|&i| format!("{}{i}", words[i as usize])).collect();
        assert_eq!(sorted.join(" "), by_alphabet);
    }

    #[test]
    fn equals_stay_in_order() {
        check("a", "a", "a0");
        check("a bb ccc", "a bb ccc", "a0 bb1 ccc2");
        check("dd b ccc a dd a", "b a a dd dd ccc", "a3 a5 b1 ccc2 dd0 dd4");
    }
}
