//! The lines that cannot be used, from all threads and in the order of files and lines, in flat memory.
//!
//! A thread gathers the lines of its part of a file in a [`Page`]. Pages are kept in memory up to [`HELD`] bytes in all;
//! later ones go to the scratch of the run. When the run is written, pages are put in the order of their parts and come
//! back as small tables, one after the other: which pages were kept where, and by which thread, does not show.

use crate::failure::Failure;
use crate::scratch::{Place, Scratch};
use crate::table::{ColumnSpec, Meaning, Table, TableBuilder, TableSpec};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of pages kept in memory: the quarantine of a common night never touches the disk.
const HELD: usize = 16 << 20;

/// A page of so many bytes is handed over.
const PAGE: usize = 256 << 10;

/// The most rows, and the most bytes of text, of one of the tables in which the lines come back.
const TABLE_ROWS: usize = 16_384;
const TABLE_BYTES: usize = 8 << 20;

/// The table that the lines make.
pub fn spec(name: &str) -> TableSpec {
    let columns = [
        ("file", Meaning::Text),
        ("line", Meaning::Integer),
        ("reason", Meaning::Text),
        ("detail", Meaning::Text),
        ("raw", Meaning::Text),
    ];
    TableSpec::new(name, columns.into_iter().map(|(name, meaning)| ColumnSpec::new(name, meaning)).collect())
}

/// A line that cannot be used, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// As in [`crate::sources::Batch::line`].
    pub line: u64,
    pub reason: &'a str,
    pub detail: &'a str,
    /// The whole row, as a JSON object.
    pub raw: &'a str,
}

/// Lines of one part on their way into the quarantine, in their order.
#[derive(Debug, Default)]
pub struct Page {
    bytes: Vec<u8>,
    rows: usize,
}

impl Page {
    pub fn push(&mut self, line: &Line) {
        self.bytes.extend_from_slice(&line.line.to_le_bytes());
        for text in [line.reason, line.detail, line.raw] {
            self.bytes.extend_from_slice(&length(text).to_le_bytes());
            self.bytes.extend_from_slice(text.as_bytes());
        }
        self.rows += 1;
    }

    pub fn is_full(&self) -> bool {
        self.bytes.len() >= PAGE
    }
}

fn length(text: &str) -> u64 {
    text.len() as u64
}

/// Takes the next line off the bytes of a page.
fn next<'a>(bytes: &mut &'a [u8]) -> Option<Line<'a>> {
    let number = |bytes: &mut &'a [u8]| bytes.split_off(..8)?.try_into().ok().map(u64::from_le_bytes);
    let text = |bytes: &mut &'a [u8]| {
        let length = usize::try_from(number(bytes)?).ok()?;
        std::str::from_utf8(bytes.split_off(..length)?).ok()
    };
    Some(Line { line: number(bytes)?, reason: text(bytes)?, detail: text(bytes)?, raw: text(bytes)? })
}

/// Where the pages of all threads come together.
#[derive(Debug)]
pub struct Gathering {
    scratch: Arc<dyn Scratch>,
    held: usize,
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    list: Vec<Kept>,
    held: usize,
}

/// The pages of a file: how many rows each has, and its bytes.
pub type FilePages = Vec<(usize, Vec<u8>)>;

/// A page that has been handed over.
#[derive(Debug)]
struct Kept {
    part: usize,
    file: usize,
    rows: usize,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Memory(Vec<u8>),
    Scratch(Place),
}

impl Gathering {
    pub fn new(scratch: Arc<dyn Scratch>) -> Self {
        Self::holding(HELD, scratch)
    }

    fn holding(held: usize, scratch: Arc<dyn Scratch>) -> Self {
        Self { scratch, held, pages: Mutex::default() }
    }

    /// Takes the lines of a page over, which is empty then. The pages of a part have to come in their order; parts are
    /// numbered in the order of files and of the lines in them.
    ///
    /// # Errors
    /// Where the scratch cannot be written.
    pub fn take(&self, part: usize, file: usize, page: &mut Page) -> Result<(), Failure> {
        let Page { bytes, rows } = std::mem::take(page);
        if rows == 0 {
            return Ok(());
        }
        let fits = {
            let mut pages = self.pages();
            let fits = pages.held + bytes.len() <= self.held;
            pages.held += if fits { bytes.len() } else { 0 };
            fits
        };
        let content = if fits { Content::Memory(bytes) } else { Content::Scratch(self.scratch.append(&bytes)?) };
        self.pages().list.push(Kept { part, file, rows, content });
        Ok(())
    }

    /// Forgets the lines of a file that is read anew.
    pub fn forget(&self, file: usize) {
        let mut pages = self.pages();
        let forgotten = pages.list.extract_if(.., |page| page.file == file);
        let held = |page: Kept| if let Content::Memory(bytes) = page.content { bytes.len() } else { 0 };
        let freed: usize = forgotten.map(held).sum();
        pages.held -= freed;
    }

    /// The lines of a file: of each of its pages the number of rows, and the bytes; nothing where they are many.
    ///
    /// # Errors
    /// Where the scratch cannot be read.
    pub fn of_file(&self, file: usize, most: usize) -> Result<Option<FilePages>, Failure> {
        let pages = self.pages();
        let of_file = || pages.list.iter().filter(|page| page.file == file);
        let size = |page: &Kept| match &page.content {
            Content::Memory(bytes) => bytes.len(),
            Content::Scratch(place) => place.length,
        };
        if of_file().map(size).sum::<usize>() > most {
            return Ok(None);
        }
        let mut sorted: Vec<&Kept> = of_file().collect();
        // Keeps the order of the pages within a part.
        sorted.sort_by_key(|page| page.part);
        let bytes = |page: &Kept| match &page.content {
            Content::Memory(bytes) => Ok(bytes.clone()),
            Content::Scratch(place) => self.scratch.read(place),
        };
        sorted.into_iter().map(|page| Ok((page.rows, bytes(page)?))).collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// Takes the lines of a file as they were in an earlier run.
    ///
    /// # Errors
    /// As for [`Gathering::take`].
    pub fn restore(&self, part: usize, file: usize, pages: FilePages) -> Result<(), Failure> {
        pages.into_iter().try_for_each(|(rows, bytes)| self.take(part, file, &mut Page { bytes, rows }))
    }

    fn pages(&self) -> std::sync::MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the gathering: `files` are the names of the files by their numbers.
    pub fn close(self, name: &str, files: Vec<String>) -> Quarantine {
        let mut pages = self.pages.into_inner().unwrap_or_else(PoisonError::into_inner).list;
        // Keeps the order of the pages within a part.
        pages.sort_by_key(|page| page.part);
        Quarantine { spec: spec(name), files, scratch: self.scratch, pages }
    }
}

/// All lines that cannot be used, by file and line.
#[derive(Debug)]
pub struct Quarantine {
    pub spec: TableSpec,
    files: Vec<String>,
    scratch: Arc<dyn Scratch>,
    pages: Vec<Kept>,
}

impl Quarantine {
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    pub fn rows(&self) -> usize {
        self.pages.iter().map(|page| page.rows).sum()
    }

    /// Hands the lines to `visit`, some at a time, as tables that make the whole one after the other.
    ///
    /// # Errors
    /// Where the scratch cannot be read, or `visit` fails.
    pub fn tables(&self, visit: &mut dyn FnMut(&Table) -> Result<(), Failure>) -> Result<(), Failure> {
        let mut rows = Rows::default();
        for page in &self.pages {
            let file = self.files.get(page.file).map_or("", String::as_str);
            let read;
            let mut bytes = match &page.content {
                Content::Memory(bytes) => bytes.as_slice(),
                Content::Scratch(place) => {
                    read = self.scratch.read(place)?;
                    read.as_slice()
                }
            };
            for _ in 0..page.rows {
                let line = next(&mut bytes).ok_or_else(|| Failure::run("the quarantine is not what was put there"))?;
                rows.push(file, &line);
                if rows.are_enough() {
                    visit(&std::mem::take(&mut rows).table(self.name()))?;
                }
            }
        }
        if rows.lines.is_empty() { Ok(()) } else { visit(&rows.table(self.name())) }
    }
}

/// The rows of a table in the making.
#[derive(Debug, Default)]
struct Rows<'a> {
    files: Vec<&'a str>,
    lines: Vec<Option<i64>>,
    reasons: Vec<String>,
    details: Vec<String>,
    raws: Vec<String>,
    bytes: usize,
}

impl<'a> Rows<'a> {
    fn push(&mut self, file: &'a str, line: &Line) {
        self.files.push(file);
        self.lines.push(i64::try_from(line.line).ok());
        self.reasons.push(line.reason.to_owned());
        self.details.push(line.detail.to_owned());
        self.raws.push(line.raw.to_owned());
        self.bytes += line.detail.len() + line.raw.len();
    }

    fn are_enough(&self) -> bool {
        self.lines.len() >= TABLE_ROWS || self.bytes >= TABLE_BYTES
    }

    fn table(self, name: &str) -> Table {
        TableBuilder::new(name, self.lines.len())
            .text("file", self.files)
            .integers("line", self.lines)
            .text("reason", self.reasons)
            .text("detail", self.details)
            .text("raw", self.raws)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Memory;
    use proptest::prelude::*;

    /// A line of its own making: reason, detail, raw.
    type Texts = (String, String, String);

    /// Hands the parts over in turns, as threads would that take one each, and reads everything back.
    fn through(parts: &[Vec<Texts>], held: usize, page_rows: usize, backwards: bool) -> Vec<Vec<String>> {
        let scratch = Arc::new(Memory::default());
        let gathering = Gathering::holding(held, Arc::clone(&scratch) as Arc<dyn Scratch>);
        let mut chunks: Vec<(usize, usize, &[Texts])> = Vec::new();
        for (part, lines) in parts.iter().enumerate() {
            chunks.extend(lines.chunks(page_rows).enumerate().map(|(turn, lines)| (turn, part, lines)));
        }
        chunks.sort_by_key(|(turn, part, _)| (*turn, if backwards { parts.len() - part } else { *part }));
        for (turn, part, lines) in chunks {
            let mut page = Page::default();
            for (row, (reason, detail, raw)) in lines.iter().enumerate() {
                let line = u64::try_from(turn * page_rows + row).unwrap();
                page.push(&Line { line, reason, detail, raw });
            }
            gathering.take(part, part, &mut page).unwrap();
            assert_eq!(page.rows, 0);
        }
        let quarantine = gathering.close("quarantine", (0..parts.len()).map(|part| format!("{part}.csv")).collect());
        let (mut rows, mut expected) = (Vec::new(), 0);
        let visit = &mut |table: &Table| -> Result<(), Failure> {
            assert_eq!(table.spec, quarantine.spec);
            let columns = ["file", "reason", "detail", "raw"].map(|column| table.text(column));
            let lines = table.integers("line");
            expected += table.rows();
            rows.extend((0..table.rows()).map(|row| {
                let texts = columns.iter().map(|column| column[row].to_owned());
                texts.chain([lines[row].unwrap().to_string()]).collect::<Vec<_>>()
            }));
            Ok(())
        };
        quarantine.tables(visit).unwrap();
        assert_eq!(quarantine.rows(), expected);
        rows
    }

    proptest! {
        #[test]
        fn what_is_put_aside_comes_back_in_the_order_of_its_parts(
            parts in prop::collection::vec(prop::collection::vec(any::<Texts>(), 0..8), 0..5),
            held in 0_usize..200,
            page_rows in 1_usize..4,
        ) {
            let mut expected = Vec::new();
            for (part, lines) in parts.iter().enumerate() {
                expected.extend(lines.iter().enumerate().map(|(line, (reason, detail, raw))| {
                    vec![format!("{part}.csv"), reason.clone(), detail.clone(), raw.clone(), line.to_string()]
                }));
            }
            prop_assert_eq!(&through(&parts, usize::MAX, 100, false), &expected);
            prop_assert_eq!(&through(&parts, held, page_rows, false), &expected);
            prop_assert_eq!(&through(&parts, 0, page_rows, true), &expected);
        }
    }

    #[test]
    fn the_tables_are_short_and_hold_no_more_text_than_declared() {
        let gathering = Gathering::new(Arc::new(Memory::default()));
        let (mut page, wide) = (Page::default(), "x".repeat(TABLE_BYTES / 4));
        for line in 0..TABLE_ROWS as u64 + 1 {
            page.push(&Line { line, reason: "", detail: "", raw: "{}" });
        }
        for line in 0..5 {
            page.push(&Line { line, reason: "", detail: "", raw: &wide });
        }
        gathering.take(0, 0, &mut page).unwrap();
        let mut rows = Vec::new();
        let quarantine = gathering.close("quarantine", vec!["a.csv".to_owned()]);
        let visit = &mut |table: &Table| -> Result<(), Failure> {
            rows.push(table.rows());
            Ok(())
        };
        quarantine.tables(visit).unwrap();
        // Behind the first, one short line and four of a quarter make the second.
        assert_eq!(rows, [TABLE_ROWS, 5, 1]);
    }
}
