//! Groups of so few people that a number about them is a number about somebody.

/// The fewest people of whom a number is told.
pub const FEWEST: i64 = 5;

/// Which of groups of so many people are not told of. Those that are too small, and besides, as long
/// as those left out are together too few, or only one that could be had by subtracting the others
/// from the whole: the smallest of the rest.
pub fn suppressed(people: &[i64]) -> Vec<bool> {
    let mut out: Vec<bool> = people.iter().map(|n| (1..FEWEST).contains(n)).collect();
    loop {
        let left_out = || people.iter().zip(&out).filter(|(_, out)| **out);
        let (groups, together) = (left_out().count(), left_out().map(|(n, _)| n).sum::<i64>());
        if groups == 0 || (groups > 1 && together >= FEWEST) {
            return out;
        }
        let rest = people.iter().zip(&out).enumerate();
        let rest = rest.filter(|(_, (n, out))| **n > 0 && !**out);
        let Some((at, _)) = rest.min_by_key(|(_, (n, _))| **n) else {
            return out;
        };
        if let Some(out) = out.get_mut(at) {
            *out = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_small_group_takes_the_next_with_it() {
        assert_eq!(suppressed(&[40, 3, 7, 9]), [false, true, true, false]);
        assert_eq!(suppressed(&[40, 3, 4]), [false, true, true], "7 together");
        assert_eq!(suppressed(&[2, 2, 40, 50]), [true, true, true, false]);
        assert_eq!(suppressed(&[5, 6]), [false, false]);
        assert_eq!(suppressed(&[0, 5, 6]), [false; 3], "nobody is nobody");
        assert_eq!(suppressed(&[4]), [true]);
        assert!(suppressed(&[]).is_empty());
    }

    proptest! {
        // What is told, taken from the whole, leaves nobody alone.
        #[test]
        fn nothing_small_is_told_or_can_be_had(people in prop::collection::vec(0_i64..12, 0..8)) {
            let out = suppressed(&people);
            let told = |n: i64, out: bool| !out && n > 0;
            for (n, out) in people.iter().zip(&out) {
                prop_assert!(!told(*n, *out) || *n >= FEWEST);
            }
            let left: Vec<i64> =
                people.iter().zip(&out).filter(|(_, out)| **out).map(|(n, _)| *n).collect();
            let anything_told = people.iter().zip(&out).any(|(n, out)| told(*n, *out));
            if !left.is_empty() && anything_told {
                prop_assert!(left.len() > 1 && left.iter().sum::<i64>() >= FEWEST);
            }
        }
    }
}
