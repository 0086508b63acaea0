/** The package apache-arrow, an optional peer of this one: loaded when the first table needs it. */

import { createRequire } from 'node:module';

import { TableError } from './error.js';

/** @typedef {typeof import('apache-arrow')} Library */

/** What package.json names as the peer. */
const EXPECTED = 'apache-arrow 21.2 or a later 21';

/** @type {Library | null} */
let loaded = null;

/**
 * @returns {Library}
 */
export function library() {
  loaded ??= load();
  return loaded;
}

/**
 * @returns {Library}
 */
function load() {
  /** @type {Library} */
  let found;
  try {
    found = createRequire(import.meta.url)('apache-arrow');
  } catch (cause) {
    throw new TableError('arrowtables need the package apache-arrow, which could not be loaded', {
      expected: EXPECTED,
      found: 'none, or a broken one',
      cause,
    });
  }
  // The package exports no version. The view forms are what came last of all that is used here.
  if (typeof found.Utf8View !== 'function') {
    throw new TableError('arrowtables need another version of the package apache-arrow', {
      expected: EXPECTED,
      found: 'one without Utf8View',
    });
  }
  return found;
}
