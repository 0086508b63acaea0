/**
 * What is to be sent: one part becomes one payload.
 *
 * @typedef {Record<string, unknown>} Metadata JSON values, as in a dictionary
 *
 * @typedef {object} PartOptions
 * @property {Metadata} [metadata] what the sender says about this payload; not `payload_bytes` or `sha256` (W1.13)
 * @property {string} [id] the payload's UUID, in place of a new one
 *
 * A payload to be sent: `[dataname, data, payload_type]`, with `{ metadata, id }` as a fourth element where it has its own, or
 * a `Part`.
 *
 * @typedef {readonly [string, unknown, string, PartOptions?] | Part} PartLike
 */

/** A named, typed piece of data to send. Nothing is checked before the message is encoded. */
export class Part {
  /**
   * @param {string} dataname any string of at most 1,024 bytes
   * @param {unknown} data what the type takes: a string for `text`; an object or array for `dictionary`; an array of objects
   *   for `jsontable`; a table for `arrowtable`; Buffer, Uint8Array, another view or ArrayBuffer for the others
   * @param {string} payload_type one of the names in the schema, such as `image`
   * @param {PartOptions} [options]
   */
  constructor(dataname, data, payload_type, options = {}) {
    this.dataname = dataname;
    this.data = data;
    this.payload_type = payload_type;
    this.metadata = options.metadata ?? {};
    this.id = options.id;
    /** @type {'value' | 'serialized' | 'external'} */
    this.form = 'value';
    /** The number of bytes, of an external part. */
    this.size = 0;
  }

  /**
   * A part whose bytes are what they will be in the message; that they are what its type says is checked.
   *
   * @param {string} dataname
   * @param {Uint8Array} bytes
   * @param {string} payload_type
   * @param {PartOptions} [options]
   * @returns {Part}
   */
  static serialized(dataname, bytes, payload_type, options) {
    const part = new Part(dataname, bytes, payload_type, options);
    part.form = 'serialized';
    return part;
  }

  /**
   * A part whose bytes stay where they are, in a file say; it goes by link.
   *
   * @param {string} dataname
   * @param {number} size its number of bytes
   * @param {string} payload_type
   * @param {PartOptions} [options]
   * @returns {Part}
   */
  static external(dataname, size, payload_type, options) {
    const part = new Part(dataname, undefined, payload_type, options);
    part.form = 'external';
    part.size = size;
    return part;
  }
}
