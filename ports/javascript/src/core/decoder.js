/**
 * From a text to a valid message.
 *
 * @typedef {import('../generated.js').Envelope} Envelope
 * @typedef {import('../generated.js').Payload} Payload
 * @typedef {import('./platform.js').Platform} Platform
 *
 * @typedef {object} DecoderOptions
 * @property {number} [max_message_bytes] the message as received, at most; 64 MiB by default
 * @property {number} [max_payloads] payloads of one message, at most; 10,000 by default
 * @property {Iterable<string>} [allowed_origins] where links may lead, such as `https://files.example`; nowhere by default
 */

import { copy_envelope, copy_payload, DESKTOP } from '../generated.js';
import { kind } from './content.js';
import { read_canonical } from './envelope_read.js';
import { NATSBridgeError } from './error.js';
import { bound } from './header.js';
import { Incoming } from './incoming.js';
import { incoming_violations } from './incoming_rules.js';
import { InvalidJson, read } from './json_read.js';
import { InvalidLink, origin_of, redact } from './link.js';
import { is_well_formed } from './text.js';
import { first } from './violation.js';

/** In UTF-8, of a unit of UTF-16. */
const MOST_BYTES = 3;

/** Reads messages, within limits. */
export class Decoder {
  #platform;
  #max_message_bytes;
  #policy;

  /**
   * INVALID_ENVELOPE (validate) where a limit is no number from 0 on, or an origin is none.
   *
   * @param {Platform} platform
   * @param {DecoderOptions} [options]
   */
  constructor(platform, options = {}) {
    this.#platform = platform;
    this.#max_message_bytes = bound('max_message_bytes', options.max_message_bytes, DESKTOP.max_received_bytes);
    this.#policy = {
      max_payloads: bound('max_payloads', options.max_payloads, DESKTOP.max_payloads),
      allowed_origins: origins(options.allowed_origins ?? []),
      payload_types: platform.payload_types,
    };
  }

  /**
   * Parses and validates a message, the whole envelope before anything is fetched.
   *
   * In phase `parse`: PAYLOAD_TOO_LARGE beyond `max_message_bytes`, INVALID_ENVELOPE for what is not strict JSON. In phase
   * `validate`: INVALID_PAYLOAD_TYPE, INVALID_TRANSPORT, URL_NOT_ALLOWED, SIZE_MISMATCH where `payload_bytes` is not `size`,
   * INVALID_ENVELOPE for the rest.
   *
   * @param {string | Uint8Array} json
   * @returns {Incoming}
   */
  decode(json) {
    // No text takes more bytes of UTF-8 than this, so that they need not be counted.
    const fits = typeof json === 'string' && json.length * MOST_BYTES <= this.#max_message_bytes;
    const source = fits ? json : this.#checked(json);
    return this.#canonical(source) ?? this.#after_all(fits ? this.#checked(json) : source, source);
  }

  /**
   * As `decode` by the plain path, which looks at every character; what the fast path is tested against.
   *
   * @param {string | Uint8Array} json
   * @returns {Incoming}
   */
  decode_plainly(json) {
    return this.#decode(this.#checked(json));
  }

  /**
   * What is not canonical as it came: characters beyond ASCII may be all that keeps a string from it.
   *
   * @param {Uint8Array | string} source
   * @param {Uint8Array | string} tried
   */
  #after_all(source, tried) {
    return (source === tried ? null : this.#canonical(source)) ?? this.#decode(source);
  }

  /** @param {Uint8Array | string} source */
  #canonical(source) {
    const envelope = read_canonical(source, this.#platform);
    if (envelope === null || incoming_violations(envelope, this.#policy).length > 0) return null;
    return new Incoming(lowered(/** @type {Envelope} */ (/** @type {unknown} */ (envelope))), this.#platform);
  }

  /** @param {Uint8Array | string} source */
  #decode(source) {
    const value = this.#parsed(typeof source === 'string' ? this.#platform.to_utf8(source) : source);
    const violation = first(incoming_violations(value, this.#policy));
    if (!violation) return new Incoming(known(/** @type {Record<string, unknown>} */ (value)), this.#platform);
    const index = violation.payload();
    const dataname = index < 0 ? undefined : member(member(member(value, 'payloads'), String(index)), 'dataname');
    throw violation.error({
      ...(typeof dataname === 'string' ? { dataname } : {}),
      correlation_id: text_of(value, 'correlation_id'),
      msg_id: text_of(value, 'msg_id'),
      send_to: text_of(value, 'send_to'),
    });
  }

  /**
   * A text in ASCII as it is, and all else as bytes, within the limit.
   *
   * @param {string | Uint8Array} json
   */
  #checked(json) {
    if (json instanceof Uint8Array) {
      this.#check_length(json.length);
      return json;
    }
    if (typeof json !== 'string') throw not_json('a string or a Uint8Array', kind(json), `it is ${kind(json)}`);
    const length = this.#platform.utf8_length(json);
    this.#check_length(length);
    if (length === json.length) return json;
    if (!is_well_formed(json)) throw not_json('Unicode characters', 'a lone surrogate', 'expected no lone surrogates');
    return this.#platform.to_utf8(json);
  }

  /** @param {number} length */
  #check_length(length) {
    const limit = this.#max_message_bytes;
    if (length <= limit) return;
    const message = `the message has ${length} bytes; this receiver takes ${limit} (max_message_bytes)`;
    const [expected, found] = [`at most ${limit} bytes`, `${length} bytes`];
    throw new NATSBridgeError('PAYLOAD_TOO_LARGE', 'parse', message, { expected, found });
  }

  /** @param {Uint8Array} bytes */
  #parsed(bytes) {
    try {
      return read(bytes, this.#platform);
    } catch (error) {
      if (!(error instanceof InvalidJson)) throw error;
      throw not_json(error.expected, error.found, error.message, error.pointer);
    }
  }
}

/**
 * @param {string} expected
 * @param {string} found
 * @param {string} reason
 * @param {string} [pointer]
 */
function not_json(expected, found, reason, pointer = '') {
  const message = `the message is not strict JSON: ${reason}`;
  return new NATSBridgeError('INVALID_ENVELOPE', 'parse', message, { pointer, expected, found });
}

/** @param {Iterable<string>} urls */
function origins(urls) {
  if (typeof urls !== 'string' && typeof Object(urls)[Symbol.iterator] !== 'function') {
    const [expected, found] = ['a list of origins', kind(urls)];
    const message = `the argument allowed_origins: expected ${expected}, found ${found}`;
    throw new NATSBridgeError('INVALID_ENVELOPE', 'validate', message, { expected, found, own: 'argument' });
  }
  return Array.from(typeof urls === 'string' ? [urls] : urls, (url) => {
    try {
      return origin_of(String(url));
    } catch (error) {
      if (!(error instanceof InvalidLink)) throw error;
      const message = `the argument allowed_origins: ${redact(String(url))} is no origin: ${error.message}`;
      const expected = 'origins such as https://files.example:8443';
      const found = redact(String(url));
      throw new NATSBridgeError('INVALID_ENVELOPE', 'validate', message, { expected, found, own: 'argument' });
    }
  });
}

/**
 * A valid envelope with the members that the schema names and no others, ids in lower case.
 *
 * @param {Record<string, unknown>} value
 * @returns {Envelope}
 */
function known(value) {
  const envelope = copy_envelope(/** @type {Envelope} */ (/** @type {unknown} */ (value)));
  envelope.payloads = envelope.payloads.map(known_payload);
  return lowered(envelope);
}

/** @param {Payload} value */
function known_payload(value) {
  const payload = copy_payload(value);
  // A size of -0 is 0.
  payload.size += 0;
  return payload;
}

/**
 * The envelope itself, its ids in lower case.
 *
 * @param {Envelope} envelope
 */
function lowered(envelope) {
  envelope.correlation_id = envelope.correlation_id.toLowerCase();
  envelope.msg_id = envelope.msg_id.toLowerCase();
  envelope.sender_id = envelope.sender_id.toLowerCase();
  envelope.receiver_id = envelope.receiver_id.toLowerCase();
  envelope.reply_to_msg_id = envelope.reply_to_msg_id.toLowerCase();
  for (let index = 0; index < envelope.payloads.length; index += 1) {
    const payload = /** @type {Payload} */ (envelope.payloads[index]);
    payload.id = payload.id.toLowerCase();
  }
  return envelope;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {unknown}
 */
function member(value, name) {
  if (typeof value !== 'object' || value === null || !Object.prototype.hasOwnProperty.call(value, name)) return undefined;
  return /** @type {Record<string, unknown>} */ (value)[name];
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function text_of(value, name) {
  const text = member(value, name);
  return typeof text === 'string' ? text : '';
}
