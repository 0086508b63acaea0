/** A file that has no lasting name before what stands in it is found right (W6.9). */

import { randomBytes } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { TransferError } from './transfer_error.js';

/** What is in it may be for nobody else on this machine. */
const OWNER_ONLY = 0o600;

/** A hidden file beside where it will get its name. */
export class StagedFile {
  #path;
  /** @type {import('node:fs/promises').FileHandle | undefined} */
  #handle;
  #length = 0;

  /**
   * @param {string} path
   * @param {import('node:fs/promises').FileHandle} handle
   */
  constructor(path, handle) {
    this.#path = path;
    this.#handle = handle;
  }

  /**
   * @param {string} folder
   * @throws {TransferError} Where no file can be made in that folder.
   */
  static async create(folder) {
    const path = join(folder, `.natsbridge-${randomBytes(8).toString('hex')}`);
    return StagedFile.#file(async () => new StagedFile(path, await open(path, 'wx', OWNER_ONLY)));
  }

  /** Where it is for now. */
  get path() {
    return this.#path;
  }

  /** Drops what was written. */
  async clear() {
    const handle = this.#open();
    this.#length = 0;
    await StagedFile.#file(() => handle.truncate(0));
  }

  /** @param {Uint8Array} piece */
  async write(piece) {
    const handle = this.#open();
    await StagedFile.#file(async () => {
      for (let at = 0; at < piece.length; ) {
        const { bytesWritten } = await handle.write(piece, at, piece.length - at, this.#length);
        at += bytesWritten;
        this.#length += bytesWritten;
      }
    });
  }

  /** All bytes are here and on their way to the disk. */
  async finish() {
    const handle = this.#handle;
    this.#handle = undefined;
    await StagedFile.#file(async () => handle?.close());
  }

  /**
   * Gives it its lasting name, which must be free.
   *
   * @param {string} target In the same folder.
   * @throws {TransferError} Where that name is taken.
   */
  async keepAs(target) {
    await this.finish();
    // Unlike renaming, a link never takes the place of what is there.
    await StagedFile.#file(() => link(this.#path, target));
    await this.remove();
  }

  /** Removes what is left of it under its first name. */
  async remove() {
    await this.finish().catch(() => {});
    await unlink(this.#path).catch(() => {});
  }

  #open() {
    if (!this.#handle) throw new TransferError('the file is closed', { fault: 'local_file' });
    return this.#handle;
  }

  /**
   * @template T
   * @param {() => Promise<T>} action
   */
  static async #file(action) {
    try {
      return await action();
    } catch (error) {
      throw TransferError.ofFile(error);
    }
  }
}
