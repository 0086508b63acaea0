/**
 * One place where a message is not what the schema or a rule of the wire says.
 *
 * @typedef {import('../generated.js').ErrorCode} ErrorCode
 */

import { ENVELOPE_MEMBERS, PAYLOAD_MEMBERS, PAYLOAD_METADATA_MEMBERS } from '../generated.js';
import { NATSBridgeError } from './error.js';

/** A fault, where it is, and what a receiver refuses the message with. */
export class Violation {
  /**
   * @param {string} pointer the place (RFC 6901); a member that is missing has the place where it should be
   * @param {ErrorCode} code
   * @param {string} expected what should have been there, in words
   * @param {string} found what was there: JSON cut to about 80 characters, or words
   * @param {string} rule the rule of the wire, such as `W1.3`
   */
  constructor(pointer, code, expected, found, rule) {
    this.pointer = pointer;
    this.code = code;
    this.expected = expected;
    this.found = found;
    this.rule = rule;
  }

  /**
   * The index of the payload that it is about; -1 where it is about none.
   *
   * @returns {number}
   */
  payload() {
    const [, list, index] = this.pointer.split('/');
    return list === 'payloads' && index !== undefined ? Number(index) : -1;
  }

  /**
   * The error that it is, in phase `validate`.
   *
   * @param {{ dataname?: string, correlation_id?: string, msg_id?: string, send_to?: string }} about
   * @returns {NATSBridgeError}
   */
  error(about) {
    const place = this.pointer === '' ? 'the message' : this.pointer;
    const { pointer, expected, found } = this;
    const message = `${place}: expected ${expected}, found ${found} (${this.rule})`;
    return new NATSBridgeError(this.code, 'validate', message, { pointer, expected, found, ...about });
  }
}

/**
 * The violation that decides: the first by envelope member in schema order, then by payload, by its member, and by that of its
 * metadata; of those in one place the first that was found (W7.1).
 *
 * @param {readonly Violation[]} violations
 * @returns {Violation | undefined}
 */
export function first(violations) {
  let [decides] = violations;
  for (const violation of violations) {
    if (decides && compared(position(violation.pointer), position(decides.pointer)) < 0) decides = violation;
  }
  return decides;
}

/** @param {string} pointer */
function position(pointer) {
  const [, member, index, part, detail] = pointer.split('/');
  return [
    rank(ENVELOPE_MEMBERS, member),
    index === undefined ? 0 : Number(index) + 1,
    rank(PAYLOAD_MEMBERS, part),
    rank(PAYLOAD_METADATA_MEMBERS, detail),
  ];
}

/**
 * @param {readonly string[]} members
 * @param {string | undefined} name
 */
function rank(members, name) {
  if (name === undefined) return 0;
  const at = members.indexOf(name);
  return 1 + (at < 0 ? members.length : at);
}

/**
 * @param {readonly number[]} left
 * @param {readonly number[]} right
 */
function compared(left, right) {
  for (let at = 0; at < left.length; at += 1) {
    const difference = Number(left[at]) - Number(right[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}
