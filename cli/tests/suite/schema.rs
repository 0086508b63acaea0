//! `schema` lists and prints what is published.

use crate::program::{parse, run};

#[test]
fn each_listed_schema_can_be_printed() {
    let listed = run(["schema"]).ok();
    let names: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(
        names.starts_with(&["envelope", "payload", "error"]),
        "{listed}"
    );
    for name in names {
        assert!(parse(&run(["schema", name]).ok()).is_object(), "{name}");
    }
}

#[test]
fn another_name_is_told_which_there_are() {
    let message = run(["schema", "Envelope"]).err;
    assert!(
        message.starts_with(
            "natsbridge: there is no schema \"Envelope\"; there are envelope, payload, "
        ),
        "{message}"
    );
}
