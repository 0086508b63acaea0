//! A subscriber that does not keep up.

use crate::program::run_with_server;

#[test]
fn what_is_lost_is_told_and_what_is_delivered_is_not_lost() {
    let Some(run) = run_with_server(&[
        "slow",
        "--messages",
        "400",
        "--deliveries",
        "100",
        "--pause",
        "2",
        "--capacity",
        "8",
        "--json",
    ]) else {
        return;
    };
    run.assert_met();
    assert_eq!(run.figure("handled or told as lost"), 400.0);
    assert_eq!(run.figure("delivered and handled"), 100.0);
}
