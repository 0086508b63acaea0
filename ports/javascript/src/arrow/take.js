/** A table of apache-arrow, whoever made it, as columns of this port: types by their names, and slices undone. */

import { gather } from './column.js';
import { TableError } from './error.js';
import { library } from './library.js';
import * as profile from './profile.js';
import { checkNames, outside } from './schema.js';
import { checkIndices, checkOffsets, checkViews, countNulls } from './values.js';

/**
 * @typedef {import('./column.js').Column} Column
 * @typedef {import('./profile.js').ColumnType} ColumnType
 * @typedef {import('./walk.js').Stream} Stream
 */

/**
 * All that a table holds, over its own memory where that is in one piece.
 *
 * @param {import('apache-arrow').Table} table its types must be of the profile, or large or view forms
 * @returns {Stream}
 */
export function take(table) {
  const { fields } = table.schema;
  checkNames(fields.map(({ name }) => name));
  /** @type {Map<number, number>} */
  const numbers = new Map();
  const taken = fields.map((field) => {
    const type = typeOf(field.type, field.name);
    const { name, nullable, metadata } = field;
    if (type.index === undefined) return { name, type, nullable, metadata, dictionary: null };
    const { id } = /** @type {import('apache-arrow').Dictionary} */ (field.type);
    const dictionary = numbers.get(id) ?? numbers.size;
    numbers.set(id, dictionary);
    return { name, type, nullable, metadata, dictionary };
  });
  /** @type {Map<unknown, Column>} each dictionary once, so that it is written once */
  const dictionaries = new Map();
  const batches = table.batches.map((batch) => {
    const columns = taken.map(({ name, type }, index) => {
      const data = batch.data.children[index];
      if (data === undefined || data.length !== batch.numRows) {
        throw new TableError(`column ${JSON.stringify(name)} of a batch has not as many rows as the batch`);
      }
      return columnOf(data, type, name, dictionaries);
    });
    return { rows: taken.length === 0 ? 0 : batch.numRows, columns };
  });
  return { fields: taken, metadata: table.schema.metadata, batches: taken.length === 0 ? [] : batches };
}

/**
 * @param {import('apache-arrow').DataType} type
 * @param {string} name of the column, for error messages
 * @returns {ColumnType}
 */
function typeOf(type, name) {
  const { DataType, Precision, DateUnit } = library();
  const bare = (/** @type {string} */ one) => /** @type {ColumnType} */ (profile.plainType(one));
  if (DataType.isDictionary(type)) {
    const index = typeOf(type.indices, name);
    const values = typeOf(type.dictionary, name);
    if (profile.isIndex(index.name) && values.text) return profile.dictionary(index, values, type.isOrdered);
    throw outside(name, profile.dictionaryName(index.name, values.name, type.isOrdered));
  }
  if (DataType.isBool(type)) return bare('bool');
  if (DataType.isInt(type)) return bare(`${type.isSigned ? '' : 'u'}int${type.bitWidth}`);
  if (DataType.isFloat(type) && type.precision === Precision.SINGLE) return bare('float');
  if (DataType.isFloat(type) && type.precision === Precision.DOUBLE) return bare('double');
  if (DataType.isDate(type) && type.unit === DateUnit.DAY) return bare('date32[day]');
  if (DataType.isTimestamp(type)) {
    const unit = /** @type {import('./profile.js').TimeUnit} */ (profile.UNITS[type.unit]);
    return profile.timestamp(unit, type.timezone ?? null);
  }
  if (DataType.isUtf8(type)) return bare('string');
  if (DataType.isLargeUtf8(type)) return bare('large_string');
  if (DataType.isUtf8View(type)) return bare('string_view');
  if (DataType.isBinary(type)) return bare('binary');
  if (DataType.isLargeBinary(type)) return bare('large_binary');
  if (DataType.isBinaryView(type)) return bare('binary_view');
  throw outside(name, String(type));
}

/**
 * @param {import('apache-arrow').Data} data
 * @param {ColumnType} type
 * @param {string} name
 * @param {Map<unknown, Column>} dictionaries
 * @returns {Column}
 */
function columnOf(data, type, name, dictionaries) {
  const rows = data.length;
  const invalid = (/** @type {string} */ found) =>
    new TableError(`column ${JSON.stringify(name)} has no valid values`, { expected: type.name, found });
  const validity = data.nullCount > 0 ? bitsFrom(data.nullBitmap, data.offset, rows) : null;
  if (validity !== null && validity.length < Math.ceil(rows / 8)) throw invalid('too few bits of validity');
  const nulls = validity === null ? 0 : countNulls(validity, rows);
  /** @type {Column} */
  const column = {
    type,
    rows,
    nulls,
    validity: nulls > 0 ? validity : null,
    data: new Uint8Array(0),
    offsets: null,
    buffers: [],
    dictionary: null,
  };
  const { values } = data;
  if (type.layout === 'bits') {
    column.data = bitsFrom(values, data.offset, rows);
    if (column.data.length < Math.ceil(rows / 8)) throw invalid('too few bits');
    return column;
  }
  column.data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (type.layout === 'offsets') {
    const offsets = /** @type {Int32Array | BigInt64Array} */ (/** @type {unknown} */ (data.valueOffsets));
    column.offsets = offsets.length > rows ? offsets.subarray(0, rows + 1) : null;
    if (column.offsets === null && rows > 0) throw invalid(`${offsets.length} offsets`);
    column.offsets ??= type.width === 8 ? new BigInt64Array(1) : new Int32Array(1);
    const wrong = checkOffsets(column.offsets, column.data.length);
    if (wrong !== null) throw invalid(wrong);
    return column;
  }
  if (column.data.length < rows * type.width) throw invalid(`${column.data.length} bytes for ${rows} rows`);
  column.data = aligned(column.data.subarray(0, rows * type.width), type.width);
  if (type.layout === 'views') {
    column.buffers = data.variadicBuffers.map((buffer) => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
    const wrong = checkViews(column, Infinity);
    if (wrong !== null) throw invalid(wrong);
  }
  if (type.values !== undefined) {
    column.dictionary = dictionaryOf(data.dictionary, type.values, name, dictionaries);
    const wrong = checkIndices(column, column.dictionary.rows);
    if (wrong !== null) throw invalid(wrong);
  }
  return column;
}

/**
 * @param {import('apache-arrow').Vector | undefined} vector
 * @param {ColumnType} type
 * @param {string} name
 * @param {Map<unknown, Column>} dictionaries
 * @returns {Column}
 */
function dictionaryOf(vector, type, name, dictionaries) {
  const key = vector?.data.length === 1 ? vector.data[0] : vector;
  const known = dictionaries.get(key);
  if (known !== undefined) return known;
  const pieces = (vector?.data ?? []).map((data) => columnOf(data, type, name, dictionaries));
  const [first, ...more] = pieces;
  const column = first !== undefined && more.length === 0 ? first : gather(type, pieces);
  dictionaries.set(key, column);
  return column;
}

/**
 * The bits from an offset on, from the start of a byte on.
 *
 * @param {Uint8Array} bits
 * @param {number} offset
 * @param {number} rows
 * @returns {Uint8Array}
 */
function bitsFrom(bits, offset, rows) {
  const [first, shift, length] = [offset >>> 3, offset & 7, Math.ceil(rows / 8)];
  if (shift === 0) return bits.subarray(first, first + length);
  const moved = new Uint8Array(Math.min(length, Math.max(bits.length - first, 0)));
  for (let index = 0; index < moved.length; index++) {
    const [low, high] = [bits[first + index] ?? 0, bits[first + index + 1] ?? 0];
    moved[index] = (low >>> shift) | (high << (8 - shift));
  }
  return moved;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} width
 * @returns {Uint8Array}
 */
function aligned(bytes, width) {
  return bytes.byteOffset % Math.min(width, 8) === 0 ? bytes : new Uint8Array(bytes);
}
