//! What a query may say: one SELECT over tables of the pipeline, and nothing that reads or changes anything else.

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, ExactNumberInfo, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, Query, Statement, TableFactor, Value, VisitMut,
    VisitorMut,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// A query that reads tables of the pipeline only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// The query as Polars gets it.
    pub text: String,
    /// The tables that it reads.
    pub tables: BTreeSet<String>,
    /// Whether it says in which order its rows come.
    pub ordered: bool,
}

/// Why a query is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub message: String,
    pub hint: Option<String>,
    /// The part of the query that is to blame.
    pub part: Option<String>,
}

impl Refusal {
    fn new(message: impl Into<String>, hint: &str, part: Option<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.to_owned()), part }
    }
}

/// Parses a query.
///
/// # Errors
/// Where it is no SQL, no single SELECT, or names something else than tables and its own common table
/// expressions in FROM. `is_table` knows the tables of the pipeline.
pub fn parse(text: &str, is_table: impl Fn(&str) -> bool) -> Result<Select, Refusal> {
    let statements = Parser::parse_sql(&GenericDialect, text).map_err(|error| not_sql(text, &error))?;
    let mut query = match <[Statement; 1]>::try_from(statements) {
        Ok([Statement::Query(query)]) => query,
        Ok(_) => {
            let message = "the query should be a SELECT, and nothing that changes or shows something else";
            let first = text.split_whitespace().next().map(str::to_owned);
            return Err(Refusal::new(message, "tables are made by stages, one table by each `sql` stage", first));
        }
        Err(statements) => {
            let message = format!("the query should be one statement, found {}", statements.len());
            return Err(Refusal::new(message, "give each query a stage of its own", None));
        }
    };
    let mut reader = Reader::default();
    if let ControlFlow::Break(refusal) = query.visit(&mut reader) {
        return Err(refusal);
    }
    if let Some(name) = reader.names.iter().find(|name| is_table(name)) {
        let message = format!("the query calls a part of itself `{name}`, as a table above is called");
        return Err(Refusal::new(message, "give the part another name", Some(name.clone())));
    }
    let tables = reader.relations.difference(&reader.names).cloned().collect();
    Ok(Select { text: query.to_string(), tables, ordered: query.order_by.is_some() })
}

fn not_sql(text: &str, error: &ParserError) -> Refusal {
    let words = match error {
        ParserError::TokenizerError(words) | ParserError::ParserError(words) => words.as_str(),
        ParserError::RecursionLimitExceeded => "it is nested too deeply",
    };
    let (words, place) = words.split_once(" at Line: ").unwrap_or((words, ""));
    let part = place.split_once(", Column: ").and_then(|(line, column)| {
        let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
        let line = text.lines().nth(line.checked_sub(1)?)?;
        let rest: String = line.chars().skip(column.checked_sub(1)?).collect();
        Some(rest.trim_end().to_owned()).filter(|rest| !rest.is_empty())
    });
    let mut characters = words.chars();
    let words: String = characters.next().into_iter().flat_map(char::to_lowercase).chain(characters).collect();
    Refusal {
        message: format!("the query is no valid SQL: {}", words.replace("expected: ", "expected ")),
        hint: None,
        part,
    }
}

/// Collects what a query names, and refuses what is no table. Rewrites quotients on the way.
#[derive(Debug, Default)]
struct Reader {
    relations: BTreeSet<String>,
    /// Common table expressions.
    names: BTreeSet<String>,
}

impl VisitorMut for Reader {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Refusal> {
        let with = query.with.iter().flat_map(|with| &with.cte_tables);
        self.names.extend(with.map(|table| table.alias.name.value.clone()));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Refusal> {
        match factor {
            TableFactor::Table { name, args: Some(_), .. } => ControlFlow::Break(Refusal::new(
                format!("the query calls the table function `{name}`, but a query reads only tables of stages above"),
                "let a `read` stage with `columns` read the file",
                name.0.first().map(ToString::to_string),
            )),
            TableFactor::Table { name, args: None, .. } => match single(name) {
                Some(name) => {
                    self.relations.insert(name);
                    ControlFlow::Continue(())
                }
                None => ControlFlow::Break(Refusal::new(
                    format!("the query reads `{name}`, but tables have names of one part"),
                    "tables are called as in the manuals of their stages, such as `growth`",
                    Some(name.to_string()),
                )),
            },
            TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            other => ControlFlow::Break(Refusal::new(
                format!("the query reads `{other}`, but a query reads only tables of stages above"),
                "name a table, or a SELECT in brackets",
                None,
            )),
        }
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Refusal> {
        if let Expr::BinaryOp { left, op: BinaryOperator::Divide, right } = expression {
            **left = as_double(std::mem::replace(left, null()));
            **right = null_for_zero(std::mem::replace(right, null()));
        }
        ControlFlow::Continue(())
    }
}

fn single(name: &ObjectName) -> Option<String> {
    match name.0.as_slice() {
        [part] => part.as_ident().map(|ident| ident.value.clone()),
        _ => None,
    }
}

fn null() -> Expr {
    Expr::value(Value::Null)
}

fn number(digits: &str) -> Expr {
    Expr::value(Value::Number(digits.to_owned(), false))
}

/// An expression times 1.0. Polars keeps the scale of decimals in a quotient, two places for cents, so that
/// a third of something would be 0.33; and unlike a cast, a product lets no text pass for a number.
fn as_double(expression: Expr) -> Expr {
    let one = Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(number("1")),
        data_type: DataType::Double(ExactNumberInfo::None),
        array: false,
        format: None,
    };
    let product = Expr::BinaryOp {
        left: Box::new(Expr::Nested(Box::new(expression))),
        op: BinaryOperator::Multiply,
        right: Box::new(one),
    };
    Expr::Nested(Box::new(product))
}

/// An expression that is null where it is zero: so a quotient that does not exist is null as well.
fn null_for_zero(expression: Expr) -> Expr {
    let argument = |expression| FunctionArg::Unnamed(FunctionArgExpr::Expr(expression));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("NULLIF")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![argument(expression), argument(number("0"))],
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(text: &str) -> Vec<String> {
        parse(text, |_| false).unwrap().tables.into_iter().collect()
    }

    #[test]
    fn the_tables_of_a_query_are_found_wherever_they_stand() {
        assert_eq!(tables("SELECT * FROM a JOIN b USING (account) WHERE x IN (SELECT x FROM c)"), ["a", "b", "c"]);
        assert_eq!(tables("WITH top AS (SELECT * FROM a) SELECT * FROM top UNION ALL SELECT * FROM \"b\""), ["a", "b"]);
        assert_eq!(tables("SELECT 1 AS one"), [""; 0]);
    }

    #[test]
    fn only_an_order_of_the_whole_counts() {
        let ordered = |text| parse(text, |_| false).unwrap().ordered;
        assert!(ordered("SELECT a FROM t ORDER BY a LIMIT 3"));
        assert!(!ordered("SELECT a FROM (SELECT a FROM t ORDER BY a) AS s"));
    }

    #[test]
    fn quotients_are_taken_of_doubles_and_never_by_zero() {
        let text = parse("SELECT a - b / c / 2 AS q FROM t", |_| false).unwrap().text;
        let (inner, one) = ("((b) * CAST(1 AS DOUBLE)) / NULLIF(c, 0)", "CAST(1 AS DOUBLE)");
        assert_eq!(text, format!("SELECT a - (({inner}) * {one}) / NULLIF(2, 0) AS q FROM t"));
    }
}
