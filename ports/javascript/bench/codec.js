/**
 * Encoding and decoding beside the plain way of the standard library, `JSON` and `Buffer`, as ratios in one run: rounds of both
 * take turns, and medians are compared. The plain way checks nothing; this library's is strict in both directions. Two rows show
 * what no library can be faster than: the work that is left when all else costs nothing.
 *
 *     npm run bench
 */

import { randomBytes, randomUUID } from 'node:crypto';

import { Decoder } from '../src/core/decoder.js';
import { Draft } from '../src/core/draft.js';
import { read } from '../src/core/json_read.js';
import { node_platform } from '../src/node/platform.js';

const ROUNDS = 41;
const ROUND_MS = 15;

const platform = node_platform(null);
const decoder = new Decoder(platform);
const moment = () => ({ timestamp: new Date(), new_id: randomUUID });

for (const size of [10_000, 500_000]) {
  const bytes = randomBytes(size);
  const options = { size_threshold: size + 1 };
  const draft = () => new Draft('/chat/user/v1/message', [['blob', bytes, 'binary']], options).encode(platform, moment());
  const [, text] = draft().finish();
  const message = Buffer.from(text);
  compare(
    `the base64, ids and time of ${size} bytes and nothing else`,
    () => [bytes.toString('base64'), randomUUID(), randomUUID(), randomUUID(), randomUUID(), new Date()],
    () => JSON.stringify(plain(bytes)),
  );
  compare(
    `encode ${size}, string out`,
    () => draft().finish(),
    () => JSON.stringify(plain(bytes)),
  );
  compare(
    `encode ${size}, bytes out`,
    () => draft().finish_bytes(),
    () => Buffer.from(JSON.stringify(plain(bytes))),
  );
  const base64 = bytes.toString('base64');
  compare(
    `${size} bytes out of their base64 and nothing else`,
    () => Buffer.from(base64, 'base64'),
    () => plain_decoded(text),
  );
  compare(
    `decode ${size}, bytes in`,
    () => decoder.decode(message).finish(),
    () => plain_decoded(message.toString()),
  );
  compare(
    `decode ${size}, string in`,
    () => decoder.decode(text).finish(),
    () => plain_decoded(text),
  );
}

const records = JSON.stringify(dictionary());
const dictionary_bytes = Buffer.from(records);
compare(
  `read a dictionary of ${dictionary_bytes.length} bytes (a ratio below 1 is slower)`,
  () => read(dictionary_bytes, platform),
  () => JSON.parse(dictionary_bytes.toString()),
);

/**
 * Prints how many times faster ours is than the plain way.
 *
 * @param {string} what
 * @param {() => unknown} ours
 * @param {() => unknown} plain_way
 */
function compare(what, ours, plain_way) {
  const times = [ours, plain_way].map((run) => ({ run, count: calibrated(run), rounds: /** @type {number[]} */ ([]) }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { run, count, rounds } of times) rounds.push(timed(run, count) / count);
  }
  const [our_time = 0, plain_time = 0] = times.map(({ rounds }) => rounds.sort((a, b) => a - b)[ROUNDS >> 1]);
  const figures = `${microseconds(our_time)} beside ${microseconds(plain_time)}`;
  console.log(`${what}: ${(plain_time / our_time).toFixed(2)} times as fast (${figures})`);
}

/** @param {() => unknown} run */
function calibrated(run) {
  let count = 1;
  while (timed(run, count) < ROUND_MS) count *= 2;
  return count;
}

/**
 * @param {() => unknown} run
 * @param {number} count
 */
function timed(run, count) {
  const start = process.hrtime.bigint();
  for (let index = 0; index < count; index += 1) run();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/** @param {number} milliseconds */
function microseconds(milliseconds) {
  return `${(milliseconds * 1_000).toFixed(1)} µs`;
}

/** @param {Buffer} bytes */
function plain(bytes) {
  return {
    correlation_id: randomUUID(),
    msg_id: randomUUID(),
    timestamp: new Date().toISOString(),
    send_to: '/chat/user/v1/message',
    msg_purpose: 'chat',
    sender_name: 'NATSBridge',
    sender_id: randomUUID(),
    receiver_name: '',
    receiver_id: '',
    reply_to: '',
    reply_to_msg_id: '',
    broker_url: 'nats://localhost:4222',
    metadata: {},
    payloads: [
      {
        id: randomUUID(),
        dataname: 'blob',
        payload_type: 'binary',
        transport: 'direct',
        encoding: 'base64',
        size: bytes.length,
        data: bytes.toString('base64'),
        metadata: { payload_bytes: bytes.length },
      },
    ],
  };
}

/** @param {string} text */
function plain_decoded(text) {
  const envelope = JSON.parse(text);
  for (const payload of envelope.payloads) payload.data = Buffer.from(payload.data, 'base64');
  return envelope;
}

/** About 1 MB of records as programs send them. */
function dictionary() {
  const stations = ['Ahrweiler', 'Köln', 'Wien-Nußdorf', 'São Paulo', 'Zürich'];
  return Array.from({ length: 7_300 }, (_, index) => ({
    id: index,
    station: stations[index % stations.length],
    at: new Date(1_700_000_000_000 + index * 60_000).toISOString(),
    level: Math.round(Math.sin(index) * 10_000) / 100,
    ok: index % 7 !== 0,
    tags: ['gauge', `row-${index}`],
    note: index % 3 === 0 ? null : 'water "rising"\nslowly',
  }));
}
