//! The runner as a process, against adapters that do wrong.

mod adapters;
mod attached;
mod commands;
mod drift;
mod fuzz;
mod known;
mod processes;
mod program;
mod signal;
