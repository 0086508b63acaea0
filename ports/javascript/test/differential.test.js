/** The fast path and the plain path give the same verdict, whatever happens to a message on its way. */

import assert from 'node:assert/strict';
import test from 'node:test';

import fc from 'fast-check';

import { Decoder } from '../src/core/decoder.js';
import { Draft } from '../src/core/draft.js';
import { read_canonical } from '../src/core/envelope_read.js';
import { NATSBridgeError } from '../src/core/error.js';
import { node_platform } from '../src/node/platform.js';
import { MOMENT } from './moment.js';

const platform = node_platform(null);
const decoder = new Decoder(platform, { allowed_origins: ['http://files.example'] });

/**
 * @param {string | Uint8Array} message
 * @param {'decode' | 'decode_plainly'} way
 */
function verdict(message, way) {
  try {
    const incoming = decoder[way](message);
    const downloads = incoming.downloads();
    if (downloads.length > 0) return { downloads };
    return incoming.finish();
  } catch (error) {
    assert.ok(error instanceof NATSBridgeError, error instanceof Error ? String(error.stack) : String(error));
    return error.report('2026-01-01T00:00:00.000Z');
  }
}

/** @param {string | Uint8Array} message */
function agree(message) {
  assert.deepEqual(verdict(message, 'decode'), verdict(message, 'decode_plainly'));
}

/**
 * @param {any} data
 * @param {any} [options]
 * @param {string[]} [urls]
 */
function message(data, options = {}, urls = []) {
  const outgoing = new Draft('a.b', data, options).encode(platform, MOMENT());
  for (const { index } of outgoing.uploads()) outgoing.link(index, String(urls[index]));
  return Buffer.from(outgoing.finish()[1]);
}

const MESSAGES = [
  message([]),
  message([['x', 'abc', 'text']]),
  message([['größe', Buffer.from([1, 2, 3, 4]), 'binary', { metadata: { a: [1], ü: 'é' } }], ['y', {}, 'dictionary']], { metadata: { n: 1 } }),
  message([['x', 'abcd', 'text'], ['y', Buffer.from([250, 251, 252, 253, 254]), 'image']], { checksum: 'all', sender_name: 'Müller "x"' }),
  message([['x', 'abc', 'text'], ['y', 'b', 'text']], { size_threshold: 2 }, ['http://files.example/x?y=%20']),
  message([['x', { a: [{ b: null }] }, 'dictionary']], { inline_json: true }),
]; // biome-ignore format: one line says it

test('messages in canonical form are read by the fast path', () => {
  for (const [index, bytes] of MESSAGES.entries()) {
    // Characters with escapes, metadata beyond ASCII and inline JSON are left to the plain one.
    const fast = [0, 1, 4].includes(index);
    assert.equal(read_canonical(bytes, platform) !== null, fast, String(index));
    agree(bytes);
    agree(bytes.toString());
  }
  // Characters that would be UTF-8 if they were bytes.
  agree(message([['Ã¼', 'abc', 'text']], { sender_name: 'GrÃ¶Ã¼' }).toString());
  const many = Array.from({ length: 300 }, (_, index) => [`n${index}`, Buffer.alloc(index * 7), 'binary']);
  const bytes = message(many, { sender_name: 'Größe' });
  assert.equal(read_canonical(bytes, platform)?.sender_name, 'Größe');
  agree(bytes);
  agree(bytes.toString());
  assert.notEqual(read_canonical(message(many).toString(), platform), null);
});

test('every single byte changed in turn', () => {
  for (const bytes of MESSAGES) {
    for (let at = 0; at < bytes.length; at += 1) {
      for (const byte of [0x22, 0x2d, 0x30, 0x5c, 0xc3, Number(bytes[at]) ^ 1]) {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        agree(changed);
      }
    }
  }
});

test('every single character of a text changed in turn', () => {
  for (const bytes of MESSAGES) {
    const text = bytes.toString();
    for (let at = 0; at < text.length; at += 1) {
      // The lower halves of the wide ones are what was there, and a surrogate is no character.
      for (const unit of [0x100 + text.charCodeAt(at), 0x2000 + text.charCodeAt(at), 0xe9, 0x20, 0xd800]) {
        agree(text.slice(0, at) + String.fromCharCode(unit) + text.slice(at + 1));
      }
    }
  }
});

test('every message cut short, and with bytes left out or put in', () => {
  const arbitrary = fc.tuple(fc.constantFrom(...MESSAGES), fc.nat(), fc.nat(12), fc.string({ unit: 'binary', maxLength: 8 }));
  for (const bytes of MESSAGES) {
    for (let length = 0; length < bytes.length; length += 3) agree(bytes.subarray(0, length));
  }
  fc.assert(
    fc.property(arbitrary, ([bytes, start, left_out, put_in]) => {
      const at = start % bytes.length;
      const changed = Buffer.concat([bytes.subarray(0, at), Buffer.from(put_in), bytes.subarray(at + left_out)]);
      agree(changed);
      agree(changed.toString());
    }),
    { numRuns: 1_500 },
  );
});

test('whatever is decoded gives a message or an error of ours', () => {
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 600 }), fc.json());
  fc.assert(
    fc.property(anything, (text) => agree(text)),
    { numRuns: 1_000 },
  );
  for (const wrong of /** @type {any[]} */ ([
    undefined,
    null,
    5,
    {},
    [],
    new ArrayBuffer(3),
    '\ud800',
    '"\udc00"',
    Symbol('x'),
  ])) {
    assert.match(JSON.stringify(verdict(wrong, 'decode')), /"code":"INVALID_ENVELOPE".*"phase":"parse"/);
  }
});
