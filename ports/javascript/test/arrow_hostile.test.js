// Hostile Arrow streams, all in one process: whatever the bytes, reading gives an error or a table whose every value can be
// used. It never ends the process, hangs, or takes memory that the bytes do not stand for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columns, read, write } from '../src/arrow/table.js';
import { NATSBridgeError } from '../src/core/error.js';
import { CHANGED, changes, streamNamed } from './arrow_changes.js';
import { attempt, refusal } from './arrow_files.js';
import { textOf } from './arrow_text.js';

/** Some of the same tables, as this port writes them. */
const OURS = ['text', 'view', 'dictionary', 'delta', 'replaced', 'sliced'].map((name) => write(read(streamNamed(name))));

/**
 * Every value of a table, as it is and as the library gives it.
 *
 * @param {import('apache-arrow').Table} table
 */
function touch(table) {
  for (const { values } of columns(table)) assert.equal(values.length, table.numRows);
  for (let column = 0; column < table.numCols; column++) {
    const vector = /** @type {import('apache-arrow').Vector} */ (table.getChildAt(column));
    for (let row = 0; row < vector.length; row++) getExact(vector, row);
  }
}

/**
 * @param {import('apache-arrow').Vector} vector
 * @param {number} row
 */
function getExact(vector, row) {
  try {
    vector.get(row);
  } catch (error) {
    // Its own `get` gives timestamps as milliseconds, and says so where a number cannot hold them.
    assert.match(String(error), /is not safe to convert to a number/);
  }
}

test('every byte of ours changed in turn', () => {
  let [taken, refused] = [0, 0];
  for (const stream of OURS) {
    for (const changed of changes(stream)) {
      const table = attempt(changed);
      if (table instanceof NATSBridgeError) refused += 1;
      else {
        touch(table);
        taken += 1;
      }
    }
  }
  assert.ok(taken > 5000 && refused > 15_000, `${taken} taken, ${refused} refused`);
});

test('what reads can be written, and reads as the same values', () => {
  for (const name of CHANGED) {
    let number = 0;
    for (const changed of changes(streamNamed(name))) {
      number += 1;
      if (number % 11 !== 0) continue;
      const table = attempt(changed);
      if (table instanceof NATSBridgeError) continue;
      const plain = (/** @type {string} */ text) => text.replace(/large_(?=string|binary)|(?<=string|binary)_view/g, '');
      assert.equal(textOf(read(write(table))), plain(textOf(table)));
    }
  }
});

test('every word replaced by an extreme', () => {
  const low = [0, 0x7fffffff, 0xffffffff].map((value) => [value]);
  // Where 64 bits belong together, the upper half makes a number huge or negative.
  const both = [
    [0, 256],
    [0, 0x80000000],
    [0xffffffff, 0x001fffff],
  ];
  for (const stream of [...OURS, streamNamed('view'), streamNamed('large')]) {
    for (let position = 0; position < stream.length - 8; position += 4) {
      for (const words of [...low, ...both]) {
        const changed = stream.slice();
        const view = new DataView(changed.buffer);
        for (const [index, word] of words.entries()) view.setUint32(position + 4 * index, word, true);
        const table = attempt(changed);
        if (!(table instanceof NATSBridgeError)) touch(table);
      }
    }
  }
});

test('every length but the whole', () => {
  for (const stream of [...CHANGED.map(streamNamed), ...OURS]) {
    for (let length = 0; length < stream.length; length++) refusal(stream.slice(0, length));
    const longer = new Uint8Array(stream.length + 1);
    longer.set(stream);
    assert.equal(refusal(longer).message, 'the stream goes on after its end-of-stream marker');
  }
});

test('bytes that are nothing at all', () => {
  for (const length of [0, 1, 7, 8, 9, 64, 4096]) {
    for (const byte of [0, 0x20, 0x7f, 0x80, 0xff]) refusal(new Uint8Array(length).fill(byte));
  }
  let state = 1;
  for (let number = 0; number < 2000; number++) {
    const bytes = new Uint8Array(256);
    for (let index = 0; index < bytes.length; index++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bytes[index] = state >>> 24;
    }
    bytes.set([0xff, 0xff, 0xff, 0xff, 128, 0, 0, 0, 16, 0, 0, 0]);
    refusal(bytes);
  }
});
