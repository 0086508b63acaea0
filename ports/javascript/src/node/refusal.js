/** What a NACK says of an error: no more than its sender can use, in texts that fit (W7.2 and W8.2). */

import { check_report } from '../core/answer.js';
import { NATSBridgeError } from '../core/error.js';
import { DESKTOP } from '../generated.js';
import { unusable } from './options.js';

/** @typedef {import('../core/error.js').ErrorReport} ErrorReport */

/** Bytes of the longest text, and the part of the whole message that one may take: there are eight of them, in JSON and in base64. */
const LONGEST = 4_096;
const PART = 1 / 64;

const MARK = '…';

/** What is told of an error that was the receiver's own. */
const OWN = { argument: 'the receiver was called in a wrong way', file: 'the receiver could not keep the payload' };

/**
 * The report of an error as the NACK carries it. INVALID_ENVELOPE (validate) for what is none.
 *
 * @param {NATSBridgeError | ErrorReport} error
 * @param {{max_message_bytes?: number | undefined, timestamp?: Date | string | undefined}} options
 * @returns {ErrorReport}
 */
export function refusal(error, { max_message_bytes, timestamp }) {
  const given = /** @type {unknown} */ (error);
  if (typeof given !== 'object' || given === null || (given instanceof Error && !(given instanceof NATSBridgeError))) {
    throw unusable('error', 'a NATSBridgeError or its report', given instanceof Error ? given.name : typeof given);
  }
  const report = error instanceof NATSBridgeError ? told(error, timestamp) : error;
  check_report(report);
  const room = Math.min(LONGEST, Math.floor((max_message_bytes ?? DESKTOP.max_message_bytes) * PART));
  return {
    ...shortened(report, ['correlation_id', 'msg_id', 'send_to'], room),
    error: {
      ...shortened(report.error, ['message'], room),
      details: shortened(report.error.details, ['pointer', 'dataname', 'expected', 'found'], room),
    },
  };
}

/**
 * The report of an error, marked where its code alone would say something else of another sending.
 *
 * @param {NATSBridgeError} error
 * @param {Date | string | undefined} timestamp
 * @returns {ErrorReport}
 */
function told(error, timestamp) {
  const report = error.report(timestamp);
  const { own } = error;
  if (own !== undefined) {
    // The sender has no business with the paths and settings of this machine.
    report.error.message = OWN[own];
    delete report.error.details.expected;
    delete report.error.details.found;
  }
  // What is wrong with this receiver may be right with the next one, or later.
  if ((error.retryable || own !== undefined) && error.code !== 'DOWNLOAD_FAILED') {
    const details = { ...report.error.details, retryable: true };
    return { ...report, error: { ...report.error, details } };
  }
  return report;
}

/**
 * @template {object} T
 * @param {T} texts
 * @param {(keyof T)[]} names
 * @param {number} room
 * @returns {T}
 */
function shortened(texts, names, room) {
  const all = { ...texts };
  for (const name of names) {
    const text = all[name];
    if (typeof text === 'string') all[name] = /** @type {any} */ (shorten(text, room));
  }
  return all;
}

/**
 * A text of at most `room` bytes, cut at a character. Lone surrogates, of which no text can be sent, are replaced.
 *
 * @param {string} text
 * @param {number} room
 */
export function shorten(text, room) {
  const bytes = Buffer.from(text);
  if (bytes.length <= room) return bytes.toString();
  let end = Math.max(0, room - Buffer.byteLength(MARK));
  while (end > 0 && (Number(bytes[end]) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString('utf8', 0, end)}${MARK}`;
}
