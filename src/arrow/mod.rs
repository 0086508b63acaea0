//! Tables on the wire: one Apache Arrow IPC *stream*, ended by its end-of-stream marker (wire rules W3.6 and W3.7).
//!
//! [`write()`] and [`read()`] turn a [`Table`] into such a stream and back. Only the portable profile is written: what
//! every other implementation of the protocol reads as well. Reading takes the profile, and the large and view forms
//! of utf8 and binary.
//!
//! A stream comes from outside, and arrow-ipc's own reader panics on lengths and offsets that lie. So the stream is
//! taken apart here, each length and offset held against the bytes at hand before an array is made of them, and the
//! arrays are built by arrow's checked constructors:
//!
//! ```text
//! bytes -> frame -> schema ----------------> read -> Table
//!            |                                ^
//!            +---> body -> dictionary, text --+
//! ```
//!
//! Memory: buffers that are aligned stay where they are, in the bytes passed in; others are copied once. No single
//! allocation is larger than the stream plus 1 MB.

mod body;
mod dictionary;
mod error;
mod frame;
mod profile;
mod read;
mod schema;
mod table;
mod text;
mod write;

/// The very version that tables are made of here.
pub use arrow_array;
/// The very version that schemas are made of here.
pub use arrow_schema;
pub use error::TableError;
pub use profile::type_name;
pub use read::read;
pub use table::Table;
pub use write::write;
