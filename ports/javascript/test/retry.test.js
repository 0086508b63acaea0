import assert from 'node:assert/strict';
import test from 'node:test';

import { delayAfter, isRetryableStatus, retryAfter } from '../src/core/retry.js';

const USUAL = { max_retries: 5, base_delay: 100, max_delay: 5000, jitter: false };

/** @param {import('../src/core/retry.js').Retry} retry */
const delays = (retry) => Array.from({ length: retry.max_retries }, (_, index) => delayAfter(retry, index + 1));

test('delays double up to the longest, and none follows the last attempt (W6.1)', () => {
  assert.deepEqual(delays(USUAL), [100, 200, 400, 800, undefined]);
  assert.deepEqual(delays({ ...USUAL, max_retries: 8 }), [100, 200, 400, 800, 1600, 3200, 5000, undefined]);
  assert.deepEqual(delays({ ...USUAL, max_retries: 2, max_delay: 50 }), [50, undefined]);
  assert.deepEqual(delays({ ...USUAL, max_retries: 1 }), [undefined]);
  assert.equal(delayAfter({ ...USUAL, max_retries: Number.MAX_SAFE_INTEGER }, 1e15), 5000);
});

test('the server may ask for more, but not for ever', () => {
  assert.deepEqual(
    [0, 2000, 3_600_000].map((asked) => delayAfter(USUAL, 1, asked)),
    [100, 2000, 5000],
  );
});

test('jitter only adds', () => {
  const retry = { ...USUAL, jitter: true };
  assert.deepEqual(
    [0, 0.5, 7].map((random) => delayAfter(retry, 1, 0, random)),
    [100, 150, 200],
  );
});

test('some statuses are worth another attempt', () => {
  const worth = Array.from({ length: 500 }, (_, index) => index + 100).filter(isRetryableStatus);
  assert.deepEqual(worth.slice(0, 3), [408, 425, 429]);
  assert.deepEqual(
    worth.slice(3),
    Array.from({ length: 100 }, (_, index) => index + 500),
  );
});

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('2026-11-22T05:00:00Z');
  assert.equal(retryAfter('3', now), 3000);
  assert.equal(retryAfter('Sun, 22 Nov 2026 05:00:07 GMT', now), 7000);
  assert.equal(retryAfter('Sun, 22 Nov 2026 04:00:00 GMT', now), 0);
  for (const nothing of [undefined, '', '-1', '1.5', 'soon', 'Sun Nov 22 05:00:07 2026'])
    assert.equal(retryAfter(nothing, now), undefined);
});
