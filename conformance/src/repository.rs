//! The checkout that the runner works on: where cases, ports and schemas are.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A checkout of the project.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    root: PathBuf,
}

impl Repository {
    /// The checkout around the current folder; else the one that the runner was built from.
    pub(crate) fn find() -> Result<Self, Failure> {
        let here = std::env::current_dir()?;
        let built_from = Path::new(env!("CARGO_MANIFEST_DIR"));
        let candidates = here.ancestors().chain(built_from.ancestors());
        let is_checkout = |folder: &&Path| {
            folder.join("conformance/cases/case.schema.json").is_file()
                && folder.join("schema/v1").is_dir()
        };
        match candidates.into_iter().find(is_checkout) {
            Some(root) => Ok(Repository {
                root: root.to_owned(),
            }),
            None => Err(Failure::Usage(
                "neither this folder nor one above it is a checkout of NATSBridge (there is no conformance/cases)"
                    .to_owned(),
            )),
        }
    }

    /// The checkout in this folder.
    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Repository {
            root: root.to_owned(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn cases(&self) -> PathBuf {
        self.root.join("conformance/cases")
    }

    /// Where the descriptions of ports are; `NATSBRIDGE_CONFORMANCE_PORTS` names another folder, which is how the runner's own
    /// tests bring their scripted adapters.
    pub(crate) fn ports(&self) -> PathBuf {
        match std::env::var_os("NATSBRIDGE_CONFORMANCE_PORTS") {
            Some(folder) if !folder.is_empty() => PathBuf::from(folder),
            _ => self.root.join("conformance/ports"),
        }
    }

    pub(crate) fn schemas(&self) -> PathBuf {
        self.root.join("schema/v1")
    }

    pub(crate) fn specification(&self) -> PathBuf {
        self.root.join("docs/specification.md")
    }

    /// A file's text; the failure names it by its path from the root.
    pub(crate) fn read(&self, path: &Path) -> Result<String, Failure> {
        std::fs::read_to_string(path)
            .map_err(|error| Failure::Broken(format!("{}: {error}", self.short(path))))
    }

    /// The files of a folder whose names end so, sorted by name; none if the folder is not there.
    pub(crate) fn files(&self, folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Failure> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(Failure::Broken(format!("{}: {error}", self.short(folder))));
            }
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            if path.is_file() && name.is_some_and(|name| name.ends_with(ending)) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// A path from the root, with `/`, for messages.
    pub(crate) fn short(&self, path: &Path) -> String {
        let short = path.strip_prefix(&self.root).unwrap_or(path);
        short.display().to_string().replace('\\', "/")
    }
}
