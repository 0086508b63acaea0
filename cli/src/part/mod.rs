//! What is to be sent, from the command line to parts of a message.
//!
//! What a payload carries as it is stays in its file, so that the library reads, checks and streams it. Only what has to
//! change its form is read here: CSV and Parquet into tables, CSV and NDJSON into rows.

mod form;
mod parquet;
mod rows;
mod spec;
mod table;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use natsbridge::{Part, Value};

pub(crate) use self::parquet::Arguments as ParquetArguments;
pub(crate) use self::parquet::run as run_parquet;
use self::spec::Source;
pub(crate) use self::spec::Spec;
pub(crate) use self::table::csv_table;
use crate::failure::Failure;

/// Makes the parts, in order. Files that are needed on the way are made in `scratch`.
///
/// # Errors
///
/// A file that cannot be read, or is not of a form that its type can be made from.
pub(crate) fn load(specs: Vec<Spec>, scratch: &Path) -> Result<Vec<Part>, Failure> {
    if specs
        .iter()
        .filter(|spec| spec.source == Source::Input)
        .count()
        > 1
    {
        return Err(Failure::Usage(
            "standard input (@-) can be one part only".to_owned(),
        ));
    }
    let parts = specs.into_iter().enumerate();
    parts
        .map(|(index, spec)| part(index, spec, &scratch.join(format!("part-{index}"))))
        .collect()
}

fn part(index: usize, spec: Spec, scratch: &Path) -> Result<Part, Failure> {
    let Spec {
        name,
        payload_type,
        source,
    } = spec;
    let data = match (payload_type.as_str(), source) {
        ("text", Source::Value(text)) => Ok(Value::Text(text)),
        ("dictionary", Source::Value(json)) => kept(json.as_bytes(), scratch).map(Value::File),
        ("jsontable", source) => rows::value(source, scratch),
        ("arrowtable", source) => table::value(source, scratch),
        (_, Source::Value(text)) => Ok(Value::Bytes(text.into())),
        (_, Source::File(path)) => Ok(Value::File(path)),
        (_, Source::Input) => kept(io::stdin().lock(), scratch).map(Value::File),
    };
    match data {
        Ok(data) => Ok(Part::new(name, data, payload_type)),
        Err(message) => {
            let message = format!("payload {index} ({payload_type}): {message}");
            Err(Failure::of_part(index, &name, message))
        }
    }
}

/// Writes what comes from elsewhere into the file `scratch`, where the library can read it as often as it needs to.
fn kept(mut from: impl Read, scratch: &Path) -> Result<PathBuf, String> {
    let copied = File::create_new(scratch).and_then(|mut file| io::copy(&mut from, &mut file));
    copied.map_err(|error| format!("it cannot be kept in a temporary file: {error}"))?;
    Ok(scratch.to_owned())
}

/// All bytes of a source, and the extension of its file in lower case.
fn bytes(source: Source) -> Result<(Vec<u8>, String), String> {
    let unreadable = |path: &Path, error: io::Error| {
        format!("the file {} cannot be read: {error}", path.display())
    };
    match source {
        Source::Value(text) => Ok((text.into_bytes(), String::new())),
        Source::File(path) => Ok((
            std::fs::read(&path).map_err(|error| unreadable(&path, error))?,
            extension(&path),
        )),
        Source::Input => {
            let mut bytes = Vec::new();
            io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|error| unreadable(Path::new("-"), error))?;
            Ok((bytes, String::new()))
        }
    }
}

fn extension(path: &Path) -> String {
    path.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase()
}

/// The first bytes of a file, as many as tell its form.
fn head(path: &Path) -> Result<Vec<u8>, String> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(form::HEAD).read_to_end(&mut head));
    read.map_err(|error| format!("the file {} cannot be read: {error}", path.display()))?;
    Ok(head)
}
