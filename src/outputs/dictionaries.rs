//! Which columns of a table are worth a dictionary in its Parquet file.
//!
//! Where nearly every value is another one, a dictionary holds all of them, and the pages name each once more: the file
//! takes longer to make and is larger. Amounts, scores and shares of many accounts are such columns, and so is the name
//! of the account where each has one row.

use crate::table::{Meaning, Table};

/// So many rows are looked at, from the middle of the table. With fewer than that a dictionary costs next to nothing.
const SAMPLE: usize = 8_192;

/// The names of the columns whose values are nearly all distinct: 15 of 16 in the sample, which values from a list of
/// less than some 60,000 do not reach. The same table gives the same names.
pub fn without(table: &Table) -> Vec<String> {
    if table.rows() < 2 * SAMPLE {
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
    let count = known.len();
    known.sort_unstable();
    known.dedup();
    count > 0 && known.len() * 16 >= count * 15
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
            // A list of 10,000 values: nearly half of them come twice among 8,192 that are drawn.
            .ratios("share", (0..rows).map(|row| (row * row % 9_973) as f64).collect::<Vec<f64>>())
            .dates("day", (0..rows).map(|row| (row % 3 == 0).then_some(row as i32)).collect::<Vec<Option<i32>>>())
            .nothing("cost", Meaning::Money)
            .flags("rated", vec![true; rows as usize])
            .build()
    }

    #[test]
    fn distinct_values_need_no_dictionary() {
        assert_eq!(without(&table(20_000)), ["account", "amount", "score", "day"]);
    }

    #[test]
    fn a_short_table_has_dictionaries() {
        assert!(without(&table(16_000)).is_empty());
    }
}
