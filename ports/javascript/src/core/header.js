/**
 * The members of an envelope around its payloads, as a sender says them, defaults filled in.
 *
 * @typedef {import('../generated.js').Checksum} Checksum
 * @typedef {import('../generated.js').Envelope} Envelope
 * @typedef {import('./draft.js').MessageOptions} MessageOptions
 * @typedef {import('./draft.js').Moment} Moment
 *
 * What shapes a message without being a member of it.
 *
 * @typedef {object} Limits
 * @property {number} size_threshold
 * @property {number} max_message_bytes
 * @property {number} max_payloads
 * @property {Checksum} checksum
 * @property {boolean} inline_json
 */

import { CHECKSUM_NAMES, DEFAULTS, DESKTOP } from '../generated.js';
import { shown } from './check.js';
import { NATSBridgeError } from './error.js';
import { without_user_info } from './link.js';

/**
 * The envelope that the arguments would become, not checked yet and without payloads.
 *
 * @param {string} subject
 * @param {MessageOptions} options
 * @param {Moment} moment
 * @returns {Envelope}
 */
export function header(subject, options, { timestamp, new_id }) {
  const broker_url = options.broker_url ?? DEFAULTS.broker_url;
  return {
    correlation_id: id(options.correlation_id ?? new_id()),
    msg_id: id(options.msg_id ?? new_id()),
    timestamp: timestamp instanceof Date ? moment_text(timestamp) : timestamp,
    send_to: subject,
    msg_purpose: /** @type {Envelope['msg_purpose']} */ (options.msg_purpose ?? DEFAULTS.msg_purpose),
    sender_name: options.sender_name ?? DEFAULTS.sender_name,
    sender_id: id(options.sender_id ?? new_id()),
    receiver_name: options.receiver_name ?? '',
    receiver_id: id(options.receiver_id ?? ''),
    reply_to: options.reply_to ?? '',
    reply_to_msg_id: id(options.reply_to_msg_id ?? ''),
    broker_url: hides_user_info(broker_url) ? broker_url.split(',').map(without_user_info).join(',') : broker_url,
    metadata: options.metadata ?? {},
    payloads: [],
  };
}

/**
 * The limits of a message, defaults filled in. INVALID_ENVELOPE (validate) names the argument that is none.
 *
 * @param {MessageOptions} options
 * @returns {Limits}
 */
export function limits(options) {
  const checksum = options.checksum ?? DEFAULTS.checksum;
  if (!CHECKSUM_NAMES.includes(checksum)) throw wrong('checksum', `one of ${CHECKSUM_NAMES.join(', ')}`, checksum);
  const inline_json = options.inline_json ?? false;
  if (typeof inline_json !== 'boolean') throw wrong('inline_json', 'true or false', inline_json);
  return {
    size_threshold: bound('size_threshold', options.size_threshold, DESKTOP.size_threshold ?? Infinity),
    max_message_bytes: bound('max_message_bytes', options.max_message_bytes, DESKTOP.max_message_bytes),
    max_payloads: bound('max_payloads', options.max_payloads, DESKTOP.max_payloads),
    checksum,
    inline_json,
  };
}

/**
 * A number of bytes or of things, from 0 to Infinity. INVALID_ENVELOPE (validate) names the argument that is none.
 *
 * @param {string} name
 * @param {number | null | undefined} value
 * @param {number} default_value
 * @returns {number}
 */
export function bound(name, value, default_value) {
  if (value === undefined || value === null) return default_value;
  if (typeof value === 'number' && value >= 0) return value;
  throw wrong(name, 'a number from 0 on', value);
}

/**
 * @param {string} name
 * @param {string} expected
 * @param {unknown} value
 */
function wrong(name, expected, value) {
  const found = shown(value);
  const message = `the argument ${name}: expected ${expected}, found ${found}`;
  return new NATSBridgeError('INVALID_ENVELOPE', 'validate', message, { expected, found, own: 'argument' });
}

/**
 * UUIDs are kept in lower case (W1.3); what is no string is left for the check to find.
 *
 * @param {string} text
 */
function id(text) {
  return typeof text === 'string' ? text.toLowerCase() : text;
}

/** @param {unknown} url */
function hides_user_info(url) {
  return typeof url === 'string' && url.includes('@');
}

const SECOND_MS = 1_000;

/** The second that was written last, and its text up to the decimals: most messages of one process share it with others. */
let second = Number.NaN;
let second_text = '';

/** @param {Date} date */
function moment_text(date) {
  const time = date.getTime();
  if (Number.isNaN(time)) return 'an invalid Date';
  const decimals = ((time % SECOND_MS) + SECOND_MS) % SECOND_MS;
  if (time - decimals !== second) {
    second_text = date.toISOString().slice(0, -'000Z'.length);
    second = time - decimals;
  }
  return `${second_text}${String(decimals).padStart(3, '0')}Z`;
}
