/** Arrow streams that the tests share: what pyarrow wrote into `tests/data/arrow`, and what it lacks. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { columns, read } from '../src/arrow/table.js';
import { NATSBridgeError } from '../src/core/error.js';

const SHARED = new URL('../../../tests/data/arrow/', import.meta.url);
const OWN = new URL('data/', import.meta.url);

/**
 * @param {string} name
 * @returns {Uint8Array} with memory of its own
 */
export function file(name) {
  return new Uint8Array(readFileSync(new URL(name, SHARED)));
}

/**
 * @param {string} name
 * @returns {Uint8Array} with memory of its own
 */
export function ownFile(name) {
  return new Uint8Array(readFileSync(new URL(name, OWN)));
}

/** @returns {string[]} the streams of types outside of the profile */
export function outsideFiles() {
  return readdirSync(new URL('outside/', SHARED)).map((name) => `outside/${name}`);
}

/**
 * Name, type and values of each column.
 *
 * @param {unknown} table
 */
export function view(table) {
  return columns(table).map(({ name, type, values }) => [name, type, values]);
}

/**
 * The error that the walker gives, which is the only one that reading may give.
 *
 * @param {Uint8Array} bytes
 * @returns {NATSBridgeError}
 */
export function refusal(bytes) {
  const error = attempt(bytes);
  assert.ok(error instanceof NATSBridgeError, 'refused');
  return error;
}

/**
 * The table of a stream, or the error that says why there is none: never another exception.
 *
 * @param {Uint8Array} bytes
 * @returns {import('apache-arrow').Table | NATSBridgeError}
 */
export function attempt(bytes) {
  try {
    return read(bytes);
  } catch (error) {
    assert.ok(error instanceof NATSBridgeError, String(error));
    assert.equal(error.code, 'DESERIALIZATION_ERROR');
    assert.equal(error.phase, 'decode');
    assert.notEqual(error.message, 'apache-arrow does not take the table');
    return error;
  }
}
