/**
 * The bounds walker: one Arrow IPC stream, ended by its end-of-stream marker (W3.6, W3.7), taken apart. Each length and
 * offset is held against the bytes at hand before it is used, and each value is checked: apache-arrow, which is handed what
 * comes out of here, checks none of it.
 *
 * ```text
 * bytes -> frame -> schema -----------------------------> walk -> Stream
 *            |                                             ^
 *            +----> body -> values, dictionary ------------+
 * ```
 */

import { Body } from './body.js';
import { Dictionaries } from './dictionary.js';
import { quoted, TableError } from './error.js';
import { BATCH, DICTIONARY, frames, SCHEMA } from './frame.js';
import { schemaOf } from './schema.js';
import { checkIndices } from './values.js';

/**
 * What a stream holds: its columns, and its batches with a column for each of them.
 *
 * @typedef {object} Stream
 * @property {import('./schema.js').Field[]} fields
 * @property {Map<string, string>} metadata
 * @property {{ rows: number, columns: Column[] }[]} batches
 *
 * @typedef {import('./column.js').Column} Column
 */

/**
 * All that a stream holds. Columns keep their types, the large and view forms of utf8 and binary too. A stream without
 * columns has no rows, whatever its batches say.
 *
 * Refused with a TableError: the file format; big-endian numbers; a compressed body; equal column names; a type outside of
 * the portable profile and of the large and view forms; no end-of-stream marker, or bytes after it; and whatever
 * contradicts itself or the bytes at hand.
 *
 * @param {Uint8Array} bytes stays part of what comes out, if it starts at a multiple of 8 of its memory
 * @returns {Stream}
 */
export function walk(bytes) {
  const stream = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const messages = frames(stream);
  const first = messages.next().value;
  if (!first || first.kind !== SCHEMA) throw new TableError('the stream does not start with its schema');
  const { fields, metadata, dictionaries } = schemaOf(first);
  // A delta may come after batches that use the dictionary it adds to: so all of them are read before any batch.
  const words = new Dictionaries(dictionaries);
  /** @type {import('./frame.js').Frame[]} */
  const rest = [];
  for (const frame of messages) {
    if (frame.kind === SCHEMA) {
      throw new TableError('the stream has a second schema', { found: `a schema at byte ${frame.at}` });
    }
    if (frame.kind === DICTIONARY) words.add(frame);
    else if (fields.length > 0 || frame.kind !== BATCH) rest.push(frame);
    else new Body(frame, frame.header).finish();
  }
  words.join();
  const batches = rest.map((frame) => batchOf(frame, fields, words));
  return { fields, metadata, batches };
}

/**
 * @param {import('./frame.js').Frame} frame
 * @param {import('./schema.js').Field[]} fields
 * @param {Dictionaries} words
 */
function batchOf(frame, fields, words) {
  const body = new Body(frame, frame.header);
  const columns = fields.map(({ name, type, nullable, dictionary }) => {
    const column = body.column(name, type);
    if (dictionary !== null) {
      column.dictionary = words.before(dictionary, frame.at);
      const wrong = checkIndices(column, column.dictionary.rows);
      if (wrong !== null) {
        throw body.error(`has no valid indices in column ${quoted(name)}`, { expected: type.name, found: wrong });
      }
    }
    if (!nullable && column.nulls > 0) {
      throw body.error(`has nulls in column ${quoted(name)}, whose schema allows none`, {
        found: `${column.nulls} nulls`,
      });
    }
    return column;
  });
  body.finish();
  return { rows: body.rows, columns };
}
