//! Which columns of a table are worth a dictionary in its Parquet file.
//!
//! Where nearly every value is another one, a dictionary holds all of them, and the pages name each once more: the file
//! takes longer to make and is larger. Amounts, scores and shares of many accounts are such columns, and so is the name
//! of the account where each has one row.

use crate::table::{Meaning, Table};

/// So many rows are looked at, from the middle of the table. With fewer than that a dictionary costs next to nothing.
const SAMPLE: usize = 16_384;

/// The names of the columns of which three values in four stand alone in the sample. So many of those to come are new
/// too (I. J. Good, *The population frequencies of species*, 1953), and a dictionary of eight bytes each takes what it
/// saves. Values from a list of less than some 57,000 do not reach that. The same table gives the same names.
pub fn without(table: &Table) -> Vec<String> {
    if table.rows() < SAMPLE {
        return Vec::new();
    }
    let middle = i64::try_from((table.rows() - SAMPLE) / 2).unwrap_or_default();
    let sample = Table { spec: table.spec.clone(), frame: table.frame.slice(middle, SAMPLE) };
    let columns = sample.spec.columns.iter();
    let distinct = columns.filter(|column| match column.meaning {
        Meaning::Text => are_distinct(sample.optional_text(&column.name)),
        Meaning::Integer | Meaning::Money => are_distinct(sample.integers(&column.name)),
        Meaning::Number | Meaning::Ratio => {
            are_distinct(sample.numbers(&column.name).into_iter().map(|value| value.map(f64::to_bits)).collect())
        }
        Meaning::Date => are_distinct(sample.dates(&column.name)),
        Meaning::Flag => false,
    });
    distinct.map(|column| column.name.clone()).collect()
}

fn are_distinct<T: Ord>(values: Vec<Option<T>>) -> bool {
    let mut known: Vec<T> = values.into_iter().flatten().collect();
    known.sort_unstable();
    let alone = known.chunk_by(|a, b| a == b).filter(|equal| equal.len() == 1).count();
    !known.is_empty() && alone * 4 >= known.len() * 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TableBuilder;

    fn table(rows: i64) -> Table {
        let values = |value: fn(i64) -> i64| (0..rows).map(value).collect::<Vec<i64>>();
        let names = |every: i64| (0..rows).map(|row| (row / every).to_string()).collect::<Vec<String>>();
        TableBuilder::new("scores", rows as usize)
            .text("account", names(1))
            .text("name", names(2))
            .money("amount", values(|row| row))
            .integers("year", values(|row| row % 7))
            .numbers("score", values(|row| row).into_iter().map(|row| row as f64 / 7.0).collect::<Vec<f64>>())
            // A list of 9,973 values.
            .ratios("share", (0..rows).map(|row| (row % 9_973) as f64).collect::<Vec<f64>>())
            // One in five is the same.
            .numbers(
                "index",
                (0..rows).map(|row| if row % 5 == 0 { 1.0 } else { row as f64 / 7.0 }).collect::<Vec<f64>>(),
            )
            .dates("day", (0..rows).map(|row| (row % 3 == 0).then_some(row as i32)).collect::<Vec<Option<i32>>>())
            .nothing("cost", Meaning::Money)
            .flags("rated", vec![true; rows as usize])
            .build()
    }

    #[test]
    fn distinct_values_need_no_dictionary() {
        assert_eq!(without(&table(20_000)), ["account", "amount", "score", "index", "day"]);
    }

    #[test]
    fn a_short_table_has_dictionaries() {
        assert!(without(&table(16_000)).is_empty());
    }
}
