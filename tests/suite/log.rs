//! What the library tells of its work, printed by the tests that it happens in.

use std::sync::Once;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Stands in every secret of every test, so that `tests/secrets` finds it wherever it is printed.
pub(crate) const SECRET: &str = "hunter2";

/// From now on, every event of every level is printed, for `tests/secrets` to look through.
pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let own = Targets::new().with_target("natsbridge", LevelFilter::TRACE);
        let printed = tracing_subscriber::fmt::layer()
            .with_test_writer()
            .with_ansi(false);
        tracing_subscriber::registry()
            .with(own)
            .with(printed)
            .init();
    });
}
