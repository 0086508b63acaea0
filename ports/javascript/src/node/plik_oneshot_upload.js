/** The upload handler of the contract (FR-008). */

import { stat } from 'node:fs/promises';

import { fileserverUrl } from './environment.js';
import { Lifetime } from './lifetime.js';
import { callTerms, named, unusable } from './options.js';
import { PayloadFile } from './payload_file.js';
import { Plik } from './plik.js';
import { Source } from './source.js';
import { Transfer } from './transfer.js';
import { TransferError } from './transfer_error.js';

/**
 * Uploads bytes or a file to a Plik server, so that they can be fetched once: what `smartsend` does with a large payload, by itself.
 *
 * @param {string} fileserver_url
 * @param {string} dataname Is not sent to the server.
 * @param {Uint8Array | ArrayBuffer | string | URL | PayloadFile} data Bytes; or a file, by its path, a `file:` URL or `file(path)`.
 * @param {import('./options.js').CallOptions & {correlation_id?: string}} [options]
 * @returns {Promise<import('./plik.js').Uploaded>}
 * @throws {import('../core/error.js').NATSBridgeError} INVALID_ENVELOPE for arguments that cannot be used; UPLOAD_FAILED after the last
 *   attempt, or where the file cannot be read.
 */
export async function plik_oneshot_upload(fileserver_url, dataname, data, options = {}) {
  const { correlation_id = '', ...rest } = named(options);
  const call = callTerms(rest, []);
  const url = fileserverUrl(fileserver_url ?? '');
  const lifetime = new Lifetime().until(call.signal);
  const timed = lifetime.part(call.deadline);
  const { retry, timeouts, agent, observation, on_progress } = call;
  try {
    const source = await sourceOf(
      data,
      (size) => on_progress && ((transferred) => on_progress({ direction: 'upload', index: 0, dataname, transferred, size })),
    );
    const fields = () => (correlation_id === '' ? {} : { correlation_id });
    const transfer = new Transfer(observation, { direction: 'upload', dataname: String(dataname), size: source.size, fields });
    const terms = { retry, timeouts, agent, lifetime: timed, transfer };
    return await transfer.run(timed, () => new Plik().upload({ fileserver_url: url, source }, terms));
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    const message = `payload ${JSON.stringify(dataname)} could not be uploaded: ${error.message}`;
    throw error.toError('UPLOAD_FAILED', message, { dataname: String(dataname), correlation_id });
  } finally {
    timed.close();
    lifetime.close();
  }
}

/**
 * @param {unknown} data
 * @param {(size: number) => ((transferred: number) => void) | undefined} report
 */
async function sourceOf(data, report) {
  const path = data instanceof URL ? new PayloadFile(data).path : data instanceof PayloadFile ? data.path : data;
  if (typeof path === 'string') {
    const { size } = await stat(path).catch((error) => {
      throw TransferError.ofFile(error);
    });
    return new Source(path, size, report(size));
  }
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : data instanceof ArrayBuffer
      ? new Uint8Array(data)
      : undefined;
  if (!bytes) throw unusable('data', 'bytes or a file', data === null ? 'null' : typeof data);
  return new Source(bytes, bytes.length, report(bytes.length));
}
