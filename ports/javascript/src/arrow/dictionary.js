/** The dictionaries of a stream: first ones, those that replace them, and deltas. */

import { Body } from './body.js';
import { gather } from './column.js';
import { TableError } from './error.js';

/**
 * @typedef {import('./column.js').Column} Column
 * @typedef {import('./profile.js').ColumnType} ColumnType
 */

/** A dictionary and its deltas are one run: each state of it is the start of the whole. */
class Run {
  /** @param {ColumnType} type */
  constructor(type) {
    this.type = type;
    /** @type {Column[]} */
    this.pieces = [];
    /** @type {Column | null} */
    this.whole = null;
  }
}

/**
 * @typedef {object} State
 * @property {number} at where in the stream it begins to hold
 * @property {Run} run
 * @property {number} rows how many values of the run there are
 * @property {number} nulls how many of them are null
 * @property {Column | null} values made when it is first used
 */

/**
 * The dictionaries of a stream, each as it was at any place of it.
 *
 * A dictionary and all of its deltas are put together once, and each batch sees as much of that as was there before it.
 * Joining delta by delta would copy the dictionary each time, and keep each copy alive in the batches between.
 */
export class Dictionaries {
  /** @param {import('./schema.js').Schema['dictionaries']} known */
  constructor(known) {
    this.known = known;
    /** @type {State[][]} by the number of the dictionary, in order */
    this.states = [...known.values()].map(() => []);
    this.types = [...known.values()].map(({ type }) => type);
    /** @type {number[]} how far each list of states was read */
    this.read = this.states.map(() => 0);
  }

  /**
   * One dictionary message.
   *
   * @param {import('./frame.js').Frame} frame
   */
  add(frame) {
    const { at, metadata: flat, header } = frame;
    const id = flat.int64(header, 0);
    const data = flat.child(header, 1);
    const isDelta = flat.bool(header, 2);
    const dictionary = this.known.get(id);
    if (dictionary === undefined) {
      throw new TableError(`the message at byte ${at} is a dictionary of no column`, { found: `id ${id}` });
    }
    if (data === null) throw new TableError(`the message at byte ${at} is a dictionary without values`);
    const body = new Body(frame, data);
    const values = body.column(`dictionary ${id}`, dictionary.type);
    body.finish();
    const states = /** @type {State[]} */ (this.states[dictionary.number]);
    const last = states[states.length - 1];
    if (isDelta && last === undefined) {
      throw new TableError(`the message at byte ${at} adds to a dictionary that never came`, { found: `id ${id}` });
    }
    const run = isDelta && last !== undefined ? last.run : new Run(dictionary.type);
    run.pieces.push(values);
    const { rows, nulls } = isDelta && last !== undefined ? last : { rows: 0, nulls: 0 };
    states.push({ at, run, rows: rows + values.rows, nulls: nulls + values.nulls, values: null });
  }

  /** All messages were added. */
  join() {
    for (const { run } of this.states.flat()) run.whole ??= joined(run);
  }

  /**
   * The values of a dictionary as a message sees them. Messages ask in their order. A writer may leave the dictionary of a
   * column of nulls out: then it is empty.
   *
   * @param {number} number
   * @param {number} at where in the stream the message starts
   * @returns {Column}
   */
  before(number, at) {
    const states = /** @type {State[]} */ (this.states[number]);
    let read = /** @type {number} */ (this.read[number]);
    for (let next = states[read]; next !== undefined && next.at < at; next = states[read]) read += 1;
    this.read[number] = read;
    const state = states[read - 1];
    if (state === undefined) return gather(/** @type {ColumnType} */ (this.types[number]), []);
    state.values ??= start(/** @type {Column} */ (state.run.whole), state);
    return state.values;
  }
}

/**
 * @param {Run} run
 * @returns {Column}
 */
function joined({ type, pieces }) {
  const [first, ...more] = pieces;
  return first !== undefined && more.length === 0 ? first : gather(type, pieces);
}

/**
 * The first rows of a column.
 *
 * @param {Column} whole
 * @param {{ rows: number, nulls: number }} state
 * @returns {Column}
 */
function start(whole, { rows, nulls }) {
  if (rows === whole.rows) return whole;
  const data = whole.type.layout === 'views' ? whole.data.subarray(0, 16 * rows) : whole.data;
  const offsets = whole.offsets?.subarray(0, rows + 1) ?? null;
  const validity = nulls === 0 ? null : /** @type {Uint8Array} */ (whole.validity).subarray(0, Math.ceil(rows / 8));
  return { ...whole, rows, nulls, data, offsets, validity };
}
