/** Real servers, as processes of their own. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** The command `natsbridge`, whose `fileserver` speaks the API of Plik. */
export const COMMAND = process.env.NATSBRIDGE_TEST_COMMAND ?? 'natsbridge';

/** The nats-server. */
export const NATS_SERVER = process.env.NATSBRIDGE_TEST_NATS_SERVER ?? 'nats-server';

/**
 * Runs a test beside a program, which is ended by its process id.
 *
 * @param {string} program
 * @param {string[]} parameters
 * @param {RegExp} ready What it says once it listens; its first group is handed on.
 * @param {(found: string, child: import('node:child_process').ChildProcess) => Promise<void>} test
 */
export async function beside(program, parameters, ready, test) {
  const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  ended.catch(() => {});
  try {
    const found = await new Promise((resolve, reject) => {
      let said = '';
      const listen = (/** @type {Buffer} */ piece) => {
        said += piece;
        const match = ready.exec(said);
        if (match) resolve(match[1] ?? '');
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      child.on('error', reject);
      child.on('close', (code) => reject(new Error(`${program} ended with ${code}: ${said}`)));
    });
    await test(found, child);
  } finally {
    if (child.kill()) await ended;
  }
}

/**
 * Runs a test beside a file server.
 *
 * @param {(url: string) => Promise<void>} test
 * @param {string[]} [more] Further parameters.
 */
export function withFileServer(test, more = []) {
  return () => beside(COMMAND, ['fileserver', '--listen', '127.0.0.1:0', ...more], /(http:\/\/[0-9.:]+)/, test);
}

/**
 * Runs a test beside a NATS server.
 *
 * @param {(url: string) => Promise<void>} test
 */
export function withNats(test) {
  const ready = /Listening for client connections on (127\.0\.0\.1:[0-9]+)[\s\S]*Server is ready/;
  return () => beside(NATS_SERVER, ['-a', '127.0.0.1', '-p', '-1'], ready, (address) => test(`nats://${address}`));
}
