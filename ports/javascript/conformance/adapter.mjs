/** The JavaScript port under the conformance suite: one JSON object per line in, one out (conformance/README.md). */

import assert from 'node:assert';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Table, tableFromIPC } from 'apache-arrow';
import * as natsbridge from 'natsbridge';

const { columns, file, nack, NATSBridgeError, Part, PayloadFile, Plik, smartreceive, smartsend } = natsbridge;
const nats = await import(Number.parseInt(process.versions.node, 10) < 18 ? 'nats' : '@nats-io/transport-node');

const HELLO = {
  protocol: 1,
  implementation: 'javascript',
  version: natsbridge.VERSION,
  runtime: `Node ${process.versions.node}`,
  platform: 'desktop',
  payload_types: 'text dictionary arrowtable jsontable image audio video binary'.split(' '),
  transports: ['direct', 'link'],
  capabilities:
    'answers arrowtable big-integers environment files link lone-surrogates nats non-finite-floats one-number-type'.split(' '),
};

const BYTES = ['image', 'audio', 'video', 'binary'];
const say = (id, outcome) => process.stdout.write(`${JSON.stringify({ id, ...outcome })}\n`);
const bytes = (base64) => Buffer.from(base64, 'base64');
const native = (given) => GIVEN[given.type](given);

/** A value to be sent. */
const GIVEN = {
  null: () => null,
  bool: ({ value }) => value,
  int: ({ value }) => (Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value)),
  float: ({ value }) => Number(value),
  string: ({ value }) => value,
  utf16: ({ value }) => String.fromCharCode(...value),
  array: ({ value }) => value.map(native),
  object: ({ value }) => Object.fromEntries(value.map(([name, item]) => [name, native(item)])),
  bytes: ({ base64 }) => bytes(base64),
  table: ({ stream }) => tableFromIPC(bytes(stream)),
  file: ({ path }) => file(path),
};
/** A value that was received. */
function tagged(value) {
  if (value === null) return { type: 'null' };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value === 'bigint' || Number.isSafeInteger(value))
    return { type: Object.is(value, -0) ? 'float' : 'int', value: text(value) };
  if (typeof value === 'number') return { type: 'float', value: text(value) };
  if (Array.isArray(value)) return { type: 'array', value: value.map(tagged) };
  if (value instanceof PayloadFile) return tagged(readFileSync(value.path));
  if (value instanceof Uint8Array) {
    const base64 = value.length <= 4096 ? { base64: Buffer.from(value).toString('base64') } : {};
    return { type: 'bytes', size: value.length, sha256: createHash('sha256').update(value).digest('hex'), ...base64 };
  }
  if (value instanceof Table) return { type: 'table', rows: value.numRows, columns: columns(value).map(cells) };
  return { type: 'object', value: Object.entries(value).map(([name, item]) => [name, tagged(item)]) };
}

const text = (value) => (Object.is(value, -0) ? '-0.0' : String(value));
/** A column with its values as text: numbers of 32 bits as the shortest that reads back to them. */
function cells({ type, values, ...column }) {
  const near = (value) => [1, 2, 3, 4, 5, 6, 7, 8, 9].map((digits) => Number(value.toPrecision(digits)));
  const cell = (value) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    if (type === 'float' && Number.isFinite(value)) return text(value && near(value).find((it) => Math.fround(it) === value));
    return typeof value === 'number' || typeof value === 'bigint' ? text(value) : value;
  };
  return { type, ...column, values: values.map(cell) };
}
const named = ({ metadata, ...rest } = {}) => ({ ...rest, ...(metadata && { metadata: native(metadata) }) });
const part = ({ dataname, value, payload_type, ...own }) => new Part(dataname, native(value), payload_type, named(own));
function send({ id, op, subject, payloads, upload, transfer, nats_url, deliver, arguments: given, ...rest }) {
  const { to, fileserver_url, ttl_s, status, url } = upload ?? {};
  const fileserver_upload_handler = { kept: () => new Plik({ ttl: ttl_s }), handler: () => () => ({ status, url }) }[to]?.();
  const options = { ...named(given), ...rest, ...transfer, fileserver_url, fileserver_upload_handler };
  return smartsend(subject, payloads.map(part), options);
}

function decoded({ payloads, metadata, ...envelope }, more) {
  const list = payloads.map(({ data, metadata: own, ...rest }) => ({ ...rest, value: tagged(data), metadata: tagged(own) }));
  return { decoded: { envelope: { ...envelope, metadata: tagged(metadata) }, payloads: list, ...more } };
}
/** What is no error of the library ends the process. */
const refused = (error, more) => ({ error: { report: JSON.parse(error.to_json?.() ?? assert.fail(error)), ...more } });

const OPERATIONS = {
  hello: async () => ({ hello: HELLO }),
  stop: async () => ({ stopped: true }),
  encode: async (request) => ({ encoded: { message: (await send(request))[1] } }),
  decode: async ({ id, op, text, base64, transfer, handler, into_folder, ...rest }) => {
    const asked = [];
    const own = async (url) => bytes(handler[asked.push(url) && url] ?? assert.fail('the handler does not know this link'));
    own.origins = [];
    const into_files = (index, { payload_type }) => (BYTES.includes(payload_type) ? join(into_folder, `${index}`) : null);
    const how = { ...(handler && { fileserver_download_handler: own }), ...(into_folder && { into_files }) };
    const more = handler && { asked };
    const message = smartreceive(text ?? bytes(base64), { ...rest, ...transfer, ...how });
    return message.then((it) => decoded(it, more)).catch((error) => refused(error, more));
  },
  answer: async ({ kind, text, base64, reply_subject: send_to, error, payloads, arguments: given }) => {
    const envelope = await smartreceive(text ?? bytes(base64));
    const about = { nack: [error], reply: [(payloads ?? []).map(part)] }[kind] ?? [];
    return { encoded: { message: natsbridge[kind](envelope, ...about, { ...named(given), send_to })[1] } };
  },
  send: async ({ nats_url, ...request }) => {
    if (request.deliver) return { unsupported: 'deliver' };
    const [envelope, message] = await send(request);
    const connection = await nats.connect({ servers: nats_url });
    connection.publish(envelope.send_to, message);
    await connection.drain();
    return { encoded: { message } };
  },
  receive: async ({ id, nats_url, subject, timeout, answer, fileserver_url, transfer }) => {
    const connection = await nats.connect({ servers: nats_url });
    const subscription = connection.subscribe(subject, { max: 1 });
    await connection.flush();
    say(id, { subscribed: true });
    const timer = setTimeout(() => subscription.unsubscribe(), timeout);
    let outcome = refused(new NATSBridgeError('NATS_CONNECTION_FAILED', 'deliver', `no message came within ${timeout} ms`));
    for await (const { data, reply: send_to } of subscription) {
      const read = await smartreceive(data, { fileserver_url, ...transfer }).catch((error) => error);
      const failed = read instanceof Error;
      outcome = (failed ? refused : decoded)(read);
      const reason = new NATSBridgeError('DESERIALIZATION_ERROR', 'decode', 'as the case asks');
      const refusal = () => (failed ? nack(null, read, { send_to }) : nack(read, reason, { send_to }));
      const made = answer === 'nack' ? refusal() : answer && !failed && natsbridge[answer](read, { send_to });
      if (made) connection.publish(made[0].send_to, made[1]);
    }
    clearTimeout(timer);
    await connection.drain();
    return outcome;
  },
};

// `readline` would break lines at U+2028, too.
let held = '';
for await (const piece of process.stdin.setEncoding('utf8')) {
  const [first, ...lines] = piece.split('\n');
  held += first;
  for (const next of lines) {
    const request = JSON.parse(held);
    held = next;
    say(request.id, await OPERATIONS[request.op](request).catch((error) => refused(error)));
    if (request.op === 'stop') process.exit(0);
  }
}
