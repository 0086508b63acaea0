/** A payload that is, or is to be, in a file (W6.9). */

import { fileURLToPath } from 'node:url';

import { unusable } from './options.js';

/**
 * A file of this machine, as the data of a payload: it is sent from there, streamed where its type allows, or it was received into it.
 * It holds the payload as it is serialized.
 */
export class PayloadFile {
  /** @param {string | URL} path A path, or a URL with the scheme `file`. */
  constructor(path) {
    /** Where it is. */
    this.path = path instanceof URL ? ofUrl(path) : path;
    if (typeof this.path !== 'string') throw unusable('path', EXPECTED, path === null ? 'null' : typeof path);
  }

  toString() {
    return this.path;
  }
}

const EXPECTED = 'the path of a file of this machine, or its URL with the scheme file';

/** @param {URL} url */
function ofUrl(url) {
  try {
    return fileURLToPath(url);
  } catch {
    throw unusable(
      'path',
      EXPECTED,
      url.protocol === 'file:' ? 'a URL that names none' : `a URL with the scheme ${url.protocol}`,
    );
  }
}

/**
 * A file as the data of a payload to be sent: `['film', file('film.mp4'), 'video']`.
 *
 * @param {string | URL} path
 */
export function file(path) {
  return new PayloadFile(path);
}
