//! The files that lines come from: encodings, compression, layouts, folders, workbooks.

use crate::support::{Project, Published, repository};
use flate2::write::GzEncoder;
use insta::assert_snapshot;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use std::fs;
use std::io::Write;

const PIPELINE: &str = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: \"lines*\"}
  - ledger:
      from: invoices
      columns: {account: customer, date: day, amount: amount, product: sku}
      quarantine_limit: 100%
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";

/// The pipeline with more keys of `read`.
fn pipeline(keys: &str) -> String {
    PIPELINE.replace("\"lines*\"}", &format!("\"lines*\", {keys}}}"))
}

/// With letters that differ between encodings, a field of two lines, empty rows, and lines of the wrong length.
const LINES: &str = "customer,day,amount,sku
Müller,2023-12-31,10.50,\"Café
crème\"

Ñandú,2023-12-30,short
,,,
Ñandú,2023-11-05,1.00,S1
Ñandú,soon,2.00,S1
 , , ,
Ølsen,2023-12-24,3.00,S1,surplus

";

const TABLES: [&str; 4] =
    ["tables/account_years.parquet", "reconciliation.parquet", "outcomes.parquet", "quarantine.parquet"];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(bytes, 1).unwrap()
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

/// All letters of the lines are one byte in windows-1252 and in latin-1.
fn single_bytes(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
}

fn files(run: &Published) -> String {
    run.table("files.parquet").to_string()
}

mod text {
    use super::*;

    #[test]
    fn every_encoding_and_compression_gives_the_same_tables() {
        let plain = Project::new(PIPELINE).with("lines.csv", LINES).run(&[]);
        assert_snapshot!(plain.table("quarantine.parquet").select(&["line", "reason", "raw"]), @r#"
        line | reason | raw
        5 | too_few_fields | {"customer":"Ñandú","day":"2023-12-30","amount":"short"}
        8 | unreadable_date | {"customer":"Ñandú","day":"soon","amount":"2.00","sku":"S1"}
        10 | too_many_fields | {"customer":"Ølsen","day":"2023-12-24","amount":"3.00","sku":"S1","field 5":"surplus"}
        "#);
        assert_snapshot!(plain.table("tables/account_years.parquet").select(&["account", "revenue", "lines"]), @"
        account | revenue | lines
        Müller | 10.50 | 1
        Ñandú | 1.00 | 1
        ");
        assert_snapshot!(files(&plain), @"
        file | format | compression | encoding | delimiter | sheet | header_line | rows_empty | columns_missing | dates_ambiguous
        lines.csv | csv | null | utf-8 | , | null | 1 | 4 | null | 0
        ");
        let windows = LINES.replace('\n', "\r\n");
        let encodings: [(&str, &str, Vec<u8>); 9] = [
            ("auto", "utf-8", format!("\u{feff}{LINES}").into_bytes()),
            ("auto", "utf-8", windows.clone().into_bytes()),
            ("utf-8", "utf-8", LINES.as_bytes().to_vec()),
            ("auto", "utf-16le", utf16(&format!("\u{feff}{LINES}"), true)),
            ("auto", "utf-16be", utf16(&format!("\u{feff}{windows}"), false)),
            ("utf-16", "utf-16le", utf16(LINES, true)),
            ("auto", "windows-1252", single_bytes(LINES)),
            ("windows-1252", "windows-1252", single_bytes(&windows)),
            ("latin-1", "latin-1", single_bytes(LINES)),
        ];
        for (place, (declared, found, bytes)) in encodings.into_iter().enumerate() {
            let halves = bytes.split_at(bytes.len() / 3);
            let packed = match place % 4 {
                0 => (None, bytes),
                1 => (Some("gzip"), gzip(&bytes)),
                2 => (Some("zstd"), zstd(&bytes)),
                _ => (Some("gzip"), [gzip(halves.0), gzip(halves.1)].concat()),
            };
            let project = Project::new(&pipeline(&format!("encoding: {declared}"))).with("lines.csv", packed.1);
            let run = project.run(&[]);
            for table in TABLES {
                let (text, expected) = (run.table(table).to_string(), plain.table(table).to_string());
                // A line break within a field is as the file has it.
                assert_eq!(text.replace("\\r\\n", "\\n"), expected, "{declared} {found} {table}");
            }
            let told = run.table("files.parquet");
            assert_eq!(told.texts("encoding"), [found], "{declared}");
            assert_eq!(told.texts("compression"), [packed.0.unwrap_or_default()], "{declared} {found}");
            assert_eq!(told.texts("rows_empty"), ["4"], "{declared} {found}");
        }
    }

    #[test]
    fn compressed_files_are_known_by_their_names_too() {
        let lines = "customer,day,amount,sku\nA,2023-12-31,1,S\n";
        let run = Project::new(PIPELINE)
            .with("lines1.csv.gz", gzip(lines.as_bytes()))
            .with("lines2.TSV.zst", zstd(lines.replace(',', "\t").as_bytes()))
            .with("lines3.txt", lines.replace(',', "|"))
            .with("lines4.csv", lines.replace(',', ";"))
            .run(&[]);
        assert_snapshot!(files(&run), @"
        file | format | compression | encoding | delimiter | sheet | header_line | rows_empty | columns_missing | dates_ambiguous
        lines1.csv.gz | csv | gzip | utf-8 | , | null | 1 | 0 | null | 0
        lines2.TSV.zst | csv | zstd | utf-8 | tab | null | 1 | 0 | null | 0
        lines3.txt | csv | null | utf-8 | | | null | 1 | 0 | null | 0
        lines4.csv | csv | null | utf-8 | ; | null | 1 | 0 | null | 0
        ");
        assert_eq!(run.table("tables/account_years.parquet").texts("revenue"), ["4.00"]);
    }

    #[test]
    fn lines_that_an_encoding_does_not_have_are_quarantined() {
        let header = "customer;day;amount;sku\n";
        let good = "Ñandú;2023-12-31;1;S\n";
        let quarantine = |keys: &str, bytes: &[&[u8]]| {
            let run = Project::new(&pipeline(keys)).with("lines.csv", bytes.concat()).run(&[]);
            run.table("quarantine.parquet").select(&["line", "reason", "detail", "raw"]).to_string()
        };
        let (header, good) = (header.as_bytes(), good.as_bytes());
        let bad = b"A;2023-12-31;1;caf\xe9\n";
        assert_snapshot!(quarantine("encoding: auto", &[header, good, bad, good]), @r#"
        line | reason | detail | raw
        3 | not_utf8 | field 4 is not valid UTF-8 | {"customer":"A","day":"2023-12-31","amount":"1","sku":"caf�"}
        "#);
        let (one, two) = (single_bytes("customer;day;amount;sku\nÑ;2023-12-31;1;S\n"), b"A;2023-12-31;1;\x81\n");
        assert_snapshot!(quarantine("encoding: auto", &[&one, two]), @r#"
        line | reason | detail | raw
        3 | not_windows_1252 | field 4 is not valid windows-1252 | {"customer":"A","day":"2023-12-31","amount":"1","sku":"�"}
        "#);
        assert_snapshot!(quarantine("encoding: latin-1", &[&one, b"A;2023-12-31;1;\x80uro\n"]), @r#"
        line | reason | detail | raw
        3 | not_latin_1 | field 4 is not valid latin-1 | {"customer":"A","day":"2023-12-31","amount":"1","sku":"�uro"}
        "#);
        let halves =
            [utf16("A;2023-12-31;1;", true), vec![0x3d, 0xd8], utf16("\nB;2023-12-31;1;S\n", true), vec![0x41]];
        assert_snapshot!(quarantine("encoding: utf-16", &[&utf16("customer;day;amount;sku\n", true), &halves.concat()]), @r#"
        line | reason | detail | raw
        2 | not_utf16 | field 4 is not valid UTF-16 | {"customer":"A","day":"2023-12-31","amount":"1","sku":"�"}
        4 | too_few_fields | 1 field where the header has 4 | {"customer":"�"}
        "#);
    }

    #[test]
    fn empty_rows_are_no_lines() {
        let lines =
            "\n\n;;\ncustomer;day;amount;sku\n\nA;2023-12-31;1;S\n;;;\n;;\n \n\"\";\"\";;\nA;2023-12-31;;S\n\n\n";
        let run = Project::new(PIPELINE).with("lines.csv", lines).run(&[]);
        assert_snapshot!(run.table("files.parquet").select(&["header_line", "rows_empty"]), @"
        header_line | rows_empty
        4 | 7
        ");
        assert_snapshot!(run.table("reconciliation.parquet").select(&["rows_read", "rows_quarantined"]), @"
        rows_read | rows_quarantined
        2 | 1
        ");
        assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason"]), @"
        line | reason
        11 | missing_amount
        ");
        let windows = Project::new(PIPELINE).with("lines.csv", lines.replace('\n', "\r\n")).run(&[]);
        for table in ["files.parquet", "reconciliation.parquet", "quarantine.parquet"] {
            assert_eq!(windows.table(table), run.table(table), "{table}");
        }
    }

    #[test]
    fn lines_of_the_macintosh_and_the_sign_that_excel_writes_first_are_understood() {
        let lines = "sep=;\n\ncustomer;day;amount, net;sku\nA;2023-12-31;1;S\n\nA;soon;1;\"S\nS\"\nA;later;1;S\n";
        let pipeline = PIPELINE.replace("amount: amount", "amount: \"amount, net\"");
        let run = |lines: &str| Project::new(&pipeline).with("lines.csv", lines).run(&[]);
        let feeds = run(lines);
        assert_snapshot!(files(&feeds), @"
        file | format | compression | encoding | delimiter | sheet | header_line | rows_empty | columns_missing | dates_ambiguous
        lines.csv | csv | null | utf-8 | ; | null | 3 | 1 | null | 0
        ");
        assert_snapshot!(feeds.table("quarantine.parquet").select(&["line", "raw"]), @r#"
        line | raw
        6 | {"customer":"A","day":"soon","amount, net":"1","sku":"S\nS"}
        8 | {"customer":"A","day":"later","amount, net":"1","sku":"S"}
        "#);
        // A return too many ends no line where there are line feeds, and makes an empty one.
        let doubled = run(&lines.replace('\n', "\r\r\n"));
        let quarantined = |run: &Published| run.table("quarantine.parquet").texts("line");
        assert_eq!(quarantined(&doubled), quarantined(&feeds));
        let returns = run(&lines.replace('\n', "\r"));
        for table in TABLES.iter().chain(&["files.parquet"]) {
            assert_eq!(returns.table(table), feeds.table(table), "{table}");
        }
    }

    #[test]
    fn a_header_need_not_be_the_first_line() {
        let lines = "Export of \"sales, 2023;\n\nprinted on 31/12/2023 | page 1\ncustomer;day;amount;sku;\nA;2023-12-31;1;S;\nA;soon;1;S;\n";
        let by_number = Project::new(&pipeline("header: 4")).with("lines.csv", lines).run(&[]);
        assert_snapshot!(files(&by_number), @"
        file | format | compression | encoding | delimiter | sheet | header_line | rows_empty | columns_missing | dates_ambiguous
        lines.csv | csv | null | utf-8 | ; | null | 4 | 0 | null | 0
        ");
        assert_snapshot!(by_number.table("quarantine.parquet").select(&["line", "reason", "raw"]), @r#"
        line | reason | raw
        6 | unreadable_date | {"customer":"A","day":"soon","amount":"1","sku":"S","field 5":""}
        "#);
        let by_names =
            Project::new(&pipeline("header: {has: [Customer, \" amount\"]}")).with("lines.csv", lines).run(&[]);
        for table in TABLES.iter().chain(&["files.parquet"]) {
            assert_eq!(by_names.table(table), by_number.table(table), "{table}");
        }
    }
}

mod folders {
    use super::*;

    #[test]
    fn give_columns_to_the_lines_below() {
        let pipeline = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: \"lines/**/*.csv\", types: {rate: number}}
  - ledger:
      from: invoices
      columns: {account: customer, date: \"year || '-' || month || '-28'\", amount: amount * rate, region: region}
      exclude: [{where: \"region IS NULL\", because: no region}]
      quarantine_limit: 100%
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";
        let run = Project::new(pipeline)
            .with("lines/region=S%C3%BCd/year=2023/month=12/rate=2/a.csv", "customer,amount\nA,1.50\nB,bad\n")
            .with("lines/region=Nord/rate=1/month=11/year=2023/b.csv", "amount,customer\n4,A\n")
            .with("lines/region=__HIVE_DEFAULT_PARTITION__/rate=1/month=11/year=2023/c.csv", "amount,customer\n8,A\n");
        let run = run.run(&[]);
        assert_snapshot!(run.table("tables/account_years.parquet").select(&["account", "revenue", "lines"]), @"
        account | revenue | lines
        A | 7.00 | 2
        ");
        assert_snapshot!(run.table("outcomes.parquet"), @"
        file | outcome | reason | rows | amount | first_line
        lines/region=S%C3%BCd/year=2023/month=12/rate=2/a.csv | quarantined | unreadable_amount | 1 | 0.00 | 3
        lines/region=__HIVE_DEFAULT_PARTITION__/rate=1/month=11/year=2023/c.csv | excluded | no region | 1 | 8.00 | 2
        ");
        assert_snapshot!(run.table("quarantine.parquet"), @r#"
        file | line | reason | detail | raw
        lines/region=S%C3%BCd/year=2023/month=12/rate=2/a.csv | 3 | unreadable_amount | `bad` in `amount` is no amount | {"customer":"B","amount":"bad"}
        "#);
    }
}

mod workbooks {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        fs::read(repository().join("tests/it/fixtures").join(name)).unwrap()
    }

    const SALES: &str = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: \"sales.*\", sheet: Sales, header: {has: [customer, amount]}, date_format: \"%d.%m.%Y\"}
  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount, product: paid}, quarantine_limit: 100%}
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";

    /// The same sheet, saved by LibreOffice in three formats.
    #[test]
    fn of_every_program_read_the_same() {
        let run = |name: &str| Project::new(SALES).with(name, fixture(name)).run(&[]);
        let xlsx = run("sales.xlsx");
        assert_snapshot!(files(&xlsx), @"
        file | format | compression | encoding | delimiter | sheet | header_line | rows_empty | columns_missing | dates_ambiguous
        sales.xlsx!Sales | xlsx | null | null | null | Sales | 3 | 1 | null | 0
        ");
        assert_snapshot!(xlsx.table("tables/account_years.parquet").select(&["account", "revenue", "lines", "last_date"]), @"
        account | revenue | lines | last_date
        13085 | 1234.56 | 1 | 2023-12-31
        A | 10.50 | 1 | 2023-12-30
        B | 7.00 | 1 | 2023-12-31
        C | 20.00 | 3 | 2023-11-06
        ");
        assert_snapshot!(xlsx.table("quarantine.parquet"), @r##"
        file | line | reason | detail | raw
        sales.xlsx!Sales | 7 | error_cell | `amount` holds the error `#DIV/0!` | {"customer":"A","day":"2023-12-31","amount":"#DIV/0!","paid":"1"}
        sales.xlsx!Sales | 12 | error_cell | `amount` holds the error `#N/A` | {"customer":"D","day":"2023-11-07","amount":"#N/A","paid":""}
        "##);
        for name in ["sales.ods", "sales.xls"] {
            let other = run(name);
            for table in TABLES.iter().chain(&["files.parquet"]) {
                let text = other.table(table).to_string().replace(name, "sales.xlsx");
                let text = text.replace(&format!("| {} |", &name[6..]), "| xlsx |");
                assert_eq!(text, xlsx.table(table).to_string(), "{name} {table}");
            }
        }
    }

    /// Cells of each kind, written by another library than the one that reads them.
    fn book() -> Workbook {
        let mut book = Workbook::new();
        let day = Format::new().set_num_format("dd/mm/yyyy");
        let date = |year, month, day| ExcelDateTime::from_ymd(year, month, day).unwrap();
        let january = book.add_worksheet().set_name("Jan, 2023").unwrap();
        for (column, name) in ["customer", "day", "amount", "sku"].into_iter().enumerate() {
            january.write(0, column as u16, name).unwrap();
        }
        january.write(1, 0, 13_085).unwrap();
        january.write_with_format(1, 1, date(2023, 12, 31), &day).unwrap();
        january.write(1, 2, 1.005).unwrap();
        january.write(1, 3, "S1").unwrap();
        // Text that looks like a number keeps its zeros.
        january.write(2, 0, "007").unwrap();
        january.write_with_format(2, 1, date(2023, 12, 30), &day).unwrap();
        january.write(2, 2, 0.1 + 0.2).unwrap();
        // Rows 4 and 5 are empty; 6 has a day in text, in the form that is declared.
        january.write(5, 0, "007").unwrap();
        january.write(5, 1, "05/11/2023").unwrap();
        january.write(5, 2, "1.234,50").unwrap();
        january.write(6, 0, "007").unwrap();
        january.write_with_format(6, 1, date(2023, 5, 6), &day).unwrap();
        january.write(6, 2, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
        january.write(7, 0, "007").unwrap();
        january.write_with_format(7, 1, date(2023, 5, 6), &day).unwrap();
        january.write(7, 2, Formula::new("=1+1").set_result("2")).unwrap();
        january.write(7, 3, true).unwrap();
        january.write(8, 0, Formula::new("=NA()").set_result("#N/A")).unwrap();
        january.write_with_format(8, 1, date(2023, 5, 6), &day).unwrap();
        january.write(8, 2, 1).unwrap();
        january.write(9, 0, "B").unwrap();
        january.write_with_format(9, 1, date(2023, 5, 6), &day).unwrap();
        january.write(9, 2, 1.5e13).unwrap();
        january.write(10, 0, "B").unwrap();
        january.write(10, 1, 45_291).unwrap();
        january.write(10, 2, 1).unwrap();
        january.write(11, 0, "B").unwrap();
        january.write_with_format(11, 1, date(2023, 5, 6), &day).unwrap();
        january.write(11, 2, 1).unwrap();
        january.write(11, 6, "a remark").unwrap();
        let february = book.add_worksheet().set_name("Feb").unwrap();
        for (column, name) in ["amount", "sku", "customer", "day"].into_iter().enumerate() {
            february.write(2, column as u16 + 1, name).unwrap();
        }
        february.write(3, 1, 4).unwrap();
        february.write(3, 3, "A").unwrap();
        february.write_with_format(3, 4, date(2023, 12, 1), &day).unwrap();
        book.add_worksheet().set_name("Sheet3").unwrap();
        book
    }

    fn pipeline_of_book(sheet: &str) -> String {
        pipeline(&format!("sheet: {sheet}, decimal: \",\", thousands: \".\", date_format: \"%d/%m/%Y\""))
    }

    #[test]
    fn cells_are_what_the_sheet_shows() {
        let project = Project::new(&pipeline_of_book("all")).with("lines.xlsx", book().save_to_buffer().unwrap());
        let run = project.run(&[]);
        assert_snapshot!(files(&run), @"
        file | format | compression | encoding | delimiter | sheet | header_line | rows_empty | columns_missing | dates_ambiguous
        lines.xlsx!Feb | xlsx | null | null | null | Feb | 3 | 0 | null | 0
        lines.xlsx!Jan, 2023 | xlsx | null | null | null | Jan, 2023 | 1 | 2 | null | 0
        ");
        assert_snapshot!(run.table("reconciliation.parquet").select(&["file", "rows_read", "rows_accepted", "amount_accepted"]), @"
        file | rows_read | rows_accepted | amount_accepted
        lines.xlsx!Feb | 1 | 1 | 4.00
        lines.xlsx!Jan, 2023 | 9 | 5 | 15000000001237.81
        ");
        assert_snapshot!(run.table("tables/account_years.parquet").select(&["account", "revenue", "lines", "first_date"]), @"
        account | revenue | lines | first_date
        007 | 1236.80 | 3 | 2023-05-06
        13085 | 1.01 | 1 | 2023-12-31
        A | 4.00 | 1 | 2023-12-01
        B | 15000000000000.00 | 1 | 2023-05-06
        ");
        assert_snapshot!(run.table("quarantine.parquet"), @r##"
        file | line | reason | detail | raw
        lines.xlsx!Jan, 2023 | 7 | error_cell | `amount` holds the error `#DIV/0!` | {"customer":"007","day":"2023-05-06","amount":"#DIV/0!","sku":""}
        lines.xlsx!Jan, 2023 | 9 | error_cell | `customer` holds the error `#N/A` | {"customer":"#N/A","day":"2023-05-06","amount":"1","sku":""}
        lines.xlsx!Jan, 2023 | 11 | unreadable_date | `45291` is no date of the declared format | {"customer":"B","day":"45291","amount":"1","sku":""}
        lines.xlsx!Jan, 2023 | 12 | too_many_fields | a value in column G where the header ends in column D | {"customer":"B","day":"2023-05-06","amount":"1","sku":"","field 5":"","field 6":"","field 7":"a remark"}
        "##);
        let inputs = run.record()["inputs"].clone();
        assert_eq!(inputs[0]["file"], "lines.xlsx!Jan, 2023");
        assert_eq!(inputs[0]["blake3"], inputs[1]["blake3"]);
        for sheet in ["2", "Feb"] {
            let run =
                Project::new(&pipeline_of_book(sheet)).with("lines.xlsx", book().save_to_buffer().unwrap()).run(&[]);
            assert_eq!(run.table("tables/account_years.parquet").texts("revenue"), ["4.00"], "{sheet}");
        }
    }

    /// Sheets of mere text are no tables, wherever they stand; with a second table it is for the pipeline to say.
    #[test]
    fn the_only_table_of_a_workbook_needs_no_name() {
        let mut book = Workbook::new();
        let notes = book.add_worksheet().set_name("Read me").unwrap();
        notes.write_string(0, 0, "How to fill this in").unwrap();
        notes.write_string(2, 1, "first").unwrap();
        let table = book.add_worksheet().set_name("Data").unwrap();
        for (column, name) in ["customer", "day", "amount", "sku"].into_iter().enumerate() {
            table.write_string(0, column as u16, name).unwrap();
        }
        for (column, cell) in ["A", "2023-12-01", "4.00"].into_iter().enumerate() {
            table.write_string(1, column as u16, cell).unwrap();
        }
        let run =
            Project::new(&pipeline("format: workbook")).with("lines.xlsx", book.save_to_buffer().unwrap()).run(&[]);
        assert_eq!(run.table("tables/account_years.parquet").texts("revenue"), ["4.00"]);
        assert_eq!(run.record()["inputs"][0]["file"], "lines.xlsx!Data");
    }

    #[test]
    fn a_day_of_a_cell_is_never_read_in_two_ways() {
        let keys = "sheet: 1, decimal: \",\", thousands: \".\", date_format: [\"%d/%m/%Y\", \"%m/%d/%Y\", excel]";
        let run = Project::new(&pipeline(keys)).with("lines.xlsx", book().save_to_buffer().unwrap()).run(&[]);
        // The day in text of row 6 is ambiguous, the cells that are days are not, and the number of row 11 is a day.
        assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
        line | reason | detail
        6 | ambiguous_date | `05/11/2023` is 2023-11-05 or 2023-05-11 by the declared formats
        7 | error_cell | `amount` holds the error `#DIV/0!`
        9 | error_cell | `customer` holds the error `#N/A`
        12 | too_many_fields | a value in column G where the header ends in column D
        ");
        assert_snapshot!(run.table("tables/account_years.parquet").select(&["account", "lines", "first_date", "last_date"]), @"
        account | lines | first_date | last_date
        007 | 2 | 2023-05-06 | 2023-12-30
        13085 | 1 | 2023-12-31 | 2023-12-31
        B | 2 | 2023-05-06 | 2023-12-31
        ");
    }

    #[test]
    fn small_tables_lie_in_sheets_and_packed_files_too() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (row, cells) in [["id", "name"], ["A", "Ana"], ["7", "Bea"]].into_iter().enumerate() {
            for (column, text) in cells.into_iter().enumerate() {
                sheet.write(row as u32, column as u16, text).unwrap();
            }
        }
        let pipeline = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount}}
  - account_years: {from: ledger}
  - read: {id: names, path: NAMES}
  - accounts: {from: names, account: id, attributes: {name: name}}
  - parquet: {from: accounts, to: tables}
";
        let lines = "customer,day,amount\nA,2023-12-31,1\n7,2023-12-31,1\n";
        for (name, bytes) in [
            ("names.xlsx", book.save_to_buffer().unwrap()),
            ("names.csv.gz", gzip(b"id;name\nA;Ana\n7;Bea\n")),
            ("names.txt", utf16("\u{feff}id\tname\nA\tAna\n7\tBea\n", true)),
        ] {
            let project = Project::new(&pipeline.replace("NAMES", name)).with("lines.csv", lines).with(name, bytes);
            assert_eq!(project.run(&[]).table("tables/accounts.parquet").texts("name"), ["Bea", "Ana"], "{name}");
        }
    }

    mod refused {
        use super::*;

        fn refusal(keys: &str, name: &str, bytes: impl AsRef<[u8]>) -> String {
            Project::new(&pipeline(keys)).with(name, bytes).refused(&[])
        }

        #[test]
        fn for_their_sheets() {
            let book = || book().save_to_buffer().unwrap();
            assert_snapshot!(refusal("format: workbook", "lines.xlsx", book()), @r#"
            exit code 2
            error: `lines.xlsx` has several sheets: `Jan, 2023`, `Feb`
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", format: workbook}
              |                                ^^^^^^^^
              |
              = hint: declare the `sheet`, or `sheet: all`

            1 mistake in `small.yaml`
            "#);
            assert_snapshot!(refusal("sheet: Fbe", "lines.xlsx", book()), @r#"
            exit code 2
            error: `lines.xlsx` has no sheet `Fbe`
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", sheet: Fbe}
              |                                ^^^^^^^^
              |
              = hint: there are: `Jan, 2023`, `Feb`, `Sheet3`

            1 mistake in `small.yaml`
            "#);
            assert_snapshot!(refusal("sheet: 7", "lines.xlsx", book()), @r#"
            exit code 2
            error: `lines.xlsx` has 3 sheets, and none of number 7
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", sheet: 7}
              |                                ^^^^^^^^

            1 mistake in `small.yaml`
            "#);
            assert_snapshot!(refusal("sheet: 3", "lines.xlsx", book()), @r#"
            exit code 2
            error: `lines.xlsx!Sheet3` is empty
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", sheet: 3}
              |                                ^^^^^^^^

            1 mistake in `small.yaml`
            "#);
            assert_snapshot!(refusal("sheet: Feb, header: 2", "lines.xlsx", book()), @r#"
            exit code 2
            error: row 2 of `lines.xlsx!Feb`, where its header is declared, is empty
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", sheet: Feb, header: 2}
              |                                ^^^^^^^^

            1 mistake in `small.yaml`
            "#);
            assert_snapshot!(refusal("sheet: Feb, header: {has: [customer, price]}", "lines.xlsx", book()), @r#"
            exit code 2
            error: none of the first 100 rows of `lines.xlsx!Feb` has the columns `customer`, `price`
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", sheet: Feb, header: {has: [customer, price]}}
              |                                ^^^^^^^^

            1 mistake in `small.yaml`
            "#);
            let mut empty = Workbook::new();
            empty.add_worksheet();
            assert_snapshot!(refusal("format: workbook", "lines.xlsx", empty.save_to_buffer().unwrap()), @r#"
            exit code 2
            error: `lines.xlsx` has nothing in its sheets
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", format: workbook}
              |                                ^^^^^^^^

            1 mistake in `small.yaml`
            "#);
        }

        #[test]
        fn for_what_they_are() {
            assert_snapshot!(refusal("sheet: Sales", "lines.xlsx", fixture("locked.xlsx")), @r#"
            exit code 2
            error: `lines.xlsx` is protected by a password
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", sheet: Sales}
              |                                ^^^^^^^^
              |
              = hint: save it without one

            1 mistake in `small.yaml`
            "#);
            assert_snapshot!(refusal("sheet: Sales", "lines.xls", "customer;day;amount\n"), @r#"
            exit code 2
            error: `lines.xls` is no workbook
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", sheet: Sales}
              |                                ^^^^^^^^
              |
              = hint: if it holds delimited text, declare `format: csv`

            1 mistake in `small.yaml`
            "#);
            assert_snapshot!(refusal("sheet: Sales", "lines.xls", "<html><table>"), @r#"
            exit code 2
            error: `lines.xls` is no workbook
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", sheet: Sales}
              |                                ^^^^^^^^
              |
              = hint: it holds text with tags, as some programs write it: save it as `.xlsx`

            1 mistake in `small.yaml`
            "#);
            assert_snapshot!(refusal("sheet: Sales", "lines.xlsx", &fixture("sales.xlsx")[..4000]), @r#"
            exit code 2
            error: `lines.xlsx` is not readable as a workbook: invalid Zip archive: Could not find EOCD
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", sheet: Sales}
              |                                ^^^^^^^^
              |
              = hint: the file may be cut off or damaged

            1 mistake in `small.yaml`
            "#);
            assert_snapshot!(refusal("sheet: Sales", "lines.xls", &fixture("sales.xls")[..3000]), @r#"
            exit code 2
            error: `lines.xls` is not readable as a workbook: Cfb error: Sector 11 points past end of file
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", sheet: Sales}
              |                                ^^^^^^^^
              |
              = hint: the file may be cut off or damaged

            1 mistake in `small.yaml`
            "#);
            let mut bomb = fixture("sales.xlsx");
            let entry = bomb.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
            bomb[entry + 24..entry + 28].copy_from_slice(&0xf000_0000u32.to_le_bytes());
            assert_snapshot!(refusal("sheet: Sales", "lines.xlsx", bomb), @r#"
            exit code 2
            error: `lines.xlsx` holds 4026550137 bytes packed into 5730, which no workbook does
             --> small.yaml:4:32
              |
            4 |   - read: {id: invoices, path: "lines*", sheet: Sales}
              |                                ^^^^^^^^
              |
              = hint: an archive that is made to fill the memory looks like this

            1 mistake in `small.yaml`
            "#);
        }

        /// A workbook with any byte of it changed is read or refused; the program does not break.
        #[test]
        fn with_reason_wherever_they_are_damaged() {
            for name in ["sales.xls", "sales.xlsx", "sales.ods"] {
                let sound = fixture(name);
                for place in (0..sound.len()).step_by(sound.len() / 12) {
                    let mut damaged = sound.clone();
                    damaged[place] ^= 0x55;
                    let done =
                        Project::new(SALES).with(name, damaged).vitalfew(&["run", "small.yaml", "--log", "none"]);
                    assert!([0, 1, 2, 3].contains(&done.code), "{name} {place}: {} {}", done.code, done.stderr);
                    assert_eq!(done.code == 0, !done.stderr.contains("error:"), "{name} {place}: {}", done.stderr);
                }
            }
        }
    }
}

mod refused {
    use super::*;

    fn refusal(keys: &str, bytes: impl AsRef<[u8]>) -> String {
        Project::new(&pipeline(keys)).with("lines.csv", bytes).refused(&[])
    }

    const ANY: &str = "format: csv";
    const SMALL: &str = "customer,day,amount,sku\nA,2023-12-31,1,S\n";

    #[test]
    fn for_their_delimiters() {
        assert_snapshot!(refusal(ANY, "customer;day;amount, net;sku\n"), @r#"
        exit code 2
        error: the header of `lines.csv` can be divided in several ways: by `,` into 2, by `;` into 4
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", format: csv}
          |                                ^^^^^^^^
          |
          = hint: declare the `delimiter`

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal("delimiter: \",\"", "customer|day|amount|sku\n"), @r#"
        exit code 2
        error: the header of `lines.csv` is a single column, `customer|day|amount|sku`
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", delimiter: ","}
          |                                ^^^^^^^^
          |
          = hint: if those are several, declare `delimiter: "|"`

        1 mistake in `small.yaml`
        "#);
    }

    #[test]
    fn for_their_headers() {
        assert_snapshot!(refusal("header: 3", SMALL), @r#"
        exit code 2
        error: `lines.csv` has 2 lines, and its header is declared in line 3
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", header: 3}
          |                                ^^^^^^^^

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal("header: 2", "customer,day\n\nA,B\n"), @r#"
        exit code 2
        error: line 2 of `lines.csv`, where its header is declared, is empty
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", header: 2}
          |                                ^^^^^^^^
          |
          = hint: lines are counted from 1, empty ones too

        1 mistake in `small.yaml`
        "#);
        let below_an_empty_line = refusal("header: {has: [customer, day, price]}", format!("Export\n\n{SMALL}"));
        assert!(below_an_empty_line.contains("line 3 has all but `price`"), "{below_an_empty_line}");
        assert_snapshot!(refusal("header: {has: [customer, day, price]}", format!("Export\n{SMALL}")), @r#"
        exit code 2
        error: none of the first 3 lines of `lines.csv` has the columns `customer`, `day`, `price`
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", header: {has: [customer, day, price]}}
          |                                ^^^^^^^^
          |
          = hint: line 2 has all but `price`

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal("header: {has: [price]}", SMALL.repeat(80)), @r#"
        exit code 2
        error: none of the first 100 lines of `lines.csv` has the columns `price`
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", header: {has: [price]}}
          |                                ^^^^^^^^

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal("header: {has: [price]}", ""), @r#"
        exit code 2
        error: `lines.csv` is empty
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", header: {has: [price]}}
          |                                ^^^^^^^^
          |
          = hint: a CSV file starts with a line that names its columns

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal("encoding: utf-8", b"customer,day,amount,sk\xfc\n"), @r#"
        exit code 2
        error: the header of `lines.csv` is not valid UTF-8
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", encoding: utf-8}
          |                                ^^^^^^^^
          |
          = hint: save the file as UTF-8, or declare its `encoding`

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal("header: first", SMALL), @r#"
        exit code 2
        error: `header` should be the number of a line or `has`, found `first`
         --> small.yaml:4:50
          |
        4 |   - read: {id: invoices, path: "lines*", header: first}
          |                                                  ^^^^^
          |
          = hint: such as `header: 4`, or `header: {has: [customer, amount]}`

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal("header: 0, sheet: 0, encoding: ebcdic", SMALL), @r#"
        exit code 2
        error: `header` should be a whole number from 1 to 1000000, found `0`
         --> small.yaml:4:50
          |
        4 |   - read: {id: invoices, path: "lines*", header: 0, sheet: 0, encoding: ebcdic}
          |                                                  ^

        error: `sheet` should be a whole number from 1 to 10000, found `0`
         --> small.yaml:4:60
          |
        4 |   - read: {id: invoices, path: "lines*", header: 0, sheet: 0, encoding: ebcdic}
          |                                                            ^

        error: `encoding` should be one of `auto`, `utf-8`, `utf-16`, `windows-1252`, `latin-1`, found `ebcdic`
         --> small.yaml:4:73
          |
        4 |   - read: {id: invoices, path: "lines*", header: 0, sheet: 0, encoding: ebcdic}
          |                                                                         ^^^^^^

        3 mistakes in `small.yaml`
        "#);
        assert_snapshot!(refusal("header: {is: [price]}, sheet: [a]", SMALL), @r#"
        exit code 2
        error: `header` needs the key `has`
         --> small.yaml:4:50
          |
        4 |   - read: {id: invoices, path: "lines*", header: {is: [price]}, sheet: [a]}
          |                                                  ^

        error: unknown key `is` in `header`
         --> small.yaml:4:51
          |
        4 |   - read: {id: invoices, path: "lines*", header: {is: [price]}, sheet: [a]}
          |                                                   ^^
          |
          = hint: there are: `has`

        error: `sheet` should be a text, found a list
         --> small.yaml:4:72
          |
        4 |   - read: {id: invoices, path: "lines*", header: {is: [price]}, sheet: [a]}
          |                                                                        ^

        3 mistakes in `small.yaml`
        "#);
    }

    #[test]
    fn for_being_no_text() {
        assert_snapshot!(refusal(ANY, b"PK\x03\x04 and more"), @r#"
        exit code 2
        error: `lines.csv` is no text but a workbook or an archive
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", format: csv}
          |                                ^^^^^^^^
          |
          = hint: for a workbook declare `format: workbook`; unpack an archive first

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal(ANY, b"%PDF-1.7"), @r#"
        exit code 2
        error: `lines.csv` is no text but a PDF
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", format: csv}
          |                                ^^^^^^^^
          |
          = hint: export the table itself

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal(ANY, b"PAR1 and more"), @r#"
        exit code 2
        error: `lines.csv` is no text but Parquet
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", format: csv}
          |                                ^^^^^^^^
          |
          = hint: declare `format: parquet`

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal(ANY, utf16(SMALL, true)), @r#"
        exit code 2
        error: `lines.csv` holds zero bytes, which no text has
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", format: csv}
          |                                ^^^^^^^^
          |
          = hint: if it is UTF-16 without a byte order mark, declare `encoding: utf-16`

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal("encoding: utf-16", SMALL), @r#"
        exit code 2
        error: `lines.csv` does not look like UTF-16
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", encoding: utf-16}
          |                                ^^^^^^^^
          |
          = hint: let `encoding` be found, or write the file with a byte order mark

        1 mistake in `small.yaml`
        "#);
    }

    #[test]
    fn for_being_cut_off_or_damaged() {
        let lines = format!("{SMALL}{}", "A,2023-12-31,1,S\n".repeat(20_000));
        for (name, packed) in [("gzip", gzip(lines.as_bytes())), ("zstd", zstd(lines.as_bytes()))] {
            let cut = refusal(ANY, &packed[..packed.len() - 9]);
            assert!(cut.contains(&format!("cannot read `lines.csv`: its {name} data is cut off")), "{cut}");
        }
        // The header is sound, and the end is not there.
        let mut draw = 1u32;
        let mut lines = SMALL.to_owned();
        for _ in 0..40_000 {
            draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            lines.push_str(&format!("A{draw},2023-12-31,1,S{draw}\n"));
        }
        let packed = gzip(lines.as_bytes());
        assert_snapshot!(refusal(ANY, &packed[..packed.len() - 1]), @"
        exit code 1
        error: cannot read `lines.csv`: its gzip data is cut off
        hint: export or copy the file anew
        ");
        let mut damaged = packed.clone();
        let place = damaged.len() - 6;
        damaged[place] ^= 1;
        assert_snapshot!(refusal(ANY, damaged), @"
        exit code 1
        error: cannot read `lines.csv`: its gzip data is damaged: corrupt gzip stream does not have a matching checksum
        hint: export or copy the file anew
        ");
    }

    #[test]
    fn for_a_line_without_an_end() {
        let endless = [SMALL.as_bytes(), b"A,2023-12-31,1,\"", "x".repeat(34 << 20).as_bytes()].concat();
        assert_snapshot!(refusal(ANY, zstd(&endless)), @"
        exit code 1
        error: cannot read `lines.csv`: it has a line of more than 16 MB
        hint: export or copy the file anew
        ");
        assert_snapshot!(refusal(ANY, zstd("x".repeat(5 << 20).as_bytes())), @r#"
        exit code 2
        error: the header of `lines.csv` is not within its first 4 MB
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", format: csv}
          |                                ^^^^^^^^

        1 mistake in `small.yaml`
        "#);
    }

    #[test]
    fn for_an_open_quote_in_any_encoding() {
        let lines = "customer;day;amount;sku\n\nÑ;2023-12-31;1;\"S\nA;2023-12-31;1;S\nA;2023-12-31;1;S\n";
        let expected = refusal(ANY, lines);
        assert_snapshot!(expected, @"
        exit code 1
        error: `lines.csv`, line 3: a quote is opened here that swallows 2 lines behind it
        hint: close the quote, or write a quote inside a field twice
        ");
        assert_eq!(refusal(ANY, single_bytes(lines)), expected);
        assert_eq!(refusal(ANY, utf16(&format!("\u{feff}{lines}"), false)), expected);
        assert_eq!(refusal(ANY, gzip(lines.as_bytes())), expected);
    }

    #[test]
    fn for_keys_that_no_file_needs() {
        assert_snapshot!(refusal("sheet: 2", SMALL), @r#"
        exit code 2
        error: `sheet` is declared, but no file is a workbook
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", sheet: 2}
          |                                ^^^^^^^^
          |
          = hint: leave `sheet` out, or declare the `format`

        1 mistake in `small.yaml`
        "#);
        let column = std::sync::Arc::new(arrow::array::StringArray::from(vec!["A"])) as arrow::array::ArrayRef;
        let file = crate::support::parquet_of(&[("customer", column)], 10);
        let project = Project::new(&pipeline("encoding: utf-8, delimiter: tab, header: 2")).with("lines.parquet", file);
        assert_snapshot!(project.refused(&[]), @r#"
        exit code 2
        error: `encoding` is declared, but no file is text
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", encoding: utf-8, delimiter: tab, header: 2}
          |                                ^^^^^^^^
          |
          = hint: leave `encoding` out, or declare the `format`

        error: `delimiter` is declared, but no file is text
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", encoding: utf-8, delimiter: tab, header: 2}
          |                                ^^^^^^^^
          |
          = hint: leave `delimiter` out, or declare the `format`

        error: `header` is declared, but no file is text or a workbook
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "lines*", encoding: utf-8, delimiter: tab, header: 2}
          |                                ^^^^^^^^
          |
          = hint: leave `header` out, or declare the `format`

        error: `lines.parquet` has no column `day`
         --> small.yaml:7:42
          |
        7 |       columns: {account: customer, date: day, amount: amount, product: sku}
          |                                          ^^^
          |
          = hint: there are: `customer`

        error: `lines.parquet` has no column `amount`
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: amount, product: sku}
          |                                                       ^^^^^^
          |
          = hint: there are: `customer`

        error: `lines.parquet` has no column `sku`
         --> small.yaml:7:72
          |
        7 |       columns: {account: customer, date: day, amount: amount, product: sku}
          |                                                                        ^^^
          |
          = hint: there are: `customer`

        6 mistakes in `small.yaml`
        "#);
    }

    #[test]
    fn for_folders_that_name_a_column_twice() {
        let pipeline = PIPELINE.replace("lines*", "**/lines.csv");
        let refusal = |folder: &str| Project::new(&pipeline).with(&format!("{folder}/lines.csv"), SMALL).refused(&[]);
        assert_snapshot!(refusal("sku=S"), @r#"
        exit code 2
        error: `sku=S/lines.csv` has the column `sku`, and so has a folder that it lies in
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "**/lines.csv"}
          |                                ^^^^^^^^^^^^^^
          |
          = hint: rename one of the two

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(refusal("year=2023/year=2024"), @r#"
        exit code 2
        error: two folders of `year=2023/year=2024/lines.csv` name the column `year`
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "**/lines.csv"}
          |                                ^^^^^^^^^^^^^^
          |
          = hint: rename one of the two

        1 mistake in `small.yaml`
        "#);
    }
}
