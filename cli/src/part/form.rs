//! Which form a file has: by its first bytes where they tell, else by its extension.

/// How many bytes of a file [`of`] wants to see.
pub(super) const HEAD: u64 = 4096;

/// The forms that tables and rows are read from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// Apache Arrow IPC, file format.
    ArrowFile,
    /// Apache Arrow IPC, stream format.
    ArrowStream,
    Csv,
    Json,
    /// JSON, one value a line.
    Ndjson,
    Parquet,
    /// Values separated by tabs.
    Tsv,
}

/// The form of a table.
pub(super) fn of_table(head: &[u8], extension: &str) -> Form {
    match extension {
        _ if head.starts_with(b"ARROW1") => Form::ArrowFile,
        _ if head.starts_with(b"PAR1") => Form::Parquet,
        _ if head.starts_with(&[0xFF; 4]) => Form::ArrowStream,
        "csv" => Form::Csv,
        "tsv" => Form::Tsv,
        "arrow" | "arrows" | "feather" | "ipc" => Form::ArrowStream,
        "parquet" => Form::Parquet,
        // A stream of the oldest kind starts with a length, which has zeros in it.
        _ if head.contains(&0) => Form::ArrowStream,
        _ => Form::Csv,
    }
}

/// The form of rows.
pub(super) fn of_rows(head: &[u8], extension: &str) -> Form {
    match extension {
        "csv" => Form::Csv,
        "tsv" => Form::Tsv,
        "json" => Form::Json,
        "jsonl" | "ndjson" => Form::Ndjson,
        _ => match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') | None => Form::Json,
            Some(b'{') => Form::Ndjson,
            Some(_) => Form::Csv,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_of_a_table_tell_more_than_its_name() {
        assert_eq!(of_table(b"ARROW1\0\0", "csv"), Form::ArrowFile);
        assert_eq!(of_table(b"PAR1\x15", "arrow"), Form::Parquet);
        assert_eq!(of_table(b"\xFF\xFF\xFF\xFF\x10", ""), Form::ArrowStream);
        assert_eq!(of_table(b"\x10\0\0\0", ""), Form::ArrowStream);
        assert_eq!(of_table(b"a,b\n", ""), Form::Csv);
        assert_eq!(of_table(b"a\tb\n", "tsv"), Form::Tsv);
        assert_eq!(of_table(b"", ""), Form::Csv);
        assert_eq!(of_table(b"", "arrows"), Form::ArrowStream);
    }

    #[test]
    fn the_name_of_rows_tells_more_than_their_first_bytes() {
        assert_eq!(of_rows(b"[1],[2]\n", "csv"), Form::Csv);
        assert_eq!(of_rows(b"{}", "json"), Form::Json);
        assert_eq!(of_rows(b"", "jsonl"), Form::Ndjson);
        assert_eq!(of_rows(b" \n[{}]", ""), Form::Json);
        assert_eq!(of_rows(b"{\"a\":1}\n", "txt"), Form::Ndjson);
        assert_eq!(of_rows(b"a,b\n", ""), Form::Csv);
        assert_eq!(of_rows(b"", ""), Form::Json);
    }
}
