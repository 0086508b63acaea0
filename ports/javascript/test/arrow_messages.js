/** Arrow messages made by hand, whose claims about themselves may be lies. */

import { Builder } from 'flatbuffers';

export const SCHEMA = 1;
export const DICTIONARY = 2;
export const BATCH = 3;
export const TENSOR = 4;

/** The end-of-stream marker. */
export const END = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/**
 * What a record batch says of itself: rows; length and null count of each column; offset and length of each buffer; how many
 * buffers each column of views has.
 *
 * @typedef {object} Claims
 * @property {number | bigint} [rows]
 * @property {(number | bigint)[][]} [nodes]
 * @property {(number | bigint)[][]} [buffers]
 * @property {(number | bigint)[]} [views]
 * @property {number} [codec]
 *
 * What a schema says of a column.
 *
 * @typedef {object} Column
 * @property {string} name
 * @property {number} kind of the type, as the format numbers them
 * @property {(number | boolean | string)[]} [type] the fields of the type's table
 * @property {boolean} [nullable]
 * @property {Column[]} [children]
 * @property {{ id?: number | bigint, index?: [number, boolean], kind?: number }} [dictionary]
 */

/**
 * @param {...Uint8Array} pieces
 * @returns {Uint8Array}
 */
export function joined(...pieces) {
  return new Uint8Array(Buffer.concat(pieces));
}

/**
 * One message of a stream.
 *
 * @param {number} kind
 * @param {Uint8Array} body
 * @param {(builder: Builder) => number} header
 * @param {number} [version]
 * @returns {Uint8Array}
 */
export function message(kind, body, header, version = 4) {
  const builder = new Builder();
  const table = header(builder);
  builder.startObject(5);
  builder.addFieldInt16(0, version, 0);
  builder.addFieldInt8(1, kind, 0);
  builder.addFieldOffset(2, table, 0);
  builder.addFieldInt64(3, BigInt(body.length), 0n);
  builder.finish(builder.endObject());
  const flat = builder.asUint8Array();
  const metadata = new Uint8Array(Math.ceil(flat.length / 8) * 8);
  metadata.set(flat);
  const prefix = new Uint8Array(8).fill(0xff, 0, 4);
  new DataView(prefix.buffer).setInt32(4, metadata.length, true);
  return joined(prefix, metadata, body);
}

/**
 * @param {Claims} claims
 * @param {Uint8Array} [body]
 * @param {number} [version]
 * @returns {Uint8Array}
 */
export function batch(claims, body = new Uint8Array(0), version = 4) {
  return message(BATCH, body, (builder) => recordBatch(builder, claims), version);
}

/**
 * @param {Claims} claims
 * @param {number} id
 * @param {boolean} delta
 * @param {Uint8Array} body
 * @returns {Uint8Array}
 */
export function dictionary(claims, id, delta, body) {
  return message(DICTIONARY, body, (builder) => {
    const data = recordBatch(builder, claims);
    builder.startObject(3);
    builder.addFieldInt64(0, BigInt(id), 0n);
    builder.addFieldOffset(1, data, 0);
    builder.addFieldInt8(2, Number(delta), 0);
    return builder.endObject();
  });
}

/**
 * @param {Column[]} columns
 * @param {{ endianness?: number, repeat?: number, metadata?: number }} [options] repeat: how many times the fields point to the
 *   first column; metadata: how many times one pair of 2,000 bytes
 * @returns {Uint8Array}
 */
export function schema(columns, { endianness = 0, repeat = 1, metadata = 0 } = {}) {
  return message(SCHEMA, new Uint8Array(0), (builder) => {
    const fields = columns.map((column) => field(builder, column));
    const list = fields.flatMap((one) => new Array(repeat).fill(one));
    const long = builder.createString('m'.repeat(1000));
    const pairs = Array.from({ length: metadata }, () => {
      builder.startObject(2);
      builder.addFieldOffset(0, long, 0);
      builder.addFieldOffset(1, long, 0);
      return builder.endObject();
    });
    const [fieldVector, pairVector] = [offsets(builder, list), offsets(builder, pairs)];
    builder.startObject(4);
    builder.addFieldInt16(0, endianness, 0);
    builder.addFieldOffset(1, fieldVector, 0);
    builder.addFieldOffset(2, pairVector, 0);
    return builder.endObject();
  });
}

/**
 * @param {Builder} builder
 * @param {Column} column
 * @returns {number}
 */
function field(builder, { name, kind, type = [], nullable = true, children = [], dictionary: coding }) {
  const nameAt = builder.createString(name);
  const texts = type.map((value) => (typeof value === 'string' ? builder.createString(value) : 0));
  builder.startObject(type.length);
  type.forEach((value, index) => {
    if (typeof value === 'string') builder.addFieldOffset(index, /** @type {number} */ (texts[index]), 0);
    else if (typeof value === 'boolean') builder.addFieldInt8(index, Number(value), 0);
    // The width of an int is the one field of 32 bits.
    else if (kind === 2) builder.addFieldInt32(index, value, 0);
    else {
      builder.forceDefaults(true);
      builder.addFieldInt16(index, value, 0);
      builder.forceDefaults(false);
    }
  });
  const typeAt = builder.endObject();
  let codingAt = 0;
  if (coding !== undefined) {
    let index = 0;
    if (coding.index !== undefined) {
      builder.startObject(2);
      builder.addFieldInt32(0, coding.index[0], 0);
      builder.addFieldInt8(1, Number(coding.index[1]), 0);
      index = builder.endObject();
    }
    builder.startObject(4);
    builder.addFieldInt64(0, BigInt(coding.id ?? 0), 0n);
    builder.addFieldOffset(1, index, 0);
    builder.addFieldInt16(3, coding.kind ?? 0, 0);
    codingAt = builder.endObject();
  }
  const childrenAt = offsets(
    builder,
    children.map((child) => field(builder, child)),
  );
  builder.startObject(7);
  builder.addFieldOffset(0, nameAt, 0);
  builder.addFieldInt8(1, Number(nullable), 0);
  builder.addFieldInt8(2, kind, 0);
  builder.addFieldOffset(3, typeAt, 0);
  builder.addFieldOffset(4, codingAt, 0);
  builder.addFieldOffset(5, childrenAt, 0);
  return builder.endObject();
}

/**
 * @param {Builder} builder
 * @param {Claims} claims
 * @returns {number}
 */
function recordBatch(builder, { rows = 0, nodes = [], buffers = [], views = [], codec }) {
  const pairs = (/** @type {(number | bigint)[][]} */ list) => {
    builder.startVector(16, list.length, 8);
    for (const pair of [...list].reverse()) {
      for (const value of [...pair].reverse()) builder.addInt64(BigInt(value));
    }
    return builder.endVector();
  };
  const [nodesAt, buffersAt] = [pairs(nodes), pairs(buffers)];
  builder.startVector(8, views.length, 8);
  for (const value of [...views].reverse()) builder.addInt64(BigInt(value));
  const viewsAt = builder.endVector();
  let compressionAt = 0;
  if (codec !== undefined) {
    builder.startObject(2);
    builder.addFieldInt8(0, codec, 0);
    compressionAt = builder.endObject();
  }
  builder.startObject(5);
  builder.addFieldInt64(0, BigInt(rows), 0n);
  builder.addFieldOffset(1, nodesAt, 0);
  builder.addFieldOffset(2, buffersAt, 0);
  builder.addFieldOffset(3, compressionAt, 0);
  builder.addFieldOffset(4, viewsAt, 0);
  return builder.endObject();
}

/**
 * @param {Builder} builder
 * @param {number[]} list
 * @returns {number}
 */
function offsets(builder, list) {
  builder.startVector(4, list.length, 4);
  for (const offset of [...list].reverse()) builder.addOffset(offset);
  return builder.endVector();
}
