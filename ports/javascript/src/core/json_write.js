/** The canonical writer (W4). */

/**
 * The canonical JSON text of a value.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function write(value) {
  return JSON.stringify(value);
}
