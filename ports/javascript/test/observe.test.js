/** What calls tell of their work: NFR-401, NFR-402, NFR-404, and no secrets (W6.10). */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';

import { fetch_with_backoff, plik_oneshot_upload, smartreceive, smartsend } from '../src/natsbridge_ssr.js';
import { shown } from '../src/node/observation.js';
import { redactText } from '../src/node/redaction.js';
import { failure } from './failure.js';
import { linking } from './link.js';
import { answer, status, withPeer } from './peer.js';

/** Remembers all that it is told. */
function listener() {
  /** @type {{level: string, message: string, fields: import('../src/natsbridge_ssr.js').Fields}[]} */
  const lines = [];
  /** @type {[string, object][]} */
  const counts = [];
  const ear = (/** @type {string} */ level) => (/** @type {string} */ message, /** @type {object} */ fields) =>
    void lines.push({ level, message, fields });
  const logger = { debug: ear('debug'), info: ear('info'), warn: ear('warn') };
  /** @type {import('../src/natsbridge_ssr.js').Observer} */
  const observer = (name, value, labels) => {
    assert.ok(value >= 0);
    counts.push([name, labels]);
  };
  return { lines, counts, options: { logger, observer } };
}

test(
  'a message is told with the fields of NFR-401, from its making to its reading',
  withPeer(async (peer) => {
    peer.script('GET /file/', answer('Hello, world'));
    const out = listener();
    const options = {
      fileserver_url: peer.url,
      size_threshold: 10,
      base_delay: 1,
      max_retries: 2,
      broker_url: 'nats://far.example',
    };
    const failing = {
      ...options,
      fileserver_upload_handler: Object.assign(
        () => {
          throw new Error('no');
        },
        { oneshot: true },
      ),
    };
    await smartsend('a.b', [['big', 'Hello, world', 'text']], { ...failing, ...out.options });
    assert.deepEqual(
      out.lines.map(({ level, message }) => `${level} ${message}`),
      [
        'info Starting smartsend for subject: a.b',
        "debug Serialized payload 'big' (type: text) size: 12 bytes",
        'debug Using link transport for 12 bytes',
        "debug Uploading payload 'big' size: 12 bytes",
        "warn Payload 'big' could not be uploaded and goes direct: the upload handler failed: no",
        `info Made message of ${(await smartsend('a.b', [['big', 'Hello, world', 'text']], { ...options, size_threshold: 100 }))[1].length} bytes with 1 payload for subject: a.b`,
      ],
    );
    assert.deepEqual(out.counts, [['messages_sent_total', {}]]);
    const linked = listener();
    const url = `${peer.url}/file/x?signature=secret`;
    const handler = Object.assign(() => ({ status: 200, url }), { oneshot: true });
    const data = /** @type {const} */ ([
      ['big', 'Hello, world', 'text'],
      ['small', 'Hello', 'text'],
    ]);
    const more = { sender_name: 'me', fileserver_upload_handler: handler };
    const [envelope, json] = await smartsend('a.b', data, { ...options, ...more, ...linked.options });
    const { correlation_id, msg_id, timestamp } = envelope;
    const known = { correlation_id, msg_id, timestamp, sender_name: 'me', receiver_name: '' };
    assert.deepEqual(linked.lines[0]?.fields, { ...known, payload_type: 'text' });
    assert.deepEqual(linked.lines[1]?.fields, { ...known, payload_type: 'text', transport: 'link' });
    assert.deepEqual(linked.lines[linked.lines.length - 1]?.fields, { ...known, payload_type: 'text', transport: 'link,direct' });
    const warnings = linked.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
    assert.deepEqual(warnings, [
      "Payload 'big' can be fetched only once, and the message names no receiver: one of several gets it",
      `The link of payload 'big' leads to ${peer.url}, which only this machine reaches, and the broker is elsewhere`,
    ]);
    assert.deepEqual(
      linked.counts.map(([name]) => name),
      ['file_upload_duration_seconds', 'messages_sent_total'],
    );
    const reading = listener();
    await smartreceive(json, { fileserver_url: peer.url, ...reading.options });
    assert.deepEqual(
      reading.lines.map(({ message }) => message.replace(/in [0-9]+ ms/, 'in 1 ms')),
      [
        'Starting smartreceive for subject: a.b',
        `Downloading payload 'big' size: 12 bytes from ${peer.url}`,
        "Downloaded payload 'big' size: 12 bytes in 1 ms",
        "Deserialized payload 'big' (type: text, by link) size: 12 bytes",
        "Deserialized payload 'small' (type: text, direct) size: 5 bytes",
        'Received message with 2 payloads on subject: a.b',
      ],
    );
    assert.deepEqual(
      reading.counts.map(([name]) => name),
      ['file_download_duration_seconds', 'messages_received_total'],
    );
    const told = JSON.stringify([out.lines, linked.lines, reading.lines]);
    assert.doesNotMatch(told, /secret|\/file\/x/);
  }),
);

test(
  'attempts are told and counted, and so is their end (NFR-404)',
  withPeer(async (peer) => {
    peer.script('GET ', status('503 Service Unavailable'));
    const ear = listener();
    const json = linking({ url: `${peer.url}/file/secret?signature=secret`, bytes: Buffer.from('x') });
    const error = await failure(smartreceive(json, { fileserver_url: peer.url, max_retries: 2, base_delay: 1, ...ear.options }));
    assert.deepEqual(ear.counts, [
      ['retry_attempts_total', { direction: 'download' }],
      ['download_retry_exceeded_total', {}],
    ]);
    assert.deepEqual(
      ear.lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
      [
        "Download of payload 'part 0' failed in attempt 1 of 2, next in 1 ms: the file server answered 503 Service Unavailable",
        "Download of payload 'part 0' failed for good after 2 of 2 attempts: the file server answered 503 Service Unavailable",
      ],
    );
    assert.doesNotMatch(JSON.stringify([ear.lines, error, error.message, error.stack]), /secret/);
    const up = listener();
    await failure(
      plik_oneshot_upload(peer.url, 'x', Buffer.from('x'), { correlation_id: 'c', max_retries: 2, base_delay: 1, ...up.options }),
    );
    assert.deepEqual(up.counts, []);
    assert.deepEqual(up.lines[0]?.fields, { correlation_id: 'c' });
    peer.script('POST /upload', status('503 Service Unavailable'));
  }),
);

test('by default nothing is told; NODE_DEBUG asks for it', () => {
  const code = `import { smartsend } from ${JSON.stringify(new URL('../src/natsbridge_ssr.js', import.meta.url))};
    await smartsend('a.b', [['x', 'Hello', 'text']], { sender_name: 'me' });`;
  const run = (/** @type {string} */ sections) =>
    execFileSync('/bin/sh', ['-c', '"$0" --input-type=module -e "$1" 2>&1', process.execPath, code], {
      env: { ...process.env, NODE_DEBUG: sections },
    }).toString();
  assert.equal(run(''), '');
  const said = run('natsbridge');
  assert.match(said, /NATSBRIDGE [0-9]+: info Starting smartsend for subject: a\.b \{"correlation_id":"[0-9a-f-]{36}"/);
  assert.match(said, /"sender_name":"me"/);
});

test('texts of others begin no line of their own', () => {
  assert.equal(shown('a\n\r\t\'"\\\u001b[0m\u202e\u2028é😀'), 'a\\n\\r\\t\\\'\\"\\\\\\u{1b}[0m\\u{202e}\\u{2028}é😀');
});

test('texts of others show no secrets', () => {
  for (const [text, expected] of [
    ['GET http://a/b?c=d failed', 'GET http://a/b?… failed'],
    ['http://user:pw@a/b', 'http://…@a/b'],
    ['http://user:p?w@a/b', 'http://…?…'],
    ['http://a/b?mail=x@y&token=z', 'http://…?…'],
    ['https://a/#token', 'https://a/?…'],
    ['nothing to hide', 'nothing to hide'],
  ]) {
    assert.equal(redactText(text ?? ''), expected);
  }
});

test(
  'a download by itself has no message, and says so',
  withPeer(async (peer) => {
    peer.script('GET ', answer('x'));
    const ear = listener();
    await fetch_with_backoff(`${peer.url}/x`, 1, 1, 1, 'c', ear.options);
    assert.deepEqual(ear.lines[0], {
      level: 'debug',
      message: `Downloading payload '' size: unknown from ${peer.url}`,
      fields: { correlation_id: 'c' },
    });
  }),
);
