//! A small load, without links; it is no measurement.

use crate::program::{run, run_with_server};

#[test]
fn a_small_load_loses_nothing() {
    // Only what needs a file server asks for it.
    let Some(run) = run_with_server(&[
        "load",
        "--connections",
        "10",
        "--rate",
        "50",
        "--seconds",
        "2",
        "--link-every",
        "0",
        "--json",
    ]) else {
        return;
    };
    assert_eq!(run.figure("messages lost of 100"), 0.0);
    assert_eq!(run.figure("direct: messages"), 100.0);
    assert!(run.figure("direct: p50 end to end") > 0.0);
}

#[test]
fn arguments_that_cannot_be_are_refused() {
    assert_eq!(run(&["load", "--size", "1GB"]).code, Some(2));
    assert_eq!(run(&["load", "--rate", "0"]).code, Some(2));
    assert_eq!(run(&["delivery", "--messages", "0"]).code, Some(2));
}
