/** Messages whose payloads are linked. */

import { createHash } from 'node:crypto';

import { encode, Part } from '../src/natsbridge_ssr.js';

/**
 * A message that links to these places.
 *
 * @param {{url: string, bytes: Uint8Array, type?: string, sha256?: string | false, size?: number}[]} links `sha256` is that of the bytes
 *   unless something else is said; false for none.
 */
export function linking(...links) {
  const parts = links.map(({ bytes, type = 'binary', size = bytes.length }, index) => Part.external(`part ${index}`, size, type));
  const checksum = links.some(({ sha256 }) => sha256 === false) ? 'none' : 'link';
  const outgoing = encode('a.b', parts, { checksum });
  for (const [index, { url, bytes, sha256 }] of links.entries()) {
    outgoing.link(index, url, sha256 || createHash('sha256').update(bytes).digest('hex'));
  }
  return outgoing.finish()[1];
}
