/**
 * When to try again (FR-010, W6.1): a pure schedule, without a clock.
 *
 * @typedef {object} Retry
 * @property {number} max_retries Attempts in all, at least 1.
 * @property {number} base_delay The wait after the first failed attempt in milliseconds, doubled after each further one.
 * @property {number} max_delay The longest wait, in milliseconds.
 * @property {boolean} jitter Whether a wait may take up to twice its time, at random, so that many clients do not come back at once.
 */

/**
 * How long to wait after the failed attempt of this number.
 *
 * @param {Retry} retry
 * @param {number} attempt Counted from 1.
 * @param {number} [retryAfter] Milliseconds that the server asked for; they lengthen the wait up to `max_delay`.
 * @param {number} [random] From 0 to 1; places the wait within its range where `jitter` is on.
 * @returns {number | undefined} Milliseconds; nothing if it was the last attempt.
 */
export function delayAfter(retry, attempt, retryAfter = 0, random = 0) {
  if (attempt >= retry.max_retries) return undefined;
  // Beyond this, doubling has long reached any delay that a timer takes.
  const doublings = Math.min(attempt - 1, 52);
  const scheduled = Math.min(retry.base_delay * 2 ** doublings, retry.max_delay);
  const delay = Math.max(scheduled, Math.min(retryAfter, retry.max_delay));
  return retry.jitter ? delay * (1 + Math.min(Math.max(random, 0), 1)) : delay;
}

/**
 * Whether a request that got this HTTP status is worth another attempt.
 *
 * @param {number} status
 */
export function isRetryableStatus(status) {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status <= 599);
}

/**
 * What a Retry-After header asks for: seconds or a date (RFC 9110 section 10.2.3).
 *
 * @param {string | undefined} value
 * @param {number} now Milliseconds since 1970.
 * @returns {number | undefined} Milliseconds from now on; nothing where there is no header that can be read.
 */
export function retryAfter(value, now) {
  if (value === undefined) return undefined;
  if (/^[0-9]+$/.test(value)) return Number(value) * 1000;
  // Without a zone, `Date.parse` would take local time.
  const date = / GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
