//! The columns of a batch, typed: what a line is judged by.

use super::amounts::{Amounts, gap_behind};
use super::cells::{Gap, Keys, is_blank};
use super::days::Days;
use super::expression::{Entry, Evaluated, Formula, Operand, SCALE, evaluate};
use super::plan::{FilePlan, Place};
use crate::calendar::iso;
use crate::dates::DateFormats;
use crate::notation::plain::Plain;
use crate::sources::Batch;
use arrow::array::{ArrayRef, AsArray, BooleanArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::DataType;

/// The columns of a batch, typed.
pub struct Columns {
    pub account: Keys,
    pub days: Days,
    pub amounts: Amounts,
    pub costs: Option<Amounts>,
    pub invoice: Option<Keys>,
    pub product: Option<Keys>,
    pub category: Option<Keys>,
    pub region: Option<Keys>,
    pub currency: Option<Keys>,
    pub rules: Vec<BooleanArray>,
    /// What tells credit notes, and the invoice that one corrects.
    pub credit_kind: Option<Keys>,
    pub corrects: Option<Keys>,
    pub amount_texts: Texts,
    pub cost_texts: Texts,
}

impl Columns {
    /// Whether a line of the batch may be plain: amounts are as they stand, in the currency of the pipeline, and no line
    /// corrects another.
    pub fn may_be_plain(&self) -> bool {
        let stand_for_themselves = self.amount_texts.is_nothing() && self.cost_texts.is_nothing();
        stand_for_themselves && self.currency.is_none() && self.credit_kind.is_none() && self.corrects.is_none()
    }

    /// Whether a row has all that a line of the ledger has beside its amount, of what is declared.
    pub fn is_complete(&self, row: usize) -> bool {
        let present = |keys: &Option<Keys>| keys.as_ref().is_none_or(|keys| keys.text(row).is_some());
        let keys = self.account.text(row).is_some() && present(&self.invoice) && present(&self.product);
        keys && self.days.day(row).is_ok()
    }
}

/// The texts that a computed amount comes from.
pub struct Texts {
    columns: Vec<(String, ArrayRef)>,
    /// The rows, ascending, in which one of them is neither a number nor empty, or carries the sign of a currency.
    doubtful: Vec<usize>,
    /// The rows in which the expression failed, and why.
    failed: Vec<(usize, String)>,
}

impl Texts {
    /// Whether the amounts stand for themselves.
    fn is_nothing(&self) -> bool {
        self.columns.is_empty() && self.failed.is_empty()
    }
}

/// Types the columns of a batch and evaluates the expressions over it. Lines that name no currency are in this one.
///
/// # Errors
/// Where a column is not of the type that the plan found.
pub fn columns(plan: &FilePlan, batch: &Batch, currency: &str) -> Result<Columns, String> {
    let read = |place: usize| batch.columns.get(place).ok_or_else(|| "a column is missing".to_owned());
    let computed = evaluated(&plan.expressions, &plan.entries, &plan.dates, batch)?;
    let nothing = new_null_array(&DataType::Utf8, batch.rows);
    let column = |place: Place| match place {
        Place::Read(place) => read(place),
        Place::Computed(place) => computed.columns.get(place).ok_or_else(|| "an expression is missing".to_owned()),
        Place::Missing => Ok(&nothing),
    };
    let keys = |place: Option<Place>| place.map(|place| Keys::of(column(place)?)).transpose();
    let of_all = plan.currency.is_none().then_some(currency);
    let amounts = |place: Place| Amounts::of(column(place)?, plan.notation, plan.decimals, of_all);
    let rule = |place: &Place| match place {
        Place::Missing => Ok(BooleanArray::new_null(batch.rows)),
        place => column(*place)?.as_boolean_opt().cloned().ok_or_else(|| "a rule is not true or false".to_owned()),
    };
    Ok(Columns {
        account: Keys::of(column(plan.account)?)?,
        days: Days::of(column(plan.date)?, &plan.dates)?,
        amounts: amounts(plan.amount)?,
        costs: plan.cost.map(amounts).transpose()?,
        invoice: keys(plan.invoice)?,
        product: keys(plan.product)?,
        category: keys(plan.category)?,
        region: keys(plan.region)?,
        currency: keys(plan.currency)?,
        rules: plan.rules.iter().map(rule).collect::<Result<_, _>>()?,
        credit_kind: keys(plan.credit_kind)?,
        corrects: keys(plan.corrects)?,
        amount_texts: texts(&plan.amount_texts, plan, batch, &computed)?,
        cost_texts: texts(&plan.cost_texts, plan, batch, &Evaluated { columns: Vec::new(), failed: Vec::new() })?,
    })
}

/// What expressions yield over a batch, of whose columns they use these.
///
/// # Errors
/// Where a column cannot enter or leave an expression.
pub fn evaluated(
    expressions: &[Formula],
    entries: &[(String, Entry, Option<usize>)],
    dates: &DateFormats,
    batch: &Batch,
) -> Result<Evaluated, String> {
    if expressions.is_empty() {
        return Ok(Evaluated { columns: Vec::new(), failed: Vec::new() });
    }
    let nothing = new_null_array(&DataType::Utf8, batch.rows);
    let operand = |(name, entry, place): &'_ (String, Entry, Option<usize>)| {
        let values = place.map_or(Some(&nothing), |place| batch.columns.get(place));
        Ok((name.clone(), *entry, values.ok_or_else(|| "a column is missing".to_owned())?))
    };
    let operands = entries.iter().map(operand).collect::<Result<Vec<_>, String>>()?;
    let operands: Vec<Operand> =
        operands.iter().map(|(name, entry, values)| Operand { name, entry: *entry, values }).collect();
    evaluate(expressions, &operands, dates, batch.rows)
}

/// The texts behind a computed amount, and where one of them is no number.
fn texts(behind: &[(String, usize)], plan: &FilePlan, batch: &Batch, computed: &Evaluated) -> Result<Texts, String> {
    let mut columns = Vec::with_capacity(behind.len());
    let mut doubtful = Vec::new();
    for (name, place) in behind {
        let column = batch.columns.get(*place).ok_or_else(|| "a column is missing".to_owned())?;
        let texts = cast(column, &DataType::Utf8).map_err(|error| error.to_string())?;
        let texts = texts.as_string::<i32>();
        let plain = Plain::of(texts, plan.notation.numbers, SCALE);
        let is_number = |text: &str| match plan.notation.parse(text, SCALE) {
            Ok(written) => written.currency.is_none(),
            Err(_) => is_blank(text),
        };
        let rows = texts.iter().enumerate().filter(|(row, _)| plain.get(*row).is_none());
        doubtful.extend(rows.filter(|(_, text)| text.is_some_and(|text| !is_number(text))).map(|(row, _)| row));
        columns.push((name.clone(), column.clone()));
    }
    doubtful.sort_unstable();
    Ok(Texts { columns, doubtful, failed: computed.failed.clone() })
}

/// The amount of a line, which is in this currency where one is known. Where it is computed, every text behind it has
/// to be a number or empty.
///
/// # Errors
/// Why there is no amount.
pub fn amount_of(
    amounts: &Amounts,
    texts: &Texts,
    plan: &FilePlan,
    row: usize,
    currency: Option<&str>,
) -> Result<i64, Gap> {
    if let Some((_, error)) = texts.failed.iter().find(|(failed, _)| *failed == row) {
        return Err(Gap::Failed(error.clone()));
    }
    let amount = amounts.amount(row, currency);
    if texts.columns.is_empty() || (amount.is_ok() && texts.doubtful.binary_search(&row).is_err()) {
        return amount;
    }
    let columns: Vec<(&str, &ArrayRef)> = texts.columns.iter().map(|(name, column)| (name.as_str(), column)).collect();
    gap_behind(&columns, plan.notation, row, currency).map_or(amount, Err)
}

/// The reason and the detail of a gap.
pub fn told(what: &str, gap: Gap) -> (&'static str, String) {
    match (what, gap) {
        ("date", Gap::Missing | Gap::MissingIn(_)) => ("missing_date", "the date is empty".to_owned()),
        ("date", Gap::Ambiguous(text, one, other)) => {
            ("ambiguous_date", format!("`{text}` is {} or {} by the declared formats", iso(one), iso(other)))
        }
        ("date", gap) => ("unreadable_date", format!("`{}` is no date of the declared format", gap.text())),
        (_, Gap::NoCurrency(why)) => ("missing_currency", why),
        (_, Gap::NoRate(why)) => ("missing_rate", why),
        (_, Gap::OtherCurrency(text, currency)) => ("unexpected_currency", format!("`{text}` is not in `{currency}`")),
        ("cost", Gap::Missing | Gap::MissingIn(_)) => ("unreadable_cost", "the cost is empty".to_owned()),
        ("cost", Gap::Credit(text)) => ("unreadable_cost", undeclared(&text)),
        ("cost", gap) => ("unreadable_cost", format!("`{}` is no cost", gap.text())),
        (_, Gap::Credit(text)) => ("unreadable_amount", undeclared(&text)),
        (_, Gap::Missing) => ("missing_amount", "the amount is empty".to_owned()),
        (_, Gap::MissingIn(column)) => ("missing_amount", format!("`{column}` is empty")),
        (_, Gap::Unreadable(text) | Gap::Ambiguous(text, _, _)) => {
            ("unreadable_amount", format!("`{text}` is no amount"))
        }
        (_, Gap::Failed(error)) => ("unreadable_amount", format!("the expression has no value: {error}")),
        (_, Gap::OutOfRange(text)) => ("amount_out_of_range", format!("`{text}` is too large to be exact")),
    }
}

/// What to say of an amount marked as a credit or a debit where nothing says what that means.
fn undeclared(text: &str) -> String {
    format!("`{text}` is marked as a credit or a debit; `credit_sign` of the `read` stage says what that means")
}
