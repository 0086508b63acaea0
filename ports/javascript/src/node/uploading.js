/** The uploads of one message: side by side, judged in list order, with nothing left behind where one fails (W6.3 and W6.4). */

import { NATSBridgeError } from '../core/error.js';
import { TRANSFER } from '../generated.js';
import { sideBySide } from './attempts.js';
import { fellBack } from './message_log.js';
import { fieldsOfPayload } from './observation.js';
import { indexed } from './plik.js';
import { inBackground } from './removals.js';
import { Source } from './source.js';
import { Transfer } from './transfer.js';
import { TransferError } from './transfer_error.js';

/**
 * @typedef {import('../core/outgoing.js').Outgoing} Outgoing
 * @typedef {import('../core/outgoing.js').PendingUpload} PendingUpload
 * @typedef {import('./plik.js').Uploaded} Uploaded
 * @typedef {import('./plik.js').IndexedUpload} IndexedUpload
 */

/**
 * @typedef {object} UploadTerms
 * @property {import('./handlers.js').UploadHandler} handler
 * @property {string} fileserver_url
 * @property {Map<number, string>} files The files of external parts, by index.
 * @property {boolean} fallback
 * @property {import('../core/draft.js').MessageOptions['checksum']} checksum
 * @property {number} max_message_bytes
 */

/** The uploads of one message. */
export class Uploading {
  /** What the handler gave, by payload.
   * @type {Map<number, Uploaded>} */
  #uploaded = new Map();
  #outgoing;
  #terms;
  #call;

  /**
   * @param {Outgoing} outgoing
   * @param {UploadTerms} terms
   * @param {import('./options.js').CallTerms} call
   */
  constructor(outgoing, terms, call) {
    this.#outgoing = outgoing;
    this.#terms = terms;
    this.#call = call;
  }

  /**
   * What was uploaded so far, in list order.
   *
   * @returns {IndexedUpload[]}
   */
  get uploaded() {
    return [...this.#uploaded].sort(([left], [right]) => left - right).map(([index, uploaded]) => indexed(index, uploaded));
  }

  /**
   * Uploads everything that is pending, or lets it go direct.
   *
   * @param {import('./lifetime.js').Lifetime} lifetime
   */
  async run(lifetime) {
    const pending = this.#outgoing.uploads();
    if (pending.length === 0) return;
    const { fallback } = this.#terms;
    const timed = lifetime.part(this.#call.deadline);
    const tasks = pending.map((upload) => (/** @type {import('./lifetime.js').Lifetime} */ part) => this.#one(upload, part));
    const results = await sideBySide(tasks, { most: TRANSFER.max_concurrent, all: fallback, lifetime: timed });
    timed.close();
    lifetime.check();
    /** @type {[PendingUpload, TransferError][]} */
    const failed = [];
    for (const [at, result] of results.entries()) {
      const upload = /** @type {PendingUpload} */ (pending[at]);
      if (result.status === 'rejected') {
        if (!(result.reason instanceof TransferError)) throw result.reason;
        failed.push([upload, result.reason]);
      } else {
        const refusal = this.#link(upload, result.value);
        if (refusal) failed.push([upload, refusal]);
      }
    }
    // One whose URL or digest is not to be had may be there all the same.
    await this.#takeBack(
      failed.map(([{ index }]) => index),
      lifetime,
    );
    for (const [upload, error] of failed) await this.#fallBack(upload, error);
  }

  /**
   * Takes back what was uploaded, as well as it can: a server that hangs keeps nobody waiting for long.
   *
   * @param {import('./lifetime.js').Lifetime} lifetime
   */
  async remove(lifetime) {
    await this.#takeBack([...this.#uploaded.keys()], lifetime);
  }

  /**
   * @param {number[]} indexes
   * @param {import('./lifetime.js').Lifetime} lifetime
   */
  async #takeBack(indexes, lifetime) {
    const { handler } = this.#terms;
    const removals = [];
    for (const index of indexes) {
      const uploaded = this.#uploaded.get(index);
      if (uploaded && this.#uploaded.delete(index)) removals.push(inBackground(() => handler.remove(uploaded)));
    }
    if (removals.length === 0 || lifetime.ended) return;
    const bounded = lifetime.part(TRANSFER.connect_timeout_ms);
    await bounded.hold(Promise.all(removals)).catch(() => {});
    bounded.close();
  }

  /**
   * @param {PendingUpload} upload
   * @param {import('./lifetime.js').Lifetime} lifetime
   * @returns {Promise<{url: string, sha256: string | undefined}>}
   */
  async #one({ index, dataname, size, bytes }, lifetime) {
    const { handler, fileserver_url, files, checksum } = this.#terms;
    const { envelope } = this.#outgoing;
    const { retry, timeouts, agent, on_progress, observation } = this.#call;
    const report =
      on_progress &&
      ((/** @type {number} */ transferred) => on_progress({ direction: 'upload', index, dataname, transferred, size }));
    const source = new Source(bytes ?? files.get(index) ?? new Uint8Array(0), size, report);
    const fields = () => ({ ...fieldsOfPayload(envelope, index), transport: 'link' });
    const transfer = new Transfer(observation, { direction: 'upload', dataname, size, fields });
    return transfer.run(lifetime, async () => {
      const { correlation_id } = envelope;
      const terms = { retry, timeouts, agent, lifetime, transfer };
      const uploaded = await handler.upload({ fileserver_url, dataname, source, correlation_id }, terms);
      // Noted before it is judged, so that it is not left behind.
      if (lifetime.ended) inBackground(() => handler.remove(uploaded));
      else this.#uploaded.set(index, uploaded);
      return { url: uploaded.url, sha256: checksum === 'none' ? undefined : await source.digest() };
    });
  }

  /**
   * @param {PendingUpload} upload
   * @param {{url: string, sha256: string | undefined}} linked
   * @returns {TransferError | undefined} Where the URL is not one that a receiver would read.
   */
  #link({ index }, { url, sha256 }) {
    try {
      this.#outgoing.link(index, url, sha256);
      return undefined;
    } catch (error) {
      if (error instanceof NATSBridgeError && error.code === 'UPLOAD_FAILED') return new TransferError(error.message);
      throw error;
    }
  }

  /**
   * @param {PendingUpload} upload
   * @param {TransferError} error
   */
  async #fallBack({ index, dataname, size, bytes }, error) {
    let reason = 'fallback is off';
    if (this.#terms.fallback) {
      try {
        await this.#direct(index, size, bytes);
        fellBack(this.#call.observation, this.#outgoing.envelope, index, error.message);
        return;
      } catch (refusal) {
        if (!(refusal instanceof NATSBridgeError || refusal instanceof TransferError)) throw refusal;
        reason = refusal.message;
      }
    }
    const message = `payload ${index} could not be uploaded: ${error.message}; nor can it go direct: ${reason}`;
    throw new NATSBridgeError('UPLOAD_FAILED', 'upload', message, {
      pointer: `/payloads/${index}`,
      dataname,
      retryable: error.retryable,
    });
  }

  /**
   * @param {number} index
   * @param {number} size
   * @param {Uint8Array | null} bytes
   */
  async #direct(index, size, bytes) {
    const path = this.#terms.files.get(index);
    if (bytes !== null || path === undefined) {
      this.#outgoing.fall_back(index);
      return;
    }
    // Not even read where it can't fit.
    if (size > this.#terms.max_message_bytes) {
      throw new TransferError(`it has ${size} bytes, and the message may have ${this.#terms.max_message_bytes}`);
    }
    this.#outgoing.fall_back(index, await new Source(path, size).bytes());
  }
}
