//! Files that backends write, and whether they are what they should be.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The command that brings generated files up to date.
pub const MENDING_COMMAND: &str = "cargo codegen";

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The path below the root of the repository.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// The outputs whose files have another text, or are not there.
///
/// # Errors
///
/// If a file is there and cannot be read.
pub fn drifted<'a>(root: &Path, outputs: &'a [Output]) -> io::Result<Vec<&'a Output>> {
    let mut drifted = Vec::new();
    for output in outputs {
        match fs::read(root.join(&output.path)) {
            Ok(bytes) if bytes == output.text.as_bytes() => {}
            Ok(_) => drifted.push(output),
            Err(error) if error.kind() == io::ErrorKind::NotFound => drifted.push(output),
            Err(error) => return Err(error),
        }
    }
    Ok(drifted)
}

/// Writes the outputs whose files have another text, and gives them.
///
/// # Errors
///
/// If a file cannot be read, or it or its folder cannot be written.
pub fn write<'a>(root: &Path, outputs: &'a [Output]) -> io::Result<Vec<&'a Output>> {
    let drifted = drifted(root, outputs)?;
    for output in &drifted {
        let path = root.join(&output.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, &output.text)?;
    }
    Ok(drifted)
}
