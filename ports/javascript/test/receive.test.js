/** `smartreceive` against file servers that fail in every way (W6). */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import test from 'node:test';

import { decode, encode, NATSBridgeError, nack, smartreceive, smartsend } from '../src/natsbridge_ssr.js';
import { failure, sample, verdict } from './failure.js';
import { linking } from './link.js';
import { answer, cut, silence, status, withPeer } from './peer.js';

const BYTES = sample(1000);

/**
 * @param {string} json
 * @param {{url: string}} peer
 * @param {import('../src/natsbridge_ssr.js').ReceiveOptions} [more]
 */
const receive = (json, { url }, more = {}) => smartreceive(json, { fileserver_url: url, base_delay: 10, ...more });

test(
  'linked payloads are fetched, in any order of arrival, and at most four at a time (W6.3)',
  withPeer(async (peer) => {
    const later =
      (/** @type {number} */ index) => async (/** @type {import('node:net').Socket} */ socket, /** @type {any} */ seen) => {
        await new Promise((resolve) => setTimeout(resolve, 90 - 10 * index));
        return answer(String(index))(socket, seen);
      };
    const all = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    for (const index of all) peer.script(`GET /${index}`, later(index));
    const json = linking(
      ...all.map((index) => ({ url: `${peer.url}/${index}`, bytes: Buffer.from(String(index)), type: 'text' })),
    );
    const { payloads } = await receive(json, peer);
    assert.deepEqual(
      payloads.map(({ data }) => data),
      all.map(String),
    );
    assert.equal(peer.most, 4);
    assert.deepEqual([...(payloads[3] ?? [])], ['part 3', '3', 'text']);
    assert.deepEqual([payloads[3]?.transport, payloads[3]?.size], ['link', 1]);
  }),
);

test(
  'which failure is reported goes by list order, not by time, and the others end (W6.3)',
  withPeer(async (peer) => {
    peer.script('GET /slow', async (socket, seen) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return status('410 Gone')(socket, seen);
    });
    peer.script('GET /never', silence());
    const links = ['slow', 'quick', 'never'].map((name) => ({ url: `${peer.url}/${name}`, bytes: BYTES }));
    const error = await failure(receive(linking(...links), peer));
    assert.deepEqual(verdict(error), ['DOWNLOAD_FAILED', 'fetch', '/payloads/0/data']);
    assert.match(error.message, /410/);
  }),
);

test(
  'sizes and digests (W6.6)',
  withPeer(async (peer) => {
    peer.script('GET /good', answer(BYTES));
    peer.script('GET /flipped', answer(Buffer.from(BYTES).fill(0, 500, 501)));
    peer.script('GET /longer', answer(Buffer.concat([BYTES, BYTES])));
    peer.script('GET /more', cut(Buffer.concat([BYTES, BYTES])));
    const at = (/** @type {string} */ name, more = {}) => linking({ url: `${peer.url}/${name}`, bytes: BYTES, ...more });
    for (const [json, code] of /** @type {[string, string][]} */ ([
      [at('flipped'), 'CHECKSUM_MISMATCH'],
      [at('longer'), 'SIZE_MISMATCH'],
      [at('more'), 'SIZE_MISMATCH'],
      [at('good', { size: 999 }), 'SIZE_MISMATCH'],
      [at('good', { sha256: '0'.repeat(64) }), 'CHECKSUM_MISMATCH'],
    ])) {
      const error = await failure(receive(json, peer));
      assert.deepEqual(verdict(error), [code, 'fetch', '/payloads/0/data'], json);
      assert.equal(error.retryable, false);
    }
    assert.equal(peer.seen.length, 5);
    const unchecked = await receive(at('flipped', { sha256: false }), peer);
    assert.equal(unchecked.payloads[0]?.size, 1000);
  }),
);

test(
  'the policy comes before anything is fetched and before any handler (W6.5)',
  withPeer(async (peer) => {
    const json = linking({ url: `${peer.url}/x`, bytes: BYTES }, { url: 'http://elsewhere.example/x', bytes: BYTES });
    let asked = 0;
    const handler = () => {
      asked += 1;
      return BYTES;
    };
    for (const options of [
      {},
      { fileserver_download_handler: handler },
      { allowed_origins: [] },
      { allowed_origins: ['https://elsewhere.example'] },
    ]) {
      const error = await failure(receive(json, peer, options));
      assert.deepEqual(verdict(error).slice(0, 2), ['URL_NOT_ALLOWED', 'validate']);
      assert.match(error.message, /allowed_origins/);
    }
    assert.deepEqual([asked, peer.seen.length], [0, 0]);
    const allowed_origins = [peer.url, 'http://elsewhere.example:80'];
    const received = await receive(json, peer, { allowed_origins, fileserver_download_handler: handler });
    assert.deepEqual([received.payloads.length, asked], [2, 2]);
    const own = Object.assign(handler, { origins: allowed_origins });
    assert.equal((await receive(json, peer, { fileserver_download_handler: own })).payloads.length, 2);
  }),
);

test('a handler of one’s own gets the contract’s arguments, and its bytes pass the same checks (W6.7)', async () => {
  const url = 'http://localhost:8080/file/x?signature=secret';
  const json = linking({ url, bytes: BYTES });
  const { correlation_id } = decode(json, { allowed_origins: [url] }).envelope;
  /** @type {unknown[][]} */
  const asked = [];
  const giving =
    (/** @type {any} */ given) =>
    (/** @type {unknown[]} */ ...all) => {
      asked.push(all.slice(0, 5));
      return typeof given === 'function' ? given() : given;
    };
  const call = (/** @type {any} */ given) => smartreceive(json, { max_retries: 7, fileserver_download_handler: giving(given) });
  for (const given of [
    BYTES,
    new Uint8Array(BYTES).buffer,
    () => Promise.resolve(BYTES),
    () => Readable.from([BYTES.subarray(0, 9), BYTES.subarray(9)]),
  ]) {
    assert.ok(Buffer.from(/** @type {any} */ ((await call(given)).payloads[0]).data).equals(BYTES));
  }
  assert.deepEqual(asked[0], [url, 7, 100, 5000, correlation_id]);
  for (const [given, code, expected] of /** @type {[any, string, RegExp][]} */ ([
    [BYTES.subarray(1), 'SIZE_MISMATCH', /999 of 1000 bytes came/],
    [Buffer.concat([BYTES, BYTES]), 'SIZE_MISMATCH', /more than the 1000 bytes/],
    [sample(1001).subarray(1), 'CHECKSUM_MISMATCH', /SHA-256/],
    ['text', 'DOWNLOAD_FAILED', /returned string, not bytes/],
    [null, 'DOWNLOAD_FAILED', /returned null, not bytes/],
    [() => Readable.from(['text']), 'DOWNLOAD_FAILED', /returned string, not bytes/],
    [
      () => {
        throw new Error(`GET ${url} failed`);
      },
      'DOWNLOAD_FAILED',
      /the download handler failed: GET http:\/\/localhost:8080\/file\/x\?… failed/,
    ],
    [() => Promise.reject('no'), 'DOWNLOAD_FAILED', /the download handler failed: no/],
    [
      () => {
        throw Object.assign(new Error('busy'), { retryable: true });
      },
      'DOWNLOAD_FAILED',
      /busy/,
    ],
    [
      async function* () {
        yield BYTES.subarray(0, 5);
        throw new Error('broke off');
      },
      'DOWNLOAD_FAILED',
      /broke off/,
    ],
  ])) {
    const error = await failure(call(given));
    assert.deepEqual(verdict(error), [code, 'fetch', '/payloads/0/data']);
    assert.match(error.message, expected);
    assert.equal(error.retryable, /busy/.test(error.message));
    assert.doesNotMatch(error.to_json(), /secret/);
  }
});

test(
  'a signal ends a call, whatever the handler does',
  withPeer(async (peer) => {
    const json = linking({ url: `${peer.url}/x`, bytes: BYTES });
    const reason = new Error('enough');
    /** @type {AbortSignal | undefined} */
    let seen;
    const controller = new AbortController();
    const stubborn = (/** @type {unknown[]} */ ...all) => {
      seen = /** @type {{signal: AbortSignal}} */ (all[5]).signal;
      setTimeout(() => controller.abort(reason), 1);
      return new Promise(() => {});
    };
    const fileserver_download_handler = /** @type {any} */ (stubborn);
    await assert.rejects(receive(json, peer, { signal: controller.signal, fileserver_download_handler }), reason);
    assert.equal(seen?.aborted, true);
    const error = await failure(receive(json, peer, { deadline: 50, fileserver_download_handler }));
    assert.deepEqual([...verdict(error), error.retryable], ['DOWNLOAD_FAILED', 'fetch', '/payloads/0/data', true]);
    assert.match(error.message, /deadline of the whole call/);
  }),
);

test('an error of reading knows the envelope, and a refusal is made of it (W8.2)', async () => {
  const [envelope, json] = encode('a.b', [['x', 'Hello', 'text']], { reply_to: 'answers' }).finish();
  const broken = json.replace('SGVsbG8=', 'SGVsbG8!');
  const error = await failure(smartreceive(broken));
  assert.deepEqual(verdict(error), ['DESERIALIZATION_ERROR', 'decode', '/payloads/0/data']);
  assert.equal(error.envelope?.msg_id, envelope.msg_id);
  assert.doesNotMatch(JSON.stringify(error), /envelope/);
  const [refusal, text] = nack(null, error);
  assert.deepEqual(
    [refusal.send_to, refusal.msg_purpose, refusal.reply_to_msg_id, refusal.receiver_id, refusal.correlation_id],
    ['answers', 'NACK', envelope.msg_id, envelope.sender_id, envelope.correlation_id],
  );
  const told = /** @type {any} */ ((await smartreceive(text)).payloads[0]);
  assert.deepEqual([told.dataname, told.data.error.code, told.data.msg_id], ['error', 'DESERIALIZATION_ERROR', envelope.msg_id]);
  const unreadable = await failure(smartreceive('{"correlation_id":'));
  assert.equal(unreadable.envelope, undefined);
  const [blind] = nack(null, unreadable, { send_to: 'inbox' });
  assert.deepEqual([blind.send_to, blind.reply_to_msg_id, blind.receiver_id], ['inbox', '', '']);
  const later = nack(null, new NATSBridgeError('UPLOAD_FAILED', 'upload', 'later', { retryable: true }), { send_to: 'inbox' });
  assert.equal(/** @type {any} */ ((await smartreceive(later[1])).payloads[0]).data.error.details.retryable, true);
});

test('wrong arguments, before anything is read', async () => {
  const [, json] = await smartsend('a.b', [['x', 'Hello', 'text']]);
  for (const [options, expected] of /** @type {[any, RegExp][]} */ ([
    [{ fileserver_download_handler: 5 }, /fileserver_download_handler/],
    [{ fileserver_url: 'nowhere' }, /fileserver_url/],
    [{ fileserver_url: 5 }, /fileserver_url/],
    [{ allowed_origin: [] }, /allowed_origin /],
    [{ into_dir: 5 }, /into_dir/],
    [{ into_files: 'x' }, /into_files/],
    [{ max_payloads: -1 }, /max_payloads/],
  ])) {
    const error = await failure(smartreceive(json, options));
    assert.deepEqual([error.code, error.phase], ['INVALID_ENVELOPE', 'validate']);
    assert.match(error.message, expected);
  }
});
