// What arrowtables need: UTF-8 checked on every Node, and the package apache-arrow, whose absence is told by name.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { decodes, isUtf8, textOf } from '../src/arrow/text.js';

test('UTF-8 is checked strictly, with and without the built-in check', () => {
  const valid = ['', 'a', 'ä', '\ufeff', '\0', '🦀', '\u{10ffff}', `${'x'.repeat(2 ** 20 - 1)}ä`];
  for (const text of valid) {
    const bytes = Buffer.from(text);
    assert.deepEqual([isUtf8(bytes), decodes(bytes), textOf(bytes)], [true, true, text]);
  }
  const invalid = [[0x80], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff], [0x61, 0xe2, 0x82]];
  for (const bytes of invalid.map((list) => Uint8Array.from(list))) {
    assert.deepEqual([isUtf8(bytes), decodes(bytes), textOf(bytes)], [false, false, null]);
  }
});

test('without apache-arrow, or with an old one, the error names it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'natsbridge-'));
  try {
    cpSync(fileURLToPath(new URL('../src', import.meta.url)), join(folder, 'src'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const script = `
      import { read, write, columns } from './src/arrow/table.js';
      const end = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);
      for (const call of [() => write([{ a: 1 }]), () => columns([])]) {
        try { call(); } catch ({ code, message, expected }) { console.log(code, message, expected); }
      }
      try { read(end); } catch ({ code, message }) { console.log(code, message); }
    `;
    writeFileSync(join(folder, 'try.js'), script);
    const lines = () =>
      execFileSync(process.execPath, [join(folder, 'try.js')], { encoding: 'utf8' })
        .trim()
        .split('\n');
    const hostile = 'DESERIALIZATION_ERROR the stream does not start with its schema';
    const missing =
      'SERIALIZATION_ERROR arrowtables need the package apache-arrow, which could not be loaded apache-arrow 21.2 or a later 21';
    assert.deepEqual(lines(), [missing, missing, hostile]);
    const old = join(folder, 'node_modules', 'apache-arrow');
    mkdirSync(old, { recursive: true });
    writeFileSync(join(old, 'package.json'), '{"name":"apache-arrow","version":"12.0.0","main":"index.js"}');
    writeFileSync(join(old, 'index.js'), 'module.exports = {};');
    const other =
      'SERIALIZATION_ERROR arrowtables need another version of the package apache-arrow apache-arrow 21.2 or a later 21';
    assert.deepEqual(lines(), [other, other, hostile]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
