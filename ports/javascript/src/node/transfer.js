/** The transfer of one payload, as far as it is told of: that it began and ended, its attempts, how long it took. */

import { DeadlineError } from './lifetime.js';
import { shown } from './observation.js';
import { TransferError } from './transfer_error.js';

/**
 * How far the transfer of one payload has come. A repeated attempt starts again from 0.
 *
 * @typedef {object} Progress
 * @property {'upload' | 'download'} direction
 * @property {number} index The payload's position in the message, from 0.
 * @property {string} dataname
 * @property {number} transferred Bytes so far.
 * @property {number} size Bytes in all.
 */

/**
 * @typedef {object} Subject
 * @property {'upload' | 'download'} direction
 * @property {string} dataname
 * @property {number} [size] Bytes, where known.
 * @property {string} [origin] Where a download comes from.
 * @property {() => import('./observation.js').Fields} fields
 */

export class Transfer {
  #observation;
  #subject;

  /**
   * @param {import('./observation.js').Observation} observation
   * @param {Subject} subject
   */
  constructor(observation, subject) {
    this.#observation = observation;
    this.#subject = subject;
  }

  /**
   * Runs it within the lifetime, and says so.
   *
   * @template T
   * @param {import('./lifetime.js').Lifetime} lifetime
   * @param {() => Promise<T>} call
   * @returns {Promise<T>}
   */
  async run(lifetime, call) {
    const { direction, size, origin } = this.#subject;
    const bytes = size === undefined ? 'unknown' : `${size} bytes`;
    const from = origin === undefined ? '' : ` from ${origin}`;
    this.#tell(
      'debug',
      (name) => `${direction === 'upload' ? 'Uploading' : 'Downloading'} payload ${name} size: ${bytes}${from}`,
    );
    const began = process.hrtime.bigint();
    /** @type {T} */
    let done;
    try {
      lifetime.check();
      done = await lifetime.hold(call());
    } catch (error) {
      if (error instanceof DeadlineError) this.#outOfTime();
      throw error;
    }
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    this.#observation.count(`file_${direction}_duration_seconds`, seconds);
    const verb = direction === 'upload' ? 'Uploaded' : 'Downloaded';
    this.#tell('debug', (name) => `${verb} payload ${name} size: ${bytes} in ${Math.round(seconds * 1000)} ms`);
    return done;
  }

  /**
   * An attempt failed, and the next one is due after `delay` milliseconds.
   *
   * @param {number} most
   * @param {number} attempt
   * @param {number} delay
   * @param {TransferError} error
   */
  retried(most, attempt, delay, error) {
    this.#observation.count('retry_attempts_total', 1, { direction: this.#subject.direction });
    this.#tell(
      'warn',
      (name) =>
        `${this.#noun} of payload ${name} failed in attempt ${attempt} of ${most}, next in ${Math.round(delay)} ms: ${shown(error.message)}`,
    );
  }

  /**
   * The last attempt failed, or a further one in such a way that no other would help.
   *
   * @param {number} most
   * @param {number} count
   * @param {TransferError} error
   */
  gaveUp(most, count, error) {
    this.#exceeded();
    this.#tell(
      'warn',
      (name) => `${this.#noun} of payload ${name} failed for good after ${count} of ${most} attempts: ${shown(error.message)}`,
    );
  }

  #outOfTime() {
    this.#exceeded();
    this.#tell('warn', (name) => `${this.#noun} of payload ${name} was ended by the deadline of the whole call`);
  }

  #exceeded() {
    if (this.#subject.direction === 'download') this.#observation.count('download_retry_exceeded_total');
  }

  get #noun() {
    return this.#subject.direction === 'upload' ? 'Upload' : 'Download';
  }

  /**
   * @param {'debug' | 'warn'} level
   * @param {(name: string) => string} sentence
   */
  #tell(level, sentence) {
    this.#observation.tell(level, this.#subject.fields, () => sentence(`'${shown(this.#subject.dataname)}'`));
  }
}
