//! `natsbridge schema`: the published schemas.

use clap::Args;
use natsbridge::schema::ALL;

use crate::failure::Failure;
use crate::listing;
use crate::output;

/// List the published JSON schemas, or print one.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The schema to print; without it, all are listed
    name: Option<String>,
}

const AFTER_HELP: &str = "\
Examples:
  natsbridge schema
  natsbridge schema envelope > envelope.schema.json";

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(name) = &arguments.name else {
        let rows: Vec<Vec<String>> = ALL
            .iter()
            .map(|schema| vec![schema.name.to_owned(), schema.description.to_owned()])
            .collect();
        return output::print(|out| listing::write_grid(out, &rows));
    };
    match ALL.iter().find(|schema| schema.name == name) {
        Some(schema) => output::print(|out| out.write_all(schema.text.as_bytes())),
        None => {
            let names: Vec<&str> = ALL.iter().map(|schema| schema.name).collect();
            Err(Failure::Usage(format!(
                "there is no schema {name:?}; there are {}",
                names.join(", ")
            )))
        }
    }
}
