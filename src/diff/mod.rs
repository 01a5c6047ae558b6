//! Two published runs held against each other.

mod json;
mod told;

use crate::decisions::compare::compared;
use crate::decisions::compare::side::Side;
use crate::decisions::compare::tables::Found;
use crate::failure::Failure;
use crate::outputs::locale::Language;
use crate::outputs::runs::Run;

pub use json::as_json;
pub use told::as_text;

/// Both sides, as far as they were published.
#[derive(Debug)]
pub struct Sides {
    pub was: Side,
    pub is: Side,
}

impl Sides {
    /// # Errors
    /// Where a table of a run is damaged, or the two have nothing that could be compared.
    pub fn of(was: &Run, is: &Run) -> Result<Self, Failure> {
        let is = Side::published(is, None)?;
        let was = Side::published(was, None)?;
        let both = |table: fn(&Side) -> bool| table(&was) && table(&is);
        if both(|side| side.tables.scorecard.is_some()) || both(|side| side.tables.account_years.is_some()) {
            return Ok(Self { was, is });
        }
        let id = |side: &Side| side.run.clone().unwrap_or_default();
        Err(Failure::Arguments {
            message: format!("the runs `{}` and `{}` have not both published their accounts", id(&was), id(&is)),
            hint: Some("name `account_years` and the scorecard in a `parquet` stage, and run again".to_owned()),
        })
    }

    /// # Errors
    /// Where the words of the program cannot be loaded.
    pub fn compared(&self) -> Result<Found<'_>, Failure> {
        compared(&self.was, &self.is, Language::English)
    }
}
