/** `smartreceive`: read, fetch, decode (requirements 11.2). */

import { Decoder } from '../core/decoder.js';
import { NATSBridgeError } from '../core/error.js';
import { origin_of } from '../core/link.js';
import { TRANSFER } from '../generated.js';
import { sideBySide } from './attempts.js';
import { fileserverUrl } from './environment.js';
import { Fetch } from './fetch.js';
import { fetch_with_backoff } from './fetch_with_backoff.js';
import { downloadHandler } from './handlers.js';
import { NODE } from './host.js';
import { Lifetime } from './lifetime.js';
import { received, understood } from './message_log.js';
import { fieldsOfPayload } from './observation.js';
import { callTerms, picked, unusable } from './options.js';
import { Outputs } from './outputs.js';
import { Plik } from './plik.js';
import { Sink } from './sink.js';
import { Transfer } from './transfer.js';
import { TransferError } from './transfer_error.js';

/**
 * @typedef {import('../core/decoder.js').DecoderOptions} DecoderOptions
 * @typedef {import('../core/incoming.js').Incoming} Incoming
 * @typedef {import('../core/incoming.js').PendingDownload} PendingDownload
 */

/**
 * @typedef {object} DownloadOptions
 * @property {string} [fileserver_url] The file server, where links may lead; else `FILESERVER_URL`, else `http://localhost:8080`.
 * @property {import('./handlers.js').DownloadFunction | Plik} [fileserver_download_handler] What fetches linked payloads;
 *   `fetch_with_backoff` by default.
 * @property {string} [into_dir] Every payload goes into a file of that folder, under a name made from its position and type alone:
 *   `payload-0.txt`, `payload-1.json`, `payload-2.arrows`, `payload-3.bin`.
 * @property {(index: number, payload: import('../generated.js').Payload) => string | null | undefined} [into_files] Chooses which payloads
 *   go into which files; the others stay in memory. A file holds the payload as it was serialized, is never overwritten, and appears
 *   under its name once the whole message is verified. The payload's data is then a `PayloadFile`.
 */

/** @typedef {DecoderOptions & DownloadOptions & import('./options.js').CallOptions} ReceiveOptions */

/** @type {(keyof DecoderOptions)[]} */
export const DECODER_OPTIONS = ['max_message_bytes', 'max_payloads', 'allowed_origins'];

/** @type {(keyof DownloadOptions)[]} */
const DOWNLOAD_OPTIONS = ['fileserver_url', 'fileserver_download_handler', 'into_dir', 'into_files'];

/**
 * Reads a message: fetches its linked payloads and decodes them all. Links may lead to the file server only, unless `allowed_origins` or
 * the handler says otherwise.
 *
 * @param {string | Uint8Array} msg_json What NATS delivered.
 * @param {ReceiveOptions} [options]
 * @returns {Promise<import('../core/received.js').Received>} The envelope; each of its `payloads` unpacks as
 *   `[dataname, data, payload_type]`.
 * @throws {NATSBridgeError} In phases `parse` and `validate` before anything is fetched; then DOWNLOAD_FAILED, SIZE_MISMATCH or
 *   CHECKSUM_MISMATCH in phase `fetch`; then those of phase `decode`. From phase `fetch` on it has the `envelope`, for `nack`.
 */
export async function smartreceive(msg_json, options = {}) {
  const { call, handler, fileserver_url, target, decoder } = terms(msg_json, options);
  const lifetime = new Lifetime().until(call.signal);
  /** @type {Outputs | undefined} */
  let outputs;
  /** @type {import('../generated.js').Envelope | undefined} */
  let envelope;
  try {
    lifetime.check();
    const incoming = decoder.decode(msg_json);
    ({ envelope } = incoming);
    understood(call.observation, envelope);
    outputs = new Outputs(incoming, target);
    await outputs.check();
    await fetchAll(incoming, outputs, handler, fileserver_url, call, lifetime);
    const message = await outputs.finish();
    received(call.observation, envelope);
    return message;
  } catch (error) {
    if (error instanceof NATSBridgeError) error.envelope = envelope;
    throw error;
  } finally {
    lifetime.close();
    await outputs?.discard();
  }
}

/**
 * @param {string | Uint8Array} msg_json What an error is about.
 * @param {ReceiveOptions} options
 */
function terms(msg_json, options) {
  try {
    const call = callTerms(options, [...DECODER_OPTIONS, ...DOWNLOAD_OPTIONS]);
    const download = downloadTerms(options);
    const allowed_origins = options.allowed_origins ?? download.handler.origins(download.fileserver_url);
    return { call, ...download, decoder: new Decoder(NODE, { ...picked(options, DECODER_OPTIONS), allowed_origins }) };
  } catch (error) {
    if (error instanceof NATSBridgeError) told(error, msg_json);
    throw error;
  }
}

/**
 * Tells an error which message it is about: one that was not looked at, since an argument is wrong.
 *
 * @param {NATSBridgeError} error
 * @param {string | Uint8Array} msg_json
 */
function told(error, msg_json) {
  try {
    error.envelope = new Decoder(NODE).decode(msg_json).envelope;
    error.about(error.envelope);
  } catch (other) {
    if (other instanceof NATSBridgeError) error.about(other);
  }
}

/**
 * @param {Incoming} incoming
 * @param {Outputs} outputs
 * @param {import('./handlers.js').DownloadHandler} handler
 * @param {string} fileserver_url
 * @param {import('./options.js').CallTerms} call
 * @param {Lifetime} lifetime
 */
async function fetchAll(incoming, outputs, handler, fileserver_url, call, lifetime) {
  const downloads = incoming.downloads();
  if (downloads.length === 0) return;
  const { envelope } = incoming;
  const { correlation_id } = envelope;
  const { retry, timeouts, agent, on_progress, observation } = call;
  const timed = lifetime.part(call.deadline);
  const tasks = downloads.map(({ index, dataname, url, size, sha256 }) => async (/** @type {Lifetime} */ part) => {
    const report =
      on_progress &&
      ((/** @type {number} */ transferred) => on_progress({ direction: 'download', index, dataname, transferred, size }));
    const folder = outputs.folder(index);
    const sink = new Sink({ size, sha256, ...(folder !== undefined && { folder }), ...(report && { report }) });
    outputs.expect(sink);
    const fields = () => fieldsOfPayload(envelope, index);
    const transfer = new Transfer(observation, { direction: 'download', dataname, size, origin: origin_of(url), fields });
    const terms = { retry, timeouts, agent, lifetime: part, transfer };
    await transfer.run(part, async () => {
      await handler.download({ url, fileserver_url, correlation_id }, sink, terms);
      outputs.take(index, sink.finish());
    });
  });
  try {
    const results = await sideBySide(tasks, { most: TRANSFER.max_concurrent, all: false, lifetime: timed });
    lifetime.check();
    for (const [at, result] of results.entries()) {
      if (result.status === 'rejected') throw failure(/** @type {PendingDownload} */ (downloads[at]), result.reason, envelope);
    }
  } finally {
    timed.close();
  }
}

/**
 * @param {PendingDownload} download
 * @param {unknown} error
 * @param {import('../core/outgoing.js').Envelope} envelope
 */
function failure({ index, dataname, url }, error, envelope) {
  if (!(error instanceof TransferError)) return error;
  const message = `payload ${index} could not be fetched from ${origin_of(url)}: ${error.message}`;
  return error.toError('DOWNLOAD_FAILED', message, { pointer: `/payloads/${index}/data`, dataname }).about(envelope);
}

/** @param {ReceiveOptions} options */
function downloadTerms({ fileserver_url, fileserver_download_handler, into_dir, into_files }) {
  const handler = fileserver_download_handler ?? fetch_with_backoff;
  if (typeof handler !== 'function' && !(handler instanceof Plik)) {
    throw unusable('fileserver_download_handler', 'a function or a Plik', typeof handler);
  }
  if ((into_dir ?? undefined) !== undefined && typeof into_dir !== 'string')
    throw unusable('into_dir', 'a path', typeof into_dir);
  if ((into_files ?? undefined) !== undefined && typeof into_files !== 'function') {
    throw unusable('into_files', 'a function', typeof into_files);
  }
  return {
    handler:
      handler === fetch_with_backoff
        ? new Fetch()
        : downloadHandler(/** @type {import('./handlers.js').DownloadFunction} */ (handler)),
    fileserver_url: fileserverUrl(fileserver_url),
    target: { into_dir, into_files },
  };
}
