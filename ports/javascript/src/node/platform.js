/** What Node gives the core: fast base64, text and digests, and tables. */

import { Buffer, isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

import { read, write } from '../arrow/table.js';
import { DESKTOP } from '../generated.js';

/** Keeps a byte order mark, and throws for what is not UTF-8. */
const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @type {import('../core/platform.js').Platform} */
export const NODE = Object.freeze({
  payload_types: DESKTOP.payload_types,
  sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
  to_base64: (bytes) => view(bytes).toString('base64'),
  from_base64,
  to_text: (bytes, start, end) => toText(bytes.subarray(start, end)),
  to_utf8: (text) => Buffer.from(text),
  tables: { read, write },
});

/**
 * Node's decoder takes white space, the URL alphabet and whatever follows the padding; what it makes of these is told by its own encoder,
 * which writes the canonical text and nothing else.
 *
 * @type {import('../core/platform.js').Platform['from_base64']}
 */
function from_base64(text, start, end, size) {
  if (end - start !== 4 * Math.ceil(size / 3)) return null;
  const given = view(text.subarray(start, end));
  const bytes = Buffer.allocUnsafeSlow(size);
  if (bytes.write(given.latin1Slice(0, given.length), 'base64') !== size) return null;
  return bytes.toString('base64') === given.latin1Slice(0, given.length) ? bytes : null;
}

/** @param {Uint8Array} bytes */
function toText(bytes) {
  // From Node 18.14 on; much faster than the decoder where there is only ASCII.
  if (isUtf8?.(bytes)) return view(bytes).toString();
  return TEXT.decode(bytes);
}

/** @param {Uint8Array} bytes */
function view(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
