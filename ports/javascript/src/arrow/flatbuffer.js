/**
 * A reader of flatbuffers that believes nothing: each offset, length and alignment is held against the bytes at hand
 * before it is followed.
 *
 * A flatbuffer may point to one table or string from many places, and so stand for far more than its own size. The limits
 * leave room for what writers share (the tables' layouts): theirs have 22 bytes and more for each table, and stand for 1.8
 * times their size.
 */

import { TableError } from './error.js';
import { textOf } from './text.js';

/**
 * A table that is there: where it and its layout stand.
 *
 * @typedef {object} FlatTable
 * @property {number} at
 * @property {number} layout
 * @property {number} layoutLength
 */

/** One flatbuffer. */
export class Flatbuffer {
  /**
   * @param {Uint8Array} bytes
   * @param {string} where what it belongs to, for error messages
   */
  constructor(bytes, where) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.where = where;
    this.tablesLeft = Math.floor(bytes.length / 16) + 16;
    this.bytesLeft = 4 * bytes.length + 1024;
  }

  /** @returns {FlatTable} */
  root() {
    return this.table(this.follow(0));
  }

  /**
   * The position of a table's field of the given number; -1 if it is not there.
   *
   * @param {FlatTable} table
   * @param {number} number
   * @returns {number}
   */
  field(table, number) {
    const slot = 4 + 2 * number;
    if (slot >= table.layoutLength) return -1;
    this.claim(table.layout + slot, 2, 2);
    const offset = this.view.getUint16(table.layout + slot, true);
    return offset === 0 ? -1 : table.at + offset;
  }

  /**
   * @param {FlatTable} table
   * @param {number} number
   * @returns {boolean}
   */
  bool(table, number) {
    return this.uint8(table, number) !== 0;
  }

  /**
   * @param {FlatTable} table
   * @param {number} number
   * @returns {number}
   */
  uint8(table, number) {
    const at = this.field(table, number);
    if (at < 0) return 0;
    this.claim(at, 1, 1);
    return this.view.getUint8(at);
  }

  /**
   * @param {FlatTable} table
   * @param {number} number
   * @param {number} [otherwise] what it is if it is not there
   * @returns {number}
   */
  int16(table, number, otherwise = 0) {
    const at = this.field(table, number);
    if (at < 0) return otherwise;
    this.claim(at, 2, 2);
    return this.view.getInt16(at, true);
  }

  /**
   * @param {FlatTable} table
   * @param {number} number
   * @returns {number}
   */
  int32(table, number) {
    const at = this.field(table, number);
    if (at < 0) return 0;
    this.claim(at, 4, 4);
    return this.view.getInt32(at, true);
  }

  /**
   * @param {FlatTable} table
   * @param {number} number
   * @returns {number | bigint} a number where it is exact
   */
  int64(table, number) {
    const at = this.field(table, number);
    if (at < 0) return 0;
    this.claim(at, 8, 8);
    return this.int64At(at);
  }

  /**
   * An integer at a position that was checked already.
   *
   * @param {number} at
   * @returns {number | bigint} a number where it is exact
   */
  int64At(at) {
    const value = this.view.getBigInt64(at, true);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  /**
   * @param {FlatTable} table
   * @param {number} number
   * @returns {FlatTable | null}
   */
  child(table, number) {
    const at = this.field(table, number);
    return at < 0 ? null : this.table(this.follow(at));
  }

  /**
   * A union: the number of its kind, and its table. A kind that is not in `kinds` is not looked into.
   *
   * @param {FlatTable} table
   * @param {number} number that of the kind; the table's is the next
   * @param {(kind: number) => boolean} known
   * @returns {{ kind: number, table: FlatTable | null }}
   */
  union(table, number, known) {
    const [kindAt, at] = [this.field(table, number), this.field(table, number + 1)];
    if (kindAt < 0 !== at < 0) this.fail('has half a union');
    if (at < 0) return { kind: 0, table: null };
    const kind = this.uint8(table, number);
    return { kind, table: known(kind) ? this.table(this.follow(at)) : null };
  }

  /**
   * @param {FlatTable} table
   * @param {number} number
   * @returns {string | null}
   */
  string(table, number) {
    const at = this.field(table, number);
    if (at < 0) return null;
    const { start, count } = this.range(this.follow(at), 1, 1);
    const text = textOf(this.bytes.subarray(start, start + count));
    if (text === null) return this.fail('has a string that is not UTF-8', start);
    if (this.bytes[start + count] !== 0) this.fail('has a string without its end', start);
    return text;
  }

  /**
   * Where the elements of a vector start, and how many they are. All of them are there.
   *
   * @param {FlatTable} table
   * @param {number} number
   * @param {number} size bytes of an element
   * @param {number} [alignment]
   * @returns {{ start: number, count: number } | null}
   */
  vector(table, number, size, alignment = size) {
    const at = this.field(table, number);
    return at < 0 ? null : this.range(this.follow(at), size, alignment);
  }

  /**
   * The tables of a vector.
   *
   * @param {FlatTable} table
   * @param {number} number
   * @returns {FlatTable[]}
   */
  children(table, number) {
    const vector = this.vector(table, number, 4);
    const tables = [];
    for (let index = 0; vector !== null && index < vector.count; index++) {
      tables.push(this.table(this.follow(vector.start + 4 * index)));
    }
    return tables;
  }

  /**
   * @param {number} at
   * @returns {FlatTable}
   */
  table(at) {
    this.claim(at, 4, 4);
    const layout = at - this.view.getInt32(at, true);
    if (layout < 0 || layout >= this.bytes.length) this.fail('has a table without a layout', at);
    this.claim(layout, 2, 2);
    const layoutLength = this.view.getUint16(layout, true);
    this.claim(layout, layoutLength, 1);
    if (layoutLength % 2 !== 0) this.fail('has a layout of odd length', layout);
    this.tablesLeft -= 1;
    if (this.tablesLeft < 0) this.fail('stands for too many tables');
    return { at, layout, layoutLength };
  }

  /**
   * The position that the offset at a position points to.
   *
   * @param {number} at
   * @returns {number}
   */
  follow(at) {
    this.claim(at, 4, 4);
    return at + this.view.getUint32(at, true);
  }

  /**
   * @param {number} at
   * @param {number} size
   * @param {number} alignment
   * @returns {{ start: number, count: number }}
   */
  range(at, size, alignment) {
    this.claim(at, 4, 4);
    const count = this.view.getUint32(at, true);
    this.claim(at + 4, count * size, alignment);
    return { start: at + 4, count };
  }

  /**
   * These bytes are there.
   *
   * @param {number} at
   * @param {number} size
   * @param {number} alignment
   */
  claim(at, size, alignment) {
    if (at + size > this.bytes.length) this.fail('points outside of itself', at);
    if (at % alignment !== 0) this.fail('points between two values', at);
    this.bytesLeft -= size;
    if (this.bytesLeft < 0) this.fail('stands for far more than its size');
  }

  /**
   * @param {string} what
   * @param {number} [at]
   * @returns {never}
   */
  fail(what, at) {
    throw new TableError(`the metadata of ${this.where} is invalid`, {
      found: at === undefined ? `it ${what}` : `it ${what}, at byte ${at} of it`,
    });
  }
}
