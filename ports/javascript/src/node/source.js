/** Where the bytes of an upload come from: memory or a file. They can be read again (W6.9). */

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

import { TransferError } from './transfer_error.js';

/** Bytes at a time: enough that few are needed, little enough that progress can be seen. */
const PIECE = 256 * 1024;

/** The bytes to be uploaded. Every complete reading must give the same. */
export class Source {
  #place;
  #size;
  /** @type {string | undefined} */
  #digest;
  /** @type {((transferred: number) => void) | undefined} */
  #report;

  /**
   * @param {Uint8Array | string} place The bytes, or the path of a file that has them.
   * @param {number} size The number of bytes.
   * @param {(transferred: number) => void} [report] Is called for every piece.
   */
  constructor(place, size, report) {
    this.#place = place;
    this.#size = size;
    this.#report = report;
  }

  /** The number of bytes. */
  get size() {
    return this.#size;
  }

  /** The file, where it is one. */
  get path() {
    return typeof this.#place === 'string' ? this.#place : undefined;
  }

  /**
   * The bytes in pieces, from the start.
   *
   * @returns {AsyncGenerator<Uint8Array, void, undefined>}
   * @throws {TransferError} Where the file cannot be read, or has changed meanwhile.
   */
  async *pieces() {
    let transferred = 0;
    for await (const piece of this.#judged()) {
      yield piece;
      transferred += piece.length;
      this.#report?.(transferred);
    }
  }

  /** All bytes at once; a file is read into memory. */
  async bytes() {
    if (typeof this.#place !== 'string') return this.#place;
    /** @type {Uint8Array[]} */
    const all = [];
    for await (const piece of this.#judged()) all.push(piece);
    return Buffer.concat(all, this.#size);
  }

  /** The SHA-256 of the bytes in lower case, read once more where no reading has come to its end yet. */
  async digest() {
    if (this.#digest === undefined) {
      const reading = this.#judged();
      while (!(await reading.next()).done);
    }
    return /** @type {string} */ (/** @type {unknown} */ (this.#digest));
  }

  async *#judged() {
    const hash = createHash('sha256');
    let read = 0;
    for await (const piece of typeof this.#place === 'string' ? ofFile(this.#place) : ofMemory(this.#place)) {
      read += piece.length;
      if (read > this.#size) throw this.#changed();
      hash.update(piece);
      yield piece;
    }
    const digest = hash.digest('hex');
    if (read !== this.#size || (this.#digest !== undefined && this.#digest !== digest)) throw this.#changed();
    this.#digest = digest;
  }

  #changed() {
    const what = this.path === undefined ? 'the bytes have' : `the file ${this.path} has`;
    return new TransferError(`${what} changed while they were sent`, { fault: 'local_file' });
  }
}

/** @param {Uint8Array} bytes */
function* ofMemory(bytes) {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

/**
 * A file in pieces; never more than a few of them are in memory.
 *
 * @param {string} path
 * @returns {AsyncGenerator<Buffer, void, undefined>}
 */
export async function* ofFile(path) {
  const handle = await open(path, 'r').catch((error) => {
    throw TransferError.ofFile(error);
  });
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(PIECE), 0, PIECE, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw TransferError.ofFile(error);
  } finally {
    await handle.close();
  }
}
