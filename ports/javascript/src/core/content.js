/**
 * Between values and the bytes of a payload (FR-012, W3).
 *
 * @typedef {import('../generated.js').PayloadType} PayloadType
 * @typedef {import('./part.js').Part} Part
 * @typedef {import('./platform.js').Platform} Platform
 */

import { NATSBridgeError } from './error.js';
import { InvalidJson, invalid_utf8, read } from './json_read.js';
import { Unwritable, write } from './json_write.js';
import { is_well_formed } from './text.js';

/** Why a value has no bytes, or bytes have no value. */
export class ContentError extends Error {
  /**
   * @param {string} expected
   * @param {string} found
   * @param {string} [message]
   */
  constructor(expected, found, message = `expected ${expected}, found ${found}`) {
    super(message);
    this.expected = expected;
    this.found = found;
  }
}

/**
 * The bytes that carry a value. Views and buffers are not copied.
 *
 * @param {PayloadType} payload_type
 * @param {unknown} value
 * @param {Platform} platform
 * @returns {Uint8Array}
 * @throws {ContentError}
 */
export function serialize(payload_type, value, platform) {
  try {
    switch (payload_type) {
      case 'text':
        return platform.to_utf8(text(value));
      case 'dictionary':
        return platform.to_utf8(dictionary_text(value));
      case 'jsontable':
        return platform.to_utf8(rows_text(value));
      case 'arrowtable':
        return tables(platform).write(value);
      default:
        return bytes_of(value);
    }
  } catch (error) {
    throw understood(error, 'a value that can be serialized');
  }
}

/**
 * The value that bytes stand for.
 *
 * @param {PayloadType} payload_type
 * @param {Uint8Array} bytes
 * @param {Platform} platform
 * @returns {unknown}
 * @throws {ContentError}
 */
export function deserialize(payload_type, bytes, platform) {
  try {
    switch (payload_type) {
      case 'text':
        return decoded(bytes, platform);
      case 'dictionary':
      case 'jsontable':
        return inline(payload_type, read(bytes, platform));
      case 'arrowtable':
        return tables(platform).read(bytes);
      default:
        return bytes;
    }
  } catch (error) {
    throw understood(error, 'bytes that can be deserialized');
  }
}

/**
 * The value of a dictionary or jsontable out of its JSON (W3.5).
 *
 * @param {'dictionary' | 'jsontable'} payload_type
 * @param {unknown} value
 * @returns {unknown}
 * @throws {ContentError}
 */
export function inline(payload_type, value) {
  if (payload_type === 'dictionary') {
    if (typeof value === 'object' && value !== null) return value;
    throw new ContentError('a JSON object or array', kind(value));
  }
  if (!Array.isArray(value)) throw new ContentError('an array of JSON objects', kind(value));
  const rows = /** @type {unknown[]} */ (value);
  const wrong = rows.findIndex((row) => kind(row) !== 'an object');
  if (wrong >= 0) throw new ContentError('an array of JSON objects', `${kind(rows[wrong])} as row ${wrong}`);
  return value;
}

/**
 * What a value is, for errors.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function kind(value) {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return 'bytes';
  if (typeof value === 'bigint') return 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** @param {unknown} value */
function text(value) {
  if (typeof value !== 'string') throw new ContentError('a string', kind(value));
  if (!is_well_formed(value)) throw new ContentError('Unicode characters', 'a lone surrogate');
  return value;
}

/** @param {unknown} value */
function dictionary_text(value) {
  const json = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) ? write(value) : '';
  if (!json.startsWith('{') && !json.startsWith('[')) throw new ContentError('a JSON object or array', kind(value));
  return json;
}

/** @param {unknown} value */
function rows_text(value) {
  if (!Array.isArray(value)) throw new ContentError('rows: an array of JSON objects', kind(value));
  const rows = /** @type {unknown[]} */ (value);
  let json = '[';
  for (let index = 0; index < rows.length; index += 1) {
    const row = write(rows[index], [index]);
    if (!row.startsWith('{')) throw new ContentError('an array of objects', `${kind(rows[index])} as row ${index}`);
    json += index === 0 ? row : `,${row}`;
  }
  return `${json}]`;
}

/**
 * @param {unknown} value
 * @returns {Uint8Array}
 */
function bytes_of(value) {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const tag = Object.prototype.toString.call(value);
  if (tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]') {
    return new Uint8Array(/** @type {ArrayBuffer} */ (value));
  }
  throw new ContentError('bytes: Buffer, Uint8Array, another view or ArrayBuffer', kind(value));
}

/**
 * @param {Uint8Array} bytes
 * @param {Platform} platform
 */
function decoded(bytes, platform) {
  try {
    return platform.to_text(bytes, 0, bytes.length);
  } catch {
    const at = invalid_utf8(bytes);
    const byte = Number(bytes[at]).toString(16).toUpperCase().padStart(2, '0');
    throw new ContentError('UTF-8', `the byte 0x${byte} at byte ${at}`);
  }
}

/** @param {Platform} platform */
function tables(platform) {
  if (platform.tables) return platform.tables;
  throw new ContentError('a payload type of this platform', 'arrowtable');
}

/**
 * What anything that was thrown says of the content; code of the caller's own, such as a getter, may throw what it likes.
 *
 * @param {unknown} error
 * @param {string} expected
 */
function understood(error, expected) {
  if (error instanceof ContentError) return error;
  if (error instanceof InvalidJson || error instanceof Unwritable) {
    return new ContentError(error.expected, error.found, error.message);
  }
  if (error instanceof NATSBridgeError) {
    return new ContentError(error.expected ?? expected, error.found ?? error.message, error.message);
  }
  return new ContentError(expected, error instanceof Error ? `${error.name}: ${error.message}` : 'something that throws');
}
