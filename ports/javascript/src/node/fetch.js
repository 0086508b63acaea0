/** Downloads over http and https, tried again with growing delays (FR-010, W6). */

import { origin_of } from '../core/link.js';
import { isRetryableStatus, retryAfter } from '../core/retry.js';
import { attempts } from './attempts.js';
import { exchange } from './exchange.js';
import { TransferError } from './transfer_error.js';

/**
 * What the transfers of one call share.
 *
 * @typedef {object} TransferTerms
 * @property {import('../core/retry.js').Retry} retry
 * @property {import('./exchange.js').Timeouts} timeouts
 * @property {import('./exchange.js').Carrier | undefined} agent
 * @property {import('./lifetime.js').Lifetime} lifetime
 * @property {import('./transfer.js').Transfer} transfer
 */

/** The download handler for any server that answers a GET. */
export class Fetch {
  #headers;

  /** @param {Record<string, string>} [headers] */
  constructor(headers = {}) {
    this.#headers = headers;
  }

  /**
   * Where links may lead unless the receiver says otherwise.
   *
   * @param {string} fileserverUrl
   */
  origins(fileserverUrl) {
    return [origin_of(fileserverUrl)];
  }

  /**
   * Fetches into a sink.
   *
   * @param {{url: string}} download
   * @param {import('./sink.js').Sink} sink
   * @param {TransferTerms} terms
   */
  async download({ url }, sink, terms) {
    await attempts(terms.retry, terms.lifetime, terms.transfer, () => this.#attempt(url, sink, terms));
  }

  /**
   * @param {string} url
   * @param {import('./sink.js').Sink} sink
   * @param {TransferTerms} terms
   */
  async #attempt(url, sink, terms) {
    const answer = await exchange(url, { headers: this.#headers }, terms);
    try {
      if (answer.status !== 200) throw refused(answer, false);
      const coding = answer.header('content-encoding');
      if (coding !== undefined) {
        throw new TransferError(`the file server answered with the content coding ${JSON.stringify(coding)}`);
      }
      const length = answer.header('content-length');
      await sink.start(length === undefined ? undefined : Number(length));
      for await (const piece of answer.pieces()) await sink.write(piece);
      sink.checkEnd();
    } finally {
      answer.close();
    }
  }
}

/**
 * What a status other than 200 means.
 *
 * @param {import('./exchange.js').Exchange} answer
 * @param {boolean} uploading
 */
export function refused(answer, uploading) {
  const { status, statusLine } = answer;
  return new TransferError(`the file server answered ${statusLine}${hint(status, uploading)}`, {
    retryable: isRetryableStatus(status),
    retryAfter: retryAfter(answer.header('retry-after'), Date.now()),
  });
}

/**
 * @param {number} status
 * @param {boolean} uploading
 */
function hint(status, uploading) {
  if (status >= 300 && status <= 399) return ': redirects are not followed';
  switch (status) {
    case 404:
    case 410:
      return uploading
        ? ': no Plik answers there; is fileserver_url right?'
        : ': the file is gone; a one-shot file can be fetched once, and others expire';
    case 400:
    case 413:
      return uploading ? ': the file may be too large for this server' : '';
    case 401:
    case 403:
      return `: a token or password is missing or wrong${uploading ? '' : ', or a signed link has expired'}`;
    default:
      return '';
  }
}
