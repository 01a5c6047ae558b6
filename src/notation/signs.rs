//! Signs and codes of currencies beside an amount.

/// The codes that a sign can stand for.
pub type Codes = &'static [&'static str];

/// Signs of currencies, a longer one before one that it begins or ends with. A sign of several countries has the codes
/// of all: `$` says that an amount is no euros, not which dollars it is.
const SIGNS: &[(&str, Codes)] = &[
    ("US$", &["USD"]),
    ("CA$", &["CAD"]),
    ("AU$", &["AUD"]),
    ("NZ$", &["NZD"]),
    ("HK$", &["HKD"]),
    ("NT$", &["TWD"]),
    ("MX$", &["MXN"]),
    ("R$", &["BRL"]),
    ("C$", &["CAD", "NIO"]),
    ("A$", &["AUD"]),
    ("S$", &["SGD"]),
    ("S/.", &["PEN"]),
    ("S/", &["PEN"]),
    ("SFr.", &["CHF"]),
    ("Fr.", &["CHF"]),
    ("руб.", &["RUB", "BYN"]),
    ("лв.", &["BGN"]),
    ("лв", &["BGN"]),
    ("kr.", &["DKK", "NOK", "SEK", "ISK"]),
    ("kr", &["DKK", "NOK", "SEK", "ISK"]),
    ("Rs.", &["INR", "PKR", "LKR", "NPR", "MUR"]),
    ("Rs", &["INR", "PKR", "LKR", "NPR", "MUR"]),
    ("zł", &["PLN"]),
    ("Kč", &["CZK"]),
    ("Ft", &["HUF"]),
    ("lei", &["RON", "MDL"]),
    ("TL", &["TRY"]),
    ("Rp", &["IDR"]),
    ("RM", &["MYR"]),
    ("€", &["EUR"]),
    ("£", &["GBP", "EGP", "LBP", "GIP", "FKP", "SHP"]),
    ("¥", &["JPY", "CNY"]),
    ("￥", &["JPY", "CNY"]),
    ("円", &["JPY"]),
    ("元", &["CNY"]),
    ("₽", &["RUB"]),
    ("₺", &["TRY"]),
    ("₴", &["UAH"]),
    ("₹", &["INR"]),
    ("₩", &["KRW", "KPW"]),
    ("₪", &["ILS"]),
    ("₫", &["VND"]),
    ("฿", &["THB"]),
    ("₱", &["PHP"]),
    ("₦", &["NGN"]),
    ("₡", &["CRC"]),
    ("₲", &["PYG"]),
    ("₸", &["KZT"]),
    ("₼", &["AZN"]),
    ("₾", &["GEL"]),
    ("₵", &["GHS"]),
    (
        "$",
        &[
            "USD", "CAD", "AUD", "NZD", "MXN", "ARS", "CLP", "COP", "UYU", "HKD", "SGD", "TWD", "BSD", "BBD", "BMD",
            "BND", "BZD", "DOP", "FJD", "GYD", "JMD", "KYD", "LRD", "NAD", "SBD", "SRD", "TTD", "XCD",
        ],
    ),
];

/// The codes of ISO 4217 that are money in use, and those that the euro replaced within the memory of ledgers.
const CODES: Codes = &[
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "ATS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BEF", "BGN",
    "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLF", "CLP",
    "CNH", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DEM", "DJF", "DKK", "DOP", "DZD", "EEK", "EGP", "ERN", "ESP",
    "ETB", "EUR", "FIM", "FJD", "FKP", "FRF", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GRD", "GTQ", "GYD", "HKD",
    "HNL", "HRK", "HTG", "HUF", "IDR", "IEP", "ILS", "INR", "IQD", "IRR", "ISK", "ITL", "JMD", "JOD", "JPY", "KES",
    "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LTL", "LUF", "LVL",
    "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD",
    "NGN", "NIO", "NLG", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PTE", "PYG", "QAR",
    "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SIT", "SKK", "SLE", "SOS", "SRD",
    "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX",
    "USD", "UYU", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW",
    "ZWG",
];

/// Takes a sign or a code off the front or the end of a text: what it can stand for, and the rest.
pub fn strip(text: &str) -> Option<(Codes, &str)> {
    let code = |code: &str| CODES.binary_search(&code).ok().and_then(|place| CODES.get(place..=place));
    let front = text.get(..3).zip(text.get(3..)).filter(|(_, rest)| !rest.starts_with(char::is_alphabetic));
    if let Some((codes, rest)) = front.and_then(|(found, rest)| Some((code(found)?, rest))) {
        return Some((codes, rest));
    }
    let end = text.len().checked_sub(3).and_then(|at| text.split_at_checked(at));
    let end = end.filter(|(rest, _)| !rest.ends_with(char::is_alphabetic));
    if let Some((codes, rest)) = end.and_then(|(rest, found)| Some((code(found)?, rest))) {
        return Some((codes, rest));
    }
    // A sign of letters is a word and ends where the letters end.
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphabetic);
    let sign = |(sign, codes): &(&str, Codes)| {
        let runs_on = |rest: &&str| is_letter(sign.chars().next_back()) && is_letter(rest.chars().next());
        let goes_before = |rest: &&str| is_letter(sign.chars().next()) && is_letter(rest.chars().next_back());
        let front = text.strip_prefix(sign).filter(|rest| !runs_on(rest));
        let end = || text.strip_suffix(sign).filter(|rest| !goes_before(rest));
        Some((*codes, front.or_else(end)?))
    };
    SIGNS.iter().find_map(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_sorted_and_known_to_the_signs() {
        assert!(CODES.is_sorted());
        for (sign, codes) in SIGNS {
            for code in *codes {
                assert!(CODES.binary_search(code).is_ok(), "{sign} {code}");
            }
        }
    }

    #[test]
    fn a_longer_sign_comes_before_one_that_it_holds() {
        for (place, (sign, _)) in SIGNS.iter().enumerate() {
            for (later, _) in SIGNS.iter().skip(place + 1) {
                assert!(!later.starts_with(sign) && !later.ends_with(sign), "{later} behind {sign}");
            }
        }
    }

    #[test]
    fn signs_and_codes_at_either_end() {
        for (text, code, rest) in [
            ("€ 12", "EUR", " 12"),
            ("12€", "EUR", "12"),
            ("EUR12", "EUR", "12"),
            ("12 EUR", "EUR", "12 "),
            ("US$ 5", "USD", " 5"),
            ("5 kr.", "DKK", "5 "),
            ("5 zł", "PLN", "5 "),
            ("CRC 5", "CRC", " 5"),
            ("5 DEM", "DEM", "5 "),
            ("5 CR€", "EUR", "5 CR"),
        ] {
            let (codes, left) = strip(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((codes[0], left), (code, rest), "{text}");
        }
        for text in ["12", "EURO 12", "12 XEUR", "ABC 12", "eur 12", "12 CR", "", "é", "NaN", "skr 5x", "####"] {
            assert_eq!(strip(text), None, "{text}");
        }
    }
}
