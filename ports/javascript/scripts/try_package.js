/**
 * Installs the packed tarball into an empty folder, as a user does, and tries it there: ES module, CommonJS, TypeScript in both kinds, and
 * the README's example.
 *
 * Usage: node scripts/try_package.js TARBALL [--npm VERSION]. The Node that runs this is the one that is tried. Needs
 * NATSBRIDGE_TEST_NATS_SERVER and NATSBRIDGE_TEST_COMMAND; uses NATSBRIDGE_TEST_PLIK as file server if it is there.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { beside, withFileServer, withNats } from '../test/program.js';

const [tarball = '', , npm] = process.argv.slice(2);
const root = fileURLToPath(new URL('..', import.meta.url));
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const MODERN = Number.parseInt(process.versions.node, 10) >= 18;
const CLIENT = MODERN ? '@nats-io/transport-node' : 'nats';

const folder = mkdtempSync(join(tmpdir(), 'natsbridge-package-'));
try {
  // Whatever npm starts is the Node that runs this.
  mkdirSync(join(folder, 'bin'));
  symlinkSync(process.execPath, join(folder, 'bin', 'node'));
  const user = join(folder, 'user');
  mkdirSync(user);
  const env = { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` };
  const run = (/** @type {string} */ program, /** @type {string[]} */ ...parameters) =>
    execFileSync(program, parameters, { cwd: user, env, stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 }).toString();

  const install = (/** @type {string[]} */ ...packages) =>
    run(...installer(folder, env), 'install', '--no-audit', '--no-fund', '--prefer-offline', ...packages);

  writeFileSync(join(user, 'package.json'), '{ "private": true }');
  install(resolve(tarball));
  writeFileSync(
    join(user, 'module.mjs'),
    use('import { columns, file, NATSBridgeError, Plik, smartreceive, smartsend } from "natsbridge";'),
  );
  writeFileSync(
    join(user, 'script.cjs'),
    `(async () => {${use('const { columns, file, NATSBridgeError, Plik, smartreceive, smartsend } = require("natsbridge");')}})();`,
  );
  const missing = 'needs apache-arrow';
  for (const name of ['module.mjs', 'script.cjs']) assert.equal(run(process.execPath, name), `Hello\n${missing}\n`);
  if (MODERN) {
    const types = `@types/node@${devDependencies['@types/node']}`;
    install(types);
    writeFileSync(
      join(user, 'module.mts'),
      typed('import { PayloadFile, NATSBridgeError, Plik, smartreceive, smartsend, type SendOptions } from "natsbridge";'),
    );
    writeFileSync(
      join(user, 'script.cts'),
      typed('import { PayloadFile, NATSBridgeError, Plik, smartreceive, smartsend, type SendOptions } from "natsbridge";'),
    );
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node', '--module'];
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    for (const kind of ['node16', 'nodenext']) run(process.execPath, tsc, ...options, kind, 'module.mts', 'script.cts');
    console.log('-- its types compile in a module and in a script, without apache-arrow');
  }
  install(`${CLIENT}@${devDependencies[CLIENT]}`, `apache-arrow@${devDependencies['apache-arrow']}`);
  for (const name of ['module.mjs', 'script.cjs']) assert.equal(run(process.execPath, name), 'Hello\ndouble\n');
  console.log(`-- Node ${process.versions.node}: the tarball installs, and runs as ES module and as CommonJS`);

  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
  const [, expected = ''] = /```text\n([\s\S]*?)```/.exec(readme) ?? [];
  writeFileSync(join(user, 'example.mjs'), example.replace('@nats-io/transport-node', CLIENT));
  const plik = process.env.NATSBRIDGE_TEST_PLIK;
  const fileServer = (/** @type {(url: string) => Promise<void>} */ test) =>
    plik ? withPlik(plik, test) : withFileServer(test)();
  await withNats((NATS_URL) =>
    fileServer(async (FILESERVER_URL) => {
      Object.assign(env, { NATS_URL, FILESERVER_URL });
      assert.equal(run(process.execPath, 'example.mjs'), expected);
    }),
  )();
  console.log(`-- the README's example runs with ${CLIENT} and ${plik ? 'Plik' : 'natsbridge fileserver'}`);
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * The program and the first parameter of npm: the one on PATH, or a certain version of it, which is fetched with the one on PATH.
 *
 * @param {string} place
 * @param {NodeJS.ProcessEnv} env
 * @returns {[string, ...string[]]}
 */
function installer(place, env) {
  if (!npm) return ['npm'];
  const own = join(place, 'npm');
  mkdirSync(own, { recursive: true });
  const cli = join(own, 'node_modules', 'npm', 'bin', 'npm-cli.js');
  try {
    readFileSync(cli);
  } catch {
    // The one on PATH does not run on old Nodes.
    const { PATH } = process.env;
    execFileSync('npm', ['install', '--prefix', own, '--no-audit', '--no-fund', '--prefer-offline', `npm@${npm}`], {
      env: { ...env, PATH },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return [process.execPath, cli];
}

/**
 * @param {string} program
 * @param {(url: string) => Promise<void>} test
 */
async function withPlik(program, test) {
  const data = join(folder, 'plik');
  mkdirSync(data);
  const port = 20_000 + (process.pid % 20_000);
  Object.assign(process.env, {
    PLIKD_LISTEN_ADDRESS: '127.0.0.1',
    PLIKD_LISTEN_PORT: String(port),
    PLIKD_NO_WEB_INTERFACE: 'true',
    PLIKD_DATA_BACKEND_CONFIG: JSON.stringify({ Directory: join(data, 'files') }),
    PLIKD_METADATA_BACKEND_CONFIG: JSON.stringify({ Driver: 'sqlite3', ConnectionString: join(data, 'plik.db') }),
  });
  await beside(program, [], /listening|started/i, () => test(`http://127.0.0.1:${port}`));
}

/** @param {string} take */
function use(take) {
  return `${take}
const [envelope, json] = await smartsend('a.b', [['x', 'Hello', 'text']]);
console.log((await smartreceive(json)).payloads[0].data);
if (typeof file !== 'function' || typeof Plik !== 'function') throw new Error('something is missing');
try {
  const [, table] = await smartsend('a.b', [['t', [{ a: 1 }], 'arrowtable']]);
  console.log(columns((await smartreceive(table)).payloads[0].data)[0].type);
} catch (error) {
  if (!(error instanceof NATSBridgeError && /package apache-arrow/.test(error.message))) throw error;
  console.log('needs apache-arrow');
}
`;
}

/** @param {string} take */
function typed(take) {
  return `${take}
export async function use(): Promise<string> {
  const options: SendOptions = { sender_name: 'me', max_retries: 3, fileserver_upload_handler: new Plik({ ttl: 60 }), observer: (name, value) => void [name.length, value.toFixed()] };
  const [envelope, json] = await smartsend('a.b', [['x', 'Hello', 'text'], ['y', { a: 1n }, 'dictionary', { metadata: { z: 1 } }]], options);
  const received = await smartreceive(json, { allowed_origins: ['https://files.example'] });
  const id: string = envelope.msg_id + received.correlation_id;
  for (const { dataname, data, payload_type } of received.payloads) if (data instanceof PayloadFile) return dataname + payload_type + data.path;
  // @ts-expect-error: the name of an argument that is not one
  await smartsend('a.b', [], { size_treshold: 5 });
  // @ts-expect-error: a number is no subject
  await smartsend(5, []);
  try {
    return id;
  } catch (error) {
    return error instanceof NATSBridgeError ? error.code + error.report().error.code : '';
  }
}
`;
}
