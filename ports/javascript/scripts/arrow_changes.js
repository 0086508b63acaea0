// Writes test/data/changes.json: what the command `natsbridge decode --json` reads of every stream below with one byte
// changed, as one digest for each stream. The tests of this port must come to the same. One call for each change: this takes a
// quarter of an hour, and is run again only when the streams, or what is refused, change.
//
//     node scripts/arrow_changes.js path/to/natsbridge [STREAM...]
//
// Streams that are not named stay as they are; without a name it is all of them.

import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { CHANGED, changes, streamNamed } from '../test/arrow_changes.js';
import { textOfTagged } from '../test/arrow_text.js';

const [command = 'natsbridge', ...streams] = process.argv.slice(2);
const path = new URL('../test/data/changes.json', import.meta.url);
const folder = await mkdtemp(join(tmpdir(), 'changes-'));
const run = promisify(execFile);

/**
 * @param {Uint8Array} bytes
 * @param {number} lane
 * @returns {Promise<string>}
 */
async function verdict(bytes, lane) {
  const id = randomUUID();
  const payload = {
    id,
    dataname: 't',
    payload_type: 'arrowtable',
    transport: 'direct',
    encoding: 'base64',
    size: bytes.length,
    data: Buffer.from(bytes).toString('base64'),
    metadata: {},
  };
  const message = {
    correlation_id: id,
    msg_id: id,
    timestamp: '2026-01-01T00:00:00.000Z',
    send_to: 'a',
    msg_purpose: 'chat',
    sender_name: 's',
    sender_id: id,
    receiver_name: '',
    receiver_id: '',
    reply_to: '',
    reply_to_msg_id: '',
    broker_url: '',
    metadata: {},
    payloads: [payload],
  };
  const file = join(folder, String(lane));
  await writeFile(file, JSON.stringify(message));
  try {
    const { stdout } = await run(command, ['decode', '--json', file], { maxBuffer: 1 << 26 });
    return textOfTagged(JSON.parse(stdout).payloads[0].value);
  } catch (error) {
    if (!/DESERIALIZATION_ERROR/.test(String(error))) throw error;
    return 'refused';
  }
}

/** @type {Record<string, { taken: number, refused: number, sha256: string }>} */
const result = JSON.parse(await readFile(path, 'utf8'));
try {
  for (const name of CHANGED.filter((one) => streams.length === 0 || streams.includes(one))) {
    const all = [...changes(streamNamed(name))];
    /** @type {string[]} */
    const verdicts = new Array(all.length);
    let next = 0;
    const lane = async (/** @type {number} */ number) => {
      for (let index = next++; index < all.length; index = next++) {
        verdicts[index] = await verdict(/** @type {Uint8Array} */ (all[index]), number);
      }
    };
    await Promise.all([0, 1, 2, 3].map(lane));
    const refused = verdicts.filter((one) => one === 'refused').length;
    result[name] = {
      taken: all.length - refused,
      refused,
      sha256: createHash('sha256').update(verdicts.join('\n')).digest('hex'),
    };
    console.log(name, result[name]);
  }
  await writeFile(path, `${JSON.stringify(result, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true });
}
