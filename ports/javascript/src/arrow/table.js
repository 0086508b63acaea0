/**
 * Tables on the wire: one Apache Arrow IPC stream (W3.6, W3.7) in and out, and a table's columns, exactly.
 *
 * ```text
 * read:    bytes -> walk -> build -> Table
 * write:   Table -> take -> plain -> build -> apache-arrow's writer -> walk -> bytes
 *          array of objects -> rows ---^
 * columns: Table -> take -> values
 * ```
 *
 * apache-arrow checks nothing that it reads: of 3,808 single-byte changes of a small stream 27 ended the process and 693 gave
 * other values silently. So it is handed columns that were checked, never a stream.
 */

import { NATSBridgeError } from '../core/error.js';
import { build } from './build.js';
import { plain, valuesOf } from './column.js';
import { quoted, TableError } from './error.js';
import { library } from './library.js';
import { portable } from './profile.js';
import { fromRows } from './rows.js';
import { take } from './take.js';
import { walk } from './walk.js';

/**
 * @typedef {import('apache-arrow').Table} Table
 * @typedef {import('apache-arrow').RecordBatch} RecordBatch
 */

/**
 * One column of a table, over all of its batches.
 *
 * @typedef {object} TableColumn
 * @property {string} name
 * @property {string} type as pyarrow prints it, such as `double`, `timestamp[us, tz=UTC]` or
 *   `dictionary<values=string, indices=int8, ordered=0>`
 * @property {boolean} nullable
 * @property {import('./column.js').Value[]} values exactly: `null`; boolean; number for int8 to int32, uint8 to uint32, float
 *   and double; BigInt for int64, uint64 and a timestamp (in its unit, since 1970); number of days since 1970 for date32;
 *   string; Uint8Array for binary
 */

/**
 * The table of one Arrow IPC stream, all of it checked first (W3.6).
 *
 * Columns keep their types, the large and view forms of string and binary too. The metadata of the schema and of its fields
 * is kept; an extension type reads as its storage type. The bytes become part of the table: do not change them afterwards.
 * Texts, integers and times are in it exactly, but apache-arrow's own `get` gives timestamps as lossy milliseconds and drops
 * a byte order mark at the start of a text: `columns` does neither.
 *
 * @param {Uint8Array} bytes
 * @returns {Table}
 * @throws {NATSBridgeError} DESERIALIZATION_ERROR (phase decode) for everything that is no such stream, and where the package
 *   apache-arrow is missing
 */
export function read(bytes) {
  return named('DESERIALIZATION_ERROR', 'decode', () => build(walk(bytes)));
}

/**
 * A table as one Arrow IPC stream with its end-of-stream marker.
 *
 * The large and view forms of string and binary are written in their plain form, and a null among a dictionary's values
 * becomes a null of the rows that use it. Without columns there are no rows. An array of objects becomes one batch: booleans
 * give bool, numbers double, BigInts int64 or else uint64, strings string, bytes binary, Dates timestamp[ms, tz=UTC]; a
 * member that is missing, `null` or `undefined` is null.
 *
 * @param {unknown} value a Table, a RecordBatch or an array of RecordBatches of apache-arrow, or an array of objects
 * @returns {Uint8Array}
 * @throws {NATSBridgeError} SERIALIZATION_ERROR (phase serialize) for what is no such value, types outside of the portable
 *   profile (W3.7), equal column names, values that contradict their type, and where the package apache-arrow is missing
 */
export function write(value) {
  return named('SERIALIZATION_ERROR', 'serialize', () => {
    const stream = streamOf(value);
    const dictionaries = new Map();
    const batches = stream.batches.map(({ rows, columns }) => ({
      rows,
      columns: columns.map((column) => plain(column, dictionaries)),
    }));
    const fields = stream.fields.map((field) => ({ ...field, type: portable(field.type) }));
    const bytes = library().tableToIPC(build({ ...stream, fields, batches }), 'stream');
    checkWritten(walk(bytes), { ...stream, fields, batches });
    return bytes;
  });
}

/**
 * The columns of a table, exactly.
 *
 * @param {unknown} table what `read` gave, or whatever `write` takes
 * @returns {TableColumn[]}
 * @throws {NATSBridgeError} SERIALIZATION_ERROR (phase serialize) as `write`
 */
export function columns(table) {
  return named('SERIALIZATION_ERROR', 'serialize', () => {
    const { fields, batches } = streamOf(table);
    return fields.map(({ name, type, nullable }, index) => ({
      name,
      type: type.name,
      nullable,
      values: batches.flatMap((batch) => valuesOf(/** @type {import('./column.js').Column} */ (batch.columns[index]))),
    }));
  });
}

/**
 * A stream that we send is one that we would take, with the columns and rows that were given: a lone surrogate in a name, for
 * one, becomes another character where nobody looks.
 *
 * @param {import('./walk.js').Stream} written
 * @param {import('./walk.js').Stream} given
 */
function checkWritten(written, given) {
  const fields = (/** @type {import('./walk.js').Stream} */ stream) =>
    stream.fields.map(({ name, type, nullable }) => `${quoted(name)} (${type.name}${nullable ? '' : ', not null'})`);
  const rows = (/** @type {import('./walk.js').Stream} */ stream) =>
    stream.batches.map((batch) => `${batch.rows} rows, nulls ${batch.columns.map(({ nulls }) => nulls)}`);
  for (const parts of [fields, rows]) {
    const [expected, found] = [parts(given), parts(written)];
    const wrong = expected.findIndex((part, index) => part !== found[index]);
    if (wrong >= 0 || expected.length !== found.length) {
      throw new TableError('apache-arrow cannot write the table as it is', {
        expected: expected[wrong] ?? `${expected.length} parts`,
        found: found[wrong] ?? `${found.length} parts`,
      });
    }
  }
}

/**
 * @param {unknown} value
 * @returns {import('./walk.js').Stream}
 */
function streamOf(value) {
  const { Table, RecordBatch } = library();
  if (value instanceof Table) return take(value);
  if (value instanceof RecordBatch) return take(new Table([value]));
  if (Array.isArray(value)) {
    if (value.length > 0 && value.every((one) => one instanceof RecordBatch)) return take(new Table(value));
    return fromRows(value);
  }
  throw new TableError('an arrowtable is a table', {
    expected: 'a Table or RecordBatches of apache-arrow, or an array of objects',
    found: value === null ? 'null' : typeof value,
  });
}

/**
 * What the call gives; whatever it throws as an error of this library.
 *
 * @template T
 * @param {'DESERIALIZATION_ERROR' | 'SERIALIZATION_ERROR'} code
 * @param {'decode' | 'serialize'} phase
 * @param {() => T} call
 * @returns {T}
 */
function named(code, phase, call) {
  try {
    return call();
  } catch (cause) {
    if (cause instanceof TableError) {
      const { message, expected, found } = cause;
      throw new NATSBridgeError(code, phase, message, {
        ...(expected !== undefined && { expected }),
        ...(found !== undefined && { found }),
        cause,
      });
    }
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new NATSBridgeError(code, phase, 'apache-arrow does not take the table', { found, cause });
  }
}
