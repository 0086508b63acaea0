/** Messages on their way out: what is written, by which transport, and what is refused. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';

import { Decoder } from '../src/core/decoder.js';
import { Draft } from '../src/core/draft.js';
import { NATSBridgeError } from '../src/core/error.js';
import { Part } from '../src/core/part.js';
import { node_platform } from '../src/node/platform.js';
import { MOMENT, sent } from './moment.js';

const platform = node_platform(null);

/** @param {string} text */
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/**
 * @param {() => unknown} run
 * @returns {NATSBridgeError}
 */
function refusal(run) {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof NATSBridgeError, String(error));
    return error;
  }
  throw assert.fail('nothing was refused');
}

/**
 * @param {any} data
 * @param {any} [options]
 * @param {string} [subject]
 */
const draft = (data, options = {}, subject = 'a.b') => new Draft(subject, data, options);

test('a message is written in canonical form', () => {
  const data = [
    ['msg', 'Grüße "\n"', 'text'],
    ['d', { b: 1, a: [1.5, 2n ** 63n] }, 'dictionary', { metadata: { unit: 'm' } }],
    ['t', [{ a: 1 }, {}], 'jsontable'],
    ['b', new Uint8Array([1, 2, 3]), 'binary'],
  ];
  const [envelope, text] = draft(data, { metadata: { n: 1 }, receiver_name: 'Empfänger' })
    .encode(platform, MOMENT())
    .finish();
  const head = (/** @type {number} */ n, /** @type {string} */ name, /** @type {string} */ type) =>
    `{"id":"00000000-0000-4000-8000-00000000000${n}","dataname":"${name}","payload_type":"${type}","transport":"direct","encoding":"base64",`;
  assert.equal(
    text,
    '{"correlation_id":"00000000-0000-4000-8000-000000000001","msg_id":"00000000-0000-4000-8000-000000000002",' +
      '"timestamp":"2026-03-13T07:02:50.443Z","send_to":"a.b","msg_purpose":"chat","sender_name":"NATSBridge",' +
      '"sender_id":"00000000-0000-4000-8000-000000000003","receiver_name":"Empfänger","receiver_id":"","reply_to":"","reply_to_msg_id":"",' +
      '"broker_url":"nats://localhost:4222","metadata":{"n":1},"payloads":[' +
      `${head(4, 'msg', 'text')}"size":11,"data":"R3LDvMOfZSAiCiI=","metadata":{"payload_bytes":11}},` +
      `${head(5, 'd', 'dictionary')}"size":37,"data":"eyJiIjoxLCJhIjpbMS41LDkyMjMzNzIwMzY4NTQ3NzU4MDhdfQ==","metadata":{"payload_bytes":37,"unit":"m"}},` +
      `${head(6, 't', 'jsontable')}"size":12,"data":"W3siYSI6MX0se31d","metadata":{"payload_bytes":12}},` +
      `${head(7, 'b', 'binary')}"size":3,"data":"AQID","metadata":{"payload_bytes":3}}]}`,
  );
  assert.equal(JSON.stringify(envelope), text);
  const [same, bytes] = draft(data, { metadata: { n: 1 }, receiver_name: 'Empfänger' })
    .encode(platform, MOMENT())
    .finish_bytes();
  assert.equal(Buffer.from(bytes).toString(), text);
  assert.equal(JSON.stringify(same), text);
});

test('whatever is sent comes back', () => {
  for (const [value, type, back] of /** @type {[unknown, string, unknown?][]} */ ([
    ['', 'text'],
    ['\ufeff\0\r\n😀', 'text'],
    [{ __proto__: null, a: [1, 2n ** 64n - 1n, -0, null, true] }, 'dictionary', { a: [1, 2n ** 64n - 1n, -0, null, true] }],
    [[], 'dictionary'],
    [[], 'jsontable'],
    [[{}], 'jsontable'],
    [Buffer.from([0, 255]), 'image', new Uint8Array([0, 255])],
    [new Uint8Array([9]).buffer, 'audio', new Uint8Array([9])],
    [new Uint16Array([0x0201]), 'video', new Uint8Array([1, 2])],
    [new DataView(new Uint8Array([1, 2, 3]).buffer, 1), 'binary', new Uint8Array([2, 3])],
    [new Uint8Array(0), 'binary'],
  ])) {
    for (const options of [{}, { checksum: 'all' }, { inline_json: true }]) {
      const [, text] = draft([['x', value, type]], options)
        .encode(platform, MOMENT())
        .finish();
      const { payloads } = new Decoder(platform).decode(text).finish();
      assert.deepEqual(
        payloads.map(({ data }) => data),
        [back ?? value],
        type,
      );
      assert.deepEqual(new Decoder(platform).decode_plainly(Buffer.from(text)).finish().payloads, payloads);
    }
  }
});

test('digests stand where they are asked for', () => {
  const metadata = (/** @type {any} */ options) => sent([['x', 'abc', 'text']], options).payloads[0]?.metadata;
  assert.deepEqual(metadata({}), { payload_bytes: 3 });
  assert.deepEqual(metadata({ checksum: 'all' }), { payload_bytes: 3, sha256: sha256('abc') });
  const linked = (/** @type {any} */ options) => {
    const outgoing = draft([['x', 'abc', 'text']], { size_threshold: 1, ...options }).encode(platform, MOMENT());
    outgoing.link(0, 'https://files.example/x');
    return outgoing.finish()[0].payloads[0];
  };
  assert.deepEqual(linked({})?.metadata, { payload_bytes: 3, sha256: sha256('abc') });
  assert.deepEqual(linked({ checksum: 'none' })?.metadata, { payload_bytes: 3 });
  assert.deepEqual([linked({})?.transport, linked({})?.encoding, linked({})?.data], ['link', 'none', 'https://files.example/x']);
});

test('JSON stands in the envelope as itself where it is asked for', () => {
  const { payloads } = sent(
    [
      ['d', { ü: 1 }, 'dictionary'],
      ['x', 'abc', 'text'],
    ],
    { inline_json: true, checksum: 'all' },
  );
  assert.deepEqual(
    payloads.map(({ encoding, size, metadata }) => [encoding, size, metadata]),
    [
      ['json', 8, { payload_bytes: 8 }],
      ['base64', 3, { payload_bytes: 3, sha256: sha256('abc') }],
    ],
  );
  const deep = JSON.parse('['.repeat(62) + ']'.repeat(62));
  assert.equal(sent([['d', deep, 'dictionary']], { inline_json: true }).payloads[0]?.encoding, 'base64');
  assert.equal(sent([['d', deep[0], 'dictionary']], { inline_json: true }).payloads[0]?.encoding, 'json');
});

test('the threshold itself is linked, and the largest move first', () => {
  const uploads = (/** @type {number[]} */ sizes, /** @type {any} */ options = {}) =>
    draft(
      sizes.map((size) => ['x', new Uint8Array(size), 'binary']),
      options,
    )
      .encode(platform, MOMENT())
      .uploads()
      .map(({ index }) => index);
  assert.deepEqual(uploads([499_999, 500_000, 500_001, 0], { max_message_bytes: 10_000_000 }), [1, 2]);
  assert.deepEqual(uploads([0, 1], { size_threshold: 0 }), [1]);
  assert.deepEqual(uploads([300_000, 400_000, 400_000, 100]), [1]);
  assert.deepEqual(uploads([400_000, 300_000, 400_000, 400_000]), [0, 2]);
  assert.deepEqual(uploads([765, 768], { max_message_bytes: 2_600 }), [1]);
  assert.deepEqual(uploads([], {}), []);
  assert.deepEqual(uploads([10_000], { size_threshold: Infinity }), []);
});

test('the limit is that of the text as written', () => {
  for (const dataname of ['x', 'ü"\u0001', '😀']) {
    const data = [[dataname, new Uint8Array(9_000), 'binary', { metadata: { ü: 'é' } }]];
    const [, text] = draft(data).encode(platform, MOMENT()).finish();
    const max_message_bytes = Buffer.byteLength(text);
    const exact = draft(data, { max_message_bytes }).encode(platform, MOMENT());
    assert.deepEqual(exact.uploads(), []);
    assert.equal(exact.finish()[1], text);
    const less = { max_message_bytes: max_message_bytes - 1 };
    assert.equal(draft(data, less).encode(platform, MOMENT()).uploads().length, 1);
  }
  const error = refusal(() => draft([['x', 'a'.repeat(700), 'text']], { max_message_bytes: 1_000 }).encode(platform, MOMENT()));
  assert.deepEqual([error.code, error.phase, error.send_to], ['PAYLOAD_TOO_LARGE', 'limit', 'a.b']);
});

test('a URL is held against what receivers read', () => {
  const outgoing = draft([['x', 'abc', 'text']], { size_threshold: 1 }).encode(platform, MOMENT());
  assert.equal(refusal(() => outgoing.finish()).pointer, '/payloads/0/data');
  for (const url of ['', 'ftp://a/x', 'http://u:secret@a/', 'http://127.1/?token=secret', undefined]) {
    const error = refusal(() => outgoing.link(0, /** @type {string} */ (url)));
    assert.deepEqual([error.code, error.phase, error.pointer], ['UPLOAD_FAILED', 'upload', '/payloads/0/data']);
    assert.ok(!error.to_json().includes('secret'), error.to_json());
  }
  const long = draft([['x', 'abc', 'text']], { size_threshold: 1, max_message_bytes: 1_200 }).encode(platform, MOMENT());
  long.link(0, `http://a/${'x'.repeat(1_000)}`);
  assert.equal(refusal(() => long.finish()).code, 'PAYLOAD_TOO_LARGE');
  outgoing.link(0, 'http://a/x');
  assert.equal(refusal(() => outgoing.link(0, 'http://a/x')).code, 'INVALID_ENVELOPE');
});

test('what could not be uploaded goes direct where it fits', () => {
  const data = [
    ['x', new Uint8Array(9_000), 'binary'],
    ['y', new Uint8Array(9_000), 'binary'],
  ];
  const outgoing = draft(data, { size_threshold: 1, max_message_bytes: 14_000 }).encode(platform, MOMENT());
  outgoing.fall_back(0);
  const error = refusal(() => outgoing.fall_back(1));
  assert.deepEqual([error.code, error.phase, error.pointer, error.dataname], ['PAYLOAD_TOO_LARGE', 'limit', '/payloads/1', 'y']);
  assert.deepEqual(
    outgoing.uploads().map(({ index }) => index),
    [1],
  );
  outgoing.link(1, 'http://a/y');
  assert.deepEqual(
    outgoing.finish()[0].payloads.map(({ transport }) => transport),
    ['direct', 'link'],
  );
});

test('an external part goes by link, or direct with its bytes', () => {
  const parts = [Part.external('x', 3, 'text'), Part.external('y', 0, 'binary'), Part.external('z', 2, 'dictionary')];
  const outgoing = draft(parts).encode(platform, MOMENT());
  assert.deepEqual(outgoing.uploads().map(({ index, size, bytes }) => [index, size, bytes]), [[0, 3, null], [2, 2, null]]); // biome-ignore format: one line says it
  assert.equal(refusal(() => outgoing.link(0, 'http://a/x')).code, 'INVALID_ENVELOPE');
  assert.equal(refusal(() => outgoing.fall_back(2)).code, 'INVALID_ENVELOPE');
  assert.equal(refusal(() => outgoing.fall_back(2, Buffer.from('nul'))).code, 'INVALID_ENVELOPE');
  outgoing.link(0, 'http://a/x', sha256('abc'));
  outgoing.fall_back(2, Buffer.from('{}'));
  const [{ payloads }, text] = outgoing.finish();
  assert.deepEqual(payloads.map(({ transport, data }) => [transport, data]), [['link', 'http://a/x'], ['direct', ''], ['direct', 'e30=']]); // biome-ignore format: one line says it
  const incoming = new Decoder(platform, { allowed_origins: ['http://A:80/anything'] }).decode(text);
  assert.deepEqual(incoming.downloads(), [
    { index: 0, dataname: 'x', payload_type: 'text', url: 'http://a/x', size: 3, sha256: sha256('abc') },
  ]);
  for (const [bytes, code] of /** @type {[string, string][]} */ ([
    ['ab', 'SIZE_MISMATCH'],
    ['abd', 'CHECKSUM_MISMATCH'],
  ])) {
    const error = refusal(() => incoming.finish(new Map([[0, Buffer.from(bytes)]])));
    assert.deepEqual([error.code, error.phase, error.pointer], [code, 'fetch', '/payloads/0/data']);
  }
  assert.equal(refusal(() => incoming.finish()).code, 'DOWNLOAD_FAILED');
  assert.equal(incoming.finish(new Map([[0, Buffer.from('abc')]])).payloads[0]?.data, 'abc');
});

test('digests may come from elsewhere', () => {
  const elsewhere = { ...platform, sha256: () => assert.fail('digests are asynchronous here') };
  const outgoing = draft([['x', 'abc', 'text']], { checksum: 'all' }).encode(elsewhere, MOMENT());
  outgoing.digest(0, sha256('abc').toUpperCase());
  const [, text] = outgoing.finish();
  const incoming = new Decoder(elsewhere).decode(text);
  assert.equal(incoming.finish(new Map(), new Map([[0, sha256('abc')]])).payloads[0]?.data, 'abc');
  const error = refusal(() => incoming.finish(new Map(), new Map([[0, sha256('abd')]])));
  assert.deepEqual([error.code, error.phase], ['CHECKSUM_MISMATCH', 'decode']);
});

test('data that its type cannot carry is refused', () => {
  const throwing = { get a() { throw new RangeError('mine'); } }; // biome-ignore format: one line says it
  for (const [value, type, found] of /** @type {[unknown, string, RegExp][]} */ ([
    [1, 'text', /a number/],
    [undefined, 'text', /nothing/],
    ['\ud800', 'text', /lone surrogate/],
    ['{}', 'dictionary', /a string/],
    [null, 'dictionary', /null/],
    [new Date(0), 'dictionary', /an object/],
    [{ a: [Number.NaN] }, 'dictionary', /NaN/],
    [Buffer.from('{}'), 'dictionary', /bytes/],
    [throwing, 'dictionary', /RangeError: mine/],
    [{}, 'jsontable', /an object/],
    [[{}, []], 'jsontable', /an array as row 1/],
    [[{}, null], 'jsontable', /null as row 1/],
    ['bytes', 'binary', /a string/],
    [[1, 2], 'image', /an array/],
    [null, 'audio', /null/],
  ])) {
    const error = refusal(() => draft([['ok', 'x', 'text'], ['x', value, type]]).encode(platform, MOMENT())); // biome-ignore format: one line says it
    assert.deepEqual(
      [error.code, error.phase, error.pointer, error.dataname],
      ['SERIALIZATION_ERROR', 'serialize', '/payloads/1/data', 'x'],
    );
    assert.match(String(error.found), found);
    assert.equal(error.correlation_id, '00000000-0000-4000-8000-000000000001');
  }
  const error = refusal(() => draft([Part.serialized('x', Buffer.from('[1'), 'jsontable')]).encode(platform, MOMENT()));
  assert.equal(error.code, 'SERIALIZATION_ERROR');
});

test('an argument that breaks the schema is refused, the first in schema order', () => {
  const text = ['x', 'abc', 'text'];
  for (const [data, options, pointer, code = 'INVALID_ENVELOPE', subject = 'a.b'] of /** @type {any[]} */ ([
    [[text], { correlation_id: 'x', msg_purpose: 'Chat' }, '/correlation_id'],
    [[text], {}, '/send_to', 'INVALID_ENVELOPE', 'a b'],
    [[text], {}, '/send_to', 'INVALID_ENVELOPE', 5],
    [[text], {}, '/send_to', 'INVALID_ENVELOPE', '\ud800'],
    [[text], { msg_purpose: 'Chat' }, '/msg_purpose'],
    [[text], { sender_name: 5 }, '/sender_name'],
    [[text], { sender_name: '\udc00' }, '/sender_name'],
    [[text], { receiver_name: 'é'.repeat(513) }, '/receiver_name'],
    [[text], { receiver_name: 'x'.repeat(1_000_000) }, '/receiver_name'],
    [[text], { receiver_id: 'x' }, '/receiver_id'],
    [[text], { broker_url: 'http://a' }, '/broker_url'],
    [[text], { broker_url: 'nats://u:a/b@c' }, '/broker_url'],
    [[text], { broker_url: 7 }, '/broker_url'],
    [[text], { metadata: [] }, '/metadata'],
    [[text], { metadata: { a: Number.NaN } }, '/metadata'],
    [[text], { metadata: JSON.parse(`{"a":${'['.repeat(63)}${']'.repeat(63)}}`) }, '/metadata'],
    [[text], { max_payloads: 0 }, '/payloads'],
    [undefined, {}, '/payloads'],
    ['text', {}, '/payloads'],
    [[text, ['x', 'abc']], {}, '/payloads/1'],
    [[text, 'abc'], {}, '/payloads/1'],
    [[[5, 'abc', 'text']], {}, '/payloads/0/dataname'],
    [[['x', 'abc', 'txt']], {}, '/payloads/0/payload_type', 'INVALID_PAYLOAD_TYPE'],
    [[['x', 'abc', 7]], {}, '/payloads/0/payload_type'],
    [[['x', 'abc', 'arrowtable']], {}, '/payloads/0/payload_type', 'INVALID_PAYLOAD_TYPE'],
    [[[...text, { id: 'x' }]], {}, '/payloads/0/id'],
    [[[...text, { metadata: { sha256: 'x' } }]], {}, '/payloads/0/metadata/sha256'],
    [[[...text, { metadata: 'x' }]], {}, '/payloads/0/metadata'],
    [[Part.external('x', -1, 'text')], {}, '/payloads/0/size'],
    [[text], { size_threshold: -1 }, undefined],
    [[text], { size_threshold: '5' }, undefined],
    [[text], { max_message_bytes: Number.NaN }, undefined],
    [[text], { checksum: 'sha1' }, undefined],
    [[text], { inline_json: 1 }, undefined],
  ])) {
    const error = refusal(() => draft(data, options, subject).encode(platform, MOMENT()));
    const wrong = JSON.stringify([data, options]).slice(0, 200);
    assert.deepEqual([error.code, error.phase, error.pointer], [code, 'validate', pointer], wrong);
    assert.equal(refusal(() => draft(data, options, subject).check(platform, MOMENT())).message, error.message);
    assert.ok(error.message.length < 600, wrong);
  }
  for (const timestamp of [new Date(Number.NaN), new Date(8.64e15), '2026-02-29T00:00:00Z']) {
    assert.equal(refusal(() => draft([]).encode(platform, { ...MOMENT(), timestamp })).pointer, '/timestamp');
  }
});

test('user-info is removed, and ids are written in lower case', () => {
  const envelope = sent([], {
    broker_url: 'nats://user:secret@a:4222,tls://b',
    msg_id: 'AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE',
  });
  assert.equal(envelope.broker_url, 'nats://a:4222,tls://b');
  assert.equal(envelope.msg_id, 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee');
  const error = refusal(() => draft([], { broker_url: 'nats://user:secret@a b' }).encode(platform, MOMENT()));
  assert.ok(!error.to_json().includes('secret'));
});
