/**
 * The strict reader (W3.2 and W3.3): what `JSON.parse` takes and the wire does not is refused, and integers that a number
 * cannot hold become BigInts.
 *
 * Members become own properties, whatever they are called: `__proto__` is a name as any other.
 *
 * @typedef {import('./platform.js').Platform} Platform
 */

import { JSON_MAX_DEPTH } from '../generated.js';
import { count_members, is_polluted, scan } from './json_scan.js';

/** From this many bytes on, the scan and `JSON.parse` together are faster than this reader. */
const LARGE = 512;

/** Why a text is not strict JSON, and where. */
export class InvalidJson extends Error {
  /**
   * @param {string} expected
   * @param {string} found
   * @param {number} offset UTF-16 code units before the place; bytes where the text is not UTF-8
   * @param {readonly (string | number)[]} path names and positions that lead to the place
   */
  constructor(expected, found, offset, path) {
    const pointer = path.map((step) => `/${String(step).replace(/~/g, '~0').replace(/\//g, '~1')}`).join('');
    super(`expected ${expected}, found ${found} at ${offset}${pointer === '' ? '' : `, in ${pointer}`}`);
    this.expected = expected;
    this.found = found;
    /** The JSON pointer (RFC 6901) of the value that could not be read. */
    this.pointer = pointer;
  }
}

/**
 * Reads one JSON text.
 *
 * @param {Uint8Array} bytes
 * @param {Platform} platform
 * @returns {unknown}
 * @throws {InvalidJson}
 */
export function read(bytes, platform) {
  const text = decoded(bytes, platform);
  if (bytes.length >= LARGE && !is_polluted()) {
    const members = scan(bytes);
    // What is not settled at once is looked at again, one character after the other.
    if (members >= 0) {
      const value = parsed(text);
      if (value !== undefined && count_members(value) === members) return value;
    }
  }
  return new Reader(text).document();
}

/** Reads a text character by character. */
export class Reader {
  /**
   * @param {string} text without lone surrogates
   * @param {number} [at] where to begin
   * @param {number} [depth] arrays and objects that are open there
   */
  constructor(text, at = 0, depth = 0) {
    this.text = text;
    /** The next character. */
    this.at = at;
    this.depth = depth;
    /** @type {(string | number)[]} */
    this.path = [];
  }

  /**
   * The value that the whole text is.
   *
   * @returns {unknown}
   */
  document() {
    if (this.text.charCodeAt(0) === 0xfeff) throw this.#error('JSON without a byte order mark', 'a byte order mark');
    this.#space();
    const value = this.value();
    this.#space();
    if (this.at < this.text.length) throw this.#unexpected('the end of the JSON text');
    return value;
  }

  /**
   * The value that begins at the next character.
   *
   * @returns {unknown}
   */
  value() {
    switch (this.text.charCodeAt(this.at)) {
      case 0x7b:
        return this.#object();
      case 0x5b:
        return this.#array();
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object() {
    this.#open();
    /** @type {Record<string, unknown>} */
    const object = {};
    this.#space();
    if (this.#take('}')) return this.#close(object);
    for (;;) {
      if (this.text[this.at] !== '"') throw this.#unexpected("a member's name in quotes");
      const start = this.at;
      const name = this.#string();
      this.path.push(name);
      if (Object.prototype.hasOwnProperty.call(object, name)) {
        this.at = start;
        throw this.#error('names that occur once in an object', 'a second member of this name');
      }
      this.#space();
      if (!this.#take(':')) throw this.#unexpected("a colon after the member's name");
      this.#space();
      put(object, name, this.value());
      this.path.pop();
      this.#space();
      if (this.#take('}')) return this.#close(object);
      if (!this.#take(',')) throw this.#unexpected('a comma or a closing brace');
      this.#space();
    }
  }

  #array() {
    this.#open();
    /** @type {unknown[]} */
    const items = [];
    this.#space();
    if (this.#take(']')) return this.#close(items);
    for (;;) {
      this.path.push(items.length);
      items.push(this.value());
      this.path.pop();
      this.#space();
      if (this.#take(']')) return this.#close(items);
      if (!this.#take(',')) throw this.#unexpected('a comma or a closing bracket');
      this.#space();
    }
  }

  #open() {
    if (this.depth === JSON_MAX_DEPTH) {
      const expected = `at most ${JSON_MAX_DEPTH} arrays and objects within each other`;
      throw this.#error(expected, 'one more level of nesting');
    }
    this.depth += 1;
    this.at += 1;
  }

  /**
   * @template T
   * @param {T} value
   */
  #close(value) {
    this.depth -= 1;
    return value;
  }

  #string() {
    const { text } = this;
    this.at += 1;
    let start = this.at;
    let value = '';
    for (;;) {
      const unit = text.charCodeAt(this.at);
      if (unit === 0x22) {
        const rest = text.slice(start, this.at);
        this.at += 1;
        return value + rest;
      }
      if (unit === 0x5c) {
        value += text.slice(start, this.at) + this.#escape();
        start = this.at;
      } else if (unit >= 0x20) {
        this.at += 1;
      } else if (unit < 0x20) {
        throw this.#error('control characters in strings as escapes', `the bare control character ${scalar_name(unit)}`);
      } else {
        throw this.#unexpected('a closing quote');
      }
    }
  }

  #escape() {
    const start = this.at;
    this.at += 1;
    const letter = this.text[this.at] ?? '';
    if (letter === 'u') {
      this.at += 1;
      return this.#unicode(start);
    }
    const character = ESCAPES.get(letter);
    if (character === undefined) throw this.#unexpected('an escape: one of " \\ / b f n r t u');
    this.at += 1;
    return character;
  }

  /** @param {number} start where the escape begins */
  #unicode(start) {
    const first = this.#hex();
    if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first);
    if (first < 0xdc00 && this.text.startsWith('\\u', this.at)) {
      this.at += 2;
      const second = this.#hex();
      if (second >= 0xdc00 && second <= 0xdfff) return String.fromCharCode(first, second);
    }
    this.at = start;
    throw this.#error('surrogates in pairs', `the lone surrogate ${scalar_name(first)}`);
  }

  #hex() {
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#unexpected('four hexadecimal digits');
    this.at += 4;
    return parseInt(digits, 16);
  }

  #number() {
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text);
    if (!found) throw this.#unexpected('a JSON value');
    const [literal, integer, rest] = found;
    const end = this.at + literal.length;
    if (/^[-+.0-9eE]/.test(this.text.slice(end, end + 1))) {
      this.at = end;
      throw this.#unexpected('the end of the number');
    }
    const value = rest === '' ? integer_value(String(integer)) : Number(literal);
    if (value === undefined) throw this.#error('an integer from -2^63 to 2^64-1', shortened(literal));
    if (value === Infinity || value === -Infinity) {
      throw this.#error('a number within the range of a double', shortened(literal));
    }
    this.at = end;
    return value;
  }

  /**
   * @param {string} word
   * @param {boolean | null} value
   */
  #word(word, value) {
    if (!this.text.startsWith(word, this.at)) throw this.#unexpected('true, false or null');
    this.at += word.length;
    return value;
  }

  #space() {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.at += 1;
    }
  }

  /** @param {string} character */
  #take(character) {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  /** @param {string} expected */
  #unexpected(expected) {
    const scalar = this.text.codePointAt(this.at);
    let found = 'the end of the text';
    if (scalar !== undefined) found = scalar > 0x20 && scalar < 0x7f ? `\`${this.text[this.at]}\`` : scalar_name(scalar);
    return this.#error(expected, found);
  }

  /**
   * @param {string} expected
   * @param {string} found
   */
  #error(expected, found) {
    return new InvalidJson(expected, found, this.at, this.path);
  }
}

/**
 * Gives an object a member of its own, whatever it is called.
 *
 * @param {Record<string, unknown>} object
 * @param {string} name
 * @param {unknown} value
 */
export function put(object, name, value) {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[name] = value;
  }
}

const ESCAPES = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

const NUMBER = /(-?(?:0|[1-9][0-9]*))((?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/y;

const MIN = -(2n ** 63n);
const MAX = 2n ** 64n - 1n;

/**
 * @param {string} literal
 * @returns {number | bigint | undefined} nothing where it is out of range
 */
function integer_value(literal) {
  // Fifteen digits are always exact, and no integer in range has more than twenty.
  if (literal.length <= 15) return Number(literal) + 0;
  if (literal.length > 21) return undefined;
  const value = BigInt(literal);
  if (value < MIN || value > MAX) return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/**
 * @param {Uint8Array} bytes
 * @param {Platform} platform
 */
function decoded(bytes, platform) {
  try {
    return platform.to_text(bytes, 0, bytes.length);
  } catch {
    const at = invalid_utf8(bytes);
    throw new InvalidJson('UTF-8', `the byte 0x${hex(bytes[at] ?? 0, 2)}`, at, []);
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return /** @type {unknown} */ (JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * Where the first byte is that does not continue a text in UTF-8; the length where there is none.
 *
 * @param {Uint8Array} bytes
 * @returns {number}
 */
export function invalid_utf8(bytes) {
  const { length } = bytes;
  let at = 0;
  while (at < length) {
    const first = bytes[at] ?? 0;
    let more = 0;
    let least = 0x80;
    let most = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) more = 1;
    else if (first >= 0xe0 && first <= 0xef) more = 2;
    else if (first >= 0xf0 && first <= 0xf4) more = 3;
    else if (first >= 0x80) return at;
    if (first === 0xe0) least = 0xa0;
    else if (first === 0xed) most = 0x9f;
    else if (first === 0xf0) least = 0x90;
    else if (first === 0xf4) most = 0x8f;
    for (let next = 1; next <= more; next += 1) {
      const byte = bytes[at + next] ?? 0;
      if (byte < least || byte > most) return at;
      least = 0x80;
      most = 0xbf;
    }
    at += more + 1;
  }
  return length;
}

/** @param {number} scalar */
function scalar_name(scalar) {
  return `U+${hex(scalar, 4)}`;
}

/**
 * @param {number} number
 * @param {number} digits
 */
function hex(number, digits) {
  return number.toString(16).toUpperCase().padStart(digits, '0');
}

/** @param {string} literal */
function shortened(literal) {
  return literal.length <= 40 ? literal : `${literal.slice(0, 32)}… (${literal.length} characters)`;
}
