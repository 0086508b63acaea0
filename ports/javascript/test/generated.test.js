/** The generated check against an independent validator of the same schema, and errors against theirs. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';

import Ajv from 'ajv/dist/2020.js';

import { ack, nack, reply, update_status } from '../src/core/answer.js';
import { Checker } from '../src/core/check.js';
import { Decoder } from '../src/core/decoder.js';
import { NATSBridgeError } from '../src/core/error.js';
import { check_envelope, check_error, ENVELOPE_MEMBERS, PAYLOAD_MEMBERS, TIMESTAMP_RULE, UUID } from '../src/generated.js';
import { node_platform } from '../src/node/platform.js';
import { cases, exact, message } from './cases.js';
import { MOMENT, sent } from './moment.js';

const platform = node_platform(null);
const FOLDER = new URL('../../../schema/v1/', import.meta.url);

/** @param {string} name */
const schema = (name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));

const ajv = new /** @type {any} */ (Ajv.default ?? Ajv)({ strict: false, allErrors: false });
ajv.addFormat('date-time', (/** @type {string} */ text) => {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number);
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.toISOString().slice(0, 10) === text.slice(0, 10);
});
for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.schema.json'))) ajv.addSchema(schema(name), name);

/** Rules that JSON Schema does not have: bounds in bytes. */
const BEYOND = / bytes$/;

test('the check and an independent validator agree on every case', () => {
  const seen = [0, 0];
  for (const example of cases()) {
    let value;
    try {
      value = exact(message(example));
    } catch {
      continue;
    }
    const checker = new Checker();
    check_envelope(checker, value);
    const violations = checker.violations.filter(({ expected }) => !BEYOND.test(expected));
    const valid = ajv.validate('envelope.schema.json', JSON.parse(JSON.stringify(value, numbers)));
    assert.equal(violations.length === 0, valid, `${example.id}: ${JSON.stringify(violations[0] ?? ajv.errors)}`);
    seen[valid ? 1 : 0] = Number(seen[valid ? 1 : 0]) + 1;
  }
  assert.ok(Number(seen[0]) > 400 && Number(seen[1]) > 400, String(seen));
});

/**
 * @param {string} _name
 * @param {unknown} value
 */
function numbers(_name, value) {
  return typeof value === 'bigint' ? Number(value) : value;
}

test('the examples of the schema pass', () => {
  for (const [name, check] of /** @type {const} */ ([
    ['envelope', check_envelope],
    ['error', check_error],
  ])) {
    const checker = new Checker();
    check(checker, schema(`examples/${name}.json`));
    assert.deepEqual(checker.violations, []);
  }
});

test('a thousand violations are kept', () => {
  const checker = new Checker();
  check_envelope(checker, { payloads: Array(5_000).fill(0) });
  assert.equal(checker.violations.length, 1_000);
});

test('patterns see every character of Unicode', () => {
  const { pattern } = TIMESTAMP_RULE;
  assert.ok(UUID.matches('0123abcd-EF01-2345-6789-abcdefABCDEF'));
  for (const text of [
    '',
    '0123abcd-EF01-2345-6789-abcdefABCDEé',
    '0123abcd-EF01-2345-6789-abcdefABCD😀',
    '0123abcd-EF01-2345-6789-abcdefABCDEF\n',
  ]) {
    assert.ok(!UUID.matches(text), text);
  }
  const subject = (/** @type {string} */ text) => {
    const checker = new Checker();
    check_envelope(checker, { ...schema('examples/envelope.json'), send_to: text, payloads: [] });
    return checker.violations.length === 0;
  };
  for (const text of ['a', 'a.b', '*a', 'é.\u{10ffff}', '\u0080', '😀']) assert.ok(subject(text), text);
  for (const text of [
    '',
    'a.',
    '.a',
    'a..b',
    '*',
    'a.>',
    'a b',
    'é.\u001f',
    '\u007f',
    '\ud800',
    'a\udc00',
    '\ude00\ud83d',
    'é'.repeat(513),
  ]) {
    assert.ok(!subject(text), JSON.stringify(text));
  }
  assert.ok(pattern?.matches('2026-03-13T07:02:50.443Z') && !pattern.matches('2026-03-13T07:02:60Z'));
});

test('dates are those of the calendar', () => {
  const valid = (/** @type {string} */ date) => {
    const checker = new Checker();
    check_envelope(checker, { ...schema('examples/envelope.json'), timestamp: `${date}T00:00:00Z` });
    return checker.violations.length === 0;
  };
  for (const date of ['2024-02-29', '2000-02-29', '0000-02-29', '2026-12-31', '2026-04-30']) assert.ok(valid(date), date);
  for (const date of ['2023-02-29', '1900-02-29', '2026-00-01', '2026-13-01', '2026-01-00', '2026-04-31', '2026-01-32']) {
    assert.ok(!valid(date), date);
  }
});

test('objects are written in schema order', () => {
  const envelope = sent([['x', 'abc', 'text']]);
  assert.deepEqual(Object.keys(envelope), ENVELOPE_MEMBERS);
  assert.deepEqual(Object.keys(envelope.payloads[0] ?? {}), PAYLOAD_MEMBERS);
});

test('errors are what their schema says', () => {
  const refused = [];
  for (const example of cases()) {
    try {
      const { payload_types, ...options } = example.options ?? {};
      const incoming = new Decoder(platform, options).decode(message(example));
      if (incoming.downloads().length === 0) incoming.finish();
    } catch (error) {
      assert.ok(error instanceof NATSBridgeError, String(error));
      refused.push(error);
      const report = JSON.parse(error.to_json());
      assert.ok(
        ajv.validate('error.schema.json', report),
        `${example.id}: ${JSON.stringify(ajv.errors)} ${error.to_json().slice(0, 500)}`,
      );
      assert.equal(report.error.code, error.code);
      assert.ok(error.message.length < 2_000 && String(error).includes(error.code), example.id);
      const checker = new Checker();
      check_error(checker, error.report());
      assert.deepEqual(checker.violations, []);
    }
  }
  assert.ok(refused.length > 500, String(refused.length));
});

test('an error says what it knows', () => {
  const details = { pointer: '/a', dataname: 'x', expected: 'this', found: 'that', retryable: true, cause: new Error('why') };
  const error = new NATSBridgeError('DOWNLOAD_FAILED', 'fetch', 'it failed', details).about({
    correlation_id: 'c',
    msg_id: 'm',
    send_to: 's',
  });
  assert.equal(
    error.to_json('2026-03-13T07:02:50.443Z'),
    '{"correlation_id":"c","msg_id":"m","timestamp":"2026-03-13T07:02:50.443Z","send_to":"s","error":{"code":"DOWNLOAD_FAILED",' +
      '"message":"it failed","details":{"phase":"fetch","pointer":"/a","dataname":"x","expected":"this","found":"that"}}}',
  );
  assert.equal(String(error), 'NATSBridgeError [DOWNLOAD_FAILED]: it failed');
  assert.ok(error instanceof Error && error.retryable && error.cause instanceof Error && error.name === 'NATSBridgeError');
  assert.deepEqual(
    JSON.parse(new NATSBridgeError('UPLOAD_FAILED', 'upload', 'm').to_json('2026-03-13T07:02:50.443Z')).error.details,
    { phase: 'upload' },
  );
});

test('answers are made of the envelope alone', () => {
  const envelope = { ...sent([]), reply_to: 'answers.here', sender_name: 'asker' };
  const made = (/** @type {import('../src/core/draft.js').Draft} */ draft) => draft.encode(platform, MOMENT()).finish()[0];
  const error = new NATSBridgeError('SIZE_MISMATCH', 'decode', 'it is too short').about(envelope);
  for (const [answer, purpose, count] of /** @type {const} */ ([
    [ack(envelope), 'ACK', 0],
    [nack(envelope, error), 'NACK', 1],
    [nack(envelope, error.report()), 'NACK', 1],
    [reply(envelope, [['x', 'abc', 'text']]), 'chat', 1],
    [update_status(envelope), 'updateStatus', 0],
  ])) {
    const { send_to, msg_purpose, correlation_id, reply_to_msg_id, receiver_name, receiver_id, payloads, msg_id } = made(answer);
    assert.deepEqual([send_to, msg_purpose, payloads.length], ['answers.here', purpose, count]);
    assert.deepEqual(
      [correlation_id, reply_to_msg_id, receiver_name, receiver_id],
      [envelope.correlation_id, envelope.msg_id, 'asker', envelope.sender_id],
    );
    assert.ok(msg_id);
  }
  assert.equal(made(ack(envelope, { send_to: '_INBOX.x', sender_name: 'worker' })).send_to, '_INBOX.x');
  const [, text] = nack(envelope, error).encode(platform, MOMENT()).finish();
  const [payload] = new Decoder(platform).decode(text).finish().payloads;
  assert.deepEqual([payload?.dataname, payload?.payload_type], ['error', 'dictionary']);
  assert.ok(ajv.validate('error.schema.json', payload?.data));
  assert.throws(() => nack(envelope, /** @type {any} */ ({ code: 'x' })), NATSBridgeError);
  assert.throws(() => ack({ ...envelope, reply_to: '' }).encode(platform, MOMENT()), /send_to/);
});
