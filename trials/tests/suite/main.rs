//! The trials in small, as processes against real servers.

mod delivery;
mod help;
mod load;
mod program;
mod slow;
