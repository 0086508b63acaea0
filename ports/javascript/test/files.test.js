/** Payloads from files and streams, and into files (W6.9). */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { file, PayloadFile, smartreceive, smartsend } from '../src/natsbridge_ssr.js';
import { failure, sample, verdict } from './failure.js';
import { linking } from './link.js';
import { answer, cut, silence, status, withPeer } from './peer.js';
import { withFileServer } from './program.js';

/**
 * Runs a test with a folder of its own.
 *
 * @param {(folder: string) => Promise<void>} run
 */
async function withFolder(run) {
  const folder = mkdtempSync(join(tmpdir(), 'natsbridge-test-'));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What stands in the folder for temporary files because of this library. */
const spooled = () => readdirSync(tmpdir()).filter((name) => name.startsWith('.natsbridge-'));

test(
  'files and streams go out, and payloads come into files',
  withFileServer((url) =>
    withFolder(async (folder) => {
      const big = sample(700_000);
      writeFileSync(join(folder, 'big'), big);
      writeFileSync(join(folder, 'small.json'), '{"a":1}');
      writeFileSync(join(folder, 'text'), 'é'.repeat(300_000));
      const before = spooled();
      const [envelope, json] = await smartsend(
        'a.b',
        [
          ['file', file(join(folder, 'big')), 'video'],
          ['url', pathToFileURL(join(folder, 'small.json')), 'dictionary'],
          ['text', file(join(folder, 'text')), 'text'],
          ['stream', createReadStream(join(folder, 'big')), 'binary'],
          [
            'generator',
            (async function* () {
              yield 'Hel';
              yield Buffer.from('lo');
            })(),
            'text',
          ],
          ['rows', Readable.from([Buffer.from('[{"a":'), Buffer.from('1}]')]), 'jsontable'],
        ],
        { fileserver_url: url },
      );
      assert.deepEqual(
        envelope.payloads.map(({ transport }) => transport),
        ['link', 'direct', 'link', 'link', 'direct', 'direct'],
      );
      assert.deepEqual(spooled(), before, 'the stream’s file is gone');
      const out = join(folder, 'out');
      execFileSync('mkdir', [out]);
      const { payloads } = await smartreceive(json, { fileserver_url: url, into_dir: out });
      const names = ['payload-0.bin', 'payload-1.json', 'payload-2.txt', 'payload-3.bin', 'payload-4.txt', 'payload-5.json'];
      assert.deepEqual(readdirSync(out).sort(), names);
      assert.ok(payloads.every(({ data }, index) => data instanceof PayloadFile && data.path === join(out, names[index] ?? '')));
      const read = names.map((name) => readFileSync(join(out, name)));
      assert.ok(read[0]?.equals(big) && read[3]?.equals(big));
      assert.deepEqual(
        [1, 4, 5].map((index) => String(read[index])),
        ['{"a":1}', 'Hello', '[{"a":1}]'],
      );
      const again = await failure(smartreceive(json, { fileserver_url: url, into_dir: out }));
      assert.deepEqual(verdict(again), ['DOWNLOAD_FAILED', 'fetch', '/payloads/0']);
      assert.match(again.message, /exists already, and nothing is overwritten/);
    }),
  ),
);

test('what cannot be read fails its part, and faults count in list order', () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, 'latin1'), Buffer.alloc(10, 0xe9));
    writeFileSync(join(folder, 'json'), '{"a":1,"a":2}');
    const failing = new Readable({
      read() {
        this.destroy(new Error('broke'));
      },
    });
    const good = /** @type {const} */ (['good', 'Hello', 'text']);
    for (const [data, index, expected] of /** @type {[any[], number, RegExp][]} */ ([
      [[good, ['x', file(join(folder, 'missing')), 'binary']], 1, /cannot be read: ENOENT/],
      [[good, ['x', file(folder), 'binary']], 1, /cannot be read: EISDIR/],
      [[good, ['x', file(join(folder, 'latin1')), 'text']], 1, /not UTF-8|UTF-8/],
      [[good, ['x', file(join(folder, 'json')), 'dictionary']], 1, /occur once/],
      [[['x', failing, 'binary']], 0, /the stream cannot be read: broke/],
      [[['x', Readable.from([5]), 'binary']], 0, /the stream gives number, not bytes/],
      [[['x', Readable.from([Buffer.from([0xff])]), 'text']], 0, /UTF-8/],
      [
        [
          ['bad', 5, 'text'],
          ['x', file(join(folder, 'missing')), 'binary'],
        ],
        0,
        /text/,
      ],
    ])) {
      const error = await failure(smartsend('a.b', data, { size_threshold: 5 }));
      assert.deepEqual(verdict(error), ['SERIALIZATION_ERROR', 'serialize', `/payloads/${index}/data`], String(expected));
      assert.match(error.message, expected);
    }
  }));

test(
  'a file that changed while it was sent fails, and a file that could not be uploaded goes direct if it fits',
  withPeer((peer) =>
    withFolder(async (folder) => {
      const path = join(folder, 'file');
      writeFileSync(path, sample(2000));
      peer.script('POST /upload', status('500 Internal Server Error'), async (socket, seen) => {
        writeFileSync(path, sample(2001));
        return answer('{"id":"u"}')(socket, seen);
      });
      peer.script('POST /file', silence());
      peer.script('DELETE ', answer('ok'));
      const options = { fileserver_url: peer.url, size_threshold: 1, max_retries: 1, base_delay: 1 };
      const [envelope] = await smartsend('a.b', [['x', file(path), 'binary']], options);
      assert.deepEqual([envelope.payloads[0]?.transport, envelope.payloads[0]?.size], ['direct', 2000]);
      const error = await failure(smartsend('a.b', [['x', file(path), 'binary']], { ...options, fallback: false }));
      assert.deepEqual(verdict(error), ['UPLOAD_FAILED', 'upload', '/payloads/0']);
      assert.match(error.message, /changed while they were sent|has changed/);
      const tight = { ...options, max_message_bytes: 1500 };
      writeFileSync(path, sample(2000));
      assert.match(
        (await failure(smartsend('a.b', [['x', file(path), 'binary']], tight))).message,
        /2000 bytes, and the message may have 1500/,
      );
    }),
  ),
);

test(
  'a file appears only once the whole message is verified, and nothing is left of what failed',
  withPeer((peer) =>
    withFolder(async (folder) => {
      const bytes = sample(1000);
      peer.script('GET /good', answer(bytes));
      peer.script('GET /flipped', answer(Buffer.from(bytes).fill(0, 5, 6)));
      peer.script('GET /text', answer(Buffer.alloc(3, 0xff)));
      peer.script('GET /json', answer('{"a":1,"a":2}'));
      peer.script('GET /mended', cut(bytes.subarray(0, 10), { 'content-length': 1000 }), answer(bytes));
      peer.script('GET /never', silence());
      const at = (/** @type {string} */ name, more = {}) => ({ url: `${peer.url}/${name}`, bytes, ...more });
      const options = { fileserver_url: peer.url, base_delay: 1, into_dir: folder };
      for (const [link, code] of /** @type {[any, string][]} */ ([
        [at('flipped'), 'CHECKSUM_MISMATCH'],
        [at('text', { bytes: Buffer.alloc(3, 0xff), type: 'text' }), 'DESERIALIZATION_ERROR'],
        [at('json', { bytes: Buffer.from('{"a":1,"a":2}'), type: 'dictionary' }), 'DESERIALIZATION_ERROR'],
        [at('gone'), 'DOWNLOAD_FAILED'],
      ])) {
        const error = await failure(smartreceive(linking(at('good'), link), options));
        assert.deepEqual(verdict(error).slice(0, 3), [
          code,
          code === 'DESERIALIZATION_ERROR' ? 'decode' : 'fetch',
          '/payloads/1/data',
        ]);
        assert.deepEqual(readdirSync(folder), []);
      }
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error('enough')), 100);
      await assert.rejects(smartreceive(linking(at('good'), at('never')), { ...options, signal: controller.signal }), /enough/);
      assert.deepEqual(readdirSync(folder), []);
      await smartreceive(linking(at('mended')), options);
      assert.ok(readFileSync(join(folder, 'payload-0.bin')).equals(bytes));
    }),
  ),
);

test(
  'the caller chooses files; a name is not used twice, and a missing folder is told',
  withPeer((peer) =>
    withFolder(async (folder) => {
      const bytes = sample(10);
      peer.script('GET ', answer(bytes));
      const link = { url: `${peer.url}/x`, bytes };
      const options = { fileserver_url: peer.url };
      const into_files = (/** @type {number} */ index) => (index === 1 ? join(folder, 'own') : null);
      const { payloads } = await smartreceive(linking(link, link), { ...options, into_files });
      assert.ok(payloads[0]?.data instanceof Uint8Array && payloads[1]?.data instanceof PayloadFile);
      assert.deepEqual(readdirSync(folder), ['own']);
      const twice = await failure(smartreceive(linking(link, link), { ...options, into_files: () => join(folder, 'same') }));
      assert.deepEqual(verdict(twice), ['DOWNLOAD_FAILED', 'fetch', '/payloads/1']);
      const nowhere = await failure(smartreceive(linking(link), { ...options, into_dir: join(folder, 'none') }));
      assert.deepEqual(verdict(nowhere).slice(0, 2), ['DOWNLOAD_FAILED', 'fetch']);
      const [, direct] = await smartsend('a.b', [['x', 'Hello', 'text']]);
      assert.match((await failure(smartreceive(direct, { into_dir: join(folder, 'none') }))).message, /cannot be kept as/);
    }),
  ),
);

const MEMORY = `
import { file, Plik, smartreceive, smartsend } from ${JSON.stringify(new URL('../src/natsbridge_ssr.js', import.meta.url))};
const [path, fileserver_url, into_dir] = process.argv.slice(2);
const fileserver_upload_handler = new Plik({ ttl: 60 });
await smartsend('a.b', [['small', Buffer.alloc(1000), 'binary']], { fileserver_url, fileserver_upload_handler, size_threshold: 1 });
const before = process.memoryUsage().rss;
const [, json] = await smartsend('a.b', [['big', file(path), 'binary']], { fileserver_url, fileserver_upload_handler });
await smartreceive(json, { fileserver_url, into_dir });
console.log(process.resourceUsage().maxRSS * 1024 - before);
`;

test(
  'a large file is sent and received in bounded memory',
  withFileServer((url) =>
    withFolder(async (folder) => {
      const size = 300 << 20;
      writeFileSync(join(folder, 'big'), '');
      execFileSync('truncate', ['-s', String(size), join(folder, 'big')]);
      execFileSync('mkdir', [join(folder, 'out')]);
      writeFileSync(join(folder, 'run.mjs'), MEMORY);
      const said = execFileSync(process.execPath, [join(folder, 'run.mjs'), join(folder, 'big'), url, join(folder, 'out')]);
      assert.ok(Number(said) < size / 2, `${said} bytes more`);
      assert.equal(readFileSync(join(folder, 'out', 'payload-0.bin')).length, size);
    }),
  ),
);

test('a stream of strings may break a character in two, and a lone surrogate is refused', async () => {
  const stream = (/** @type {unknown[]} */ ...pieces) => Readable.from(pieces);
  const [, json] = await smartsend('a.b', [
    ['x', stream('a\ud83d', '\ude00b', Buffer.from('c')), 'text'],
    ['y', stream('\ud83d', '', '\ude00'), 'binary'],
  ]);
  const { payloads } = await smartreceive(json);
  assert.equal(payloads[0]?.data, 'a😀bc');
  assert.deepEqual(payloads[1]?.data, Uint8Array.from(Buffer.from('😀')));
  for (const pieces of [['a\ud83d'], ['\ude00'], ['a\ud83d', 'b'], ['\ud83d', Buffer.from('b')], ['\ud83d\ud83d', '\ude00']]) {
    const error = await failure(smartsend('a.b', [['x', stream(...pieces), 'text']]));
    assert.deepEqual(verdict(error), ['SERIALIZATION_ERROR', 'serialize', '/payloads/0/data']);
    assert.match(error.message, /lone surrogate/);
  }
});

test('nothing more of a stream is read once its call has ended', async () => {
  let pieces = 0;
  let over = false;
  const endless = (async function* () {
    try {
      for (;;) {
        pieces += 1;
        await new Promise((resolve) => setImmediate(resolve));
        yield Buffer.alloc(10);
      }
    } finally {
      over = true;
    }
  })();
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 20);
  await assert.rejects(smartsend('a.b', [['x', endless, 'dictionary']], { signal: controller.signal }), /enough/);
  const before = pieces;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(over && pieces <= before + 2, `${pieces - before} pieces more`);
});
