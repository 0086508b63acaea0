/** Patterns of whole strings as tables: linear time, no regular expressions. The tables are generated. */

const START = 1;
const DEAD = 0;
const ASCII = 0x80;

/** A pattern that a whole string matches or not. */
export class Pattern {
  /**
   * @param {object} tables
   * @param {readonly number[]} tables.classes the class of each character of ASCII
   * @param {readonly number[]} tables.firsts the first scalar value of each range from U+0080 on, ascending
   * @param {readonly number[]} tables.wide the class of each of these ranges
   * @param {readonly number[]} tables.steps the next states: row `state << shift`, column the class
   * @param {number} tables.shift by how many bits a state is shifted to find its row
   * @param {readonly number[]} tables.accepts for each state 1 if a text may end there, else 0
   */
  constructor({ classes, firsts, wide, steps, shift, accepts }) {
    this.classes = Uint8Array.from(classes);
    this.firsts = Uint32Array.from(firsts);
    this.wide = Uint8Array.from(wide);
    // A state is kept as the start of its row.
    this.steps = Uint16Array.from(steps, (state) => state << shift);
    this.start = START << shift;
    this.shift = shift;
    this.accepts = Uint8Array.from(accepts);
  }

  /**
   * Whether the whole text matches. A lone surrogate, which is no character, matches nothing.
   *
   * @param {string} text
   * @returns {boolean}
   */
  matches(text) {
    const { classes, steps } = this;
    let row = this.start;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit < ASCII) {
        row = /** @type {number} */ (steps[row | /** @type {number} */ (classes[unit])]);
      } else {
        const scalar = /** @type {number} */ (text.codePointAt(at));
        if (scalar >= 0xd800 && scalar < 0xe000) return false;
        if (scalar > 0xffff) at += 1;
        row = /** @type {number} */ (steps[row | this.#class_of(scalar)]);
      }
      if (row === DEAD) return false;
    }
    return this.accepts[row >> this.shift] === 1;
  }

  /** @param {number} scalar */
  #class_of(scalar) {
    let range = this.firsts.length - 1;
    while (range > 0 && /** @type {number} */ (this.firsts[range]) > scalar) range -= 1;
    return /** @type {number} */ (this.wide[range]);
  }
}
