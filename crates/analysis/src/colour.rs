//! Colours of services: the same service, the same colour, from file to file.

use store::{Column, ServiceIdx, TraceStore};

/// Colours in the palette.
const PALETTE: usize = 10;

/// A place in the palette: 0 to 9 plain, 10 to 19 the same colours with a hatch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColourSlot(pub u8);

impl ColourSlot {
    /// Is it drawn with a hatch?
    pub fn is_hatched(self) -> bool {
        usize::from(self.0) >= PALETTE
    }

    /// The colour, 0 to 9.
    pub fn colour(self) -> u8 {
        self.0 % PALETTE as u8
    }
}

/// FNV-1a, 64 bits: part of what is promised from file to file, so not a hash that may change with a version.
fn fnv(text: &str) -> u64 {
    text.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// The colour of each service. A service has the colour its name asks for, unless an earlier name has it: then the next
/// free one, then the next free one with a hatch; from the 21st service on, colours repeat.
///
/// All that get what they ask for are seated first, so that one more service in the file moves as few as possible.
pub fn colour_slots(store: &TraceStore) -> Column<ServiceIdx, ColourSlot> {
    let names: Vec<&str> = store.services().as_slice().iter().map(String::as_str).collect();
    Column::from(assign(&names))
}

/// `names` are sorted.
fn assign(names: &[&str]) -> Vec<ColourSlot> {
    let mut taken = [false; 2 * PALETTE];
    let mut slots: Vec<Option<usize>> = vec![None; names.len()];
    let homes: Vec<usize> = names.iter().map(|name| (fnv(name) % PALETTE as u64) as usize).collect();
    let mut seat = |slot: &mut Option<usize>, wanted: usize| {
        if let Some(taken) = taken.get_mut(wanted)
            && slot.is_none()
            && !*taken
        {
            *taken = true;
            *slot = Some(wanted);
        }
    };
    for (slot, &home) in slots.iter_mut().zip(&homes) {
        seat(slot, home);
    }
    for (slot, &home) in slots.iter_mut().zip(&homes) {
        for step in 0..2 * PALETTE {
            let hatched = step / PALETTE * PALETTE;
            seat(slot, hatched + (home + step) % PALETTE);
        }
    }
    let repeat = |name: &str| (fnv(name) % (2 * PALETTE as u64)) as usize;
    slots
        .iter()
        .zip(names)
        .map(|(slot, name)| ColourSlot(slot.unwrap_or_else(|| repeat(name)) as u8))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The colour of `name` in a file with these services, in any order.
    fn of(names: &[&str], name: &str) -> ColourSlot {
        let mut names = names.to_vec();
        names.sort_unstable();
        let place = names.iter().position(|&other| other == name).unwrap();
        assign(&names)[place]
    }

    /// `name=slot`, to see at a glance who moved.
    fn check(names: &str, expected: &str) {
        let names: Vec<&str> = names.split_whitespace().collect();
        let seated: Vec<String> = names.iter().map(|name| format!("{name}={}", of(&names, name).0)).collect();
        assert_eq!(seated.join(" "), expected);
    }

    #[test]
    fn by_name_not_by_order() {
        check("frontend cart payment", "frontend=6 cart=5 payment=3");
        check("payment frontend cart", "payment=3 frontend=6 cart=5");
    }

    #[test]
    fn all_distinct_up_to_twenty_then_repeated() {
        let names: Vec<String> = (0..25).map(|i| format!("service-{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut slots: Vec<u8> = assign(&names).iter().map(|slot| slot.0).collect();
        slots.sort_unstable();
        slots.dedup();
        assert_eq!(slots, (0..20).collect::<Vec<u8>>());
        let mut ten: Vec<u8> = assign(&names[..10]).iter().map(|slot| slot.0).collect();
        ten.sort_unstable();
        assert_eq!(ten, (0..10).collect::<Vec<u8>>(), "no hatch while a plain colour is free");
    }

    #[test]
    fn one_more_service_moves_none_that_has_what_it_asks_for() {
        let names = ["ad", "cart", "checkout", "currency", "email"];
        for name in names {
            if usize::from(of(&names, name).0) == (fnv(name) % 10) as usize {
                let more = ["ad", "cart", "checkout", "currency", "email", "zipkin"];
                assert_eq!(of(&names, name), of(&more, name), "{name}");
            }
        }
    }
}
