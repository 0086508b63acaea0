/** Answers to a message, made of nothing but its envelope (wire.md W8.2, W8.3 and W8.6). The caller publishes them to `send_to`. */

import { randomUUID } from 'node:crypto';

import * as answer from '../core/answer.js';
import { NATSBridgeError } from '../core/error.js';
import { UUID } from '../generated.js';
import { encoded } from './codec.js';

/**
 * What can be said about an answer; `send_to` is the NATS reply subject of the message, which counts before its `reply_to`.
 *
 * @typedef {import('../core/answer.js').AnswerOptions & import('./codec.js').MomentOptions} AnswerOptions
 * @typedef {import('../core/answer.js').Answerable} Answerable
 * @typedef {import('../core/error.js').ErrorReport} ErrorReport
 * @typedef {[envelope: import('../core/outgoing.js').Envelope, json: string]} Answer
 */

/**
 * The acknowledgement of a message whose handling has succeeded.
 *
 * @param {Answerable} envelope
 * @param {AnswerOptions} [options]
 * @returns {Answer}
 */
export function ack(envelope, options = {}) {
  return made((rest) => answer.ack(envelope, rest), options);
}

/**
 * The refusal of a message, with the reason as its one payload, a dictionary named `error`. It says whether another sending may succeed: as
 * the error itself says, a failed download may.
 *
 * @param {Answerable | null} envelope Nothing where reading the message threw the error, which then knows as much of it as could be read;
 *   where that is nothing, `send_to` has to be passed.
 * @param {NATSBridgeError | ErrorReport} error
 * @param {AnswerOptions} [options]
 * @returns {Answer}
 */
export function nack(envelope, error, options = {}) {
  const report = error instanceof NATSBridgeError ? retryMarked(error, options.timestamp) : error;
  const known = envelope ?? (error instanceof NATSBridgeError ? error.envelope : undefined) ?? unread(report);
  return made((rest) => answer.nack(known, report, rest), options);
}

/**
 * An answer with payloads of the receiver's own. All of them go direct; larger ones are sent by `smartsend`.
 *
 * @param {Answerable} envelope
 * @param {Iterable<import('../core/part.js').PartLike>} payloads
 * @param {AnswerOptions} [options]
 * @returns {Answer}
 */
export function reply(envelope, payloads, options = {}) {
  return made((rest) => answer.reply(envelope, payloads, rest), options);
}

/**
 * The word that a message is being handled, which makes its sender wait on.
 *
 * @param {Answerable} envelope
 * @param {AnswerOptions} [options]
 * @returns {Answer}
 */
export function update_status(envelope, options = {}) {
  return made((rest) => answer.update_status(envelope, rest), options);
}

/**
 * The report of an error, marked where its code alone would say something else of another sending (wire.md W8.2).
 *
 * @param {NATSBridgeError} error
 * @param {Date | string | undefined} timestamp
 * @returns {ErrorReport}
 */
function retryMarked(error, timestamp) {
  const report = error.report(timestamp);
  if (!error.retryable || error.code === 'DOWNLOAD_FAILED') return report;
  const details = { ...report.error.details, retryable: true };
  return { ...report, error: { ...report.error, details } };
}

/**
 * What an answer to a message that could not be read is made of.
 *
 * @param {ErrorReport} report
 * @returns {Answerable}
 */
function unread({ correlation_id }) {
  const nothing = { msg_id: '', sender_name: '', sender_id: '', reply_to: '', broker_url: '' };
  return { ...nothing, correlation_id: UUID.matches(correlation_id) ? correlation_id : randomUUID() };
}

/**
 * @param {(options: import('../core/answer.js').AnswerOptions) => import('../core/draft.js').Draft} draft
 * @param {AnswerOptions} options
 * @returns {Answer}
 */
function made(draft, options) {
  const outgoing = encoded(({ timestamp, new_id, ...rest }) => [draft(rest), { timestamp, new_id }], options);
  return outgoing.finish();
}
