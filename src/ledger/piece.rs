//! Expressions that are a piece of a text, `SUBSTR(invoice, 1, 12)`: so common for numbers of invoices that hold more,
//! and so much quicker cut than computed, that they are cut.

use super::expression::{Entry, Operand};
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::DataType;
use polars::prelude::Expr;
use std::sync::Arc;

/// So many characters of a column, after those that are skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    column: String,
    skipped: usize,
    length: usize,
}

impl Piece {
    /// The piece that an expression is, where it is one: the one that is the same expression.
    pub fn of(expression: &Expr) -> Option<Self> {
        let names = expression.clone().meta().root_names();
        let [name] = names.as_slice() else { return None };
        let numbers: Vec<usize> = expression.into_iter().filter_map(number).collect();
        let [one, other] = *numbers else { return None };
        let quoted = name.replace('"', "\"\"");
        // The parser turns positions, which count from 1, into characters that are skipped.
        let is_it = |(skipped, length): &(usize, usize)| {
            let text = format!("SUBSTR(\"{quoted}\", {}, {length})", skipped.saturating_add(1));
            polars::sql::sql_expr(text).is_ok_and(|piece| piece == *expression)
        };
        let (skipped, length) = [(one, other), (other, one)].into_iter().find(is_it)?;
        Some(Self { column: name.to_string(), skipped, length })
    }

    /// Cuts the pieces out of a column; nothing where it is no text.
    pub fn cut(&self, operands: &[Operand]) -> Option<ArrayRef> {
        let operand = operands.iter().find(|operand| operand.name == self.column)?;
        let is_text = matches!(operand.entry, Entry::Text) && *operand.values.data_type() == DataType::Utf8;
        let texts = is_text.then(|| operand.values.as_string::<i32>())?;
        Some(Arc::new(texts.iter().map(|text| text.map(|text| self.of_text(text))).collect::<StringArray>()))
    }

    fn of_text<'t>(&self, text: &'t str) -> &'t str {
        // Characters of one byte each need not be counted.
        if text.is_ascii() {
            let start = self.skipped.min(text.len());
            return text.get(start..text.len().min(start.saturating_add(self.length))).unwrap_or_default();
        }
        let mut ends = text.char_indices().map(|(at, _)| at).skip(self.skipped).chain([text.len()]);
        let start = ends.next().unwrap_or(text.len());
        let end = if self.length == 0 { start } else { ends.nth(self.length - 1).unwrap_or(text.len()) };
        text.get(start..end).unwrap_or_default()
    }
}

fn number(part: &Expr) -> Option<usize> {
    match part {
        Expr::Literal(literal) => usize::try_from(literal.to_any_value()?.extract::<i128>()?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::expression::{Formula, evaluate};
    use super::*;
    use crate::dates::DateFormats;
    use proptest::prelude::*;

    fn expression(text: &str) -> Expr {
        polars::sql::sql_expr(text).unwrap()
    }

    #[test]
    fn pieces_are_told_from_other_expressions() {
        let piece = |text: &str| Piece::of(&expression(text)).map(|piece| (piece.column, piece.skipped, piece.length));
        assert_eq!(piece(r#"SUBSTR("Invoice/Item Number", 1, 12)"#), Some(("Invoice/Item Number".to_owned(), 0, 12)));
        assert_eq!(piece(r#"SUBSTRING(a, 3, 3)"#), Some(("a".to_owned(), 2, 3)));
        assert_eq!(piece(r#"SUBSTR("say ""a""", 2, 0)"#), Some(("say \"a\"".to_owned(), 1, 0)));
        assert_eq!(piece("LEFT(a, 4)"), Some(("a".to_owned(), 0, 4)));
        for other in [
            "a",
            "a IN (1, 2, 3)",
            "SUBSTR(a, 2)",
            "SUBSTR(a, 0, 2)",
            "SUBSTR(UPPER(a), 1, 2)",
            "SUBSTR(a, 1, b)",
            "RIGHT(a, 2)",
        ] {
            assert_eq!(piece(other), None, "{other}");
        }
    }

    proptest! {
        /// What is cut is what Polars computes.
        #[test]
        fn pieces_are_what_the_expression_yields(
            texts in proptest::collection::vec(proptest::option::of("[a-cé株]{0,6}"), 0..20),
            start in 1usize..8,
            length in 0usize..8,
        ) {
            let expression = expression(&format!("SUBSTR(a, {start}, {length})"));
            let values: ArrayRef = Arc::new(texts.iter().map(Option::as_deref).collect::<StringArray>());
            let operands = [Operand { name: "a", entry: Entry::Text, values: &values }];
            let cut = Piece::of(&expression).unwrap().cut(&operands).unwrap();
            // The same with something around it that changes nothing.
            let other = Formula::of(&super::tests::expression(&format!("CONCAT(SUBSTR(a, {start}, {length}), '')")));
            let computed = evaluate(&[other], &operands, &DateFormats::iso(), texts.len()).unwrap();
            let expected: ArrayRef = Arc::clone(&computed.columns[0]);
            prop_assert_eq!(cut.as_string::<i32>().iter().map(Option::unwrap_or_default).collect::<Vec<_>>(),
                expected.as_string::<i32>().iter().map(Option::unwrap_or_default).collect::<Vec<_>>());
            prop_assert_eq!(cut.nulls().map(|nulls| nulls.iter().collect::<Vec<_>>()),
                values.nulls().map(|nulls| nulls.iter().collect::<Vec<_>>()));
        }
    }
}
