/** A file server whose faults are written down beforehand, and that remembers what it saw. */

import net from 'node:net';
import { performance } from 'node:perf_hooks';

/**
 * A request as it came.
 *
 * @typedef {object} Seen
 * @property {string} line Such as `GET /file/a?b`.
 * @property {Record<string, string>} headers Names in lower case.
 * @property {Buffer} body
 * @property {number} at Milliseconds, of a clock that only goes forward.
 */

/** @typedef {(socket: import('node:net').Socket, seen: Seen) => unknown} Answer */

/**
 * A whole answer.
 *
 * @param {string | Uint8Array} [body]
 * @param {Record<string, string | number>} [headers]
 * @param {string} [line]
 * @returns {Answer}
 */
export function answer(body = '', headers = {}, line = '200 OK') {
  const bytes = Buffer.from(body);
  return (socket) => socket.write(Buffer.concat([head({ 'content-length': bytes.length, ...headers }, line), bytes]));
}

/**
 * @param {string} line Such as `503 Service Unavailable`.
 * @param {Record<string, string | number>} [headers]
 */
export function status(line, headers = {}) {
  return answer('', headers, line);
}

/**
 * As much as is given, then the end of the connection.
 *
 * @param {string | Uint8Array} body
 * @param {Record<string, string | number>} [headers]
 * @returns {Answer}
 */
export function cut(body, headers = {}) {
  return (socket) => socket.end(Buffer.concat([head(headers), Buffer.from(body)]));
}

/** The connection goes without a word. @returns {Answer} */
export function reset() {
  return (socket) => socket.destroy();
}

/** Nothing ever comes. @returns {Answer} */
export function silence() {
  return () => {};
}

/**
 * One byte at a time.
 *
 * @param {string} text What is sent, the head included.
 * @param {number} pause Milliseconds.
 * @returns {Answer}
 */
export function drip(text, pause) {
  return async (socket) => {
    for (const byte of text) {
      if (socket.destroyed) return;
      socket.write(byte);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
}

/**
 * @param {Record<string, string | number>} headers
 * @param {string} [line]
 */
export function head(headers, line = '200 OK') {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`HTTP/1.1 ${line}\r\n${lines.join('')}\r\n`, 'latin1');
}

/** A server on a free port of loopback. */
export class Peer {
  /** @type {Seen[]} */
  seen = [];
  /** Requests that were under way at once, at most. */
  most = 0;
  /** Bytes that came in over all connections. */
  received = 0;
  #underWay = 0;
  /** @type {[string, Answer[], boolean][]} */
  #rules = [];
  /** @type {Set<import('node:net').Socket>} */
  #sockets = new Set();
  #server = net.createServer((socket) => this.#serve(socket));

  static async start() {
    const peer = new Peer();
    await new Promise((resolve) => peer.#server.listen(0, '127.0.0.1', () => resolve(undefined)));
    return peer;
  }

  get url() {
    const address = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    return `http://127.0.0.1:${address.port}`;
  }

  /**
   * Answers requests whose line starts so, one after the other; the last answer repeats.
   *
   * @param {string} line
   * @param {...Answer} answers
   */
  script(line, ...answers) {
    this.#rules.push([line, answers, false]);
    return this;
  }

  /**
   * As `script`, without waiting for the body of a request.
   *
   * @param {string} line
   * @param {...Answer} answers
   */
  early(line, ...answers) {
    this.#rules.push([line, answers, true]);
    return this;
  }

  /** Takes uploads as Plik does. */
  takeUploads() {
    let count = 0;
    this.script('POST /upload', (socket, seen) => {
      count += 1;
      return answer(JSON.stringify({ id: `up${count}`, uploadToken: `token${count}`, files: null }))(socket, seen);
    });
    this.script('POST /file/', answer('{"id":"file1"}'));
    return this.script('DELETE /upload/', answer('ok'));
  }

  /** What was asked, in order. */
  get lines() {
    return this.seen.map(({ line }) => line);
  }

  /** The milliseconds between one request and the next. */
  get gaps() {
    return this.seen.slice(1).map(({ at }, index) => at - (this.seen[index]?.at ?? 0));
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** @param {import('node:net').Socket} socket */
  async #serve(socket) {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    let held = Buffer.alloc(0);
    try {
      for await (const piece of socket) {
        this.received += piece.length;
        held = Buffer.concat([held, piece]);
        for (let end = held.indexOf('\r\n\r\n'); end >= 0; end = held.indexOf('\r\n\r\n')) {
          const [first = '', ...lines] = held.subarray(0, end).toString('latin1').split('\r\n');
          const pairs = lines.map((line) => [(line.split(':')[0] ?? '').toLowerCase(), line.replace(/^[^:]*: */, '')]);
          const headers = Object.fromEntries(pairs);
          const line = first.replace(/ HTTP\/1\.1$/, '');
          const rule = this.#rules.find(([start]) => line.startsWith(start));
          const bodyEnd = end + 4 + (rule?.[2] ? 0 : Number(headers['content-length'] ?? 0));
          if (held.length < bodyEnd) break;
          const body = held.subarray(end + 4, bodyEnd);
          held = held.subarray(bodyEnd);
          this.#answer(socket, { line, headers, body, at: performance.now() }, rule?.[1]);
        }
      }
    } catch {
      // The client went away.
    }
  }

  /**
   * @param {import('node:net').Socket} socket
   * @param {Seen} seen
   * @param {Answer[] | undefined} answers
   */
  async #answer(socket, seen, answers) {
    this.seen.push(seen);
    this.#underWay += 1;
    this.most = Math.max(this.most, this.#underWay);
    const next = answers && answers.length > 1 ? answers.shift() : answers?.[0];
    await (next ?? status('404 Not Found'))(socket, seen);
    this.#underWay -= 1;
  }
}

/**
 * Runs a test with a peer of its own.
 *
 * @param {(peer: Peer) => Promise<void>} test
 */
export function withPeer(test) {
  return async () => {
    const peer = await Peer.start();
    try {
      await test(peer);
    } finally {
      await peer.stop();
    }
  };
}
