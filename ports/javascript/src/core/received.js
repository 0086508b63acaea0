/**
 * A message as the receiver has it.
 *
 * @typedef {import('../generated.js').Envelope} Envelope
 * @typedef {import('../generated.js').PayloadMetadata} PayloadMetadata
 * @typedef {import('../generated.js').PayloadType} PayloadType
 * @typedef {import('../generated.js').Transport} Transport
 *
 * The envelope, with its payloads as values.
 *
 * @typedef {Omit<Envelope, 'payloads'> & { payloads: ReceivedPayload[] }} Received
 */

/** One payload of a received message; it unpacks as `[dataname, data, payload_type]`. */
export class ReceivedPayload {
  /**
   * @param {string} dataname
   * @param {unknown} data
   * @param {PayloadType} payload_type
   * @param {Transport} transport
   * @param {number} size
   * @param {PayloadMetadata} metadata
   */
  constructor(dataname, data, payload_type, transport, size, metadata) {
    /** The sender's name for it. */
    this.dataname = dataname;
    /**
     * Its value: a string (text), an object or array (dictionary), an array of objects (jsontable), a table (arrowtable), a
     * Uint8Array (all others).
     */
    this.data = data;
    /** Its type. */
    this.payload_type = payload_type;
    /** How it travelled. */
    this.transport = transport;
    /** Its number of bytes, serialized. */
    this.size = size;
    /** Its metadata, with what the protocol itself wrote. */
    this.metadata = metadata;
  }

  /**
   * What the contract hands out: `dataname`, `data`, `payload_type`.
   *
   * @returns {Generator<any, void, undefined>}
   */
  *[Symbol.iterator]() {
    yield this.dataname;
    yield this.data;
    yield this.payload_type;
  }
}
