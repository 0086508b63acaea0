/** Answers, above all refusals, to messages of every kind (W8.2). */

import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { encode, NATSBridgeError, nack, reply, smartreceive, smartsend } from '../src/natsbridge_ssr.js';
import { shorten } from '../src/node/refusal.js';
import { failure } from './failure.js';
import { linking } from './link.js';
import { status, withPeer } from './peer.js';

/**
 * The report within a refusal.
 *
 * @param {import('../src/node/answers.js').Answer} refusal
 */
const reported = async ([, json]) => /** @type {any} */ ((await smartreceive(json)).payloads[0]).data;

test('a message that is readable but invalid is refused by its id', async () => {
  const [{ msg_id, correlation_id }, json] = await smartsend('a.b', [['x', 'Hello', 'text']]);
  const error = await failure(smartreceive(json.replace('"payload_type":"text"', '"payload_type":"txet"')));
  const refusal = nack(null, error, { send_to: 'inbox' });
  assert.deepEqual([refusal[0].reply_to_msg_id, refusal[0].correlation_id], [msg_id, correlation_id]);
  assert.equal((await reported(refusal)).msg_id, msg_id);
  const nameless = await failure(smartreceive(json.replace(msg_id, 'no id').replace(correlation_id, 'none')));
  const [envelope] = nack(null, nameless, { send_to: 'inbox' });
  assert.equal(envelope.reply_to_msg_id, '');
});

test('a refusal fits, whatever the message says', async () => {
  const [, json] = await smartsend('a.b', [['x', 'Hello', 'text']]);
  const message = JSON.parse(json);
  const [payload] = message.payloads;
  for (const name of ['n'.repeat(1_500_000), '\u0001'.repeat(400_000), '😀'.repeat(500_000)]) {
    for (const bad of [
      `{${JSON.stringify(name)}:tru}`,
      JSON.stringify({ ...message, payloads: [{ ...payload, dataname: name }] }),
      JSON.stringify({ ...message, send_to: name }),
      JSON.stringify({
        ...message,
        correlation_id: name,
        msg_id: name,
        send_to: name,
        payloads: [{ ...payload, dataname: name }],
      }),
    ]) {
      const error = await failure(smartreceive(bad));
      for (const options of [{}, { max_message_bytes: 100_000 }]) {
        const refusal = nack(null, error, { send_to: 'inbox', ...options });
        const { error: told } = await reported(refusal);
        assert.deepEqual([told.code, told.details.phase], [error.code, error.phase]);
      }
    }
  }
  const { message: odd } = (
    await reported(nack(null, new NATSBridgeError('SIZE_MISMATCH', 'decode', 'a\ud83d'), { send_to: 'i' }))
  ).error;
  assert.equal(odd, 'a\ufffd');
});

test('long texts are cut at a character', () => {
  const text = shorten('aä😀b'.repeat(10), 16);
  assert.equal(text, 'aä😀baä…');
  assert.equal(shorten(text, 16), text);
});

test('all of an answer goes direct, and what does not fit is told so', async () => {
  const [envelope] = encode('a.b', [], { reply_to: 'answers' }).finish();
  const bytes = Buffer.alloc(600_000);
  const [answer] = reply(envelope, [['x', bytes, 'binary']]);
  assert.equal(answer.payloads[0]?.transport, 'direct');
  for (const payloads of /** @type {any[]} */ ([
    [['x', Buffer.alloc(900_000), 'binary']],
    [
      ['x', bytes, 'binary'],
      ['y', bytes, 'binary'],
    ],
  ])) {
    assert.throws(
      () => reply(envelope, payloads, { size_threshold: 1 }),
      (/** @type {any} */ { code, phase }) => code === 'PAYLOAD_TOO_LARGE' && phase === 'limit',
    );
  }
});

test(
  'what is wrong with the receiver itself may go well another time, and is nobody else’s business',
  withPeer(async (peer) => {
    peer.script('GET ', status('200 OK'));
    const [{ msg_id }, json] = await smartsend('a.b', [['x', 'Hello', 'text']], { reply_to: 'answers' });
    const nowhere = join(tmpdir(), 'natsbridge-no-such-folder');
    for (const options of /** @type {any[]} */ ([
      { into_dir: nowhere },
      { into_files: () => join(nowhere, 'x') },
      { fileserver_url: 'bogus-secret' },
      { allowed_origins: ['bogus-secret'] },
      { max_retries: -5 },
      { max_payloads: -5 },
      { bogus_secret: 1 },
    ])) {
      const error = await failure(smartreceive(json, options));
      const refusal = nack(null, error);
      const { error: told, msg_id: about } = await reported(refusal);
      assert.deepEqual([refusal[0].reply_to_msg_id, about, refusal[0].send_to], [msg_id, msg_id, 'answers']);
      assert.ok(told.code === 'DOWNLOAD_FAILED' || told.details.retryable === true, JSON.stringify(told));
      assert.doesNotMatch(JSON.stringify(told), /no-such-folder|bogus|max_|-5|fileserver_url|allowed_origins/);
    }
    const linked = linking({ url: `${peer.url}/x`, bytes: Buffer.from('x') });
    const error = await failure(smartreceive(linked, { fileserver_url: peer.url, into_dir: nowhere }));
    const { error: told } = await reported(nack(null, error, { send_to: 'inbox' }));
    assert.doesNotMatch(JSON.stringify(told), /no-such-folder/);
    process.env.FILESERVER_URL = 'bogus-secret';
    const environment = await failure(smartreceive(json)).finally(() => delete process.env.FILESERVER_URL);
    const { error: ours } = await reported(nack(null, environment));
    assert.equal(ours.details.retryable, true);
    assert.doesNotMatch(JSON.stringify(ours), /bogus|FILESERVER/);
    const theirs = await failure(smartreceive(json.replace('SGVsbG8=', 'SGVsbG8!')));
    assert.equal((await reported(nack(null, theirs))).error.details.retryable, undefined);
  }),
);
