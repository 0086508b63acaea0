/** What a download keeps of the pieces that it is given (wire.md W6.6, W6.9). */

import assert from 'node:assert/strict';
import test from 'node:test';

import { smartreceive, smartsend } from '../src/natsbridge_ssr.js';
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
