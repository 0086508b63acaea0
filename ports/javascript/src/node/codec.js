/** The pure halves of `smartsend` and `smartreceive`: no environment, no network, no file. */

import { randomUUID } from 'node:crypto';
import { Decoder } from '../core/decoder.js';
import { Draft } from '../core/draft.js';
import { NODE } from './host.js';
import { named } from './options.js';

/**
 * @typedef {object} MomentOptions
 * @property {Date | string} [timestamp] The time of the message; now by default.
 * @property {() => string} [new_id] Gives the ids that are not passed, UUIDs of version 4; random ones by default.
 */

/**
 * Serializes payloads and chooses their transport. `encode(...).finish()` gives `[envelope, json]` where every payload goes direct; what
 * `uploads()` lists goes by link and has to be told where, with `link`, or sent direct after all, with `fall_back`, before that.
 *
 * @param {string} subject
 * @param {Iterable<import('../core/part.js').PartLike>} data
 * @param {import('../core/draft.js').MessageOptions & MomentOptions} [options]
 * @returns {import('../core/outgoing.js').Outgoing}
 * @throws {import('../core/error.js').NATSBridgeError} INVALID_ENVELOPE, INVALID_PAYLOAD_TYPE, SERIALIZATION_ERROR or PAYLOAD_TOO_LARGE.
 */
export function encode(subject, data, options = {}) {
  return encoded(({ timestamp, new_id, ...message }) => [new Draft(subject, data, message), { timestamp, new_id }], options);
}

/**
 * Parses and validates a message. `decode(...).finish()` gives the message with its values where nothing is linked; the bytes of what
 * `downloads()` lists have to be passed in, by their index.
 *
 * @param {string | Uint8Array} msg_json
 * @param {import('../core/decoder.js').DecoderOptions} [options]
 * @returns {import('../core/incoming.js').Incoming}
 * @throws {import('../core/error.js').NATSBridgeError} Of the phases `parse` and `validate`.
 */
export function decode(msg_json, options = {}) {
  return new Decoder(NODE, named(options)).decode(msg_json);
}

/**
 * @template {MomentOptions} T
 * @param {(options: T & Required<MomentOptions>) => [Draft, Required<MomentOptions>]} draft
 * @param {T} options
 */
export function encoded(draft, options) {
  const { timestamp = new Date(), new_id = randomUUID } = named(options);
  const [made, moment] = draft({ ...options, timestamp, new_id });
  return made.encode(NODE, moment);
}
