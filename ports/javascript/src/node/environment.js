/** What the environment says where an argument does not (requirements 12.2, W5.3). */

import { NATSBridgeError } from '../core/error.js';
import { origin_of, without_user_info } from '../core/link.js';
import { BROKER_URL, DEFAULTS, ENVIRONMENT } from '../generated.js';

/**
 * The NATS servers that the environment names; nothing where it names none.
 *
 * @throws {NATSBridgeError} INVALID_ENVELOPE naming the variable.
 */
export function brokerUrl() {
  const name = ENVIRONMENT.broker_url;
  const urls = variable(name);
  if (urls !== undefined && !BROKER_URL.matches(urls.split(',').map(without_user_info).join(','))) {
    throw unreadable(name, 'comma-separated nats, tls, ws or wss URLs such as nats://localhost:4222', bytes(urls));
  }
  return urls;
}

/**
 * The file server: the argument, else what the environment says, else the default.
 *
 * @param {unknown} argument
 * @returns {string}
 * @throws {NATSBridgeError} INVALID_ENVELOPE naming the argument or the variable.
 */
export function fileserverUrl(argument) {
  const [name, url] =
    argument === undefined || argument === null
      ? [ENVIRONMENT.fileserver_url, variable(ENVIRONMENT.fileserver_url) ?? DEFAULTS.fileserver_url]
      : ['fileserver_url', argument];
  try {
    origin_of(/** @type {string} */ (url));
    return /** @type {string} */ (url);
  } catch {
    const found = typeof url === 'string' ? bytes(url) : typeof url;
    throw unreadable(name, 'an absolute http or https URL such as http://localhost:8080', found);
  }
}

/**
 * From how many bytes on a payload is linked; nothing where the environment does not say.
 *
 * @throws {NATSBridgeError} INVALID_ENVELOPE naming the variable.
 */
export function sizeThreshold() {
  const name = ENVIRONMENT.size_threshold;
  const text = variable(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw unreadable(name, 'a number of bytes such as 500000', JSON.stringify(text));
}

/** @param {string} name */
function variable(name) {
  return process.env[name] || undefined;
}

/** @param {string} text */
function bytes(text) {
  return `${Buffer.byteLength(text)} bytes that are not`;
}

/**
 * @param {string} name
 * @param {string} expected
 * @param {string} found
 */
function unreadable(name, expected, found) {
  return new NATSBridgeError('INVALID_ENVELOPE', 'validate', `${name} cannot be read: expected ${expected}, found ${found}`, {
    expected,
    found,
    own: 'argument',
  });
}
