/** A stream's first message: the columns, and which dictionary each of them uses. */

import { quoted, TableError } from './error.js';
import { keyValues } from './frame.js';
import * as profile from './profile.js';

/**
 * @typedef {import('./profile.js').ColumnType} ColumnType
 * @typedef {import('./flatbuffer.js').Flatbuffer} Flatbuffer
 * @typedef {import('./flatbuffer.js').FlatTable} FlatTable
 */

/**
 * A column as the schema has it.
 *
 * @typedef {object} Field
 * @property {string} name
 * @property {ColumnType} type
 * @property {boolean} nullable
 * @property {Map<string, string>} metadata
 * @property {number | null} dictionary the number of its dictionary, if it has one: those of a schema count from 0
 */

/**
 * The columns of a stream.
 *
 * @typedef {object} Schema
 * @property {Field[]} fields
 * @property {Map<string, string>} metadata
 * @property {Map<number | bigint, { number: number, type: ColumnType }>} dictionaries by the id that the stream has for each:
 *   its number, and the type of its values
 */

/** Kinds of types, as the format numbers them. */
const [INT, FLOAT, BINARY, UTF8, BOOL, DATE, TIMESTAMP] = [2, 3, 4, 5, 6, 8, 10];
/** @type {ReadonlyMap<number, string>} */
const BARE = new Map([
  [BINARY, 'binary'],
  [UTF8, 'string'],
  [BOOL, 'bool'],
  [19, 'large_binary'],
  [20, 'large_string'],
  [23, 'binary_view'],
  [24, 'string_view'],
]);
/** What a kind is called that is not read. Its parameters (a list's items, a decimal's digits) do not matter here. */
const OUTSIDE = (
  'none null int floatingpoint binary utf8 bool decimal date time timestamp interval list struct union fixed_size_binary ' +
  'fixed_size_list map duration largebinary largeutf8 large_list run_end_encoded binaryview utf8view list_view large_list_view'
).split(' ');

/**
 * Big-endian data, equal column names, and types outside of the profile and of the large and view forms are refused.
 *
 * @param {import('./frame.js').Frame} frame
 * @returns {Schema}
 */
export function schemaOf({ metadata: flat, header }) {
  const endianness = flat.int16(header, 0);
  const tables = flat.children(header, 1);
  /** @type {Schema} */
  const schema = { fields: [], metadata: keyValues(flat, header, 2), dictionaries: new Map() };
  flat.vector(header, 3, 8);
  if (endianness !== 0) {
    throw new TableError('the numbers in the stream are in another byte order', {
      expected: 'little-endian',
      found: 'big-endian',
    });
  }
  schema.fields = tables.map((table) => fieldOf(flat, table, schema.dictionaries));
  checkNames(schema.fields.map(({ name }) => name));
  return schema;
}

/**
 * No two names are equal.
 *
 * @param {string[]} names
 */
export function checkNames(names) {
  const seen = new Set();
  for (const name of names) {
    if (seen.has(name)) {
      throw new TableError('two columns of the table have the same name', { found: quoted(name) });
    }
    seen.add(name);
  }
}

/**
 * @param {string} name of a column
 * @param {string} found its type
 * @returns {TableError}
 */
export function outside(name, found) {
  return new TableError(`column ${quoted(name)} has a type outside of the profile`, {
    expected: profile.EXPECTED,
    found,
  });
}

/**
 * @param {Flatbuffer} flat
 * @param {FlatTable} table
 * @param {Schema['dictionaries']} dictionaries
 * @returns {Field}
 */
function fieldOf(flat, table, dictionaries) {
  const name = flat.string(table, 0) ?? '';
  const nullable = flat.bool(table, 1);
  const metadata = keyValues(flat, table, 6);
  const plain = typeOf(flat, table, name);
  const coding = flat.child(table, 4);
  if (coding === null) return { name, type: plain, nullable, metadata, dictionary: null };
  const id = flat.int64(coding, 0);
  const int = flat.child(coding, 1);
  const index = int === null ? 'int32' : intName(flat, int);
  const ordered = flat.bool(coding, 2);
  const kind = flat.int16(coding, 3);
  const indexType = profile.plainType(index);
  if (indexType === undefined || !profile.isIndex(index) || !plain.text) {
    throw outside(name, profile.dictionaryName(index, plain.name, ordered));
  }
  if (kind !== 0) throw outside(name, `a dictionary of kind ${kind}`);
  const known = dictionaries.get(id) ?? { number: dictionaries.size, type: plain };
  if (known.type !== plain) {
    throw new TableError(`dictionary ${id} is used by columns of different types`, {
      expected: known.type.name,
      found: plain.name,
    });
  }
  dictionaries.set(id, known);
  const type = profile.dictionary(indexType, plain, ordered);
  return { name, type, nullable, metadata, dictionary: known.number };
}

/**
 * The type of a column, or of its dictionary's values.
 *
 * @param {Flatbuffer} flat
 * @param {FlatTable} table
 * @param {string} name
 * @returns {ColumnType}
 */
function typeOf(flat, table, name) {
  const { kind, table: type } = flat.union(table, 2, (one) => one < OUTSIDE.length && one > 0);
  const children = flat.vector(table, 5, 4)?.count ?? 0;
  const found = type === null ? (OUTSIDE[kind] ?? `type ${kind}`) : describe(flat, kind, type);
  const read = typeof found === 'string' ? profile.plainType(found) : found;
  if (read === undefined) throw outside(name, String(found));
  if (children > 0) throw outside(name, `${OUTSIDE[kind]} with child columns`);
  return read;
}

/**
 * A type, or its name.
 *
 * @param {Flatbuffer} flat
 * @param {number} kind
 * @param {FlatTable} type
 * @returns {ColumnType | string}
 */
function describe(flat, kind, type) {
  switch (kind) {
    case INT:
      return intName(flat, type);
    case FLOAT:
      return ['halffloat', 'float', 'double'][flat.int16(type, 0)] ?? 'floatingpoint';
    case DATE:
      return ['date32[day]', 'date64[ms]'][flat.int16(type, 0, 1)] ?? 'date';
    case TIMESTAMP: {
      const unit = profile.UNITS[flat.int16(type, 0)];
      const zone = flat.string(type, 1);
      return unit === undefined ? 'timestamp' : profile.timestamp(unit, zone);
    }
    default:
      return BARE.get(kind) ?? OUTSIDE[kind] ?? `type ${kind}`;
  }
}

/**
 * @param {Flatbuffer} flat
 * @param {FlatTable} int
 * @returns {string}
 */
function intName(flat, int) {
  return `${flat.bool(int, 1) ? '' : 'u'}int${flat.int32(int, 0)}`;
}
