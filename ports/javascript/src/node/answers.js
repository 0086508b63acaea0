/** Answers to a message, made of nothing but its envelope (W8.2, W8.3 and W8.6). The caller publishes them to `send_to`. */

import { randomUUID } from 'node:crypto';

import * as answer from '../core/answer.js';
import { NATSBridgeError } from '../core/error.js';
import { UUID } from '../generated.js';
import { encoded } from './codec.js';
import { named, unusable } from './options.js';
import { refusal } from './refusal.js';

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
  return made((rest) => answer.ack(answerable(envelope), rest), options);
}

/**
 * The refusal of a message, with the reason as its one payload, a dictionary named `error`, its texts cut where they are very long. It says
 * whether another sending may succeed: as the error itself says; a failed download may, and what was wrong with this receiver's own
 * arguments or files, of which it says no more.
 *
 * @param {Answerable | null} envelope Nothing where reading the message threw the error, which then knows as much of it as could be read;
 *   where that is nothing, `send_to` has to be passed.
 * @param {NATSBridgeError | ErrorReport} error
 * @param {AnswerOptions} [options]
 * @returns {Answer}
 */
export function nack(envelope, error, options = {}) {
  const report = refusal(error, named(options));
  const known = envelope ?? (error instanceof NATSBridgeError ? error.envelope : undefined) ?? unread(report);
  return made((rest) => answer.nack(answerable(known), report, rest), options);
}

/**
 * An answer with payloads of the receiver's own. All of them go direct; larger ones are sent by `smartsend`.
 *
 * @param {Answerable} envelope
 * @param {Iterable<import('../core/part.js').PartLike>} payloads
 * @param {AnswerOptions} [options]
 * @returns {Answer}
 * @throws {NATSBridgeError} PAYLOAD_TOO_LARGE in phase `limit` for more than `max_message_bytes`.
 */
export function reply(envelope, payloads, options = {}) {
  return made((rest) => answer.reply(answerable(envelope), payloads, rest), options);
}

/**
 * The word that a message is being handled, which makes its sender wait on.
 *
 * @param {Answerable} envelope
 * @param {AnswerOptions} [options]
 * @returns {Answer}
 */
export function update_status(envelope, options = {}) {
  return made((rest) => answer.update_status(answerable(envelope), rest), options);
}

/**
 * @param {Answerable} envelope
 * @returns {Answerable}
 * @throws {NATSBridgeError} INVALID_ENVELOPE naming `envelope`.
 */
function answerable(envelope) {
  if (typeof envelope === 'object' && envelope !== null) return envelope;
  throw unusable('envelope', 'the envelope of a message', envelope === null ? 'null' : typeof envelope);
}

/**
 * What an answer to a message that could not be read is made of: its ids, where at least these could be.
 *
 * @param {ErrorReport} report
 * @returns {Answerable}
 */
function unread({ correlation_id, msg_id }) {
  return {
    correlation_id: UUID.matches(correlation_id) ? correlation_id : randomUUID(),
    msg_id: UUID.matches(msg_id) ? msg_id : '',
    sender_name: '',
    sender_id: '',
    reply_to: '',
    broker_url: '',
  };
}

/**
 * @param {(options: import('../core/answer.js').AnswerOptions) => import('../core/draft.js').Draft} draft
 * @param {AnswerOptions} options
 * @returns {Answer}
 */
function made(draft, options) {
  const direct = { ...named(options), size_threshold: Number.POSITIVE_INFINITY };
  const outgoing = encoded(({ timestamp, new_id, ...rest }) => [draft(rest), { timestamp, new_id }], direct);
  // Nobody is there to upload what would only fit as a link.
  for (const { index } of outgoing.uploads()) outgoing.fall_back(index);
  return outgoing.finish();
}
