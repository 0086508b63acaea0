/**
 * A message whose transports are chosen: what is still to be uploaded, and the JSON text in the end.
 *
 * @typedef {import('../generated.js').Envelope} Envelope
 * @typedef {import('../generated.js').PayloadType} PayloadType
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

/** A message that is ready but for its uploads: `link` or `fall_back` each of `uploads`, then `finish`. */
export class Outgoing {
  /**
   * The envelope as far as it is known; `data` of a payload that was not uploaded yet is empty.
   *
   * @returns {Envelope}
   */
  get envelope() {
    throw new Error('not there yet');
  }

  /**
   * What is still to be uploaded, in list order.
   *
   * @returns {PendingUpload[]}
   */
  uploads() {
    return [];
  }

  /**
   * The digest of payload `index`, where it was computed elsewhere; else the platform computes it when it is needed.
   *
   * @param {number} index
   * @param {string} sha256 64 lower-case hexadecimal digits
   */
  digest(index, sha256) {
    throw new Error(`not there yet: ${index} ${sha256}`);
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
    throw new Error(`not there yet: ${index} ${url} ${sha256}`);
  }

  /**
   * Sends payload `index` direct, since it could not be uploaded (NFR-202, W6.4). PAYLOAD_TOO_LARGE (limit) where the message
   * would exceed `max_message_bytes`; the upload is still pending then.
   *
   * @param {number} index
   * @param {Uint8Array} [bytes] those of an external part
   */
  fall_back(index, bytes) {
    throw new Error(`not there yet: ${index} ${bytes}`);
  }

  /**
   * The envelope and its JSON text, which the caller publishes to `send_to`. PAYLOAD_TOO_LARGE (limit) where the text has more
   * bytes than `max_message_bytes`; INVALID_ENVELOPE where an upload is pending.
   *
   * @returns {[Envelope, string]}
   */
  finish() {
    throw new Error('not there yet');
  }

  /**
   * As `finish`, with the text as bytes of UTF-8.
   *
   * @returns {[Envelope, Uint8Array]}
   */
  finish_bytes() {
    throw new Error('not there yet');
  }
}
