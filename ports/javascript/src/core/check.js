/**
 * What the generated check stands on: a walk over a JSON value that finds every violation of the schema.
 *
 * @typedef {import('../generated.js').ErrorCode} ErrorCode
 * @typedef {import('./pattern.js').Pattern} Pattern
 *
 * The rules of one kind of string. Absent bounds are 0 and Infinity; `secret` says that no error may quote it (W6.10).
 *
 * @typedef {object} TextRule
 * @property {number} min_length in Unicode scalar values
 * @property {number} max_length in Unicode scalar values
 * @property {number} max_bytes in UTF-8
 * @property {boolean} real_date
 * @property {boolean} secret
 * @property {Pattern | null} pattern
 * @property {string} expected
 *
 * The bounds of one kind of integer, inclusive.
 *
 * @typedef {{ minimum: number, maximum: number }} IntegerRule
 */

import { byte_length, is_well_formed, scalar_count } from './text.js';
import { Violation } from './violation.js';

/** How many violations of one message are kept. */
export const MOST = 1_000;

/** Where a check stands, and what it found so far. */
export class Checker {
  constructor() {
    /** @type {Violation[]} */
    this.violations = [];
    /** @type {(string | number)[]} */
    this.path = [];
    this.condition = '';
  }

  /** @param {string | number} step a member's name or an item's index */
  enter(step) {
    this.path.push(step);
  }

  leave() {
    this.path.pop();
  }

  /**
   * What is found from here on holds under a condition.
   *
   * @param {string} condition such as ` where transport is link`
   */
  enter_condition(condition) {
    this.condition = condition;
  }

  leave_condition() {
    this.condition = '';
  }

  /**
   * @param {unknown} value
   * @returns {value is Record<string, unknown>}
   */
  is_object(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
  }

  /**
   * The value where the check stands must be an object.
   *
   * @param {unknown} value
   * @param {string} rule
   * @returns {value is Record<string, unknown>}
   */
  object(value, rule) {
    if (this.is_object(value)) return true;
    this.#report(null, 'an object', shown(value), rule);
    return false;
  }

  /**
   * A required member is not there.
   *
   * @param {string} member
   * @param {string} rule
   */
  missing(member, rule) {
    this.#report(member, 'this member', 'nothing', rule);
  }

  /**
   * A member must not be there, and is.
   *
   * @param {string} member
   * @param {unknown} value
   * @param {string} rule
   */
  forbidden(member, value, rule) {
    this.#report(member, 'no such member', shown(value), rule);
  }

  /**
   * @param {string} member
   * @param {unknown} value
   * @param {string} rule
   */
  map(member, value, rule) {
    if (!this.is_object(value)) this.#report(member, 'an object', shown(value), rule);
  }

  /**
   * @param {string} member
   * @param {unknown} value
   * @param {string} rule
   * @returns {value is unknown[]}
   */
  list(member, value, rule) {
    if (Array.isArray(value)) return true;
    this.#report(member, 'a list', shown(value), rule);
    return false;
  }

  /**
   * @param {string} member
   * @param {unknown} value
   * @param {string} rule
   */
  any_text(member, value, rule) {
    if (typeof value === 'string' || value instanceof Uint8Array) return;
    this.#report(member, 'a string', shown(value), rule);
  }

  /**
   * @param {string} member
   * @param {unknown} value
   * @param {TextRule} rules
   * @param {string} rule
   */
  text(member, value, rules, rule) {
    if (typeof value !== 'string') {
      this.#report(member, rules.expected, shown(value), rule);
    } else if (!accepts(rules, value)) {
      this.#wrong_text(member, value, rules, rule);
    }
  }

  /**
   * @param {string} member
   * @param {unknown} value
   * @param {readonly string[]} names
   * @param {ErrorCode} code that of a string which is not one of `names`
   * @param {string} rule
   */
  one_of(member, value, names, code, rule) {
    if (typeof value === 'string') {
      if (!names.includes(value)) this.#report(member, `one of ${names.join(', ')}`, shown(value), rule, code);
    } else if (this.condition === '') {
      // Under a condition, the member's own type was reported already.
      this.#report(member, 'a string', shown(value), rule);
    }
  }

  /**
   * A number without a fraction, within the bounds.
   *
   * @param {string} member
   * @param {unknown} value
   * @param {IntegerRule} rules
   * @param {string} rule
   */
  integer(member, value, { minimum, maximum }, rule) {
    if (Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum) return;
    this.#report(member, `an integer from ${minimum} to ${maximum}`, shown(value), rule);
  }

  /**
   * Which bound of a text is broken first.
   *
   * @param {string} member
   * @param {string} text
   * @param {TextRule} rules
   * @param {string} rule
   */
  #wrong_text(member, text, rules, rule) {
    const found = rules.secret ? `a string of ${byte_length(text)} bytes` : shown(text);
    /** @type {string} */
    let expected = 'a date of the calendar';
    const length = scalar_count(text);
    if (!is_well_formed(text)) expected = 'Unicode characters, no lone surrogates';
    else if (length < rules.min_length) expected = `at least ${rules.min_length} character(s)`;
    else if (length > rules.max_length) expected = `at most ${rules.max_length} characters`;
    else if (byte_length(text) > rules.max_bytes) expected = `at most ${rules.max_bytes} bytes`;
    else if (rules.pattern && !rules.pattern.matches(text)) expected = rules.expected;
    this.#report(member, expected, found, rule);
  }

  /**
   * @param {string | null} member
   * @param {string} expected
   * @param {string} found
   * @param {string} rule
   * @param {ErrorCode} [code]
   */
  #report(member, expected, found, rule, code = 'INVALID_ENVELOPE') {
    if (this.violations.length >= MOST) return;
    const steps = member === null ? this.path : [...this.path, member];
    // The schema's names are in snake case: nothing in them is escaped in a JSON pointer.
    const pointer = steps.map((step) => `/${step}`).join('');
    this.violations.push(new Violation(pointer, code, expected + this.condition, found, rule));
  }
}

/**
 * A value as an error shows it: JSON, long strings cut, long values described.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function shown(value) {
  const longest = 72;
  if (typeof value === 'string') {
    const start = value.length > longest ? [...value.slice(0, 2 * longest)].slice(0, longest).join('') : value;
    return JSON.stringify(start) + (start.length < value.length ? '...' : '');
  }
  if (value instanceof Uint8Array) return `base64 of ${value.length} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `an object of ${Object.keys(value).length} members`;
  if (typeof value === 'function') return 'a function';
  return Object.is(value, -0) ? '-0' : String(value);
}

/**
 * @param {TextRule} rules
 * @param {string} text
 */
function accepts(rules, text) {
  const { length } = text;
  // Scalar values are at most as many as code units, and take at most three bytes for each unit.
  if (length < rules.min_length || (rules.min_length > 1 && scalar_count(text) < rules.min_length)) return false;
  if (length > rules.max_length && scalar_count(text) > rules.max_length) return false;
  if (length * 3 > rules.max_bytes && byte_length(text) > rules.max_bytes) return false;
  if (rules.pattern === null) return length === 0 || is_well_formed(text);
  return rules.pattern.matches(text) && (!rules.real_date || is_real_date(text));
}

/**
 * Whether a text that begins with `YYYY-MM-DD`, all digits, names a date of the Gregorian calendar; the year 0 is one.
 *
 * @param {string} text
 */
function is_real_date(text) {
  const digit = (/** @type {number} */ at) => text.charCodeAt(at) - 0x30;
  const year = digit(0) * 1_000 + digit(1) * 100 + digit(2) * 10 + digit(3);
  const month = digit(5) * 10 + digit(6);
  const day = digit(8) * 10 + digit(9);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
