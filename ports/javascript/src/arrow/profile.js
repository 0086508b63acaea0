/** The types of columns: the portable profile of W3.7, and the large and view forms that are read besides. */

/**
 * The type of a column. `name` is as pyarrow prints it. The layout says what its buffers are: bits; values of a fixed width
 * in bytes; offsets of that width, and bytes; or views, and buffers of bytes.
 *
 * @typedef {object} ColumnType
 * @property {string} name
 * @property {'bits' | 'fixed' | 'offsets' | 'views'} layout of a dictionary-encoded column, that of its indices
 * @property {number} width in bytes; 0 for bits
 * @property {boolean} text whether its bytes are UTF-8
 * @property {TimeUnit} [unit] of a timestamp
 * @property {string | null} [zone] of a timestamp, as the sender names it
 * @property {ColumnType} [index] of a dictionary-encoded column
 * @property {ColumnType} [values] of a dictionary-encoded column
 * @property {boolean} [ordered] of a dictionary-encoded column
 *
 * @typedef {'s' | 'ms' | 'us' | 'ns'} TimeUnit
 */

/** What a type outside of the profile is told. */
export const EXPECTED =
  'a type of the portable profile (bool, int8 to int64, uint8 to uint64, float, double, string, binary, date32, timestamp, ' +
  'or string encoded by a dictionary with indices of int8 to uint32)';

/** @type {readonly TimeUnit[]} */
export const UNITS = ['s', 'ms', 'us', 'ns'];

/** @type {ReadonlyMap<string, ColumnType>} */
const PLAIN = new Map(
  [
    plain('bool', 'bits', 0),
    plain('int8', 'fixed', 1),
    plain('int16', 'fixed', 2),
    plain('int32', 'fixed', 4),
    plain('int64', 'fixed', 8),
    plain('uint8', 'fixed', 1),
    plain('uint16', 'fixed', 2),
    plain('uint32', 'fixed', 4),
    plain('uint64', 'fixed', 8),
    plain('float', 'fixed', 4),
    plain('double', 'fixed', 8),
    plain('date32[day]', 'fixed', 4),
    plain('string', 'offsets', 4, true),
    plain('large_string', 'offsets', 8, true),
    plain('string_view', 'views', 16, true),
    plain('binary', 'offsets', 4),
    plain('large_binary', 'offsets', 8),
    plain('binary_view', 'views', 16),
  ].map((type) => [type.name, type]),
);

/**
 * The type of this name that has no parameters.
 *
 * @param {string} name as pyarrow prints it
 * @returns {ColumnType | undefined}
 */
export function plainType(name) {
  return PLAIN.get(name);
}

/**
 * @param {TimeUnit} unit
 * @param {string | null} zone null or empty for none
 * @returns {ColumnType}
 */
export function timestamp(unit, zone) {
  const name = zone ? `timestamp[${unit}, tz=${zone}]` : `timestamp[${unit}]`;
  return { name, layout: 'fixed', width: 8, text: false, unit, zone: zone || null };
}

/**
 * @param {ColumnType} index
 * @param {ColumnType} values
 * @param {boolean} ordered
 * @returns {ColumnType}
 */
export function dictionary(index, values, ordered) {
  const name = dictionaryName(index.name, values.name, ordered);
  return { name, layout: index.layout, width: index.width, text: false, index, values, ordered };
}

/**
 * @param {string} index
 * @param {string} values
 * @param {boolean} ordered
 * @returns {string}
 */
export function dictionaryName(index, values, ordered) {
  return `dictionary<values=${values}, indices=${index}, ordered=${ordered ? 1 : 0}>`;
}

/**
 * Whether a dictionary's indices may have this type: int8 to uint32.
 *
 * @param {string} name
 * @returns {boolean}
 */
export function isIndex(name) {
  return /^u?int(?:8|16|32)$/.test(name);
}

/**
 * The type as which a column is written: itself, or the plain form of a large or view form.
 *
 * @param {ColumnType} type
 * @returns {ColumnType}
 */
export function portable(type) {
  if (type.index !== undefined && type.values !== undefined) {
    const values = portable(type.values);
    return values === type.values ? type : dictionary(type.index, values, type.ordered === true);
  }
  const name = type.name.replace(/^large_(?=string|binary)|(?<=string|binary)_view$/, '');
  return PLAIN.get(name) ?? type;
}

/**
 * @param {string} name
 * @param {ColumnType['layout']} layout
 * @param {number} width
 * @param {boolean} [text]
 * @returns {ColumnType}
 */
function plain(name, layout, width, text = false) {
  return { name, layout, width, text };
}
