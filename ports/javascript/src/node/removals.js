/** What was uploaded for nothing, and is taken back while its call may be over already. */

/** @type {Set<Promise<unknown>>} */
const running = new Set();

/**
 * Runs a removal, whose failure changes nothing: whoever is concerned hears of the cause already.
 *
 * @param {() => Promise<unknown>} removal
 * @returns {Promise<unknown>} Never rejects.
 */
export function inBackground(removal) {
  const done = removal().catch(() => {});
  running.add(done);
  return done.finally(() => running.delete(done));
}

/**
 * Waits until no removal of an upload is under way in the background any more.
 *
 * A `smartsend` that is aborted takes back what it had uploaded. It does so in the background, so that a process which calls
 * `process.exit` right then leaves the files behind unless it waits here first. A server that does not answer is given up after a few
 * seconds.
 */
export async function removals_done() {
  while (running.size > 0) await Promise.all(running);
}
