/**
 * What is wrong with an envelope that was received: the check of the schema, and the rules that no schema states.
 *
 * @typedef {import('./platform.js').Platform} Platform
 *
 * What a receiver holds a message against, beyond the schema.
 *
 * @typedef {object} Policy
 * @property {number} max_payloads
 * @property {readonly string[]} allowed_origins in the form of `origin_of`
 * @property {readonly string[]} payload_types what this platform supports
 */

import { check_envelope, LINK, PAYLOAD_TYPE_NAMES } from '../generated.js';
import { Checker, MOST } from './check.js';
import { InvalidLink, origin_of, redact } from './link.js';
import { Violation } from './violation.js';

/** @type {ReadonlySet<string>} */
const KNOWN_TYPES = new Set(PAYLOAD_TYPE_NAMES);

/**
 * Everything that is wrong; nothing is left out but for what is beyond 1,000 violations.
 *
 * @param {unknown} envelope
 * @param {Policy} policy
 * @returns {Violation[]}
 */
export function incoming_violations(envelope, policy) {
  const checker = new Checker();
  check_envelope(checker, envelope);
  const { violations } = checker;
  const payloads = /** @type {{ payloads?: unknown } | null} */ (envelope)?.payloads;
  if (!Array.isArray(payloads)) return violations;
  if (payloads.length > policy.max_payloads) {
    const expected = `at most ${policy.max_payloads} payloads (max_payloads)`;
    violations.push(new Violation('/payloads', 'INVALID_ENVELOPE', expected, String(payloads.length), 'W1.10'));
  }
  // The check of the schema may be full of faults of later payloads: here, the first fault is kept in any case.
  const before = violations.length;
  for (let index = 0; index < payloads.length; index += 1) {
    if (violations.length >= MOST && violations.length > before) break;
    const payload = /** @type {unknown} */ (payloads[index]);
    if (!checker.is_object(payload)) continue;
    const type = unsupported(index, payload, policy);
    if (type !== null) violations.push(type);
    const refused = link(index, payload, policy);
    if (refused !== null) violations.push(refused);
    const size = size_mismatch(index, payload);
    if (size !== null) violations.push(size);
  }
  return violations;
}

/**
 * A payload type that exists, but not on this platform.
 *
 * @param {number} index
 * @param {Record<string, unknown>} payload
 * @param {Policy} policy
 */
function unsupported(index, { payload_type }, { payload_types }) {
  const name = String(payload_type);
  if (payload_types.includes(name) || !KNOWN_TYPES.has(name)) return null;
  const expected = `one of ${payload_types.join(', ')}, which this platform supports`;
  return new Violation(`/payloads/${index}/payload_type`, 'INVALID_PAYLOAD_TYPE', expected, name, 'W5');
}

/**
 * @param {number} index
 * @param {Record<string, unknown>} payload
 */
function size_mismatch(index, { encoding, metadata, size }) {
  if (encoding === 'json' || typeof metadata !== 'object' || metadata === null) return null;
  const { payload_bytes } = /** @type {{ payload_bytes?: unknown }} */ (metadata);
  if (!is_size(payload_bytes) || !is_size(size) || Number(payload_bytes) === Number(size)) return null;
  const pointer = `/payloads/${index}/metadata/payload_bytes`;
  return new Violation(pointer, 'SIZE_MISMATCH', `${size}, as in size`, String(payload_bytes), 'W1.13');
}

/**
 * @param {number} index
 * @param {Record<string, unknown>} payload
 * @param {Policy} policy
 */
function link(index, { transport, data }, { allowed_origins }) {
  if (transport !== 'link' || typeof data !== 'string') return null;
  const pointer = `/payloads/${index}/data`;
  try {
    const origin = origin_of(data);
    if (allowed_origins.includes(origin)) return null;
    const listed = allowed_origins.length === 0 ? 'none' : allowed_origins.join(', ');
    const expected = `a link to one of allowed_origins (${listed})`;
    return new Violation(pointer, 'URL_NOT_ALLOWED', expected, origin, 'W6.5');
  } catch (error) {
    if (!(error instanceof InvalidLink)) throw error;
    // The schema's own pattern has told it already.
    if (!LINK.matches(data)) return null;
    const expected = 'a link whose host is written literally';
    return new Violation(pointer, 'INVALID_ENVELOPE', expected, `${redact(data)}: ${error.message}`, 'W2.4');
  }
}

/** @param {unknown} value */
function is_size(value) {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
