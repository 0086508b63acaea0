/**
 * A message whose transports are chosen: what is still to be uploaded, and the JSON text in the end.
 *
 * @typedef {import('../generated.js').Envelope} Envelope
 * @typedef {import('../generated.js').Payload} Payload
 * @typedef {import('../generated.js').PayloadType} PayloadType
 * @typedef {import('./entry.js').Entry} Entry
 * @typedef {import('./error.js').ErrorDetails} ErrorDetails
 * @typedef {import('./header.js').Limits} Limits
 * @typedef {import('./platform.js').Platform} Platform
 *
 * A payload that goes by link and was not uploaded yet.
 *
 * @typedef {object} PendingUpload
 * @property {number} index its position among the payloads, from 0
 * @property {string} dataname
 * @property {PayloadType} payload_type
 * @property {number} size its number of bytes
 * @property {Uint8Array | null} bytes null for an external part
 */

import { encoded_length } from './base64.js';
import { ContentError, deserialize } from './content.js';
import {
  digest,
  envelope_text,
  fill_metadata,
  header_length,
  payload_text,
  settle_direct,
  settle_link,
  written_length,
} from './entry.js';
import { NATSBridgeError } from './error.js';
import { quote } from './json_write.js';
import { InvalidLink, origin_of, redact } from './link.js';
import { byte_length } from './text.js';

/** A message that is ready but for its uploads: `link` or `fall_back` each of `uploads`, then `finish`. */
export class Outgoing {
  #envelope;
  #metadata;
  #entries;
  #limits;
  #platform;

  /**
   * @param {Envelope} envelope
   * @param {string} metadata the text of its metadata
   * @param {Entry[]} entries one for each of its payloads
   * @param {Limits} limits
   * @param {Platform} platform
   */
  constructor(envelope, metadata, entries, limits, platform) {
    this.#envelope = envelope;
    this.#metadata = metadata;
    this.#entries = entries;
    this.#limits = limits;
    this.#platform = platform;
  }

  /**
   * The envelope as far as it is known; `data` is empty until `finish`, but for that of a payload that was linked.
   *
   * @returns {Envelope}
   */
  get envelope() {
    return this.#envelope;
  }

  /**
   * What is still to be uploaded, in list order.
   *
   * @returns {PendingUpload[]}
   */
  uploads() {
    /** @type {PendingUpload[]} */
    const uploads = [];
    for (const [index, { payload, size, bytes, pending }] of this.#entries.entries()) {
      const { dataname, payload_type } = payload;
      if (pending) uploads.push({ index, dataname, payload_type, size, bytes });
    }
    return uploads;
  }

  /**
   * The digest of payload `index`, where it was computed elsewhere; else the platform computes it when it is needed.
   *
   * @param {number} index
   * @param {string} sha256 64 hexadecimal digits
   */
  digest(index, sha256) {
    const ready = this.#entries[index];
    if (ready === undefined) throw this.#error('INVALID_ENVELOPE', 'validate', `there is no payload ${index}`, {});
    ready.sha256 = sha256.toLowerCase();
  }

  /**
   * Tells where payload `index` was uploaded to. UPLOAD_FAILED (upload) where the URL is not one that a receiver would read;
   * INVALID_ENVELOPE where no such upload is pending, or its digest is wanted and neither it nor the bytes are here.
   *
   * @param {number} index
   * @param {string} url
   * @param {string} [sha256] 64 hexadecimal digits
   */
  link(index, url, sha256) {
    const ready = this.#pending(index);
    const { dataname } = ready.payload;
    const pointer = `/payloads/${index}/data`;
    try {
      origin_of(String(url));
    } catch (error) {
      if (!(error instanceof InvalidLink)) throw error;
      const message = `the URL of payload ${index} cannot be sent: ${error.message}`;
      const expected = 'an absolute http or https URL';
      throw this.#error('UPLOAD_FAILED', 'upload', message, { pointer, dataname, expected, found: redact(String(url)) });
    }
    if (sha256 !== undefined) this.digest(index, sha256);
    if (this.#limits.checksum !== 'none' && ready.sha256 === null && ready.bytes === null) {
      const message = `payload ${index} is linked and needs its sha256, or checksum must be none`;
      throw this.#error('INVALID_ENVELOPE', 'validate', message, { pointer: `/payloads/${index}`, dataname });
    }
    settle_link(ready, String(url));
  }

  /**
   * Sends payload `index` direct, since it could not be uploaded (NFR-202, W6.4). PAYLOAD_TOO_LARGE (limit) where the message
   * would exceed `max_message_bytes`; the upload is still pending then. INVALID_ENVELOPE where no such upload is pending, or
   * its bytes are neither here nor what its type says.
   *
   * @param {number} index
   * @param {Uint8Array} [bytes] those of an external part
   */
  fall_back(index, bytes) {
    const ready = { ...this.#pending(index) };
    ready.payload = { ...ready.payload };
    const { dataname, payload_type } = ready.payload;
    const pointer = `/payloads/${index}`;
    if (bytes !== undefined) {
      try {
        deserialize(payload_type, bytes, this.#platform);
      } catch (error) {
        if (!(error instanceof ContentError)) throw error;
        throw this.#error('INVALID_ENVELOPE', 'validate', error.message, { pointer: `${pointer}/data`, dataname });
      }
      ready.bytes = bytes;
      ready.size = bytes.length;
    }
    if (ready.bytes === null) {
      const message = `payload ${index} is not at hand and cannot go direct without its bytes`;
      throw this.#error('INVALID_ENVELOPE', 'validate', message, { pointer, dataname });
    }
    settle_direct(ready, this.#limits, this.#platform);
    const { checksum, max_message_bytes } = this.#limits;
    let length = header_length(this.#envelope, this.#metadata) + written_length(ready, checksum);
    for (const [other, entry] of this.#entries.entries()) {
      if (other !== index && !entry.pending) length += written_length(entry, checksum) + 1;
    }
    if (length > max_message_bytes) throw this.#too_large(length, { pointer, dataname });
    this.#entries[index] = ready;
    this.#envelope.payloads[index] = ready.payload;
  }

  /**
   * Whether so many bytes could ride in the message at all; PAYLOAD_TOO_LARGE (limit) if not.
   *
   * @param {number} size
   */
  check_direct(size) {
    const length = encoded_length(size);
    if (length > this.#limits.max_message_bytes) throw this.#too_large(length, {});
  }

  /**
   * The envelope and its JSON text, which the caller publishes to `send_to`. PAYLOAD_TOO_LARGE (limit) where the text has more
   * bytes than `max_message_bytes`; INVALID_ENVELOPE where an upload is pending.
   *
   * @returns {[Envelope, string]}
   */
  finish() {
    const text = this.#written((payload, bytes) => {
      const base64 = this.#platform.to_base64(bytes);
      payload.data = base64;
      return `"${base64}"`;
    });
    this.#check_length(text.length + this.#surplus());
    return [this.#envelope, text];
  }

  /**
   * As `finish`, with the text as bytes of UTF-8. The base64 of direct payloads goes straight into them; in the envelope, it is
   * made when it is looked at.
   *
   * @returns {[Envelope, Uint8Array]}
   */
  finish_bytes() {
    const platform = this.#platform;
    /** @type {Uint8Array[]} */
    const contents = [];
    let length = 0;
    const text = this.#written((payload, bytes) => {
      contents.push(bytes);
      length += encoded_length(bytes.length) - 1;
      Object.defineProperty(payload, 'data', { configurable: true, enumerable: true, get: () => platform.to_base64(bytes) });
      return '"\0"';
    });
    this.#check_length(length + text.length + this.#surplus());
    return [this.#envelope, platform.spliced(text, contents)];
  }

  /**
   * The text of the envelope, with what `direct` gives as the text of the data that is base64.
   *
   * @param {(payload: Payload, bytes: Uint8Array) => string} direct
   */
  #written(direct) {
    const { checksum } = this.#limits;
    let payloads = '';
    for (let index = 0; index < this.#entries.length; index += 1) {
      const ready = /** @type {Entry} */ (this.#entries[index]);
      const { payload, inline } = ready;
      if (ready.pending) {
        const message = `payload ${index} was neither linked nor sent direct`;
        const { dataname } = payload;
        throw this.#error('INVALID_ENVELOPE', 'validate', message, { pointer: `/payloads/${index}/data`, dataname });
      }
      const sha256 = digest(ready, checksum, this.#platform);
      let data = inline;
      if (payload.transport === 'link') data = quote(String(payload.data));
      else if (data === null) data = direct(payload, /** @type {Uint8Array} */ (ready.bytes));
      payloads += (index === 0 ? '' : ',') + payload_text(ready, data, sha256);
      fill_metadata(payload, sha256);
    }
    return envelope_text(this.#envelope, this.#metadata, payloads);
  }

  /** Bytes of UTF-8 beyond one for each unit of UTF-16, in all texts that need not be ASCII. */
  #surplus() {
    const { send_to, sender_name, receiver_name, reply_to } = this.#envelope;
    let wide = surplus(send_to) + surplus(sender_name) + surplus(receiver_name) + surplus(reply_to) + surplus(this.#metadata);
    for (let index = 0; index < this.#entries.length; index += 1) {
      const { payload, metadata_text, inline } = /** @type {Entry} */ (this.#entries[index]);
      wide += surplus(payload.dataname) + surplus(metadata_text) + surplus(inline ?? '');
    }
    return wide;
  }

  /** @param {number} length */
  #check_length(length) {
    if (length > this.#limits.max_message_bytes) throw this.#too_large(length, {});
  }

  /** @param {number} index */
  #pending(index) {
    const ready = this.#entries[index];
    if (ready?.pending) return ready;
    throw this.#error('INVALID_ENVELOPE', 'validate', `payload ${index} has no pending upload`, {});
  }

  /**
   * @param {number} length
   * @param {ErrorDetails} details
   */
  #too_large(length, details) {
    const limit = this.#limits.max_message_bytes;
    const message = `the message has ${length} bytes and may have ${limit}`;
    const told = { ...details, expected: `at most ${limit} bytes`, found: `${length} bytes` };
    return this.#error('PAYLOAD_TOO_LARGE', 'limit', message, told);
  }

  /**
   * @param {import('../generated.js').ErrorCode} code
   * @param {import('../generated.js').Phase} phase
   * @param {string} message
   * @param {ErrorDetails} details
   */
  #error(code, phase, message, details) {
    return new NATSBridgeError(code, phase, message, details).about(this.#envelope);
  }
}

/**
 * Bytes of UTF-8 beyond one for each unit of UTF-16.
 *
 * @param {string} text
 */
function surplus(text) {
  return text === '' ? 0 : byte_length(text) - text.length;
}
