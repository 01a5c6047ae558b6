//! The workbook: a sheet to fill in, and one that says how.

use super::{Content, Criterion, Fact, Row};
use crate::calendar::date_of;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DataValidationRule, DocProperties, ExcelDateTime, Format,
    FormatAlign, FormatBorder, Note, Workbook, Worksheet, XlsxError,
};

/// What a cell of a workbook can hold, with room to spare.
const LONGEST_TEXT: usize = 30_000;

/// What stands behind the criteria.
const BEHIND: [&str; 4] = ["sheet.rater", "sheet.date", "sheet.expires", "sheet.note"];

/// The levels of the scale that the second sheet puts into words.
const LEVELS: [&str; 5] = ["how_to.1", "how_to.3", "how_to.5", "how_to.7", "how_to.9"];

const HEADER: Color = Color::RGB(0x1F_3A_5F);
const TO_FILL: Color = Color::RGB(0xFF_F9_E5);
const LINE: Color = Color::RGB(0xD0_D0_D0);

/// The file, the same bytes for the same content.
pub(super) fn bytes(content: &Content) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let created = day(content.as_of)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let last_row = u32::try_from(content.rows.len()).unwrap_or(u32::MAX);
    scores(workbook.add_worksheet(), content, last_row)?;
    how_to(workbook.add_worksheet(), content)?;
    workbook.save_to_buffer()
}

fn day(day: i32) -> Result<ExcelDateTime, XlsxError> {
    let date = date_of(day);
    let part = |part: i8| u8::try_from(part).unwrap_or(1);
    ExcelDateTime::from_ymd(u16::try_from(date.year()).unwrap_or(1900), part(date.month()), part(date.day()))
}

impl Content {
    fn word(&self, key: &str) -> String {
        self.catalogue.word(key).unwrap_or(key).replace("{currency}", &self.currency)
    }

    /// The question behind a criterion; of one that the messages do not know, a general one.
    fn question(&self, criterion: &Criterion) -> String {
        match self.catalogue.word(&format!("question.{}", criterion.name)) {
            Some(question) => question.to_owned(),
            None => self.word("question.other").replace("{criterion}", &criterion.header),
        }
    }
}

/// How the cells look.
struct Formats {
    header: Format,
    fact: Format,
    class: Format,
    money: Format,
    score: Format,
    text: Format,
    date: Format,
}

impl Formats {
    fn new(decimals: u32) -> Self {
        let cell = || Format::new().set_border(FormatBorder::Thin).set_border_color(LINE).set_align(FormatAlign::Top);
        let to_fill = || cell().set_background_color(TO_FILL);
        let places = "0".repeat(usize::try_from(decimals).unwrap_or_default());
        let money = if places.is_empty() { "#,##0".to_owned() } else { format!("#,##0.{places}") };
        Self {
            header: Format::new()
                .set_bold()
                .set_font_color(Color::White)
                .set_background_color(HEADER)
                .set_text_wrap()
                .set_align(FormatAlign::Top),
            // A text format keeps `007` and `=A` what they are, also where somebody types them anew.
            fact: cell().set_num_format("@"),
            class: cell().set_align(FormatAlign::Center),
            money: cell().set_num_format(money),
            score: to_fill().set_align(FormatAlign::Center),
            text: to_fill().set_num_format("@"),
            date: to_fill().set_num_format("yyyy-mm-dd"),
        }
    }
}

fn scores(sheet: &mut Worksheet, content: &Content, last_row: u32) -> Result<(), XlsxError> {
    let formats = Formats::new(content.decimals);
    sheet.set_name(content.word("sheet.scores"))?;
    let mut column = 0;
    head(sheet, &mut column, &content.word("sheet.account"), 12.0, &formats)?;
    for fact in &content.facts {
        let width = match fact {
            Fact::Name => 36.0,
            Fact::Segment | Fact::Revenue => 14.0,
            Fact::Class => 7.0,
        };
        head(sheet, &mut column, &content.word(fact.key()), width, &formats)?;
    }
    let first_score = column;
    for criterion in &content.criteria {
        let question = Note::new(content.question(criterion)).add_author_prefix(false).set_width(260).set_height(110);
        sheet.insert_note(0, column, &question)?;
        head(sheet, &mut column, &criterion.header, 15.0, &formats)?;
    }
    let behind = column;
    for (key, width) in BEHIND.iter().zip([30.0, 12.0, 12.0, 50.0]) {
        head(sheet, &mut column, &content.word(key), width, &formats)?;
    }
    for (row, line) in content.rows.iter().zip(1u32..) {
        account(sheet, content, row, line, &formats)?;
    }
    sheet.set_row_height(0, 48)?;
    sheet.set_freeze_panes(1, if content.facts.contains(&Fact::Name) { 2 } else { 1 })?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    if last_row > 0 {
        if first_score < behind {
            sheet.add_data_validation(1, first_score, last_row, behind - 1, &one_to_ten(content)?)?;
        }
        sheet.add_data_validation(1, behind + 1, last_row, behind + 2, &a_day(content)?)?;
    }
    Ok(())
}

/// The head of a column, which then is the one before.
fn head(sheet: &mut Worksheet, column: &mut u16, text: &str, width: f64, formats: &Formats) -> Result<(), XlsxError> {
    sheet.write_string_with_format(0, *column, text, &formats.header)?;
    sheet.set_column_width(*column, width)?;
    *column += 1;
    Ok(())
}

/// The cells of one account. Texts are written as texts: none of them can become a formula.
fn account(sheet: &mut Worksheet, content: &Content, row: &Row, line: u32, formats: &Formats) -> Result<(), XlsxError> {
    let unit = 10f64.powi(i32::try_from(content.decimals).unwrap_or_default());
    let mut column = 0;
    let mut next = || {
        column += 1;
        column - 1
    };
    text(sheet, line, next(), &row.account, &formats.fact)?;
    for fact in &content.facts {
        match fact {
            Fact::Name => text(sheet, line, next(), &row.name, &formats.fact)?,
            Fact::Segment => text(sheet, line, next(), &row.segment, &formats.fact)?,
            Fact::Class => text(sheet, line, next(), &row.class, &formats.class)?,
            Fact::Revenue => {
                number(sheet, line, next(), row.revenue.map(|revenue| revenue as f64 / unit), &formats.money)?;
            }
        }
    }
    for score in &row.scores {
        number(sheet, line, next(), *score, &formats.score)?;
    }
    text(sheet, line, next(), &row.rater, &formats.text)?;
    for date in [row.date, row.expires] {
        let column = next();
        match date {
            Some(date) => sheet.write_datetime_with_format(line, column, day(date)?, &formats.date)?,
            None => sheet.write_blank(line, column, &formats.date)?,
        };
    }
    text(sheet, line, next(), &row.note, &formats.text)
}

fn text(sheet: &mut Worksheet, line: u32, column: u16, value: &str, format: &Format) -> Result<(), XlsxError> {
    let value: String = value.chars().take(LONGEST_TEXT).collect();
    match value.is_empty() {
        true => sheet.write_blank(line, column, format)?,
        false => sheet.write_string_with_format(line, column, value, format)?,
    };
    Ok(())
}

fn number(sheet: &mut Worksheet, line: u32, column: u16, value: Option<f64>, format: &Format) -> Result<(), XlsxError> {
    match value {
        Some(value) => sheet.write_number_with_format(line, column, value, format)?,
        None => sheet.write_blank(line, column, format)?,
    };
    Ok(())
}

/// A drop-down of the ten scores; anything else is refused where it is typed.
fn one_to_ten(content: &Content) -> Result<DataValidation, XlsxError> {
    let scores: Vec<String> = (1..=10).map(|score| score.to_string()).collect();
    DataValidation::new()
        .allow_list_strings(&scores)?
        .ignore_blank(true)
        .set_error_title(content.word("sheet.score"))?
        .set_error_message(content.word("sheet.one_to_ten"))
}

/// A day; other text is warned of, since it would not be read.
fn a_day(content: &Content) -> Result<DataValidation, XlsxError> {
    let (first, last) = (ExcelDateTime::from_ymd(1900, 1, 1)?, ExcelDateTime::from_ymd(2199, 12, 31)?);
    DataValidation::new()
        .allow_date(DataValidationRule::Between(first, last))
        .ignore_blank(true)
        .set_error_style(DataValidationErrorStyle::Warning)
        .set_error_title(content.word("sheet.date"))?
        .set_error_message(content.word("sheet.a_day"))
}

/// The second sheet: what to do, the scale in words, the question behind each criterion.
fn how_to(sheet: &mut Worksheet, content: &Content) -> Result<(), XlsxError> {
    let title = Format::new().set_bold().set_font_size(14);
    let heading = Format::new().set_bold();
    let top = Format::new().set_align(FormatAlign::Top);
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    sheet.set_name(content.word("sheet.how_to"))?;
    sheet.set_column_width(0, 34)?;
    sheet.set_column_width(1, 92)?;
    sheet.write_string_with_format(0, 0, content.word("how_to.title"), &title)?;
    let mut line = 2;
    for key in ["how_to.scores", "how_to.empty", "how_to.behind", "how_to.facts", "how_to.back"] {
        sheet.merge_range(line, 0, line, 1, &content.word(key), &wrapped)?;
        sheet.set_row_height(line, 32)?;
        line += 1;
    }
    line += 1;
    sheet.write_string_with_format(line, 0, content.word("how_to.scale"), &heading)?;
    for key in LEVELS {
        line += 1;
        let words = content.word(key);
        let (level, words) = words.split_once(": ").unwrap_or((&words, ""));
        sheet.write_string_with_format(line, 0, level, &top)?;
        sheet.write_string_with_format(line, 1, words, &wrapped)?;
    }
    line += 2;
    sheet.write_string_with_format(line, 0, content.word("how_to.questions"), &heading)?;
    for criterion in &content.criteria {
        line += 1;
        sheet.write_string_with_format(line, 0, &criterion.header, &top)?;
        sheet.write_string_with_format(line, 1, content.question(criterion), &wrapped)?;
    }
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    Ok(())
}
