//! What leaves: tables as Parquet, the report as markdown, and the folder of a run.

pub mod briefs;
pub mod cache;
pub mod dictionaries;
pub mod document;
pub mod footer;
pub mod history;
pub mod keep;
pub mod locale;
pub mod markdown;
pub mod parquet;
pub mod publish;
pub mod quarantine;
pub mod report;
pub mod runs;
pub mod scoresheet;
mod slice;
pub mod tables;
pub mod terminal;
pub mod writers;
