//! The words that invented books are made of: places, companies, products, mistakes.

/// The last full year of the books. A few days of the January after it are written as well.
pub(super) const LAST_YEAR: u32 = 2025;
/// The most lines one invoice has.
pub(super) const LONGEST: u64 = 8;
pub(super) const SEGMENTS: [&str; 4] = ["Industry", "Retail", "Public sector", "Crafts"];

/// A region: its name, its invented places, and how companies there are called. The pattern at position `p` belongs to
/// the segment `p % 4`.
pub(super) const REGIONS: [(&str, &str, &str); 5] = [
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

/// The countries of each region.
pub(super) const COUNTRIES: [&[&str]; 5] =
    [&["ES", "PT"], &["DE", "AT", "CH"], &["FR"], &["NL", "BE", "LU"], &["SE", "NO", "DK", "FI"]];

/// Names that break careless outputs, as (rank by size, name, region, segment): they are given to large accounts so that
/// they reach the list of key accounts.
pub(super) const HOSTILE: [(u64, &str, usize, usize); 5] = [
    (2, "Noord | Zuid Techniek B.V.", 3, 0),
    (5, "Ferretería \"La Llave\", S.L.", 0, 1),
    (9, "Durand, Petit & Associés <Ateliers>", 2, 0),
    (14, "*Nordstjärna* Verkstad AB", 4, 0),
    (21, "=Grauhafen+Partner e.K.", 1, 3),
];

/// A family of products: prefix, cheapest and dearest price in ten-thousandths of a euro, decimals of its prices, and
/// whether it is sold by the metre.
pub(super) const FAMILIES: [(&str, u64, u64, u32, bool); 12] = [
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
pub(super) const PER_FAMILY: u64 = 10;

/// What can be wrong with a line.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    /// A column holds this text, as it stands in the file: one with a comma is quoted already.
    Text(usize, &'static str),
    /// The line ends before its last fields.
    Short,
    /// The line has a field too many.
    Long,
    /// A letter was written in another encoding.
    Encoding,
}

/// What is wrong with the broken lines, in the order in which they come.
pub(super) const FAULTS: [Fault; 16] = [
    Fault::Text(2, ""),
    Fault::Text(1, ""),
    Fault::Text(1, "31/02/2024"),
    Fault::Text(5, ""),
    Fault::Short,
    Fault::Text(4, "\"12,5O\""),
    Fault::Text(6, ""),
    Fault::Text(1, "2024-13-05"),
    Fault::Encoding,
    Fault::Text(5, "n/a"),
    Fault::Text(6, "tbc"),
    Fault::Text(4, "####"),
    Fault::Long,
    Fault::Text(1, "yesterday"),
    Fault::Text(5, "\"1.234,56\""),
    Fault::Text(4, "99999999999999999999"),
];

/// The trade of each month in percent of an average one: general, outdoor, heating and public budgets.
pub(super) const SEASONS: [[u64; 12]; 4] = [
    [95, 98, 110, 102, 104, 102, 92, 70, 112, 115, 110, 90],
    [60, 70, 105, 130, 140, 145, 120, 90, 115, 95, 75, 55],
    [125, 115, 100, 80, 65, 60, 60, 75, 120, 140, 140, 120],
    [70, 75, 90, 90, 95, 105, 80, 55, 95, 120, 155, 170],
];

pub(super) const CRITERIA: &str = "culture_of_innovation benchmarking corporate_reputation \
    purchasing_process strategy solidarity long_term_orientation planning_behaviour mutuality exchange_of_information";
pub(super) const RATERS: [&str; 3] = ["m.oliveira", "k.lindqvist", "j.verbeek"];
pub(super) const NOTES: [&str; 6] = [
    "visited in spring",
    "asked for a test site, twice",
    "\"call me first\", said the buyer",
    "pays early | never disputes",
    "Pläne für 2026 <vertraulich>",
    "=SUM(A1:A9) copied from the old sheet",
];
