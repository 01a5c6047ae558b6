//! Published runs read back: which one is meant, what it says of itself, and its tables.

#![expect(clippy::disallowed_methods, reason = "reads the files that a run has published")]

use super::publish::current_run;
use crate::failure::Failure;
use crate::pipeline::diagnostics::did_you_mean;
use crate::table::{ColumnSpec, Meaning, Table, TableSpec};
use ::parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, SchemaRef};
use polars::prelude::{Column, DataFrame, NamedFrom, PlSmallStr, Series};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};

/// What to do about it also where it is an earlier run, which no other run makes again.
const DAMAGED: &str = "the run is damaged: put its files back, or take its folder away and run the pipeline again";

/// A published run.
#[derive(Debug, Clone)]
pub struct Run {
    pub folder: PathBuf,
    /// What `run.json` holds.
    pub record: Value,
}

impl Run {
    /// The run that is meant by the name of a pipeline (then its current one), by a run id, or by a folder.
    ///
    /// # Errors
    /// Where there is no such run, or its `run.json` cannot be read.
    pub fn find(out: &Path, name: &str) -> Result<Self, Failure> {
        if is_plain(name) {
            if let Some(folder) = current_run(out, name)? {
                return Self::open(folder);
            }
            let mut folders: Vec<PathBuf> =
                pipelines(out).iter().map(|pipeline| out.join(pipeline).join("runs").join(name)).collect();
            folders.retain(|folder| folder.is_dir());
            return match folders.as_slice() {
                [folder] => Self::open(folder.clone()),
                [] => Err(unknown(out, name)),
                _ => Err(Failure::Arguments {
                    message: format!("more than one pipeline has a run `{name}`"),
                    hint: Some("give the folder of the run".to_owned()),
                }),
            };
        }
        let folder = PathBuf::from(name);
        if folder.join("run.json").is_file() { Self::open(folder) } else { Err(unknown(out, name)) }
    }

    /// The current run of the only pipeline that has published.
    ///
    /// # Errors
    /// Where there is none or more than one, or its `run.json` cannot be read.
    pub fn only(out: &Path) -> Result<Self, Failure> {
        let pipelines = pipelines(out);
        match pipelines.as_slice() {
            [pipeline] => Self::find(out, pipeline),
            [] => Err(Failure::Arguments {
                message: format!("no pipeline has published below `{}`", out.display()),
                hint: Some("run one first, or name the folder with `--out`".to_owned()),
            }),
            several => {
                let names: Vec<String> = several.iter().map(|name| format!("`{name}`")).collect();
                Err(Failure::Arguments {
                    message: format!("several pipelines have published below `{}`", out.display()),
                    hint: Some(format!("name one with `--run`: {}", names.join(", "))),
                })
            }
        }
    }

    /// The run of a folder.
    ///
    /// # Errors
    /// Where its `run.json` cannot be read.
    pub fn open(folder: PathBuf) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::Run {
            message: format!("cannot read `{}`: {error}", folder.join("run.json").display()),
            hint: Some(DAMAGED.to_owned()),
        };
        let text = std::fs::read(folder.join("run.json")).map_err(|error| failed(&error))?;
        let record = serde_json::from_slice(&text).map_err(|error| failed(&error))?;
        let folder = folder.canonicalize().unwrap_or(folder);
        Ok(Self { folder, record })
    }

    pub fn id(&self) -> &str {
        self.record.get("run").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn pipeline(&self) -> &str {
        self.record.get("pipeline").and_then(Value::as_str).unwrap_or_default()
    }

    /// The path of the Parquet file that holds a table, if the run published it.
    pub fn path_of(&self, table: &str) -> Option<PathBuf> {
        let outputs = self.record.get("outputs").and_then(Value::as_array)?;
        let file = format!("{table}.parquet");
        let is_table = |path: &&str| path.rsplit('/').next() == Some(file.as_str());
        let path = outputs.iter().filter_map(|output| output.get("file").and_then(Value::as_str)).find(is_table)?;
        Some(self.folder.join(path))
    }

    /// What to say where a table of the run is missing or is not what it was.
    pub fn damaged(&self, table: &str) -> Failure {
        damaged(&self.folder.join(format!("{table}.parquet")), "it is not what the run published")
    }

    /// The rows of a table as they were published, some at a time: for one that may be larger than memory. Nothing
    /// where the run did not publish it.
    ///
    /// # Errors
    /// Where the file is missing or damaged.
    pub fn batches(
        &self,
        table: &str,
    ) -> Result<Option<impl Iterator<Item = Result<RecordBatch, Failure>> + use<>>, Failure> {
        let Some(path) = self.path_of(table) else { return Ok(None) };
        self.check_intact(&path)?;
        let (_, reader) = reader(&path)?;
        Ok(Some(reader.map(move |batch| batch.map_err(|error| damaged(&path, error)))))
    }

    /// Parquet has no check sums of its own, and a damaged file may read without an error.
    fn check_intact(&self, path: &Path) -> Result<(), Failure> {
        let name = path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let outputs = self.record.get("outputs").and_then(Value::as_array).into_iter().flatten();
        let is_file = |output: &&Value| output.get("file").and_then(Value::as_str) == Some(&name);
        let hash = outputs.into_iter().find(is_file).and_then(|output| output.get("blake3")?.as_str());
        let mut hasher = blake3::Hasher::new();
        let file = File::open(path).map_err(|error| damaged(path, error))?;
        hasher.update_reader(file).map_err(|error| damaged(path, error))?;
        let same = hash.is_some_and(|hash| hasher.finalize().to_hex().as_str() == hash);
        if same { Ok(()) } else { Err(damaged(path, "it is not what the run published")) }
    }

    /// A file of the run as it was published.
    ///
    /// # Errors
    /// Where it is missing or damaged.
    pub fn bytes(&self, file: &str) -> Result<Vec<u8>, Failure> {
        let path = self.folder.join(file);
        self.check_intact(&path)?;
        std::fs::read(&path).map_err(|error| damaged(&path, error))
    }

    /// A table as it was published; nothing where the run did not publish it. Columns mean what their Parquet types
    /// tell: a ratio comes back as a number.
    ///
    /// # Errors
    /// Where the file is missing, damaged, or has a type that no table of a run has.
    pub fn table(&self, name: &str) -> Result<Option<Table>, Failure> {
        let Some(path) = self.path_of(name) else { return Ok(None) };
        self.check_intact(&path)?;
        read(&path, name).map(Some)
    }

    /// As [`Run::table`], for a table of known columns; nothing where the published one has others.
    ///
    /// # Errors
    /// As [`Run::table`].
    pub fn table_like(&self, spec: &TableSpec) -> Result<Option<Table>, Failure> {
        let Some(table) = self.table(&spec.name)? else { return Ok(None) };
        let same = |(published, wanted): (&ColumnSpec, &ColumnSpec)| {
            published.name == wanted.name && published.meaning.data_type() == wanted.meaning.data_type()
        };
        let fits =
            table.spec.columns.len() == spec.columns.len() && table.spec.columns.iter().zip(&spec.columns).all(same);
        Ok(fits.then(|| Table { spec: spec.clone(), frame: table.frame }))
    }
}

/// The folders of runs in a folder, in the order of their names; of what is being written beside them none, for that
/// starts with a dot.
///
/// # Errors
/// Where the folder cannot be read.
pub fn run_folders(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let is_shown = |path: &PathBuf| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let paths = entries.into_iter().map(|entry| entry.path()).filter(is_shown);
    let mut runs: Vec<PathBuf> = paths.filter(|path| path.join("run.json").is_file()).collect();
    runs.sort();
    Ok(runs)
}

/// Whether a text is a name and not a path.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-'))
}

/// The pipelines that have published below a folder.
fn pipelines(out: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(out).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("runs").is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn unknown(out: &Path, name: &str) -> Failure {
    let pipelines = pipelines(out);
    let hint = did_you_mean(name, pipelines.iter().map(String::as_str));
    Failure::Arguments {
        message: format!("there is no run `{name}` below `{}`", out.display()),
        hint: hint
            .or_else(|| Some("give a pipeline's name, a run id of `vitalfew runs`, or the folder of a run".to_owned())),
    }
}

fn damaged(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::Run { message: format!("cannot read `{}`: {error}", path.display()), hint: Some(DAMAGED.to_owned()) }
}

fn reader(path: &Path) -> Result<(SchemaRef, ParquetRecordBatchReader), Failure> {
    let file = File::open(path).map_err(|error| damaged(path, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(path, error))?;
    let schema = builder.schema().clone();
    Ok((schema, builder.build().map_err(|error| damaged(path, error))?))
}

fn read(path: &Path, name: &str) -> Result<Table, Failure> {
    let damaged = |error: String| damaged(path, error);
    let (schema, reader) = reader(path)?;
    let batches = reader.collect::<Result<Vec<RecordBatch>, _>>().map_err(|error| damaged(error.to_string()))?;
    let batch = arrow::compute::concat_batches(&schema, &batches).map_err(|error| damaged(error.to_string()))?;
    let mut columns = Vec::with_capacity(batch.num_columns());
    let mut specs = Vec::with_capacity(batch.num_columns());
    for (field, values) in schema.fields().iter().zip(batch.columns()) {
        let (meaning, column) = column(field.name(), values).map_err(damaged)?;
        specs.push(ColumnSpec::new(field.name(), meaning));
        columns.push(column);
    }
    let frame = DataFrame::new(batch.num_rows(), columns).map_err(|error| damaged(error.to_string()))?;
    Ok(Table { spec: TableSpec::new(name, specs), frame })
}

/// A column of a run's file: what the writer in [`super::parquet`] makes of each meaning, the other way round.
fn column(name: &str, values: &ArrayRef) -> Result<(Meaning, Column), String> {
    let name = PlSmallStr::from_str(name);
    let (meaning, series) = match values.data_type() {
        DataType::Utf8 => (Meaning::Text, Series::new(name, values.as_string::<i32>().iter().collect::<Vec<_>>())),
        DataType::Int64 => {
            (Meaning::Integer, Series::new(name, values.as_primitive::<Int64Type>().iter().collect::<Vec<_>>()))
        }
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            let wide = cast(values, &DataType::Decimal128(38, *scale)).map_err(|error| error.to_string())?;
            let minor = wide.as_primitive::<Decimal128Type>().iter();
            let minor = minor.map(|value| value.map(i64::try_from).transpose()).collect::<Result<Vec<_>, _>>();
            (Meaning::Money, Series::new(name, minor.map_err(|error| error.to_string())?))
        }
        DataType::Float64 => {
            (Meaning::Number, Series::new(name, values.as_primitive::<Float64Type>().iter().collect::<Vec<_>>()))
        }
        DataType::Date32 => {
            let days: Vec<Option<i32>> = values.as_primitive::<Date32Type>().iter().collect();
            let dates = Series::new(name, days).cast(&polars::prelude::DataType::Date);
            (Meaning::Date, dates.map_err(|error| error.to_string())?)
        }
        DataType::Boolean => (Meaning::Flag, Series::new(name, values.as_boolean().iter().collect::<Vec<_>>())),
        other => return Err(format!("the column `{name}` is of type {other}, which no table of a run has")),
    };
    Ok((meaning, series.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::parquet::{Options, encode};
    use crate::table::TableBuilder;

    #[test]
    fn a_table_comes_back_as_it_was_written() {
        let table = TableBuilder::new("odd", 3)
            .text("account", vec!["=A", "b|c", "ñ"])
            .optional_text("name", vec![Some("x"), None, Some("")])
            .integers("rank", vec![Some(1), None, Some(-3)])
            .money("revenue", vec![Some(-5), None, Some(999_999_999_999_999_999)])
            .numbers("score", vec![Some(1.5), None, Some(0.0)])
            .ratios("share", vec![Some(0.25), None, Some(-1.0)])
            .dates("last", vec![Some(-1), None, Some(20_000)])
            .flags("vital_few", vec![true, false, true])
            .build();
        let bytes =
            encode(&table, &Options { decimals: 2, compression: Default::default(), plain: &[], sorted_by: None })
                .unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tables")).unwrap();
        std::fs::write(folder.path().join("tables/odd.parquet"), &bytes).unwrap();
        let hash = blake3::hash(&bytes).to_hex();
        let outputs = serde_json::json!([{"file": "tables/odd.parquet", "blake3": hash.as_str()}]);
        let record = serde_json::json!({"run": "r", "pipeline": "p", "outputs": outputs});
        std::fs::write(folder.path().join("run.json"), record.to_string()).unwrap();
        let run = Run::find(Path::new("nowhere"), folder.path().to_str().unwrap()).unwrap();
        assert_eq!((run.id(), run.pipeline()), ("r", "p"));
        let back = run.table_like(&table.spec).unwrap().unwrap();
        assert!(back.frame.equals_missing(&table.frame), "{:?}", back.frame);
        assert!(run.table("even").unwrap().is_none());
        let fewer = TableSpec::new("odd", table.spec.columns[1..].to_vec());
        assert!(run.table_like(&fewer).unwrap().is_none());

        let rows: usize = run.batches("odd").unwrap().unwrap().map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows, 3);
        let mut broken = bytes;
        broken[10] ^= 1;
        std::fs::write(folder.path().join("tables/odd.parquet"), broken).unwrap();
        for refused in [run.table("odd").err(), run.batches("odd").err()] {
            assert!(refused.unwrap().to_string().ends_with("it is not what the run published"));
        }
    }
}
