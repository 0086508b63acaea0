/** Every case of the conformance suite, by the fast path and by the plain one, as bytes and as text. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { NODE } from '../src/node/host.js';
import { node_platform } from '../src/node/platform.js';
import { cases, judge, message, outcome } from './cases.js';

const NO_TABLES = node_platform(null);

const all = cases();

test('there are cases of every topic', () => {
  assert.ok(all.length > 1_400, String(all.length));
});

test('every case', () => {
  const failures = [];
  let judged = 0;
  for (const example of all) {
    const types = example.options?.payload_types;
    const platform = !types || types.includes('arrowtable') ? NODE : NO_TABLES;
    judged += 1;
    try {
      for (const way of /** @type {const} */ (['decode', 'decode_plainly'])) judge(example, outcome(example, platform, way));
      const bytes = message(example);
      const text = bytes.toString('utf8');
      // Only a text that is UTF-8 can come as a string.
      if (Buffer.from(text).equals(bytes)) judge(example, outcome(example, platform, 'decode', text));
    } catch (error) {
      failures.push(`${example.id}: ${String(error)}`);
    }
  }
  assert.deepEqual(failures, []);
  assert.equal(judged, all.length);
});
