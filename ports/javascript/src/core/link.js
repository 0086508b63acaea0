/** Links and where they may lead (W2.4 and W6.5). */

import { LINK, MAX_LENGTH_LINK } from '../generated.js';

/** The text is not a link that the wire allows; `message` is the reason. */
export class InvalidLink extends Error {}

/**
 * The origin of an absolute http or https URL that may stand in a payload's `data`: scheme, host and port in their one form,
 * such as `https://files.example:8443`, the port left out where it is the scheme's.
 *
 * @param {string} url
 * @returns {string}
 * @throws {InvalidLink}
 */
export function origin_of(url) {
  if (url.length > MAX_LENGTH_LINK) throw new InvalidLink('it is longer than 2,048 bytes');
  if (!LINK.matches(url)) {
    throw new InvalidLink('it is not an absolute http or https URL in ASCII without user-info, fragment or white space');
  }
  const colon = url.indexOf(':');
  const scheme = url.slice(0, colon).toLowerCase();
  const [authority = ''] = url.slice(colon + 3).split(/[/?]/, 1);
  const at = authority.lastIndexOf(':');
  const has_port = at >= 0 && !authority.includes(']', at);
  const host = literal_host(has_port ? authority.slice(0, at) : authority);
  const usual = scheme === 'https' ? 443 : 80;
  const port = has_port ? port_number(authority.slice(at + 1)) : usual;
  return `${scheme}://${host}${port === usual ? '' : `:${port}`}`;
}

/**
 * A URL without whatever may be a secret in it, so that it can be shown (W6.10).
 *
 * @param {string} url
 * @returns {string}
 */
export function redact(url) {
  const end = url.search(/[?#]/);
  let shown = end < 0 ? url : url.slice(0, end + 1);
  // The last @ counts, since a password may hold anything.
  const at = shown.lastIndexOf('@');
  if (at >= 0) {
    const scheme = shown.indexOf('://');
    shown = `${scheme >= 0 && scheme < at ? shown.slice(0, scheme + 3) : ''}…${shown.slice(at)}`;
  }
  return end < 0 ? shown : `${shown}…`;
}

/**
 * A URL without its user-info, otherwise as it was.
 *
 * @param {string} url
 * @returns {string}
 */
export function without_user_info(url) {
  const scheme = url.indexOf('://');
  if (scheme < 0) return url;
  const start = scheme + 3;
  const length = url.slice(start).search(/[/?#]/);
  const end = length < 0 ? url.length : start + length;
  const at = url.slice(start, end).lastIndexOf('@');
  return at < 0 ? url : url.slice(0, start) + url.slice(start + at + 1);
}

/** @param {string} digits */
function port_number(digits) {
  if (!/^[1-9][0-9]{0,4}$/.test(digits) || Number(digits) > 0xffff) {
    throw new InvalidLink('its port is not a plain number from 1 to 65535');
  }
  return Number(digits);
}

/**
 * The host in its one form: lower case, and an address only as its family writes it in full.
 *
 * @param {string} host
 */
function literal_host(host) {
  if (host.startsWith('[') && host.endsWith(']')) return `[${ipv6(host.slice(1, -1))}]`;
  const labels = host.split('.');
  if (!labels.every((label) => /^[A-Za-z0-9_-]+$/.test(label))) {
    throw new InvalidLink('its host is neither a name nor an address');
  }
  const last = String(labels[labels.length - 1]);
  if (/^([0-9]+|0[xX][0-9a-fA-F]*)$/.test(last) && !is_ipv4(host)) {
    throw new InvalidLink('its host is an IPv4 address in octal, hexadecimal or short form');
  }
  return host.toLowerCase();
}

/** @param {string} text */
function is_ipv4(text) {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

/**
 * An IPv6 address (RFC 4291, section 2.2) in its one form: no zeros in front, the longest run of zero groups left out.
 *
 * @param {string} text
 */
function ipv6(text) {
  const wrong = new InvalidLink('its host is not an IPv6 address');
  const halves = text.split('::');
  if (halves.length > 2) throw wrong;
  const [before = [], after] = halves.map((half, index) => {
    const parts = half === '' ? [] : half.split(':');
    const last = parts[parts.length - 1];
    // The last four bytes may be written as an IPv4 address.
    if (last !== undefined && index === halves.length - 1 && is_ipv4(last)) {
      const [a = 0, b = 0, c = 0, d = 0] = last.split('.').map(Number);
      parts.splice(-1, 1, ((a << 8) | b).toString(16), ((c << 8) | d).toString(16));
    }
    return parts;
  });
  const missing = 8 - before.length - (after?.length ?? 0);
  if (after === undefined ? missing !== 0 : missing < 1) throw wrong;
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...(after ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) throw wrong;
  const full = groups.map((group) => parseInt(group, 16).toString(16)).join(':');
  const runs = full.match(/\b0(:0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return full;
  const at = full.search(new RegExp(`\\b${longest}\\b`));
  return `${full.slice(0, at).replace(/:$/, '')}::${full.slice(at + longest.length).replace(/^:/, '')}`;
}
