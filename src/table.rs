//! A table as it travels between stages: a Polars frame and what each of its columns means.
//!
//! Frames hold money as whole minor units in `Int64`; the meaning says so, and the outputs turn it
//! into decimals when it leaves. The physical type of a column follows from its meaning alone.

use polars::prelude::{
    BooleanChunked, ChunkTake, ChunkedArray, ChunkedCollectInferIterExt, Column as Series, DataFrame, DataType, IdxCa,
    IntoColumn, NewChunkedArray, NumericNative, PlSmallStr, PolarsNumericType, PolarsResult, StringChunked,
};
use rayon::prelude::*;

/// What the values of a column are, and with it how they are stored, written and read aloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A string: `String`.
    Text,
    /// A count, a year, a rank: `Int64`.
    Integer,
    /// Whole minor units of the pipeline's currency: `Int64`.
    Money,
    /// A score, an index, a number of things that need not be whole: `Float64`.
    Number,
    /// A fraction of something, shown as a percentage: `Float64`.
    Ratio,
    /// Days since 1970-01-01: `Date`.
    Date,
    /// `Boolean`.
    Flag,
}

impl Meaning {
    /// The words by which pipelines declare columns.
    pub const NAMES: [(&'static str, Self); 7] = [
        ("text", Self::Text),
        ("integer", Self::Integer),
        ("money", Self::Money),
        ("number", Self::Number),
        ("ratio", Self::Ratio),
        ("date", Self::Date),
        ("flag", Self::Flag),
    ];

    /// The word for this meaning.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, meaning)| *meaning == self).map_or("", |(name, _)| name)
    }

    /// The Polars type in which values of this meaning are held between stages.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::String,
            Self::Integer | Self::Money => DataType::Int64,
            Self::Number | Self::Ratio => DataType::Float64,
            Self::Date => DataType::Date,
            Self::Flag => DataType::Boolean,
        }
    }

    /// Whether a scale can turn values of this meaning into a score.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Money | Self::Number | Self::Ratio)
    }
}

/// The declaration of a column: its name and its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    pub name: String,
    pub meaning: Meaning,
}

impl ColumnSpec {
    pub fn new(name: impl Into<String>, meaning: Meaning) -> Self {
        Self { name: name.into(), meaning }
    }
}

/// What a table will look like, known before anything runs: `check` binds references against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSpec {
    pub name: String,
    pub columns: Vec<ColumnSpec>,
    /// Whether `account` is the key: at most one row per account.
    pub per_account: bool,
}

impl TableSpec {
    pub fn new(name: impl Into<String>, columns: Vec<ColumnSpec>) -> Self {
        Self { name: name.into(), columns, per_account: false }
    }

    /// The same, with `account` as the key.
    pub fn per_account(mut self) -> Self {
        self.per_account = true;
        self
    }

    pub fn column(&self, name: &str) -> Option<&ColumnSpec> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// So many rows make a piece of a long table: few enough that its columns fit into memory that was let go elsewhere.
pub const PIECE_ROWS: usize = 1 << 17;

/// A named frame whose columns are those of its spec, in that order.
#[derive(Debug, Clone)]
pub struct Table {
    pub spec: TableSpec,
    pub frame: DataFrame,
}

impl Table {
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    /// A table of these accounts.
    pub fn of_accounts(accounts: &[&str]) -> Self {
        let table = |names: &[&str]| TableBuilder::new("accounts", names.len()).text("account", names.to_vec()).build();
        Self::of_pieces(table(&[]), accounts.par_chunks(PIECE_ROWS).map(table).collect())
    }

    /// The rows for which `keep` is true.
    ///
    /// # Errors
    /// The words of Polars.
    pub fn rows_where(&self, keep: impl Iterator<Item = bool>) -> Result<Self, String> {
        let keep: BooleanChunked = keep.collect();
        let frame = self.frame.filter(&keep).map_err(|error| error.to_string())?;
        Ok(Self { spec: self.spec.clone(), frame })
    }

    /// A table out of pieces, one below the other, which stay where they are in memory. `nothing` is the table without rows.
    ///
    /// Panics where the columns of a piece are of other types, as [`TableBuilder::build`] does.
    #[expect(clippy::panic, reason = "pieces of one table are made alike")]
    pub fn of_pieces(nothing: Self, pieces: Vec<Self>) -> Self {
        let Self { spec, frame } = nothing;
        let height = pieces.iter().map(Self::rows).sum();
        let mut pieces: Vec<_> = pieces.into_iter().map(|piece| piece.frame.into_columns().into_iter()).collect();
        let stacked = |mut column: Series| {
            let below: Vec<Series> = pieces.iter_mut().filter_map(Iterator::next).collect();
            if below.iter().all(|piece| piece.null_count() == piece.len()) {
                // A column in which every value is missing takes no room.
                return Ok(Series::full_null(column.name().clone(), height, column.dtype()));
            }
            below.into_iter().try_for_each(|piece| column.append_owned(piece).map(|_| ()))?;
            Ok(column)
        };
        let columns = frame.into_columns().into_iter().map(stacked).collect::<PolarsResult<_>>();
        match columns.and_then(|columns| DataFrame::new(height, columns)) {
            Ok(frame) => Self { spec, frame },
            Err(error) => panic!("the pieces of table `{}` do not fit together: {error}", spec.name),
        }
    }

    /// Pieces of so many rows, each of which lets go of its memory by itself where the table was made of such pieces.
    pub fn into_pieces(self, rows: usize) -> Vec<Self> {
        let starts = (0..self.rows()).step_by(rows.max(1));
        let piece = |start: usize| Self {
            spec: self.spec.clone(),
            frame: self.frame.slice(i64::try_from(start).unwrap_or(i64::MAX), rows),
        };
        starts.map(piece).collect()
    }

    /// The values of a text column; nulls read as the empty string.
    pub fn text(&self, column: &str) -> Vec<&str> {
        self.each_text(column).map(Option::unwrap_or_default).collect()
    }

    /// The values of a text column.
    pub fn optional_text(&self, column: &str) -> Vec<Option<&str>> {
        self.each_text(column).collect()
    }

    /// The values of a text column, one after the other.
    pub fn each_text(&self, column: &str) -> impl Iterator<Item = Option<&str>> {
        self.series(column).str().into_iter().flat_map(|values| values.iter())
    }

    /// The texts of a column that stand together, each with the number of its rows; nulls read as the empty string.
    pub fn text_runs(&self, column: &str) -> Vec<(&str, usize)> {
        let Ok(texts) = self.series(column).str() else { return Vec::new() };
        let has_nulls = texts.null_count() > 0;
        let chunks: Vec<_> = texts.downcast_iter().collect();
        let runs_of_chunks = chunks.par_iter().map(|chunk| {
            let mut runs = Vec::new();
            // Short texts are part of their view, which is compared at once; of long ones, two views may be the same text.
            let mut last = None;
            for (row, view) in chunk.views().iter().enumerate() {
                let view = Some(view.as_u128()).filter(|_| !has_nulls);
                if view.is_some() && view == last {
                    runs.last_mut().into_iter().for_each(|(_, rows)| *rows += 1);
                } else {
                    add_run(&mut runs, chunk.get(row).unwrap_or_default(), 1);
                }
                last = view;
            }
            runs
        });
        let mut runs = Vec::new();
        for (text, rows) in runs_of_chunks.collect::<Vec<_>>().into_iter().flatten() {
            add_run(&mut runs, text, rows);
        }
        runs
    }

    /// The values of an integer or money column.
    pub fn integers(&self, column: &str) -> Vec<Option<i64>> {
        self.each_integer(column).collect()
    }

    /// The values of an integer or money column, one after the other.
    pub fn each_integer(&self, column: &str) -> impl Iterator<Item = Option<i64>> {
        self.series(column).i64().into_iter().flat_map(|values| values.iter())
    }

    /// The sum of an integer or money column.
    pub fn sum(&self, column: &str) -> i128 {
        let chunks = self.series(column).i64().into_iter().flat_map(|values| values.downcast_iter());
        chunks.flat_map(|chunk| chunk.non_null_values_iter()).map(i128::from).sum()
    }

    /// The values of a number or ratio column.
    pub fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        self.series(column).f64().into_iter().flat_map(|values| values.iter()).collect()
    }

    /// The values of a date column, in days since 1970-01-01.
    pub fn dates(&self, column: &str) -> Vec<Option<i32>> {
        let values = self.series(column).date();
        values.into_iter().flat_map(|values| values.physical().iter()).collect()
    }

    /// The values of a flag column; nulls read as false.
    pub fn flags(&self, column: &str) -> Vec<bool> {
        let values = self.series(column).bool();
        values.into_iter().flat_map(|values| values.iter()).map(Option::unwrap_or_default).collect()
    }

    /// The values of a flag column.
    pub fn optional_flags(&self, column: &str) -> Vec<Option<bool>> {
        self.series(column).bool().into_iter().flat_map(|values| values.iter()).collect()
    }

    /// Panics where the table has no such column: stages are wired against specs before a run, so
    /// a wrong name here is a mistake of this program and not of its input.
    #[expect(clippy::panic, reason = "a wrong column name is a mistake of this program")]
    fn series(&self, column: &str) -> &Series {
        match self.frame.column(column) {
            Ok(series) => series,
            Err(_) => panic!("table `{}` was built without its column `{column}`", self.spec.name),
        }
    }
}

/// Adds rows with a text to those before, where they have the same one.
fn add_run<'t>(runs: &mut Vec<(&'t str, usize)>, text: &'t str, rows: usize) {
    match runs.last_mut() {
        Some((before, count)) if *before == text => *count += rows,
        _ => runs.push((text, rows)),
    }
}

/// A value of a column of numbers, which may be one that can be missing.
pub trait Value<N: NumericNative>: Sized {
    fn column(values: Vec<Self>, name: PlSmallStr) -> ChunkedArray<N::PolarsType>;
}

impl<N: NumericNative<PolarsType: PolarsNumericType<Native = N>>> Value<N> for N {
    fn column(values: Vec<Self>, name: PlSmallStr) -> ChunkedArray<N::PolarsType> {
        ChunkedArray::from_vec(name, values)
    }
}

impl<N: NumericNative<PolarsType: PolarsNumericType<Native = N>>> Value<N> for Option<N> {
    fn column(values: Vec<Self>, name: PlSmallStr) -> ChunkedArray<N::PolarsType> {
        values.into_iter().collect_ca(name)
    }
}

/// Collects the columns of a table one by one, so that spec and frame cannot disagree.
#[derive(Debug)]
pub struct TableBuilder {
    spec: TableSpec,
    series: Vec<Series>,
    height: usize,
}

impl TableBuilder {
    pub fn new(name: impl Into<String>, height: usize) -> Self {
        Self { spec: TableSpec::new(name, Vec::new()), series: Vec::new(), height }
    }

    /// Declares `account` as the key.
    pub fn per_account(mut self) -> Self {
        self.spec.per_account = true;
        self
    }

    pub fn text<S: AsRef<str>>(self, name: &str, values: Vec<S>) -> Self {
        self.push(name, Meaning::Text, |name| StringChunked::from_slice(name, &values).into_column())
    }

    /// The accounts of a table, whose memory they share.
    pub fn accounts_of(self, table: &Table) -> Self {
        self.push("account", Meaning::Text, |_| table.series("account").clone())
    }

    pub fn optional_text<S: AsRef<str>>(self, name: &str, values: Vec<Option<S>>) -> Self {
        self.push(name, Meaning::Text, |name| StringChunked::from_slice_options(name, &values).into_column())
    }

    /// A text column in which the same texts come again and again: each value is the place of its text in the list.
    ///
    /// Panics where a place lies outside of the list, as [`TableBuilder::build`] does.
    pub fn repeated_text<S: AsRef<str>>(self, name: &str, texts: &[S], places: Vec<u32>) -> Self {
        self.push(name, Meaning::Text, |name| {
            let (texts, places) = (StringChunked::from_slice(name.clone(), texts), IdxCa::from_vec(name, places));
            match texts.take(&places) {
                Ok(values) => values.into_column(),
                Err(error) => unreachable!("places lie in the list that they were made from: {error}"),
            }
        })
    }

    pub fn integers(self, name: &str, values: Vec<impl Value<i64>>) -> Self {
        self.push(name, Meaning::Integer, |name| Value::column(values, name).into_column())
    }

    pub fn money(self, name: &str, values: Vec<impl Value<i64>>) -> Self {
        self.push(name, Meaning::Money, |name| Value::column(values, name).into_column())
    }

    pub fn numbers(self, name: &str, values: Vec<impl Value<f64>>) -> Self {
        self.push(name, Meaning::Number, |name| Value::column(values, name).into_column())
    }

    pub fn ratios(self, name: &str, values: Vec<impl Value<f64>>) -> Self {
        self.push(name, Meaning::Ratio, |name| Value::column(values, name).into_column())
    }

    pub fn dates(self, name: &str, values: Vec<impl Value<i32>>) -> Self {
        self.push(name, Meaning::Date, |name| {
            let days = Value::column(values, name).into_column();
            match days.cast(&DataType::Date) {
                Ok(dates) => dates,
                Err(error) => unreachable!("days always cast to dates: {error}"),
            }
        })
    }

    /// A column in which every value is missing, which takes no room.
    pub fn nothing(self, name: &str, meaning: Meaning) -> Self {
        let height = self.height;
        self.push(name, meaning, |name| Series::full_null(name, height, &meaning.data_type()))
    }

    pub fn flags(self, name: &str, values: Vec<bool>) -> Self {
        self.push(name, Meaning::Flag, |name| Series::new(name, values))
    }

    pub fn optional_flags(self, name: &str, values: Vec<Option<bool>>) -> Self {
        self.push(name, Meaning::Flag, |name| Series::new(name, values))
    }

    /// Panics where a column is of another height: a mistake of this program and not of its input.
    #[expect(clippy::panic, reason = "columns of one table are made from the same rows")]
    pub fn build(self) -> Table {
        match DataFrame::new(self.height, self.series) {
            Ok(frame) => Table { spec: self.spec, frame },
            Err(error) => panic!("the columns of table `{}` do not fit together: {error}", self.spec.name),
        }
    }

    fn push(mut self, name: &str, meaning: Meaning, series: impl FnOnce(PlSmallStr) -> Series) -> Self {
        self.series.push(series(PlSmallStr::from_str(name)));
        self.spec.columns.push(ColumnSpec::new(name, meaning));
        self
    }
}

/// The name of a stage's further table: its own where the stage has its kind's name, else with the id before it.
pub fn name_of(id: &str, kind: &str, table: &str) -> String {
    if id == kind { table.to_owned() } else { format!("{id}_{table}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A column of each meaning for each of these rows; of `cost` none has a value.
    fn table(rows: &[Option<i32>]) -> Table {
        let values = |value: fn(i32) -> i64| rows.iter().map(|row| row.map(value)).collect::<Vec<Option<i64>>>();
        let numbers = || rows.iter().map(|row| row.map(f64::from)).collect::<Vec<Option<f64>>>();
        TableBuilder::new("rows", rows.len())
            .optional_text("account", rows.iter().map(|row| row.map(|row| format!("the account {row}"))).collect())
            .integers("rank", values(i64::from))
            .money("revenue", values(|row| i64::from(row) * 100))
            .nothing("cost", Meaning::Money)
            .numbers("score", numbers())
            .ratios("share", numbers())
            .dates("day", rows.to_vec())
            .optional_flags("rated", rows.iter().map(|row| row.map(|row| row > 0)).collect())
            .build()
    }

    proptest! {
        #[test]
        fn a_table_out_of_pieces_is_the_table(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<Option<i32>>(), 0..4), 0..5),
            rows in 1usize..4,
        ) {
            let whole = table(&pieces.concat());
            let stacked = Table::of_pieces(table(&[]), pieces.iter().map(|piece| table(piece)).collect());
            prop_assert_eq!(&stacked.spec, &whole.spec);
            prop_assert!(stacked.frame.equals_missing(&whole.frame));
            let revenue = pieces.concat().into_iter().flatten().map(|row| i128::from(row) * 100);
            prop_assert_eq!(stacked.sum("revenue"), revenue.sum::<i128>());
            let again = Table::of_pieces(table(&[]), stacked.into_pieces(rows));
            prop_assert!(again.frame.equals_missing(&whole.frame));
        }
    }

    proptest! {
        #[test]
        fn texts_that_stand_together(
            pieces in proptest::collection::vec(proptest::collection::vec("[ab]{0,2}|a text longer than a view[ab]", 0..6), 0..4),
            nulls in any::<bool>(),
        ) {
            let of = |texts: &[String]| {
                let texts: Vec<Option<&str>> =
                    texts.iter().map(|text| Some(text.as_str()).filter(|text| !nulls || *text != "a")).collect();
                TableBuilder::new("rows", texts.len()).optional_text("account", texts).build()
            };
            let table = Table::of_pieces(of(&[]), pieces.iter().map(|piece| of(piece)).collect());
            let mut expected: Vec<(&str, usize)> = Vec::new();
            for text in table.each_text("account").map(Option::unwrap_or_default) {
                match expected.last_mut() {
                    Some((last, rows)) if *last == text => *rows += 1,
                    _ => expected.push((text, 1)),
                }
            }
            prop_assert_eq!(table.text_runs("account"), expected);
        }
    }

    #[test]
    fn pieces_are_of_so_many_rows() {
        let rows = |table: Table| table.into_pieces(2).iter().map(Table::rows).collect::<Vec<_>>();
        assert_eq!(rows(table(&[Some(1); 5])), [2, 2, 1]);
        assert!(rows(table(&[])).is_empty());
    }
}
