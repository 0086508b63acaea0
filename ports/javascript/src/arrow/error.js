/**
 * What is wrong with a table or with a stream: a sentence, and where they say more, what was expected and what was found
 * instead (a type, a column, a count, a byte position). It becomes a NATSBridgeError at the edge of this folder.
 */
export class TableError extends Error {
  /**
   * @param {string} message
   * @param {{ expected?: string | number, found?: string | number | bigint, cause?: unknown }} [details]
   */
  constructor(message, details = {}) {
    super(message);
    this.expected = details.expected === undefined ? undefined : String(details.expected);
    this.found = details.found === undefined ? undefined : String(details.found);
    if (details.cause !== undefined) this.cause = details.cause;
  }
}

TableError.prototype.name = 'TableError';

const LONGEST_NAME = 100;

/**
 * A name in an error message: quoted, and cut where it is long, as a stranger's may be of any length.
 *
 * @param {string} name
 * @returns {string}
 */
export function quoted(name) {
  // Two code units for each character at most: the rest of a long name is not even looked at.
  const start = [...name.slice(0, 2 * LONGEST_NAME)].slice(0, LONGEST_NAME).join('');
  return `${JSON.stringify(start)}${start.length < name.length ? '...' : ''}`;
}
