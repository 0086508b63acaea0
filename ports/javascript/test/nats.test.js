/** Over a real NATS server, with the client of the day and the one that runs on Node 16. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { ack, nack, reply, smartreceive, smartsend, smartsend_bytes, update_status } from '../src/natsbridge_ssr.js';
import { failure, sample } from './failure.js';
import { withFileServer, withNats } from './program.js';

const MODERN = Number.parseInt(process.versions.node, 10) >= 18;

/** @type {(name: string) => Promise<any>} */
const load = (name) => import(name);

for (const name of MODERN ? ['nats', '@nats-io/transport-node'] : ['nats']) {
  test(
    `${name}: a message with every kind of payload, and its answers (AC-007, W8.6)`,
    withNats((servers) =>
      withFileServer(async (fileserver_url) => {
        const { connect } = await load(name);
        const connection = await connect({ servers });
        try {
          const subscription = connection.subscribe('work.*');
          await connection.flush();
          const data = /** @type {any} */ ([
            ['text', 'Grüße 😀', 'text'],
            ['dictionary', { big: 12345678901234567890n, list: [1, null, 'x'] }, 'dictionary'],
            [
              'table',
              [
                { a: 1, b: 'x' },
                { a: 2, b: 'y' },
              ],
              'arrowtable',
            ],
            ['rows', [{ a: 1 }, {}], 'jsontable'],
            ...['image', 'audio', 'video', 'binary'].map((type) => [type, sample(type === 'video' ? 700_000 : 10), type]),
          ]);
          const [, json] = await smartsend_bytes('work.one', data, {
            fileserver_url,
            receiver_name: 'worker',
            reply_to: 'answers',
          });
          connection.publish('work.one', json);
          const messages = subscription[Symbol.asyncIterator]();
          const { value } = await messages.next();
          const received = await smartreceive(value.data, { fileserver_url });
          assert.deepEqual(
            received.payloads.map(({ payload_type }) => payload_type),
            data.map((/** @type {any} */ [, , type]) => type),
          );
          assert.deepEqual(received.payloads[1]?.data, data[1][1]);
          assert.ok(Buffer.from(/** @type {any} */ (received.payloads[6]?.data)).equals(data[6][1]));
          const error = await failure(smartreceive(value.data.slice(1)));
          for (const [purpose, made] of /** @type {const} */ ([
            ['ACK', ack(received, { send_to: 'work.reply', sender_name: 'worker' })],
            ['NACK', nack(received, error, { send_to: 'work.reply' })],
            ['updateStatus', update_status(received, { send_to: 'work.reply' })],
            ['chat', reply(received, [['x', 'Hello', 'text']], { send_to: 'work.reply' })],
          ])) {
            const [envelope, text] = made;
            connection.publish(envelope.send_to, text);
            const next = await messages.next();
            const answer = await smartreceive(next.value.string?.() ?? next.value.data);
            assert.deepEqual(
              [answer.msg_purpose, answer.reply_to_msg_id, answer.correlation_id, answer.receiver_name, answer.receiver_id],
              [purpose, received.msg_id, received.correlation_id, received.sender_name, received.sender_id],
            );
            assert.equal(answer.payloads.length, purpose === 'ACK' || purpose === 'updateStatus' ? 0 : 1);
          }
          const [toReplyTo] = ack(received);
          assert.equal(toReplyTo.send_to, 'answers');
        } finally {
          await connection.close();
        }
      })(),
    ),
  );
}

test('an answer needs a subject to go to', async () => {
  const [envelope, json] = await smartsend('a.b', [['x', 'Hello', 'text']]);
  const received = await smartreceive(json);
  assert.equal(received.msg_id, envelope.msg_id);
  assert.throws(() => ack(received), /send_to/);
});
