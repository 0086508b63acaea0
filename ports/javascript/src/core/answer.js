/**
 * Answers to a message, made of nothing but its envelope, so that a receiver over any NATS client can give them (W8.2, W8.3,
 * W8.6). Each gives a `Draft`; `options` overrides what it says, and `options.send_to` is the NATS reply subject, which counts
 * before `reply_to` (W8.2).
 *
 * @typedef {import('../generated.js').ErrorReport} ErrorReport
 * @typedef {import('./draft.js').MessageOptions & { send_to?: string }} AnswerOptions
 * @typedef {import('./part.js').PartLike} PartLike
 *
 * The members of an envelope that an answer is made of.
 *
 * @typedef {Pick<import('../generated.js').Envelope,
 *   'correlation_id' | 'msg_id' | 'sender_name' | 'sender_id' | 'reply_to' | 'broker_url'>} Answerable
 */

import { Draft } from './draft.js';

/**
 * The acknowledgement of a message whose handling has succeeded.
 *
 * @param {Answerable} envelope
 * @param {AnswerOptions} [options]
 * @returns {Draft}
 */
export function ack(envelope, options) {
  return answer(envelope, [], { msg_purpose: 'ACK', ...options });
}

/**
 * @param {Answerable} envelope
 * @param {readonly PartLike[]} data
 * @param {AnswerOptions} [options]
 * @returns {Draft}
 */
function answer(envelope, data, options = {}) {
  const { send_to, ...rest } = options;
  return new Draft(send_to || envelope.reply_to, data, {
    correlation_id: envelope.correlation_id,
    receiver_name: envelope.sender_name,
    receiver_id: envelope.sender_id,
    reply_to_msg_id: envelope.msg_id,
    broker_url: envelope.broker_url,
    ...rest,
  });
}
