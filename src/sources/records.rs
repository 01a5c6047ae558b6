//! The records of a text and their fields, found as places in it: nothing is copied.
//!
//! What is a record is what the `csv` crate takes for one. The signs that can end something are found in
//! 64 bytes together, and these signs alone are looked at one by one.

use super::stream::{BATCH_BYTES, Text};
use std::io;

const QUOTE: u8 = b'"';

/// Finds the records of a text, some at a time.
#[derive(Debug)]
pub struct Records {
    delimiter: u8,
    /// How far the text that is kept has been looked at.
    at: usize,
    state: State,
    /// Where the record and the field at hand begin.
    start: usize,
    field: usize,
    /// Whether the field at hand begins with a quote, and whether one of its record holds a line feed.
    quoted: bool,
    spans: bool,
    /// Whether the line before the record at hand ends with a carriage return.
    returned: bool,
    /// The number of the line at hand, and of the one on which the record at hand begins.
    line: u64,
    begun: u64,
    empty: i64,
    fields: Vec<Field>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Outside of quotes.
    Plain,
    Quoted,
    /// Behind a quote within a quoted field: its end, or the first half of a quote.
    Closed,
}

/// Where that which a field says stands in the text.
#[derive(Debug, Clone, Copy)]
struct Field {
    start: u32,
    end: u32,
}

/// A record: its fields among those of all, and the line on which it begins.
#[derive(Debug, Clone, Copy)]
struct Row {
    first: usize,
    fields: usize,
    line: u64,
    spans: bool,
}

/// Records and the text in which they were found.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    pub text: &'a [u8],
    fields: &'a [Field],
    rows: &'a [Row],
}

impl Records {
    /// Of a text whose first line has this number.
    pub fn new(delimiter: u8, line: u64) -> Self {
        Self {
            delimiter,
            at: 0,
            state: State::Plain,
            start: 0,
            field: 0,
            quoted: false,
            spans: false,
            returned: false,
            line,
            begun: line,
            empty: 0,
            fields: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Finds the next records, so many at most, and forgets those before them. Says whether there are any.
    ///
    /// # Errors
    /// Where the text cannot be read.
    pub fn read(&mut self, text: &mut Text, rows: usize) -> io::Result<bool> {
        text.forget(self.forget());
        while !self.find(text.kept_mut(), rows, false) {
            if text.has_ended() {
                self.find(text.kept_mut(), rows, true);
                break;
            }
            text.read_on()?;
        }
        Ok(!self.rows.is_empty())
    }

    /// Goes past the records at hand; how long they are in the text.
    fn forget(&mut self) -> usize {
        self.fields.clear();
        self.rows.clear();
        let count = std::mem::take(&mut self.start);
        (self.at, self.field) = (self.at - count, self.field - count);
        count
    }

    /// Leaves out the records that have nothing in them.
    pub fn leave_out_empty(&mut self, text: &[u8]) {
        let Self { fields, rows, empty, .. } = self;
        rows.retain(|row| {
            let has = contents(text, fields, row).any(|field| !field.iter().all(u8::is_ascii_whitespace));
            *empty += i64::from(!has);
            has
        });
    }

    /// How many lines and records so far had nothing in them.
    pub fn empty(&self) -> i64 {
        self.empty
    }

    /// The records at hand.
    pub fn found<'a>(&'a self, text: &'a [u8]) -> Found<'a> {
        Found { text: text.get(..self.start).unwrap_or_default(), fields: &self.fields, rows: &self.rows }
    }

    /// Looks for records until there are so many; says whether there are. Of the `last` text its end ends a record.
    fn find(&mut self, text: &mut [u8], rows: usize, last: bool) -> bool {
        // Fewer bytes than a block only at the end, so that more text goes on where this ends.
        while self.at < text.len() && (last || text.len() - self.at >= Places::BLOCK) {
            let (from, to) = (self.at, text.len().min(self.at + Places::BLOCK));
            let places = Places::of(text.get(from..to).unwrap_or_default(), self.delimiter);
            let is_plain = self.state == State::Plain && !self.quoted && !places.has_quote;
            let full =
                if is_plain { self.pass_plain(text, from, places, rows) } else { self.pass(text, from, places, rows) };
            if full {
                self.at = self.start;
                return true;
            }
            self.at = to;
        }
        if last && self.start < text.len() {
            self.end_record(text, text.len());
            self.start = text.len();
        }
        false
    }

    /// Goes past the signs of a block outside of quotes, as nearly all are. Says whether that makes so many records.
    #[inline]
    fn pass_plain(&mut self, text: &mut [u8], from: usize, places: Places, rows: usize) -> bool {
        for place in places.map(|place| from + place) {
            let sign = text.get(place).copied().unwrap_or_default();
            if sign == self.delimiter {
                self.push_field(self.field, place);
                self.field = place + 1;
            } else if self.end_line(text, place, sign) && self.is_full(rows) {
                return true;
            }
        }
        false
    }

    /// Goes past the signs of a block. Says whether that makes so many records.
    fn pass(&mut self, text: &mut [u8], from: usize, places: Places, rows: usize) -> bool {
        for place in places.map(|place| from + place) {
            let sign = text.get(place).copied().unwrap_or_default();
            match self.state {
                State::Plain => {}
                State::Quoted => {
                    match sign {
                        QUOTE => self.state = State::Closed,
                        b'\n' => (self.line, self.spans) = (self.line + 1, true),
                        _ => {}
                    }
                    continue;
                }
                State::Closed if sign == QUOTE && text.get(place - 1) == Some(&QUOTE) => {
                    self.state = State::Quoted;
                    continue;
                }
                State::Closed => self.state = State::Plain,
            }
            if sign == QUOTE && place == self.field {
                (self.state, self.quoted) = (State::Quoted, true);
            } else if sign == self.delimiter {
                self.end_field(text, place);
            } else if sign != QUOTE && self.end_line(text, place, sign) && self.is_full(rows) {
                return true;
            }
        }
        false
    }

    fn is_full(&self, rows: usize) -> bool {
        self.rows.len() >= rows || self.start > BATCH_BYTES
    }

    #[inline]
    fn push_field(&mut self, start: usize, end: usize) {
        // No more text is kept than a batch and its last line.
        self.fields.push(Field { start: start as u32, end: end as u32 });
    }

    #[inline]
    fn end_field(&mut self, text: &mut [u8], place: usize) {
        let (start, end) = if self.quoted { unquoted(text, self.field, place) } else { (self.field, place) };
        self.push_field(start, end);
        (self.field, self.quoted) = (place + 1, false);
    }

    #[inline]
    fn end_record(&mut self, text: &mut [u8], place: usize) {
        self.end_field(text, place);
        let first = self.rows.last().map_or(0, |row| row.first + row.fields);
        let spans = std::mem::take(&mut self.spans);
        self.rows.push(Row { first, fields: self.fields.len() - first, line: self.begun, spans });
    }

    #[inline]
    fn end_line(&mut self, text: &mut [u8], place: usize, sign: u8) -> bool {
        let is_feed = sign == b'\n';
        let ends = place > self.start;
        if ends {
            self.end_record(text, place);
        } else {
            // The second half of a line end is none.
            self.empty += i64::from(!(is_feed && self.returned));
        }
        self.line += u64::from(is_feed);
        self.returned = !is_feed;
        (self.start, self.field, self.begun) = (place + 1, place + 1, self.line);
        ends
    }
}

impl<'a> Found<'a> {
    pub fn count(self) -> usize {
        self.rows.len()
    }

    /// The lines on which the records begin.
    pub fn lines(self) -> impl Iterator<Item = u64> + 'a {
        self.rows.iter().map(|row| row.line)
    }

    /// The records with a line feed in a field, and the lines on which they begin.
    pub fn spanning(self) -> impl Iterator<Item = (usize, u64)> + 'a {
        self.rows.iter().enumerate().filter(|(_, row)| row.spans).map(|(place, row)| (place, row.line))
    }

    /// How many fields each record has.
    pub fn widths(self) -> impl Iterator<Item = usize> + 'a {
        self.rows.iter().map(|row| row.fields)
    }

    /// The fields of a record.
    pub fn record(self, place: usize) -> impl Iterator<Item = &'a [u8]> {
        self.rows.get(place).into_iter().flat_map(move |row| contents(self.text, self.fields, row))
    }

    /// One field of each record, from where to where it stands in the text; nothing where a record has fewer.
    pub fn column(self, column: usize) -> impl Iterator<Item = (usize, usize)> + 'a {
        self.rows.iter().map(move |row| {
            let field = self.fields.get(row.first + column).filter(|_| column < row.fields);
            field.map_or((0, 0), |field| (field.start as usize, field.end as usize))
        })
    }
}

/// The fields of the first record of a text, none where it has none, and whether text follows it.
pub fn first(text: &[u8], delimiter: u8) -> (Vec<Vec<u8>>, bool) {
    // The text of quoted fields is moved, so that a copy is looked at; most first records are short.
    let mut length = 1 << 10;
    loop {
        let mut copy = text.get(..length).unwrap_or(text).to_vec();
        let mut records = Records::new(delimiter, 1);
        let found = records.find(&mut copy, 1, false);
        if !found && length < text.len() {
            length *= 2;
            continue;
        }
        if !found {
            records.find(&mut copy, 1, true);
        }
        return (records.found(&copy).record(0).map(<[u8]>::to_vec).collect(), records.start < text.len());
    }
}

fn contents<'a>(text: &'a [u8], fields: &'a [Field], row: &Row) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let fields = fields.get(row.first..row.first + row.fields).unwrap_or_default();
    fields.iter().map(|field| text.get(field.start as usize..field.end as usize).unwrap_or_default())
}

/// The content of a field that begins with a quote. Where quotes are written twice or letters follow the closed one, it
/// is moved together, and quotes take its place.
fn unquoted(text: &mut [u8], start: usize, end: usize) -> (usize, usize) {
    let inner = text.get(start + 1..end).unwrap_or_default();
    match inner.iter().position(|byte| *byte == QUOTE) {
        None => return (start + 1, end),
        Some(place) if place + 1 == inner.len() => return (start + 1, end - 1),
        Some(_) => {}
    }
    let (mut content, mut state) = (Vec::with_capacity(inner.len()), State::Quoted);
    for byte in inner {
        state = match (state, *byte) {
            (State::Quoted, QUOTE) => {
                state = State::Closed;
                continue;
            }
            (State::Closed, QUOTE) => State::Quoted,
            (State::Closed, _) => State::Plain,
            (state, _) => state,
        };
        content.push(*byte);
    }
    let length = content.len();
    content.resize(end - start, QUOTE);
    text.get_mut(start..end).unwrap_or_default().copy_from_slice(&content);
    (start, start + length)
}

/// The places of the signs in a block: delimiters, quotes and line ends.
#[derive(Debug)]
pub struct Places {
    /// A bit for each place.
    bits: u64,
    pub has_quote: bool,
}

impl Places {
    /// Bytes looked at together.
    pub const BLOCK: usize = 64;

    /// Of a block or less of a text.
    #[inline]
    pub fn of(text: &[u8], delimiter: u8) -> Self {
        if let Some(block) = text.first_chunk() {
            return Self::of_block(block, delimiter);
        }
        let mut block = [0; Self::BLOCK];
        block.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        let places = Self::of_block(&block, delimiter);
        Self { bits: places.bits & ((1 << text.len()) - 1), ..places }
    }

    #[inline]
    fn of_block(block: &[u8; Self::BLOCK], delimiter: u8) -> Self {
        let mut signs = [0; Self::BLOCK];
        for (sign, byte) in signs.iter_mut().zip(block) {
            let is = |sign: u8| u8::from(*byte == sign);
            *sign = is(delimiter) | is(b'\n') | is(b'\r') | is(QUOTE);
        }
        // Eight bytes of zero or one become eight bits: the product brings them side by side in its highest byte.
        let (eights, _) = signs.as_chunks();
        let bits = eights.iter().rev().fold(0, |bits: u64, eight| {
            bits << 8 | u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56
        });
        Self { bits, has_quote: block.iter().fold(false, |has, byte| has | (*byte == QUOTE)) }
    }
}

impl Iterator for Places {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let place = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits.wrapping_sub(1);
        (place < Self::BLOCK).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The fields of each record and the line on which it begins, and how many lines had nothing in them.
    type All = (Vec<(u64, Vec<Vec<u8>>)>, i64);

    /// What is found in a text that comes in pieces, so many records at a time.
    fn found(text: &[u8], delimiter: u8, piece: usize, rows: usize) -> All {
        let (mut records, mut kept, mut pieces) = (Records::new(delimiter, 1), Vec::new(), text.chunks(piece));
        let mut all = Vec::new();
        loop {
            kept.drain(..records.forget());
            while !records.find(&mut kept, rows, false) {
                match pieces.next() {
                    Some(piece) => kept.extend_from_slice(piece),
                    None => {
                        records.find(&mut kept, rows, true);
                        break;
                    }
                }
            }
            let found = records.found(&kept);
            assert!(found.count() <= rows);
            let record = |(place, line)| (line, found.record(place).map(<[u8]>::to_vec).collect());
            all.extend(found.lines().enumerate().map(record));
            if found.count() == 0 {
                return (all, records.empty());
            }
        }
    }

    /// What the `csv` crate reads, the line ends before a record counted by hand.
    fn read(text: &[u8], delimiter: u8) -> All {
        let mut builder = csv::ReaderBuilder::new();
        let mut reader = builder.delimiter(delimiter).has_headers(false).flexible(true).from_reader(text);
        let (mut record, mut all, mut empty) = (csv::ByteRecord::new(), Vec::new(), 0);
        loop {
            let mut place = usize::try_from(reader.position().byte()).unwrap();
            let is_record = reader.read_byte_record(&mut record).unwrap();
            while let Some(end @ (b'\n' | b'\r')) = text.get(place) {
                empty += i64::from(!(*end == b'\n' && place > 0 && text[place - 1] == b'\r'));
                place += 1;
            }
            if !is_record {
                return (all, empty);
            }
            let line = 1 + text[..place].iter().filter(|byte| **byte == b'\n').count() as u64;
            all.push((line, record.iter().map(<[u8]>::to_vec).collect()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Quotes that open a field, are letters, are written twice or never closed; line ends of all kinds anywhere.
        #[test]
        fn records_are_what_the_csv_crate_reads(
            texts in proptest::collection::vec(prop_oneof![
                4 => "[a-c,;]{0,9}[\n\r,]", 2 => "\"[ab,\n\r]{0,6}\"[,\n]", 2 => "[a\",\n\r]{0,6}", 1 => "[é \t]{0,40}",
            ], 0..24),
            delimiter in prop_oneof![6 => Just(b','), 1 => Just(b';'), 1 => Just(b'"'), 1 => Just(b'a')],
            (piece, rows) in (1..200usize, 1..5usize),
        ) {
            let text = texts.concat().into_bytes();
            prop_assert_eq!(found(&text, delimiter, piece, rows), read(&text, delimiter));
        }
    }

    #[test]
    fn what_a_field_says_is_moved_together() {
        for (text, says) in [
            (r#""a""b""#, r#"a"b"#),
            (r#""""""#, r#"""#),
            (r#""a"b"c""#, r#"ab"c""#),
            (r#""a" "#, "a "),
            (r#"a"b""#, r#"a"b""#),
            (r#""a"#, "a"),
            (r#"""#, ""),
        ] {
            let (records, _) = found(format!("x,{text},y\n").as_bytes(), b',', 1, 1);
            let fields: Vec<&[u8]> = records[0].1.iter().map(Vec::as_slice).collect();
            if text.matches('"').count() % 2 == 0 {
                assert_eq!(fields, [b"x", says.as_bytes(), b"y"], "{text}");
            } else {
                assert_eq!(fields, [b"x", format!("{says},y\n").as_bytes()], "{text}");
            }
        }
    }
}
