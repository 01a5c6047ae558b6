//! Invented books to try the program on: years of invoices, and sheets of accounts, judgements, costs and the team.
//!
//! Everything is drawn with whole numbers from a seeded generator, so the same [`Size`] gives the same bytes on every
//! platform. Lines are written as they are drawn: memory grows with the number of accounts, not with that of lines.

#![expect(clippy::disallowed_methods, reason = "writes the demo data, which no run reads while it is made")]

mod accounts;
mod books;
mod costs;
mod drawing;
mod overrides;
mod products;
mod sheet;
mod sites;
mod team;
mod words;

use books::Books;
use drawing::Shares;
use sheet::{Sheet, failed};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// How many customers the sheet of accounts lists.
    pub accounts: u32,
    /// How many invoice lines there are in all files together.
    pub lines: u64,
    /// How many calendar years the books cover, the last of them being 2025.
    pub years: u32,
    /// Where the drawing starts: another seed makes other books.
    pub seed: u64,
}

impl Default for Size {
    fn default() -> Self {
        Self { accounts: 300, lines: 40_000, years: 5, seed: 7 }
    }
}

/// What was made.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// How many files were written.
    pub files: usize,
    /// How many invoice lines they hold, headers not counted.
    pub lines: u64,
    /// How many bytes they hold.
    pub bytes: u64,
}

/// Why the books could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The size asked for makes no sense.
    #[error("cannot make demo data: {0}")]
    Size(&'static str),
    /// A folder or file could not be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes the books of `size` into `folder`, which is created if need be; files of the same names are replaced.
pub fn write(folder: &Path, size: &Size) -> Result<Made, Error> {
    check(size)?;
    let invoices = folder.join("invoices");
    fs::create_dir_all(&invoices).map_err(|source| failed(&invoices, source))?;
    let mut books = Books::new(size);
    let mut made = Made::default();
    let months = 12 * size.years;
    let weights =
        (0..=months).flat_map(|month| books.accounts.iter().map(move |account| account.weight(month, months)));
    let mut shares = Shares::new(size.lines, weights.sum());
    for month in 0..=months {
        let (year, month_of_year) = (books.year(month), month % 12 + 1);
        let path = invoices.join(format!("{year}-{month_of_year:02}.csv"));
        let mut sheet =
            Sheet::create(path, "invoice_no,invoice_date,customer_id,sku,quantity,unit_price,cost,ship_to")?;
        books.month(month, &mut shares, &mut sheet)?;
        sheet.finish(&mut made)?;
    }
    let mut sheet = Sheet::create(folder.join("accounts.csv"), "customer_id,name,segment,region")?;
    books.write_accounts(&mut sheet)?;
    sheet.finish(&mut made)?;
    let mut sheet = Sheet::create(folder.join("scores.csv"), "account,criterion,score,rater,date,expires,note")?;
    books.write_scores(&mut sheet)?;
    sheet.finish(&mut made)?;
    let mut sheet = Sheet::create(folder.join("overrides.csv"), "account,what,value,who,why,since,until")?;
    books.write_overrides(&mut sheet)?;
    sheet.finish(&mut made)?;
    let mut sheet = Sheet::create(folder.join("costs.csv"), "account,period,activity,amount")?;
    books.write_costs(&mut sheet)?;
    sheet.finish(&mut made)?;
    books.write_team(folder, &mut made)?;
    made.lines = size.lines;
    Ok(made)
}

fn check(size: &Size) -> Result<(), Error> {
    let Size { accounts, lines, years, .. } = *size;
    let rules = [
        ((1..=10_000_000).contains(&accounts), "accounts must be 1 to 10000000"),
        ((1..=50).contains(&years), "years must be 1 to 50"),
        (lines >= accounts.into(), "lines must be no fewer than accounts"),
        (lines <= 10_000_000_000, "lines must be at most 10000000000"),
    ];
    match rules.iter().find(|(kept, _)| !kept) {
        Some((_, rule)) => Err(Error::Size(rule)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet, HashMap};

    fn size(accounts: u32, lines: u64, years: u32, seed: u64) -> Size {
        Size { accounts, lines, years, seed }
    }

    /// Writes the books to a folder of their own and reads every file back.
    fn made(size: &Size) -> (Made, BTreeMap<String, Vec<u8>>) {
        let folder = tempfile::tempdir().unwrap();
        let made = write(folder.path(), size).unwrap();
        let files = [folder.path().to_path_buf(), folder.path().join("invoices")];
        let entries = files.iter().flat_map(|path| fs::read_dir(path).unwrap()).map(|entry| entry.unwrap().path());
        let texts = entries.filter(|path| path.is_file()).map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        });
        (made, texts.collect())
    }

    /// The lines of the invoices by file; a letter in another encoding shows as a replacement sign.
    fn invoice_lines(files: &BTreeMap<String, Vec<u8>>) -> Vec<Vec<String>> {
        let months = files.iter().filter(|(name, _)| name.starts_with(char::is_numeric));
        months.map(|(_, text)| String::from_utf8_lossy(text).lines().skip(1).map(str::to_owned).collect()).collect()
    }

    /// The fields of a line with nothing wrong in its number, date and account and none missing at its end.
    fn sound(line: &str) -> Option<Vec<&str>> {
        let fields: Vec<&str> = line.split(',').collect();
        let number = fields[0].starts_with("INV-") || fields[0].starts_with("CN-");
        let date = fields[1].len() == 10 && fields[1].starts_with("20") && fields[1] != "2024-13-05";
        let is_country = |field: &&str| field.len() == 2 && field.bytes().all(|letter| letter.is_ascii_uppercase());
        let country = fields.last().is_some_and(is_country);
        (number && date && !fields[2].is_empty() && country).then_some(fields)
    }

    #[test]
    fn the_same_size_gives_the_same_bytes_and_another_seed_others() {
        let first = made(&size(40, 3_000, 3, 7));
        assert_eq!(first, made(&size(40, 3_000, 3, 7)));
        assert_ne!(first.1, made(&size(40, 3_000, 3, 8)).1);
    }

    #[test]
    fn the_lines_of_all_files_add_up_to_the_request() {
        for size in [size(1, 1, 1, 0), size(1, 500, 2, 1), size(7, 7, 50, 2), size(13, 9_999, 4, 3), Size::default()] {
            let (made, files) = made(&size);
            assert_eq!(invoice_lines(&files).concat().len() as u64, size.lines, "{size:?}");
            assert_eq!(made.lines, size.lines);
            assert_eq!(made.files, 12 * size.years as usize + 9);
            assert_eq!(made.files, files.len());
            assert_eq!(made.bytes, files.values().map(|text| text.len() as u64).sum::<u64>());
        }
    }

    #[test]
    fn an_invoice_number_stands_for_one_account_and_one_day() {
        let (_, files) = made(&Size::default());
        let lines = invoice_lines(&files).concat();
        let mut holders: HashMap<&str, (&str, &str)> = HashMap::new();
        for line in &lines {
            let Some(fields) = sound(line) else { continue };
            let holder = *holders.entry(fields[0]).or_insert((fields[1], fields[2]));
            assert_eq!(holder, (fields[1], fields[2]), "{line}");
        }
    }

    #[test]
    fn the_lines_of_a_month_are_sorted_by_date_then_number() {
        let (_, files) = made(&Size::default());
        for month in invoice_lines(&files) {
            let fields = month.iter().filter_map(|line| sound(line));
            let keys: Vec<(&str, &str)> = fields.map(|fields| (fields[1], fields[0])).collect();
            assert!(keys.len() > 20 && keys.is_sorted());
        }
    }

    /// Fields from the right: faults are quoted where they hold a comma, countries never are.
    #[test]
    fn goods_go_to_one_country_per_invoice_and_new_ones_are_entered_in_the_last_year() {
        let (_, files) = made(&Size::default());
        let mut countries: HashMap<&str, &str> = HashMap::new();
        let mut before: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        let mut last: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        let lines = invoice_lines(&files).concat();
        for line in &lines {
            let Some(fields) = sound(line) else { continue };
            let (number, account, country) = (fields[0], fields[2], line.rsplit(',').next().unwrap());
            assert!(country.len() == 2 && country.chars().all(|letter| letter.is_ascii_uppercase()), "{line}");
            assert_eq!(*countries.entry(number).or_insert(country), country, "{line}");
            let years = if number.contains("-2025-") { &mut last } else { &mut before };
            years.entry(account).or_default().insert(country);
        }
        let entered = |account: &&&str| before.get(**account).is_some_and(|known| !last[**account].is_subset(known));
        assert!((5..60).contains(&last.keys().filter(entered).count()));
        assert!(last.values().filter(|countries| countries.len() == 1).count() > last.len() / 2);
    }

    #[test]
    fn no_two_companies_share_a_name() {
        let (_, files) = made(&size(2_000, 2_000, 1, 7));
        let accounts = String::from_utf8_lossy(&files["accounts.csv"]);
        let mut names: Vec<&str> = accounts.lines().map(|line| line.split_once(',').unwrap().1).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 2_001);
    }

    #[test]
    fn costs_are_of_accounts_that_the_sheet_lists_but_for_the_slips() {
        let (_, files) = made(&Size::default());
        let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
        let (accounts, costs) = (text("accounts.csv"), text("costs.csv"));
        let known: Vec<&str> = accounts.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        let rows: Vec<Vec<&str>> = costs.lines().skip(1).map(|line| line.split(',').collect()).collect();
        assert!(rows.iter().all(|row| row.len() == 4));
        let (whole, slips) = rows.split_at(rows.len() - 4);
        for row in whole {
            assert!(known.contains(&row[0]) && row[1].starts_with("20"), "{row:?}");
            assert!(row[3].parse::<f64>().unwrap() > 0.0, "{row:?}");
        }
        assert!(["visits", "support", "rush orders"].iter().all(|name| whole.iter().any(|row| row[2] == *name)));
        assert!(slips.iter().all(|row| !known.contains(&row[0]) || row[1] == "2025-13" || row[3] == "to follow"));
    }

    #[test]
    fn a_size_that_makes_no_sense_is_refused() {
        for size in [size(0, 10, 1, 0), size(10, 9, 1, 0), size(1, 10, 0, 0), size(1, 10, 51, 0)] {
            let error = write(Path::new("never-made"), &size).unwrap_err().to_string();
            assert!(error.starts_with("cannot make demo data: ") && !error.ends_with('.'), "{error}");
        }
        assert!(!Path::new("never-made").exists());
    }

    #[test]
    fn an_error_names_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("taken");
        fs::write(&file, "").unwrap();
        let error = write(&file, &Size::default()).unwrap_err().to_string();
        assert!(error.contains(&file.join("invoices").display().to_string()), "{error}");
    }
}
