//! A received message for people.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowTimestampType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, TimeUnit};
use natsbridge::arrow::{Table, type_name};
use natsbridge::{Digest, Received, ReceivedPayload, Value};

use crate::output::{many_lines, one_line};

/// Rows of a table that are shown.
const ROWS: usize = 20;

/// Bytes that are shown.
const BYTES: usize = 32;

/// Writes who sent what, and then each payload under a line of its own.
pub(crate) fn write(out: &mut dyn Write, received: &Received) -> io::Result<()> {
    let envelope = &received.envelope;
    let sender = &envelope.sender_name;
    let subject = one_line(&envelope.send_to.to_string());
    writeln!(
        out,
        "{} from {sender:?} to {subject}, {}",
        envelope.msg_purpose, envelope.timestamp
    )?;
    writeln!(
        out,
        "msg_id {}, correlation_id {}",
        envelope.msg_id, envelope.correlation_id
    )?;
    for (index, payload) in received.payloads.iter().enumerate() {
        writeln!(out)?;
        write_payload(out, index, payload)?;
    }
    Ok(())
}

fn write_payload(out: &mut dyn Write, index: usize, payload: &ReceivedPayload) -> io::Result<()> {
    let ReceivedPayload {
        payload_type,
        transport,
        size,
        ..
    } = payload;
    let dataname = one_line(&payload.dataname);
    let unit = if *size == 1 { "byte" } else { "bytes" };
    writeln!(
        out,
        "[{index}] {dataname} ({payload_type}, {transport}, {size} {unit})"
    )?;
    match &payload.data {
        Value::Text(text) => writeln!(out, "{}", many_lines(text)),
        Value::Json(value) => writeln!(out, "{}", many_lines(&format!("{value:#}"))),
        Value::Rows(rows) => {
            for row in rows {
                let row = serde_json::to_string(row)?;
                writeln!(out, "{}", many_lines(&row))?;
            }
            writeln!(out, "({} rows)", rows.len())
        }
        Value::Table(table) => write_table(out, table),
        Value::Bytes(bytes) => {
            let shown: Vec<String> = bytes
                .iter()
                .take(BYTES)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let more = if bytes.len() > BYTES { " ..." } else { "" };
            writeln!(out, "{}{more}", shown.join(" "))?;
            writeln!(out, "SHA-256 {}", Digest::of(bytes))
        }
        Value::File(path) => writeln!(out, "in {}", one_line(&path.to_string_lossy())),
        other => writeln!(out, "{other:?}"),
    }
}

fn write_table(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    let fields = table.schema().fields();
    let mut rows = vec![
        fields
            .iter()
            .map(|field| one_line(field.name()))
            .collect::<Vec<_>>(),
        fields
            .iter()
            .map(|field| one_line(&type_name(field.data_type())))
            .collect(),
    ];
    for batch in table.batches() {
        let options = FormatOptions::new().with_null("null");
        let columns: Vec<ArrayRef> = batch.columns().iter().map(in_utc).collect();
        let columns = columns
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
        let columns = columns
            .collect::<Result<Vec<_>, _>>()
            .map_err(io::Error::other)?;
        for row in 0..batch.num_rows().min((ROWS + 2).saturating_sub(rows.len())) {
            let cell = |column: &ArrayFormatter<'_>| one_line(&column.value(row).to_string());
            rows.push(columns.iter().map(cell).collect());
        }
    }
    write_grid(out, &rows)?;
    let (shown, all) = (rows.len() - 2, table.num_rows());
    match shown == all {
        true => writeln!(out, "({all} rows)"),
        false => writeln!(out, "({all} rows, {shown} shown)"),
    }
}

/// Times of any zone as times in UTC, since the names of zones mean nothing to the formatter.
fn in_utc(array: &ArrayRef) -> ArrayRef {
    fn of<T: ArrowTimestampType>(array: &ArrayRef) -> ArrayRef {
        Arc::new(array.as_primitive::<T>().clone().with_timezone_utc())
    }
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, Some(_)) => of::<TimestampSecondType>(array),
        DataType::Timestamp(TimeUnit::Millisecond, Some(_)) => {
            of::<TimestampMillisecondType>(array)
        }
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
            of::<TimestampMicrosecondType>(array)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, Some(_)) => of::<TimestampNanosecondType>(array),
        _ => Arc::clone(array),
    }
}

/// Writes cells in columns as wide as their longest one. Each row has as many cells as the first.
pub(crate) fn write_grid(out: &mut dyn Write, rows: &[Vec<String>]) -> io::Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use arrow_array::{Date32Array, RecordBatch, TimestampMicrosecondArray};

    use super::*;

    fn listed(column: ArrayRef) -> String {
        let batch =
            RecordBatch::try_from_iter_with_nullable([("c\u{1b}", column, true)]).expect("a batch");
        let mut out = Vec::new();
        write_table(&mut out, &batch.into()).expect("written");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn times_of_any_zone_are_shown_in_utc() {
        let times = TimestampMicrosecondArray::from(vec![Some(1_700_000_000_000_000), None]);
        assert_eq!(
            listed(Arc::new(times.clone())),
            "c\\u{1b}\ntimestamp[us]\n2023-11-14T22:13:20\nnull\n(2 rows)\n"
        );
        for zone in ["UTC", "Asia/Tokyo", "+09:00", "no such zone"] {
            let listed = listed(Arc::new(times.clone().with_timezone(zone)));
            assert_eq!(
                listed,
                format!(
                    "c\\u{{1b}}\ntimestamp[us, tz={zone}]\n2023-11-14T22:13:20Z\nnull\n(2 rows)\n"
                )
            );
        }
    }

    #[test]
    fn dates_beyond_every_calendar_are_no_failure() {
        assert!(
            listed(Arc::new(Date32Array::from(vec![i32::MAX, i32::MIN]))).ends_with("(2 rows)\n")
        );
    }
}
