/**
 * A message before it is written: what the sender says, and the pure way from there to the wire.
 *
 * @typedef {import('../generated.js').Envelope} Envelope
 * @typedef {import('../generated.js').Payload} Payload
 * @typedef {import('./entry.js').Entry} Entry
 * @typedef {import('./header.js').Limits} Limits
 * @typedef {import('./part.js').PartLike} PartLike
 * @typedef {import('./part.js').Metadata} Metadata
 * @typedef {import('./platform.js').Platform} Platform
 *
 * What a sender can say about a message but for its subject and payloads; names and defaults are the contract's.
 *
 * @typedef {object} MessageOptions
 * @property {string} [broker_url] comma-separated `nats`, `tls`, `ws` or `wss` URLs; user-info is removed
 * @property {number} [size_threshold] from this many bytes on, a payload goes by link; 500,000 by default
 * @property {string} [correlation_id] a UUID that follows the exchange; a new one by default
 * @property {string} [msg_purpose] one of `ACK NACK updateStatus shutdown chat command event`; `chat` by default
 * @property {string} [sender_name] at most 1,024 bytes; `NATSBridge` by default
 * @property {string} [receiver_name] at most 1,024 bytes; empty, for everyone, by default
 * @property {string} [receiver_id] a UUID; empty, for everyone, by default
 * @property {string} [reply_to] the subject that answers go to; empty by default
 * @property {string} [reply_to_msg_id] the `msg_id` of the message that this one answers; empty by default
 * @property {string} [msg_id] a UUID; a new one by default
 * @property {string} [sender_id] a UUID; a new one by default
 * @property {Metadata} [metadata] of the message; none by default
 * @property {'link' | 'all' | 'none'} [checksum] which payloads carry a SHA-256 digest; `link` by default
 * @property {boolean} [inline_json] whether direct dictionaries and jsontables stand in the envelope as JSON; false by default
 * @property {number} [max_message_bytes] the JSON text as written, at most; 1,048,576 by default
 * @property {number} [max_payloads] payloads of one message, at most; 10,000 by default
 *
 * Time and chance, which the core has none of.
 *
 * @typedef {object} Moment
 * @property {Date | string} timestamp the time of the message
 * @property {() => string} new_id gives UUIDs of version 4 from a secure source
 */

import { encoded_length } from './base64.js';
import { choose } from './choice.js';
import { ContentError, deserialize, kind, serialize } from './content.js';
import { direct_length, entry, header_length, linked_length, settle_direct } from './entry.js';
import { NATSBridgeError } from './error.js';
import { header, limits } from './header.js';
import { Outgoing } from './outgoing.js';
import { metadata_text, outgoing_violations } from './outgoing_rules.js';
import { Part } from './part.js';
import { first, Violation } from './violation.js';

/** A message with everything that its sender can say about it; what is not said has its default. */
export class Draft {
  /**
   * @param {string} subject the NATS subject that the message is for
   * @param {Iterable<PartLike>} data the payloads, in order
   * @param {MessageOptions} [options]
   */
  constructor(subject, data, options = {}) {
    this.subject = subject;
    this.data = data;
    this.options = options;
  }

  /**
   * Serializes the payloads and chooses their transport.
   *
   * In this order: INVALID_ENVELOPE or INVALID_PAYLOAD_TYPE (validate) for an argument that breaks the schema;
   * SERIALIZATION_ERROR (serialize) for data that its type cannot carry; PAYLOAD_TOO_LARGE (limit) where the message cannot
   * be made to fit.
   *
   * @param {Platform} platform
   * @param {Moment} moment
   * @returns {Outgoing}
   */
  encode(platform, moment) {
    const { envelope, parts, entries, limits, metadata } = this.#validated(platform, moment);
    try {
      for (let index = 0; index < entries.length; index += 1) {
        serialize_part(/** @type {Part} */ (parts[index]), /** @type {Entry} */ (entries[index]), index, platform);
      }
      choose_transports(envelope, metadata, entries, limits, platform);
      return new Outgoing(envelope, metadata, entries, limits, platform);
    } catch (error) {
      throw error instanceof NATSBridgeError ? error.about(envelope) : error;
    }
  }

  /**
   * The first phase of `encode` alone: INVALID_ENVELOPE or INVALID_PAYLOAD_TYPE.
   *
   * @param {Platform} platform
   * @param {Moment} moment
   */
  check(platform, moment) {
    this.#validated(platform, moment);
  }

  /**
   * @param {Platform} platform
   * @param {Moment} moment
   */
  #validated(platform, moment) {
    const envelope = header(this.subject, this.options, moment);
    try {
      const bounds = limits(this.options);
      const parts = this.#parts();
      const broken = [];
      /** @type {Entry[]} */
      const entries = [];
      const metadata = is_empty(envelope.metadata) ? '{}' : metadata_text('/metadata', envelope.metadata, true);
      if (typeof metadata !== 'string') broken.push(metadata);
      for (let index = 0; index < parts.length; index += 1) {
        const part = /** @type {Part} */ (parts[index]);
        const payload = empty_payload(part, moment);
        const own = is_empty(part.metadata) ? '' : metadata_text(`/payloads/${index}/metadata`, part.metadata, false);
        if (typeof own !== 'string') broken.push(own);
        envelope.payloads.push(payload);
        entries.push(entry(payload, typeof own === 'string' ? own.slice(1, -1) : ''));
      }
      const violations = outgoing_violations(envelope, platform, bounds.max_payloads);
      const violation = first(broken.length === 0 ? violations : [...violations, ...broken]);
      if (violation) throw this.#invalid(violation, parts);
      return { envelope, parts, entries, limits: bounds, metadata: String(metadata) };
    } catch (error) {
      throw error instanceof NATSBridgeError ? error.about(told(envelope)) : error;
    }
  }

  /** @returns {Part[]} */
  #parts() {
    const { data } = this;
    if (typeof data !== 'object' || data === null || typeof data[Symbol.iterator] !== 'function') {
      throw new Violation('/payloads', 'INVALID_ENVELOPE', LIST, kind(data), 'W1.10').error({});
    }
    /** @type {Part[]} */
    const parts = [];
    for (const part of data) parts.push(part instanceof Part ? part : made(part, parts.length));
    return parts;
  }

  /**
   * @param {Violation} violation
   * @param {readonly Part[]} parts
   */
  #invalid(violation, parts) {
    const dataname = parts[violation.payload()]?.dataname;
    return violation.error(typeof dataname === 'string' ? { dataname } : {});
  }
}

/**
 * @param {unknown} part
 * @param {number} index
 */
function made(part, index) {
  if (Array.isArray(part) && (part.length === 3 || part.length === 4)) {
    const [dataname, value, payload_type, options] = /** @type {[string, unknown, string, object | undefined]} */ (part);
    return new Part(dataname, value, payload_type, options ?? {});
  }
  const found = Array.isArray(part) ? `an array of ${part.length}` : kind(part);
  throw new Violation(`/payloads/${index}`, 'INVALID_ENVELOPE', TUPLE, found, 'W1.10').error({});
}

const TUPLE = '[dataname, data, payload_type], an object with metadata and id behind them if needed, or a Part';
const LIST = `a list of payloads, each ${TUPLE}`;

/**
 * The payload as it would be if it were direct and empty.
 *
 * @param {Part} part
 * @param {Moment} moment
 * @returns {Payload}
 */
function empty_payload(part, { new_id }) {
  const id = part.id ?? new_id();
  return {
    id: typeof id === 'string' ? id.toLowerCase() : id,
    dataname: part.dataname,
    payload_type: /** @type {Payload['payload_type']} */ (part.payload_type),
    transport: 'direct',
    encoding: 'base64',
    size: part.form === 'external' ? part.size : 0,
    data: '',
    metadata: part.metadata,
  };
}

/**
 * @param {Part} part
 * @param {Entry} ready
 * @param {number} index
 * @param {Platform} platform
 */
function serialize_part(part, ready, index, platform) {
  const { payload } = ready;
  const { payload_type } = payload;
  try {
    if (part.form === 'external' && part.size > 0) {
      ready.size = part.size;
      return;
    }
    // Nothing is there to be fetched of no bytes (W2.6).
    const bytes =
      part.form === 'value'
        ? serialize(payload_type, part.data, platform)
        : /** @type {Uint8Array} */ (part.form === 'external' ? new Uint8Array(0) : part.data);
    if (part.form !== 'value') deserialize(payload_type, bytes, platform);
    ready.bytes = bytes;
    ready.size = bytes.length;
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    const { expected, found } = error;
    throw new NATSBridgeError('SERIALIZATION_ERROR', 'serialize', `payload ${index} (${payload_type}): ${error.message}`, {
      pointer: `/payloads/${index}/data`,
      dataname: payload.dataname,
      expected,
      found,
    });
  }
}

/**
 * @param {Envelope} envelope
 * @param {string} metadata the text of the envelope's metadata
 * @param {readonly Entry[]} entries
 * @param {Limits} limits
 * @param {Platform} platform
 */
function choose_transports(envelope, metadata, entries, limits, platform) {
  const { size_threshold, max_message_bytes, checksum, inline_json } = limits;
  if (!inline_json && all_fit_for_sure(envelope, metadata, entries, limits)) {
    for (const ready of entries) settle_direct(ready, limits, platform);
    return;
  }
  const candidates = entries.map((ready) => ({
    size: ready.size,
    direct: ready.bytes ? direct_length(ready, limits, platform) : 0,
    linked: linked_length(ready, checksum),
    external: ready.bytes === null,
  }));
  const { links, needed } = choose(header_length(envelope, metadata), candidates, { size_threshold, max_message_bytes });
  if (needed > max_message_bytes) {
    const message =
      `the message needs ${needed} bytes and may have ${max_message_bytes}, with every payload linked that can be: ` +
      "send fewer payloads, less metadata, or raise max_message_bytes and the server's max_payload";
    const expected = `at most ${max_message_bytes} bytes`;
    throw new NATSBridgeError('PAYLOAD_TOO_LARGE', 'limit', message, { expected, found: `${needed} bytes` });
  }
  for (const [index, ready] of entries.entries()) {
    if (!links[index]) settle_direct(ready, limits, platform);
  }
}

/** More than all names and members of fixed length of an envelope or payload together. */
const FRAME = 1_000;

/** No character takes more bytes in JSON than `\u0000`. */
const LONGEST_ESCAPE = 6;

/**
 * Whether nothing needs a link and a generous estimate of the length is within the limit, so that it need not be counted.
 *
 * @param {Envelope} envelope
 * @param {string} metadata
 * @param {readonly Entry[]} entries
 * @param {Limits} limits
 */
function all_fit_for_sure(envelope, metadata, entries, { size_threshold, max_message_bytes }) {
  const { sender_name, receiver_name, broker_url, send_to, reply_to } = envelope;
  const names = sender_name.length + receiver_name.length + broker_url.length + send_to.length + reply_to.length;
  let length = FRAME + LONGEST_ESCAPE * (names + metadata.length);
  for (const { bytes, size, metadata_text: own, payload } of entries) {
    if (bytes === null || size >= Math.max(1, size_threshold)) return false;
    length += FRAME + LONGEST_ESCAPE * (payload.dataname.length + own.length) + encoded_length(size);
  }
  return length <= max_message_bytes;
}

/** @param {Metadata} metadata */
function is_empty(metadata) {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return false;
  return Object.keys(metadata).length === 0;
}

/**
 * What an error tells of an envelope that is not valid: its members as far as they are strings.
 *
 * @param {Envelope} envelope
 */
function told({ correlation_id, msg_id, send_to }) {
  const text = (/** @type {unknown} */ value) => (typeof value === 'string' ? value : '');
  return { correlation_id: text(correlation_id), msg_id: text(msg_id), send_to: text(send_to) };
}
