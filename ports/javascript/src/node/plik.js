/** Plik as the file server (FR-008, W6.1). */

import { randomBytes } from 'node:crypto';

import { NATSBridgeError } from '../core/error.js';
import { origin_of } from '../core/link.js';
import { TRANSFER } from '../generated.js';
import { attempts } from './attempts.js';
import { exchange } from './exchange.js';
import { Fetch, refused } from './fetch.js';
import { Lifetime } from './lifetime.js';
import { inBackground } from './removals.js';
import { TransferError } from './transfer_error.js';

/**
 * @typedef {object} PlikOptions
 * @property {number} [ttl] Seconds for which files are kept and can be fetched any number of times; by default each can be fetched once.
 * @property {string} [token] The user token that the server asks for (NFR-303).
 * @property {string} [login] Uploads are protected by this login and `password`, which a receiver needs as well.
 * @property {string} [password]
 * @property {string[]} [servers] Links to these origins are fetched; by default to that of `fileserver_url`.
 */

/**
 * Where a payload was uploaded to.
 *
 * @typedef {object} Uploaded
 * @property {number} status The HTTP status in the end; any other than 200 is a failed upload.
 * @property {string} url The URL that receivers fetch the payload from.
 * @property {string} [uploadid] Plik's id of the upload.
 * @property {string} [fileid] Plik's id of the file.
 */

/**
 * What was uploaded for one payload of a message.
 *
 * @typedef {Uploaded & {index: number}} IndexedUpload `index` is the payload's position in the message, from 0.
 */

/**
 * @typedef {object} Place What allows the removal of an upload.
 * @property {string} server
 * @property {string} id
 * @property {string} token
 */

/**
 * What allows the removal of what was uploaded; not in it, so that it is never shown.
 *
 * @type {WeakMap<object, Place>}
 */
const PLACES = new WeakMap();

/** A name of our own, since any other would have to be escaped. */
const FILE_NAME = 'payload';

/** More than Plik ever says of one upload. */
const MAX_ANSWER = 1 << 20;

/**
 * What an upload gave, told which payload it was for; it can be removed as well.
 *
 * @param {number} index
 * @param {Uploaded} uploaded
 * @returns {IndexedUpload}
 */
export function indexed(index, uploaded) {
  const same = { ...uploaded, index };
  const place = PLACES.get(uploaded);
  if (place) PLACES.set(same, place);
  return same;
}

/** The handler of both directions for a Plik server. */
export class Plik {
  #options;
  /** @type {Record<string, string>} */
  #headers = {};

  /** @param {PlikOptions} [options] */
  constructor(options = {}) {
    const { ttl, token, login, password } = options;
    if (ttl !== undefined && !(typeof ttl === 'number' && ttl > 0 && Number.isFinite(ttl))) {
      throw new NATSBridgeError('INVALID_ENVELOPE', 'validate', 'ttl cannot be used: expected seconds above 0', {
        expected: 'seconds above 0',
        found: typeof ttl === 'number' ? String(ttl) : typeof ttl,
      });
    }
    this.#options = options;
    if (token !== undefined) this.#headers['x-pliktoken'] = token;
    if (login !== undefined || password !== undefined) {
      this.#headers.authorization = `Basic ${Buffer.from(`${login ?? ''}:${password ?? ''}`).toString('base64')}`;
    }
  }

  /** Whether what it uploads can be fetched only once. */
  get oneshot() {
    return this.#options.ttl === undefined;
  }

  /**
   * Where links may lead unless the receiver says otherwise with `allowed_origins`.
   *
   * @param {string} fileserverUrl The file server as the receiver names it.
   * @returns {string[]}
   */
  origins(fileserverUrl) {
    return this.#options.servers ?? [origin_of(fileserverUrl)];
  }

  /**
   * Uploads one payload. An attempt is create plus add file; a further one creates anew and removes the old upload.
   *
   * @param {{fileserver_url: string, source: import('./source.js').Source}} upload
   * @param {import('./fetch.js').TransferTerms} terms
   * @returns {Promise<Uploaded>}
   */
  upload({ fileserver_url, source }, terms) {
    const base = fileserver_url.replace(/\/+$/, '');
    return attempts(terms.retry, terms.lifetime, terms.transfer, () => this.#attempt(base, source, terms));
  }

  /**
   * Removes what was uploaded: its message will not be sent, or was acknowledged.
   *
   * @param {object} uploaded What an upload gave.
   * @param {{agent?: import('./exchange.js').Carrier}} [options]
   * @returns {Promise<boolean>} Whether it was still there.
   * @throws {NATSBridgeError} INVALID_ENVELOPE for what was not uploaded to Plik by this process; UPLOAD_FAILED where the server refuses.
   */
  async remove(uploaded, { agent } = {}) {
    const place = PLACES.get(uploaded);
    if (!place) {
      throw new NATSBridgeError('INVALID_ENVELOPE', 'validate', 'this is not what an upload to Plik gave in this process');
    }
    try {
      return await this.#delete(place, TIMEOUTS, agent);
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      throw new NATSBridgeError('UPLOAD_FAILED', 'upload', `the upload could not be removed: ${error.message}`, {
        retryable: error.retryable,
      });
    }
  }

  /**
   * Fetches a link into a sink.
   *
   * @param {{url: string, fileserver_url: string}} download
   * @param {import('./sink.js').Sink} sink
   * @param {import('./fetch.js').TransferTerms} terms
   */
  async download(download, sink, terms) {
    // Another server that the receiver allows is not told the password of this one.
    const own = this.origins(download.fileserver_url).map(origin_of).includes(origin_of(download.url));
    const { authorization } = this.#headers;
    await new Fetch(own && authorization ? { authorization } : {}).download(download, sink, terms);
  }

  /**
   * @param {string} base
   * @param {import('./source.js').Source} source
   * @param {import('./fetch.js').TransferTerms} terms
   */
  async #attempt(base, source, terms) {
    const created = await this.#create(base, terms);
    const place = { server: base, id: created.id, token: created.token };
    try {
      const fileid = await this.#add(place, source, terms);
      const domain = (created.domain || base).replace(/\/+$/, '');
      const url = `${domain}/file/${encodeURIComponent(created.id)}/${encodeURIComponent(fileid)}/${FILE_NAME}`;
      const uploaded = { status: 200, uploadid: created.id, fileid, url };
      PLACES.set(uploaded, place);
      return uploaded;
    } catch (error) {
      // What is left of the attempt is in nobody's way: its removal may fail, and is not waited for when time is over.
      const removal = inBackground(() => this.#delete(place, terms.timeouts, terms.agent));
      if (!terms.lifetime.ended) await terms.lifetime.hold(removal).catch(() => {});
      throw error;
    }
  }

  /**
   * @param {string} base
   * @param {import('./exchange.js').Terms} terms
   */
  async #create(base, terms) {
    const { ttl, login, password } = this.#options;
    const wanted = {
      ...(ttl === undefined ? { OneShot: true } : { ttl: Math.max(1, Math.ceil(ttl)) }),
      Removable: false,
      ...(login === undefined && password === undefined ? {} : { Login: login ?? '', Password: password ?? '' }),
    };
    const body = Buffer.from(JSON.stringify(wanted));
    const headers = { ...this.#headers, 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body: [body], length: body.length };
    const { id, uploadToken, downloadDomain } = await answered(await exchange(`${base}/upload`, request, terms));
    return { id: text(id, 'id'), token: optionalText(uploadToken), domain: optionalText(downloadDomain) };
  }

  /**
   * @param {Place} place
   * @param {import('./source.js').Source} source
   * @param {import('./exchange.js').Terms} terms
   */
  async #add({ server, id, token }, source, terms) {
    const boundary = `natsbridge-${randomBytes(16).toString('hex')}`;
    const disposition = `Content-Disposition: form-data; name="file"; filename="${FILE_NAME}"`;
    const head = Buffer.from(`--${boundary}\r\n${disposition}\r\nContent-Type: application/octet-stream\r\n\r\n`);
    const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
    const body = async function* () {
      yield head;
      yield* source.pieces();
      yield tail;
    };
    const headers = {
      ...this.#headers,
      ...(token && { 'x-uploadtoken': token }),
      'content-type': `multipart/form-data; boundary=${boundary}`,
    };
    const length = head.length + source.size + tail.length;
    const url = `${server}/file/${encodeURIComponent(id)}`;
    const added = await answered(await exchange(url, { method: 'POST', headers, body: body(), length }, terms));
    return text(added.id, 'id');
  }

  /**
   * @param {Place} place
   * @param {import('./exchange.js').Timeouts} timeouts
   * @param {import('./exchange.js').Carrier | undefined} agent
   */
  async #delete({ server, id, token }, timeouts, agent) {
    const lifetime = new Lifetime().part(timeouts.connect_timeout);
    try {
      const headers = { ...this.#headers, ...(token && { 'x-uploadtoken': token }) };
      const url = `${server}/upload/${encodeURIComponent(id)}`;
      const answer = await exchange(url, { method: 'DELETE', headers }, { timeouts, lifetime, agent });
      answer.close();
      if (answer.status === 404) return false;
      if (answer.status !== 200) throw refused(answer, true);
      return true;
    } finally {
      lifetime.close();
    }
  }
}

const TIMEOUTS = { connect_timeout: TRANSFER.connect_timeout_ms, read_timeout: TRANSFER.read_timeout_ms };

/**
 * The JSON of a 200, which Plik sends as text/plain.
 *
 * @param {import('./exchange.js').Exchange} answer
 * @returns {Promise<Record<string, unknown>>}
 */
async function answered(answer) {
  try {
    if (answer.status !== 200) throw refused(answer, true);
    /** @type {Buffer[]} */
    const pieces = [];
    let length = 0;
    for await (const piece of answer.pieces()) {
      length += piece.length;
      if (length > MAX_ANSWER) throw new TransferError("the file server's answer is longer than 1 MiB");
      pieces.push(piece);
    }
    const value = parsed(Buffer.concat(pieces).toString());
    if (typeof value === 'object' && value !== null) return /** @type {Record<string, unknown>} */ (value);
    throw new TransferError("the file server's answer is not that of Plik: no object");
  } finally {
    answer.close();
  }
}

/**
 * @param {string} json
 * @returns {unknown}
 */
function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    // What the parser says quotes the answer, which may hold a token.
    throw new TransferError("the file server's answer is not that of Plik: no JSON");
  }
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function text(value, name) {
  if (typeof value === 'string' && value !== '') return value;
  throw new TransferError(`the file server's answer is not that of Plik: no ${name}`);
}

/** @param {unknown} value */
function optionalText(value) {
  return typeof value === 'string' ? value : '';
}
