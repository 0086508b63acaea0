//! Writes the generated files of NATSBridge from `schema/v1`.
//!
//! ```text
//! schema/v1/*.json -> source -> lint -> interpret -> model -> rust       -> src/generated.rs
//!                                                          -> javascript -> ports/javascript/src/generated.js, generated.d.ts
//!                                                          -> python     -> ports/python/src/natsbridge/_generated.py
//!                                                          -> readme     -> schema/README.md
//! ```
//!
//! A later language is one more backend: a module with a function from the [`model::Model`] to text, and
//! a line in [`outputs`]. Backends read no JSON Schema, and no regular expressions but through the
//! [`dialect`]; only the Rust one looks at the source too, since typify wants a schema.

pub mod automaton;
pub mod dialect;
pub mod interpret;
pub mod javascript;
pub mod lint;
pub mod model;
pub mod output;
pub mod problem;
pub mod python;
pub mod readme;
pub mod rust;
mod sentence;
pub mod source;

use std::{
    env,
    path::{Path, PathBuf},
};

use model::Model;
use output::Output;
use source::Source;

/// The folder of the schema, below the root of the repository.
pub const SCHEMA: &str = "schema/v1";

/// The root of the repository: above this crate if cargo says where that is, else the first folder
/// from the current one upwards that has a schema.
pub fn root() -> Option<PathBuf> {
    let here = match env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => env::current_dir().ok()?,
    };
    here.ancestors()
        .find(|folder| folder.join(SCHEMA).is_dir())
        .map(Path::to_path_buf)
}

/// Reads and lints the schema below `root`.
///
/// # Errors
///
/// Everything that is wrong with it, one line each.
pub fn load(root: &Path) -> Result<(Source, Model), String> {
    let lines = |problems: Vec<problem::Problem>| {
        let lines = problems
            .iter()
            .map(|problem| format!("{SCHEMA}/{problem}\n"));
        lines.collect::<String>()
    };
    let source = Source::read(&root.join(SCHEMA)).map_err(lines)?;
    let problems = lint::lint(&source);
    if !problems.is_empty() {
        return Err(lines(problems));
    }
    let model = interpret::interpret(&source);
    Ok((source, model))
}

/// What every backend has to say about the schema below `root`.
///
/// # Errors
///
/// As [`load`], and what a backend cannot do.
pub fn outputs(root: &Path) -> Result<Vec<Output>, String> {
    let (source, model) = load(root)?;
    Ok(vec![
        Output {
            path: rust::PATH.into(),
            text: rust::generate(&source, &model)?,
        },
        Output {
            path: javascript::PATH.into(),
            text: javascript::generate(&model)?,
        },
        Output {
            path: javascript::TYPES_PATH.into(),
            text: javascript::generate_types(&model),
        },
        Output {
            path: readme::PATH.into(),
            text: readme::generate(root, &model)?,
        },
        Output {
            path: python::PATH.into(),
            text: python::generate(&model)?,
        },
    ])
}
