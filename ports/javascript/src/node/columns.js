/** A table's columns, exactly. */

import { columns as columnsOf } from '../arrow/table.js';

/**
 * One column of a table, over all of its batches.
 *
 * @typedef {object} TableColumn
 * @property {string} name
 * @property {string} type As pyarrow prints it, such as `double`, `timestamp[us, tz=UTC]` or
 *   `dictionary<values=string, indices=int8, ordered=0>`.
 * @property {boolean} nullable
 * @property {(null | boolean | number | bigint | string | Uint8Array)[]} values Exactly: BigInt for int64, uint64 and a timestamp (in its unit,
 *   since 1970); number for the other numbers, and of days since 1970 for date32; Uint8Array for binary.
 */

/**
 * The columns of a table, with every value as it is: apache-arrow's own `get` gives timestamps as milliseconds, and may lose digits.
 *
 * @param {unknown} table What an `arrowtable` was received as, or a Table or RecordBatches of apache-arrow.
 * @returns {TableColumn[]}
 * @throws {import('../core/error.js').NATSBridgeError} SERIALIZATION_ERROR for what is no table.
 */
export function columns(table) {
  return columnsOf(table);
}
