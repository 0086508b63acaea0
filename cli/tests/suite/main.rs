//! The command as its users have it: the program itself, its arguments, what it writes, and its exit code.

mod broker;
mod decode;
mod demo;
mod encode;
mod exit_code;
mod file_server_faults;
mod help;
mod interrupt;
mod link;
mod operations;
mod plik_compat;
mod probe;
mod program;
mod prometheus;
mod receiver;
mod round_trip;
mod schema;
mod secrets;
mod send_receive;
mod telemetry;
mod transfers;
mod validate;
