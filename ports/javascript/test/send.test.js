/** `smartsend` against file servers that work and that fail (W5 and W6). */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';

import {
  fetch_with_backoff,
  file,
  Plik,
  plik_oneshot_upload,
  removals_done,
  smartreceive,
  smartsend,
  smartsend_bytes,
} from '../src/natsbridge_ssr.js';
import { failure, sample, verdict } from './failure.js';
import { answer, silence, status, withPeer } from './peer.js';
import { withFileServer } from './program.js';

/**
 * Options with short delays, by which everything goes by link.
 *
 * @param {{url: string}} peer
 * @param {import('../src/natsbridge_ssr.js').SendOptions} [more]
 */
const by = ({ url }, more = {}) => ({ fileserver_url: url, base_delay: 10, size_threshold: 1, ...more });

/** @param {import('../src/natsbridge_ssr.js').Envelope} envelope */
const transports = ({ payloads }) => payloads.map(({ transport }) => transport);

test(
  'payloads from the threshold on go by link, with their digest, and come back (W2.4, W5)',
  withFileServer(async (url) => {
    const image = sample(600_000);
    const data = /** @type {const} */ ([
      ['msg', 'Hello', 'text'],
      ['img', image, 'image'],
    ]);
    const sent = await smartsend('/chat/user/v1/message', data, { fileserver_url: url, receiver_name: 'r' });
    const [envelope, json] = sent;
    assert.deepEqual(transports(envelope), ['direct', 'link']);
    assert.equal(envelope.payloads[1]?.metadata.sha256, createHash('sha256').update(image).digest('hex'));
    assert.ok(String(envelope.payloads[1]?.data).startsWith(`${url}/file/`));
    assert.deepEqual(
      sent.uploads.map((upload) => upload.url),
      [envelope.payloads[1]?.data],
    );
    const received = await smartreceive(json, { fileserver_url: url });
    const [[name, text, type], [, bytes]] = /** @type {[[string, string, string], [string, Uint8Array, string]]} */ (
      received.payloads.map((payload) => [...payload])
    );
    assert.deepEqual([name, text, type], ['msg', 'Hello', 'text']);
    assert.ok(Buffer.from(bytes).equals(image));
    const again = await failure(smartreceive(json, { fileserver_url: url }));
    assert.deepEqual(verdict(again), ['DOWNLOAD_FAILED', 'fetch', '/payloads/1/data']);
    assert.match(again.message, /a one-shot file can be fetched once/);
  }),
);

test(
  'the text as bytes',
  withPeer(async () => {
    const [envelope, bytes] = await smartsend_bytes('a.b', [['msg', 'é', 'text']]);
    assert.ok(bytes instanceof Uint8Array);
    assert.equal(JSON.parse(Buffer.from(bytes).toString()).msg_id, envelope.msg_id);
  }),
);

test(
  'a kept file can be fetched again and be removed; tokens and passwords are sent and not shown',
  withFileServer(
    async (url) => {
      const plik = new Plik({ ttl: 60, token: 'usertoken', login: 'somebody', password: 'word' });
      const options = by({ url }, { fileserver_upload_handler: plik });
      const [, json] = await smartsend('a.b', [['x', 'Hello', 'text']], options);
      const sent = await smartsend('a.b', [['x', 'Hello', 'text']], options);
      for (let time = 0; time < 2; time += 1) {
        const received = await smartreceive(json, { fileserver_url: url, fileserver_download_handler: plik });
        assert.equal(received.payloads[0]?.data, 'Hello');
      }
      const locked = await failure(smartreceive(json, { fileserver_url: url }));
      assert.match(locked.message, /401 Unauthorized: a token or password is missing or wrong/);
      const [uploaded] = sent.uploads;
      assert.ok(uploaded);
      assert.deepEqual([await plik.remove(uploaded), await plik.remove(uploaded)], [true, false]);
      assert.equal((await failure(plik.remove({ ...uploaded }))).code, 'INVALID_ENVELOPE');
      const gone = await failure(smartreceive(sent[1], { fileserver_url: url, fileserver_download_handler: plik }));
      assert.match(gone.message, /404/);
      const refused = await failure(plik_oneshot_upload(url, 'x', Buffer.from('x')));
      assert.deepEqual([refused.code, refused.phase], ['UPLOAD_FAILED', 'upload']);
      for (const shown of [JSON.stringify(sent), String(locked), refused.to_json(), JSON.stringify(plik)]) {
        assert.doesNotMatch(shown, /usertoken|word"|c29tZWJvZHk/);
      }
    },
    ['--user-token', 'usertoken'],
  ),
);

test(
  'an upload is create plus add file; a further attempt creates anew and removes the old one (W6.1)',
  withPeer(async (peer) => {
    peer.script('POST /upload', answer('{"id":"first","uploadToken":"one"}'), answer('{"id":"second","uploadToken":"two"}'));
    peer.script('POST /file/', status('503 Service Unavailable'), answer('{"id":"f"}'));
    peer.script('DELETE ', answer('ok'));
    const [envelope] = await smartsend('a.b', [['x', 'Hello', 'text']], by(peer));
    assert.deepEqual(peer.lines, [
      'POST /upload',
      'POST /file/first',
      'DELETE /upload/first',
      'POST /upload',
      'POST /file/second',
    ]);
    assert.equal(envelope.payloads[0]?.data, `${peer.url}/file/second/f/payload`);
    const [create, add, remove] = peer.seen;
    assert.deepEqual(JSON.parse(String(create?.body)), { OneShot: true, Removable: false });
    assert.equal(create?.headers['content-type'], 'application/json');
    assert.equal(add?.headers['x-uploadtoken'], 'one');
    assert.equal(remove?.headers['x-uploadtoken'], 'one');
    assert.match(
      String(add?.body),
      /^--(\S+)\r\nContent-Disposition: form-data; name="file"; filename="payload"\r\n[\s\S]*\r\n\r\nHello\r\n--\1--\r\n$/,
    );
  }),
);

test(
  'downloadDomain and base paths make the link',
  withPeer(async (peer) => {
    peer.script('POST /base/upload', answer('{"id":"u","downloadDomain":"https://files.example/"}'));
    peer.script('POST /base/file/u', answer('{"id":"f"}'));
    const [envelope] = await smartsend('a.b', [['x', 'Hello', 'text']], by({ url: `${peer.url}/base/` }));
    assert.equal(envelope.payloads[0]?.data, 'https://files.example/file/u/f/payload');
  }),
);

for (const [name, body] of [
  ['no JSON', 'secret-token'],
  ['no object', '"secret-token"'],
  ['no id', '{"uploadToken":"secret-token"}'],
  ['too much', `{"id":"u","x":"${'secret-token'.repeat(100_000)}"}`],
]) {
  test(
    `an answer that is not that of Plik (${name}) is no reason to try again`,
    withPeer(async (peer) => {
      peer.script('POST /upload', answer(body));
      const error = await failure(smartsend('a.b', [['x', 'Hello', 'text']], by(peer, { fallback: false })));
      assert.deepEqual([...verdict(error), peer.seen.length], ['UPLOAD_FAILED', 'upload', '/payloads/0', 1]);
      assert.doesNotMatch(error.message, /secret-token/);
    }),
  );
}

test(
  'what could not be uploaded goes direct, in list order, as far as all fits (W6.4)',
  withPeer(async (peer) => {
    peer.script('POST /upload', status('500 Internal Server Error'));
    const [envelope, json] = await smartsend(
      'a.b',
      [
        ['x', 'Hello', 'text'],
        ['y', sample(2000), 'binary'],
      ],
      by(peer, { max_retries: 2 }),
    );
    assert.deepEqual(transports(envelope), ['direct', 'direct']);
    assert.equal(peer.seen.length, 4);
    assert.equal((await smartreceive(json)).payloads[0]?.data, 'Hello');
  }),
);

test(
  'where one does not fit, the message fails and the other uploads are removed (W6.4)',
  withPeer(async (peer) => {
    peer.script('POST /file/up2', status('400 Bad Request'));
    peer.takeUploads();
    const data = /** @type {const} */ ([
      ['x', 'small', 'text'],
      ['y', sample(5000), 'binary'],
    ]);
    const error = await failure(
      smartsend('a.b', data, by(peer, { max_message_bytes: 3000, msg_id: '6b1b0a5c-7f0c-4a53-9a55-1f8c0c2d9b4e' })),
    );
    assert.deepEqual(verdict(error), ['UPLOAD_FAILED', 'upload', '/payloads/1']);
    assert.equal(error.msg_id, '6b1b0a5c-7f0c-4a53-9a55-1f8c0c2d9b4e');
    assert.equal(error.dataname, 'y');
    assert.match(error.message, /400 Bad Request: the file may be too large for this server; nor can it go direct: /);
    assert.ok(peer.lines.includes('DELETE /upload/up1'), `${peer.lines}`);
  }),
);

test(
  'fallback = false fails at once (W6.4)',
  withPeer(async (peer) => {
    peer.script('POST /upload', status('403 Forbidden'));
    const error = await failure(smartsend('a.b', [['x', 'Hello', 'text']], by(peer, { fallback: false })));
    assert.deepEqual(verdict(error), ['UPLOAD_FAILED', 'upload', '/payloads/0']);
    assert.match(error.message, /fallback is off/);
    assert.equal(peer.seen.length, 1);
  }),
);

test(
  'at most four uploads run at a time, and they do run side by side (W6.3)',
  withPeer(async (peer) => {
    const later = async (/** @type {import('node:net').Socket} */ socket, /** @type {import('./peer.js').Seen} */ seen) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return answer('{"id":"u"}')(socket, seen);
    };
    peer.script('POST ', later);
    const data = Array.from(
      { length: 9 },
      (_, index) => /** @type {[string, string, string]} */ ([`p${index}`, 'Hello', 'text']),
    );
    await smartsend('a.b', data, by(peer));
    assert.equal(peer.most, 4);
  }),
);

test(
  'nothing is uploaded where the message cannot fit (W5.1)',
  withPeer(async (peer) => {
    peer.takeUploads();
    const error = await failure(smartsend('a.b', [['x', 'Hello', 'text']], by(peer, { max_message_bytes: 500 })));
    assert.deepEqual(verdict(error).slice(0, 2), ['PAYLOAD_TOO_LARGE', 'limit']);
    assert.equal(peer.seen.length, 0);
  }),
);

test(
  'silence while sending is a time-out of the attempt; a slow server that takes bytes is none (W6.2)',
  withPeer(async (peer) => {
    peer.early('POST /upload', silence());
    const error = await failure(
      smartsend('a.b', [['x', 'Hello', 'text']], by(peer, { read_timeout: 100, max_retries: 2, fallback: false })),
    );
    assert.equal(error.retryable, true);
    assert.match(error.message, /silent for 100 ms \(after 2 attempts\)/);
    assert.equal(peer.seen.length, 2);
  }),
);

test(
  'an answer that comes before the whole body was sent counts',
  withPeer(async (peer) => {
    peer.script('POST /upload', answer('{"id":"u"}'));
    peer.early('POST /file/', status('413 Payload Too Large'));
    peer.script('DELETE ', answer('ok'));
    const error = await failure(smartsend('a.b', [['x', Buffer.alloc(32 << 20), 'binary']], by(peer)));
    assert.match(error.message, /413 Payload Too Large: the file may be too large for this server/);
  }),
);

test(
  'the deadline ends uploads, and what did not make it goes direct',
  withPeer(async (peer) => {
    peer.script('POST /upload', silence());
    const [envelope] = await smartsend('a.b', [['x', 'Hello', 'text']], by(peer, { deadline: 100 }));
    assert.deepEqual(transports(envelope), ['direct']);
  }),
);

test(
  'an aborted send takes back what it had uploaded',
  withPeer(async (peer) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    peer.script('POST /file/up2', () => setTimeout(() => controller.abort(reason), 100));
    peer.takeUploads();
    const data = /** @type {const} */ ([
      ['x', 'Hello', 'text'],
      ['y', 'Hello', 'text'],
    ]);
    await assert.rejects(smartsend('a.b', data, by(peer, { signal: controller.signal })), reason);
    await removals_done();
    assert.deepEqual(peer.lines.filter((line) => line.startsWith('DELETE')).sort(), ['DELETE /upload/up1', 'DELETE /upload/up2']);
  }),
);

test('a handler of one’s own gets the contract’s arguments, and its answer is judged (W6.7)', async () => {
  /** @type {unknown[][]} */
  const asked = [];
  const handler = (/** @type {unknown[]} */ ...all) => {
    asked.push(all.slice(0, 3));
    return { status: 200, url: 'https://files.example/x?signature=secret' };
  };
  const [envelope] = await smartsend('a.b', [['name', 'Hello', 'text']], {
    size_threshold: 1,
    fileserver_url: 'http://store',
    fileserver_upload_handler: handler,
  });
  assert.deepEqual(asked, [['http://store', 'name', Buffer.from('Hello')]]);
  assert.equal(envelope.payloads[0]?.data, 'https://files.example/x?signature=secret');
  for (const [other, expected] of /** @type {[() => any, RegExp][]} */ ([
    [() => ({ status: 201, url: 'https://files.example/x' }), /returned status 201/],
    [async () => undefined, /returned status undefined/],
    [() => ({ status: 200 }), /returned no url/],
    [() => ({ status: 200, url: 'ftp://files.example/x' }), /cannot be sent/],
    [
      () => {
        throw new Error('PUT https://user:pw@files.example/x?signature=secret failed');
      },
      /the upload handler failed: PUT https:\/\/…@files.example\/x\?… failed/,
    ],
  ])) {
    const error = await failure(
      smartsend('a.b', [['name', 'Hello', 'text']], { size_threshold: 1, fallback: false, fileserver_upload_handler: other }),
    );
    assert.deepEqual(verdict(error).slice(0, 2), ['UPLOAD_FAILED', 'upload']);
    assert.match(error.message, expected);
    assert.doesNotMatch(error.message, /secret|pw/);
  }
});

test('what a handler uploaded is taken back with its `remove`', async () => {
  /** @type {string[]} */
  const removed = [];
  const handler = Object.assign(
    (/** @type {string} */ _, /** @type {string} */ name) => {
      if (name === 'y') throw new Error('no');
      return { status: 200, url: `https://files.example/${name}` };
    },
    { remove: (/** @type {{url: string}} */ { url }) => removed.push(url) },
  );
  const data = /** @type {const} */ ([
    ['x', 'Hello', 'text'],
    ['y', 'Hello', 'text'],
  ]);
  await failure(smartsend('a.b', data, { size_threshold: 1, fallback: false, fileserver_upload_handler: handler }));
  assert.deepEqual(removed, ['https://files.example/x']);
});

test('arguments beat the environment, and an unreadable variable is named (W5.3)', async () => {
  const set = (/** @type {Record<string, string>} */ variables) => Object.assign(process.env, variables);
  const before = { ...process.env };
  try {
    set({ NATS_URL: 'nats://user:pw@broker:4222', SIZE_THRESHOLD: '3' });
    const handler = () => ({ status: 200, url: 'https://files.example/x' });
    const [envelope] = await smartsend('a.b', [['x', 'Hello', 'text']], { fileserver_upload_handler: handler });
    assert.deepEqual([envelope.broker_url, ...transports(envelope)], ['nats://broker:4222', 'link']);
    const [own] = await smartsend('a.b', [['x', 'Hello', 'text']], { broker_url: 'tls://other', size_threshold: 100 });
    assert.deepEqual([own.broker_url, ...transports(own)], ['tls://other', 'direct']);
    for (const [name, bad] of [
      ['NATS_URL', 'http://user:pw@broker'],
      ['FILESERVER_URL', 'ftp://user:pw@files'],
      ['SIZE_THRESHOLD', '1e3'],
      ['SIZE_THRESHOLD', '-1'],
    ]) {
      set({ NATS_URL: '', FILESERVER_URL: '', SIZE_THRESHOLD: '', [name ?? '']: bad ?? '' });
      const error = await failure(smartsend('a.b', [['x', 'Hello', 'text']]));
      assert.deepEqual([error.code, error.phase], ['INVALID_ENVELOPE', 'validate']);
      assert.match(error.message, new RegExp(`^${name} cannot be read`));
      assert.doesNotMatch(error.message, /pw/);
    }
  } finally {
    for (const name of ['NATS_URL', 'FILESERVER_URL', 'SIZE_THRESHOLD']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
});

test('wrong arguments, before anything is done', async () => {
  for (const [options, expected] of /** @type {[any, RegExp][]} */ ([
    [{ fileserver_upload_handler: 5 }, /fileserver_upload_handler/],
    [{ fallback: 'no' }, /fallback/],
    [{ size_treshold: 5 }, /size_treshold/],
    [{ msg_purpose: 'talk' }, /talk/],
    [{ max_retries: 0 }, /max_retries/],
    [{ deadline: -1 }, /deadline/],
  ])) {
    const error = await failure(smartsend('a.b', [['x', file('nowhere'), 'text']], options));
    assert.deepEqual([error.code, error.phase], ['INVALID_ENVELOPE', 'validate']);
    assert.match(error.message, expected);
  }
  assert.throws(() => new Plik({ ttl: 0 }), /ttl cannot be used/);
  for (const data of /** @type {any[]} */ ([null, 5, [5], [['x', 'y']], ['abc']])) {
    assert.equal((await failure(smartsend('a.b', data))).code, 'INVALID_ENVELOPE');
  }
});

test(
  'plik_oneshot_upload takes bytes and files (W9)',
  withFileServer(async (url) => {
    const source = new URL('../package.json', import.meta.url);
    const { length } = await import('node:fs').then(({ readFileSync }) => readFileSync(source));
    for (const [data, size] of /** @type {[any, number][]} */ ([
      [Buffer.from('Hello'), 5],
      [new Uint16Array(4), 8],
      [new ArrayBuffer(3), 3],
      [source, length],
      [source.pathname, length],
      [file(source), length],
    ])) {
      const uploaded = await plik_oneshot_upload(url, 'name', data);
      assert.deepEqual([uploaded.status, Object.keys(uploaded).sort()], [200, ['fileid', 'status', 'uploadid', 'url']]);
      assert.equal((await fetch_with_backoff(uploaded.url)).length, size);
    }
    assert.equal((await failure(plik_oneshot_upload(url, 'name', /** @type {any} */ (5)))).code, 'INVALID_ENVELOPE');
    assert.equal((await failure(plik_oneshot_upload('nowhere', 'name', Buffer.from('x')))).code, 'INVALID_ENVELOPE');
    const missing = await failure(plik_oneshot_upload(url, 'name', '/no/such/file'));
    assert.deepEqual([missing.code, missing.retryable], ['UPLOAD_FAILED', false]);
  }),
);

test('uploads are told by payload, in list order, whichever was done first', async () => {
  const handler = async (/** @type {string} */ _, /** @type {string} */ dataname) => {
    await new Promise((resolve) => setTimeout(resolve, dataname === 'one' ? 50 : 1));
    return { status: 200, url: `http://localhost/${dataname}`, fileid: dataname };
  };
  const sent = await smartsend(
    'a.b',
    [
      ['zero', 'direct', 'text'],
      ['one', sample(100), 'binary'],
      ['two', sample(100), 'binary'],
    ],
    { size_threshold: 50, fileserver_upload_handler: handler },
  );
  assert.deepEqual(sent.uploads, [
    { index: 1, status: 200, url: 'http://localhost/one', fileid: 'one' },
    { index: 2, status: 200, url: 'http://localhost/two', fileid: 'two' },
  ]);
});

test('an upload whose URL cannot be sent is removed before its payload goes direct', async () => {
  /** @type {unknown[]} */
  const removed = [];
  const given = Object.freeze({ status: 200, url: 'http://user:secret@localhost/x' });
  const remove = (/** @type {unknown} */ uploaded) => void removed.push(uploaded);
  const fileserver_upload_handler = Object.assign(() => given, { remove });
  const options = { size_threshold: 1, fileserver_upload_handler };
  const sent = await smartsend('a.b', [['x', 'Hello', 'text']], options);
  assert.deepEqual([transports(sent[0]), removed, sent.uploads], [['direct'], [given], []]);
  const error = await failure(smartsend('a.b', [['x', 'Hello', 'text']], { ...options, fallback: false }));
  assert.deepEqual([error.code, removed.length], ['UPLOAD_FAILED', 2]);
});
