/**
 * Values that came from outside, looked at one by one. Each check gives null where all is well, else what was found.
 *
 * Under a null anything may stand, but for offsets, which hold for their neighbours too.
 */

import { bit, bytesReader, INLINE, numbersOf } from './column.js';
import { isUtf8 } from './text.js';

/** @typedef {import('./column.js').Column} Column */

/** How often views may use the same bytes, on average. Each use is checked anew, so this bounds the time of it. */
const MOST_VIEW_USES = 1024;

/**
 * How many of the first `rows` bits are 0.
 *
 * @param {Uint8Array} bits
 * @param {number} rows
 * @returns {number}
 */
export function countNulls(bits, rows) {
  const whole = rows >>> 3;
  let ones = 0;
  for (let index = 0; index < whole; index++) ones += onesOf(/** @type {number} */ (bits[index]));
  if (rows % 8 > 0) ones += onesOf(/** @type {number} */ (bits[whole]) & ((1 << (rows % 8)) - 1));
  return rows - ones;
}

/**
 * Offsets never go back, and end within the data.
 *
 * @param {Int32Array | BigInt64Array} offsets
 * @param {number} length
 * @returns {string | null}
 */
export function checkOffsets(offsets, length) {
  const wide = offsets instanceof BigInt64Array;
  // A number of two halves is exact as far as any length goes, and much faster than a BigInt.
  const halves = new Int32Array(offsets.buffer, offsets.byteOffset, offsets.length * (wide ? 2 : 1));
  let previous = 0;
  for (let index = 0; index < offsets.length; index++) {
    const offset = wide
      ? /** @type {number} */ (halves[2 * index + 1]) * 2 ** 32 + /** @type {number} */ (halves[2 * index] >>> 0)
      : /** @type {number} */ (halves[index]);
    if (offset < previous || offset > length) {
      return `offset ${offset} of row ${index} after ${previous}, for ${length} bytes`;
    }
    previous = offset;
  }
  return null;
}

/**
 * The texts of a column of offsets, which were checked, are UTF-8.
 *
 * @param {Column} column
 * @returns {string | null}
 */
export function checkText(column) {
  const { rows, data, validity } = column;
  const offsets = /** @type {Int32Array | BigInt64Array} */ (column.offsets);
  const end = Number(offsets[rows]);
  if (isUtf8(data.subarray(Number(offsets[0]), end)) && wholeCharacters(offsets, data, end)) return null;
  const bytes = bytesReader(column);
  for (let row = 0; row < rows; row++) {
    if ((validity === null || bit(validity, row)) && !isUtf8(bytes(row))) return `no UTF-8 in row ${row}`;
  }
  return null;
}

/**
 * The views of a column lie within its buffers, agree with them, and are UTF-8 if it is text.
 *
 * @param {Column} column
 * @param {number} length bytes of the whole body
 * @returns {string | null}
 */
export function checkViews(column, length) {
  const { rows, data, validity, buffers, type } = column;
  const words = new Int32Array(data.buffer, data.byteOffset, 4 * rows);
  const bytes = bytesReader(column);
  let used = 0;
  for (let row = 0; row < rows; row++) {
    if (validity !== null && !bit(validity, row)) continue;
    const size = /** @type {number} */ (words[4 * row]);
    if (size < 0) return `a negative length in row ${row}`;
    if (size <= INLINE) {
      for (let at = 16 * row + 4 + size; at < 16 * row + 16; at++) {
        if (data[at] !== 0) return `padding that is not zero in row ${row}`;
      }
    } else {
      const [index, start] = [/** @type {number} */ (words[4 * row + 2]), /** @type {number} */ (words[4 * row + 3])];
      const buffer = index < 0 ? undefined : buffers[index];
      if (buffer === undefined) return `buffer ${index} of ${buffers.length} in row ${row}`;
      if (start < 0 || start + size > buffer.length) {
        return `${size} bytes from ${start} on, of ${buffer.length}, in row ${row}`;
      }
      for (let at = 0; at < 4; at++) {
        if (buffer[start + at] !== data[16 * row + 4 + at]) return `a prefix that is not the value's in row ${row}`;
      }
      used += size;
      if (used > length * MOST_VIEW_USES) return `the same bytes used more than ${MOST_VIEW_USES} times`;
    }
    if (type.text && !isUtf8(bytes(row))) return `no UTF-8 in row ${row}`;
  }
  return null;
}

/**
 * The indices of a column point to values of its dictionary.
 *
 * @param {Column} column
 * @param {number} values how many there are
 * @returns {string | null}
 */
export function checkIndices(column, values) {
  const { rows, validity } = column;
  const indices = /** @type {ArrayLike<number>} */ (numbersOf(column));
  for (let row = 0; row < rows; row++) {
    const index = /** @type {number} */ (indices[row]);
    if ((index < 0 || index >= values) && (validity === null || bit(validity, row))) {
      return `index ${index} in row ${row}, of ${values} values`;
    }
  }
  return null;
}

/**
 * No offset stands within a character of a text that is UTF-8 as a whole.
 *
 * @param {Int32Array | BigInt64Array} offsets
 * @param {Uint8Array} data
 * @param {number} end
 * @returns {boolean}
 */
function wholeCharacters(offsets, data, end) {
  for (let index = 0; index < offsets.length; index++) {
    const offset = Number(offsets[index]);
    if (offset < end && /** @type {number} */ (data[offset] & 0xc0) === 0x80) return false;
  }
  return true;
}

/**
 * @param {number} byte
 * @returns {number}
 */
function onesOf(byte) {
  const pairs = byte - ((byte >>> 1) & 0x55);
  const fours = (pairs & 0x33) + ((pairs >>> 2) & 0x33);
  return (fours + (fours >>> 4)) & 0x0f;
}
