//! What the tests share: a folder for each, the program run in it, and Parquet files read as plain rows.

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A pipeline and its files in a folder of their own. The program runs there, so that what it prints has
/// no path of this machine in it.
pub struct Project {
    folder: Arc<TempDir>,
}

impl Project {
    /// A folder with the pipeline `small.yaml`.
    pub fn new(pipeline: &str) -> Self {
        let project = Self { folder: Arc::new(tempfile::tempdir().unwrap()) };
        project.write("small.yaml", pipeline);
        project
    }

    /// The same with one more file.
    pub fn with(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(path, content);
        self
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Runs the program with these arguments, in the folder.
    pub fn vitalfew(&self, arguments: &[&str]) -> Done {
        vitalfew(self.folder.path(), arguments)
    }

    /// The same with variables of the environment.
    pub fn vitalfew_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
        vitalfew_with(self.folder.path(), arguments, variables)
    }

    /// Runs the pipeline and returns what it published; the test fails where the run does.
    pub fn run(&self, arguments: &[&str]) -> Published {
        let done = self.vitalfew(&[&["run", "small.yaml", "--log", "none"], arguments].concat());
        assert_eq!(done.code, 0, "{}", done.stderr);
        let out = arguments.iter().skip_while(|argument| **argument != "--out").nth(1).copied().unwrap_or("out");
        Published { _project: Some(Arc::clone(&self.folder)), ..Published::of(&self.path(out), "small") }
    }

    /// The end of a run that must not succeed.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let done = self.vitalfew(&[&["run", "small.yaml", "--log", "none"], arguments].concat());
        assert_ne!(done.code, 0, "{}", done.stdout);
        assert_eq!(done.stdout, "");
        format!("exit code {}\n{}", done.code, done.stderr)
    }
}

/// How a call of the program ended.
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the program with these arguments in a folder.
pub fn vitalfew(folder: &Path, arguments: &[&str]) -> Done {
    vitalfew_with(folder, arguments, &[])
}

/// The same with variables of the environment.
pub fn vitalfew_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
    let mut command = assert_cmd::Command::cargo_bin("vitalfew").unwrap();
    // Only so that a program that never ends cannot hold up the other tests.
    command.timeout(Duration::from_secs(300));
    let output = command.current_dir(folder).args(arguments).envs(variables.iter().copied()).output();
    let output = output.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Done { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The folder of this repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A published run.
pub struct Published {
    folder: PathBuf,
    /// Keeps the folder until the run is looked at.
    _project: Option<Arc<TempDir>>,
}

impl Published {
    /// The run that `current` points to now.
    pub fn of(out: &Path, pipeline: &str) -> Self {
        Self { folder: out.join(pipeline).join("current").canonicalize().unwrap(), _project: None }
    }

    pub fn table(&self, path: &str) -> Rows {
        Rows::read(&self.folder.join(path))
    }

    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap()
    }

    /// The bytes of every file but run.json, which has a clock in it.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = files_below(&self.folder);
        files.remove("run.json").expect("a run without its record");
        files
    }

    pub fn record(&self) -> serde_json::Value {
        serde_json::from_str(&self.text("run.json")).unwrap()
    }
}

/// The bytes of every file below a folder, by path.
pub fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// A Parquet file as text: what a reader sees who knows nothing of this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
}

impl Rows {
    pub fn read(path: &Path) -> Self {
        let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let columns: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let mut rows = Vec::new();
        for batch in builder.build().unwrap() {
            let batch = batch.unwrap();
            let options = FormatOptions::default();
            let formatters: Vec<ArrayFormatter> =
                batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
            rows.extend((0..batch.num_rows()).map(|row| {
                let cell = |(place, formatter): (usize, &ArrayFormatter)| {
                    batch.column(place).is_valid(row).then(|| formatter.value(row).to_string())
                };
                formatters.iter().enumerate().map(cell).collect()
            }));
        }
        Self { columns, rows }
    }

    /// The same with these columns only.
    pub fn select(&self, columns: &[&str]) -> Self {
        let places: Vec<usize> = columns.iter().map(|column| self.place(column)).collect();
        let row = |row: &Vec<Option<String>>| places.iter().map(|place| row[*place].clone()).collect();
        Self { columns: columns.iter().map(ToString::to_string).collect(), rows: self.rows.iter().map(row).collect() }
    }

    /// The values of a column; null is the empty text.
    pub fn texts(&self, column: &str) -> Vec<String> {
        let place = self.place(column);
        self.rows.iter().map(|row| row[place].clone().unwrap_or_default()).collect()
    }

    /// The values of a column of numbers.
    pub fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        let place = self.place(column);
        self.rows.iter().map(|row| row[place].as_ref().map(|cell| cell.parse().unwrap())).collect()
    }

    fn place(&self, column: &str) -> usize {
        let found = self.columns.iter().position(|name| name == column);
        found.unwrap_or_else(|| panic!("no column `{column}` among {:?}", self.columns))
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.columns.join(" | "))?;
        for row in &self.rows {
            let cells: Vec<&str> = row.iter().map(|cell| cell.as_deref().unwrap_or("null")).collect();
            writeln!(formatter, "{}", cells.join(" | "))?;
        }
        Ok(())
    }
}

/// A Parquet file with these columns, in row groups of so many rows.
pub fn parquet_of(columns: &[(&str, ArrayRef)], group_rows: usize) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.iter().map(|(name, column)| (*name, Arc::clone(column), true)),
    );
    let batch = batch.unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group_rows)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}
