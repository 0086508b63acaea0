//! Keyword kill: each constraint of the published schemas is deleted in turn, and at least one case has to notice.
//!
//! A constraint that can go without any case changing its verdict is one that no implementation is held to.

mod corpus;
mod mutation;
mod published;

use std::fmt;
use std::path::Path;

pub use corpus::{Corpus, Instance};
pub use mutation::{Mutation, mutations};
pub use published::Published;

/// What came of all deletions, in the order of the files and of their text.
#[derive(Clone, Debug, PartialEq)]
pub struct Kill {
    /// Each deletion, and the first case that changed its verdict.
    pub deletions: Vec<(Mutation, Option<String>)>,
    /// How many instances each deletion was tried on.
    pub instances: usize,
}

impl Kill {
    /// Reads `schema/v1` and `conformance/cases` below `root`, deletes each constraint in turn, and asks every case.
    ///
    /// # Errors
    ///
    /// In words: a file that cannot be read, a schema that cannot be built, or a schema case that is not what it says.
    pub fn run(root: &Path) -> Result<Self, String> {
        let published = Published::read(&root.join("schema/v1"))?;
        let corpus = Corpus::read(&root.join("conformance/cases"), &published)?;
        let whole = corpus.verdicts(&published)?;
        corpus.check(&whole)?;
        let mut deletions = Vec::new();
        for mutation in mutations(&published) {
            let noticed = corpus.notices(&mutation.of(&published), &whole)?;
            deletions.push((mutation, noticed.map(str::to_owned)));
        }
        Ok(Kill {
            deletions,
            instances: corpus.len(),
        })
    }

    /// The deletions that no case noticed.
    pub fn survivors(&self) -> impl Iterator<Item = &Mutation> {
        let unnoticed = self
            .deletions
            .iter()
            .filter(|(_, noticed)| noticed.is_none());
        unnoticed.map(|(mutation, _)| mutation)
    }

    /// Whether every deletion was noticed, and there was one.
    pub fn is_complete(&self) -> bool {
        !self.deletions.is_empty() && self.survivors().next().is_none()
    }
}

/// One line for each deletion, and the score as the last line.
impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (mutation, noticed) in &self.deletions {
            match noticed {
                Some(case) => writeln!(f, "killed    {mutation}  by {case}")?,
                None => writeln!(f, "SURVIVED  {mutation}")?,
            }
        }
        let (all, survived) = (self.deletions.len(), self.survivors().count());
        let score = (all - survived) as f64 * 100.0 / all.max(1) as f64;
        write!(
            f,
            "{} of {all} deletions were noticed by one of {} instances: {score:.1} %",
            all - survived,
            self.instances
        )
    }
}
