/** Messages of a stream, one after the other, up to the end-of-stream marker. */

import { TableError } from './error.js';
import { Flatbuffer } from './flatbuffer.js';

/**
 * One message: its metadata, and the bytes of its body.
 *
 * @typedef {object} Frame
 * @property {number} at where in the stream the message starts, for error messages
 * @property {number} kind SCHEMA, DICTIONARY or BATCH
 * @property {Flatbuffer} metadata
 * @property {import('./flatbuffer.js').FlatTable} header the table of its kind
 * @property {Uint8Array} body
 */

export const SCHEMA = 1;
export const DICTIONARY = 2;
export const BATCH = 3;

/** What stands before a message's metadata: the continuation marker, and the metadata's length. */
const PREFIX = 8;
const FILE_MAGIC = [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31];
const KINDS = ['none', 'Schema', 'DictionaryBatch', 'RecordBatch', 'Tensor', 'SparseTensor'];
const VERSIONS = ['V1', 'V2', 'V3', 'V4', 'V5'];

/**
 * The messages of a stream. Ends at the end-of-stream marker, and nowhere else.
 *
 * @param {Uint8Array} stream starts at a multiple of 8 of its memory
 * @returns {Generator<Frame, void, void>}
 */
export function* frames(stream) {
  if (FILE_MAGIC.every((byte, index) => stream[index] === byte)) {
    throw new TableError('an arrowtable is an Arrow IPC stream', {
      expected: 'the stream format',
      found: 'the file format',
    });
  }
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  for (let at = 0; ; ) {
    const rest = stream.length - at - PREFIX;
    if (rest < 0) {
      throw new TableError('the stream ends without its end-of-stream marker', {
        found: `${stream.length - at} bytes after byte ${at}`,
      });
    }
    if (view.getUint32(at) !== 0xffffffff) {
      const found = [...stream.subarray(at, at + 4)].map((byte) => byte.toString(16).padStart(2, '0'));
      throw new TableError(`no message starts at byte ${at} of the stream`, {
        expected: 'ff ff ff ff',
        found: found.join(' '),
      });
    }
    const length = view.getInt32(at + 4, true);
    if (length === 0) {
      if (rest === 0) return;
      throw new TableError('the stream goes on after its end-of-stream marker', {
        found: `${rest} bytes from byte ${at + PREFIX} on`,
      });
    }
    check(length, rest, at, 'metadata');
    const start = at + PREFIX + length;
    const frame = message(at, stream.subarray(at + PREFIX, start));
    check(frame.bodyLength, stream.length - start, at, 'body');
    const end = start + Number(frame.bodyLength);
    yield { ...frame, body: stream.subarray(start, end) };
    at = end;
  }
}

/**
 * Multiples of 8 keep every later buffer aligned, and every writer writes them so.
 *
 * @param {number | bigint} length
 * @param {number} rest
 * @param {number} at
 * @param {string} what
 */
function check(length, rest, at, what) {
  if (typeof length === 'bigint' || length < 0 || length > rest || length % 8 !== 0) {
    throw new TableError(`the message at byte ${at} lies about its ${what}`, {
      expected: `a multiple of 8 up to ${rest}`,
      found: length,
    });
  }
}

/**
 * @param {number} at
 * @param {Uint8Array} bytes
 */
function message(at, bytes) {
  const metadata = new Flatbuffer(bytes, `the message at byte ${at}`);
  const root = metadata.root();
  const version = metadata.int16(root, 0);
  const { kind, table: header } = metadata.union(root, 1, (one) => one >= SCHEMA && one <= BATCH);
  const bodyLength = metadata.int64(root, 3);
  keyValues(metadata, root, 4);
  if (version !== 3 && version !== 4) {
    throw new TableError(`the message at byte ${at} has another metadata version`, {
      expected: 'V4 or V5',
      found: VERSIONS[version] ?? version,
    });
  }
  if (header === null) {
    throw new TableError(`the message at byte ${at} belongs in no stream of a table`, {
      expected: 'a schema, a dictionary or a record batch',
      found: KINDS[kind] ?? `kind ${kind}`,
    });
  }
  return { at, kind, metadata, header, bodyLength };
}

/**
 * The custom metadata in a field of a table: of equal keys the last.
 *
 * @param {Flatbuffer} metadata
 * @param {import('./flatbuffer.js').FlatTable} table
 * @param {number} number
 * @returns {Map<string, string>}
 */
export function keyValues(metadata, table, number) {
  const pairs = new Map();
  for (const pair of metadata.children(table, number)) {
    const [key, value] = [metadata.string(pair, 0), metadata.string(pair, 1)];
    if (key === null || value === null) {
      const message = "the table's own metadata has a name without a value, or a value without a name";
      throw new TableError(message, { expected: 'pairs of both' });
    }
    pairs.set(key, value);
  }
  return pairs;
}
