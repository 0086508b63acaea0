/** The one error that calls may throw. */

import assert from 'node:assert/strict';

import { NATSBridgeError } from '../src/natsbridge_ssr.js';

/**
 * The error that a call throws.
 *
 * @param {Promise<unknown>} promise
 * @returns {Promise<NATSBridgeError>}
 */
export async function failure(promise) {
  /** @type {unknown} */
  const error = await promise.then(
    () => assert.fail('it succeeded'),
    (reason) => reason,
  );
  if (!(error instanceof NATSBridgeError)) throw error;
  return error;
}

/**
 * What the wire says of an error.
 *
 * @param {NATSBridgeError} error
 */
export const verdict = ({ code, phase, pointer }) => [code, phase, pointer];

/**
 * Bytes of which no two neighbourhoods are the same.
 *
 * @param {number} length
 */
export const sample = (length) => Buffer.from(Uint8Array.from({ length }, (_, at) => at ^ (at >> 8) ^ (at >> 16)));
