// Tables into streams: what was in them comes out again, whoever made them, and what no other implementation could take is
// refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as arrow from 'apache-arrow';

import { columns, read, write } from '../src/arrow/table.js';
import { NATSBridgeError } from '../src/core/error.js';
import { CHANGED, streamNamed } from './arrow_changes.js';
import { ownFile, view } from './arrow_files.js';
import { textOf } from './arrow_text.js';

const plain = (/** @type {string} */ text) => text.replace(/large_(?=string|binary)|(?<=string|binary)_view/g, '');

/**
 * @param {unknown} value
 * @returns {NATSBridgeError}
 */
function refusal(value) {
  try {
    write(value);
  } catch (error) {
    assert.ok(error instanceof NATSBridgeError, String(error));
    assert.equal(error.code, 'SERIALIZATION_ERROR');
    assert.equal(error.phase, 'serialize');
    return error;
  }
  return assert.fail('refused');
}

/**
 * A table of one batch for each list of values.
 *
 * @param {arrow.DataType} type
 * @param {...unknown[]} batches
 */
function tableOf(type, ...batches) {
  const schema = new arrow.Schema([new arrow.Field('a', type, true)]);
  const made = batches.map((values) => {
    const vector = arrow.vectorFromArray(values, type);
    const struct = new arrow.Struct(schema.fields);
    return new arrow.RecordBatch(schema, arrow.makeData({ type: struct, length: values.length, children: [...vector.data] }));
  });
  return new arrow.Table(schema, made);
}

test('W3.7: what was read is written, in batches as they were, large and view forms in their plain form', () => {
  for (const name of CHANGED) {
    const table = read(streamNamed(name));
    const again = read(write(table));
    assert.equal(textOf(again), plain(textOf(table)), name);
    assert.deepEqual(
      again.batches.map(({ numRows }) => numRows),
      table.batches.map(({ numRows }) => numRows),
      name,
    );
    assert.deepEqual([...again.schema.metadata], [...table.schema.metadata]);
  }
  for (const form of ['large_string', 'string_view']) {
    const table = read(ownFile(`delta_${form}.arrows`));
    assert.equal(textOf(read(write(table))), plain(textOf(table)));
  }
});

test('equal tables give equal bytes', () => {
  for (const name of CHANGED) assert.deepEqual(write(read(streamNamed(name))), write(read(streamNamed(name))));
});

test('slices of every kind of column', () => {
  for (const name of ['numbers', 'text', 'large', 'view', 'dictionary', 'delta', 'replaced', 'sliced']) {
    const table = read(streamNamed(name));
    const all = view(table);
    for (let start = 0; start <= table.numRows; start++) {
      for (let end = start; end <= table.numRows; end++) {
        const slice = table.slice(start, end);
        const expected = all.map(([column, type, values]) => [column, type, /** @type {unknown[]} */ (values).slice(start, end)]);
        if (end > start) assert.deepEqual(view(slice), expected, `${name} ${start}..${end}`);
        const written = view(read(write(slice)));
        assert.deepEqual(
          written,
          expected.map(([column, type, values]) => [column, plain(String(type)), values]),
          `${name} ${start}..${end}`,
        );
      }
    }
  }
});

test('tables that the library makes of arrays, vectors and JSON', () => {
  const table = new arrow.Table({
    i: arrow.vectorFromArray([1n, null, -(2n ** 63n)], new arrow.Int64()),
    u: arrow.vectorFromArray([2n ** 64n - 1n, 0n, null], new arrow.Uint64()),
    f: arrow.vectorFromArray([0.5, null, -0], new arrow.Float32()),
    d: arrow.vectorFromArray([new Date(0), null, new Date(86_400_000 * 20_000)], new arrow.DateDay()),
    t: arrow.vectorFromArray([0, null, 1_700_000_000_123], new arrow.TimestampMillisecond('UTC')),
    s: arrow.vectorFromArray(['a', null, 'a']),
    b: arrow.vectorFromArray([Uint8Array.of(0, 255), null, new Uint8Array(0)], new arrow.Binary()),
    x: arrow.vectorFromArray([true, false, null]),
  });
  assert.deepEqual(view(read(write(table))), [
    ['i', 'int64', [1n, null, -(2n ** 63n)]],
    ['u', 'uint64', [2n ** 64n - 1n, 0n, null]],
    ['f', 'float', [0.5, null, -0]],
    ['d', 'date32[day]', [0, null, 20_000]],
    ['t', 'timestamp[ms, tz=UTC]', [0n, null, 1_700_000_000_123n]],
    ['s', 'dictionary<values=string, indices=int32, ordered=0>', ['a', null, 'a']],
    ['b', 'binary', [Uint8Array.of(0, 255), null, new Uint8Array(0)]],
    ['x', 'bool', [true, false, null]],
  ]);
  assert.deepEqual(view(read(write(arrow.tableFromArrays({ n: Int16Array.of(1, -2) })))), [['n', 'int16', [1, -2]]]);
  assert.deepEqual(view(read(write(arrow.tableFromJSON([{ a: 1 }, { a: null }])))), [['a', 'double', [1, null]]]);
  const large = tableOf(new arrow.LargeUtf8(), ['ä', null, '\ufeffmark'], ['b']);
  assert.deepEqual(view(large), [['a', 'large_string', ['ä', null, '\ufeffmark', 'b']]]);
  assert.deepEqual(view(read(write(large))), [['a', 'string', ['ä', null, '\ufeffmark', 'b']]]);
});

test('a RecordBatch, several, and none', () => {
  const { batches } = read(streamNamed('numbers'));
  assert.equal(textOf(read(write(batches[0]))), textOf(new arrow.Table(batches.slice(0, 1))));
  assert.equal(read(write(batches)).batches.length, 2);
  assert.equal(read(write(new arrow.Table(read(streamNamed('numbers')).schema, []))).numCols, 20);
  const bare = read(write(new arrow.Table()));
  assert.deepEqual([bare.numCols, bare.numRows], [0, 0]);
  assert.deepEqual([read(write([])).numCols, read(write([])).numRows], [0, 0]);
  const counted = new arrow.RecordBatch(
    new arrow.Schema([]),
    arrow.makeData({ type: new arrow.Struct([]), length: 5, children: [] }),
  );
  assert.equal(read(write(counted)).numRows, 0);
});

test('dictionaries of several chunks, whatever batches have in common', () => {
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8(), 7);
  const chunk = (/** @type {string[]} */ ...words) =>
    /** @type {arrow.Data} */ (arrow.vectorFromArray(words, new arrow.Utf8()).data[0]);
  const [x, y, z] = [chunk('x0', 'x1'), chunk('y'), chunk('z')];
  const schema = new arrow.Schema([new arrow.Field('a', type, true)]);
  const batch = (/** @type {arrow.Data[]} */ words, /** @type {number[]} */ indices) => {
    const parts = { type, data: Int8Array.from(indices), dictionary: new arrow.Vector(words) };
    const child = arrow.makeData(/** @type {any} */ (parts));
    return new arrow.RecordBatch(
      schema,
      arrow.makeData({ type: new arrow.Struct(schema.fields), length: indices.length, children: [child] }),
    );
  };
  // The library's own writer takes z for y here: it tells dictionaries apart by their first chunk.
  const table = new arrow.Table(schema, [
    batch([x], [1]),
    batch([x, y], [2, 0]),
    batch([x, z], [2]),
    batch([x], [0]),
    batch([x, z, y], [3, 2]),
  ]);
  assert.deepEqual(columns(table)[0]?.values, ['x1', 'y', 'x0', 'z', 'x0', 'y', 'z']);
  assert.deepEqual(columns(read(write(table)))[0]?.values, ['x1', 'y', 'x0', 'z', 'x0', 'y', 'z']);
});

test('a null among the values of a dictionary becomes a null of the rows', () => {
  const values = arrow.vectorFromArray(['x', null, 'y'], new arrow.Utf8());
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint8());
  const nullBitmap = Uint8Array.of(0b0111);
  const parts = { type, data: Uint8Array.of(0, 1, 2, 2), nullBitmap, nullCount: 1, dictionary: values };
  const data = arrow.makeData(/** @type {any} */ (parts));
  const vector = arrow.makeVector(data);
  const table = new arrow.Table({ a: vector });
  const again = read(write(table));
  assert.deepEqual(columns(table)[0]?.values, ['x', null, 'y', null]);
  assert.deepEqual(columns(again)[0]?.values, ['x', null, 'y', null]);
  const child = /** @type {arrow.Data} */ (again.batches[0]?.data.children[0]);
  assert.deepEqual([child.nullCount, child.dictionary?.nullCount], [2, 0]);
});

test('W3.6: types outside of the profile are refused by name', () => {
  const types = [
    [new arrow.Null(), 'Null'],
    [new arrow.Float16(), 'Float16'],
    [new arrow.DateMillisecond(), 'Date64<MILLISECOND>'],
    [new arrow.TimeSecond(), 'Time32<SECOND>'],
    [new arrow.DurationSecond(), 'Duration<SECOND>'],
    [new arrow.Decimal(2, 5), 'Decimal[5e+2]'],
    [new arrow.FixedSizeBinary(3), 'FixedSizeBinary[3]'],
    [new arrow.List(new arrow.Field('item', new arrow.Int8())), 'List<Int8>'],
    [new arrow.Struct([]), 'Struct<{}>'],
    [
      new arrow.Dictionary(new arrow.Utf8(), /** @type {any} */ (new arrow.Int64())),
      'dictionary<values=string, indices=int64, ordered=0>',
    ],
    [new arrow.Dictionary(new arrow.Int8(), new arrow.Int8()), 'dictionary<values=int8, indices=int8, ordered=0>'],
  ];
  for (const [type, name] of /** @type {[arrow.DataType, string][]} */ (types)) {
    const table = new arrow.Table(new arrow.Schema([new arrow.Field('a', type, true)]), []);
    assert.equal(refusal(table).message, 'column "a" has a type outside of the profile');
    assert.equal(refusal(table).found, name);
    assert.throws(() => columns(table), NATSBridgeError);
  }
});

test('tables that contradict themselves are refused', () => {
  const { Utf8, Int8, Field, Schema, makeData, Utf8View, Dictionary } = arrow;
  const of = (/** @type {any} */ data, nullable = true) => {
    const schema = new Schema([new Field('a', data.type, nullable)]);
    const struct = new arrow.Struct(schema.fields);
    return new arrow.Table(schema, [
      new arrow.RecordBatch(schema, makeData({ type: struct, length: data.length, children: [data] })),
    ]);
  };
  const text = (/** @type {number[]} */ offsets, /** @type {number[]} */ bytes) =>
    of(
      makeData({
        type: new Utf8(),
        length: offsets.length - 1,
        valueOffsets: Int32Array.from(offsets),
        data: Uint8Array.from(bytes),
      }),
    );
  assert.equal(columns(text([0, 1], [0x61]))[0]?.values[0], 'a');
  assert.match(String(refusal(text([0, 2], [0x61])).found), /^offset 2 of row 1/);
  assert.match(String(refusal(text([1, 0], [0x61])).found), /^offset 0 of row 1/);
  assert.match(String(refusal(text([0, 1], [0xff])).found), /^no UTF-8 in row 0/);
  assert.throws(() => columns(text([0, 1], [0xff])), /is not UTF-8/);
  const nulls = makeData({ type: new Int8(), data: Int8Array.of(1, 2), nullBitmap: Uint8Array.of(1), nullCount: 1 });
  assert.match(refusal(of(nulls, false)).message, /whose schema allows none$/);
  assert.match(refusal(of(makeData({ type: new Int8(), length: 5, data: Int8Array.of(1) }))).message, /has no valid values$/);
  const bits = makeData({ type: new arrow.Bool(), length: 50, data: Uint8Array.of(1) });
  assert.match(refusal(of(bits)).message, /has no valid values$/);
  const view = makeData({ type: new Utf8View(), length: 1, views: Uint8Array.of(20, 0, 0, 0, ...new Array(12).fill(0)) });
  assert.equal(refusal(of(view)).found, 'buffer 0 of 0 in row 0');
  const coded = makeData({
    type: new Dictionary(new Utf8(), new Int8()),
    data: Int8Array.of(1),
    dictionary: arrow.vectorFromArray(['x'], new Utf8()),
  });
  assert.equal(refusal(of(coded)).found, 'index 1 in row 0, of 1 values');
  const zone = tableOf(new arrow.Timestamp(arrow.TimeUnit.SECOND, '\ud800'), [0]);
  assert.equal(refusal(zone).message, 'apache-arrow cannot write the table as it is');
  const schema = new Schema([new Field('a', new Int8()), new Field('a', new Int8())]);
  assert.equal(refusal(new arrow.Table(schema, [])).message, 'two columns of the table have the same name');
});

test('an array of objects', () => {
  const rows = [
    { id: 1, name: 'ä', big: 2n ** 63n - 1n, at: new Date(1_700_000_000_123), on: true, raw: Buffer.from([1, 2]), odd: '\ufeff' },
    { name: null, big: 5, extra: -0, on: undefined, raw: new Uint8Array(0) },
    { id: 0.5, big: -(2n ** 63n), __proto__: { inherited: 1 } },
  ];
  const table = read(write(rows));
  assert.deepEqual(view(table), [
    ['id', 'double', [1, null, 0.5]],
    ['name', 'string', ['ä', null, null]],
    ['big', 'int64', [2n ** 63n - 1n, 5n, -(2n ** 63n)]],
    ['at', 'timestamp[ms, tz=UTC]', [1_700_000_000_123n, null, null]],
    ['on', 'bool', [true, null, null]],
    ['raw', 'binary', [Uint8Array.of(1, 2), new Uint8Array(0), null]],
    ['odd', 'string', ['\ufeff', null, null]],
    ['extra', 'double', [null, -0, null]],
  ]);
  assert.deepEqual(view(rows), view(table));
  assert.deepEqual(view([{ n: 2n ** 64n - 1n }, { n: 0n }]), [['n', 'uint64', [2n ** 64n - 1n, 0n]]]);
  assert.deepEqual(view([{ n: NaN }, { n: Infinity }]), [['n', 'double', [NaN, Infinity]]]);
  const names = JSON.parse('[{"__proto__":1,"constructor":2,"":3}]');
  assert.deepEqual(
    view(read(write(names))).map(([name]) => name),
    ['__proto__', 'constructor', ''],
  );
  assert.deepEqual(
    view(read(write([{ b: new ArrayBuffer(1), c: Uint16Array.of(1) }]))).map(([, , values]) => values),
    [[Uint8Array.of(0)], [Uint8Array.of(1, 0)]],
  );
});

test('an array of objects whose values tell no type', () => {
  const found = (/** @type {unknown} */ rows) => [refusal(rows).message, refusal(rows).found];
  assert.match(refusal([{ a: null }]).message, /^column "a" has nothing but nulls/);
  assert.deepEqual(found([{ a: 1 }, { a: 'x' }]), ['column "a" has values of different types', 'number, string']);
  assert.deepEqual(found([{ a: 1.5 }, { a: 1n }]), ['column "a" has BigInts, and a number that is no exact integer', '1.5']);
  assert.match(refusal([{ a: 2n ** 64n }]).message, /fit neither int64 nor uint64$/);
  assert.match(refusal([{ a: -1n }, { a: 2n ** 63n }]).message, /fit neither int64 nor uint64$/);
  assert.equal(refusal([{ a: '\ud800' }]).message, 'column "a" has a text with a lone surrogate');
  assert.deepEqual(found([{ '\udc00': 1 }]), ['apache-arrow cannot write the table as it is', '"\ufffd" (double)']);
  assert.equal(refusal([{ a: { b: 1 } }]).found, 'object');
  assert.equal(refusal([{ a: [1] }]).found, 'an array');
  assert.equal(refusal([{ a: () => 1 }]).found, 'function');
  assert.equal(refusal([{ a: new Date(NaN) }]).found, 'a Date that is no time');
  assert.equal(refusal([1]).found, 'number in row 0');
  assert.equal(refusal([{ a: 1 }, null]).found, 'null in row 1');
  for (const value of [undefined, null, 1, 'x', {}, new Uint8Array(8), new Map()]) {
    assert.equal(refusal(value).message, 'an arrowtable is a table');
  }
});
