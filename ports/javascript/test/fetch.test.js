/** Downloads against a file server that fails in every way (W6). */

import assert from 'node:assert/strict';
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import test from 'node:test';

import { fetch_with_backoff, smartreceive, VERSION } from '../src/natsbridge_ssr.js';
import { failure } from './failure.js';
import { linking } from './link.js';
import { answer, cut, drip, head, reset, silence, status, withPeer } from './peer.js';
import { beside } from './program.js';

/** Short delays, so that the tests are quick. */
const DELAYS = /** @type {const} */ ([5, 20, 5000]);

/**
 * @param {string} url
 * @param {Parameters<typeof fetch_with_backoff>[5]} [options]
 */
const fetch = (url, options) => fetch_with_backoff(url, ...DELAYS, '', options);

test(
  'a GET that says what it wants, and nothing of the environment (W6.6)',
  withPeer(async (peer) => {
    peer.script('GET ', answer('bytes'));
    const environment = { http_proxy: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1', NODE_USE_ENV_PROXY: '1' };
    Object.assign(process.env, environment);
    const bytes = await fetch(`${peer.url}/file/a/../%2e%2E/b?q=1&r`).finally(() => {
      for (const name of Object.keys(environment)) delete process.env[name];
    });
    assert.equal(Buffer.from(bytes).toString(), 'bytes');
    const [seen] = peer.seen;
    assert.equal(seen?.line, 'GET /file/a/../%2e%2E/b?q=1&r', 'the path goes out as it is written');
    assert.equal(seen?.headers['accept-encoding'], 'identity');
    assert.equal(seen?.headers['user-agent'], `plik_client/natsbridge-${VERSION}`);
    assert.equal(seen?.headers.host, peer.url.slice(7));
    assert.equal(seen?.headers.authorization, undefined);
  }),
);

for (const [name, bad] of /** @type {[string, import('./peer.js').Answer][]} */ ([
  ['408', status('408 Request Timeout')],
  ['425', status('425 Too Early')],
  ['429', status('429 Too Many Requests')],
  ['500', status('500 Internal Server Error')],
  ['503', status('503 Service Unavailable')],
  ['599', status('599 Odd')],
  ['a reset', reset()],
  ['a body cut short', cut('by', { 'content-length': 5 })],
  ['a chunked body cut short', cut('2\r\nby\r\n', { 'transfer-encoding': 'chunked' })],
  ['no HTTP', (socket) => socket.end('SSH-2.0-x\r\n\r\n')],
  ['two lengths', cut('bytes', { 'content-length': 5, 'Content-Length': 6 })],
])) {
  test(
    `${name} is tried again, max_retries times in all (W6.1)`,
    withPeer(async (peer) => {
      peer.script('GET /bad', bad);
      peer.script('GET /mended', bad, bad, answer('bytes'));
      const error = await failure(fetch(`${peer.url}/bad`));
      assert.deepEqual([error.code, error.phase, error.retryable, peer.seen.length], ['DOWNLOAD_FAILED', 'fetch', true, 5]);
      assert.match(error.message, /\(after 5 attempts\)$/);
      for (const [index, least] of [20, 40, 80, 160].entries()) assert.ok((peer.gaps[index] ?? 0) >= least, `${peer.gaps}`);
      assert.equal(Buffer.from(await fetch(`${peer.url}/mended`)).toString(), 'bytes');
      assert.equal(peer.seen.length, 8);
    }),
  );
}

for (const line of [
  '204 No Content',
  '206 Partial Content',
  '301 Moved',
  '302 Found',
  '400 Bad Request',
  '401 Unauthorized',
  '404 Not Found',
  '410 Gone',
]) {
  test(
    `${line} fails at once, and no redirect is followed (W6.6)`,
    withPeer(async (peer) => {
      peer.script('GET /bad', status(line, { location: `${peer.url}/other` }));
      const error = await failure(fetch(`${peer.url}/bad`));
      assert.deepEqual([error.code, error.retryable, peer.lines], ['DOWNLOAD_FAILED', false, ['GET /bad']]);
      assert.match(error.message, new RegExp(line.slice(0, 3)));
    }),
  );
}

test(
  'a content coding is refused, whichever (W6.6)',
  withPeer(async (peer) => {
    peer.script('GET ', answer('bytes', { 'content-encoding': 'gzip' }));
    const error = await failure(fetch(peer.url));
    assert.deepEqual([error.code, peer.seen.length], ['DOWNLOAD_FAILED', 1]);
    assert.match(error.message, /content coding "gzip"/);
  }),
);

test(
  'Retry-After lengthens the delay',
  withPeer(async (peer) => {
    peer.script('GET ', status('429 Too Many Requests', { 'retry-after': 1 }), answer('x'));
    await fetch(peer.url);
    assert.ok((peer.gaps[0] ?? 0) >= 1000, `${peer.gaps}`);
  }),
);

test(
  'sizes: another length is told before the body, more bytes stop the transfer, fewer are tried again (W6.6)',
  withPeer(async (peer) => {
    let sent = 0;
    peer.script('GET /length', (socket) => socket.write(head({ 'content-length': 6 })));
    peer.script('GET /more', async (socket) => {
      socket.write(head({}));
      const piece = Buffer.alloc(65536);
      while (!socket.destroyed && sent < 64 << 20) {
        sent += piece.length;
        if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
      }
      socket.end();
    });
    peer.script('GET /fewer', cut('four'), answer('fives'));
    const length = await failure(fetch(`${peer.url}/length`, { size: 5 }));
    assert.deepEqual([length.code, length.phase, peer.seen.length], ['SIZE_MISMATCH', 'fetch', 1]);
    const more = await failure(fetch(`${peer.url}/more`, { size: 5 }));
    assert.deepEqual([more.code, peer.seen.length], ['SIZE_MISMATCH', 2]);
    assert.ok(sent < 32 << 20, `${sent} bytes were sent`);
    assert.equal((await fetch(`${peer.url}/fewer`, { size: 5 })).length, 5);
    assert.equal(peer.seen.length, 4);
    peer.script('GET /empty', answer(''));
    assert.equal((await fetch(`${peer.url}/empty`, { size: 0 })).length, 0);
  }),
);

test(
  'silence is a time-out of the attempt, before the head, within it and within the body (W6.2)',
  withPeer(async (peer) => {
    peer.script('GET /nothing', silence());
    peer.script('GET /head', drip('HTTP/1.1 200 OK\r\nx: y\r\n', 30));
    peer.script('GET /body', (socket) => socket.write(Buffer.concat([head({ 'content-length': 5 }), Buffer.from('by')])));
    for (const path of ['/nothing', '/head', '/body']) {
      const error = await failure(fetch_with_backoff(peer.url + path, 2, 1, 1, '', { read_timeout: 150 }));
      assert.deepEqual([error.code, error.retryable], ['DOWNLOAD_FAILED', true]);
      assert.match(error.message, /silent for 150 ms \(after 2 attempts\)/);
    }
    assert.equal(peer.seen.length, 6);
    peer.script('GET /slow', drip('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nbytes', 10));
    const bytes = await fetch(`${peer.url}/slow`, { read_timeout: 5000 });
    assert.equal(Buffer.from(bytes).toString(), 'bytes', 'slow is not silent');
  }),
);

const LISTENER = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
  console.log('port ' + this.address().port + ';');
})`;

test('a connection that does not come about ends with connect_timeout (W6.2)', () =>
  beside(process.execPath, ['-e', LISTENER], /port ([0-9]+);/, async (port, child) => {
    // A process that stands still accepts nothing; once its queue is full, further connections get no answer.
    child.kill('SIGSTOP');
    const waiting = Array.from({ length: 4 }, () => net.connect(Number(port), '127.0.0.1').on('error', () => {}));
    try {
      await new Promise((resolve) => waiting[0]?.once('connect', resolve));
      const began = performance.now();
      const error = await failure(fetch_with_backoff(`http://127.0.0.1:${port}/`, 2, 0, 0, '', { connect_timeout: 100 }));
      assert.deepEqual([error.code, error.retryable], ['DOWNLOAD_FAILED', true]);
      assert.match(error.message, /no connection stood for 100 ms \(after 2 attempts\)/);
      assert.ok(performance.now() - began >= 199);
    } finally {
      for (const socket of waiting) socket.destroy();
      child.kill('SIGCONT');
    }
  }));

test(
  'the deadline of the call ends attempts and delays',
  withPeer(async (peer) => {
    peer.script('GET /nothing', silence());
    peer.script('GET /busy', status('503 Service Unavailable'));
    /** @type {string[]} */
    const counted = [];
    for (const path of ['/nothing', '/busy']) {
      const options = { deadline: 700, observer: (/** @type {string} */ name) => counted.push(name) };
      const error = await failure(fetch_with_backoff(peer.url + path, 5, 10_000, 10_000, '', options));
      assert.deepEqual([error.code, error.retryable], ['DOWNLOAD_FAILED', true]);
      assert.match(error.message, /deadline/);
    }
    assert.deepEqual(counted, ['download_retry_exceeded_total', 'retry_attempts_total', 'download_retry_exceeded_total']);
    assert.equal(peer.seen.length, 2);
  }),
);

test(
  'an aborted call rejects with the reason of its signal',
  withPeer(async (peer) => {
    const reason = new Error('enough');
    const controller = new AbortController();
    peer.script('GET ', () => controller.abort(reason));
    await assert.rejects(fetch(peer.url, { signal: controller.signal }), reason);
    await assert.rejects(fetch(peer.url, { signal: controller.signal }), reason);
    assert.equal(peer.seen.length, 1, 'nothing is sent for a call that was aborted before');
  }),
);

test('wrong arguments are told apart before anything is done', async () => {
  for (const [call, expected] of /** @type {[() => Promise<unknown>, RegExp][]} */ ([
    [
      () => fetch_with_backoff('http://a', 0),
      /max_retries cannot be used: expected a whole number of attempts, at least 1, found 0/,
    ],
    [() => fetch_with_backoff('http://a', 1.5), /max_retries/],
    [() => fetch_with_backoff('http://a', 1, -1), /base_delay/],
    [() => fetch_with_backoff('http://a', 1, 1, Number.NaN), /max_delay/],
    [() => fetch('http://a', { read_timeout: /** @type {any} */ ('1s') }), /read_timeout/],
    [
      () => fetch('http://a', /** @type {any} */ ({ read_timout: 1 })),
      /read_timout cannot be used: .* a name that it does not know/,
    ],
    [() => fetch('http://a', { signal: /** @type {any} */ ({}) }), /signal/],
    [() => fetch('http://a', { agent: /** @type {any} */ ('x') }), /agent/],
    [() => fetch('http://a', { observer: /** @type {any} */ (1) }), /observer/],
    [() => fetch('http://a', { size: -1 }), /size/],
    [() => fetch('ftp://a'), /url/],
    [() => fetch('http://user:secret@a/'), /url/],
    [() => fetch(/** @type {any} */ (5)), /url/],
  ])) {
    const error = await failure(call());
    assert.deepEqual([error.code, error.phase], ['INVALID_ENVELOPE', 'validate']);
    assert.match(error.message, expected);
    assert.doesNotMatch(error.message, /secret/);
  }
});

test(
  'progress and metrics are told',
  withPeer(async (peer) => {
    peer.script('GET ', status('503 Service Unavailable'), answer('bytes'));
    /** @type {unknown[]} */
    const told = [];
    /** @type {[string, number, object][]} */
    const counted = [];
    await fetch(peer.url, { on_progress: (progress) => told.push(progress), observer: (...all) => counted.push(all) });
    assert.deepEqual(told, [{ direction: 'download', index: 0, dataname: '', transferred: 5, size: 5 }]);
    assert.deepEqual(counted[0], ['retry_attempts_total', 1, { direction: 'download' }]);
    assert.equal(counted[1]?.[0], 'file_download_duration_seconds');
    assert.ok((counted[1]?.[1] ?? 0) >= 0.02);
    assert.equal(counted.length, 2);
  }),
);

test(
  'what a callback throws comes to the caller as it is',
  withPeer(async (peer) => {
    peer.script('GET ', answer('bytes'));
    const own = new Error('mine');
    const on_progress = () => {
      throw own;
    };
    await assert.rejects(fetch(peer.url, { on_progress }), own);
    assert.equal(peer.seen.length, 1);
  }),
);

test(
  'a function around it is a download handler (W6.7)',
  withPeer(async (peer) => {
    const bytes = Buffer.from('bytes');
    peer.script('GET /file', answer(bytes));
    const json = linking({ url: `${peer.url}/file`, bytes }, { url: `${peer.url}/gone`, bytes });
    const fileserver_download_handler = (/** @type {Parameters<typeof fetch_with_backoff>} */ ...all) =>
      fetch_with_backoff(...all);
    const error = await failure(smartreceive(json, { fileserver_url: peer.url, fileserver_download_handler }));
    assert.deepEqual([error.code, error.pointer], ['DOWNLOAD_FAILED', '/payloads/1/data']);
    assert.match(error.message, /404/);
    const whole = await smartreceive(linking({ url: `${peer.url}/file`, bytes }), {
      fileserver_url: peer.url,
      fileserver_download_handler,
    });
    assert.deepEqual(whole.payloads[0]?.data, Uint8Array.from(bytes));
    const own = await failure(fetch_with_backoff(`${peer.url}/gone`, 1, 1, 1, undefined, { correlation_id: 'c' }));
    assert.equal(own.correlation_id, 'c');
  }),
);
