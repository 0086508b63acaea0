/** The body of a message: its bytes, cut into columns as the message's metadata says, and as far as that is true. */

import { quoted, TableError } from './error.js';
import { checkOffsets, checkText, checkViews, countNulls } from './values.js';

/**
 * @typedef {import('./column.js').Column} Column
 * @typedef {import('./profile.js').ColumnType} ColumnType
 * @typedef {{ start: number, count: number } | null} Vector
 */

/** One column may have this many data buffers under its views; each costs memory even where it is empty. */
const MOST_VIEW_BUFFERS = 65_536;
const CODECS = ['LZ4', 'ZSTD'];

/** What is left to read of a message's body. */
export class Body {
  /**
   * A compressed body is refused, and a number of rows that is none.
   *
   * @param {import('./frame.js').Frame} frame
   * @param {import('./flatbuffer.js').FlatTable} batch the frame's header, or what it holds
   */
  constructor({ at, metadata: flat, body }, batch) {
    this.at = at;
    this.flat = flat;
    this.bytes = body;
    /** How many bytes no buffer had yet. Buffers that share bytes could stand for far more than the stream. */
    this.unclaimed = body.length;
    const rows = flat.int64(batch, 0);
    /** @type {Record<'nodes' | 'spans' | 'counts', Vector>} */
    this.vectors = {
      nodes: flat.vector(batch, 1, 16, 1),
      spans: flat.vector(batch, 2, 16, 1),
      counts: null,
    };
    const compression = flat.child(batch, 3);
    this.vectors.counts = flat.vector(batch, 4, 8);
    this.taken = { nodes: 0, spans: 0, counts: 0 };
    if (compression !== null) {
      const codec = flat.uint8(compression, 0);
      throw new TableError(`the body of the message at byte ${at} is compressed`, {
        expected: 'no compression',
        found: CODECS[codec] ?? `codec ${codec}`,
      });
    }
    if (rows < 0) throw new TableError(`the message at byte ${at} lies about its rows`, { found: rows });
    /** How many rows the message says that it has, as far as any could be. It holds once a column was read. */
    this.rows = typeof rows === 'bigint' ? Infinity : rows;
  }

  /**
   * The next column, every value of it checked. Of a dictionary-encoded one, the indices.
   *
   * @param {string} name
   * @param {ColumnType} type
   * @returns {Column}
   */
  column(name, type) {
    const { rows } = this;
    const at = this.next('nodes', 16);
    if (at < 0) throw this.error('has too few columns', { found: `no column ${quoted(name)}` });
    const [length, count] = [this.flat.int64At(at), this.flat.int64At(at + 8)];
    if (length !== rows) {
      throw this.error(`lies about the length of column ${quoted(name)}`, { expected: `${rows} rows`, found: length });
    }
    const validity = this.validity(name, count);
    /** @type {Column} */
    const column = { type, rows, nulls: Number(count), validity, data: this.bytes, offsets: null, buffers: [], dictionary: null };
    if (type.layout === 'bits') column.data = this.sized(name, Math.ceil(rows / 8));
    else if (type.layout === 'fixed') column.data = this.sized(name, rows * type.width);
    else if (type.layout === 'views') this.views(name, column);
    else this.offsets(name, column);
    return column;
  }

  /** All of the message was read. */
  finish() {
    for (const [what, vector, taken] of /** @type {const} */ ([
      ['columns', this.vectors.nodes, this.taken.nodes],
      ['buffers', this.vectors.spans, this.taken.spans],
      ['counts of view buffers', this.vectors.counts, this.taken.counts],
    ])) {
      const more = (vector?.count ?? 0) - taken;
      if (more > 0) throw this.error(`has too many ${what}`, { found: `${more} more` });
    }
  }

  /**
   * @param {string} what
   * @param {ConstructorParameters<typeof TableError>[1]} [details]
   */
  error(what, details) {
    return new TableError(`the message at byte ${this.at} ${what}`, details);
  }

  /**
   * Where the next element of a vector stands; -1 if there is none.
   *
   * @param {'nodes' | 'spans' | 'counts'} which
   * @param {number} size
   */
  next(which, size) {
    const vector = this.vectors[which];
    if (vector === null || this.taken[which] >= vector.count) return -1;
    this.taken[which] += 1;
    return vector.start + (this.taken[which] - 1) * size;
  }

  /**
   * The validity bitmap. It must say what the metadata says: readers differ in which of the two they believe.
   *
   * @param {string} name
   * @param {number | bigint} count
   * @returns {Uint8Array | null}
   */
  validity(name, count) {
    const buffer = this.buffer(name);
    if (buffer.length === 0 && count === 0) return null;
    const bits = this.cut(name, buffer, Math.ceil(this.rows / 8));
    const found = countNulls(bits, this.rows);
    if (found !== count) {
      throw this.error(`lies about the nulls of column ${quoted(name)}`, {
        expected: `${found} as its bitmap has`,
        found: count,
      });
    }
    return found > 0 ? bits : null;
  }

  /**
   * @param {string} name
   * @param {Column} column
   */
  offsets(name, column) {
    const { rows } = this;
    const { width, text } = column.type;
    // Nothing has no end: some writers leave its one offset out.
    const bytes = this.sized(name, rows === 0 ? 0 : (rows + 1) * width);
    column.data = this.buffer(name);
    const Offsets = width === 4 ? Int32Array : BigInt64Array;
    const memory = /** @type {ArrayBuffer} */ (bytes.buffer);
    column.offsets = rows === 0 ? new Offsets(1) : new Offsets(memory, bytes.byteOffset, rows + 1);
    const wrong = checkOffsets(column.offsets, column.data.length) ?? (text ? checkText(column) : null);
    if (wrong !== null) throw this.invalid(name, column.type, wrong);
  }

  /**
   * The views, and the data buffers that they point to.
   *
   * @param {string} name
   * @param {Column} column
   */
  views(name, column) {
    const at = this.next('counts', 8);
    if (at < 0) throw this.error(`has no count of buffers for column ${quoted(name)}`);
    const count = this.flat.int64At(at);
    if (typeof count === 'bigint' || count < 0 || count > MOST_VIEW_BUFFERS) {
      throw this.error(`has no valid count of buffers for column ${quoted(name)}`, {
        expected: `0 to ${MOST_VIEW_BUFFERS}`,
        found: count,
      });
    }
    column.data = this.sized(name, this.rows * 16);
    for (let index = 0; index < count; index++) column.buffers.push(this.buffer(name));
    const wrong = checkViews(column, this.bytes.length);
    if (wrong !== null) throw this.invalid(name, column.type, wrong);
  }

  /**
   * @param {string} name
   * @param {ColumnType} type
   * @param {string} found
   */
  invalid(name, type, found) {
    return this.error(`has no valid values in column ${quoted(name)}`, { expected: type.name, found });
  }

  /**
   * The next buffer, as far as the rows need it.
   *
   * @param {string} name
   * @param {number} needed
   */
  sized(name, needed) {
    return this.cut(name, this.buffer(name), needed);
  }

  /**
   * @param {string} name
   * @param {Uint8Array} buffer
   * @param {number} needed
   */
  cut(name, buffer, needed) {
    if (buffer.length < needed) {
      throw this.error(`has too few bytes for column ${quoted(name)}`, {
        expected: `${needed} for ${this.rows} rows`,
        found: buffer.length,
      });
    }
    return buffer.subarray(0, needed);
  }

  /**
   * The next buffer, wherever in the body it lies.
   *
   * @param {string} name
   * @returns {Uint8Array}
   */
  buffer(name) {
    const at = this.next('spans', 16);
    if (at < 0) throw this.error(`has too few buffers for column ${quoted(name)}`);
    const [start, length] = [this.flat.int64At(at), this.flat.int64At(at + 8)];
    const whole = typeof start === 'number' && typeof length === 'number' && start >= 0 && length >= 0;
    if (!whole || start % 8 !== 0 || start + length > this.bytes.length) {
      throw this.error(`has a buffer outside of its body, for column ${quoted(name)}`, {
        expected: `a start at a multiple of 8, an end up to ${this.bytes.length}`,
        found: `${length} bytes from ${start} on`,
      });
    }
    this.unclaimed -= length;
    if (this.unclaimed < 0) {
      throw this.error(`has buffers that share bytes, one of them of column ${quoted(name)}`);
    }
    return this.bytes.subarray(start, start + length);
  }
}
