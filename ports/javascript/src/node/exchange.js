/** One HTTP request and its answer over `node:http` and `node:https`, set up as the wire wants it (W6.2 and W6.6). */

import http from 'node:http';
import https from 'node:https';

import { VERSION } from '../version.js';
import { timerDelay } from './lifetime.js';
import { TransferError } from './transfer_error.js';

/**
 * @typedef {object} Timeouts
 * @property {number} connect_timeout Milliseconds until a connection stands.
 * @property {number} read_timeout Milliseconds without a byte going or coming, the response's headers included.
 */

/**
 * What carries requests: an agent of `node:http` or `node:https`, or a function from the URL's text without its query to one. It is
 * the way to go through a proxy, and to trust a certificate of one's own.
 *
 * @typedef {import('node:http').Agent | ((origin: string) => import('node:http').Agent)} Carrier
 */

/**
 * What every request of a call shares.
 *
 * @typedef {object} Terms
 * @property {Timeouts} timeouts
 * @property {import('./lifetime.js').Lifetime} lifetime Ends the request; its reason is thrown.
 * @property {Carrier} [agent]
 */

/**
 * @typedef {object} Request
 * @property {string} [method] GET by default.
 * @property {Record<string, string>} [headers]
 * @property {AsyncIterable<Uint8Array> | Iterable<Uint8Array>} [body]
 * @property {number} [length] Bytes of the body.
 */

/** Plik answers errors with a page for people unless the user agent starts like this. */
const USER_AGENT = `plik_client/natsbridge-${VERSION}`;

/**
 * Connections are kept for a short while, less than servers do, which would end one just as it is used again. These agents have no
 * proxy, whatever the environment says.
 */
const KEPT = { keepAlive: true, timeout: 4000 };
const PLAIN = new http.Agent(KEPT);
const SECURE = new https.Agent(KEPT);

/**
 * Sends a request and waits for the head of its answer. No redirect is followed.
 *
 * @param {string} url An absolute http or https URL; its path and query go out as they are written.
 * @param {Request} request
 * @param {Terms} terms
 * @returns {Promise<Exchange>} To be closed by the caller.
 * @throws {TransferError} Where no answer came; the lifetime's reason where that has ended.
 */
export async function exchange(url, request, terms) {
  const made = new Exchange(url, request, terms);
  try {
    await made.head();
  } catch (error) {
    made.close();
    throw error;
  }
  return made;
}

/** A request under way. */
export class Exchange {
  #terms;
  #request;
  /** @type {import('node:http').IncomingMessage | undefined} */
  #response;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** What ended it from within; counts before what the connection then says.
   * @type {{reason: unknown} | undefined} */
  #ended;
  #forget;

  /**
   * @param {string} url
   * @param {Request} request
   * @param {Terms} terms
   */
  constructor(url, request, terms) {
    this.#terms = terms;
    this.body = request.body;
    this.#request = open(url, request, terms.agent);
    // Whatever is said later on than anyone listens has been told by then.
    this.#request.on('error', () => {});
    this.#forget = terms.lifetime.whenEnded((reason) => this.#end(reason));
  }

  /** The HTTP status. */
  get status() {
    return this.#response?.statusCode ?? 0;
  }

  /** The status with its usual words. */
  get statusLine() {
    const words = http.STATUS_CODES[this.status];
    return words ? `${this.status} ${words}` : String(this.status);
  }

  /**
   * A header of the answer.
   *
   * @param {'content-encoding' | 'content-length' | 'retry-after'} name
   */
  header(name) {
    return this.#response?.headers[name];
  }

  /** Sends the request and waits until the head of the answer is there. */
  async head() {
    const request = this.#request;
    const { connect_timeout, read_timeout } = this.#terms.timeouts;
    const silent = () => this.#limit(read_timeout, 'the file server was silent');
    this.#limit(connect_timeout, 'no connection stood');
    const answered = new Promise((resolve, reject) => {
      request.once('error', reject);
      request.once('response', (response) => {
        this.#response = response;
        response.on('error', () => {});
        resolve(undefined);
      });
      request.once('close', () => reject(new TransferError('the connection was closed', { retryable: true })));
      request.once('socket', (socket) => {
        if (!socket.connecting) silent();
        else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', silent);
      });
    });
    const sent = this.#send(silent);
    try {
      await answered;
    } catch (error) {
      throw this.#ended ? this.#ended.reason : TransferError.ofConnection(error);
    } finally {
      this.#rest();
      await sent;
    }
  }

  /**
   * The body of the answer, piece by piece.
   *
   * @returns {AsyncGenerator<Buffer, void, undefined>}
   */
  async *pieces() {
    const response = this.#response;
    if (!response) return;
    const pieces = response[Symbol.asyncIterator]();
    try {
      for (;;) {
        this.#limit(this.#terms.timeouts.read_timeout, 'the file server was silent');
        const { done, value } = await pieces.next();
        this.#rest();
        if (done) break;
        yield value;
      }
    } catch (error) {
      throw this.#ended ? this.#ended.reason : TransferError.ofConnection(error);
    } finally {
      this.#rest();
    }
  }

  /** Ends it, whatever is still under way. */
  close() {
    this.#rest();
    this.#forget();
    if (!this.#response?.readableEnded || !this.#request.writableFinished) this.#request.destroy();
  }

  /** @param {() => void} moved Is called for every piece that is on its way. */
  async #send(moved) {
    const request = this.#request;
    const over = () => this.#response !== undefined || request.destroyed;
    try {
      for await (const piece of this.body ?? []) {
        if (over()) return;
        await new Promise((resolve) => {
          request.once('close', resolve);
          request.once('response', resolve);
          request.write(piece, () => {
            request.off('close', resolve);
            request.off('response', resolve);
            resolve(undefined);
          });
        });
        if (over()) return;
        moved();
      }
      request.end();
    } catch (error) {
      this.#end(error);
    }
  }

  /**
   * @param {number} milliseconds
   * @param {string} what
   */
  #limit(milliseconds, what) {
    this.#rest();
    this.#timer = setTimeout(() => this.#end(TransferError.timedOut(what, milliseconds)), timerDelay(milliseconds));
  }

  #rest() {
    clearTimeout(this.#timer);
  }

  /** @param {unknown} reason */
  #end(reason) {
    this.#ended ??= { reason };
    this.#request.destroy(new TransferError('the request was ended'));
  }
}

/**
 * @param {string} url
 * @param {Request} request
 * @param {Carrier | undefined} agent
 */
function open(url, request, agent) {
  const { method = 'GET', headers = {}, body, length = 0 } = request;
  const { secure, hostname, port, path, origin } = target(url);
  /** @type {import('node:https').RequestOptions & {autoSelectFamily: boolean}} */
  const options = {
    method,
    hostname,
    port,
    path,
    headers: {
      'user-agent': USER_AGENT,
      'accept-encoding': 'identity',
      accept: '*/*',
      ...headers,
      ...(body === undefined ? {} : { 'content-length': String(length) }),
    },
    agent: typeof agent === 'function' ? agent(origin) : (agent ?? (secure ? SECURE : PLAIN)),
    insecureHTTPParser: false,
    autoSelectFamily: true,
  };
  try {
    return secure ? https.request(options) : http.request(options);
  } catch (error) {
    // Node names the header or the path that it refuses, not what stands in it.
    const { message } = TransferError.ofConnection(error);
    throw new TransferError(`the request cannot be made: ${message}`);
  }
}

/** @param {string} url */
function target(url) {
  const parts = /^(https?):\/\/(\[[^\]]*\]|[^/?#:]*)(?::([0-9]+))?([^#]*)$/i.exec(url);
  if (!parts) throw new TransferError('the URL is not an absolute http or https URL');
  const [, scheme = '', host = '', port, rest = ''] = parts;
  const secure = scheme.toLowerCase() === 'https';
  return {
    secure,
    hostname: host.replace(/^\[|\]$/g, ''),
    port: port ?? (secure ? '443' : '80'),
    path: rest.startsWith('/') ? rest : `/${rest}`,
    origin: `${scheme.toLowerCase()}://${host}${port === undefined ? '' : `:${port}`}`,
  };
}
