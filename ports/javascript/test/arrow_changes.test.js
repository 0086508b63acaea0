// Every byte of a stream changed in turn, in one process: what is taken is exactly what the changed bytes say.
//
// Two other readers say what that is: apache-arrow's own, which does well with what the walker let through, and the command
// `natsbridge decode --json`, whose verdicts and values stand in data/changes.json as a digest for each stream.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { tableFromIPC } from 'apache-arrow';

import { NATSBridgeError } from '../src/core/error.js';
import { CHANGED, changes, streamNamed } from './arrow_changes.js';
import { attempt } from './arrow_files.js';
import { textOf } from './arrow_text.js';

/** @type {Record<string, { taken: number, refused: number, sha256: string }>} */
const EXPECTED = JSON.parse(readFileSync(new URL('data/changes.json', import.meta.url), 'utf8'));

for (const name of CHANGED) {
  test(`W3.6: every byte of ${name} changed in turn`, () => {
    const verdicts = [];
    let refused = 0;
    for (const changed of changes(streamNamed(name))) {
      const table = attempt(changed);
      if (table instanceof NATSBridgeError) {
        verdicts.push('refused');
        refused += 1;
        continue;
      }
      const text = textOf(table);
      verdicts.push(text);
      // The library takes the rows of a table without columns from its batches. One in four is enough: the digest has them all.
      if (table.numCols > 0 && verdicts.length % 4 === 0) assert.equal(text, textOf(tableFromIPC(changed)));
    }
    const sha256 = createHash('sha256').update(verdicts.join('\n')).digest('hex');
    assert.deepEqual({ taken: verdicts.length - refused, refused, sha256 }, EXPECTED[name]);
  });
}
