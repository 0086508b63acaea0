/** How long a call goes on: until it is done, its deadline passes, or its caller aborts it. */

import { TransferError } from './transfer_error.js';

/** The longest that a timer of Node waits; it takes anything longer for 1 ms. */
const LONGEST = 2 ** 31 - 1;

/**
 * Milliseconds that a timer takes, never less than asked for as far as a timer can wait.
 *
 * @param {number} milliseconds
 */
export function timerDelay(milliseconds) {
  return Math.min(Math.ceil(milliseconds), LONGEST);
}

/** A span of time that can end early, with a reason that everything within it then throws. */
export class Lifetime {
  #controller = new AbortController();
  /** @type {unknown} */
  #reason;
  /** @type {Set<(reason: unknown) => void>} */
  #listeners = new Set();
  /** @type {(() => void)[]} */
  #links = [];

  /** Whether it ended early. */
  get ended() {
    return this.#controller.signal.aborted;
  }

  /**
   * Why it ended early.
   *
   * @returns {unknown}
   */
  get reason() {
    return this.#reason;
  }

  /**
   * The same for those who know an `AbortSignal`.
   *
   * @returns {AbortSignal}
   */
  get signal() {
    return this.#controller.signal;
  }

  /**
   * Ends with the signal, which may have been aborted already.
   *
   * @param {AbortSignal | undefined} signal
   */
  until(signal) {
    if (!signal) return this;
    const end = () => this.end(signal.reason ?? new Error('This operation was aborted'));
    if (signal.aborted) end();
    else {
      signal.addEventListener('abort', end, { once: true });
      this.#links.push(() => signal.removeEventListener('abort', end));
    }
    return this;
  }

  /**
   * A part of this one, which ends with it at the latest, and may have a deadline of its own.
   *
   * @param {number} [deadline] Milliseconds from now on.
   */
  part(deadline) {
    const part = new Lifetime();
    part.#links.push(this.whenEnded((reason) => part.end(reason)));
    if (deadline !== undefined && deadline <= LONGEST) {
      const timer = setTimeout(() => part.end(new DeadlineError()), timerDelay(deadline));
      part.#links.push(() => clearTimeout(timer));
    }
    return part;
  }

  /**
   * Calls once it ends early, or at once if it has; gives what forgets the listener.
   *
   * @param {(reason: unknown) => void} listener
   */
  whenEnded(listener) {
    if (this.ended) listener(this.#reason);
    else this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** @param {unknown} reason */
  end(reason) {
    if (this.ended) return;
    this.#reason = reason;
    this.#controller.abort(reason);
    for (const listener of this.#listeners) listener(reason);
    this.close();
  }

  /** Throws the reason if it has ended early. */
  check() {
    if (this.ended) throw this.#reason;
  }

  /** It is over as it should be: nothing waits for its end any more. */
  close() {
    this.#listeners.clear();
    for (const unlink of this.#links.splice(0)) unlink();
  }

  /**
   * What the promise gives, or the reason if this ends before.
   *
   * @template T
   * @param {Promise<T>} promise
   * @returns {Promise<T>}
   */
  async hold(promise) {
    let forget = () => {};
    const ended = new Promise((_, reject) => {
      forget = this.whenEnded(reject);
    });
    // Whichever comes second has nobody to tell.
    promise.catch(() => {});
    ended.catch(() => {});
    try {
      return /** @type {T} */ (await Promise.race([promise, ended]));
    } finally {
      forget();
    }
  }

  /**
   * Waits for at least so many milliseconds.
   *
   * @param {number} milliseconds
   */
  async wait(milliseconds) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    try {
      // A timer may be up to a millisecond early.
      await this.hold(new Promise((resolve) => (timer = setTimeout(resolve, timerDelay(milliseconds + 1)))));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The deadline of the whole call passed. */
export class DeadlineError extends TransferError {
  constructor() {
    super('the deadline of the whole call passed', { retryable: true });
  }
}
