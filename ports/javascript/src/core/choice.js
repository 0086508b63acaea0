/**
 * Which payloads ride in the envelope and which go by link (FR-003, FR-004, W5.1).
 *
 * One payload, as far as the choice needs to know it. Lengths are those of the whole payload object in the JSON text.
 *
 * @typedef {object} Candidate
 * @property {number} size bytes of the serialized payload
 * @property {number} direct its length where it is direct
 * @property {number} linked its length where it is linked, without the URL
 * @property {boolean} external whether its bytes are elsewhere, so that only a link can carry them
 *
 * @typedef {object} Bounds
 * @property {number} size_threshold from this many bytes on, a payload is linked
 * @property {number} max_message_bytes the whole JSON text, at most
 */

import { CHOICE } from '../generated.js';
import { encoded_length } from './base64.js';

/**
 * For each payload whether it is linked.
 *
 * @param {number} header the length of the envelope with no payload in it
 * @param {readonly Candidate[]} candidates
 * @param {Bounds} bounds
 * @returns {{ links: boolean[], needed: number }} `needed` is the length of the message; beyond `max_message_bytes`, that of the
 *   shortest that could be made
 */
export function choose(header, candidates, { size_threshold, max_message_bytes }) {
  const links = candidates.map(({ size, external }) => external || (size >= size_threshold && size > 0));
  let needed = header + Math.max(0, candidates.length - 1);
  for (const [index, candidate] of candidates.entries()) {
    needed += links[index] ? candidate.linked + CHOICE.link_bytes : candidate.direct;
  }
  const movable = [...candidates.entries()]
    .filter(([index, { size }]) => !links[index] && encoded_length(size) >= CHOICE.min_moved_base64_bytes)
    .sort(([, left], [, right]) => right.size - left.size);
  for (const [index, { direct, linked }] of movable) {
    if (needed <= max_message_bytes) break;
    needed += linked + CHOICE.link_bytes - direct;
    links[index] = true;
  }
  return { links, needed };
}
