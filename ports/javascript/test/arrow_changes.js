/** Streams with one byte changed, in an order that the tests and `data/changes.js` share. */

import { file } from './arrow_files.js';

const MASKS = [0x01, 0x10, 0x80, 0xff];

/**
 * Streams of every type of the profile, with nulls, several batches, dictionaries with replacement and delta, no rows and no
 * columns: as pyarrow writes them.
 */
export const CHANGED = [
  'numbers',
  'text',
  'large',
  'view',
  'dictionary',
  'delta',
  'replaced',
  'no_batches',
  'no_rows',
  'no_columns',
  'metadata',
  'hidden',
  'sliced',
];

/**
 * @param {string} name
 * @returns {Uint8Array}
 */
export function streamNamed(name) {
  return file(`${name}.arrows`);
}

/**
 * Each byte changed in turn, in four ways.
 *
 * @param {Uint8Array} stream
 * @returns {Generator<Uint8Array, void, void>} each with memory of its own
 */
export function* changes(stream) {
  for (let position = 0; position < stream.length; position++) {
    for (const mask of MASKS) {
      const changed = stream.slice();
      changed[position] = /** @type {number} */ (changed[position]) ^ mask;
      yield changed;
    }
  }
}
