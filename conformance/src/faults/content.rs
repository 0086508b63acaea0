//! What files hold.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// `size` bytes of which no two neighbourhoods are the same: byte `i` is `i ^ i >> 8 ^ i >> 16`, cut to eight bits.
pub fn content(size: u64) -> Vec<u8> {
    (0..size).map(byte).collect()
}

/// The SHA-256 of bytes, in lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut digits, byte| {
            // Writing into a string cannot fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        })
}

fn byte(at: u64) -> u8 {
    (at ^ (at >> 8) ^ (at >> 16)).to_le_bytes()[0]
}
