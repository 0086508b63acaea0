/** Base64 is canonical or refused (W2.1). */

import assert from 'node:assert/strict';
import test from 'node:test';

import { canonical_size, encoded_length } from '../src/core/base64.js';
import { from_base64_by_buffer, node_platform } from '../src/node/platform.js';

const { from_base64, spliced, to_base64 } = node_platform(null);

/**
 * @param {string} text
 * @param {number} size
 */
function decoded(text, size) {
  const framed = Buffer.from(`"-_=${text}=-_"`, 'latin1');
  const bytes = from_base64(framed, 4, 4 + text.length, size);
  const again = from_base64(`"-_=${text}=-_"`, 4, 4 + text.length, size);
  assert.deepEqual(again, bytes);
  assert.deepEqual(from_base64_by_buffer(framed, 4, 4 + text.length, size), bytes);
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
}

test('the vectors of RFC 4648', () => {
  for (const [plain, text] of /** @type {[string, string][]} */ ([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])) {
    assert.equal(to_base64(Buffer.from(plain)), text);
    assert.equal(decoded(text, plain.length), plain);
    assert.equal(canonical_size(text), plain.length);
    assert.equal(encoded_length(plain.length), text.length);
  }
});

test('leniencies are refused', () => {
  for (const text of [
    ...[
      'a',
      'aa',
      'aaa',
      'aGk',
      'aGk= ',
      ' aGk=',
      'aG k=',
      'aGk=\n',
      'aGl=',
      'aGkx====',
      'aGk=aGk=',
      'aG==',
      'Zh==',
      '====',
      'a===',
    ],
    ...['-_-_', 'aG%3D', 'YQ=A', '=aGk', 'aG=k', 'AAAAA===', '\0AAA', 'ab\u00ebc', 'ab\u00ffc'],
  ]) {
    assert.equal(canonical_size(text), -1, text);
    for (let size = 0; size <= 8; size += 1) assert.equal(decoded(text, size), null, `${text} as ${size} bytes`);
  }
  assert.equal(canonical_size('ab\u016bc'), -1);
  for (const decode of [from_base64, from_base64_by_buffer]) assert.equal(decode('ab\u016bc', 0, 4, 3), null);
});

test('every byte is judged alike in every position, the seams of the pieces included', () => {
  const bytes = Buffer.alloc(24_576 + 99, 0x5a);
  const good = bytes.toString('base64');
  const places = [...Array(8).keys(), ...Array.from({ length: 8 }, (_, index) => 32_764 + index), good.length - 1];
  for (const place of places) {
    for (let byte = 0; byte <= 255; byte += 1) {
      const text = good.slice(0, place) + String.fromCharCode(byte) + good.slice(place + 1);
      const letter = /[A-Za-z0-9+/]/.test(String.fromCharCode(byte));
      const source = Buffer.from(text, 'latin1');
      for (const decode of [from_base64, from_base64_by_buffer]) {
        assert.equal(decode(source, 0, text.length, bytes.length) !== null, letter, `byte ${byte} at ${place}`);
      }
      assert.equal(canonical_size(text), letter ? bytes.length : -1);
    }
  }
});

test('trailing bits are zero', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  for (const [index, letter] of [...letters].entries()) {
    assert.equal(decoded(`A${letter}==`, 1) !== null, index % 16 === 0);
    assert.equal(decoded(`AA${letter}=`, 2) !== null, index % 4 === 0);
    assert.equal(canonical_size(`A${letter}==`), index % 16 === 0 ? 1 : -1);
    assert.equal(canonical_size(`AA${letter}=`), index % 4 === 0 ? 2 : -1);
  }
});

test('contents are put into a text where they belong', () => {
  for (const size of [0, 1, 2, 3, 24_575, 24_576, 24_577, 60_000]) {
    const content = Buffer.alloc(size, 'ab');
    const bytes = spliced('ü\0é\0', [content, Buffer.from('x')]);
    assert.equal(Buffer.from(bytes).toString(), `ü${content.toString('base64')}éeA==`);
  }
});
