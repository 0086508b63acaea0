//! The conformance suite of NATSBridge: cases, and the runner that holds every implementation against them.
//!
//! The runner never links the library: Rust is one more child process, like every other implementation. What is right is
//! what a case says, never what an implementation does.
//!
//! ```text
//! command ─▶ engine ──▶ port, adapter, child    an implementation, its running adapter, its process
//!              │   └──▶ case ─▶ judge           what is asked and must come out; what is different
//!              ▼
//!           report ─▶ text, JSON, JUnit, HTML   one result, four forms
//! ```

mod adapter;
mod attach;
mod case;
mod child;
pub mod command;
mod engine;
mod failure;
pub mod faults;
mod fuzz;
mod judge;
pub mod kill;
pub mod link;
mod listing;
mod peer;
mod port;
mod progress;
pub mod protocol;
pub mod published;
pub mod report;
mod repository;
mod scaffold;
mod server;
mod smoke;
mod strict;
