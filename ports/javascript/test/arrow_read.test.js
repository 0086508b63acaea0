// Streams that pyarrow wrote (W3.6, W3.7) read as the same values, and what lies outside of the profile is refused by name.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { columns, read } from '../src/arrow/table.js';
import { NATSBridgeError } from '../src/core/error.js';
import { attempt, file, outsideFiles, ownFile, refusal, view } from './arrow_files.js';
import { textOf, textOfTagged } from './arrow_text.js';

const SOME = [-1n, null, 1_700_000_000n];
const ENDS = [-(2n ** 63n), null, 2n ** 63n - 1n];
const NUMBERS = [
  ['bool', 'bool', [true, null, false]],
  ['int8', 'int8', [-128, null, 127]],
  ['uint8', 'uint8', [0, null, 255]],
  ['int16', 'int16', [-(2 ** 15), null, 2 ** 15 - 1]],
  ['uint16', 'uint16', [0, null, 2 ** 16 - 1]],
  ['int32', 'int32', [-(2 ** 31), null, 2 ** 31 - 1]],
  ['uint32', 'uint32', [0, null, 2 ** 32 - 1]],
  ['int64', 'int64', ENDS],
  ['uint64', 'uint64', [0n, null, 2n ** 64n - 1n]],
  ['float32', 'float', [NaN, null, -0]],
  ['float64', 'double', [-Infinity, null, 5e-324]],
  ['date32', 'date32[day]', [-1, null, 20_000]],
  ['timestamp_s', 'timestamp[s]', SOME],
  ['timestamp_ms', 'timestamp[ms]', SOME],
  ['timestamp_us', 'timestamp[us]', SOME],
  ['timestamp_ns', 'timestamp[ns]', SOME],
  ['zone UTC', 'timestamp[us, tz=UTC]', ENDS],
  ['zone Asia/Tokyo', 'timestamp[us, tz=Asia/Tokyo]', ENDS],
  ['zone +05:30', 'timestamp[us, tz=+05:30]', ENDS],
  ['zone no such zone', 'timestamp[us, tz=no such zone]', ENDS],
];
const WORDS = ['a', null, '', 'grüße 🦀 and more than twelve bytes'];
const BYTES = [[0], null, [], [...Buffer.from('\xff\xfe not text, longer than twelve', 'latin1')]];

const named = (/** @type {string} */ name) => view(read(file(name)));
const plain = (/** @type {unknown[]} */ values) => values.map((value) => (value instanceof Uint8Array ? [...value] : value));

test('W3.7: numbers, dates and times of every width, unit and zone', () => {
  assert.deepEqual(
    named('numbers.arrows'),
    NUMBERS.map(([name, type, values]) => [name, type, [.../** @type {unknown[]} */ (values), null]]),
  );
  assert.deepEqual(named('version4.arrows'), NUMBERS);
  const empty = NUMBERS.map(([name, type]) => [name, type, []]);
  assert.deepEqual(named('no_rows.arrows'), empty);
  assert.deepEqual(named('no_batches.arrows'), empty);
  assert.equal(read(file('numbers.arrows')).batches.length, 2);
  const bare = read(file('no_columns.arrows'));
  assert.deepEqual([bare.numCols, bare.numRows], [0, 0]);
});

test('W3.7: text and bytes in their plain, large and view forms', () => {
  for (const [name, prefix, suffix] of [
    ['text', '', ''],
    ['large', 'large_', ''],
    ['view', '', '_view'],
  ]) {
    const [text, bytes] = columns(read(file(`${name}.arrows`)));
    assert.equal(text?.type, `${prefix}string${suffix}`);
    assert.deepEqual(text?.values, [...WORDS, ...WORDS.slice(2)]);
    assert.equal(bytes?.type, `${prefix}binary${suffix}`);
    assert.deepEqual(plain(bytes?.values ?? []), [...BYTES, ...BYTES.slice(2)]);
  }
});

test('W3.7: dictionaries of every index type, ordered ones, and those with large values', () => {
  const [xs, type] = [
    ['yy', null, 'x'],
    (/** @type {string} */ index) => `dictionary<values=string, indices=${index}, ordered=0>`,
  ];
  const indices = ['int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32'];
  assert.deepEqual(named('dictionary.arrows'), [
    ...indices.map((index) => [index, type(index), xs]),
    ['ordered', 'dictionary<values=string, indices=int8, ordered=1>', ['low', 'high', 'high']],
    ['large values', 'dictionary<values=large_string, indices=int8, ordered=0>', ['big', null, 'big']],
  ]);
});

test('W3.7: deltas, and dictionaries that replace others, hold from where they stand on', () => {
  const long = 'a word of more than twelve bytes';
  assert.deepEqual(columns(read(file('delta.arrows')))[0]?.values, [
    'b',
    null,
    'a',
    long,
    null,
    'a',
    long,
    null,
    'a',
    'e',
    null,
    'a',
  ]);
  assert.deepEqual(columns(read(file('replaced.arrows')))[0]?.values, ['a', null, 'b', 'c', null, 'c', 'b', null, 'd']);
  for (const form of ['large_string', 'string_view']) {
    const [column] = columns(read(ownFile(`delta_${form}.arrows`)));
    assert.equal(column?.type, `dictionary<values=${form}, indices=int8, ordered=0>`);
    assert.deepEqual(column?.values, ['b', null, 'a', null, null, 'a', 'e', null, 'a']);
  }
});

test('under a null anything may stand', () => {
  assert.deepEqual(named('hidden.arrows'), [
    ['text', 'string', ['a', null, 'b']],
    ['large', 'large_string', ['a', null, 'b']],
    ['view', 'string_view', ['a', null, 'a']],
    ['coded', 'dictionary<values=string, indices=int8, ordered=0>', ['a', null, 'a']],
    ['float', 'float', [NaN, null, -0]],
  ]);
});

test('slices, metadata, and an extension type as its storage', () => {
  const [flags, words, coded] = columns(read(file('sliced.arrows')));
  const cycle = (/** @type {unknown[]} */ three) => Array.from({ length: 15 }, (_, index) => three[index % 3]);
  const cut = (/** @type {unknown[]} */ all) => [...all.slice(3, 13), ...all.slice(11, 15)];
  assert.deepEqual(flags?.values, cut(cycle([true, null, false])));
  assert.deepEqual(words?.values, cut(cycle(['one', null, 'three'])));
  assert.deepEqual(coded?.values, cut(cycle(['p', null, 'q'])));
  const table = read(file('metadata.arrows'));
  assert.deepEqual(
    [...table.schema.metadata],
    [
      ['origin', 'pyarrow'],
      ['empty', ''],
    ],
  );
  assert.equal(table.schema.fields[0]?.metadata.get('unit'), 'none');
  assert.deepEqual(columns(table), [
    { name: 'id', type: 'int32', nullable: false, values: [1, 2] },
    { name: 'json', type: 'string', nullable: true, values: ['{}', null] },
  ]);
});

test('the table is one of apache-arrow, whose own getters agree', async () => {
  const arrow = await import('apache-arrow');
  for (const name of ['numbers', 'text', 'large', 'view', 'dictionary', 'delta', 'replaced', 'sliced', 'hidden']) {
    const table = read(file(`${name}.arrows`));
    assert.ok(table instanceof arrow.Table);
    for (const { name: column, type, values } of columns(table)) {
      if (/^(?:timestamp|date)/.test(type)) continue;
      const vector = /** @type {import('apache-arrow').Vector} */ (table.getChild(column));
      assert.deepEqual(plain([...vector]), plain(values), `${name} ${column}`);
      assert.equal(vector.nullCount, values.filter((value) => value === null).length);
    }
  }
});

test('W3.6: types outside of the profile are refused by name', () => {
  const names = outsideFiles();
  assert.ok(names.length >= 20);
  for (const name of names) {
    const error = refusal(file(name));
    // The column is named after its type, as the error must name it.
    assert.equal(error.message, `column ${JSON.stringify(error.found)} has a type outside of the profile`);
    assert.match(String(error.expected), /^a type of the portable profile/);
  }
});

test('W3.6: the file format, compression, equal names and old framing are refused by name', () => {
  const found = (/** @type {string} */ name) => {
    const { message, found: what } = refusal(file(name));
    return [message, what];
  };
  assert.deepEqual(found('file_format.arrow'), ['an arrowtable is an Arrow IPC stream', 'the file format']);
  assert.deepEqual(found('lz4.arrows'), ['the body of the message at byte 128 is compressed', 'LZ4']);
  assert.deepEqual(found('zstd.arrows'), ['the body of the message at byte 128 is compressed', 'ZSTD']);
  assert.deepEqual(found('equal_names.arrows'), ['two columns of the table have the same name', '"a"']);
  assert.equal(found('legacy.arrows')[0], 'no message starts at byte 0 of the stream');
});

test('W3.6, W3.7: the conformance cases', () => {
  let [taken, refused] = [0, 0];
  for (const file of ['w3-arrowtable', 'w3-arrow-streams', 'w3-arrow-hostile']) {
    const path = new URL(`../../../conformance/cases/${file}.json`, import.meta.url);
    for (const one of JSON.parse(readFileSync(path, 'utf8'))) {
      const [payload] = one.input.json.payloads;
      const bytes = new Uint8Array(Buffer.from(payload.data, 'base64'));
      const expected = (one.expect.any ?? [one.expect]).map((/** @type {any} */ { ok, error }) =>
        ok === undefined ? `${error.code} ${error.phase}` : textOfTagged(ok.payloads?.[0].value ?? { columns: [] }),
      );
      const table = attempt(bytes);
      const found = table instanceof NATSBridgeError ? `${table.code} ${table.phase}` : textOf(table);
      assert.ok(expected.includes(found), `${one.id}: ${found}`);
      if (table instanceof NATSBridgeError) refused += 1;
      else taken += 1;
    }
  }
  assert.ok(taken >= 20 && refused >= 35, `${taken} taken, ${refused} refused`);
});

test('bytes at any place of their memory', () => {
  const bytes = file('numbers.arrows');
  for (let shift = 1; shift < 9; shift++) {
    const memory = new Uint8Array(bytes.length + shift);
    memory.set(bytes, shift);
    assert.deepEqual(view(read(memory.subarray(shift))), named('numbers.arrows'));
    assert.deepEqual(view(read(Buffer.from(memory.buffer, shift))), named('numbers.arrows'));
  }
});
