/**
 * From the wire to values without a clock, a network or a file (FR-014).
 *
 * @typedef {import('../generated.js').Envelope} Envelope
 * @typedef {import('../generated.js').PayloadType} PayloadType
 * @typedef {import('./platform.js').Platform} Platform
 * @typedef {import('./received.js').Received} Received
 *
 * @typedef {object} DecoderOptions
 * @property {number} [max_message_bytes] the message as received, at most; 64 MiB by default
 * @property {number} [max_payloads] payloads of one message, at most; 10,000 by default
 * @property {Iterable<string>} [allowed_origins] where links may lead, such as `https://files.example`; nowhere by default
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

/** Reads messages, within limits. */
export class Decoder {
  /**
   * INVALID_ENVELOPE (validate) where a limit is no number from 0 on, or an origin is none.
   *
   * @param {Platform} platform
   * @param {DecoderOptions} [options]
   */
  constructor(platform, options = {}) {
    this.platform = platform;
    this.options = options;
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
    throw new Error(`not there yet: ${json}`);
  }
}

/** A message that is valid, whose linked payloads are still to be fetched and whose payloads are still to be decoded. */
export class Incoming {
  /**
   * The envelope: the members that the schema names, ids in lower case. `data` of a direct payload is left out.
   *
   * @returns {Envelope}
   */
  get envelope() {
    throw new Error('not there yet');
  }

  /**
   * What is to be fetched, in list order.
   *
   * @returns {PendingDownload[]}
   */
  downloads() {
    return [];
  }

  /**
   * Decodes every payload. DESERIALIZATION_ERROR, SIZE_MISMATCH, CHECKSUM_MISMATCH (decode; of fetched bytes, the latter two in
   * phase fetch); DOWNLOAD_FAILED (fetch) where the bytes of a linked payload are missing.
   *
   * @param {ReadonlyMap<number, Uint8Array>} [fetched] the bytes of each of `downloads` by its index
   * @returns {Received}
   */
  finish(fetched) {
    throw new Error(`not there yet: ${fetched}`);
  }

  /**
   * The serialized bytes of direct payload `index`, their size and digest found right; what a file is written from.
   *
   * @param {number} index
   * @returns {Uint8Array}
   */
  direct_bytes(index) {
    throw new Error(`not there yet: ${index}`);
  }

  /**
   * The value of payload `index` out of its serialized bytes, whose size and digest are right. DESERIALIZATION_ERROR (decode).
   *
   * @param {number} index
   * @param {Uint8Array} bytes
   * @returns {unknown}
   */
  content(index, bytes) {
    throw new Error(`not there yet: ${index} ${bytes}`);
  }

  /**
   * The message with these values as its payloads, one for each.
   *
   * @param {readonly unknown[]} values
   * @returns {Received}
   */
  received(values) {
    throw new Error(`not there yet: ${values}`);
  }
}
