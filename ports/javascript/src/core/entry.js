/**
 * One payload on its way out: the object in the envelope, what it is made from, and its JSON text.
 *
 * @typedef {import('../generated.js').Checksum} Checksum
 * @typedef {import('../generated.js').Envelope} Envelope
 * @typedef {import('../generated.js').Payload} Payload
 * @typedef {import('./header.js').Limits} Limits
 * @typedef {import('./platform.js').Platform} Platform
 *
 * @typedef {object} Entry
 * @property {Payload} payload as it stands in the envelope; its `metadata` is the caller's until it is written
 * @property {string} metadata_text the caller's members of the metadata as JSON text, without braces
 * @property {Uint8Array | null} bytes the serialized payload; null for an external part
 * @property {number} size its number of bytes
 * @property {boolean} pending whether it goes by link and has no URL yet
 * @property {string | null} sha256 its digest, where it is known
 * @property {string | null} inline the JSON text that stands in the envelope as itself
 */

import { PAYLOAD_METADATA_MEMBERS, write_envelope, write_payload } from '../generated.js';
import { encoded_length } from './base64.js';
import { put, read } from './json_read.js';
import { quote, Unwritable, write } from './json_write.js';
import { byte_length } from './text.js';

const [PAYLOAD_BYTES = '', SHA256 = ''] = PAYLOAD_METADATA_MEMBERS;

/** As long as any other, where no digest is known yet. */
const NO_DIGEST = '0'.repeat(64);

/**
 * @param {Payload} payload
 * @param {string} metadata_text
 * @returns {Entry}
 */
export function entry(payload, metadata_text) {
  return { payload, metadata_text, bytes: null, size: 0, pending: true, sha256: null, inline: null };
}

/**
 * Makes a payload direct; its bytes are here.
 *
 * @param {Entry} ready
 * @param {Limits} limits
 * @param {Platform} platform
 */
export function settle_direct(ready, { inline_json }, platform) {
  const { payload } = ready;
  ready.pending = false;
  payload.transport = 'direct';
  payload.encoding = 'base64';
  payload.size = ready.size;
  if (inline_json) {
    ready.inline = inline_text(ready, platform);
    if (ready.inline !== null) {
      payload.encoding = 'json';
      payload.size = byte_length(ready.inline);
    }
  }
}

/**
 * Makes a payload linked.
 *
 * @param {Entry} ready
 * @param {string} url
 */
export function settle_link(ready, url) {
  const { payload } = ready;
  ready.pending = false;
  payload.transport = 'link';
  payload.encoding = 'none';
  payload.size = ready.size;
  payload.data = url;
}

/**
 * The digest that goes with a payload as it travels now; null where none does.
 *
 * @param {Entry} ready
 * @param {Checksum} checksum
 * @param {Platform} platform
 * @returns {string | null}
 */
export function digest(ready, checksum, platform) {
  const wanted = ready.payload.transport === 'link' ? checksum !== 'none' : checksum === 'all' && ready.inline === null;
  if (!wanted) return null;
  ready.sha256 ??= platform.sha256(/** @type {Uint8Array} */ (ready.bytes));
  return ready.sha256;
}

/**
 * The JSON text of a payload.
 *
 * @param {Entry} ready
 * @param {string} data the text of its data
 * @param {string | null} sha256
 * @returns {string}
 */
export function payload_text({ payload, metadata_text }, data, sha256) {
  const { id, dataname, payload_type, transport, encoding, size } = payload;
  const digest = sha256 === null ? '' : `,"${SHA256}":"${sha256}"`;
  const own = metadata_text === '' ? '' : `,${metadata_text}`;
  return write_payload({
    id: `"${id}"`,
    dataname: quote(dataname),
    payload_type: `"${payload_type}"`,
    transport: `"${transport}"`,
    encoding: `"${encoding}"`,
    size: String(size),
    data,
    metadata: `{"${PAYLOAD_BYTES}":${size}${digest}${own}}`,
  });
}

/**
 * Writes what the library itself says into the metadata of a payload, before the caller's members.
 *
 * @param {Payload} payload
 * @param {string | null} sha256
 */
export function fill_metadata(payload, sha256) {
  /** @type {Payload['metadata']} */
  const metadata = {};
  metadata[PAYLOAD_BYTES] = payload.size;
  if (sha256 !== null) metadata[SHA256] = sha256;
  for (const name of Object.keys(payload.metadata)) put(metadata, name, payload.metadata[name]);
  payload.metadata = metadata;
}

/**
 * The JSON text of an envelope.
 *
 * @param {Envelope} envelope
 * @param {string} metadata the text of its metadata
 * @param {string} payloads the texts of its payloads, with commas between them
 * @returns {string}
 */
export function envelope_text(envelope, metadata, payloads) {
  return write_envelope({
    correlation_id: `"${envelope.correlation_id}"`,
    msg_id: `"${envelope.msg_id}"`,
    timestamp: `"${envelope.timestamp}"`,
    send_to: quote(envelope.send_to),
    msg_purpose: `"${envelope.msg_purpose}"`,
    sender_name: quote(envelope.sender_name),
    sender_id: `"${envelope.sender_id}"`,
    receiver_name: quote(envelope.receiver_name),
    receiver_id: `"${envelope.receiver_id}"`,
    reply_to: quote(envelope.reply_to),
    reply_to_msg_id: `"${envelope.reply_to_msg_id}"`,
    broker_url: `"${envelope.broker_url}"`,
    metadata,
    payloads: `[${payloads}]`,
  });
}

/**
 * Bytes of the JSON text of an envelope that has no payloads yet.
 *
 * @param {Envelope} envelope
 * @param {string} metadata
 * @returns {number}
 */
export function header_length(envelope, metadata) {
  return byte_length(envelope_text(envelope, metadata, ''));
}

/**
 * Bytes of a payload's JSON text if it is direct; nothing large is written to find out.
 *
 * @param {Entry} ready
 * @param {Limits} limits
 * @param {Platform} platform
 * @returns {number}
 */
export function direct_length(ready, limits, platform) {
  const trial = { ...ready, payload: { ...ready.payload } };
  settle_direct(trial, limits, platform);
  return written_length(trial, limits.checksum);
}

/**
 * Bytes of a payload's JSON text if it is linked, without its URL.
 *
 * @param {Entry} ready
 * @param {Checksum} checksum
 * @returns {number}
 */
export function linked_length(ready, checksum) {
  const trial = { ...ready, payload: { ...ready.payload } };
  settle_link(trial, '');
  return written_length(trial, checksum);
}

/**
 * Bytes of the JSON text of a payload that is settled.
 *
 * @param {Entry} ready
 * @param {Checksum} checksum
 * @returns {number}
 */
export function written_length(ready, checksum) {
  const { payload, inline, size } = ready;
  const linked = payload.transport === 'link';
  const sha256 = (linked ? checksum !== 'none' : checksum === 'all' && inline === null) ? NO_DIGEST : null;
  const frame = byte_length(payload_text(ready, inline ?? (linked ? quote(String(payload.data)) : '""'), sha256));
  return linked || inline !== null ? frame : frame + encoded_length(size);
}

/** The envelope, its payloads and the payload are open around it. */
const AROUND_DATA = ['payloads', 0, 'data'];

/**
 * The canonical text of a dictionary or jsontable, where it is not too deep to stand within an envelope.
 *
 * @param {Entry} ready
 * @param {Platform} platform
 */
function inline_text({ payload, bytes }, platform) {
  const { payload_type } = payload;
  if ((payload_type !== 'dictionary' && payload_type !== 'jsontable') || bytes === null) return null;
  const value = read(bytes, platform);
  try {
    const text = write(value, AROUND_DATA);
    payload.data = value;
    return text;
  } catch (error) {
    if (error instanceof Unwritable) return null;
    throw error;
  }
}
