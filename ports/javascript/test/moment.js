/** Time and ids that are the same in every run. */

import { Draft } from '../src/core/draft.js';
import { node_platform } from '../src/node/platform.js';

/** A moment whose ids count from 1. */
export function MOMENT() {
  let count = 0;
  const new_id = () => {
    count += 1;
    return `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
  };
  return { timestamp: new Date('2026-03-13T07:02:50.443Z'), new_id };
}

/**
 * The envelope of a message whose payloads all go direct.
 *
 * @param {any} data
 * @param {any} [options]
 */
export function sent(data, options = {}) {
  return new Draft('a.b', data, options).encode(node_platform(null), MOMENT()).finish()[0];
}
