/** The canonical writer (W4): JSON text without white space, escapes only where JSON demands them. */

import { JSON_MAX_DEPTH } from '../generated.js';
import { is_well_formed } from './text.js';

/** Why a value has no JSON text, and where. */
export class Unwritable extends Error {
  /**
   * @param {string} expected
   * @param {string} found
   * @param {readonly (string | number)[]} path names and positions that lead to the place
   */
  constructor(expected, found, path) {
    const steps = path.map((step) => `/${String(step).replace(/~/g, '~0').replace(/\//g, '~1')}`);
    const pointer = steps.length > 8 ? `${steps.slice(0, 8).join('')}/…` : steps.join('');
    super(`expected ${expected}, found ${found}${pointer === '' ? '' : ` at ${pointer}`}`);
    this.expected = expected;
    this.found = found;
    /** The place within the value (RFC 6901), cut where it is long. */
    this.pointer = pointer;
  }
}

/**
 * The canonical JSON text of a value: null, booleans, strings, finite numbers, BigInts from -2^63 to 2^64-1, arrays, objects by
 * their own enumerable members, and what has a `toJSON`. Integral numbers within +-(2^53-1) are written as integers, others in
 * a form that reads back to the same double; -0 keeps its sign.
 *
 * @param {unknown} value
 * @param {readonly (string | number)[]} [around] names and positions of the arrays and objects that are open around it
 * @returns {string}
 * @throws {Unwritable}
 */
export function write(value, around = []) {
  return new Writer(around).text(value);
}

/**
 * A string without lone surrogates as JSON text.
 *
 * @param {string} text
 * @returns {string}
 */
export function quote(text) {
  return SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`;
}

const SPECIAL = /["\\\u0000-\u001f]/;

const MIN = -(2n ** 63n);
const MAX = 2n ** 64n - 1n;

class Writer {
  /** @param {readonly (string | number)[]} around */
  constructor(around) {
    this.around = around.length;
    this.path = [...around];
    /** @type {object[]} */
    this.open = [];
  }

  /**
   * @param {unknown} value
   * @returns {string}
   */
  text(value) {
    switch (typeof value) {
      case 'string':
        if (!is_well_formed(value)) throw this.#error('Unicode characters', 'a lone surrogate');
        return quote(value);
      case 'number':
        return this.#number(value);
      case 'boolean':
        return value ? 'true' : 'false';
      case 'bigint':
        if (value < MIN || value > MAX) throw this.#error('an integer from -2^63 to 2^64-1', 'an integer beyond');
        return String(value);
      case 'object':
        return value === null ? 'null' : this.#nested(value);
      case 'undefined':
        throw this.#error(JSON_VALUE, 'undefined');
      default:
        throw this.#error(JSON_VALUE, `a ${typeof value}`);
    }
  }

  /** @param {number} value */
  #number(value) {
    if (!Number.isFinite(value)) throw this.#error('a finite number', String(value));
    if (Object.is(value, -0)) return '-0.0';
    const text = String(value);
    // An integer literal would be read as an integer, and beyond 2^53-1 that is another thing.
    return Number.isInteger(value) && !Number.isSafeInteger(value) && !text.includes('e') ? `${text}.0` : text;
  }

  /**
   * @param {object} value
   * @returns {string}
   */
  #nested(value) {
    // Node's Buffer would write itself as an object of numbers.
    if (ArrayBuffer.isView(value)) throw this.#error(JSON_VALUE, 'bytes');
    const { toJSON } = /** @type {{ toJSON?: unknown }} */ (value);
    if (typeof toJSON === 'function') {
      const plain = /** @type {unknown} */ (toJSON.call(value, String(this.path[this.path.length - 1] ?? '')));
      if (typeof plain !== 'object' || plain === null) return this.text(plain);
      return this.#members(plain);
    }
    return this.#members(value);
  }

  /**
   * @param {object} value
   * @returns {string}
   */
  #members(value) {
    if (this.open.includes(value)) throw this.#error('a value that does not contain itself', 'a cycle');
    if (this.around + this.open.length >= JSON_MAX_DEPTH) {
      throw this.#error(`at most ${JSON_MAX_DEPTH - this.around} arrays and objects within each other`, 'one more');
    }
    this.open.push(value);
    const text = Array.isArray(value) ? this.#array(value) : this.#object(value);
    this.open.pop();
    return text;
  }

  /** @param {unknown[]} items */
  #array(items) {
    let text = '[';
    for (let index = 0; index < items.length; index += 1) {
      this.path.push(index);
      text += (index === 0 ? '' : ',') + this.text(items[index]);
      this.path.pop();
    }
    return `${text}]`;
  }

  /** @param {object} object */
  #object(object) {
    const kind = Object.prototype.toString.call(object);
    if (kind !== '[object Object]') throw this.#error(JSON_VALUE, kind.slice(8, -1));
    const members = /** @type {Record<string, unknown>} */ (object);
    let text = '{';
    for (const name of Object.keys(members)) {
      this.path.push(name);
      if (!is_well_formed(name)) throw this.#error('Unicode characters', 'a lone surrogate in a name');
      text += `${text === '{' ? '' : ','}${quote(name)}:${this.text(members[name])}`;
      this.path.pop();
    }
    return `${text}}`;
  }

  /**
   * @param {string} expected
   * @param {string} found
   */
  #error(expected, found) {
    return new Unwritable(expected, found, this.path);
  }
}

const JSON_VALUE = 'a value that can be written as JSON';
