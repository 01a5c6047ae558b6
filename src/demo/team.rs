//! Who looks after the accounts of the invented company: managers, what they can do, what is asked of them, and who has
//! which account.

use super::accounts::Account;
use super::books::Books;
use super::drawing::mix;
use super::sheet::Sheet;
use super::words::REGIONS;
use super::{Error, Made};
use std::path::Path;

/// Name, capacity in accounts, languages and region, in the order of [`REGIONS`].
const MANAGERS: [(&str, u32, &str, &str); 5] = [
    ("m.oliveira", 9, "es; pt; en", "Iberia"),
    ("a.brunner", 8, "de; en", "DACH"),
    ("c.moreau", 8, "fr; en", "France"),
    ("j.verbeek", 9, "nl; fr; en", "Benelux"),
    ("k.lindqvist", 8, "sv; da; en", "Nordics"),
];

/// Selling, planning, finance, soft skills and tenders of each; 0 where nobody has said.
const LEVELS: [(&str, [u8; 5]); 5] = [
    ("m.oliveira", [9, 6, 4, 8, 5]),
    ("a.brunner", [7, 8, 7, 5, 7]),
    ("c.moreau", [6, 5, 6, 8, 0]),
    ("j.verbeek", [8, 4, 7, 7, 6]),
    ("k.lindqvist", [7, 7, 3, 9, 8]),
];
const SKILLS: [&str; 5] = ["selling", "planning", "finance", "soft skills", "tenders"];

/// What is asked of all, and more of those with accounts of a segment.
const REQUIREMENTS: [&str; 7] = [
    "selling,7,",
    "planning,6,",
    "finance,5,",
    "soft skills,7,",
    "planning,8,Public sector",
    "tenders,7,Public sector",
    "finance,7,Industry",
];

/// The accounts that are worth a manager are among the largest so many, by rank.
const LARGE: u64 = 45;

/// The rank of an account whose manager has left the company.
const LEFT: u64 = 17;

impl Books<'_> {
    pub(super) fn write_team(&self, folder: &Path, made: &mut Made) -> Result<(), Error> {
        let mut sheet = Sheet::create(folder.join("managers.csv"), "manager,capacity,languages,region")?;
        for (manager, capacity, languages, region) in MANAGERS {
            sheet.row(&[&manager, &capacity, &languages, &region])?;
        }
        sheet.finish(made)?;
        let mut sheet = Sheet::create(folder.join("skills.csv"), "manager,skill,level")?;
        for (manager, levels) in LEVELS {
            for (skill, level) in SKILLS.iter().zip(levels).filter(|(_, level)| *level > 0) {
                sheet.row(&[&manager, skill, &level])?;
            }
        }
        // A level off the scale, and somebody who looks after no account.
        sheet.row(&[&"c.moreau,tenders,12"])?;
        sheet.row(&[&"h.novak,selling,8"])?;
        sheet.finish(made)?;
        let mut sheet = Sheet::create(folder.join("requirements.csv"), "skill,level,segment")?;
        for requirement in REQUIREMENTS {
            sheet.row(&[&requirement])?;
        }
        sheet.finish(made)?;
        let mut sheet = Sheet::create(folder.join("assignments.csv"), "account,manager")?;
        for account in &self.accounts {
            if let Some(manager) = manager(account) {
                sheet.row(&[&account.id, &manager])?;
            }
        }
        sheet.finish(made)
    }
}

/// Mostly the manager of the region; one in six of the large accounts has nobody yet, one in eight somebody from elsewhere.
fn manager(account: &Account) -> Option<&'static str> {
    let hash = mix(account.hash, 12);
    let home = account.region();
    let region = if hash.is_multiple_of(8) { (home + 1) % REGIONS.len() } else { home };
    match account.rank {
        LEFT => Some("p.lindner"),
        LARGE.. => None,
        _ if hash % 6 == 5 => None,
        _ => MANAGERS.get(region).map(|(name, ..)| *name),
    }
}
