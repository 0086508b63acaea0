/** Canonical base64 (RFC 4648 section 4, W2.1): its length, and whether a text is any. Platforms do the rest. */

/**
 * Characters of text that `size` bytes become.
 *
 * @param {number} size
 * @returns {number}
 */
export function encoded_length(size) {
  return Math.ceil(size / 3) * 4;
}

/**
 * The number of bytes that canonical base64 stands for; -1 where the text is not canonical: a multiple of four characters,
 * only the 64 letters and the final padding, zero trailing bits.
 *
 * @param {string} text
 * @returns {number}
 */
export function canonical_size(text) {
  const { length } = text;
  if (length % 4 !== 0) return -1;
  let padding = 0;
  if (text.endsWith('==')) padding = 2;
  else if (text.endsWith('=')) padding = 1;
  let value = 0;
  for (let at = 0; at < length - padding; at += 1) {
    value = LETTERS[text.charCodeAt(at)] ?? NO_LETTER;
    if (value === NO_LETTER) return -1;
  }
  const unused = padding === 2 ? 0b1111 : 0b11;
  if (padding > 0 && (value & unused) !== 0) return -1;
  return (length / 4) * 3 - padding;
}

const NO_LETTER = 64;

const LETTERS = new Uint8Array(0x80).fill(NO_LETTER);
for (const [value, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  LETTERS[letter.charCodeAt(0)] = value;
}
