/** What a stream holds, as a table of apache-arrow over the same memory. */

import { numbersOf } from './column.js';
import { library } from './library.js';
import { UNITS } from './profile.js';

/**
 * @typedef {import('./column.js').Column} Column
 * @typedef {import('./profile.js').ColumnType} ColumnType
 */

/** The constructors of apache-arrow by the names of types that have no parameters. */
const TYPES = /** @type {const} */ ({
  bool: 'Bool',
  int8: 'Int8',
  int16: 'Int16',
  int32: 'Int32',
  int64: 'Int64',
  uint8: 'Uint8',
  uint16: 'Uint16',
  uint32: 'Uint32',
  uint64: 'Uint64',
  float: 'Float32',
  double: 'Float64',
  'date32[day]': 'DateDay',
  string: 'Utf8',
  large_string: 'LargeUtf8',
  string_view: 'Utf8View',
  binary: 'Binary',
  large_binary: 'LargeBinary',
  binary_view: 'BinaryView',
});

/**
 * A table of everything that was checked, or that is about to be written.
 *
 * @param {import('./walk.js').Stream} stream
 * @returns {import('apache-arrow').Table}
 */
export function build({ fields, metadata, batches }) {
  const arrow = library();
  /** @type {Map<number, import('apache-arrow').DataType>} columns of one dictionary share the very type of its values */
  const words = new Map();
  const types = fields.map(({ type, dictionary: id }) => {
    if (id === null || type.index === undefined || type.values === undefined) return typeOf(type);
    const values = words.get(id) ?? typeOf(type.values);
    words.set(id, values);
    const index = /** @type {import('apache-arrow').Int32} */ (typeOf(type.index));
    return new arrow.Dictionary(values, index, id, type.ordered);
  });
  const list = fields.map((field, index) => {
    const type = /** @type {import('apache-arrow').DataType} */ (types[index]);
    return new arrow.Field(field.name, type, field.nullable, field.metadata);
  });
  const schema = new arrow.Schema(list, metadata);
  const struct = new arrow.Struct(list);
  /** @type {Map<Column, import('apache-arrow').Vector>} each dictionary once: the library tells them apart by identity */
  const dictionaries = new Map();
  // Every column here has all rows, so the schema that the library would work out for each batch anew, in time that grows
  // with the square of the columns, is this one.
  Object.defineProperty(schema, 'assign', { value: () => schema, configurable: true });
  const made = batches.map(({ rows, columns }) => {
    const children = columns.map((column, index) => {
      const type = /** @type {import('apache-arrow').DataType} */ (types[index]);
      return dataOf(column, type, dictionaries);
    });
    return new arrow.RecordBatch(schema, arrow.makeData({ type: struct, length: rows, nullCount: 0, children }));
  });
  Reflect.deleteProperty(schema, 'assign');
  return new arrow.Table(schema, made);
}

/**
 * @param {ColumnType} type of no dictionary
 * @returns {import('apache-arrow').DataType}
 */
function typeOf(type) {
  const arrow = library();
  if (type.unit !== undefined) return new arrow.Timestamp(UNITS.indexOf(type.unit), type.zone);
  return new arrow[/** @type {typeof TYPES[keyof typeof TYPES]} */ (TYPES[/** @type {keyof typeof TYPES} */ (type.name)])]();
}

/**
 * @param {Column} column
 * @param {import('apache-arrow').DataType} type
 * @param {Map<Column, import('apache-arrow').Vector>} dictionaries
 * @returns {import('apache-arrow').Data}
 */
function dataOf(column, type, dictionaries) {
  const arrow = library();
  const { rows, nulls, offsets, data, buffers, dictionary } = column;
  const common = { type, length: rows, nullCount: nulls, nullBitmap: column.validity ?? undefined };
  if (column.type.layout === 'bits') return arrow.makeData(/** @type {any} */ ({ ...common, data }));
  if (column.type.layout === 'offsets') {
    return arrow.makeData(/** @type {any} */ ({ ...common, valueOffsets: offsets, data }));
  }
  if (column.type.layout === 'views') {
    return arrow.makeData(/** @type {any} */ ({ ...common, views: data, variadicBuffers: buffers }));
  }
  const numbers = numbersOf(column);
  if (dictionary === null) return arrow.makeData(/** @type {any} */ ({ ...common, data: numbers }));
  let vector = dictionaries.get(dictionary);
  if (vector === undefined) {
    const values = /** @type {import('apache-arrow').Dictionary} */ (type).dictionary;
    vector = new arrow.Vector([dataOf(dictionary, values, dictionaries)]);
    dictionaries.set(dictionary, vector);
  }
  return arrow.makeData(/** @type {any} */ ({ ...common, data: numbers, dictionary: vector }));
}
