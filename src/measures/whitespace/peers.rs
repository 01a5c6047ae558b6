//! What the peers of an account buy: medians without the account itself, and the gaps that they show.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

/// An account with revenue above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyer {
    /// A place in the list of accounts, which is sorted.
    pub account: u32,
    /// Minor units, above zero.
    pub revenue: i64,
    /// Net revenue by category in minor units, by category; what is not above zero is not bought.
    pub amounts: Vec<(u32, i64)>,
}

/// When something that peers buy is worth mentioning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// At least so many peers buy the category.
    pub minimum_peers: usize,
    /// At least this share of the peers buys it.
    pub minimum_share_of_peers: f64,
    /// The account buys less than this part of the peers' median.
    pub below: f64,
    /// At most so many gaps per account.
    pub best: usize,
}

/// A category that peers buy and the account does not, or far less of. Money in minor units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    pub category: u32,
    /// Peers that buy the category.
    pub peers: usize,
    /// The median of what they spend on it.
    pub peer_median: i64,
    /// What the account spends on it, net: zero or below where it does not buy.
    pub own: i64,
    /// What it would spend with the median of the peers' shares.
    pub expected: i64,
    /// `expected` − `own`, above zero.
    pub gap: i64,
    /// Peers that buy the category over all peers.
    pub peer_share: f64,
}

/// Cuts the buyers of a segment into bands of size: by revenue, the largest first, equal ones by account. The one
/// at position p of n, from 0, is in band ⌊p · bands / n⌋.
pub fn bands(mut buyers: Vec<Buyer>, bands: usize) -> Vec<Vec<Buyer>> {
    buyers.sort_unstable_by_key(|buyer| (Reverse(buyer.revenue), buyer.account));
    let count = buyers.len();
    let mut cut: Vec<Vec<Buyer>> = vec![Vec::new(); bands];
    for (position, buyer) in buyers.into_iter().enumerate() {
        if let Some(band) = cut.get_mut(position * bands / count) {
            band.push(buyer);
        }
    }
    cut
}

/// The best gaps of each buyer of a band, each buyer against all the others: the largest gap first, then by category.
/// None where an amount leaves 64 bits.
pub fn gaps(band: &[Buyer], rule: &Rule) -> Option<Vec<Vec<Gap>>> {
    let mut found: Vec<Vec<Gap>> = vec![Vec::new(); band.len()];
    for (category, spending) in spending(band) {
        let Some(category) = Category::of(category, band, &spending, rule) else { continue };
        let mut spent = spending.iter().peekable();
        for (place, (buyer, gaps)) in band.iter().zip(&mut found).enumerate() {
            let own = spent.next_if(|spent| spent.place == place).map_or(0, |spent| spent.amount);
            if let Some(gap) = category.gap(buyer.revenue, own, band.len() - 1, rule)? {
                keep_best(gaps, gap, rule.best);
            }
        }
    }
    Some(found)
}

/// What the buyer at a place of the band spends on a category.
#[derive(Debug, Clone, Copy)]
struct Spent {
    place: usize,
    amount: i64,
}

/// The spending of a band by category, in order of the places.
fn spending(band: &[Buyer]) -> BTreeMap<u32, Vec<Spent>> {
    let mut spending: BTreeMap<u32, Vec<Spent>> = BTreeMap::new();
    for (place, buyer) in band.iter().enumerate() {
        for (category, amount) in &buyer.amounts {
            spending.entry(*category).or_default().push(Spent { place, amount: *amount });
        }
    }
    spending
}

/// What the buyers of one category spend on it.
#[derive(Debug)]
struct Category {
    category: u32,
    /// Sorted.
    amounts: Vec<i64>,
    shares: Vec<Share>,
}

impl Category {
    /// None where too few of the band buy the category to be anybody's peers.
    fn of(category: u32, band: &[Buyer], spending: &[Spent], rule: &Rule) -> Option<Self> {
        let bought = || spending.iter().filter(|spent| spent.amount > 0);
        let (buyers, others) = (bought().count(), band.len() - 1);
        // Nobody has more peers that buy than one who does not buy.
        if buyers < rule.minimum_peers || (buyers as f64 / others as f64) < rule.minimum_share_of_peers {
            return None;
        }
        let mut amounts: Vec<i64> = bought().map(|spent| spent.amount).collect();
        let share = |spent: &Spent| Some(Share { amount: spent.amount, revenue: band.get(spent.place)?.revenue });
        let mut shares: Vec<Share> = bought().filter_map(share).collect();
        amounts.sort_unstable();
        shares.sort_unstable();
        Some(Self { category, amounts, shares })
    }

    /// The gap of an account that spends `own` of its `revenue` on the category and has so many `others` around it.
    /// None outside where an amount leaves 64 bits, inside where there is no gap.
    fn gap(&self, revenue: i64, own: i64, others: usize, rule: &Rule) -> Option<Option<Gap>> {
        let buys = own > 0;
        let peers = self.amounts.len() - usize::from(buys);
        let peer_share = peers as f64 / others as f64;
        if peers < rule.minimum_peers || peer_share < rule.minimum_share_of_peers {
            return Some(None);
        }
        let (low, high) = middle(&self.amounts, buys.then_some(&own))?;
        let peer_median = mean(*low, *high);
        if own as f64 / peer_median as f64 >= rule.below {
            return Some(None);
        }
        let share = Share { amount: own, revenue };
        let (low, high) = middle(&self.shares, buys.then_some(&share))?;
        let expected = expected(revenue, *low, *high)?;
        let gap = expected.checked_sub(own)?;
        let found = Gap { category: self.category, peers, peer_median, own, expected, gap, peer_share };
        Some((gap > 0).then_some(found))
    }
}

/// A part of an account's revenue, compared as an exact fraction; both are above zero.
#[derive(Debug, Clone, Copy)]
struct Share {
    amount: i64,
    revenue: i64,
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        let crossed = |one: &Self, other: &Self| i128::from(one.amount) * i128::from(other.revenue);
        crossed(self, other).cmp(&crossed(other, self))
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Share {}

/// The two in the middle of sorted values without one that is among them; the same twice where their count is odd.
fn middle<'v, T: Ord>(sorted: &'v [T], without: Option<&T>) -> Option<(&'v T, &'v T)> {
    // Equal values are as good as each other: the first of them is left out.
    let left_out = without.map_or(sorted.len(), |without| sorted.partition_point(|value| value < without));
    let count = sorted.len() - usize::from(without.is_some());
    let at = |place: usize| sorted.get(if place < left_out { place } else { place + 1 });
    at(count.checked_sub(1)? / 2).zip(at(count / 2))
}

/// The mean of two amounts above zero, rounded half away from zero.
fn mean(low: i64, high: i64) -> i64 {
    let doubled = i128::from(low) + i128::from(high);
    // No larger than the higher one.
    i64::try_from((doubled + 1) / 2).unwrap_or(high)
}

/// The mean of two shares of a revenue, rounded half away from zero to minor units: ⌊(⌊x + y⌋ + 1) / 2⌋, where x and y
/// are the exact products. That is the rounding of (x + y) / 2, for what ⌊x + y⌋ cuts off is less than 1 and never
/// carries a half over the next. Everything is above zero and below 2^63, so no product leaves 128 bits.
fn expected(revenue: i64, low: Share, high: Share) -> Option<i64> {
    let product = |share: Share| i128::from(revenue) * i128::from(share.amount);
    let (first, second) = (i128::from(low.revenue), i128::from(high.revenue));
    let whole = product(low) / first + product(high) / second;
    let rest = product(low) % first * second + product(high) % second * first;
    let carry = i128::from(rest >= first * second);
    i64::try_from((whole + carry + 1) / 2).ok()
}

/// Puts a gap into its place among the best so far.
fn keep_best(gaps: &mut Vec<Gap>, gap: Gap, best: usize) {
    // Categories come in order, so an equal gap of a later one stands behind.
    let place = gaps.partition_point(|better| better.gap >= gap.gap);
    if place < best {
        gaps.insert(place, gap);
        gaps.truncate(best);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bands_by_hand() {
        let buyer = |(account, revenue)| Buyer { account, revenue, amounts: Vec::new() };
        // By revenue: 3 (90), 0 (70), 2 (70), 4 (20), 1 (10); ⌊p · 2 / 5⌋ is 0, 0, 0, 1, 1.
        let buyers = [(0, 70), (1, 10), (2, 70), (3, 90), (4, 20)].map(buyer).to_vec();
        let cut: Vec<Vec<u32>> =
            bands(buyers, 2).iter().map(|band| band.iter().map(|buyer| buyer.account).collect()).collect();
        assert_eq!(cut, [vec![3, 0, 2], vec![4, 1]]);
        assert_eq!(bands(vec![buyer((7, 1))], 3), [vec![buyer((7, 1))], vec![], vec![]]);
        assert_eq!(bands(Vec::new(), 2), [vec![], vec![]]);
    }

    #[test]
    fn the_middle_without_one() {
        let values = [1, 3, 3, 8, 9];
        assert_eq!(middle(&values, None), Some((&3, &3)));
        assert_eq!(middle(&values, Some(&1)), Some((&3, &8)));
        assert_eq!(middle(&values, Some(&3)), Some((&3, &8)));
        assert_eq!(middle(&values, Some(&9)), Some((&3, &3)));
        assert_eq!(middle(&values[..4], None), Some((&3, &3)));
        assert_eq!(middle(&values[..4], Some(&8)), Some((&3, &3)));
        assert_eq!(middle(&values[..1], Some(&1)), None);
        assert_eq!(middle::<i32>(&[], None), None);
    }

    #[test]
    fn halves_go_up() {
        assert_eq!((mean(3, 4), mean(3, 5), mean(i64::MAX, i64::MAX)), (4, 4, i64::MAX));
        let share = |amount, revenue| Share { amount, revenue };
        // 5/10 of 5 is 2.5; 49/100 and 51/100 of 1 are 0.5 together halved; 1/3 of 4 is 1.33.
        assert_eq!(expected(5, share(5, 10), share(5, 10)), Some(3));
        assert_eq!(expected(1, share(49, 100), share(51, 100)), Some(1));
        assert_eq!(expected(1, share(49, 100), share(50, 100)), Some(0));
        assert_eq!(expected(4, share(1, 3), share(1, 3)), Some(1));
        assert_eq!(expected(i64::MAX, share(i64::MAX, i64::MAX), share(1, 1)), Some(i64::MAX));
        assert_eq!(expected(i64::MAX, share(i64::MAX, 1), share(i64::MAX, 1)), None);
    }

    proptest! {
        /// Small enough for one common denominator: revenue · (a·d + b·c) / (2·c·d), rounded in integers.
        #[test]
        fn expected_is_the_exact_mean(
            revenue in 1i64..1_000_000_000, low in (1i64..1_000_000_000, 1i64..1_000_000_000),
            high in (1i64..1_000_000_000, 1i64..1_000_000_000),
        ) {
            let [a, c, b, d] = [low.0, low.1, high.0, high.1].map(i128::from);
            let (numerator, denominator) = (i128::from(revenue) * (a * d + b * c), 2 * c * d);
            let rounded = (2 * numerator + denominator) / (2 * denominator);
            let found = expected(revenue, Share { amount: low.0, revenue: low.1 }, Share { amount: high.0, revenue: high.1 });
            prop_assert_eq!(found, i64::try_from(rounded).ok());
        }

        /// The rules word by word: each account and category on its own, the peers gathered and sorted each time.
        #[test]
        fn gaps_are_those_of_the_rules(
            rows in prop::collection::vec((1i64..60, prop::collection::vec(-5i64..30, 4)), 1..14),
            minimum_peers in 1usize..4, minimum_share in 0.05f64..0.9, below in 0.05f64..1.0, best in 1usize..4,
        ) {
            let rule = Rule { minimum_peers, minimum_share_of_peers: minimum_share, below, best };
            let amounts = |amounts: &[i64]| (0u32..).zip(amounts.iter().copied()).filter(|(_, amount)| *amount != 0).collect();
            let band: Vec<Buyer> = (0u32..)
                .zip(&rows)
                .map(|(account, (revenue, spent))| Buyer { account, revenue: *revenue, amounts: amounts(spent) })
                .collect();
            let found = gaps(&band, &rule).unwrap();
            for (place, (revenue, spent)) in rows.iter().enumerate() {
                let mut expected = Vec::new();
                for (category, own) in spent.iter().copied().enumerate() {
                    let others: Vec<(i64, i64)> = rows.iter().enumerate().filter(|(other, _)| *other != place)
                        .map(|(_, (revenue, spent))| (spent[category], *revenue)).collect();
                    let peers: Vec<(i64, i64)> = others.iter().copied().filter(|(amount, _)| *amount > 0).collect();
                    let peer_share = peers.len() as f64 / others.len() as f64;
                    if peers.len() < minimum_peers || peer_share < minimum_share {
                        continue;
                    }
                    let mut money: Vec<i64> = peers.iter().map(|(amount, _)| *amount).collect();
                    money.sort_unstable();
                    let doubled = money[(money.len() - 1) / 2] + money[money.len() / 2];
                    let peer_median = (doubled + 1) / 2;
                    let mut shares = peers.clone();
                    shares.sort_by(|a, b| (a.0 * b.1).cmp(&(b.0 * a.1)));
                    let ((a, c), (b, d)) = (shares[(shares.len() - 1) / 2], shares[shares.len() / 2]);
                    let worth = (2 * revenue * (a * d + b * c) + 2 * c * d) / (4 * c * d);
                    if (own as f64 / peer_median as f64) < below && worth > own {
                        expected.push(Gap {
                            category: u32::try_from(category).unwrap(), peers: peers.len(), peer_median, own,
                            expected: worth, gap: worth - own, peer_share,
                        });
                    }
                }
                expected.sort_by_key(|gap| (Reverse(gap.gap), gap.category));
                expected.truncate(best);
                prop_assert_eq!(&found[place], &expected);
            }
        }

        /// The median of a sorted copy from which the value is taken out.
        #[test]
        fn the_middle_is_that_of_the_others(mut values in prop::collection::vec(0i64..20, 2..30), place in 0usize..30) {
            values.sort_unstable();
            let own = values[place % values.len()];
            let mut others = values.clone();
            others.remove(place % values.len());
            let expected = (&others[(others.len() - 1) / 2], &others[others.len() / 2]);
            prop_assert_eq!(middle(&values, Some(&own)), Some(expected));
        }
    }
}
