/** The same thing again, until it succeeds or nothing speaks for another attempt (W6.1). */

import { delayAfter } from '../core/retry.js';
import { TransferError } from './transfer_error.js';

/**
 * @template T
 * @param {import('../core/retry.js').Retry} retry
 * @param {import('./lifetime.js').Lifetime} lifetime
 * @param {import('./transfer.js').Transfer} transfer Is told of attempts that failed.
 * @param {() => Promise<T>} attempt
 * @returns {Promise<T>}
 */
export async function attempts(retry, lifetime, transfer, attempt) {
  for (let count = 1; ; count += 1) {
    lifetime.check();
    try {
      return await attempt();
    } catch (error) {
      lifetime.check();
      if (!(error instanceof TransferError)) throw error;
      const delay = error.retryable ? delayAfter(retry, count, error.retryAfter, Math.random()) : undefined;
      if (delay === undefined) {
        // After further attempts it is their end: a file that can be fetched once is gone after an attempt that broke off.
        if (error.retryable || count > 1) transfer.gaveUp(retry.max_retries, count, error);
        throw error.retryable && count > 1 ? error.after(count) : error;
      }
      transfer.retried(retry.max_retries, count, delay, error);
      await lifetime.wait(delay);
    }
  }
}

/**
 * Runs tasks side by side, at most `most` at a time. Which failure counts goes by their order, not by time: once one has failed, those
 * behind it are ended or never begun, unless `all` are to be run whatever becomes of the others.
 *
 * @template T
 * @param {((lifetime: import('./lifetime.js').Lifetime) => Promise<T>)[]} tasks
 * @param {{most: number, all: boolean, lifetime: import('./lifetime.js').Lifetime}} terms
 * @returns {Promise<PromiseSettledResult<T>[]>} In the order of the tasks, up to the first that failed unless `all` were run.
 */
export async function sideBySide(tasks, { most, all, lifetime }) {
  /** @type {PromiseSettledResult<T>[]} */
  const results = [];
  /** @type {Map<number, import('./lifetime.js').Lifetime>} */
  const running = new Map();
  let next = 0;
  let end = tasks.length;
  const worker = async () => {
    while (next < end) {
      const index = next;
      next += 1;
      const part = lifetime.part();
      running.set(index, part);
      try {
        results[index] = { status: 'fulfilled', value: await /** @type {NonNullable<typeof tasks[0]>} */ (tasks[index])(part) };
      } catch (reason) {
        results[index] ??= { status: 'rejected', reason };
        if (!all) {
          end = Math.min(end, index + 1);
          for (const [later, other] of running) if (later >= end) other.end(reason);
        }
      } finally {
        running.delete(index);
        part.close();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, tasks.length) }, worker));
  return results.slice(0, end);
}
