//! Customers and their habits, their names, and what is thought of them.

use super::drawing::{curve, mix};
use super::sheet::{Sheet, field};
use super::words::{HOSTILE, NOTES, RATERS, REGIONS, SEASONS, SEGMENTS};
use super::{Error, Size};

/// How trade with an account goes over the years.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    Steady,
    Grower,
    Shrinker,
    Newcomer,
    Lost,
    Sporadic,
    /// Gets more credited than it was invoiced in the first of the last four years.
    Refunded,
}

impl Course {
    pub(super) fn of(rank: u64, count: u64, hash: u64) -> Self {
        match hash % 100 {
            // The largest account is always there, so that no books are empty.
            _ if rank == 0 => Self::Steady,
            _ if count >= 12 && (rank == count / 6 || rank == count / 4) => Self::Refunded,
            0..14 => Self::Grower,
            14..26 => Self::Shrinker,
            26..38 => Self::Newcomer,
            38..48 => Self::Lost,
            48..60 if rank > count / 10 => Self::Sporadic,
            _ => Self::Steady,
        }
    }
}

/// A customer and its habits.
pub(super) struct Account {
    pub(super) id: String,
    /// Its place by size, 0 being the largest.
    pub(super) rank: u64,
    pub(super) hash: u64,
    pub(super) course: Course,
    /// How many lines it orders, in proportion to the other accounts.
    pub(super) share: u64,
    /// What a line of its orders is usually worth, in ten-thousandths of a euro.
    pub(super) worth: u64,
    /// The months in which it orders: every `rhythm`-th from `first` up to, not including, `end`.
    pub(super) first: u32,
    pub(super) end: u32,
    pub(super) rhythm: u32,
    pub(super) season: usize,
}

impl Account {
    pub(super) fn new(index: u32, rank: u64, size: &Size) -> Self {
        let (count, months) = (u64::from(size.accounts), 12 * size.years);
        let hash = mix(size.seed, index.into());
        let course = Course::of(rank, count, mix(hash, 1));
        let gap = (mix(hash, 2) % 24) as u32;
        let first = if course == Course::Newcomer { months.saturating_sub(3 + gap % 21) } else { 0 };
        let end = match course {
            Course::Lost if size.years > 1 => months - 12 - gap % 24.min(months - 12),
            _ => months + 1,
        };
        let rhythm = match course {
            Course::Sporadic => 7,
            _ if rank < count / 5 || course == Course::Refunded => 1,
            _ if rank < count / 2 => 2,
            _ => 3,
        };
        let share = curve(rank, count);
        let worth = 1_500_000 * share / curve(count - 1, count) * (60 + mix(hash, 3) % 81) / 100;
        let width = size.accounts.to_string().len().max(4);
        let id = format!("C{:0width$}", index + 1);
        let season = (mix(hash, 4) % 6).saturating_sub(2) as usize;
        Self { id, rank, hash, course, share, worth, first, end, rhythm, season }
    }

    /// How many lines the account orders in a month, in proportion to all others of all months.
    pub(super) fn weight(&self, month: u32, months: u32) -> u128 {
        let phase = (mix(self.hash, 5) % u64::from(self.rhythm)) as u32;
        if !(self.first..self.end).contains(&month) || !(month + phase).is_multiple_of(self.rhythm) {
            return 0;
        }
        // The books are closed a few days into the last month.
        let open = if month == months { 30 } else { 100 };
        let season = SEASONS[self.season][month as usize % 12];
        let years_ago = (months - 1).saturating_sub(month) / 12;
        u128::from(self.share * u64::from(self.rhythm)) * u128::from(self.trend(years_ago) * season * open)
    }

    /// The trade of a year in thousandths of a usual one.
    pub(super) fn trend(&self, years_ago: u32) -> u64 {
        let back = years_ago.min(8);
        match self.course {
            Course::Grower => 1_600 * 78_u64.pow(back) / 100_u64.pow(back),
            Course::Shrinker => 500 * 5_u64.pow(back) / 4_u64.pow(back),
            _ => 880 + mix(self.hash, 100 + u64::from(years_ago)) % 241,
        }
    }

    /// The place of the region that the account is at home in.
    pub(super) fn region(&self) -> usize {
        let given = HOSTILE.iter().find(|(rank, ..)| *rank == self.rank).map(|(_, _, region, _)| *region);
        given.unwrap_or((mix(self.hash, 6) % REGIONS.len() as u64) as usize)
    }

    /// Whether this is the month in which the account has everything credited, and more.
    pub(super) fn is_refund(&self, month: u32, months: u32) -> bool {
        self.course == Course::Refunded && month + 43 == months
    }
}

/// The name and segment of the `index`-th company of a region; no two of a region are alike.
pub(super) fn company(region: usize, seed: u64, index: u64) -> (String, usize) {
    let (_, places, patterns) = REGIONS[region];
    let (places, patterns): (Vec<&str>, Vec<&str>) = (places.split(' ').collect(), patterns.split(';').collect());
    let pairs = (places.len() * patterns.len()) as u64;
    // A step that shares no factor with the number of pairs comes by each of them once.
    let pair = ((index * 37 + seed % pairs) % pairs) as usize;
    let pattern = (pair / places.len() + pair) % patterns.len();
    let place = match index / pairs {
        0 => places[pair % places.len()].to_string(),
        round => format!("{} {}", places[pair % places.len()], round + 1),
    };
    (patterns[pattern].replace("{}", &place), pattern % SEGMENTS.len())
}

/// Writes what is thought of an account by one criterion: mostly one score, at times a newer one or a second opinion.
pub(super) fn judge(account: &Account, criterion: &str, hash: u64, sheet: &mut Sheet) -> Result<(), Error> {
    let spread = |salt, sides| mix(hash, salt) % sides;
    let opinion = 1 + mix(account.hash, 8) % 7 + spread(1, 4);
    let rater = spread(2, 3) as usize;
    let day = format!("{:02}-{:02}", 1 + spread(3, 12), 1 + spread(4, 28));
    let note = field(NOTES.get(spread(5, 40) as usize).unwrap_or(&""));
    let (year, expires) = match spread(6, 100) {
        0..10 => (2023, format!("{}-{day}", 2024 + spread(7, 2))),
        10..50 => (2024, format!("2026-{day}")),
        50..70 => (2025, format!("2027-{day}")),
        _ => (2024 + spread(7, 2), String::new()),
    };
    let id = &account.id;
    let dates = format!("{year}-{day},{expires}");
    sheet.row(&[id, &criterion, &opinion, &RATERS[rater], &dates, &note])?;
    let (rater, score) = match spread(8, 100) {
        0..8 if year < 2025 => (rater, opinion.min(9) + 1),
        8..28 => ((rater + 1) % RATERS.len(), (opinion + spread(9, 4)).clamp(3, 12) - 2),
        _ => return Ok(()),
    };
    let dates = format!("2025-{day},");
    sheet.row(&[id, &criterion, &score, &RATERS[rater], &dates, &""])
}
