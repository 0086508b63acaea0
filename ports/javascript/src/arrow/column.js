/** The values of one column in one batch: buffers that were checked, each from the start of its first row. */

import { TableError } from './error.js';
import * as profile from './profile.js';
import { textOf } from './text.js';

/**
 * @typedef {import('./profile.js').ColumnType} ColumnType
 * @typedef {boolean | number | bigint | string | Uint8Array | null} Value
 */

/**
 * A column of one batch, or the values of a dictionary.
 *
 * @typedef {object} Column
 * @property {ColumnType} type
 * @property {number} rows
 * @property {number} nulls how many rows are null
 * @property {Uint8Array | null} validity a bit for each row, 0 for null; null where there are no nulls
 * @property {Uint8Array} data the bits, the values of fixed width or indices, the views, or the bytes under the offsets;
 *   starts at a multiple of 8 of its memory unless these are bits or bytes
 * @property {Int32Array | BigInt64Array | null} offsets one more than there are rows
 * @property {Uint8Array[]} buffers those that views point to
 * @property {Column | null} dictionary what the indices point to
 */

/** A view's bytes stand in the view itself up to this length. */
export const INLINE = 12;
const LONGEST = 2 ** 31 - 1;

/** @typedef {(data: Uint8Array, rows: number) => ArrayLike<number | bigint>} Cast */

/** @type {ReadonlyMap<string, Cast>} */
const NUMBERS = new Map(
  /** @type {[string, Cast][]} */ ([
    ['int8', (data, rows) => new Int8Array(data.buffer, data.byteOffset, rows)],
    ['int16', (data, rows) => new Int16Array(data.buffer, data.byteOffset, rows)],
    ['int32', (data, rows) => new Int32Array(data.buffer, data.byteOffset, rows)],
    ['int64', (data, rows) => new BigInt64Array(data.buffer, data.byteOffset, rows)],
    ['uint8', (data, rows) => new Uint8Array(data.buffer, data.byteOffset, rows)],
    ['uint16', (data, rows) => new Uint16Array(data.buffer, data.byteOffset, rows)],
    ['uint32', (data, rows) => new Uint32Array(data.buffer, data.byteOffset, rows)],
    ['uint64', (data, rows) => new BigUint64Array(data.buffer, data.byteOffset, rows)],
    ['float', (data, rows) => new Float32Array(data.buffer, data.byteOffset, rows)],
    ['double', (data, rows) => new Float64Array(data.buffer, data.byteOffset, rows)],
    ['date32[day]', (data, rows) => new Int32Array(data.buffer, data.byteOffset, rows)],
    ['timestamp', (data, rows) => new BigInt64Array(data.buffer, data.byteOffset, rows)],
  ]),
);

/**
 * The values of fixed width, or the indices, as an array over the same memory.
 *
 * @param {Column} column
 * @returns {ArrayLike<number | bigint>}
 */
export function numbersOf({ type, data, rows }) {
  const name = type.unit === undefined ? (type.index ?? type).name : 'timestamp';
  return /** @type {Cast} */ (NUMBERS.get(name))(data, rows);
}

/**
 * Sets a bit.
 *
 * @param {Uint8Array} bits
 * @param {number} index
 */
export function set(bits, index) {
  bits[index >>> 3] = /** @type {number} */ (bits[index >>> 3]) | (1 << (index & 7));
}

/**
 * Whether a bit is set.
 *
 * @param {Uint8Array} bits
 * @param {number} index
 * @returns {boolean}
 */
export function bit(bits, index) {
  return /** @type {number} */ (bits[index >>> 3] & (1 << (index & 7))) !== 0;
}

/**
 * Every value, exactly: integers of 64 bits and timestamps as BigInt, dates as days since 1970, bytes as Uint8Array over the
 * column's memory, the others as JavaScript has them.
 *
 * @param {Column} column
 * @returns {Value[]}
 */
export function valuesOf(column) {
  const one = reader(column);
  const { rows, validity } = column;
  /** @type {Value[]} */
  const values = new Array(rows);
  for (let row = 0; row < rows; row++) {
    values[row] = validity === null || bit(validity, row) ? one(row) : null;
  }
  return values;
}

/**
 * The bytes of one row that is not null, in a column that has offsets or views.
 *
 * @param {Column} column
 * @returns {(row: number) => Uint8Array}
 */
export function bytesReader({ type, data, offsets, buffers }) {
  if (type.layout === 'offsets') {
    const ends = /** @type {Int32Array | BigInt64Array} */ (offsets);
    return (row) => data.subarray(Number(ends[row]), Number(ends[row + 1]));
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return (row) => {
    const at = 16 * row;
    const length = view.getInt32(at, true);
    if (length <= INLINE) return data.subarray(at + 4, at + 4 + length);
    const start = view.getInt32(at + 12, true);
    const buffer = /** @type {Uint8Array} */ (buffers[view.getInt32(at + 8, true)]);
    return buffer.subarray(start, start + length);
  };
}

/**
 * The values of several columns of bytes, one after the other, as one column.
 *
 * @param {ColumnType} type of the new column: with offsets or views, as the others need not have them
 * @param {Column[]} pieces
 * @returns {Column}
 */
export function gather(type, pieces) {
  const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0);
  const nulls = pieces.reduce((sum, piece) => sum + piece.nulls, 0);
  const length = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
  if (length > LONGEST && type.width !== 8) {
    throw new TableError('a batch of a column holds too many bytes; split it into smaller batches', {
      expected: `at most ${LONGEST}`,
      found: length,
    });
  }
  const validity = new Uint8Array(Math.ceil(rows / 8));
  const bytes = new Uint8Array(length);
  const offsets = type.width === 8 ? new BigInt64Array(rows + 1) : new Int32Array(rows + 1);
  let [row, end] = [0, 0];
  for (const piece of pieces) {
    const one = bytesReader(piece);
    for (let index = 0; index < piece.rows; index++) {
      if (piece.validity === null || bit(piece.validity, index)) {
        const value = one(index);
        bytes.set(value, end);
        end += value.length;
        set(validity, row);
      }
      row += 1;
      offsets[row] = type.width === 8 ? BigInt(end) : end;
    }
  }
  /** @type {Column} */
  const column = {
    type,
    rows,
    nulls,
    validity: nulls > 0 ? validity : null,
    data: bytes,
    offsets,
    buffers: [],
    dictionary: null,
  };
  return type.layout === 'views' ? viewed(column) : column;
}

/**
 * A large or view form in its plain form, `string` or `binary`; any other column as it is. A null among a dictionary's
 * values becomes a null of the rows that use it, since the profile has nulls in the index only.
 *
 * @param {Column} column
 * @param {Map<Column, Column>} dictionaries those that were made plain already; each is made plain once
 * @returns {Column}
 */
export function plain(column, dictionaries) {
  const type = profile.portable(column.type);
  if (column.dictionary === null) return type === column.type ? column : gather(type, [column]);
  const { dictionary: old, rows } = column;
  const known = dictionaries.get(old);
  const dictionary = known ?? withoutNulls(plain(old, dictionaries));
  if (known === undefined) dictionaries.set(old, dictionary);
  if (old.validity === null) return { ...column, type, dictionary };
  const indices = numbersOf(column);
  const validity = new Uint8Array((rows + 7) >>> 3);
  let nulls = 0;
  for (let row = 0; row < rows; row++) {
    const there = (column.validity === null || bit(column.validity, row)) && bit(old.validity, Number(indices[row]));
    if (there) set(validity, row);
    else nulls += 1;
  }
  return { ...column, type, dictionary, nulls, validity: nulls > 0 ? validity : null };
}

/**
 * The values of a dictionary with an empty text for each null: no row uses it once its own null says so.
 *
 * @param {Column} column
 * @returns {Column}
 */
function withoutNulls(column) {
  if (column.validity === null) return column;
  return { ...gather(column.type, [column]), nulls: 0, validity: null };
}

/**
 * @param {Column} column
 * @returns {(row: number) => Value}
 */
function reader(column) {
  const { type, data, dictionary } = column;
  if (dictionary !== null) {
    // Only the words that are used: batch after batch may each see a little more of one large dictionary.
    const [word, indices] = [reader(dictionary), numbersOf(column)];
    const { validity } = dictionary;
    /** @type {Map<number, Value>} */
    const words = new Map();
    return (row) => {
      const index = Number(indices[row]);
      if (validity !== null && !bit(validity, index)) return null;
      const known = words.get(index) ?? word(index);
      words.set(index, known);
      return known;
    };
  }
  if (type.layout === 'bits') return (row) => bit(data, row);
  if (type.layout === 'fixed') {
    const numbers = numbersOf(column);
    return (row) => /** @type {number | bigint} */ (numbers[row]);
  }
  const bytes = bytesReader(column);
  if (!type.text) return bytes;
  return (row) => {
    const text = textOf(bytes(row));
    if (text === null) throw new TableError('a text of the table is not UTF-8', { found: `in row ${row} of a batch` });
    return text;
  };
}

/**
 * How many bytes the values that are not null have together.
 *
 * @param {Column} column
 * @returns {number}
 */
function lengthOf({ type, rows, validity, data, offsets }) {
  let length = 0;
  const words = type.layout === 'views' ? new Int32Array(data.buffer, data.byteOffset, 4 * rows) : null;
  for (let row = 0; row < rows; row++) {
    if (validity !== null && !bit(validity, row)) continue;
    if (words !== null) length += /** @type {number} */ (words[4 * row]);
    else if (offsets !== null) length += Number(offsets[row + 1]) - Number(offsets[row]);
  }
  return length;
}

/**
 * A column of offsets of 32 bits as one of views.
 *
 * @param {Column} column
 * @returns {Column}
 */
function viewed(column) {
  const { rows, data: bytes, validity } = column;
  const offsets = /** @type {Int32Array} */ (column.offsets);
  const data = new Uint8Array(16 * rows);
  const view = new DataView(data.buffer);
  for (let row = 0; row < rows; row++) {
    if (validity !== null && !bit(validity, row)) continue;
    const [start, end] = [/** @type {number} */ (offsets[row]), /** @type {number} */ (offsets[row + 1])];
    view.setInt32(16 * row, end - start, true);
    if (end - start <= INLINE) data.set(bytes.subarray(start, end), 16 * row + 4);
    else {
      data.set(bytes.subarray(start, start + 4), 16 * row + 4);
      view.setInt32(16 * row + 12, start, true);
    }
  }
  return { ...column, data, offsets: null, buffers: [bytes] };
}
