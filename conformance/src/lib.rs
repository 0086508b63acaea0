//! The conformance suite of NATSBridge: cases, and the runner that holds every implementation against them.
//!
//! The runner never links the library: Rust is one more child process, like every other implementation. What is right is
//! what a case says, never what an implementation does.

pub mod protocol;
