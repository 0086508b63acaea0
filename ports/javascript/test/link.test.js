/** Links, and where they may lead (W2.4 and W6.5). */

import assert from 'node:assert/strict';
import test from 'node:test';

import { InvalidLink, origin_of, redact, without_user_info } from '../src/core/link.js';

test('origins compare by what they mean', () => {
  for (const [url, origin] of /** @type {[string, string][]} */ ([
    ['HTTP://LocalHost:80/a?b', 'http://localhost'],
    ['https://A:443/x', 'https://a'],
    ['http://a:443', 'http://a:443'],
    ['http://a:8080/x', 'http://a:8080'],
    ['https://a.b-c_d.example:8443/x/y%20z?q=1&r=%5B', 'https://a.b-c_d.example:8443'],
    ['http://127.0.0.1/', 'http://127.0.0.1'],
    ['http://[0:0::1]:8080', 'http://[::1]:8080'],
    ['http://[::1]:80/', 'http://[::1]'],
    ['http://[::]/', 'http://[::]'],
    ['http://[1::]/', 'http://[1::]'],
    ['http://[2001:DB8:0:0:1:0:0:1]', 'http://[2001:db8::1:0:0:1]'],
    ['http://[1:2:3:4:5:6:7:8]', 'http://[1:2:3:4:5:6:7:8]'],
    ['http://[::ffff:1.2.3.4]', 'http://[::ffff:102:304]'],
    ['http://[1:0:2:0:3:0:4:0]', 'http://[1:0:2:0:3:0:4:0]'],
    ['http://[10:0:0:1:2:3:4:5]', 'http://[10::1:2:3:4:5]'],
    ['http://a/?', 'http://a'],
    ['http://0xg/', 'http://0xg'],
  ])) {
    assert.equal(origin_of(url), origin);
  }
  assert.equal(origin_of(`http://a/${'x'.repeat(2_048 - 9)}`), 'http://a');
});

test('what is no literal link is refused', () => {
  for (const url of [
    ...['', 'a', '/a', '//a', 'http:a', 'http:/a', 'http://', 'http:///a', 'ftp://a', 'file:///a', 'javascript:1', 'http://u@a'],
    ...[
      'http://u:p@a',
      'http://a#f',
      'http://a\\b',
      'http://a/b c',
      'http://a/ä',
      'http://ä/',
      'http://a/\t',
      ' http://a',
      'http://a ',
    ],
    ...['http://127.1', 'http://0177.0.0.1', 'http://0x7f.0.0.1', 'http://2130706433', 'http://0x7f000001', 'http://127.0.0.01'],
    ...[
      'http://1.2.3.4.5',
      'http://256.1.1.1',
      'http://0x',
      'http://[::1',
      'http://[::1%25eth0]/',
      'http://[::g]',
      'http://[1::2::3]',
    ],
    ...[
      'http://[1:2:3:4:5:6:7]',
      'http://[1:2:3:4:5:6:7:8:9]',
      'http://[1:2:3:4:5:6:7::8]',
      'http://[1.2.3.4::]',
      'http://[:1]',
      'http://[]',
    ],
    ...['http://a:', 'http://a:0', 'http://a:65536', 'http://a:080', 'http://a:+80', 'http://a..b', 'http://.a', 'http://a.'],
    ...[
      'http://a/%zz',
      'http://a/%2',
      'http://a/\u0000',
      'http://a/<',
      'http://a/"',
      'http://a:80:80',
      'http://[::1]x',
      'http://a/\ud800',
    ],
    `http://a/${'x'.repeat(2_048 - 8)}`,
  ]) {
    assert.throws(() => origin_of(url), InvalidLink, url);
  }
});

test('secrets are not shown', () => {
  assert.equal(redact('http://a/b?token=secret'), 'http://a/b?…');
  assert.equal(redact('nats://u:p,/@q@a:4222'), 'nats://…@a:4222');
  assert.equal(redact('u:p@a?b@c'), '…@a?…');
  assert.equal(redact('http://a/x#token'), 'http://a/x#…');
  assert.equal(redact('http://a/x'), 'http://a/x');
  assert.equal(without_user_info('nats://u:p@a:4222/x@y'), 'nats://a:4222/x@y');
  assert.equal(without_user_info('nats://a:4222'), 'nats://a:4222');
  assert.equal(without_user_info('a@b'), 'a@b');
});
