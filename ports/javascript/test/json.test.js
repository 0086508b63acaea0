/** The strict reader and the canonical writer. */

import assert from 'node:assert/strict';
import test from 'node:test';

import fc from 'fast-check';

import { InvalidJson, Reader, read } from '../src/core/json_read.js';
import { count_members, scan } from '../src/core/json_scan.js';
import { Unwritable, write } from '../src/core/json_write.js';
import { node_platform } from '../src/node/platform.js';

const platform = node_platform(null);

/** @param {string | Uint8Array} text */
const reading = (text) => read(typeof text === 'string' ? Buffer.from(text) : text, platform);

/** White space in front takes a text to the path for large ones. */
const FAR = ' '.repeat(600);

/** @param {string} text */
function verdict(text) {
  try {
    return { value: reading(text) };
  } catch (error) {
    assert.ok(error instanceof InvalidJson, String(error));
    return { pointer: error.pointer, expected: error.expected };
  }
}

test('numbers are integers or doubles as they are written', () => {
  for (const [text, value] of /** @type {[string, unknown][]} */ ([
    ['0', 0],
    ['-0', 0],
    ['-0.0', -0],
    ['-0e5', -0],
    ['1e-400', 0],
    ['-1e-400', -0],
    ['5.0', 5],
    ['5e0', 5],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['-9007199254740993', -9007199254740993n],
    ['18446744073709551615', 18446744073709551615n],
    ['-9223372036854775808', -9223372036854775808n],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['100000000000000000000.0', 1e20],
    ['12345678901234567890.5e-1', Number('1234567890123456789')],
  ])) {
    for (const padding of ['', FAR]) {
      assert.ok(Object.is(/** @type {unknown[]} */ (reading(`${padding}[${text}]`))[0], value), `${text} is ${String(value)}`);
    }
  }
  for (const text of [
    '18446744073709551616',
    '-9223372036854775809',
    '1e309',
    '-1e400',
    '1'.repeat(400),
    `1${'0'.repeat(400)}.5`,
  ]) {
    for (const padding of ['', FAR]) assert.throws(() => reading(`${padding}[${text}]`), InvalidJson, text);
  }
});

test('what is no strict JSON is refused, and the place is told', () => {
  for (const [text, pointer] of /** @type {[string, string][]} */ ([
    ['', ''],
    ['{"a":1,"b":{"a":1,"a":2}}', '/b/a'],
    ['{"a/b~c":[0,NaN]}', '/a~1b~0c/1'],
    ['["\\ud800"]', '/0'],
    ['["\\udc00\\ud800"]', '/0'],
    ['["\\ud83d\\u0041"]', '/0'],
    ['[01]', '/0'],
    ['[1.]', '/0'],
    ['[+1]', '/0'],
    ['[.5]', '/0'],
    ['[1e]', '/0'],
    ['[-]', '/0'],
    ['["\t"]', '/0'],
    ['["\\x"]', '/0'],
    ['["a]', '/0'],
    ['[1,]', '/1'],
    ['[1 2]', ''],
    ['{"a":1,}', ''],
    ['{a:1}', ''],
    ['[tru]', '/0'],
    ['[1]]', ''],
    ['\ufeff[1]', ''],
    ['\u00a0[1]', ''],
  ])) {
    for (const padding of text.startsWith('\ufeff') ? [''] : ['', FAR]) {
      const found = verdict(padding + text);
      assert.equal(found.pointer, pointer, JSON.stringify([text, found]));
    }
  }
  assert.throws(() => reading(Buffer.from([0x5b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x5d])), /UTF-8/);
  assert.throws(() => reading(Buffer.concat([Buffer.from(FAR), Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])])), /0xFF at 602/);
});

test('depth is counted from the start of the text', () => {
  for (const padding of ['', FAR]) {
    const nested = (/** @type {number} */ depth) => padding + '['.repeat(depth) + ']'.repeat(depth);
    assert.ok(Array.isArray(reading(nested(64))));
    assert.throws(() => reading(nested(65)), InvalidJson);
    assert.throws(() => reading(nested(100_000)), InvalidJson);
    assert.throws(() => reading(padding + '{"a":'.repeat(100_000)), InvalidJson);
  }
});

test('every name is an ordinary one', () => {
  for (const padding of ['', FAR]) {
    const text = `${padding}{"__proto__":{"polluted":1},"constructor":2,"":3,"toString":4,"hasOwnProperty":5,"1":6}`;
    const value = /** @type {Record<string, unknown>} */ (reading(text));
    assert.deepEqual(Object.keys(value).sort(), ['', '1', '__proto__', 'constructor', 'hasOwnProperty', 'toString']);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(/** @type {any} */ ({}).polluted, undefined);
    assert.equal(JSON.stringify(reading(write(value))), JSON.stringify(value));
  }
});

test('what everybody was given does not hide a duplicate', () => {
  Object.defineProperty(Object.prototype, 'everywhere', { value: 1, enumerable: true, configurable: true });
  try {
    assert.throws(() => reading(`${FAR}{"a":1,"a":2}`), InvalidJson);
    assert.deepEqual(Object.keys(/** @type {object} */ (reading(`${FAR}{"a":1}`))), ['a']);
  } finally {
    delete (/** @type {any} */ (Object.prototype).everywhere);
  }
});

test('values come back as they were written', () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(null, true, false),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
      fc.string({ unit: 'binary' }),
      fc.array(tie('value')),
      fc.dictionary(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '')), tie('value')),
    ),
  })).value;
  fc.assert(
    fc.property(json, (value) => {
      const text = write(value);
      assert.deepEqual(reading(text), plain(value));
      assert.deepEqual(reading(FAR + text), plain(value));
      // Whoever writes what was read writes the same.
      assert.equal(write(reading(text)), write(plain(value)));
    }),
    { numRuns: 500 },
  );
});

/**
 * The value with the prototype that objects have; fast-check makes some without.
 *
 * @param {any} value
 * @returns {any}
 */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

test('the scan takes nothing that the strict reader refuses, and reads the same', () => {
  const token = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '"\\""',
      '"\\\\"',
      '"\\u0041"',
      '"\\ud83d\\ude00"',
      '"\\ud800"',
      '"é"',
      '"x:y"',
    ],
    ...[
      '1',
      '-0',
      '0',
      '01',
      '-0.0',
      '1e5',
      '1E400',
      '9007199254740993',
      '18446744073709551616',
      '1.5',
      'true',
      'null',
      'nul',
      ' ',
      '\n',
    ],
  );
  const broken = fc.array(token, { maxLength: 14 }).map((tokens) => tokens.join(''));
  const changed = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('"', '\\', ',', ':', '{', '}', '0', 'e', '-', '\u0000', ' '))
    .map(([text, at, character]) => text.slice(0, at % (text.length + 1)) + character + text.slice((at % (text.length + 1)) + 1));
  fc.assert(
    fc.property(fc.oneof(broken, fc.json(), changed), (text) => {
      /** @type {unknown} */
      let strict;
      try {
        strict = { value: new Reader(text).document() };
      } catch (error) {
        assert.ok(error instanceof InvalidJson, String(error));
        strict = { pointer: error.pointer, expected: error.expected };
      }
      assert.deepEqual(verdict(FAR + text), strict);
    }),
    { numRuns: 5_000 },
  );
});

test('most texts are settled by the scan', () => {
  const text = JSON.stringify([{ a: 1.25, b: ['x', { c: null }], d: '"\\', e: -12, f: 1e-7, g: 'ü' }]);
  assert.equal(scan(Buffer.from(text)), 7);
  assert.equal(count_members(JSON.parse(text)), 7);
});

test('the writer writes canonical text', () => {
  for (const [value, text] of /** @type {[unknown, string][]} */ ([
    [{ b: 1, a: [true, null] }, '{"b":1,"a":[true,null]}'],
    ['\b\t\n\f\r"\\/\u0000\u001f\u007f\u2028é😀', '"\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f\u007f\u2028é😀"'],
    [[0, -0, 5, 1.5, 1e21, 1e20, 2 ** 53, 1e-7], '[0,-0.0,5,1.5,1e+21,100000000000000000000.0,9007199254740992.0,1e-7]'],
    [[2n ** 64n - 1n, -(2n ** 63n), 7n], '[18446744073709551615,-9223372036854775808,7]'],
    [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    [Object.create(null), '{}'],
    [new (class Point { x = 1; })(), '{"x":1}'], // biome-ignore format: one line says it
  ])) {
    assert.equal(write(value), text);
  }
});

test('what has no JSON is refused by name and place', () => {
  /** @type {Record<string, unknown>} */
  const cycle = { a: {} };
  /** @type {Record<string, unknown>} */ (cycle.a).b = cycle;
  const deep = (/** @type {number} */ depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  for (const [value, message] of /** @type {[unknown, RegExp][]} */ ([
    [[1, Number.NaN], /finite number, found NaN at \/1/],
    [{ a: { b: Infinity } }, /found Infinity at \/a\/b/],
    [{ a: undefined }, /found undefined at \/a/],
    [new Array(1), /found undefined at \/0/],
    [{ f: () => 1 }, /a function at \/f/],
    [{ s: Symbol('s') }, /a symbol at \/s/],
    [{ 'a/b': '\ud800' }, /a lone surrogate at \/a~1b/],
    [{ '\udc00': 1 }, /a lone surrogate in a name/],
    [[2n ** 64n], /integer beyond at \/0/],
    [{ m: new Map() }, /found Map at \/m/],
    [{ bytes: Buffer.from('x') }, /found bytes at \/bytes/],
    [{ bytes: new Float64Array(1) }, /found bytes at \/bytes/],
    [{ r: /x/ }, /found RegExp/],
    [{ n: new Number(1) }, /found Number/],
    [cycle, /a cycle at \/a\/b/],
    [deep(65), /at most 64/],
    [{ t: { toJSON: () => Number.NaN } }, /NaN at \/t/],
  ])) {
    assert.throws(
      () => write(value),
      (error) => error instanceof Unwritable && message.test(error.message),
      String(message),
    );
  }
  assert.equal(write(deep(64)).length, 128);
});
