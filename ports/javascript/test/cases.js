/**
 * The cases of `conformance/cases`: read as they are, turned into what a receiver is given, and held against what came of it.
 *
 * @typedef {{ type: string, value?: any, size?: number, sha256?: string, base64?: string, rows?: number, columns?: any[] }} Tagged
 *
 * @typedef {object} Case
 * @property {string} id
 * @property {{ text?: string, base64?: string, json?: unknown, repeat?: (string | [string, number])[] }} input
 * @property {{ allowed_origins?: string[], max_message_bytes?: number, max_payloads?: number, payload_types?: string[] }} [options]
 * @property {string[]} [needs]
 * @property {any} expect
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

import { columns } from '../src/arrow/table.js';
import { Decoder } from '../src/core/decoder.js';
import { NATSBridgeError } from '../src/core/error.js';
import { read } from '../src/core/json_read.js';
import { write } from '../src/core/json_write.js';
import { node_platform } from '../src/node/platform.js';

const FOLDER = new URL('../../../conformance/cases/', import.meta.url);

/**
 * All cases, in the order of their files' names.
 *
 * @returns {Case[]}
 */
export function cases() {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json') && !/(^rules|\.schema)\.json$/.test(name));
  return names.sort().flatMap((name) => /** @type {Case[]} */ (exact(readFileSync(new URL(name, FOLDER)))));
}

/**
 * JSON whose integers are exact, which `JSON.parse` does not give. What the cases expect is told in strings.
 *
 * @param {Uint8Array} bytes
 */
export function exact(bytes) {
  return read(bytes, node_platform(null));
}

/**
 * The bytes of the message.
 *
 * @param {Case} example
 * @returns {Buffer}
 */
export function message({ input }) {
  if (input.text !== undefined) return Buffer.from(input.text);
  if (input.base64 !== undefined) return Buffer.from(input.base64, 'base64');
  if (input.repeat === undefined) return Buffer.from(write(input.json));
  return Buffer.from(input.repeat.map((piece) => (typeof piece === 'string' ? piece : piece[0].repeat(piece[1]))).join(''));
}

/**
 * What a receiver makes of the message, in the form of the cases: `ok`, `pending` or `error`.
 *
 * @param {Case} example
 * @param {import('../src/core/platform.js').Platform} platform
 * @param {'decode' | 'decode_plainly'} way
 * @param {string | Uint8Array} [text]
 */
export function outcome(example, platform, way, text = message(example)) {
  const { payload_types, ...options } = example.options ?? {};
  try {
    const incoming = new Decoder(platform, options)[way](text);
    const downloads = incoming.downloads();
    if (downloads.length > 0) return { pending: downloads.map(({ index, url, size }) => ({ index, url, size })) };
    return { ok: incoming.finish() };
  } catch (error) {
    if (error instanceof NATSBridgeError) return { error };
    throw error;
  }
}

/**
 * Fails where an outcome is not what the case expects.
 *
 * @param {Case} example
 * @param {ReturnType<typeof outcome>} found
 */
export function judge({ expect }, found) {
  if (!expect.any) return judge_verdict(expect, found);
  // What must be taken exactly or refused.
  const verdict = expect.any.find((/** @type {object} */ one) => 'error' in one === 'error' in found);
  assert.ok(verdict, JSON.stringify(expect));
  return judge_verdict(verdict, found);
}

/**
 * @param {any} expect
 * @param {ReturnType<typeof outcome>} found
 */
function judge_verdict(expect, found) {
  if (expect.pending) {
    assert.deepEqual(found, { pending: expect.pending });
  } else if (expect.error) {
    const { code, phase, pointer, dataname, about = {} } = expect.error;
    assert.ok(found.error, `refused with ${code}, but ${Object.keys(found)}`);
    const { error } = found;
    assert.deepEqual([error.code, error.phase], [code, phase], String(error));
    if (pointer !== undefined) assert.equal(error.pointer, pointer, String(error));
    if (dataname !== undefined) assert.equal(error.dataname, dataname, String(error));
    const { correlation_id, msg_id, send_to } = error;
    assert.deepEqual({ ...{ correlation_id, msg_id, send_to }, ...about }, { correlation_id, msg_id, send_to });
  } else {
    assert.ok(found.ok, String(found.error));
    const { envelope = {}, payloads, payload_count } = expect.ok;
    for (const [name, value] of Object.entries(envelope)) {
      assert.deepEqual(found.ok[/** @type {'metadata'} */ (name)], value, name);
    }
    if (payload_count !== undefined) assert.equal(found.ok.payloads.length, payload_count);
    else judge_payloads(payloads, found.ok.payloads);
  }
}

/**
 * @param {any[]} expected
 * @param {import('../src/core/received.js').ReceivedPayload[]} found
 */
function judge_payloads(expected, found) {
  assert.equal(found.length, expected.length);
  for (const [index, payload] of found.entries()) {
    const { dataname, payload_type, transport, size, value, metadata } = expected[index];
    assert.deepEqual(
      [payload.dataname, payload.payload_type, payload.transport, payload.size],
      [dataname, payload_type, transport, size],
    );
    judge_value(value, payload.data, `payload ${index}`);
    if (metadata !== undefined) judge_value(metadata, payload.metadata, `metadata of payload ${index}`);
    assert.deepEqual([...payload], [payload.dataname, payload.data, payload.payload_type]);
  }
}

/**
 * Fails where a value is not the tagged one. JavaScript has one type for numbers: integral doubles and integers are alike.
 *
 * @param {Tagged} expected
 * @param {unknown} found
 * @param {string} place
 */
function judge_value(expected, found, place) {
  switch (expected.type) {
    case 'null':
      return assert.equal(found, null, place);
    case 'bool':
    case 'string':
      return assert.equal(found, expected.value, place);
    case 'int':
      assert.equal(typeof found, Number.isSafeInteger(Number(expected.value)) ? 'number' : 'bigint', place);
      assert.ok(!Object.is(found, -0), place);
      return assert.equal(String(found), expected.value, place);
    case 'float':
      return assert.ok(Object.is(found, Number(expected.value)), `${place}: ${String(found)} is not ${expected.value}`);
    case 'array':
      assert.ok(Array.isArray(found) && found.length === expected.value.length, place);
      for (const [index, item] of expected.value.entries()) judge_value(item, found[index], `${place}/${index}`);
      return undefined;
    case 'object': {
      assert.equal(Object.getPrototypeOf(found), Object.prototype, place);
      const members = new Map(Object.entries(/** @type {object} */ (found)));
      assert.equal(members.size, expected.value.length, place);
      for (const [name, value] of expected.value) {
        assert.ok(members.has(name), `${place}/${name}`);
        judge_value(value, members.get(name), `${place}/${name}`);
      }
      return undefined;
    }
    case 'bytes': {
      assert.ok(found instanceof Uint8Array, place);
      assert.equal(found.length, expected.size, place);
      return assert.equal(createHash('sha256').update(found).digest('hex'), expected.sha256, place);
    }
    default:
      return judge_table(expected, columns(/** @type {import('apache-arrow').Table} */ (found)), place);
  }
}

/**
 * @param {Tagged} expected
 * @param {import('../src/arrow/table.js').TableColumn[]} found
 * @param {string} place
 */
function judge_table({ columns: expected = [] }, found, place) {
  assert.equal(found.length, expected.length, place);
  for (const [index, { name, type, nullable, values }] of found.entries()) {
    const { values: wanted, ...column } = expected[index];
    assert.deepEqual({ name, type, nullable }, column, place);
    assert.deepEqual(
      values.map((value) => comparable(value, type)),
      wanted.map((/** @type {string | boolean | null} */ value) => comparable(value, type)),
      `${place}, ${name}`,
    );
  }
}

/**
 * A value of a column as the cases have it; floats as numbers, since there is more than one shortest text.
 *
 * @param {import('../src/arrow/column.js').Value} value
 * @param {string} type
 */
function comparable(value, type) {
  if (value === null || typeof value === 'boolean') return value;
  if (type === 'float') return Math.fround(Number(value));
  if (type === 'double') return Number(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value);
}
