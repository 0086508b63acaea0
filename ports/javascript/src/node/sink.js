/** Where the bytes of a download go, and the checks that they pass on the way (W6.6). */

import { createHash } from 'node:crypto';

import { StagedFile } from './staged_file.js';
import { TransferError } from './transfer_error.js';

/**
 * What a sink is to hold its bytes against, and where it keeps them.
 *
 * @typedef {object} Expected
 * @property {number} [size] The number of bytes that the message announces; unknown by default.
 * @property {string | null} [sha256] Their digest in lower case; unknown by default.
 * @property {string} [folder] Where to make a file; in memory by default.
 * @property {(transferred: number) => void} [report] Is called for every piece.
 */

/** Takes the bytes of one payload, counts and hashes them, and keeps them in memory or in a file. */
export class Sink {
  #expected;
  #written = 0;
  /** @type {Uint8Array[]} */
  #pieces = [];
  /** @type {StagedFile | undefined} */
  #file;
  /** @type {import('node:crypto').Hash | undefined} */
  #hash;
  #unwanted = false;

  /** @param {Expected} expected */
  constructor(expected) {
    this.#expected = expected;
  }

  /** The number of bytes that the message announces, where it is known. */
  get size() {
    return this.#expected.size;
  }

  /**
   * Starts anew: what an earlier attempt wrote is dropped.
   *
   * @param {number} [contentLength] What the server announces.
   */
  async start(contentLength) {
    const { size, sha256, folder } = this.#expected;
    this.#written = 0;
    this.#pieces = [];
    this.#hash = sha256 ? createHash('sha256') : undefined;
    if (size !== undefined && contentLength !== undefined && contentLength !== size) {
      throw new TransferError(`the server announces ${contentLength} bytes, the message ${size}`, { fault: 'size' });
    }
    if (folder === undefined) return;
    this.#check();
    if (this.#file) {
      await this.#file.clear();
      this.#check();
      return;
    }
    const file = await StagedFile.create(folder);
    if (this.#unwanted) await file.remove();
    this.#check();
    this.#file = file;
  }

  /**
   * Takes the next bytes; the first too many end it.
   *
   * @param {Uint8Array} piece Stays as it is from now on.
   */
  async write(piece) {
    const { size, report } = this.#expected;
    this.#written += piece.length;
    if (size !== undefined && this.#written > size) {
      throw new TransferError(`the server sends more than the ${size} bytes of the message`, { fault: 'size' });
    }
    this.#check();
    this.#hash?.update(piece);
    if (this.#file) await this.#file.write(piece);
    else this.#pieces.push(piece);
    report?.(this.#written);
  }

  /** The body has ended; fewer bytes than announced are a body cut short, which another attempt may not be. */
  checkEnd() {
    const { size } = this.#expected;
    if (size !== undefined && this.#written < size) {
      throw new TransferError(`the body ended after ${this.#written} of ${size} bytes`, { retryable: true });
    }
  }

  /**
   * What it has taken, found right.
   *
   * @returns {Uint8Array | StagedFile}
   */
  finish() {
    const { size, sha256 } = this.#expected;
    if (size !== undefined && this.#written !== size) {
      throw new TransferError(`${this.#written} of ${size} bytes came`, { fault: 'size' });
    }
    const found = this.#hash?.digest('hex');
    if (found !== undefined && found !== sha256) {
      throw new TransferError(`the SHA-256 of the bytes is ${found}, the message says ${sha256}`, { fault: 'checksum' });
    }
    if (this.#file) return this.#file;
    return joined(this.#pieces, this.#written);
  }

  /** Nothing of it is wanted. */
  async discard() {
    this.#unwanted = true;
    this.#pieces = [];
    await this.#file?.remove();
  }

  /** A handler of the caller's own may go on after its call has ended. */
  #check() {
    if (this.#unwanted) throw new TransferError('the call has ended');
  }
}

/**
 * The bytes of all pieces as a plain array that has its memory for itself.
 *
 * @param {Uint8Array[]} pieces
 * @param {number} size
 */
function joined(pieces, size) {
  const [first] = pieces;
  if (first && pieces.length === 1 && first.buffer.byteLength === size) return new Uint8Array(first.buffer);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
