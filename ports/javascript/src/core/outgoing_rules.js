/**
 * What is wrong with the arguments of a message: the check of the schema, and the rules that no schema states.
 *
 * @typedef {import('../generated.js').Envelope} Envelope
 * @typedef {import('./platform.js').Platform} Platform
 */

import { check_envelope, PAYLOAD_METADATA_MEMBERS } from '../generated.js';
import { Checker } from './check.js';
import { Unwritable, write } from './json_write.js';
import { byte_length } from './text.js';
import { Violation } from './violation.js';

/** The envelope alone is open around its metadata; around a payload's there are the list and the payload as well. */
const AROUND = ['payloads', 0, 'metadata'];

/**
 * The JSON text of a payload's metadata or, `alone`, of the envelope's, and what is wrong with it.
 *
 * @param {string} pointer
 * @param {unknown} metadata
 * @param {boolean} alone
 * @returns {string | Violation}
 */
export function metadata_text(pointer, metadata, alone) {
  try {
    return write(metadata, alone ? AROUND.slice(0, 1) : AROUND);
  } catch (error) {
    const [expected, found] =
      error instanceof Unwritable ? [error.expected, error.found] : ['JSON values', `what throws ${String(error)}`];
    return new Violation(pointer, 'INVALID_ENVELOPE', expected, found, 'W1.9');
  }
}

/**
 * Everything that is wrong with the envelope that the arguments would become, its payloads direct and empty; what is wrong with
 * the writing of metadata is found by `metadata_text`.
 *
 * @param {Envelope} envelope
 * @param {Platform} platform
 * @param {number} max_payloads
 * @returns {Violation[]}
 */
export function outgoing_violations(envelope, platform, max_payloads) {
  const checker = new Checker();
  check_envelope(checker, envelope);
  const { violations } = checker;
  const { payloads, broker_url } = envelope;
  if (payloads.length > max_payloads) {
    const expected = `at most ${max_payloads} payloads (max_payloads)`;
    violations.push(new Violation('/payloads', 'INVALID_ENVELOPE', expected, String(payloads.length), 'W1.10'));
  }
  // An @ that is left once user-info was removed: a password with / ? # in it would go out as a path.
  if (typeof broker_url === 'string' && broker_url.includes('@')) {
    const expected = 'URLs without @ behind the host; / ? # @ in a password are percent-encoded';
    const found = `a string of ${byte_length(broker_url)} bytes`;
    violations.push(new Violation('/broker_url', 'INVALID_ENVELOPE', expected, found, 'W1.8'));
  }
  for (let index = 0; index < payloads.length; index += 1) {
    const { payload_type, metadata } = /** @type {Envelope['payloads'][number]} */ (payloads[index]);
    if (payload_type === 'arrowtable' && !platform.payload_types.includes(payload_type)) {
      const pointer = `/payloads/${index}/payload_type`;
      const expected = 'a payload type of this platform';
      violations.push(new Violation(pointer, 'INVALID_PAYLOAD_TYPE', expected, payload_type, 'W5'));
    }
    if (typeof metadata !== 'object' || metadata === null) continue;
    for (const name of PAYLOAD_METADATA_MEMBERS) {
      if (!Object.prototype.hasOwnProperty.call(metadata, name)) continue;
      const pointer = `/payloads/${index}/metadata/${name}`;
      const expected = `metadata without the reserved names ${PAYLOAD_METADATA_MEMBERS.join(' and ')}`;
      violations.push(new Violation(pointer, 'INVALID_ENVELOPE', expected, name, 'W1.13'));
    }
  }
  return violations;
}
