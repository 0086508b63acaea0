/** An array of objects as columns, their types told from their values. */

import { set } from './column.js';
import { quoted, TableError } from './error.js';
import { plainType, timestamp } from './profile.js';

/**
 * @typedef {import('./column.js').Column} Column
 * @typedef {import('./profile.js').ColumnType} ColumnType
 * @typedef {'boolean' | 'number' | 'bigint' | 'string' | 'bytes' | 'time'} Kind
 */

const SMALLEST = -(2n ** 63n);
const LARGEST_SIGNED = 2n ** 63n - 1n;
const LARGEST = 2n ** 64n - 1n;
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/**
 * One batch of these rows. Columns stand in the order in which their names come first; what a row lacks, `null` and
 * `undefined` are null. Booleans give bool, numbers double, BigInts (and whole numbers among them) int64 or else uint64,
 * strings string, bytes binary, Dates timestamp[ms, tz=UTC].
 *
 * @param {readonly object[]} rows
 * @returns {import('./walk.js').Stream}
 */
export function fromRows(rows) {
  /** @type {Map<string, unknown[]>} */
  const lists = new Map();
  rows.forEach((row, index) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row) || ArrayBuffer.isView(row)) {
      throw new TableError('the rows of a table are objects', {
        expected: 'an object',
        found: `${describe(row)} in row ${index}`,
      });
    }
    for (const [name, value] of Object.entries(row)) {
      const list = lists.get(name) ?? new Array(rows.length).fill(null);
      list[index] = value ?? null;
      lists.set(name, list);
    }
  });
  const columns = [...lists].map(([name, list]) => columnOf(name, list));
  const fields = [...lists.keys()].map((name, index) => {
    const { type } = /** @type {Column} */ (columns[index]);
    return { name, type, nullable: true, metadata: new Map(), dictionary: null };
  });
  const batches = columns.length > 0 ? [{ rows: rows.length, columns }] : [];
  return { fields, metadata: new Map(), batches };
}

/**
 * @param {string} name
 * @param {unknown[]} list
 * @returns {Column}
 */
function columnOf(name, list) {
  const rows = list.length;
  const kinds = new Set(list.filter((value) => value !== null).map((value) => kindOf(name, value)));
  if (kinds.has('bigint')) kinds.delete('number');
  const [kind, ...others] = kinds;
  if (kind === undefined) {
    throw new TableError(`column ${quoted(name)} has nothing but nulls, which tell no type`, {
      expected: 'a value, or a table of apache-arrow, whose columns have types',
    });
  }
  if (others.length > 0) {
    throw new TableError(`column ${quoted(name)} has values of different types`, { found: [kind, ...others].join(', ') });
  }
  const validity = new Uint8Array(Math.ceil(rows / 8));
  let nulls = 0;
  list.forEach((value, row) => {
    if (value === null) nulls += 1;
    else set(validity, row);
  });
  const column = { rows, nulls, validity: nulls > 0 ? validity : null, offsets: null, buffers: [], dictionary: null };
  return { ...column, ...values(name, kind, list) };
}

/**
 * @param {string} name
 * @param {Kind} kind
 * @param {unknown[]} list
 * @returns {{ type: ColumnType, data: Uint8Array, offsets?: Int32Array }}
 */
function values(name, kind, list) {
  switch (kind) {
    case 'boolean': {
      const data = new Uint8Array(Math.ceil(list.length / 8));
      list.forEach((value, row) => {
        if (value === true) set(data, row);
      });
      return { type: typeNamed('bool'), data };
    }
    case 'number':
      return { type: typeNamed('double'), data: bytesOf(Float64Array.from(list, Number)) };
    case 'bigint':
      return integers(name, list);
    case 'time': {
      const times = list.map((value) => BigInt(value === null ? 0 : Number(value)));
      return { type: timestamp('ms', 'UTC'), data: bytesOf(BigInt64Array.from(times)) };
    }
    case 'string': {
      const encoder = new TextEncoder();
      return {
        type: typeNamed('string'),
        ...joined(
          name,
          list.map((value) => encoder.encode(/** @type {string} */ (value ?? ''))),
        ),
      };
    }
    default:
      return {
        type: typeNamed('binary'),
        ...joined(
          name,
          list.map((value) => viewOf(value)),
        ),
      };
  }
}

/**
 * @param {string} name
 * @param {unknown[]} list
 * @returns {{ type: ColumnType, data: Uint8Array }}
 */
function integers(name, list) {
  const whole = list.map((value) => {
    if (typeof value !== 'number') return /** @type {bigint} */ (value ?? 0n);
    if (Number.isSafeInteger(value)) return BigInt(value);
    throw new TableError(`column ${quoted(name)} has BigInts, and a number that is no exact integer`, { found: value });
  });
  const signed = whole.some((value) => value < 0n);
  const unfit = whole.find((value) => value < SMALLEST || value > (signed ? LARGEST_SIGNED : LARGEST));
  if (unfit !== undefined) {
    throw new TableError(`column ${quoted(name)} has integers that fit neither int64 nor uint64`, { found: unfit });
  }
  if (whole.every((value) => value <= LARGEST_SIGNED)) {
    return { type: typeNamed('int64'), data: bytesOf(BigInt64Array.from(whole)) };
  }
  return { type: typeNamed('uint64'), data: bytesOf(BigUint64Array.from(whole)) };
}

/**
 * @param {string} name
 * @param {unknown} value not null
 * @returns {Kind}
 */
function kindOf(name, value) {
  const type = typeof value;
  if (type === 'string') {
    if (!LONE_SURROGATE.test(/** @type {string} */ (value))) return 'string';
    throw new TableError(`column ${quoted(name)} has a text with a lone surrogate`);
  }
  if (type === 'boolean' || type === 'number' || type === 'bigint') return type;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return 'bytes';
  if (value instanceof Date && !Number.isNaN(value.getTime())) return 'time';
  throw new TableError(`column ${quoted(name)} has a value that no column can hold`, {
    expected: 'a boolean, number, BigInt, string, Uint8Array, Date or null',
    found: describe(value),
  });
}

/**
 * @param {string} name
 * @param {Uint8Array[]} pieces
 * @returns {{ data: Uint8Array, offsets: Int32Array }}
 */
function joined(name, pieces) {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length > 2 ** 31 - 1) {
    throw new TableError(`column ${quoted(name)} holds too many bytes; make it a table of several batches`, {
      expected: `at most ${2 ** 31 - 1}`,
      found: length,
    });
  }
  const [data, offsets] = [new Uint8Array(length), new Int32Array(pieces.length + 1)];
  pieces.reduce((end, piece, row) => {
    data.set(piece, end);
    return (offsets[row + 1] = end + piece.length);
  }, 0);
  return { data, offsets };
}

/**
 * @param {unknown} value bytes, or null
 * @returns {Uint8Array}
 */
function viewOf(value) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(0);
}

/**
 * @param {{ buffer: ArrayBufferLike, byteOffset: number, byteLength: number }} array
 * @returns {Uint8Array}
 */
function bytesOf({ buffer, byteOffset, byteLength }) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * @param {string} name
 * @returns {ColumnType}
 */
function typeNamed(name) {
  return /** @type {ColumnType} */ (plainType(name));
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function describe(value) {
  if (value instanceof Date) return 'a Date that is no time';
  if (Array.isArray(value)) return 'an array';
  return value === null ? 'null' : typeof value;
}
