/** Tables as text, so that two of them can be compared by it: each value exactly, NaN equal to NaN. */

import { columns } from '../src/arrow/table.js';

/**
 * @param {unknown} table
 * @returns {string}
 */
export function textOf(table) {
  return JSON.stringify(
    columns(table).map(({ name, type, nullable, values }) => [name, type, nullable, values.map((value) => valueText(value))]),
  );
}

/**
 * The same text, from the tagged value of a table (`{"type":"table",...}`) as cases and `natsbridge decode --json` have it.
 *
 * @param {{ columns: { name: string, type: string, nullable: boolean, values: (string | boolean | null)[] }[] }} table
 * @returns {string}
 */
export function textOfTagged(table) {
  return JSON.stringify(
    table.columns.map(({ name, type, nullable, values }) => {
      const value = fromTagged(type);
      return [name, type, nullable, values.map((tagged) => valueText(tagged === null ? null : value(tagged)))];
    }),
  );
}

/**
 * @param {string} type
 * @returns {(tagged: string | boolean) => unknown}
 */
function fromTagged(type) {
  if (type === 'float') return (tagged) => Math.fround(Number(tagged));
  if (type === 'double') return Number;
  if (/^(?:u?int64|timestamp)/.test(type)) return BigInt;
  if (/^(?:u?int|date)/.test(type)) return Number;
  if (type.includes('binary')) return (tagged) => Buffer.from(String(tagged), 'base64');
  return (tagged) => tagged;
}

/**
 * @param {unknown} value
 * @returns {unknown}
 */
function valueText(value) {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0 as number' : `${value} as number`;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  return value;
}
