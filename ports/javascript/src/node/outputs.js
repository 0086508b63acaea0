/** Where the payloads of a received message go: into values, or into files that appear once the whole message is verified (W6.9). */

import { lstat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { NATSBridgeError } from '../core/error.js';
import { unusable } from './options.js';
import { streams } from './parts.js';
import { PayloadFile } from './payload_file.js';
import { ofFile } from './source.js';
import { StagedFile } from './staged_file.js';
import { TransferError } from './transfer_error.js';
import { isUtf8 } from './utf8.js';

/** @typedef {import('../core/incoming.js').Incoming} Incoming */

/** @type {Record<string, string>} */
const EXTENSIONS = { text: 'txt', dictionary: 'json', jsontable: 'json', arrowtable: 'arrows' };

const OWN_FILE = /** @type {const} */ ('file');

/** The payloads of one message, as they come in. */
export class Outputs {
  #incoming;
  /** @type {(string | undefined)[]} */
  #targets;
  /** @type {Map<number, Uint8Array | StagedFile>} */
  #taken = new Map();
  /** @type {Set<{discard: () => Promise<void>}>} */
  #unfinished = new Set();

  /**
   * @param {Incoming} incoming
   * @param {{into_dir?: string | undefined, into_files?: import('./receive.js').DownloadOptions['into_files'] | undefined}} target
   */
  constructor(incoming, { into_dir, into_files }) {
    this.#incoming = incoming;
    this.#targets = incoming.envelope.payloads.map((payload, index) => {
      const own = into_files?.(index, payload) ?? undefined;
      if (own !== undefined && typeof own !== 'string') throw unusable('into_files', 'a path or nothing', typeof own);
      if (own !== undefined || into_dir === undefined || into_dir === null) return own;
      return join(into_dir, `payload-${index}.${EXTENSIONS[payload.payload_type] ?? 'bin'}`);
    });
  }

  /** Refuses files that are there already, or are meant for two payloads. */
  async check() {
    for (const [index, target] of this.#targets.entries()) {
      if (target === undefined) continue;
      const there = await lstat(target).catch(() => undefined);
      if (there) throw this.#local(index, 'it exists already, and nothing is overwritten');
      if (this.#targets.indexOf(target) < index) throw this.#local(index, 'another payload is to be kept there');
    }
  }

  /**
   * The folder of the file that payload `index` goes into; nothing where it stays in memory.
   *
   * @param {number} index
   */
  folder(index) {
    const target = this.#targets[index];
    return target === undefined ? undefined : dirname(target);
  }

  /**
   * Something that may leave a file behind.
   *
   * @param {{discard: () => Promise<void>}} sink
   */
  expect(sink) {
    this.#unfinished.add(sink);
  }

  /**
   * @param {number} index
   * @param {Uint8Array | StagedFile} taken
   */
  take(index, taken) {
    this.#taken.set(index, taken);
  }

  /**
   * Decodes payload by payload, what is in files as well as what is in memory, and only then gives the files their names.
   *
   * @returns {Promise<import('../core/received.js').Received>}
   */
  async finish() {
    if (this.#targets.every((target) => target === undefined)) {
      // The sinks have held them against their digests already.
      const digests = new Map(
        this.#incoming.downloads().flatMap(({ index, sha256 }) => (sha256 === null ? [] : [[index, sha256]])),
      );
      return this.#incoming.finish(/** @type {Map<number, Uint8Array>} */ (this.#taken), digests);
    }
    /** @type {Map<number, StagedFile>} */
    const files = new Map();
    /** @type {unknown[]} */
    const values = [];
    for (const [index, target] of this.#targets.entries()) {
      values.push(target === undefined ? this.#value(index) : new PayloadFile(target));
      if (target !== undefined) files.set(index, await this.#file(index, target));
    }
    const message = this.#incoming.received(values);
    await this.#name(files);
    return message;
  }

  /** Whatever is left of files that are not wanted. */
  async discard() {
    for (const sink of this.#unfinished) await sink.discard();
  }

  /** @param {number} index */
  #value(index) {
    const taken = this.#taken.get(index);
    return this.#incoming.content(index, taken instanceof Uint8Array ? taken : this.#incoming.direct_bytes(index));
  }

  /**
   * @param {number} index
   * @param {string} target
   */
  async #file(index, target) {
    const taken = this.#taken.get(index);
    if (taken instanceof StagedFile) {
      await this.#guarded(index, () => taken.finish());
      await this.#judge(index, taken.path);
      return taken;
    }
    const bytes = this.#incoming.direct_bytes(index);
    this.#incoming.content(index, bytes);
    return this.#guarded(index, async () => {
      const file = await StagedFile.create(dirname(target));
      this.#unfinished.add({ discard: () => file.remove() });
      await file.write(bytes);
      await file.finish();
      return file;
    });
  }

  /**
   * Whether a file holds what the payload's type says.
   *
   * @param {number} index
   * @param {string} path
   */
  async #judge(index, path) {
    const { payload_type, dataname } = /** @type {import('../generated.js').Payload} */ (this.#incoming.envelope.payloads[index]);
    if (!streams(payload_type)) {
      const pieces = [];
      for await (const piece of ofFile(path)) pieces.push(piece);
      this.#incoming.content(index, Buffer.concat(pieces));
    } else if (payload_type === 'text' && !(await isUtf8(ofFile(path)))) {
      const message = `payload ${index} (text): expected UTF-8, found other bytes`;
      const details = { pointer: `/payloads/${index}/data`, dataname, expected: 'UTF-8' };
      throw new NATSBridgeError('DESERIALIZATION_ERROR', 'decode', message, details).about(this.#incoming.envelope);
    }
  }

  /**
   * All or nothing: what got its name already goes again where another cannot get its own.
   *
   * @param {Map<number, StagedFile>} files
   */
  async #name(files) {
    /** @type {string[]} */
    const named = [];
    try {
      for (const [index, file] of files) {
        const target = /** @type {string} */ (this.#targets[index]);
        await this.#guarded(index, () => file.keepAs(target));
        named.push(target);
      }
    } catch (error) {
      for (const target of named) await unlink(target).catch(() => {});
      throw error;
    }
  }

  /**
   * @template T
   * @param {number} index
   * @param {() => Promise<T>} action
   */
  async #guarded(index, action) {
    try {
      return await action();
    } catch (error) {
      throw error instanceof TransferError ? this.#local(index, error.message) : error;
    }
  }

  /**
   * @param {number} index
   * @param {string} reason
   */
  #local(index, reason) {
    const { envelope } = this.#incoming;
    const message = `payload ${index} cannot be kept as ${this.#targets[index]}: ${reason}`;
    const details = { pointer: `/payloads/${index}`, dataname: envelope.payloads[index]?.dataname ?? '', own: OWN_FILE };
    return new NATSBridgeError('DOWNLOAD_FAILED', 'fetch', message, details).about(envelope);
  }
}
