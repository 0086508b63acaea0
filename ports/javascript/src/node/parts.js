/** Payloads in files and streams: read where they are small or must be seen as a whole, left where they are otherwise (W6.9). */

import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import { NATSBridgeError } from '../core/error.js';
import { Part } from '../core/part.js';
import { is_well_formed } from '../core/text.js';
import { PayloadFile } from './payload_file.js';
import { ofFile } from './source.js';
import { StagedFile } from './staged_file.js';
import { isUtf8, Utf8Judge } from './utf8.js';

/**
 * What becomes of the parts of a message.
 *
 * @typedef {object} Prepared
 * @property {unknown[]} parts
 * @property {Map<number, string>} files The files of external parts, by index.
 * @property {() => Promise<void>} discard Removes what was made for the while of the call.
 */

/**
 * Whether a payload of this type need not be in memory as a whole to be judged.
 *
 * @param {string} payloadType
 */
export function streams(payloadType) {
  return ['text', 'image', 'audio', 'video', 'binary'].includes(payloadType);
}

/**
 * The parts as they were given, as far as each is one; what else there is, the core refuses.
 *
 * @param {unknown} data
 * @returns {unknown[]}
 */
export function partsOf(data) {
  if (typeof data !== 'object' || data === null || !(Symbol.iterator in data)) return /** @type {any} */ (data);
  return Array.from(/** @type {Iterable<unknown>} */ (data), (item) => {
    if (!Array.isArray(item) || item.length < 3 || item.length > 4) return item;
    const [dataname, value, payloadType, options] = item;
    return new Part(dataname, value, payloadType, options ?? {});
  });
}

/**
 * Whether any part has to be prepared.
 *
 * @param {unknown[]} parts
 */
export function anyOutside(parts) {
  return Array.isArray(parts) && parts.some((part) => part instanceof Part && isOutside(part.data));
}

/**
 * Reads files and streams, but for large ones that need not be seen as a whole.
 *
 * @param {unknown[]} parts
 * @param {number} threshold From this many bytes on a payload is linked.
 * @param {import('./lifetime.js').Lifetime} lifetime
 * @returns {Promise<Prepared>}
 * @throws {UnreadablePart}
 */
export async function prepare(parts, threshold, lifetime) {
  /** @type {StagedFile[]} */
  const staged = [];
  const discard = async () => {
    for (const file of staged) await file.remove();
  };
  /** @type {Map<number, string>} */
  const files = new Map();
  /** @type {unknown[]} */
  const prepared = [];
  try {
    for (const [index, part] of parts.entries()) {
      lifetime.check();
      if (!(part instanceof Part && isOutside(part.data))) {
        prepared.push(part);
        continue;
      }
      const isFile = part.data instanceof PayloadFile || part.data instanceof URL;
      const content = isFile
        ? await readFile(
            part.data instanceof URL ? new PayloadFile(part.data) : /** @type {PayloadFile} */ (part.data),
            part,
            threshold,
          )
        : await lifetime.hold(readStream(/** @type {AsyncIterable<unknown>} */ (part.data), part, threshold, staged, lifetime));
      const { dataname, payload_type, metadata, id } = part;
      const options = { metadata, ...(id === undefined ? {} : { id }) };
      if ('problem' in content) throw new UnreadablePart(index, part, prepared, content);
      if ('bytes' in content) prepared.push(Part.serialized(dataname, content.bytes, payload_type, options));
      else {
        files.set(index, content.path);
        prepared.push(Part.external(dataname, content.size, payload_type, options));
      }
    }
    return { parts: prepared, files, discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** A file or stream that cannot be read. Whether it is the first fault depends on the parts before it. */
export class UnreadablePart extends Error {
  /**
   * @param {number} index
   * @param {Part} part
   * @param {unknown[]} before The parts before it, prepared.
   * @param {{problem: string, expected: string}} content
   */
  constructor(index, part, before, { problem, expected }) {
    super(problem);
    this.before = before;
    const message = `payload ${index} (${part.payload_type}): ${problem}`;
    const details = { pointer: `/payloads/${index}/data`, dataname: part.dataname, expected };
    /** What it is if it is the first. */
    this.error = new NATSBridgeError('SERIALIZATION_ERROR', 'serialize', message, details);
  }
}

/** @param {unknown} data */
function isOutside(data) {
  return data instanceof PayloadFile || (data instanceof URL && data.protocol === 'file:') || isStream(data);
}

/** @param {unknown} data */
function isStream(data) {
  return typeof data === 'object' && data !== null && Symbol.asyncIterator in data;
}

/** @typedef {{bytes: Uint8Array} | {path: string, size: number} | {problem: string, expected: string}} Content */

/**
 * @param {PayloadFile} file
 * @param {Part} part
 * @param {number} threshold
 * @returns {Promise<Content>}
 */
async function readFile({ path }, part, threshold) {
  try {
    const about = await stat(path);
    const external = streams(part.payload_type) && about.isFile() && about.size >= Math.max(threshold, 1);
    if (!external) {
      const pieces = [];
      for await (const piece of ofFile(path)) pieces.push(piece);
      return { bytes: Buffer.concat(pieces) };
    }
    if (part.payload_type === 'text' && !(await isUtf8(ofFile(path)))) return noText(`the file ${path}`);
    return { path, size: about.size };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    return { problem: `the file ${path} cannot be read: ${message}`, expected: 'a readable file' };
  }
}

/**
 * @param {AsyncIterable<unknown>} stream
 * @param {Part} part
 * @param {number} threshold
 * @param {StagedFile[]} staged
 * @param {import('./lifetime.js').Lifetime} lifetime
 * @returns {Promise<Content>}
 */
async function readStream(stream, part, threshold, staged, lifetime) {
  const forget = lifetime.whenEnded(() => {
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
  });
  const judge = part.payload_type === 'text' ? new Utf8Judge() : undefined;
  /** @type {Uint8Array[]} */
  const held = [];
  /** @type {StagedFile | undefined} */
  let file;
  let size = 0;
  const joint = new Joint();
  try {
    for await (const given of stream) {
      lifetime.check();
      const piece = joint.take(given);
      if (piece === undefined) return LONE_SURROGATE;
      if (!(piece instanceof Uint8Array)) {
        return {
          problem: `the stream gives ${given === null ? 'null' : typeof given}, not bytes`,
          expected: 'a stream of bytes',
        };
      }
      size += piece.length;
      judge?.take(piece);
      held.push(Uint8Array.from(piece));
      // More than this is not held: the stream cannot be read twice, and an attempt may have to be.
      if (size >= Math.max(threshold, 1) && streams(part.payload_type)) {
        if (!file) {
          file = await StagedFile.create(tmpdir());
          staged.push(file);
        }
        // Nobody else removes it once the call has ended.
        if (lifetime.ended) await file.remove();
        lifetime.check();
        for (const bytes of held.splice(0)) await file.write(bytes);
      }
    }
    if (joint.open) return LONE_SURROGATE;
    if (judge && !judge.finish()) return noText('the stream');
    if (!file) return { bytes: Buffer.concat(held, size) };
    await file.finish();
    return { path: file.path, size };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { problem: `the stream cannot be read: ${reason}`, expected: 'a stream that can be read to its end' };
  } finally {
    forget();
  }
}

/** @param {string} what */
function noText(what) {
  return { problem: `${what} is no text: it is not UTF-8`, expected: 'UTF-8' };
}

/** @type {Content} */
const LONE_SURROGATE = { problem: 'the stream gives a lone surrogate, which is no character', expected: 'Unicode characters' };

/** Pieces of text as bytes, where the two surrogates of a character may come in different ones. */
class Joint {
  #high = '';

  /** Whether the second half of a character is still to come. */
  get open() {
    return this.#high !== '';
  }

  /**
   * The bytes of a piece, as far as its characters are complete; nothing where it has a lone surrogate. What is no text is given back.
   *
   * @param {unknown} given
   */
  take(given) {
    if (typeof given !== 'string') return this.open ? undefined : given;
    const text = this.#high + given;
    const end = /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length;
    this.#high = text.slice(end);
    const whole = text.slice(0, end);
    return is_well_formed(whole) ? Buffer.from(whole) : undefined;
  }
}
