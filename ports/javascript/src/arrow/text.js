/** UTF-8, strictly: what is invalid is never replaced, and a byte order mark is a character like any other. */

import * as buffer from 'node:buffer';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Bytes that are decoded at once where a text is only checked. */
const PIECE = 1 << 20;
/** Up to this many bytes, looking whether all are ASCII costs less than a call of the decoder. */
const SHORT = 256;

/**
 * The text of these bytes; null if they are not UTF-8.
 *
 * @param {Uint8Array} bytes
 * @returns {string | null}
 */
export function textOf(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Whether these bytes are UTF-8.
 *
 * @type {(bytes: Uint8Array) => boolean}
 */
// Node 16 has no isUtf8.
export const isUtf8 = buffer.isUtf8 ?? decodes;

/**
 * Whether these bytes are UTF-8, found out by decoding them piece by piece.
 *
 * @param {Uint8Array} bytes
 * @returns {boolean}
 */
export function decodes(bytes) {
  if (bytes.length <= SHORT && bytes.every((byte) => byte < 0x80)) return true;
  if (bytes.length <= PIECE) return textOf(bytes) !== null;
  const pieces = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for (let at = 0; at < bytes.length; at += PIECE) {
      pieces.decode(bytes.subarray(at, at + PIECE), { stream: true });
    }
    pieces.decode();
    return true;
  } catch {
    return false;
  }
}
