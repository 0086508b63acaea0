/**
 * A message before it is written: what the sender says, and the pure way from there to the wire.
 *
 * @typedef {import('../generated.js').Envelope} Envelope
 * @typedef {import('./part.js').PartLike} PartLike
 * @typedef {import('./part.js').Metadata} Metadata
 * @typedef {import('./platform.js').Platform} Platform
 * @typedef {import('./outgoing.js').Outgoing} Outgoing
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
    throw new Error(`not there yet: ${platform} ${moment}`);
  }

  /**
   * The first phase of `encode` alone: INVALID_ENVELOPE or INVALID_PAYLOAD_TYPE.
   *
   * @param {Platform} platform
   * @param {Moment} moment
   */
  check(platform, moment) {
    throw new Error(`not there yet: ${platform} ${moment}`);
  }
}
