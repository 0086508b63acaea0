/** What may be a secret in texts of others (W6.10). */

/**
 * A text without user-info, queries and fragments of the URLs in it.
 *
 * @param {string} text
 */
export function redactText(text) {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)([^\s"'<>]*)/gi, (_, /** @type {string} */ scheme, /** @type {string} */ rest) => {
    const [bare = '', query] = rest.split(/[?#]/, 2);
    const at = bare.lastIndexOf('@');
    // An @ further on may end a password with a question mark in it.
    const shown = at >= 0 ? `…${bare.slice(at)}` : rest.includes('@') ? '…' : bare;
    return `${scheme}${shown}${query === undefined ? '' : '?…'}`;
  });
}
