//! The fault server, over raw sockets, and what the judgement of link cases makes of its log.

mod bounds;
mod client;
mod downloads;
mod judged;
mod uploads;
