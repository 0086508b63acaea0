//! Each constraint of the schema is noticed by a case.

use std::path::Path;

use natsbridge_conformance::kill::Kill;

#[test]
fn each_constraint_of_the_schema_is_noticed_by_a_case() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let kill = Kill::run(&root).expect("schemas and cases");
    println!("{kill}");
    let survivors: Vec<String> = kill.survivors().map(ToString::to_string).collect();
    assert!(
        kill.is_complete(),
        "no case notices where these are deleted:\n{}",
        survivors.join("\n")
    );
    let placed = kill.by_place().count();
    assert!(
        placed <= 17,
        "{placed} are noticed by the place of the fault alone"
    );
    assert!(
        kill.deletions.len() > 400,
        "{} deletions",
        kill.deletions.len()
    );
}
