/**
 * A scan over the bytes of a JSON text for what `JSON.parse` lets pass and the wire does not (W3.2, W3.3). Grammar is not looked
 * at here: `JSON.parse` does that. A text that passes the scan and `JSON.parse`, and whose value has as many members as the
 * text, is strict JSON, and its value is the one that the strict reader gives.
 */

import { JSON_MAX_DEPTH } from '../generated.js';

/** No integer of so many digits is beyond 2^53-1. */
const EXACT_DIGITS = 15;

/** No number that is shorter, and whose exponent has two digits, is beyond a double's range. */
const FINITE_LENGTH = 200;

/**
 * The number of members of all objects, counted by their colons; -1 where the text needs a closer look: for its depth, an
 * escaped surrogate, an integer that may be beyond 2^53-1, `-0`, or a number that may be infinite.
 *
 * @param {Uint8Array} bytes
 * @returns {number}
 */
export function scan(bytes) {
  const { length } = bytes;
  let members = 0;
  let depth = 0;
  let at = 0;
  while (at < length) {
    const byte = /** @type {number} */ (bytes[at]);
    at += 1;
    if (byte === 0x22) {
      for (;;) {
        if (at >= length) return -1;
        const inner = /** @type {number} */ (bytes[at]);
        at += 1;
        if (inner === 0x22) break;
        if (inner !== 0x5c) continue;
        // \ud8 to \udf
        if (bytes[at] === 0x75 && (Number(bytes[at + 1]) | 0x20) === 0x64 && Number(bytes[at + 2]) >= 0x38) return -1;
        at += 1;
      }
    } else if (byte <= 0x2c) {
      // White space and commas, the most frequent of the rest.
    } else if (byte <= 0x39) {
      const end = number_end(bytes, at - 1);
      if (end < 0) return -1;
      at = end;
    } else if (byte === 0x3a) {
      members += 1;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > JSON_MAX_DEPTH) return -1;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
    }
  }
  return members;
}

/**
 * The end of the number that begins at `start`; -1 where the number needs a closer look.
 *
 * @param {Uint8Array} bytes
 * @param {number} start
 */
function number_end(bytes, start) {
  let at = start;
  let integer = true;
  let exponent = -1;
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined || byte < 0x2b || byte === 0x2c) break;
    if (byte === 0x2e) integer = false;
    else if (byte === 0x65 || byte === 0x45) {
      integer = false;
      exponent = at;
    } else if (byte > 0x39) break;
    at += 1;
  }
  const length = at - start;
  if (integer) {
    const negative = bytes[start] === 0x2d ? 1 : 0;
    const minus_zero = negative === 1 && bytes[start + 1] === 0x30;
    return length - negative > EXACT_DIGITS || minus_zero ? -1 : at;
  }
  if (exponent < 0) return length > FINITE_LENGTH ? -1 : at;
  const sign = bytes[exponent + 1];
  const digits = at - exponent - 1 - (sign === 0x2b || sign === 0x2d ? 1 : 0);
  return digits > 2 || length > FINITE_LENGTH ? -1 : at;
}

/**
 * Whether somebody gave members to all objects that a loop meets, so that members cannot be counted.
 *
 * @returns {boolean}
 */
export function is_polluted() {
  for (const name in {}) return name !== undefined;
  return false;
}

/**
 * The number of members of all objects within a value that `JSON.parse` gave, where nothing `is_polluted`.
 *
 * @param {unknown} value
 * @returns {number}
 */
export function count_members(value) {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const item = /** @type {unknown} */ (value[index]);
      if (typeof item === 'object' && item !== null) members += count_members(item);
    }
    return members;
  }
  const object = /** @type {Record<string, unknown>} */ (value);
  for (const name in object) {
    members += 1;
    const inner = object[name];
    if (typeof inner === 'object' && inner !== null) members += count_members(inner);
  }
  return members;
}
