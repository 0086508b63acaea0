/** `smartsend`: serialize, choose, upload, write (requirements 11.1). */

import { randomUUID } from 'node:crypto';

import { Draft } from '../core/draft.js';
import { NATSBridgeError } from '../core/error.js';
import { DEFAULTS, DESKTOP } from '../generated.js';
import { brokerUrl, fileserverUrl, sizeThreshold } from './environment.js';
import { uploadHandler } from './handlers.js';
import { NODE } from './host.js';
import { Lifetime } from './lifetime.js';
import { made, prepared, sending } from './message_log.js';
import { callTerms, named, picked, unusable } from './options.js';
import { anyOutside, partsOf, prepare, UnreadablePart } from './parts.js';
import { Plik } from './plik.js';
import { plik_oneshot_upload } from './plik_oneshot_upload.js';
import { Uploading } from './uploading.js';

/**
 * @typedef {import('../core/draft.js').MessageOptions} MessageOptions
 * @typedef {import('../core/outgoing.js').Envelope} Envelope
 * @typedef {import('../core/part.js').PartLike} PartLike
 */

/**
 * @typedef {object} UploadOptions
 * @property {string} [fileserver_url] The file server; else `FILESERVER_URL`, else `http://localhost:8080`.
 * @property {import('./handlers.js').UploadFunction | Plik} [fileserver_upload_handler] Where large payloads go; `plik_oneshot_upload` by
 *   default.
 * @property {boolean} [fallback] Whether payloads that could not be uploaded ride in the message if they fit; true by default.
 */

/** @typedef {MessageOptions & UploadOptions & import('./options.js').CallOptions} SendOptions */

/**
 * The envelope and its JSON text, which the caller publishes; besides, what was uploaded for it in list order, each with the payload's
 * `index`, so that it can be removed once it is not needed any more.
 *
 * @template T
 * @typedef {[envelope: Envelope, json: T] & {uploads: import('./plik.js').IndexedUpload[]}} Sent
 */

/** @type {(keyof MessageOptions)[]} */
export const MESSAGE_OPTIONS = [
  'broker_url',
  'size_threshold',
  'correlation_id',
  'msg_purpose',
  'sender_name',
  'receiver_name',
  'receiver_id',
  'reply_to',
  'reply_to_msg_id',
  'msg_id',
  'sender_id',
  'metadata',
  'checksum',
  'inline_json',
  'max_message_bytes',
  'max_payloads',
];

/** @type {(keyof UploadOptions)[]} */
const UPLOAD_OPTIONS = ['fileserver_url', 'fileserver_upload_handler', 'fallback'];

/**
 * Makes a message of named, typed payloads; large ones are uploaded, the others ride in the message itself. The caller publishes the JSON
 * text to `subject`. What is not passed is taken from the environment (`NATS_URL`, `FILESERVER_URL`, `SIZE_THRESHOLD`), else from the
 * schema's defaults.
 *
 * @param {string} subject The NATS subject that the message is for.
 * @param {Iterable<PartLike>} data Payloads `[dataname, data, payload_type]` or `Part`s, in order. The data of types that stream (`text`,
 *   `image`, `audio`, `video`, `binary`), and bytes of the others as they are serialized, may also be a file (`file(path)`, a `file:`
 *   URL) or a stream of bytes (any async iterable), which is kept in a temporary file from `size_threshold` on.
 * @param {SendOptions} [options]
 * @returns {Promise<Sent<string>>}
 * @throws {NATSBridgeError} In this order: INVALID_ENVELOPE or INVALID_PAYLOAD_TYPE for an argument that breaks the schema,
 *   SERIALIZATION_ERROR for data that its type cannot carry or a file that cannot be read, PAYLOAD_TOO_LARGE where the message cannot
 *   be made to fit, UPLOAD_FAILED where a large payload can neither be uploaded nor ride in the message.
 */
export function smartsend(subject, data, options = {}) {
  return send(subject, data, options, (outgoing) => outgoing.finish(), Buffer.byteLength);
}

/**
 * As `smartsend`, with the text as bytes of UTF-8, which most NATS clients publish as they are.
 *
 * @param {string} subject
 * @param {Iterable<PartLike>} data
 * @param {SendOptions} [options]
 * @returns {Promise<Sent<Uint8Array>>}
 */
export function smartsend_bytes(subject, data, options = {}) {
  return send(
    subject,
    data,
    options,
    (outgoing) => outgoing.finish_bytes(),
    (bytes) => bytes.length,
  );
}

/**
 * @template T
 * @param {string} subject
 * @param {Iterable<PartLike>} data
 * @param {SendOptions} options
 * @param {(outgoing: import('../core/outgoing.js').Outgoing) => [Envelope, T]} finish
 * @param {(text: T) => number} length
 * @returns {Promise<Sent<T>>}
 */
async function send(subject, data, options, finish, length) {
  // Whatever is told of the call, from its start, has the ids of its message.
  const { correlation_id = randomUUID(), msg_id = randomUUID() } = picked(named(options), ['correlation_id', 'msg_id']);
  const timestamp = new Date();
  const lifetime = new Lifetime();
  /** @type {import('./parts.js').Prepared['discard']} */
  let discard = async () => {};
  /** @type {Uploading | undefined} */
  let uploading;
  try {
    const call = callTerms(options, [...MESSAGE_OPTIONS, ...UPLOAD_OPTIONS]);
    const upload = uploadTerms(options);
    lifetime.until(call.signal);
    lifetime.check();
    const message = filledIn({ ...picked(options, MESSAGE_OPTIONS), correlation_id, msg_id });
    let parts = partsOf(data);
    const { sender_name = DEFAULTS.sender_name, receiver_name = '' } = message;
    sending(
      call.observation,
      subject,
      { correlation_id, msg_id, timestamp: timestamp.toISOString(), sender_name, receiver_name },
      parts,
    );
    const moment = { timestamp, new_id: randomUUID };
    const draft = (/** @type {unknown} */ list) => new Draft(subject, /** @type {Iterable<PartLike>} */ (list), message);
    let files = new Map();
    if (anyOutside(parts)) {
      // Arguments count before data, so that a file is not even looked at where they are wrong.
      draft(parts).check(NODE, moment);
      const threshold = message.size_threshold ?? /** @type {number} */ (DESKTOP.size_threshold);
      try {
        ({ parts, files, discard } = await prepare(parts, threshold, lifetime));
      } catch (error) {
        throw error instanceof UnreadablePart ? firstFault(error, () => draft(error.before).encode(NODE, moment)) : error;
      }
    }
    const outgoing = draft(parts).encode(NODE, moment);
    prepared(call.observation, outgoing);
    const { checksum = 'link', max_message_bytes = DESKTOP.max_message_bytes } = message;
    uploading = new Uploading(outgoing, { ...upload, files, checksum, max_message_bytes }, call);
    await uploading.run(lifetime);
    const [envelope, json] = finish(outgoing);
    made(call.observation, envelope, length(json), upload.handler.oneshot);
    /** @type {[Envelope, T]} */
    const sent = [envelope, json];
    return Object.assign(sent, { uploads: uploading.uploaded });
  } catch (error) {
    await uploading?.remove(lifetime);
    if (!(error instanceof NATSBridgeError)) throw error;
    throw error.about({ correlation_id: text(correlation_id), msg_id: text(msg_id), send_to: text(subject) });
  } finally {
    lifetime.close();
    await discard();
  }
}

/**
 * Faults count in list order: a part before the one that cannot be read may not be serializable.
 *
 * @param {UnreadablePart} unreadable
 * @param {() => unknown} encodeBefore
 */
function firstFault(unreadable, encodeBefore) {
  try {
    encodeBefore();
  } catch (error) {
    if (error instanceof NATSBridgeError && error.phase === 'serialize') return error;
  }
  return unreadable.error;
}

/** @param {SendOptions} options */
function uploadTerms({ fileserver_url, fileserver_upload_handler, fallback }) {
  const handler = fileserver_upload_handler ?? plik_oneshot_upload;
  if (typeof handler !== 'function' && !(handler instanceof Plik)) {
    throw unusable('fileserver_upload_handler', 'a function or a Plik', typeof handler);
  }
  if ((fallback ?? undefined) !== undefined && typeof fallback !== 'boolean') {
    throw unusable('fallback', 'true or false', typeof fallback);
  }
  return {
    handler:
      handler === plik_oneshot_upload
        ? new Plik()
        : uploadHandler(/** @type {import('./handlers.js').UploadFunction} */ (handler)),
    fileserver_url: fileserverUrl(fileserver_url),
    fallback: fallback ?? true,
  };
}

/**
 * What an argument says where it is a text.
 *
 * @param {unknown} value
 */
function text(value) {
  return typeof value === 'string' ? value : '';
}

/**
 * Only variables that are needed are read.
 *
 * @param {MessageOptions} message
 * @returns {MessageOptions}
 */
function filledIn(message) {
  const { broker_url = brokerUrl(), size_threshold = sizeThreshold() } = message;
  return {
    ...message,
    ...(broker_url === undefined ? {} : { broker_url }),
    ...(size_threshold === undefined ? {} : { size_threshold }),
  };
}
