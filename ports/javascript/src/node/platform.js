/**
 * What Node gives the core: its Buffer, and its digests.
 *
 * @typedef {import('../core/platform.js').Platform} Platform
 * @typedef {import('../core/platform.js').Tables} Tables
 */

import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { TextDecoder } from 'node:util';

import { encoded_length } from '../core/base64.js';
import { DESKTOP } from '../generated.js';

/**
 * Base64 in bytes is decoded in pieces of so many characters: their texts live in memory that is used again. A multiple of four.
 */
const PIECE = 32_768;

/** As many bytes as a piece stands for. */
const BINARY_PIECE = (PIECE / 4) * 3;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * V8's own base64, from Node 25 on. Its strict decoder skips white space and stops early where the bytes would be more than
 * there is room for; both make its result shorter.
 *
 * @typedef {object} Base64Methods
 * @property {() => string} [toBase64]
 * @property {(text: string, options: { lastChunkHandling: 'strict' }) => { written: number }} [setFromBase64]
 */
const { toBase64, setFromBase64 } = /** @type {Base64Methods} */ (/** @type {unknown} */ (Uint8Array.prototype));

/**
 * The platform that Node is.
 *
 * @param {Tables | null} tables how arrowtables are read and written; null where they are not
 * @returns {Platform}
 */
export function node_platform(tables) {
  const payload_types = tables ? DESKTOP.payload_types : DESKTOP.payload_types.filter((name) => name !== 'arrowtable');
  return {
    payload_types,
    sha256,
    to_base64,
    from_base64,
    spliced,
    to_text,
    to_ascii,
    to_utf8,
    utf8_length: Buffer.byteLength,
    tables,
  };
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
  return toBase64 === undefined ? buffer(bytes).toString('base64') : toBase64.call(bytes);
}

const STRICT = /** @type {const} */ ({ lastChunkHandling: 'strict' });

/**
 * @param {Uint8Array | string} text
 * @param {number} start
 * @param {number} end
 * @param {number} size
 * @returns {Uint8Array | null}
 */
function from_base64(text, start, end, size) {
  if (setFromBase64 === undefined) return from_base64_by_buffer(text, start, end, size);
  if (end - start !== encoded_length(size)) return null;
  // Not out of Node's pool: whoever has the bytes has their whole memory.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
  try {
    let written = 0;
    if (typeof text === 'string') written = setFromBase64.call(bytes, text.slice(start, end), STRICT).written;
    else written = by_pieces(bytes, buffer(text), start, end, setFromBase64);
    return written === size ? bytes : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * The number of bytes that were written.
 *
 * @param {Uint8Array} bytes
 * @param {Buffer} source
 * @param {number} start
 * @param {number} end
 * @param {NonNullable<Base64Methods['setFromBase64']>} decode
 */
function by_pieces(bytes, source, start, end, decode) {
  let written = 0;
  for (let at = start; at < end; at += PIECE) {
    const rest = written === 0 ? bytes : bytes.subarray(written);
    written += decode.call(rest, source.toString('latin1', at, Math.min(at + PIECE, end)), STRICT).written;
  }
  return written;
}

/**
 * By Node's own decoder, which skips what is no letter, takes the letters of base64url for others, and does not look at trailing
 * bits. What it skips makes its result shorter; the rest is looked at here.
 *
 * @param {Uint8Array | string} text
 * @param {number} start
 * @param {number} end
 * @param {number} size
 * @returns {Uint8Array | null}
 */
export function from_base64_by_buffer(text, start, end, size) {
  const padding = (3 - (size % 3)) % 3;
  if (end - start !== ((size + padding) / 3) * 4) return null;
  // Node 16 sees of a character beyond U+00FF only the lower half, which may be a letter.
  if (typeof text === 'string' && Buffer.byteLength(text.slice(start, end)) !== end - start) return null;
  const source = typeof text === 'string' ? text : buffer(text);
  if (has(source, '-', start, end) || has(source, '_', start, end)) return null;
  const last = padding === 0 ? '' : piece(source, end - 4, end);
  if (!last.endsWith(PADDINGS[padding] ?? '')) return null;
  const bytes = decoded(source, start, end, size);
  if (bytes === null) return null;
  // The last group again: only zero trailing bits give the same text.
  if (padding > 0 && bytes.toString('base64', size - (size % 3)) !== last) return null;
  return new Uint8Array(bytes.buffer);
}

const PADDINGS = ['', '=', '=='];

/**
 * @param {Buffer | string} source
 * @param {number} start
 * @param {number} end
 * @param {number} size
 */
function decoded(source, start, end, size) {
  // Not out of Node's pool: whoever has the bytes has their whole memory.
  const bytes = Buffer.allocUnsafeSlow(size);
  let written = 0;
  for (let at = start; at < end; at += PIECE) {
    written += bytes.write(piece(source, at, Math.min(at + PIECE, end)), written, 'base64');
  }
  return written === size ? bytes : null;
}

/**
 * @param {Buffer | string} source
 * @param {string} letter
 * @param {number} start
 * @param {number} end
 */
function has(source, letter, start, end) {
  const at = typeof source === 'string' ? source.indexOf(letter, start) : source.indexOf(letter.charCodeAt(0), start);
  return at >= 0 && at < end;
}

/**
 * @param {Buffer | string} source
 * @param {number} start
 * @param {number} end
 */
function piece(source, start, end) {
  return typeof source === 'string' ? source.slice(start, end) : source.toString('latin1', start, end);
}

/**
 * @param {string} text
 * @param {readonly Uint8Array[]} contents
 * @returns {Uint8Array}
 */
function spliced(text, contents) {
  const texts = text.split('\0');
  let length = Buffer.byteLength(text) - (texts.length - 1);
  for (const content of contents) length += encoded_length(content.length);
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = bytes.write(texts[0] ?? '', 0, 'utf8');
  for (const [index, content] of contents.entries()) {
    const source = buffer(content);
    for (let from = 0; from < source.length; from += BINARY_PIECE) {
      at += bytes.write(source.toString('base64', from, from + BINARY_PIECE), at, 'latin1');
    }
    at += bytes.write(texts[index + 1] ?? '', at, 'utf8');
  }
  return bytes;
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
