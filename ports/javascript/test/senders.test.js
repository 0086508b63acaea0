/** Every case of the conformance suite for senders that needs no file server and no environment. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';

import { tableFromIPC } from 'apache-arrow';

import { Decoder } from '../src/core/decoder.js';
import { Draft } from '../src/core/draft.js';
import { NATSBridgeError } from '../src/core/error.js';
import { NODE } from '../src/node/host.js';
import { judge } from './cases.js';
import { MOMENT } from './moment.js';

const FOLDER = new URL('../../../conformance/cases/encode/', import.meta.url);

/** @typedef {string | [string, number]} Piece */

/** @type {any[]} */
const all = readdirSync(FOLDER)
  .sort()
  .flatMap((name) => /** @type {any[]} */ (JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'))))
  .filter(
    ({ needs = [], send }) =>
      !send.upload && !needs.includes('environment') && !needs.includes('link') && !needs.includes('ordered-objects'),
  );

/** @param {Piece[]} pieces */
const joined = (pieces) => pieces.map((piece) => (typeof piece === 'string' ? piece : piece[0].repeat(piece[1]))).join('');

/**
 * The value that a case gives to the sender.
 *
 * @param {any} given
 * @returns {unknown}
 */
function value({ type, value: inner, base64, repeat, stream }) {
  switch (type) {
    case 'int':
      return Number.isSafeInteger(Number(inner)) ? Number(inner) : BigInt(inner);
    case 'float':
      return Number(inner);
    case 'string':
      return repeat ? joined(repeat) : inner;
    case 'utf16':
      return String.fromCharCode(...inner);
    case 'array':
      return inner.map(value);
    case 'object':
      return Object.fromEntries(inner.map((/** @type {[string, any]} */ [name, member]) => [name, value(member)]));
    case 'bytes':
      return repeat
        ? Buffer.from(Buffer.from(repeat.base64, 'base64').toString('latin1').repeat(repeat.times), 'latin1')
        : Buffer.from(base64, 'base64');
    case 'table':
      // Not by our own reader, which refuses some of what senders are given here.
      return tableFromIPC(Buffer.from(stream, 'base64'));
    default:
      return inner ?? null;
  }
}

/** @param {any} send */
function draft({ subject, payloads, arguments: given, ...options }) {
  /** @type {any[]} */
  const parts = payloads.flatMap((/** @type {any} */ part) => (Array.isArray(part) ? Array(part[1]).fill(part[0]) : [part]));
  const data = parts.map(({ dataname, value: data, payload_type, metadata }) => {
    const own = metadata ? { metadata: value(metadata) } : {};
    return /** @type {import('../src/core/part.js').PartLike} */ ([dataname, value(data), payload_type, own]);
  });
  const { metadata, ...rest } = given;
  return new Draft(subject, data, { ...options, ...rest, ...(metadata ? { metadata: value(metadata) } : {}) });
}

/**
 * Fails where a text is not what the case has, its holes filled.
 *
 * @param {string} expected
 * @param {string} found
 */
function fills(expected, found) {
  /** @type {Map<string, string>} */
  const known = new Map();
  let at = 0;
  for (const part of expected.split(/(\$\{[a-z_:]+\})/)) {
    if (!part.startsWith('${')) {
      assert.equal(found.slice(at, at + part.length).slice(0, 2_000), part.slice(0, 2_000));
      assert.ok(found.startsWith(part, at));
      at += part.length;
      continue;
    }
    const length = part.includes('timestamp') ? 24 : 36;
    const filled = found.slice(at, at + length);
    if (part.includes(':')) assert.equal(filled, known.get(part) ?? filled);
    known.set(part, filled);
    at += length;
  }
  assert.equal(at, found.length);
}

/** @param {any} example */
function judge_sender({ send, expect }) {
  /** @type {string} */
  let text;
  try {
    const outgoing = draft(send).encode(NODE, MOMENT());
    assert.deepEqual(outgoing.uploads(), []);
    text = outgoing.finish()[1];
  } catch (error) {
    assert.ok(error instanceof NATSBridgeError, String(error));
    assert.ok(expect.error, String(error));
    const { code, phase, pointer, dataname, names = [], hides = [] } = expect.error;
    assert.deepEqual([error.code, error.phase], [code, phase], String(error));
    if (pointer !== undefined) assert.equal(error.pointer, pointer, String(error));
    if (dataname !== undefined) assert.equal(error.dataname, dataname, String(error));
    for (const name of names) assert.ok(error.message.includes(name), error.message);
    for (const word of hides) assert.ok(!error.to_json().includes(word), error.message);
    return;
  }
  assert.ok(!expect.error, `sent, but ${JSON.stringify(expect.error)}`);
  const { message, received } = expect;
  if (message !== undefined) fills(typeof message === 'string' ? message : joined(message.repeat), text);
  const [, bytes] = draft(send).encode(NODE, MOMENT()).finish_bytes();
  assert.equal(Buffer.from(bytes).toString(), text);
  if (!received) return;
  const { metadata, ...envelope } = received.envelope ?? {};
  const payloads = received.payloads?.map((/** @type {any} */ payload, /** @type {number} */ index) => ({
    size: JSON.parse(text).payloads[index].size,
    ...payload,
    value: payload.value.repeat ? { ...payload.value, value: joined(payload.value.repeat) } : payload.value,
  }));
  const found = new Decoder(NODE).decode(text).finish();
  judge(/** @type {any} */ ({ expect: { ok: { ...received, envelope, payloads } } }), { ok: found });
  if (metadata) assert.deepEqual(found.metadata, value(metadata));
}

test('every case of a sender', () => {
  const failures = [];
  for (const example of all) {
    try {
      judge_sender(example);
    } catch (error) {
      failures.push(`${example.id}: ${String(error)}`);
    }
  }
  assert.deepEqual(failures, []);
  assert.ok(all.length > 300, String(all.length));
});
