/** What a download keeps of the pieces that it is given (W6.6, W6.9). */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { smartreceive, smartsend } from '../src/natsbridge_ssr.js';
import { Sink } from '../src/node/sink.js';
import { sample } from './failure.js';
import { linking } from './link.js';
import { answer, withPeer } from './peer.js';

test('a handler may use the memory of a piece again', async () => {
  const bytes = sample(1000);
  const url = 'http://localhost:8080/file/x';
  const piece = Buffer.alloc(100);
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += piece.length) {
      bytes.copy(piece, 0, at);
      yield piece;
    }
  };
  const { payloads } = await smartreceive(linking({ url, bytes }), { fileserver_download_handler: pieces });
  assert.ok(bytes.equals(/** @type {Uint8Array} */ (payloads[0]?.data)));
  const whole = sample(1000);
  const twice = () => whole.fill(7);
  const seven = Buffer.alloc(1000, 7);
  const received = await smartreceive(linking({ url, bytes: seven }), { fileserver_download_handler: twice });
  whole.fill(8);
  assert.ok(seven.equals(/** @type {Uint8Array} */ (received.payloads[0]?.data)));
});

test(
  'received bytes are a plain Uint8Array with memory of its own, however they came',
  withPeer(async (peer) => {
    const bytes = sample(1000);
    peer.script('GET ', answer(bytes));
    const link = { url: `${peer.url}/x`, bytes };
    const [, direct] = await smartsend('a.b', [['x', bytes, 'binary']]);
    const fileserver_url = peer.url;
    for (const [json, options] of /** @type {[string, any][]} */ ([
      [direct, {}],
      [linking(link), {}],
      [linking(link), { fileserver_download_handler: () => bytes }],
    ])) {
      const data = /** @type {Uint8Array} */ ((await smartreceive(json, { fileserver_url, ...options })).payloads[0]?.data);
      assert.equal(Object.getPrototypeOf(data), Uint8Array.prototype);
      assert.equal(data.buffer.byteLength, bytes.length);
      assert.ok(bytes.equals(data));
    }
  }),
);

/** @param {(folder: string) => Promise<void>} run */
const withFolder = (run) => async () => {
  const folder = mkdtempSync(join(tmpdir(), 'natsbridge-test-'));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test(
  'a file is for its owner only, and begins anew with each attempt',
  withFolder(async (folder) => {
    const umask = process.umask(0o022);
    const sink = new Sink({ size: 3, folder });
    await sink.start();
    process.umask(umask);
    const [name = ''] = readdirSync(folder);
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
    await sink.write(Buffer.from('ab'));
    await sink.start();
    await sink.write(Buffer.from('c'));
    await sink.write(Buffer.from('de'));
    assert.equal(readFileSync(join(folder, name), 'utf8'), 'cde');
    await sink.discard();
    assert.deepEqual(readdirSync(folder), []);
  }),
);

test(
  'a call that ends while an attempt begins leaves no file behind',
  withFolder(async (folder) => {
    const first = new Sink({ size: 3, folder });
    await Promise.allSettled([first.start(), first.discard()]);
    assert.deepEqual(readdirSync(folder), []);
    const again = new Sink({ size: 3, folder });
    await again.start();
    await again.write(Buffer.from('a'));
    const [started] = await Promise.allSettled([again.start(), again.discard()]);
    assert.equal(started.status, 'rejected');
    assert.deepEqual(readdirSync(folder), []);
  }),
);
