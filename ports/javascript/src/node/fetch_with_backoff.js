/** The download handler of the contract (FR-010). */

import { InvalidLink, origin_of } from '../core/link.js';
import { TRANSFER } from '../generated.js';
import { Fetch } from './fetch.js';
import { Lifetime } from './lifetime.js';
import { callTerms, named, unusable } from './options.js';
import { Sink } from './sink.js';
import { Transfer } from './transfer.js';
import { TransferError } from './transfer_error.js';

/**
 * Fetches a URL, again and again with growing delays where it fails: what `smartreceive` does with a link, by itself.
 *
 * @param {string} url An absolute http or https URL, as it may stand in a message.
 * @param {number} [max_retries] Attempts in all, at least 1; 5 by default.
 * @param {number} [base_delay] The first delay between attempts in milliseconds, doubled after each; 100 by default.
 * @param {number} [max_delay] The longest delay in milliseconds; 5,000 by default.
 * @param {string} [correlation_id] The exchange that this download belongs to, for logs and errors.
 * @param {Omit<import('./options.js').CallOptions, 'max_retries' | 'base_delay' | 'max_delay'> & {size?: number, correlation_id?: string}}
 *   [options] `size` is the exact number of bytes to expect, unknown by default; `correlation_id` is the same as the argument, as download
 *   handlers are given it.
 * @returns {Promise<Uint8Array>}
 * @throws {import('../core/error.js').NATSBridgeError} INVALID_ENVELOPE for arguments that cannot be used; DOWNLOAD_FAILED after the last
 *   attempt; SIZE_MISMATCH.
 */
export async function fetch_with_backoff(
  url,
  max_retries = TRANSFER.max_retries,
  base_delay = TRANSFER.base_delay_ms,
  max_delay = TRANSFER.max_delay_ms,
  correlation_id = '',
  options = {},
) {
  const { size, correlation_id: same = '', ...rest } = named(options);
  const known = correlation_id || same;
  const call = callTerms({ ...rest, max_retries, base_delay, max_delay }, []);
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) throw unusable('size', 'a number of bytes', typeof size);
  const origin = originOf(url);
  const lifetime = new Lifetime().until(call.signal);
  const timed = lifetime.part(call.deadline);
  const { retry, timeouts, agent, observation, on_progress } = call;
  const report =
    on_progress &&
    ((/** @type {number} */ transferred) =>
      on_progress({ direction: 'download', index: 0, dataname: '', transferred, size: size ?? transferred }));
  const sink = new Sink({ ...(size === undefined ? {} : { size }), ...(report && { report }) });
  const fields = () => (known === '' ? {} : { correlation_id: known });
  const about = {
    direction: /** @type {const} */ ('download'),
    dataname: '',
    origin,
    fields,
    ...(size === undefined ? {} : { size }),
  };
  const transfer = new Transfer(observation, about);
  try {
    await transfer.run(timed, () => new Fetch().download({ url }, sink, { retry, timeouts, agent, lifetime: timed, transfer }));
    return /** @type {Uint8Array} */ (sink.finish());
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    throw error.toError('DOWNLOAD_FAILED', `the file at ${origin} could not be fetched: ${error.message}`, {
      correlation_id: known,
    });
  } finally {
    timed.close();
    lifetime.close();
  }
}

/**
 * @param {unknown} url
 * @returns {string}
 */
function originOf(url) {
  if (typeof url !== 'string') throw unusable('url', 'a URL as text', typeof url);
  try {
    return origin_of(url);
  } catch (reason) {
    if (!(reason instanceof InvalidLink)) throw reason;
    throw unusable('url', 'an absolute http or https URL', `one that is not: ${reason.message}`);
  }
}
