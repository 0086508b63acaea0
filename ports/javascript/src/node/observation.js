/** What a call tells of its work: log lines with the fields of NFR-401, counts and durations of NFR-402 and NFR-404. */

import { debuglog } from 'node:util';

/**
 * The seven fields of NFR-401, each as far as it is known: `payload_type` and `transport` are those of one payload, or the different ones
 * of a message, separated by commas.
 *
 * @typedef {object} Fields
 * @property {string} [correlation_id]
 * @property {string} [msg_id]
 * @property {string} [timestamp] That of the message.
 * @property {string} [sender_name]
 * @property {string} [receiver_name]
 * @property {string} [payload_type]
 * @property {string} [transport]
 */

/**
 * Hears what happens. A method that is not there is not called. Nothing that it is told holds a token, user-info, or the path or query of
 * a link.
 *
 * @typedef {object} Logger
 * @property {(message: string, fields: Fields) => void} [debug]
 * @property {(message: string, fields: Fields) => void} [info]
 * @property {(message: string, fields: Fields) => void} [warn]
 */

/**
 * @typedef {'messages_sent_total' | 'messages_received_total' | 'file_upload_duration_seconds' | 'file_download_duration_seconds'
 *   | 'retry_attempts_total' | 'download_retry_exceeded_total'} MetricName
 */

/**
 * Is called with the name of a metric, what to add to it (counters: 1) or to record in it (durations: seconds), and its labels: for
 * `retry_attempts_total` the `direction`, `upload` or `download`.
 *
 * @typedef {(name: MetricName, value: number, labels: Record<string, string>) => void} Observer
 */

/**
 * @typedef {object} ObservationOptions
 * @property {Logger} [logger] By default lines go where `util.debuglog` writes them, while `NODE_DEBUG` names `natsbridge`.
 * @property {Observer} [observer]
 */

const debug = debuglog('natsbridge');

/** @param {string} level */
const debugLine = (level) => (/** @type {string} */ message, /** @type {Fields} */ fields) =>
  debug('%s %s %s', level, message, JSON.stringify(fields));

/** @type {Logger} */
const DEBUG_LOG = { debug: debugLine('debug'), info: debugLine('info'), warn: debugLine('warn') };

/** The ears of one call. */
export class Observation {
  #logger;
  #observer;

  /** @param {ObservationOptions} options */
  constructor({ logger, observer }) {
    this.#logger = logger ?? (debug.enabled ? DEBUG_LOG : {});
    this.#observer = observer;
  }

  /**
   * @param {MetricName} name
   * @param {number} [value]
   * @param {Record<string, string>} [labels]
   */
  count(name, value = 1, labels = {}) {
    guarded(() => this.#observer?.(name, value, labels));
  }

  /**
   * @param {'debug' | 'info' | 'warn'} level
   * @param {() => Fields} fields Neither these nor the sentence are made while nobody listens.
   * @param {() => string} sentence
   */
  tell(level, fields, sentence) {
    if (this.#logger[level]) guarded(() => this.#logger[level]?.(sentence(), fields()));
  }
}

/**
 * Who listens has no say in what becomes of a message: what it throws is told where `NODE_DEBUG` asks for it, and goes no further.
 *
 * @param {() => unknown} call
 */
function guarded(call) {
  const failed = (/** @type {unknown} */ error) => debug('warn a logger or observer failed: %s', error);
  try {
    const answer = call();
    if (answer instanceof Promise) answer.catch(failed);
  } catch (error) {
    failed(error);
  }
}

/**
 * Text of others within a sentence: it begins no line and no escape sequence of its own.
 *
 * @param {string} text
 */
export function shown(text) {
  return text.replace(/[\\'"\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const short = SHORT[character];
    return short ?? `\\u{${/** @type {number} */ (character.codePointAt(0)).toString(16)}}`;
  });
}

/** @type {Record<string, string>} */
const SHORT = { '\\': '\\\\', "'": "\\'", '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The fields of a message as a whole.
 *
 * @param {import('../core/outgoing.js').Envelope} envelope
 * @returns {Fields}
 */
export function fieldsOf(envelope) {
  return {
    ...headerFields(envelope),
    payload_type: listed(envelope.payloads.map((payload) => payload.payload_type)),
    transport: listed(envelope.payloads.map((payload) => payload.transport)),
  };
}

/**
 * The fields of one payload of a message.
 *
 * @param {import('../core/outgoing.js').Envelope} envelope
 * @param {number} index
 * @returns {Fields}
 */
export function fieldsOfPayload(envelope, index) {
  const payload = envelope.payloads[index];
  return { ...headerFields(envelope), payload_type: payload?.payload_type, transport: payload?.transport };
}

/**
 * The different ones among these, in their order, separated by commas.
 *
 * @param {string[]} names
 */
export function listed(names) {
  return [...new Set(names)].join(',');
}

/** @param {import('../core/outgoing.js').Envelope} envelope */
function headerFields({ correlation_id, msg_id, timestamp, sender_name, receiver_name }) {
  return { correlation_id, msg_id, timestamp, sender_name, receiver_name };
}
