/** Handlers of the caller's own, by the contract's positional signatures (FR-009, W6.7), and ours beside them. */

import { Fetch } from './fetch.js';
import { Plik } from './plik.js';
import { redactText } from './redaction.js';
import { TransferError } from './transfer_error.js';

/**
 * @typedef {import('./fetch.js').TransferTerms} TransferTerms
 * @typedef {import('./plik.js').Uploaded} Uploaded
 */

/**
 * Puts the bytes of a payload where receivers can fetch them by http or https, and does its own retrying. It gives `status` and `url` at
 * least; other than 200 is a failed upload. Optional properties of the function: `oneshot`, whether what it uploads can be fetched only
 * once; `remove`, a function that is given what it gave and takes the upload back, since its message will not be sent.
 *
 * @typedef {((fileserver_url: string, dataname: string, data: Uint8Array, call: HandlerCall) => Uploaded | Promise<Uploaded>)
 *   & {oneshot?: boolean, remove?: (uploaded: Uploaded) => unknown}} UploadFunction
 */

/**
 * Gives the bytes behind a link, whole or piece by piece, and does its own retrying. They are held against the message's size and digest.
 * An optional property `origins` says where links may lead unless `allowed_origins` does; by default to the file server.
 *
 * @typedef {((url: string, max_retries: number, base_delay: number, max_delay: number, correlation_id: string, call: HandlerCall)
 *   => Downloaded | Promise<Downloaded>) & {origins?: string[]}} DownloadFunction
 */

/**
 * What a handler may want to know besides the contract's arguments.
 *
 * @typedef {object} HandlerCall
 * @property {string} correlation_id That of the message.
 * @property {AbortSignal} signal Is aborted when the call has no use for the transfer any more.
 */

/** @typedef {Uint8Array | ArrayBuffer | AsyncIterable<Uint8Array>} Downloaded */

/**
 * @typedef {object} Upload
 * @property {string} fileserver_url
 * @property {string} dataname
 * @property {import('./source.js').Source} source
 * @property {string} correlation_id
 */

/**
 * @typedef {object} UploadHandler
 * @property {boolean} oneshot
 * @property {(upload: Upload, terms: TransferTerms) => Promise<Uploaded>} upload
 * @property {(uploaded: Uploaded) => Promise<unknown>} remove
 */

/**
 * @typedef {object} Download
 * @property {string} url
 * @property {string} fileserver_url
 * @property {string} correlation_id
 */

/**
 * @typedef {object} DownloadHandler
 * @property {(fileserverUrl: string) => string[]} origins
 * @property {(download: Download, sink: import('./sink.js').Sink, terms: TransferTerms) => Promise<void>} download
 */

/**
 * @param {UploadFunction | Plik} handler
 * @returns {UploadHandler}
 */
export function uploadHandler(handler) {
  if (handler instanceof Plik) return handler;
  return {
    oneshot: handler.oneshot === true,
    upload: async ({ fileserver_url, dataname, source, correlation_id }, { lifetime }) => {
      const data = await source.bytes();
      const call = { correlation_id, signal: lifetime.signal };
      const uploaded = await own('upload', async () => handler(fileserver_url, dataname, data, call));
      const { status, url } = /** @type {Partial<Uploaded>} */ (Object(uploaded));
      if (status !== 200)
        throw new TransferError(`the upload handler returned status ${typeof status === 'number' ? status : typeof status}`);
      if (typeof url !== 'string') throw new TransferError('the upload handler returned no url');
      return uploaded;
    },
    remove: async (uploaded) => handler.remove?.(uploaded),
  };
}

/**
 * @param {DownloadFunction | Plik} handler
 * @returns {DownloadHandler}
 */
export function downloadHandler(handler) {
  if (handler instanceof Plik) return handler;
  return {
    origins: (fileserverUrl) => handler.origins ?? new Fetch().origins(fileserverUrl),
    download: async ({ url, correlation_id }, sink, { retry, lifetime }) => {
      const { max_retries, base_delay, max_delay } = retry;
      const call = { correlation_id, signal: lifetime.signal };
      const given = await own('download', async () => handler(url, max_retries, base_delay, max_delay, correlation_id, call));
      await sink.start();
      for await (const piece of given instanceof ArrayBuffer || ArrayBuffer.isView(given) ? [given] : pieces(given)) {
        // A copy: whoever gave it may use its memory again.
        await sink.write(new Uint8Array(bytes(piece)));
      }
    },
  };
}

/**
 * What a handler gives, or what it throws as a failed transfer.
 *
 * @template T
 * @param {string} kind
 * @param {() => Promise<T>} call
 * @returns {Promise<T>}
 */
async function own(kind, call) {
  try {
    return await call();
  } catch (error) {
    const { message, retryable } = /** @type {{message?: unknown, retryable?: unknown}} */ (Object(error));
    const reason = typeof message === 'string' ? message : String(error);
    throw new TransferError(`the ${kind} handler failed: ${redactText(reason)}`, { retryable: retryable === true });
  }
}

/** @param {unknown} given */
async function* pieces(given) {
  if (typeof given !== 'object' || given === null || !(Symbol.asyncIterator in given)) {
    throw new TransferError(`the download handler returned ${given === null ? 'null' : typeof given}, not bytes`);
  }
  const iterator = /** @type {AsyncIterable<unknown>} */ (given)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await own('download', () => iterator.next());
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

/**
 * @param {unknown} piece
 * @returns {Uint8Array}
 */
function bytes(piece) {
  if (piece instanceof Uint8Array) return piece;
  if (ArrayBuffer.isView(piece)) return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece);
  throw new TransferError(`the download handler returned ${piece === null ? 'null' : typeof piece}, not bytes`);
}
