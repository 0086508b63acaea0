/** What is told of one message, on its way out or in. */

import { fieldsOf, fieldsOfPayload, listed, shown } from './observation.js';

/**
 * @typedef {import('./observation.js').Observation} Observation
 * @typedef {import('../core/outgoing.js').Envelope} Envelope
 */

/**
 * `smartsend` has begun.
 *
 * @param {Observation} observation
 * @param {string} subject
 * @param {import('./observation.js').Fields} known
 * @param {unknown} parts
 */
export function sending(observation, subject, known, parts) {
  observation.tell(
    'info',
    () => ({ ...known, payload_type: listed(Array.isArray(parts) ? parts.map((part) => String(part?.payload_type)) : []) }),
    () => `Starting smartsend for subject: ${shown(String(subject))}`,
  );
}

/**
 * Everything is serialized, and each payload's transport is chosen.
 *
 * @param {Observation} observation
 * @param {import('../core/outgoing.js').Outgoing} outgoing
 */
export function prepared(observation, outgoing) {
  const { envelope } = outgoing;
  const pending = new Map(outgoing.uploads().map((upload) => [upload.index, upload]));
  for (const [index, { dataname, payload_type, ...direct }] of envelope.payloads.entries()) {
    const upload = pending.get(index);
    const { size } = upload ?? direct;
    const transport = upload ? 'link' : direct.transport;
    const fields = () => ({ ...fieldsOfPayload(envelope, index), transport });
    observation.tell(
      'debug',
      fields,
      () => `Serialized payload '${shown(dataname)}' (type: ${payload_type}) size: ${size} bytes`,
    );
    observation.tell('debug', fields, () => `Using ${transport} transport for ${size} bytes`);
  }
}

/**
 * A payload that could not be uploaded goes direct.
 *
 * @param {Observation} observation
 * @param {Envelope} envelope
 * @param {number} index
 * @param {string} reason
 */
export function fellBack(observation, envelope, index, reason) {
  observation.tell(
    'warn',
    () => fieldsOfPayload(envelope, index),
    () => `Payload ${named(envelope, index)} could not be uploaded and goes direct: ${shown(reason)}`,
  );
}

/**
 * `smartsend` hands a message to its caller, who sends it.
 *
 * @param {Observation} observation
 * @param {Envelope} envelope
 * @param {number} bytes
 * @param {boolean} oneshot Whether what was uploaded can be fetched only once.
 */
export function made(observation, envelope, bytes, oneshot) {
  const linked = envelope.payloads.findIndex((payload) => payload.transport === 'link');
  if (oneshot && linked >= 0 && envelope.receiver_name === '' && envelope.receiver_id === '') {
    observation.tell(
      'warn',
      () => fieldsOfPayload(envelope, linked),
      () =>
        `Payload ${named(envelope, linked)} can be fetched only once, and the message names no receiver: one of several gets it`,
    );
  }
  warnOfLoopback(observation, envelope);
  observation.tell(
    'info',
    () => fieldsOf(envelope),
    () => `Made message of ${bytes} bytes with ${counted(envelope)} for subject: ${shown(envelope.send_to)}`,
  );
  observation.count('messages_sent_total');
}

/**
 * A message is parsed and valid, and what it links to is to be fetched.
 *
 * @param {Observation} observation
 * @param {Envelope} envelope
 */
export function understood(observation, envelope) {
  observation.tell(
    'info',
    () => fieldsOf(envelope),
    () => `Starting smartreceive for subject: ${shown(envelope.send_to)}`,
  );
}

/**
 * Every payload of a message is decoded: a whole message is here.
 *
 * @param {Observation} observation
 * @param {Envelope} envelope
 */
export function received(observation, envelope) {
  for (const [index, { dataname, payload_type, transport, size }] of envelope.payloads.entries()) {
    const way = transport === 'link' ? 'by link' : transport;
    observation.tell(
      'debug',
      () => fieldsOfPayload(envelope, index),
      () => `Deserialized payload '${shown(dataname)}' (type: ${payload_type}, ${way}) size: ${size} bytes`,
    );
  }
  observation.count('messages_received_total');
  observation.tell(
    'info',
    () => fieldsOf(envelope),
    () => `Received message with ${counted(envelope)} on subject: ${shown(envelope.send_to)}`,
  );
}

/**
 * A link leads to this very machine, while the message goes to a broker elsewhere: once for each message.
 *
 * @param {Observation} observation
 * @param {Envelope} envelope
 */
function warnOfLoopback(observation, envelope) {
  const { broker_url, payloads } = envelope;
  const local = payloads.findIndex(({ transport, data }) => transport === 'link' && isLoopback(String(data)));
  if (local < 0 || broker_url === '' || broker_url.split(',').some(isLoopback)) return;
  observation.tell(
    'warn',
    () => fieldsOfPayload(envelope, local),
    () => {
      const { origin } = new URL(String(payloads[local]?.data));
      return `The link of payload ${named(envelope, local)} leads to ${origin}, which only this machine reaches, and the broker is elsewhere`;
    },
  );
}

/**
 * Whether the URL, of whatever scheme, leads to the machine that it is read on (RFC 6761 section 6.3 for the names).
 *
 * @param {string} url
 */
function isLoopback(url) {
  const [, host = ''] = /^[a-z]+:\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)/i.exec(url) ?? [];
  const name = host.toLowerCase().replace(/\.+$/, '');
  return (
    /^(.+\.)?localhost$/.test(name) ||
    /^127(\.[0-9]{1,3}){3}$/.test(name) ||
    /^\[(0*:)*:?0*1\]$|^\[::ffff:127(\.[0-9]{1,3}){3}\]$/.test(name)
  );
}

/**
 * @param {Envelope} envelope
 * @param {number} index
 */
function named(envelope, index) {
  return `'${shown(envelope.payloads[index]?.dataname ?? '')}'`;
}

/** @param {Envelope} envelope */
function counted({ payloads }) {
  return payloads.length === 1 ? '1 payload' : `${payloads.length} payloads`;
}
