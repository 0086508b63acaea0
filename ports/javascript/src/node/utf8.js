/** Whether bytes that come piece by piece are a text. */

/** Judges pieces of UTF-8, which may break a character in two. */
export class Utf8Judge {
  #decoder = new TextDecoder('utf-8', { fatal: true });
  #valid = true;

  /** @param {Uint8Array} piece */
  take(piece) {
    this.#decode(piece, true);
  }

  /** Whether all that was taken is UTF-8. */
  finish() {
    this.#decode(new Uint8Array(0), false);
    return this.#valid;
  }

  /**
   * @param {Uint8Array} piece
   * @param {boolean} stream
   */
  #decode(piece, stream) {
    if (!this.#valid) return;
    try {
      this.#decoder.decode(piece, { stream });
    } catch {
      this.#valid = false;
    }
  }
}

/**
 * @param {AsyncIterable<Uint8Array>} pieces
 * @returns {Promise<boolean>}
 */
export async function isUtf8(pieces) {
  const judge = new Utf8Judge();
  for await (const piece of pieces) judge.take(piece);
  return judge.finish();
}
