/** Answers to a message, made of nothing but its envelope (wire.md W8.2, W8.3 and W8.6). The caller publishes them to `send_to`. */

import * as answer from '../core/answer.js';
import { encoded } from './codec.js';

/**
 * What can be said about an answer; `send_to` is the NATS reply subject of the message, which counts before its `reply_to`.
 *
 * @typedef {import('../core/answer.js').AnswerOptions & import('./codec.js').MomentOptions} AnswerOptions
 * @typedef {import('../core/answer.js').Answerable} Answerable
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
 * The refusal of a message, with the reason as its one payload, a dictionary named `error`.
 *
 * @param {Answerable} envelope
 * @param {import('../core/error.js').NATSBridgeError | import('../core/error.js').ErrorReport} error
 * @param {AnswerOptions} [options]
 * @returns {Answer}
 */
export function nack(envelope, error, options = {}) {
  return made((rest) => answer.nack(envelope, error, rest), options);
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
 * @param {(options: import('../core/answer.js').AnswerOptions) => import('../core/draft.js').Draft} draft
 * @param {AnswerOptions} options
 * @returns {Answer}
 */
function made(draft, options) {
  const outgoing = encoded(({ timestamp, new_id, ...rest }) => [draft(rest), { timestamp, new_id }], options);
  return outgoing.finish();
}
