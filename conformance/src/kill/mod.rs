//! Keyword kill: each constraint of the published schemas is deleted in turn, and at least one case has to notice.
//!
//! A constraint that can go without any case changing its verdict is one that no implementation is held to. A verdict is what
//! cases say of an invalid message, too: which members are at fault.

mod corpus;
mod mutation;

use std::fmt;
use std::path::Path;

pub use corpus::{Corpus, Instance};
pub use mutation::{Mutation, mutations};

use crate::published::Published;

/// What came of all deletions, in the order of the files and of their text.
#[derive(Clone, Debug, PartialEq)]
pub struct Kill {
    /// Each deletion, and who noticed it.
    pub deletions: Vec<(Mutation, Option<Noticed>)>,
    /// How many instances each deletion was tried on.
    pub instances: usize,
}

/// The first case that noticed a deletion.
#[derive(Clone, Debug, PartialEq)]
pub struct Noticed {
    /// Its id.
    pub case: String,
    /// Whether no case turned valid or invalid, and this one only has its fault at another place.
    pub by_place: bool,
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
        let verdicts = corpus.verdicts(&published)?;
        corpus.check(&verdicts)?;
        let mut deletions = Vec::new();
        for mutation in mutations(&published) {
            let noticed = corpus.notices(&mutation.of(&published), mutation.file(), &verdicts)?;
            deletions.push((mutation, noticed));
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

    /// The deletions that were noticed by the place of the fault alone.
    pub fn by_place(&self) -> impl Iterator<Item = (&Mutation, &Noticed)> {
        let noticed = self.deletions.iter();
        let noticed = noticed.filter_map(|(mutation, noticed)| Some((mutation, noticed.as_ref()?)));
        noticed.filter(|(_, noticed)| noticed.by_place)
    }

    /// Whether every deletion was noticed, and there was one.
    pub fn is_complete(&self) -> bool {
        !self.deletions.is_empty() && self.survivors().next().is_none()
    }
}

/// One line for each deletion, those that were noticed by the place of a fault once more, and both scores.
impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (mutation, noticed) in &self.deletions {
            match noticed {
                Some(Noticed { case, by_place }) => {
                    let how = if *by_place { "placed" } else { "killed" };
                    writeln!(f, "{how}    {mutation}  by {case}")?;
                }
                None => writeln!(f, "SURVIVED  {mutation}")?,
            }
        }
        let (all, survived) = (self.deletions.len(), self.survivors().count());
        let percent = |count: usize| count as f64 * 100.0 / all.max(1) as f64;
        let placed = self.by_place().count();
        if placed > 0 {
            writeln!(
                f,
                "Only the place of the fault changes with these, no message turns valid or invalid: another constraint refuses the same \
                 messages, or the schema takes what is deleted for granted elsewhere."
            )?;
        }
        for (mutation, noticed) in self.by_place() {
            writeln!(f, "  {mutation}  by {}", noticed.case)?;
        }
        let flipped = all - survived - placed;
        writeln!(
            f,
            "{flipped} of {all} deletions turned one of {} instances valid or invalid: {:.1} %",
            self.instances,
            percent(flipped)
        )?;
        write!(
            f,
            "{placed} more moved the place of a fault; noticed together {} of {all}: {:.1} %",
            all - survived,
            percent(all - survived)
        )
    }
}
