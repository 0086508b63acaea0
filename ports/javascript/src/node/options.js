/** The named arguments of the calls, checked before anything is done. */

import { NATSBridgeError } from '../core/error.js';
import { TRANSFER } from '../generated.js';
import { Observation } from './observation.js';

/**
 * What can be said about the transfers of a call; times are in milliseconds.
 *
 * @typedef {object} TransferOptions
 * @property {number} [max_retries] Attempts in all, at least 1; 5 by default.
 * @property {number} [base_delay] The first delay between attempts, doubled after each; 100 by default.
 * @property {number} [max_delay] The longest delay between attempts; 5,000 by default.
 * @property {boolean} [jitter] Whether a delay may take up to twice its time, at random; false by default.
 * @property {number} [connect_timeout] How long a connection to the file server may take, per attempt; 5,000 by default.
 * @property {number} [read_timeout] How long no byte may go or come, per attempt; 30,000 by default.
 * @property {number} [deadline] How long all transfers of the call may take together; as long as they like by default.
 * @property {AbortSignal} [signal] Aborts the call, which then rejects with the signal's reason.
 * @property {import('./exchange.js').Carrier} [agent] What carries requests; by default nothing of the environment, no proxy.
 * @property {(progress: import('./transfer.js').Progress) => void} [on_progress] Is called for every piece that was transferred.
 */

/**
 * What every call takes.
 *
 * @typedef {TransferOptions & import('./observation.js').ObservationOptions} CallOptions
 */

/**
 * The options of transfers, with defaults in place.
 *
 * @typedef {object} CallTerms
 * @property {import('../core/retry.js').Retry} retry
 * @property {import('./exchange.js').Timeouts} timeouts
 * @property {number | undefined} deadline
 * @property {AbortSignal | undefined} signal
 * @property {import('./exchange.js').Carrier | undefined} agent
 * @property {((progress: import('./transfer.js').Progress) => void) | undefined} on_progress
 * @property {Observation} observation
 */

/** @type {(keyof CallOptions)[]} */
const CALL_OPTIONS = [
  'max_retries',
  'base_delay',
  'max_delay',
  'jitter',
  'connect_timeout',
  'read_timeout',
  'deadline',
  'signal',
  'agent',
  'on_progress',
  'logger',
  'observer',
];

/**
 * @param {CallOptions} options
 * @param {string[]} others The names that the call takes besides.
 * @returns {CallTerms}
 * @throws {NATSBridgeError} INVALID_ENVELOPE naming the argument that cannot be used.
 */
export function callTerms(options, others) {
  /** @type {Record<string, unknown>} */
  const given = { ...named(options) };
  for (const name of Object.keys(given)) {
    if (!others.includes(name) && !CALL_OPTIONS.some((known) => known === name)) {
      throw unusable(name, 'one of the arguments of this call', 'a name that it does not know');
    }
  }
  const { max_retries, base_delay_ms, max_delay_ms, connect_timeout_ms, read_timeout_ms } = TRANSFER;
  const milliseconds = (/** @type {string} */ name, /** @type {number} */ usual) =>
    wanted(given[name], usual, isMilliseconds, name, 'a number of milliseconds');
  return {
    retry: {
      max_retries: wanted(given.max_retries, max_retries, isCount, 'max_retries', 'a whole number of attempts, at least 1'),
      base_delay: milliseconds('base_delay', base_delay_ms),
      max_delay: milliseconds('max_delay', max_delay_ms),
      jitter: wanted(given.jitter, false, isBoolean, 'jitter', 'true or false'),
    },
    timeouts: {
      connect_timeout: milliseconds('connect_timeout', connect_timeout_ms),
      read_timeout: milliseconds('read_timeout', read_timeout_ms),
    },
    deadline: (given.deadline ?? undefined) === undefined ? undefined : milliseconds('deadline', 0),
    signal: wanted(given.signal, undefined, isSignal, 'signal', 'an AbortSignal'),
    agent: wanted(
      given.agent,
      undefined,
      isCarrier,
      'agent',
      'an agent of node:http or node:https, or a function that gives one',
    ),
    on_progress: wanted(given.on_progress, undefined, isFunction, 'on_progress', 'a function'),
    observation: new Observation({
      logger: wanted(given.logger, undefined, isLogger, 'logger', 'an object with functions debug, info and warn'),
      observer: wanted(given.observer, undefined, isFunction, 'observer', 'a function'),
    }),
  };
}

/**
 * The named arguments, which are an object.
 *
 * @template T
 * @param {T} options
 * @returns {T}
 * @throws {NATSBridgeError} INVALID_ENVELOPE naming `options`.
 */
export function named(options) {
  if (typeof options === 'object' && options !== null) return options;
  throw unusable('options', 'an object of named arguments', options === null ? 'null' : typeof options);
}

/**
 * The members of `options` with these names that are there.
 *
 * @template {object} T
 * @template {keyof T} K
 * @param {T} options
 * @param {readonly K[]} names
 * @returns {Pick<T, K>}
 */
export function picked(options, names) {
  const there = names.filter((name) => (options[name] ?? undefined) !== undefined);
  return /** @type {Pick<T, K>} */ (Object.fromEntries(there.map((name) => [name, options[name]])));
}

/**
 * @param {string} name
 * @param {string} expected
 * @param {string} found
 */
export function unusable(name, expected, found) {
  return new NATSBridgeError('INVALID_ENVELOPE', 'validate', `${name} cannot be used: expected ${expected}, found ${found}`, {
    expected,
    found,
    own: 'argument',
  });
}

/**
 * @param {unknown} value
 * @param {unknown} usual
 * @param {(value: unknown) => boolean} is
 * @param {string} name
 * @param {string} expected
 * @returns {any} The value, which is of its kind, or the usual one where there is none.
 */
function wanted(value, usual, is, name, expected) {
  if (value === undefined || value === null) return usual;
  if (is(value)) return value;
  throw unusable(name, expected, typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value);
}

/** @param {unknown} value */
const isCount = (value) => Number.isInteger(value) && Number(value) >= 1;

/** @param {unknown} value */
const isMilliseconds = (value) => typeof value === 'number' && value >= 0;

/** @param {unknown} value */
const isBoolean = (value) => typeof value === 'boolean';

/** @param {unknown} value */
const isFunction = (value) => typeof value === 'function';

/** @param {unknown} value */
const isLogger = (value) => typeof value === 'object' || typeof value === 'function';

/** @param {unknown} value */
const isSignal = (value) => typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;

/** @param {unknown} value */
const isCarrier = (value) =>
  typeof value === 'function' || (typeof value === 'object' && value !== null && 'addRequest' in value);
