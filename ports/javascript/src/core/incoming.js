/**
 * From the wire to values without a clock, a network or a file (FR-014).
 *
 * @typedef {import('../generated.js').Envelope} Envelope
 * @typedef {import('../generated.js').ErrorCode} ErrorCode
 * @typedef {import('../generated.js').Payload} Payload
 * @typedef {import('../generated.js').PayloadType} PayloadType
 * @typedef {import('./incoming_rules.js').Policy} Policy
 * @typedef {import('./platform.js').Platform} Platform
 * @typedef {import('./received.js').Received} Received
 *
 * A payload that is to be fetched.
 *
 * @typedef {object} PendingDownload
 * @property {number} index its position among the payloads, from 0
 * @property {string} dataname
 * @property {PayloadType} payload_type
 * @property {string} url where it is; the policy allows it
 * @property {number} size its number of bytes
 * @property {string | null} sha256 its digest in lower case, where the sender told it
 */

import { copy_envelope } from '../generated.js';
import { canonical_size } from './base64.js';
import { ContentError, deserialize, inline } from './content.js';
import { NATSBridgeError } from './error.js';
import { write } from './json_write.js';
import { ReceivedPayload } from './received.js';

/** @type {ReadonlyMap<number, any>} */
const NOTHING = new Map();

/** A message that is valid, whose linked payloads are still to be fetched and whose payloads are still to be decoded. */
export class Incoming {
  #envelope;
  #platform;

  /**
   * @param {Envelope} envelope a valid one; `data` of a direct payload is its bytes, its base64, or its value
   * @param {Platform} platform
   */
  constructor(envelope, platform) {
    this.#envelope = envelope;
    this.#platform = platform;
  }

  /**
   * The envelope: the members that the schema names, ids in lower case. `data` of a direct payload is as it was read: bytes
   * where its base64 was found right already, else a string or the JSON value.
   *
   * @returns {Envelope}
   */
  get envelope() {
    return this.#envelope;
  }

  /**
   * What is to be fetched, in list order.
   *
   * @returns {PendingDownload[]}
   */
  downloads() {
    /** @type {PendingDownload[]} */
    const downloads = [];
    for (const [index, { dataname, payload_type, transport, size, data, metadata }] of this.#envelope.payloads.entries()) {
      if (transport !== 'link') continue;
      downloads.push({ index, dataname, payload_type, url: String(data), size, sha256: metadata.sha256?.toLowerCase() ?? null });
    }
    return downloads;
  }

  /**
   * Decodes every payload. DESERIALIZATION_ERROR, SIZE_MISMATCH, CHECKSUM_MISMATCH (decode; of fetched bytes, the latter two in
   * phase fetch); DOWNLOAD_FAILED (fetch) where the bytes of a linked payload are missing.
   *
   * @param {ReadonlyMap<number, Uint8Array>} [fetched] the bytes of each of `downloads` by its index
   * @param {ReadonlyMap<number, string>} [digests] SHA-256 digests of payloads by their index, in lower case, where they were
   *   computed elsewhere
   * @returns {Received}
   */
  finish(fetched = NOTHING, digests = NOTHING) {
    const { payloads } = this.#envelope;
    // What is wrong with a fetched payload counts before the content of any (W7.1).
    for (let index = 0; index < payloads.length; index += 1) {
      if (this.#payload(index).transport === 'link') this.#check(index, this.#fetched(index, fetched), digests.get(index));
    }
    const values = [];
    for (let index = 0; index < payloads.length; index += 1) {
      if (this.#payload(index).transport === 'link') values.push(this.content(index, this.#fetched(index, fetched)));
      else values.push(this.#direct_value(index, digests.get(index)));
    }
    return this.received(values);
  }

  /**
   * The serialized bytes of direct payload `index`, their size and digest found right; what a file is written from. Of JSON that
   * stands in the envelope as itself, its canonical text.
   *
   * @param {number} index
   * @param {string} [sha256] its digest, where it was computed elsewhere
   * @returns {Uint8Array}
   */
  direct_bytes(index, sha256) {
    if (this.#payload(index).encoding === 'json') return this.#platform.to_utf8(write(this.#direct_value(index)));
    const bytes = this.#decoded(index);
    this.#check(index, bytes, sha256);
    return bytes;
  }

  /**
   * The value of payload `index` out of its serialized bytes, whose size and digest are right. DESERIALIZATION_ERROR (decode).
   *
   * @param {number} index
   * @param {Uint8Array} bytes
   * @returns {unknown}
   */
  content(index, bytes) {
    const { payload_type } = this.#payload(index);
    try {
      return deserialize(payload_type, bytes, this.#platform);
    } catch (error) {
      throw this.#content_error(index, error);
    }
  }

  /**
   * The message with these values as its payloads, one for each.
   *
   * @param {readonly unknown[]} values
   * @returns {Received}
   */
  received(values) {
    const envelope = this.#envelope;
    const payloads = [];
    for (let index = 0; index < envelope.payloads.length; index += 1) {
      const { dataname, payload_type, transport, size, metadata } = this.#payload(index);
      payloads.push(new ReceivedPayload(dataname, values[index], payload_type, transport, size, metadata));
    }
    const message = /** @type {Received} */ (/** @type {object} */ (copy_envelope(envelope)));
    message.payloads = payloads;
    return message;
  }

  /** @param {number} index */
  #payload(index) {
    return /** @type {Payload} */ (this.#envelope.payloads[index]);
  }

  /**
   * @param {number} index
   * @param {string} [sha256]
   */
  #direct_value(index, sha256) {
    const { payload_type, encoding, data } = this.#payload(index);
    if (encoding !== 'json') return this.content(index, this.direct_bytes(index, sha256));
    try {
      return inline(/** @type {'dictionary' | 'jsontable'} */ (payload_type), data);
    } catch (error) {
      throw this.#content_error(index, error);
    }
  }

  /**
   * The bytes that base64 stands for.
   *
   * @param {number} index
   * @returns {Uint8Array}
   */
  #decoded(index) {
    const { data, size } = this.#payload(index);
    if (data instanceof Uint8Array) return data;
    const text = String(data);
    const found = canonical_size(text);
    if (found < 0) {
      throw this.#content_error(
        index,
        new ContentError(
          'canonical base64 (RFC 4648): a multiple of 4 of its 64 characters, padding at the end, zero trailing bits',
          `${text.length} characters that are not`,
        ),
      );
    }
    const bytes = found === size ? this.#platform.from_base64(text, 0, text.length, size) : null;
    if (bytes === null) throw this.#size_mismatch(index, found);
    return bytes;
  }

  /**
   * Holds bytes against the size and the digest that the payload says.
   *
   * @param {number} index
   * @param {Uint8Array} bytes
   * @param {string} [sha256]
   */
  #check(index, bytes, sha256) {
    const { size, metadata } = this.#payload(index);
    if (bytes.length !== size) throw this.#size_mismatch(index, bytes.length);
    const expected = metadata.sha256?.toLowerCase();
    if (expected === undefined) return;
    const found = sha256 ?? this.#platform.sha256(bytes);
    if (found === expected) return;
    const message = `the bytes of payload ${index} have another SHA-256 than the message says`;
    throw this.#error(index, 'CHECKSUM_MISMATCH', message, expected, found);
  }

  /**
   * @param {number} index
   * @param {ReadonlyMap<number, Uint8Array>} fetched
   */
  #fetched(index, fetched) {
    const bytes = fetched.get(index);
    if (bytes !== undefined) return bytes;
    const { dataname } = this.#payload(index);
    const pointer = `/payloads/${index}/data`;
    throw new NATSBridgeError('DOWNLOAD_FAILED', 'fetch', `payload ${index} was not fetched`, { pointer, dataname }).about(
      this.#envelope,
    );
  }

  /**
   * @param {number} index
   * @param {number} found
   */
  #size_mismatch(index, found) {
    const { size } = this.#payload(index);
    const message = `payload ${index} has ${found} bytes, and its size says ${size}`;
    return this.#error(index, 'SIZE_MISMATCH', message, `${size} bytes`, `${found} bytes`);
  }

  /**
   * @param {number} index
   * @param {unknown} error
   */
  #content_error(index, error) {
    if (!(error instanceof ContentError)) return error;
    const message = `payload ${index} (${this.#payload(index).payload_type}): ${error.message}`;
    return this.#error(index, 'DESERIALIZATION_ERROR', message, error.expected, error.found);
  }

  /**
   * @param {number} index
   * @param {ErrorCode} code
   * @param {string} message
   * @param {string} expected
   * @param {string} found
   */
  #error(index, code, message, expected, found) {
    const { dataname, transport } = this.#payload(index);
    const phase = transport === 'link' && code !== 'DESERIALIZATION_ERROR' ? 'fetch' : 'decode';
    const pointer = `/payloads/${index}/data`;
    return new NATSBridgeError(code, phase, message, { pointer, dataname, expected, found }).about(this.#envelope);
  }
}
