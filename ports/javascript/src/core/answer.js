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
 * @typedef {'correlation_id' | 'msg_id' | 'sender_name' | 'sender_id' | 'reply_to' | 'broker_url'} AnswerableMember
 * @typedef {Pick<import('../generated.js').Envelope, AnswerableMember>} Answerable
 */

import { check_error } from '../generated.js';
import { Checker } from './check.js';
import { Draft } from './draft.js';
import { NATSBridgeError } from './error.js';

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
 * The refusal of a message, with the reason as its one payload, a dictionary named `error`. INVALID_ENVELOPE (validate) where
 * the reason is no error report.
 *
 * @param {Answerable} envelope
 * @param {NATSBridgeError | ErrorReport} error what was thrown, or its report
 * @param {AnswerOptions} [options]
 * @returns {Draft}
 */
export function nack(envelope, error, options) {
  const report = error instanceof NATSBridgeError ? error.report() : error;
  check_report(report);
  return answer(envelope, [['error', report, 'dictionary']], { msg_purpose: 'NACK', ...options });
}

/**
 * INVALID_ENVELOPE (validate) for what is no error report.
 *
 * @param {unknown} report
 */
export function check_report(report) {
  const checker = new Checker();
  check_error(checker, report);
  const [violation] = checker.violations;
  if (violation) throw violation.error({});
}

/**
 * An answer with payloads of the receiver's own; its purpose is `chat` unless it is said otherwise.
 *
 * @param {Answerable} envelope
 * @param {Iterable<PartLike>} data
 * @param {AnswerOptions} [options]
 * @returns {Draft}
 */
export function reply(envelope, data, options) {
  return answer(envelope, data, options);
}

/**
 * The word that a message is being handled, which makes its sender wait on.
 *
 * @param {Answerable} envelope
 * @param {AnswerOptions} [options]
 * @returns {Draft}
 */
export function update_status(envelope, options) {
  return answer(envelope, [], { msg_purpose: 'updateStatus', ...options });
}

/**
 * @param {Answerable} envelope
 * @param {Iterable<PartLike>} data
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
