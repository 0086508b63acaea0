/** Whatever the arguments are, an error of this library says which one is wrong; and whoever only listens stops nothing. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';

import * as natsbridge from '../src/natsbridge_ssr.js';
import { failure } from './failure.js';

/** As it is called without types. @type {any} */
const {
  ack,
  decode,
  encode,
  fetch_with_backoff,
  file,
  nack,
  plik_oneshot_upload,
  reply,
  smartreceive,
  smartsend,
  update_status,
} = natsbridge;

const DATA = [['x', 'Hello', 'text']];

test('arguments of the wrong kind', async () => {
  const [, json] = await smartsend('a.b', DATA, { reply_to: 'r' });
  const received = await smartreceive(json);
  const elsewhere = new URL('file://host/x');
  for (const [name, call] of /** @type {[string, () => unknown][]} */ ([
    ['options', () => smartsend('a.b', DATA, null)],
    ['options', () => smartsend('a.b', DATA, 'x')],
    ['options', () => smartreceive(json, null)],
    ['options', () => encode('a.b', DATA, null)],
    ['options', () => decode(json, null)],
    ['options', () => ack(received, null)],
    ['options', () => nack(received, new natsbridge.NATSBridgeError('SIZE_MISMATCH', 'decode', 'x'), null)],
    ['options', () => fetch_with_backoff('http://localhost/', 1, 1, 1, '', null)],
    ['options', () => plik_oneshot_upload('http://localhost/', 'x', Buffer.alloc(1), null)],
    ['send_to', () => smartsend(Object.create(null), DATA)],
    ['correlation_id', () => smartsend('a.b', DATA, { correlation_id: Object.create(null) })],
    ['into_files', () => smartreceive(json, { into_files: () => 5 })],
    ['allowed_origins', () => smartreceive(json, { allowed_origins: 5 })],
    ['allowed_origins', () => decode(json, { allowed_origins: true })],
    ['path', () => smartsend('a.b', [['x', elsewhere, 'binary']])],
    ['path', () => file(elsewhere)],
    ['path', () => file(5)],
    ['path', () => plik_oneshot_upload('http://localhost/', 'x', new URL('http://x/y?secret'))],
    ['envelope', () => ack(null)],
    ['envelope', () => reply(undefined, [])],
    ['envelope', () => update_status(5)],
    ['error', () => nack(null, new Error('x'), { send_to: 'i' })],
    ['error', () => nack(received, null)],
    ['/correlation_id', () => nack(received, { error: 5 })],
  ])) {
    const error = await failure((async () => call())());
    assert.deepEqual([error.code, error.phase], ['INVALID_ENVELOPE', 'validate'], `${call}`);
    assert.ok(error.message.includes(name), `${call}: ${error.message}`);
    assert.doesNotMatch(error.message, /secret/);
  }
});

test('a logger or observer that fails stops nothing', async () => {
  const fail = () => {
    throw new Error('boom');
  };
  const later = async () => fail();
  for (const ear of [fail, later]) {
    const options = { logger: { debug: ear, info: ear, warn: ear }, observer: ear };
    const [, json] = await smartsend('a.b', DATA, options);
    assert.equal((await smartreceive(json, options)).payloads[0].data, 'Hello');
  }
});

test('the first fault decides, however many there are', async () => {
  const [, json] = await smartsend('a.b', DATA);
  const message = JSON.parse(json);
  const [payload] = message.payloads;
  const link = { ...payload, transport: 'link', encoding: 'none', data: 'http://elsewhere.example/x', metadata: {} };
  const bad = { ...payload, size: -1 };
  for (const count of [1, 999, 1000, 1500]) {
    const payloads = [payload, link, ...Array(count).fill(bad)];
    const error = await failure(smartreceive(JSON.stringify({ ...message, payloads })));
    assert.deepEqual([error.code, error.pointer], ['URL_NOT_ALLOWED', '/payloads/1/data']);
  }
});

test('nothing is used that the first Node 16 has not', () => {
  const code = `delete Object.hasOwn;
    const { smartreceive, smartsend } = await import(${JSON.stringify(new URL('../src/natsbridge_ssr.js', import.meta.url))});
    const own = ['x', { a: 1 }, 'dictionary', { metadata: { unit: 'm' } }];
    const [, json] = await smartsend('a.b', [own], { inline_json: true });
    const wrong = await smartreceive(' '.repeat(1000) + json.replace('"a.b"', '5')).catch((error) => error);
    console.log((await smartreceive(' '.repeat(1000) + json)).payloads[0].data.a, wrong.pointer);`;
  assert.equal(execFileSync(process.execPath, ['--input-type=module', '-e', code]).toString(), '1 /send_to\n');
});
