/** What a JavaScript string is as Unicode text: whether it is any, and how long in UTF-8. */

const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const SURROGATE = /[\ud800-\udfff]/;

/**
 * Whether every surrogate is one of a pair.
 *
 * @param {string} text
 * @returns {boolean}
 */
export function is_well_formed(text) {
  return !SURROGATE.test(text) || !LONE.test(text);
}

/**
 * The number of bytes in UTF-8 of a text without lone surrogates.
 *
 * @param {string} text
 * @returns {number}
 */
export function byte_length(text) {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // A pair of surrogates is four bytes: two for each.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/**
 * The number of Unicode scalar values of a text without lone surrogates.
 *
 * @param {string} text
 * @returns {number}
 */
export function scalar_count(text) {
  let count = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xdc00 && unit <= 0xdfff) count -= 1;
  }
  return count;
}
