//! Where goods go to: most accounts have one site, some a second one abroad, and some open one after the other.

use super::accounts::Account;
use super::drawing::mix;
use super::words::COUNTRIES;

impl Account {
    /// The country that the goods of a document go to. It is asked of the hash alone, so that what is drawn for the
    /// lines does not depend on it.
    pub(super) fn ship_to(&self, month: u32, months: u32, document: u64) -> &'static str {
        let sites = self.sites_abroad(month, months);
        let hash = mix(mix(self.hash, 9), document);
        // Two documents of five go abroad.
        if sites > 0 && hash % 5 < 2 { self.country(1 + hash / 5 % sites) } else { self.country(0) }
    }

    fn sites_abroad(&self, month: u32, months: u32) -> u64 {
        match mix(self.hash, 10) % 100 {
            0..72 => 0,
            72..84 => 1,
            // One opens in the second quarter of the books, one in the third and one in the last.
            _ => (1..4).filter(|quarter| month > (quarter * months + self.delay(*quarter) * months / 100) / 4).count()
                as u64,
        }
    }

    /// How late in its quarter a site opens, in percent.
    fn delay(&self, quarter: u32) -> u32 {
        (mix(self.hash, 20 + u64::from(quarter)) % 100) as u32
    }

    /// The country of a site: that of site 0 is at home, the others are in other regions, each in one of its own.
    fn country(&self, site: u64) -> &'static str {
        let regions = COUNTRIES.len() as u64;
        let steps = match site {
            0 => 0,
            _ => 1 + (mix(self.hash, 11) % regions + site) % (regions - 1),
        };
        let countries = COUNTRIES[((self.region() as u64 + steps) % regions) as usize];
        countries[(mix(self.hash, 12 + site) % countries.len() as u64) as usize]
    }
}
