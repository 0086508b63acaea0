/** The receiver of the README, with messages that its example does not send. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import * as natsbridge from '../src/natsbridge_ssr.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, receiver = ''] = /\/\/ The receiver\.\n([\s\S]*?)await nats\.flush\(\);/.exec(readme) ?? [];

/**
 * What the README's receiver publishes when these messages come.
 *
 * @param {{data: Uint8Array, reply: string}[]} messages
 * @param {(subject: string, json: string) => void} publish
 */
function received(messages, publish) {
  const nats = { publish, subscribe: () => messages };
  const silent = { log() {} };
  const names = ['nats', 'console', ...Object.keys(natsbridge)];
  return new Function(...names, `${receiver}; return receiving;`)(nats, silent, ...Object.values(natsbridge));
}

test('the README’s receiver answers where an answer can go, and takes no other failure for a bad message', async () => {
  const text = async (options = {}) => (await natsbridge.smartsend('a.b', [['x', 'Hello', 'text']], options))[1];
  const bad = (/** @type {string} */ json) => json.replace('SGVsbG8=', 'SGVsbG8!');
  const data = (/** @type {string} */ json) => Buffer.from(json);
  /** @type {string[]} */
  const answers = [];
  await received(
    [
      { data: data(await text()), reply: '' },
      { data: data(bad(await text())), reply: '' },
      { data: data('no message'), reply: '' },
      { data: data(await text({ reply_to: 'named' })), reply: '' },
      { data: data(bad(await text({ reply_to: 'named' }))), reply: '' },
      { data: data(await text()), reply: 'inbox' },
      { data: data('no message'), reply: 'inbox' },
    ],
    (subject, json) => void answers.push(`${JSON.parse(json).msg_purpose} ${subject}`),
  );
  assert.deepEqual(answers, ['ACK named', 'NACK named', 'ACK inbox', 'NACK inbox']);
  /** @type {string[]} */
  const tried = [];
  const failing = received([{ data: data(await text()), reply: 'inbox' }], (_, json) => {
    tried.push(JSON.parse(json).msg_purpose);
    throw new natsbridge.NATSBridgeError('NATS_CONNECTION_FAILED', 'deliver', 'closed');
  });
  await assert.rejects(failing, /closed/);
  assert.deepEqual(tried, ['ACK']);
});
