// Arrow messages whose claims about themselves are lies: rows, lengths, counts, offsets, dictionaries, types. Each is refused
// for that reason, and at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { columns, read } from '../src/arrow/table.js';
import { refusal } from './arrow_files.js';
import { batch, dictionary, END, joined, message, schema, TENSOR } from './arrow_messages.js';

/** @typedef {import('./arrow_messages.js').Column} Column */

/** @type {Record<string, Omit<Column, 'name'>>} */
const TYPES = {
  bool: { kind: 6 },
  int32: { kind: 2, type: [32, true] },
  int64: { kind: 2, type: [64, true] },
  utf8: { kind: 5 },
  largeBinary: { kind: 19 },
  largeUtf8: { kind: 20 },
  binaryView: { kind: 23 },
  utf8View: { kind: 24 },
  coded: { kind: 5, dictionary: { index: [8, false] } },
};
const column = (/** @type {string} */ type, name = 'a') => /** @type {Column} */ ({ name, ...TYPES[type] });
const stream = (/** @type {Column[]} */ list, /** @type {Uint8Array[]} */ ...messages) => joined(schema(list), ...messages, END);
const bytes = (/** @type {(number | number[])[]} */ ...parts) => Uint8Array.from(parts.flat());
const zeros = (/** @type {number} */ length) => new Uint8Array(length);
const int32s = (/** @type {number[]} */ ...values) => new Uint8Array(Int32Array.from(values).buffer);

test('rows that no byte stands for', () => {
  const bare = read(stream([], batch({ rows: 2n ** 40n }), batch({ rows: 2n ** 62n })));
  assert.deepEqual([bare.numRows, bare.numCols], [0, 0]);
  assert.match(refusal(stream([], batch({ rows: -1 }))).message, /lies about its rows$/);
  for (const type of ['bool', 'int64', 'utf8', 'largeBinary', 'utf8View']) {
    for (const rows of [1, 2n ** 31n, 2n ** 40n, 2n ** 53n - 1n, 2n ** 63n - 1n, -1, -(2n ** 63n)]) {
      refusal(
        stream(
          [column(type)],
          batch({
            rows,
            nodes: [[rows, 0]],
            buffers: [
              [0, 0],
              [0, 0],
              [0, 0],
            ],
            views: [0],
          }),
        ),
      );
    }
  }
});

test('columns of another length, too many of them, too few', () => {
  const one = (/** @type {import('./arrow_messages.js').Claims} */ claims) =>
    refusal(stream([column('int32')], batch(claims, zeros(8))));
  const whole = {
    rows: 1,
    nodes: [[1, 0]],
    buffers: [
      [0, 0],
      [0, 4],
    ],
  };
  assert.equal(read(stream([column('int32')], batch(whole, zeros(8)))).numRows, 1);
  assert.match(one({ ...whole, nodes: [] }).message, /has too few columns$/);
  assert.match(one({ ...whole, nodes: [[2, 0]] }).message, /lies about the length of column "a"$/);
  assert.match(
    one({
      ...whole,
      nodes: [
        [1, 0],
        [1, 0],
      ],
    }).message,
    /has too many columns$/,
  );
  assert.match(one({ ...whole, buffers: [[0, 0]] }).message, /has too few buffers for column "a"$/);
  assert.match(
    one({
      ...whole,
      buffers: [
        [0, 0],
        [0, 4],
        [0, 0],
      ],
    }).message,
    /has too many buffers$/,
  );
  assert.match(one({ ...whole, views: [0] }).message, /has too many counts of view buffers$/);
  assert.match(one({ ...whole, codec: 1 }).message, /is compressed$/);
  assert.equal(one({ ...whole, codec: 7 }).found, 'codec 7');
});

test('buffers outside of their body, and those that share bytes', () => {
  for (const span of [
    [0, 9],
    [8, 1],
    [4, 4],
    [-8, 4],
    [0, -4],
    [2n ** 62n, 4],
    [0, 2n ** 63n - 1n],
    [2n ** 53n, 2n ** 53n],
  ]) {
    const error = refusal(stream([column('int32')], batch({ rows: 1, nodes: [[1, 0]], buffers: [[0, 0], span] }, zeros(8))));
    assert.match(error.message, /has a buffer outside of its body, for column "a"$/);
  }
  const shared = {
    rows: 4,
    nodes: [
      [4, 0],
      [4, 0],
    ],
    buffers: [
      [0, 0],
      [0, 16],
      [0, 0],
      [0, 16],
    ],
  };
  const error = refusal(stream([column('int32'), column('int32', 'b')], batch(shared, zeros(16))));
  assert.match(error.message, /has buffers that share bytes, one of them of column "b"$/);
});

test('nulls that the bitmap does not have', () => {
  const claims = (/** @type {number | bigint} */ nulls) => ({
    rows: 2,
    nodes: [[2, nulls]],
    buffers: [
      [0, 1],
      [8, 8],
    ],
  });
  const one = (/** @type {number | bigint} */ nulls, /** @type {number} */ bits) =>
    stream([column('int32')], batch(claims(nulls), bytes(bits, new Array(15).fill(0))));
  assert.deepEqual(columns(read(one(1, 0b01)))[0]?.values, [0, null]);
  assert.deepEqual(columns(read(one(0, 0b11)))[0]?.values, [0, 0]);
  for (const [nulls, bits] of /** @type {[number | bigint, number][]} */ ([
    [0, 1],
    [1, 3],
    [2, 2],
    [-1, 3],
    [2n ** 40n, 0],
    [2n ** 60n, 0],
  ])) {
    assert.match(refusal(one(nulls, bits)).message, /lies about the nulls of column "a"$/);
  }
  const strict = joined(
    schema([{ ...column('int32'), nullable: false }]),
    batch(claims(1), bytes(1, new Array(15).fill(0))),
    END,
  );
  assert.match(refusal(strict).message, /has nulls in column "a", whose schema allows none$/);
});

test('offsets that go back, below zero or beyond', () => {
  const one = (/** @type {Uint8Array} */ offsets, type = 'utf8') => {
    const length = offsets.length;
    const body = joined(offsets, zeros((8 - (length % 8)) % 8), bytes([0x61, 0xc3, 0xa4, 0x62, 0, 0, 0, 0]));
    return stream(
      [column(type)],
      batch(
        {
          rows: 2,
          nodes: [[2, 0]],
          buffers: [
            [0, 0],
            [0, length],
            [body.length - 8, 4],
          ],
        },
        body,
      ),
    );
  };
  assert.deepEqual(columns(read(one(int32s(0, 3, 4))))[0]?.values, ['aä', 'b']);
  assert.deepEqual(columns(read(one(int32s(1, 1, 3))))[0]?.values, ['', 'ä']);
  for (const wrong of [
    [0, 3, 5],
    [0, 4, 3],
    [-1, 0, 4],
    [0, 2 ** 31 - 1, 4],
    [5, 5, 5],
  ]) {
    assert.match(String(refusal(one(int32s(...wrong))).found), /^offset -?\d+ of row \d/);
  }
  assert.match(String(refusal(one(int32s(0, 2, 4))).found), /^no UTF-8 in row 0$/);
  assert.match(String(refusal(one(int32s(2, 3, 4))).found), /^no UTF-8 in row 0$/);
  const wide = (/** @type {bigint[]} */ ...values) => one(new Uint8Array(BigInt64Array.from(values).buffer), 'largeUtf8');
  assert.deepEqual(columns(read(wide(0n, 3n, 4n)))[0]?.values, ['aä', 'b']);
  for (const wrong of [
    [0n, 3n, 2n ** 32n + 4n],
    [0n, -1n, 4n],
    [2n ** 62n, 2n ** 62n, 2n ** 62n],
    [-(2n ** 63n), 0n, 0n],
  ])
    refusal(wide(...wrong));
});

test('views that lie', () => {
  const one = (/** @type {number[]} */ view, type = 'utf8View', count = 1) => {
    const text = Buffer.from('fourteen bytes');
    const body = joined(bytes(view), text, zeros(2));
    const buffers = [[0, 0], [0, 16], ...new Array(count).fill([16, 14])];
    return stream([column(type)], batch({ rows: 1, nodes: [[1, 0]], buffers, views: [count] }, body));
  };
  const long = [14, 0, 0, 0, 0x66, 0x6f, 0x75, 0x72, 0, 0, 0, 0, 0, 0, 0, 0];
  const short = [2, 0, 0, 0, 0xc3, 0xa4, ...new Array(10).fill(0)];
  const withByte = (/** @type {number[]} */ view, /** @type {number} */ at, /** @type {number} */ byte) =>
    view.map((old, index) => (index === at ? byte : old));
  assert.deepEqual(columns(read(one(long)))[0]?.values, ['fourteen bytes']);
  assert.deepEqual(columns(read(one(short)))[0]?.values, ['ä']);
  const found = (/** @type {Uint8Array} */ whole) => String(refusal(whole).found);
  assert.match(found(one(withByte(long, 4, 0x67))), /^a prefix/);
  assert.match(found(one(withByte(long, 0, 15))), /^15 bytes from 0 on, of 14/);
  assert.match(found(one(withByte(long, 3, 0x80))), /^a negative length/);
  assert.match(found(one(withByte(long, 3, 0x7f))), /bytes from 0 on, of 14/);
  assert.match(found(one(withByte(long, 8, 1))), /^buffer 1 of 1/);
  assert.match(found(one(withByte(long, 11, 0xff))), /^buffer -16777216 of 1/);
  assert.match(found(one(withByte(long, 12, 1))), /^14 bytes from 1 on/);
  assert.match(found(one(withByte(long, 15, 0xff))), /^14 bytes from -16777216 on/);
  assert.match(found(one(withByte(short, 15, 1))), /^padding that is not zero/);
  assert.match(found(one(withByte(short, 5, 0x41))), /^no UTF-8 in row 0/);
  assert.equal(columns(read(one(withByte(short, 5, 0x41), 'binaryView')))[0]?.values.length, 1);
  for (const count of [-1, 2, 65_536, 65_537, 2n ** 62n]) {
    const claims = {
      rows: 1,
      nodes: [[1, 0]],
      buffers: [
        [0, 0],
        [0, 16],
        [16, 14],
      ],
      views: [count],
    };
    refusal(stream([column('utf8View')], batch(claims, joined(bytes(long), zeros(16)))));
  }
});

test('views that stand for many', () => {
  const one = (/** @type {number} */ views, /** @type {number} */ length) => {
    const view = bytes([...int32s(length)], [0x61, 0x61, 0x61, 0x61], new Array(8).fill(0));
    const body = joined(...new Array(views).fill(view), new Uint8Array(length).fill(0x61));
    return stream(
      [column('binaryView')],
      batch(
        {
          rows: views,
          nodes: [[views, 0]],
          buffers: [
            [0, 0],
            [0, 16 * views],
            [16 * views, length],
          ],
          views: [1],
        },
        body,
      ),
    );
  };
  assert.equal(read(one(200, 4096)).numRows, 200);
  assert.match(String(refusal(one(2000, 100_000)).found), /^the same bytes used more than 1024 times$/);
});

/** A dictionary of one word, and an index into it. */
const word = (id = 0, delta = false) =>
  dictionary(
    {
      rows: 1,
      nodes: [[1, 0]],
      buffers: [
        [0, 0],
        [0, 8],
        [8, 1],
      ],
    },
    id,
    delta,
    bytes([0, 0, 0, 0, 1, 0, 0, 0, 0x77, 0, 0, 0, 0, 0, 0, 0]),
  );
const index = (/** @type {number} */ value, nulls = 0) =>
  batch(
    {
      rows: 1,
      nodes: [[1, nulls]],
      buffers: [
        [0, nulls],
        [8, 1],
      ],
    },
    bytes(new Array(8).fill(0), value, new Array(7).fill(0)),
  );

test('dictionaries that are not there', () => {
  const one = (/** @type {Uint8Array[]} */ ...messages) => stream([column('coded')], ...messages);
  assert.deepEqual(columns(read(one(word(), index(0))))[0]?.values, ['w']);
  assert.deepEqual(columns(read(one(index(7, 1))))[0]?.values, [null]);
  assert.deepEqual(columns(read(one(word(), word(0, true), index(1))))[0]?.values, ['w']);
  const wrong = /has no valid indices in column "a"$/;
  assert.match(refusal(one(index(0))).message, wrong);
  assert.match(refusal(one(word(), index(1))).message, wrong);
  assert.match(refusal(one(word(), index(255))).message, wrong);
  // What a later delta adds is not there yet, nor is what a replacement took away.
  assert.match(refusal(one(word(), index(1), word(0, true))).message, wrong);
  assert.match(refusal(one(word(), word(0, true), word(), index(1))).message, wrong);
  assert.match(refusal(one(index(0), word())).message, wrong);
  assert.match(refusal(one(word(0, true))).message, /adds to a dictionary that never came$/);
  assert.match(refusal(one(word(1))).message, /is a dictionary of no column$/);
  const signed = { ...column('coded'), dictionary: { index: /** @type {[number, boolean]} */ ([8, true]) } };
  assert.match(refusal(stream([signed], word(), index(255))).message, wrong);
});

test('one dictionary of several columns, and ids of any size', () => {
  const coded = (/** @type {string} */ name, id = 2n ** 62n) => ({
    ...column('coded', name),
    dictionary: { id, index: /** @type {[number, boolean]} */ ([8, false]) },
  });
  const two = batch(
    {
      rows: 1,
      nodes: [
        [1, 0],
        [1, 0],
      ],
      buffers: [
        [0, 0],
        [0, 1],
        [0, 0],
        [8, 1],
      ],
    },
    zeros(16),
  );
  const big = dictionary(
    {
      rows: 1,
      nodes: [[1, 0]],
      buffers: [
        [0, 0],
        [0, 8],
        [8, 1],
      ],
    },
    /** @type {any} */ (2n ** 62n),
    false,
    bytes([0, 0, 0, 0, 1, 0, 0, 0, 0x77, 0, 0, 0, 0, 0, 0, 0]),
  );
  assert.deepEqual(
    columns(read(stream([coded('a'), coded('b')], big, two))).map(({ values }) => values),
    [['w'], ['w']],
  );
  refusal(stream([coded('a'), coded('b', 2n ** 62n + 1n)], big, two));
  const other = { ...coded('b'), kind: 20 };
  assert.match(refusal(stream([coded('a'), other], big, two)).message, /is used by columns of different types$/);
});

test('types that are no types', () => {
  const found = (/** @type {Omit<Column, 'name'>} */ type) => refusal(stream([{ name: 'a', ...type }])).found;
  assert.equal(found({ kind: 2, type: [24, true] }), 'int24');
  assert.equal(found({ kind: 2, type: [128, false] }), 'uint128');
  assert.equal(found({ kind: 2, type: [-8, true] }), 'int-8');
  assert.equal(found({ kind: 3, type: [0] }), 'halffloat');
  assert.equal(found({ kind: 3, type: [9] }), 'floatingpoint');
  assert.equal(found({ kind: 8, type: [1] }), 'date64[ms]');
  assert.equal(found({ kind: 10, type: [4] }), 'timestamp');
  assert.equal(found({ kind: 12 }), 'list');
  assert.equal(found({ kind: 99 }), 'type 99');
  assert.equal(found({ ...TYPES.int32, kind: 2, children: [column('int32')] }), 'int with child columns');
  assert.equal(
    found({ kind: 2, type: [8, true], dictionary: { index: [8, true] } }),
    'dictionary<values=int8, indices=int8, ordered=0>',
  );
  assert.equal(found({ kind: 5, dictionary: { index: [64, true] } }), 'dictionary<values=string, indices=int64, ordered=0>');
  assert.equal(found({ kind: 5, dictionary: { kind: 1 } }), 'a dictionary of kind 1');
  assert.equal(
    columns(read(stream([{ name: 'a', kind: 5, dictionary: {} }])))[0]?.type,
    'dictionary<values=string, indices=int32, ordered=0>',
  );
  assert.equal(columns(read(stream([{ name: 'a', kind: 10, type: [2, ''] }])))[0]?.type, 'timestamp[us]');
});

test('tables and strings that stand for many', () => {
  assert.match(
    String(refusal(joined(schema([column('int32')], { repeat: 100_000 }), END)).found),
    /^it stands for too many tables/,
  );
  assert.equal(refusal(joined(schema([column('int32')], { repeat: 2 }), END)).found, '"a"');
  assert.match(
    String(refusal(joined(schema([column('int32')], { metadata: 1000 }), END)).found),
    /^it stands for far more than its size/,
  );
});

test('messages that belong in no stream', () => {
  assert.equal(refusal(joined(schema([], { endianness: 1 }), END)).found, 'big-endian');
  assert.equal(refusal(stream([], batch({}, zeros(0), 2))).found, 'V3');
  assert.equal(refusal(stream([], batch({}, zeros(0), 5))).found, '5');
  const empty = (/** @type {import('flatbuffers').Builder} */ builder) => {
    builder.startObject(0);
    return builder.endObject();
  };
  assert.equal(refusal(stream([], message(TENSOR, zeros(0), empty))).found, 'Tensor');
  assert.equal(refusal(stream([], message(77, zeros(0), empty))).found, 'kind 77');
  assert.equal(refusal(stream([], schema([]))).message, 'the stream has a second schema');
  assert.equal(refusal(joined(batch({}), END)).message, 'the stream does not start with its schema');
  assert.equal(refusal(END).message, 'the stream does not start with its schema');
});

test('lengths that leave the next message unaligned', () => {
  assert.match(refusal(stream([], batch({}, zeros(4)))).message, /lies about its body$/);
  const short = batch({});
  short[4] = /** @type {number} */ (short[4]) - 4;
  assert.match(refusal(stream([], short)).message, /lies about its metadata$/);
});

test('lengths beyond the stream', () => {
  const long = batch({});
  new DataView(long.buffer).setInt32(4, 8000, true);
  assert.match(refusal(stream([], long)).message, /lies about its metadata$/);
  new DataView(long.buffer).setInt32(4, -8, true);
  assert.match(refusal(stream([], long)).message, /lies about its metadata$/);
  assert.match(refusal(joined(schema([]), batch({}, zeros(8)).subarray(0, -8))).message, /lies about its body$/);
});

test('names of any length', () => {
  const name = 'ü'.repeat(5_000_000);
  const error = refusal(stream([column('int32', name)], batch({ rows: 1 })));
  assert.equal(error.found, `no column "${'ü'.repeat(100)}"...`);
});

test('thousands of columns, in several batches', () => {
  const [count, batches] = [5000, 5];
  const wide = Array.from({ length: count }, (_, number) => column('int32', String(number)));
  const claims = {
    rows: 1,
    nodes: wide.map(() => [1, 0]),
    buffers: wide.flatMap((_, number) => [
      [0, 0],
      [8 * number, 4],
    ]),
  };
  const table = read(stream(wide, ...new Array(batches).fill(batch(claims, zeros(8 * count)))));
  assert.deepEqual([table.numCols, table.numRows, table.batches.length], [count, batches, batches]);
});

test('a dictionary that grows thousands of times', () => {
  const messages = Array.from({ length: 3000 }, (_, number) => [word(0, number > 0), index(Math.min(number, 255))]).flat();
  const table = read(stream([column('coded')], ...messages));
  assert.equal(table.numRows, 3000);
  assert.ok(columns(table)[0]?.values.every((value) => value === 'w'));
});
