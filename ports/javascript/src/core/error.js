/**
 * The one error of this library: a code and a phase of the wire (W7), the place, and what was found there.
 *
 * @typedef {import('../generated.js').ErrorCode} ErrorCode
 * @typedef {import('../generated.js').Phase} Phase
 * @typedef {import('../generated.js').ErrorReport} ErrorReport
 */

import { write } from './json_write.js';

/**
 * What an error can say besides its code, its phase and its sentence.
 *
 * @typedef {object} ErrorDetails
 * @property {string} [pointer] the place in the envelope, as a JSON pointer (RFC 6901)
 * @property {string} [dataname] the `dataname` of the payload concerned
 * @property {string} [expected] what should have been there
 * @property {string} [found] what was there; never a secret
 * @property {boolean} [retryable] whether the same call may succeed later with nothing changed; false by default
 * @property {string} [correlation_id] that of the message, as far as it could be read
 * @property {string} [msg_id] that of the message, as far as it could be read
 * @property {string} [send_to] that of the message, as far as it could be read
 * @property {ErrorReport} [refusal] the receiver's own error, where it refused the message (W8.2)
 * @property {'argument' | 'file'} [own] what of the caller's own it was, where it was one: an argument, or a file of this machine
 * @property {unknown} [cause] what led to it
 */

/** What went wrong, in which phase and where. `message` is a sentence without the code. */
export class NATSBridgeError extends Error {
  /**
   * @param {ErrorCode} code one of the codes of W7
   * @param {Phase} phase the step at which it was found
   * @param {string} message a sentence for people, without secrets
   * @param {ErrorDetails} [details]
   */
  constructor(code, phase, message, details = {}) {
    super(message);
    /** The code that the wire has for it. */
    this.code = code;
    /** The step at which it was found. */
    this.phase = phase;
    /** The place in the envelope as a JSON pointer (RFC 6901), where there is one. */
    this.pointer = details.pointer;
    /** The `dataname` of the payload concerned, where there is one. */
    this.dataname = details.dataname;
    /** What should have been there. */
    this.expected = details.expected;
    /** What was there. */
    this.found = details.found;
    /** Whether the same call may succeed later with nothing changed: a server was down or too slow. */
    this.retryable = details.retryable ?? false;
    /** The `correlation_id` of the message, as far as it could be read; else empty. */
    this.correlation_id = details.correlation_id ?? '';
    /** The `msg_id` of the message, as far as it could be read; else empty. */
    this.msg_id = details.msg_id ?? '';
    /** The `send_to` of the message, as far as it could be read; else empty. */
    this.send_to = details.send_to ?? '';
    /** The receiver's own error, where it refused the message (W8.2). */
    this.refusal = details.refusal;
    /**
     * The envelope of the message that was read, where that much could be: what a NACK is made of.
     *
     * @type {import('../generated.js').Envelope | undefined}
     */
    this.envelope = undefined;
    /** What of the caller's own it was, where it was one: an argument, or a file of this machine. */
    this.own = details.own;
    // The envelope is as long as the message itself; neither is shown.
    for (const hidden of ['envelope', 'own']) Object.defineProperty(this, hidden, { enumerable: false });
    if (details.cause !== undefined) {
      /** What led to it. */
      this.cause = details.cause;
    }
  }

  /**
   * The error as the wire has it (W7.2).
   *
   * @param {Date | string} [timestamp] the time of the error; now by default
   * @returns {ErrorReport}
   */
  report(timestamp = new Date()) {
    /** @type {ErrorReport['error']['details']} */
    const details = { phase: this.phase };
    if (this.pointer !== undefined) details.pointer = this.pointer;
    if (this.dataname !== undefined) details.dataname = this.dataname;
    if (this.expected !== undefined) details.expected = this.expected;
    if (this.found !== undefined) details.found = this.found;
    return {
      correlation_id: this.correlation_id,
      msg_id: this.msg_id,
      timestamp: typeof timestamp === 'string' ? timestamp : timestamp.toISOString(),
      send_to: this.send_to,
      error: { code: this.code, message: this.message, details },
    };
  }

  /**
   * The report as JSON text in canonical form.
   *
   * @param {Date | string} [timestamp] the time of the error; now by default
   * @returns {string}
   */
  to_json(timestamp) {
    return write(this.report(timestamp));
  }

  /**
   * The code and the sentence.
   *
   * @returns {string}
   */
  toString() {
    return `${this.name} [${this.code}]: ${this.message}`;
  }

  /**
   * This error, told which message it is about where it does not say so itself.
   *
   * @param {{ correlation_id: string, msg_id: string, send_to: string }} message its header, or as much of it as is known
   * @returns {this}
   */
  about(message) {
    this.correlation_id ||= message.correlation_id;
    this.msg_id ||= message.msg_id;
    this.send_to ||= message.send_to;
    return this;
  }
}

NATSBridgeError.prototype.name = 'NATSBridgeError';
