/**
 * What Node gives the core: its Buffer, and its digests.
 *
 * @typedef {import('../core/platform.js').Platform} Platform
 * @typedef {import('../core/platform.js').Tables} Tables
 */

import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { TextDecoder } from 'node:util';

import { DESKTOP } from '../generated.js';

/** From this many bytes of base64 on, pieces are decoded: their texts live in memory that is used again. */
const PIECE = 32_768;

const DASH = 0x2d;
const LOW_LINE = 0x5f;
const PADDING = 0x3d;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The platform that Node is.
 *
 * @param {Tables | null} tables how arrowtables are read and written; null where they are not
 * @returns {Platform}
 */
export function node_platform(tables) {
  const payload_types = tables ? DESKTOP.payload_types : DESKTOP.payload_types.filter((name) => name !== 'arrowtable');
  return { payload_types, sha256, to_base64, from_base64, to_text, to_ascii, to_utf8, tables };
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
function to_base64(bytes) {
  return buffer(bytes).toString('base64');
}

/**
 * Node's decoder skips what is no letter, takes the letters of base64url for others, and does not look at trailing bits. What it
 * skips makes its result shorter; the rest is looked at here.
 *
 * @param {Uint8Array} text
 * @param {number} start
 * @param {number} end
 * @param {number} size
 * @returns {Uint8Array | null}
 */
function from_base64(text, start, end, size) {
  const padding = (3 - (size % 3)) % 3;
  if (end - start !== ((size + padding) / 3) * 4) return null;
  const source = buffer(text);
  for (let at = 1; at <= padding; at += 1) {
    if (source[end - at] !== PADDING) return null;
  }
  if (has(source, DASH, start, end) || has(source, LOW_LINE, start, end)) return null;
  const bytes = Buffer.allocUnsafeSlow(size);
  let written = 0;
  for (let at = start; at < end; at += PIECE) {
    written += bytes.write(source.toString('latin1', at, Math.min(at + PIECE, end)), written, 'base64');
  }
  if (written !== size) return null;
  // The last group again: only zero trailing bits give the same text.
  const last = bytes.toString('base64', size - (size % 3 || 3));
  return padding === 0 || last === source.toString('latin1', end - 4, end) ? new Uint8Array(bytes.buffer) : null;
}

/**
 * @param {Buffer} bytes
 * @param {number} byte
 * @param {number} start
 * @param {number} end
 */
function has(bytes, byte, start, end) {
  const at = bytes.indexOf(byte, start);
  return at >= 0 && at < end;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} end
 * @returns {string}
 */
function to_text(bytes, start, end) {
  return utf8.decode(bytes.subarray(start, end));
}

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} end
 * @returns {string}
 */
function to_ascii(bytes, start, end) {
  return buffer(bytes).toString('latin1', start, end);
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
function to_utf8(text) {
  return Buffer.from(text, 'utf8');
}

/**
 * The same bytes, with Node's methods.
 *
 * @param {Uint8Array} bytes
 * @returns {Buffer}
 */
function buffer(bytes) {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
