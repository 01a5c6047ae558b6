//! Invented books to try the program on: years of invoices, a sheet of accounts and a sheet of judgements.
//!
//! Everything is drawn with whole numbers from a seeded generator, so the same [`Size`] gives the same bytes on every
//! platform. Lines are written as they are drawn: memory grows with the number of accounts, not with that of lines.

#![expect(clippy::disallowed_methods, reason = "writes the demo data, which no run reads while it is made")]

use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::civil::{Weekday, date};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// The last full year of the books. A few days of the January after it are written as well.
const LAST_YEAR: u32 = 2025;
/// The most lines one invoice has.
const LONGEST: u64 = 8;
const SEGMENTS: [&str; 4] = ["Industry", "Retail", "Public sector", "Crafts"];

/// A region: its name, its invented places, and how companies there are called. The pattern at position `p` belongs to
/// the segment `p % 4`.
const REGIONS: [(&str, &str, &str); 5] = [
    (
        "Iberia",
        "Montalvera Riolengo Peñaclara Vilaforte Serradouro Torrebermeja Brañalta Fontecova Guadalmera Ribadulce",
        "Talleres {} S.A.;Ferretería {} S.L.;Ayuntamiento de {};Instalaciones {} e Hijos S.L.;Metalúrgica {} Lda.;\
         Suministros {} S.L.U.;Câmara Municipal de {};Fontanería {} y Cía.",
    ),
    (
        "DACH",
        "Brunnfeld Grauhafen Eschenrode Lindtal Kaltmühl Althöfen Steinbrück Rabenau Wiesgrund Oberlauter",
        "{} Maschinenbau GmbH;{} Baumarkt GmbH & Co. KG;Stadtwerke {};{} & Söhne Haustechnik;Metallbau {} AG;\
         Eisenwaren {} OHG;Gemeinde {};Elektro {} e.K.",
    ),
    (
        "France",
        "Valcombe Rochebrune Montferrain Clairvigne Saint-Aubray Pontrieux-sur-Orle Hautefage Bellegrange Lormoy Grévange",
        "Ateliers {} SAS;Quincaillerie {} SARL;Mairie de {};Plomberie {} & Fils;Mécanique {} SA;Comptoir {} SARL;\
         Régie des eaux de {};Électricité {} EURL",
    ),
    (
        "Benelux",
        "Westerhout Oudewaal Kruisbeke Zandhoven-Noord Meerlaar Terbrugge Valkendam Rijnoever Hoogvliet-Zuid Molendonk",
        "{} Machinebouw B.V.;IJzerhandel {} N.V.;Gemeente {};Installatiebedrijf {} B.V.;Constructions {} S.A.;\
         Bouwmarkt {} B.V.;Waterschap {};Gebroeders {} & Zonen",
    ),
    (
        "Nordics",
        "Björkvik Granåsen Søndervang Lakselund Hirvilampi Østerhavn Kvarnberga Fjellsund Ravnsø Mäntyranta",
        "{} Verkstad AB;{} Järnhandel AB;{} kommun;{} VVS ApS;{} Konepaja Oy;{} Byggvarer AS;{} Vandværk;Brødrene {} AS",
    ),
];

/// Names that break careless outputs, as (rank by size, name, region, segment): they are given to large accounts so that
/// they reach the list of key accounts.
const HOSTILE: [(u64, &str, usize, usize); 5] = [
    (2, "Noord | Zuid Techniek B.V.", 3, 0),
    (5, "Ferretería \"La Llave\", S.L.", 0, 1),
    (9, "Durand, Petit & Associés <Ateliers>", 2, 0),
    (14, "*Nordstjärna* Verkstad AB", 4, 0),
    (21, "=Grauhafen+Partner e.K.", 1, 3),
];

/// A family of products: prefix, cheapest and dearest price in ten-thousandths of a euro, decimals of its prices, and
/// whether it is sold by the metre.
const FAMILIES: [(&str, u64, u64, u32, bool); 12] = [
    ("SCR", 180, 2_400, 4, false),
    ("CAB", 4_500, 98_000, 3, true),
    ("HOS", 12_000, 240_000, 2, true),
    ("FIT", 15_000, 380_000, 2, false),
    ("VLV", 90_000, 3_400_000, 2, false),
    ("PMP", 1_200_000, 18_900_000, 2, false),
    ("BRG", 30_000, 950_000, 2, false),
    ("SEA", 3_500, 180_000, 3, false),
    ("FLT", 60_000, 1_200_000, 2, false),
    ("LED", 80_000, 2_100_000, 2, false),
    ("TLS", 120_000, 4_200_000, 2, false),
    ("SAF", 20_000, 650_000, 2, false),
];
const PER_FAMILY: u64 = 10;

/// What a broken line holds and in which column, in the order in which such lines come. The text is as it stands in the
/// file: one with a comma is quoted already.
const FAULTS: [(usize, &str); 12] = [
    (2, ""),
    (1, ""),
    (1, "31/02/2024"),
    (5, ""),
    (4, "\"12,5O\""),
    (6, ""),
    (1, "2024-13-05"),
    (5, "n/a"),
    (4, "####"),
    (1, "yesterday"),
    (5, "\"1.234,56\""),
    (6, ""),
];

/// The trade of each month in percent of an average one: general, outdoor, heating and public budgets.
const SEASONS: [[u64; 12]; 4] = [
    [95, 98, 110, 102, 104, 102, 92, 70, 112, 115, 110, 90],
    [60, 70, 105, 130, 140, 145, 120, 90, 115, 95, 75, 55],
    [125, 115, 100, 80, 65, 60, 60, 75, 120, 140, 140, 120],
    [70, 75, 90, 90, 95, 105, 80, 55, 95, 120, 155, 170],
];

const CRITERIA: &str = "new_markets innovation benchmarking reputation purchasing strategy solidarity long_term planning \
                        mutuality information";
const RATERS: [&str; 3] = ["m.oliveira", "k.lindqvist", "j.verbeek"];
const NOTES: [&str; 6] = [
    "visited in spring",
    "asked for a test site, twice",
    "\"call me first\", said the buyer",
    "pays early | never disputes",
    "Pläne für 2026 <vertraulich>",
    "=SUM(A1:A9) copied from the old sheet",
];

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
        let mut sheet = Sheet::create(path, "invoice_no,invoice_date,customer_id,sku,quantity,unit_price,cost")?;
        books.month(month, &mut shares, &mut sheet)?;
        sheet.finish(&mut made)?;
    }
    let mut sheet = Sheet::create(folder.join("accounts.csv"), "customer_id,name,segment,region")?;
    books.write_accounts(&mut sheet)?;
    sheet.finish(&mut made)?;
    let mut sheet = Sheet::create(folder.join("scores.csv"), "account,criterion,score,rater,date,expires,note")?;
    books.write_scores(&mut sheet)?;
    sheet.finish(&mut made)?;
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

/// A file being written: its bytes are counted, and its path is named when it fails.
struct Sheet {
    path: PathBuf,
    out: BufWriter<File>,
    row: Vec<u8>,
    bytes: u64,
}

impl Sheet {
    fn create(path: PathBuf, header: &str) -> Result<Self, Error> {
        let file = File::create(&path).map_err(|source| failed(&path, source))?;
        let (out, row, bytes) = (BufWriter::with_capacity(1 << 16, file), Vec::new(), 0);
        let mut sheet = Self { path, out, row, bytes };
        sheet.row(&[&header])?;
        Ok(sheet)
    }

    fn row(&mut self, fields: &[&dyn Display]) -> Result<(), Error> {
        self.row.clear();
        for field in fields {
            write!(self.row, "{field},").map_err(|source| failed(&self.path, source))?;
        }
        self.row.pop();
        self.row.push(b'\n');
        self.bytes += self.row.len() as u64;
        self.out.write_all(&self.row).map_err(|source| failed(&self.path, source))
    }

    fn finish(mut self, made: &mut Made) -> Result<(), Error> {
        made.files += 1;
        made.bytes += self.bytes;
        self.out.flush().map_err(|source| failed(&self.path, source))
    }
}

fn failed(path: &Path, source: io::Error) -> Error {
    let path = path.to_path_buf();
    Error::Write { path, source }
}

/// A text as a CSV field: quoted only if it must be.
fn field(text: &str) -> String {
    match text.contains(['"', ',']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    }
}

/// A number with a fixed count of decimals, held as a whole number of its smallest steps.
struct Fixed(i64, u32);

impl Display for Fixed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (steps, unit) = (self.0.unsigned_abs(), 10_u64.pow(self.1));
        let (sign, width) = (if self.0 < 0 { "-" } else { "" }, self.1 as usize);
        match width {
            0 => write!(out, "{sign}{steps}"),
            _ => write!(out, "{sign}{}.{:0width$}", steps / unit, steps % unit),
        }
    }
}

/// A hash of two numbers: what it decides can be asked for again without being stored.
fn mix(first: u64, second: u64) -> u64 {
    let mut hash = first ^ second.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

/// A number from 0 up to, not including, `bound`.
fn below(draw: &mut Pcg64Mcg, bound: u64) -> u64 {
    ((u128::from(draw.next_u64()) * u128::from(bound)) >> 64) as u64
}

fn shuffle<T>(draw: &mut Pcg64Mcg, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(draw, last as u64 + 1) as usize);
    }
}

/// How trade with an account goes over the years.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
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
    fn of(rank: u64, count: u64, hash: u64) -> Self {
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
struct Account {
    id: String,
    /// Its place by size, 0 being the largest.
    rank: u64,
    hash: u64,
    course: Course,
    /// How many lines it orders, in proportion to the other accounts.
    share: u64,
    /// What a line of its orders is usually worth, in ten-thousandths of a euro.
    worth: u64,
    /// The months in which it orders: every `rhythm`-th from `first` up to, not including, `end`.
    first: u32,
    end: u32,
    rhythm: u32,
    season: usize,
}

impl Account {
    fn new(index: u32, rank: u64, size: &Size) -> Self {
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
    fn weight(&self, month: u32, months: u32) -> u128 {
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
    fn trend(&self, years_ago: u32) -> u64 {
        let back = years_ago.min(8);
        match self.course {
            Course::Grower => 1_600 * 78_u64.pow(back) / 100_u64.pow(back),
            Course::Shrinker => 500 * 5_u64.pow(back) / 4_u64.pow(back),
            _ => 880 + mix(self.hash, 100 + u64::from(years_ago)) % 241,
        }
    }

    /// Whether this is the month in which the account has everything credited, and more.
    fn is_refund(&self, month: u32, months: u32) -> bool {
        self.course == Course::Refunded && month + 43 == months
    }
}

/// A falling curve over the ranks, as rank to the power of -3/4: taken twice, for the number of lines and for what each
/// is worth, it leaves a fifth of the accounts with about four fifths of the revenue, whatever their number.
fn curve(rank: u64, count: u64) -> u64 {
    let place = u128::from(rank + 1 + count / 32);
    ((1 << 120) / place.pow(3)).isqrt().isqrt() as u64
}

/// Hands out whole lines by running total, so that they add up exactly.
struct Shares {
    lines: u128,
    total: u128,
    passed: u128,
}

impl Shares {
    fn new(lines: u64, total: u128) -> Self {
        let (lines, passed) = (lines.into(), 0);
        Self { lines, total, passed }
    }

    fn next(&mut self, weight: u128) -> u64 {
        let before = self.passed * self.lines / self.total;
        self.passed += weight;
        (self.passed * self.lines / self.total - before) as u64
    }
}

struct Product {
    /// As it stands in the file: quoted already if it must be.
    sku: String,
    price: u64,
    decimals: u32,
    by_metre: bool,
    /// The cost of goods in percent of the list price.
    cost: u64,
    /// How often this product or one before it is bought.
    popularity: u64,
}

fn catalogue(seed: u64) -> Vec<Product> {
    let mut popularity = 0;
    let mut products = Vec::new();
    for (prefix, low, high, decimals, by_metre) in FAMILIES {
        for item in 0..PER_FAMILY {
            let hash = mix(seed, 1_000_000_000 + products.len() as u64);
            let sku = match (prefix, item) {
                ("FIT", 3) => "FIT-103,A2".to_string(),
                ("HOS", 5) => "HOS-3/4\"".to_string(),
                _ => format!("{prefix}-{}", 100 + item),
            };
            popularity += 100_000 / (5 + hash % 120);
            let price = low + (high - low) * (item * item * 10 + hash % 10) / 819;
            let cost = 52 + mix(hash, 1) % 20;
            let sku = field(&sku);
            products.push(Product { sku, price, decimals, by_metre, cost, popularity });
        }
    }
    products
}

/// A line before it is written: quantity in tenths, price in ten-thousandths of a euro, cost in cents.
struct Line<'a> {
    sku: &'a str,
    quantity: i64,
    price: i64,
    decimals: u32,
    cost: i64,
}

/// What an account orders within one month: some documents with some lines, of which some are written already.
struct Order {
    account: usize,
    hash: u64,
    documents: u64,
    issued: u64,
    lines: u64,
}

impl Order {
    /// How many documents not written yet fall on the working day `day` of `days`: they are spread over the month.
    fn due(&self, day: u64, days: u64) -> u64 {
        let day_of = |document| (document * days + mix(self.hash, document) % days) / self.documents;
        (self.issued..self.documents).take_while(|document| day_of(*document) <= day).count() as u64
    }

    /// The number of lines of the next document, such that every later one gets at least one and none too many.
    fn next_lines(&mut self, draw: &mut Pcg64Mcg) -> u64 {
        self.issued += 1;
        let later = self.documents - self.issued;
        let wanted = 1 + below(draw, LONGEST).min(below(draw, LONGEST));
        let lines = wanted.min(self.lines - later).max(self.lines.saturating_sub(LONGEST * later));
        self.lines -= lines;
        lines
    }
}

/// The books and where the drawing of them stands.
struct Books<'a> {
    size: &'a Size,
    accounts: Vec<Account>,
    products: Vec<Product>,
    draw: Pcg64Mcg,
    /// The last number of this year's invoices and of its credit notes.
    numbers: [u64; 2],
    faults: usize,
    until_fault: u64,
}

impl<'a> Books<'a> {
    fn new(size: &'a Size) -> Self {
        let mut draw = Pcg64Mcg::seed_from_u64(size.seed);
        let mut ranks: Vec<u64> = (0..size.accounts.into()).collect();
        shuffle(&mut draw, &mut ranks);
        let accounts = (0..size.accounts).zip(ranks).map(|(index, rank)| Account::new(index, rank, size)).collect();
        let products = catalogue(size.seed);
        Self { size, accounts, products, draw, numbers: [0, 0], faults: 0, until_fault: 400 }
    }

    fn year(&self, month: u32) -> u32 {
        LAST_YEAR + 1 - self.size.years + month / 12
    }

    fn working_days(&self, month: u32) -> Vec<String> {
        let first = date(self.year(month) as i16, (month % 12 + 1) as i8, 1);
        let days = (1..=first.days_in_month()).map(|day| date(first.year(), first.month(), day));
        let holidays = [(1, 1), (5, 1), (12, 25), (12, 26)];
        let open = days.filter(|day| {
            !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
                && !holidays.contains(&(day.month(), day.day()))
        });
        let closing = if month == 12 * self.size.years { 6 } else { 31 };
        open.take(closing).map(|day| day.to_string()).collect()
    }

    fn orders(&mut self, month: u32, shares: &mut Shares) -> Vec<Order> {
        let mut orders = Vec::new();
        for (index, account) in self.accounts.iter().enumerate() {
            let lines = shares.next(account.weight(month, 12 * self.size.years));
            let hash = mix(account.hash, 1_000 + u64::from(month));
            if lines > 0 {
                orders.push(Order { account: index, hash, documents: lines * 2 / 7 + 1, issued: 0, lines });
            }
        }
        shuffle(&mut self.draw, &mut orders);
        orders
    }

    fn month(&mut self, month: u32, shares: &mut Shares, sheet: &mut Sheet) -> Result<(), Error> {
        if month.is_multiple_of(12) {
            self.numbers = [0, 0];
        }
        let mut orders = self.orders(month, shares);
        let days = self.working_days(month);
        for (index, day) in days.iter().enumerate() {
            // Credit notes go first, for "CN-" sorts before "INV-" within a day.
            for credit in [true, false] {
                for order in &mut orders {
                    let due = order.due(index as u64, days.len() as u64);
                    let documents = if credit { self.credits(order, due, month) } else { due };
                    for _ in 0..documents {
                        self.document(order, day, month, credit, sheet)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// How many of the documents due today are credit notes: one in fifty, or all of them in a month of refund.
    fn credits(&mut self, order: &Order, due: u64, month: u32) -> u64 {
        match due {
            0 => 0,
            _ if self.accounts[order.account].is_refund(month, 12 * self.size.years) => due,
            _ => (due + below(&mut self.draw, 50)) / 50,
        }
    }

    fn document(
        &mut self,
        order: &mut Order,
        day: &str,
        month: u32,
        credit: bool,
        sheet: &mut Sheet,
    ) -> Result<(), Error> {
        let lines = order.next_lines(&mut self.draw);
        self.numbers[usize::from(credit)] += 1;
        let prefix = if credit { "CN" } else { "INV" };
        // Within a year the numbers keep one width, so that they sort as text.
        let width = self.size.lines.to_string().len().max(6);
        let (year, count) = (self.year(month), self.numbers[usize::from(credit)]);
        let number = format!("{prefix}-{year}-{count:0width$}");
        let freight = !credit && lines > 1 && below(&mut self.draw, 12) == 0;
        for position in 1..=lines {
            let fault = self.next_fault();
            let account = &self.accounts[order.account];
            let line = if freight && position == lines {
                extra(&mut self.draw)
            } else {
                goods(&self.products, &mut self.draw, account, month, self.size.years, credit)
            };
            let quantity = if line.quantity % 10 == 0 { Fixed(line.quantity / 10, 0) } else { Fixed(line.quantity, 1) };
            let price = Fixed(line.price / 10_i64.pow(4 - line.decimals), line.decimals);
            let cost = Fixed(line.cost, 2);
            let mut fields: [&dyn Display; 7] = [&number, &day, &account.id, &line.sku, &quantity, &price, &cost];
            if let Some((column, text)) = fault {
                fields[*column] = text;
            }
            sheet.row(&fields)?;
        }
        Ok(())
    }

    /// What is wrong with the next line: about one in nine hundred is broken, in each of the ways by turns.
    fn next_fault(&mut self) -> Option<&'static (usize, &'static str)> {
        self.until_fault -= 1;
        if self.until_fault > 0 {
            return None;
        }
        self.until_fault = 600 + below(&mut self.draw, 600);
        self.faults += 1;
        FAULTS.get((self.faults - 1) % FAULTS.len())
    }

    fn write_accounts(&self, sheet: &mut Sheet) -> Result<(), Error> {
        let mut named = [0; REGIONS.len()];
        for account in &self.accounts {
            let hostile = HOSTILE.iter().find(|(rank, ..)| *rank == account.rank);
            let (name, region, segment) = match hostile {
                Some((_, name, region, segment)) => ((*name).to_string(), *region, *segment),
                None => {
                    let region = (mix(account.hash, 6) % REGIONS.len() as u64) as usize;
                    named[region] += 1;
                    let (name, segment) = company(region, mix(self.size.seed, 2_000_000_000), named[region] - 1);
                    (name, region, segment)
                }
            };
            sheet.row(&[&account.id, &field(&name), &SEGMENTS[segment], &REGIONS[region].0])?;
        }
        Ok(())
    }

    fn write_scores(&self, sheet: &mut Sheet) -> Result<(), Error> {
        let mut largest: Vec<&Account> = self.accounts.iter().collect();
        largest.sort_unstable_by_key(|account| account.rank);
        for account in largest.iter().filter(|account| account.rank < 60 || account.rank % 40 == 0) {
            for (index, criterion) in CRITERIA.split(' ').enumerate() {
                let hash = mix(account.hash, 10_000 + index as u64);
                if hash % 100 >= 18 + account.rank.min(180) / 3 {
                    judge(account, criterion, hash, sheet)?;
                }
            }
        }
        let first = &self.accounts[0].id;
        // A score off the scale, an account and a criterion that are not known: slips that a sheet kept by hand has.
        sheet.row(&[first, &"reputation,11,m.oliveira,2025-03-04,,a slip of the finger"])?;
        sheet.row(&[first, &"friendliness,8,j.verbeek,2025-06-11,,\"new, to be agreed\""])?;
        sheet.row(&[&format!("{first}-OLD"), &"strategy,6,k.lindqvist,2025-05-20,,"])
    }
}

/// Freight or a bank's fee: not sold by choice, and left out of most reckonings.
fn extra(draw: &mut Pcg64Mcg) -> Line<'static> {
    let (sku, cents, percent) = match below(draw, 4) {
        0 => ("BANK CHARGES", 350 + below(draw, 1_150) as i64, 0),
        _ => ("POSTAGE", 690 + below(draw, 4_200) as i64, 80),
    };
    let (quantity, price, decimals, cost) = (10, cents * 100, 2, cents * percent / 100);
    Line { sku, quantity, price, decimals, cost }
}

/// A line of goods: a product the account can afford, as much of it as a line of the account is worth.
fn goods<'a>(
    products: &'a [Product],
    draw: &mut Pcg64Mcg,
    account: &Account,
    month: u32,
    years: u32,
    credit: bool,
) -> Line<'a> {
    let usual = account.worth * (30 + below(draw, 71) + below(draw, 71)) / 100;
    let worth = match credit {
        true if account.is_refund(month, 12 * years) => usual * 24,
        true => usual / 2,
        false => usual,
    };
    let mut product = pick(products, draw);
    for _ in 0..6 {
        // Nobody orders what one line cannot pay, nor a lorry load of screws.
        if product.price > worth || product.price * 15_000 < worth {
            product = pick(products, draw);
        }
    }
    // List prices rise by a constant amount each year; larger accounts pay less than the list says.
    let years_ago = u64::from((12 * years - 1).saturating_sub(month) / 12).min(20);
    let list = product.price * (1_000 - 22 * years_ago) / 1_000;
    let discount = mix(account.hash, 7) % 12 + 12 * account.worth / (account.worth + 12_000_000);
    let step = 10_u64.pow(4 - product.decimals);
    let price = (list * (100 - discount) / 100 / step).max(1) * step;
    let quantity = tenths(worth, price, product.by_metre && below(draw, 4) == 0);
    let cost = quantity * list * product.cost / 100 * (97 + below(draw, 7)) / 100_000;
    let sign = if credit { -1 } else { 1 };
    let (quantity, cost) = (sign * quantity as i64, sign * cost as i64);
    let (sku, price, decimals) = (product.sku.as_str(), price as i64, product.decimals);
    Line { sku, quantity, price, decimals, cost }
}

/// How much of a product is bought for `worth`, in tenths: whole, or in half metres, and large amounts in packs of ten.
fn tenths(worth: u64, price: u64, halves: bool) -> u64 {
    match worth / price {
        pieces @ 200.. => pieces / 10 * 100,
        _ if halves => (worth * 2 / price).max(1) * 5,
        pieces => pieces.max(1) * 10,
    }
}

fn pick<'a>(products: &'a [Product], draw: &mut Pcg64Mcg) -> &'a Product {
    let last = products.len() - 1;
    let drawn = below(draw, products[last].popularity);
    &products[products.partition_point(|product| product.popularity <= drawn).min(last)]
}

/// The name and segment of the `index`-th company of a region; no two of a region are alike.
fn company(region: usize, seed: u64, index: u64) -> (String, usize) {
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
fn judge(account: &Account, criterion: &str, hash: u64, sheet: &mut Sheet) -> Result<(), Error> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, HashMap};

    fn size(accounts: u32, lines: u64, years: u32, seed: u64) -> Size {
        Size { accounts, lines, years, seed }
    }

    /// Writes the books to a folder of their own and reads every file back.
    fn made(size: &Size) -> (Made, BTreeMap<String, String>) {
        let folder = tempfile::tempdir().unwrap();
        let made = write(folder.path(), size).unwrap();
        let files = [folder.path().to_path_buf(), folder.path().join("invoices")];
        let entries = files.iter().flat_map(|path| fs::read_dir(path).unwrap()).map(|entry| entry.unwrap().path());
        let texts = entries.filter(|path| path.is_file()).map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        });
        (made, texts.collect())
    }

    fn invoice_lines(files: &BTreeMap<String, String>) -> Vec<&str> {
        let months = files.iter().filter(|(name, _)| name.starts_with(char::is_numeric));
        months.flat_map(|(_, text)| text.lines().skip(1)).collect()
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
            assert_eq!(invoice_lines(&files).len() as u64, size.lines, "{size:?}");
            assert_eq!(made.lines, size.lines);
            assert_eq!(made.files, 12 * size.years as usize + 3);
            assert_eq!(made.files, files.len());
            assert_eq!(made.bytes, files.values().map(|text| text.len() as u64).sum::<u64>());
        }
    }

    #[test]
    fn an_invoice_number_stands_for_one_account_and_one_day() {
        let (_, files) = made(&Size::default());
        let mut holders: HashMap<&str, (&str, &str)> = HashMap::new();
        for line in invoice_lines(&files) {
            let fields: Vec<&str> = line.splitn(4, ',').collect();
            if fields[2].is_empty() || !fields[1].starts_with("20") || fields[1] == "2024-13-05" {
                continue;
            }
            let holder = *holders.entry(fields[0]).or_insert((fields[1], fields[2]));
            assert_eq!(holder, (fields[1], fields[2]), "{line}");
        }
    }

    #[test]
    fn the_lines_of_a_month_are_sorted_by_date_then_number() {
        let (_, files) = made(&Size::default());
        for text in files.iter().filter(|(name, _)| name.starts_with("20")).map(|(_, text)| text) {
            let fields = text.lines().skip(1).map(|line| line.splitn(3, ',').collect::<Vec<_>>());
            let whole = fields.filter(|fields| fields[1].starts_with("20") && fields[1] != "2024-13-05");
            let keys: Vec<(String, String)> = whole.map(|fields| (fields[1].into(), fields[0].into())).collect();
            assert!(keys.is_sorted());
        }
    }

    #[test]
    fn no_two_companies_share_a_name() {
        let (_, files) = made(&size(2_000, 2_000, 1, 7));
        let mut names: Vec<&str> = files["accounts.csv"].lines().map(|line| line.split_once(',').unwrap().1).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 2_001);
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
