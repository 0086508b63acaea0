/**
 * Reads the text of an envelope in canonical form (W4) without looking at every byte: members stand where they are expected, and
 * the base64 of a payload ends where its `size` says. Anything unexpected gives up, and the plain reader decides.
 *
 * It cannot take what the plain reader refuses: base64 is decoded by a strict decoder whose alphabet has no quote, no backslash
 * and no control character; strings are taken as they stand only where they are plain; all else is read by the strict reader.
 *
 * @typedef {import('./platform.js').Platform} Platform
 */

import { ENVELOPE_MEMBERS, PAYLOAD_MEMBERS, PAYLOAD_METADATA_MEMBERS } from '../generated.js';
import { encoded_length } from './base64.js';
import { Reader } from './json_read.js';

/** How much is turned into text at a time: more than the header of nearly every message. */
const WINDOW = 2_048;

/** How much of it there should be before a payload begins; that is more than one takes without its data. */
const AHEAD = 768;

/** Characters that do not stand for themselves in a JSON string, or are more than one byte. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const NOT_PLAIN = /[^\u0020\u0021\u0023-\u005b\u005d-\u007f]/;

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const NEEDS_READER = /[\u0000-\u001f\\]/;

const [SIZE_NAME = ''] = PAYLOAD_METADATA_MEMBERS;
const SIZE_ONLY = before(SIZE_NAME, 0);

const [FIRST, ...REST] = ENVELOPE_MEMBERS.map(before);
const [PAYLOAD_FIRST, ...PAYLOAD_REST] = PAYLOAD_MEMBERS.map(before);

/**
 * The envelope, the `data` of its direct payloads in base64 as decoded bytes; null where the plain reader has to look at it.
 *
 * @param {Uint8Array | string} source bytes, or a text in ASCII
 * @param {Platform} platform
 * @returns {Record<string, unknown> | null}
 */
export function read_canonical(source, platform) {
  try {
    return new CanonicalReader(source, platform).envelope();
  } catch (error) {
    if (error instanceof GaveUp) return null;
    throw error;
  }
}

/** There is nothing to tell: the plain reader does that. */
class GaveUp {}

const GAVE_UP = new GaveUp();

class CanonicalReader {
  /**
   * @param {Uint8Array | string} source
   * @param {Platform} platform
   */
  constructor(source, platform) {
    this.source = source;
    this.platform = platform;
    /** Where the window begins within the source. */
    this.from = 0;
    this.window = this.#opened(0);
    /** The next character within the window. */
    this.at = 0;
  }

  envelope() {
    const [
      msg_id = '',
      timestamp = '',
      send_to = '',
      msg_purpose = '',
      sender_name = '',
      sender_id = '',
      receiver_name = '',
      receiver_id = '',
      reply_to = '',
      reply_to_msg_id = '',
      broker_url = '',
      metadata = '',
      payloads = '',
    ] = REST; // prettier-ignore
    const envelope = {
      correlation_id: this.#text(String(FIRST)),
      msg_id: this.#text(msg_id),
      timestamp: this.#text(timestamp),
      send_to: this.#text(send_to),
      msg_purpose: this.#text(msg_purpose),
      sender_name: this.#text(sender_name),
      sender_id: this.#text(sender_id),
      receiver_name: this.#text(receiver_name),
      receiver_id: this.#text(receiver_id),
      reply_to: this.#text(reply_to),
      reply_to_msg_id: this.#text(reply_to_msg_id),
      broker_url: this.#text(broker_url),
      metadata: this.#object(metadata, 1),
      payloads: this.#payloads(payloads),
    };
    if (this.from + this.at !== this.source.length) throw GAVE_UP;
    return envelope;
  }

  /** @param {string} name */
  #payloads(name) {
    this.#expect(name);
    this.#expect('[');
    /** @type {Record<string, unknown>[]} */
    const payloads = [];
    if (this.#take(']}')) return payloads;
    for (;;) {
      payloads.push(this.#payload());
      if (this.#take(']}')) return payloads;
      this.#expect(',');
    }
  }

  #payload() {
    this.#look_ahead(AHEAD);
    const [dataname = '', payload_type = '', transport = '', encoding = '', size = '', data = '', metadata = ''] = PAYLOAD_REST;
    const payload = {
      id: this.#text(String(PAYLOAD_FIRST)),
      dataname: this.#text(dataname),
      payload_type: this.#text(payload_type),
      transport: this.#text(transport),
      encoding: this.#text(encoding),
      size: this.#size(size),
      data: /** @type {unknown} */ (null),
      metadata: {},
    };
    this.#expect(data);
    payload.data = payload.transport === 'direct' ? this.#base64(payload.encoding, payload.size) : this.#text('');
    payload.metadata = this.#object(metadata, 3);
    this.#expect('}');
    return payload;
  }

  /**
   * @param {string} encoding
   * @param {number} size
   */
  #base64(encoding, size) {
    if (encoding !== 'base64' && encoding !== 'arrow-ipc') throw GAVE_UP;
    const start = this.from + this.at + 1;
    const end = start + encoded_length(size);
    const { source } = this;
    const last = typeof source === 'string' ? source.charCodeAt(end) : source[end];
    if (this.window.charCodeAt(this.at) !== 0x22 || last !== 0x22) throw GAVE_UP;
    const data = this.platform.from_base64(source, start, end, size);
    if (data === null) throw GAVE_UP;
    this.#move(end + 1);
    return data;
  }

  /** @param {string} name */
  #size(name) {
    this.#expect(name);
    return this.#digits();
  }

  #digits() {
    const start = this.at;
    let size = 0;
    for (;;) {
      const digit = this.window.charCodeAt(this.at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      size = size * 10 + digit;
      this.at += 1;
    }
    const digits = this.at - start;
    if (digits < 1 || digits > 15 || (digits > 1 && this.window[start] === '0')) throw GAVE_UP;
    return size;
  }

  /**
   * A string without escapes.
   *
   * @param {string} name what stands before it
   */
  #text(name) {
    this.#expect(name);
    const { window } = this;
    const start = this.at + 1;
    if (window.charCodeAt(this.at) !== 0x22) throw GAVE_UP;
    const end = window.indexOf('"', start);
    if (end < 0) throw GAVE_UP;
    this.at = end + 1;
    const text = window.slice(start, end);
    if (!NOT_PLAIN.test(text)) return text;
    if (NEEDS_READER.test(text) || typeof this.source === 'string') throw GAVE_UP;
    try {
      return this.platform.to_text(this.source, this.from + start, this.from + end);
    } catch {
      throw GAVE_UP;
    }
  }

  /**
   * @param {string} name what stands before it
   * @param {number} depth arrays and objects that are open there
   */
  #object(name, depth) {
    this.#expect(name);
    if (this.#take('{}')) return {};
    const start = this.at;
    if (this.#take(SIZE_ONLY)) {
      const size = this.#digits();
      if (this.#take('}')) return { [SIZE_NAME]: size };
      this.at = start;
    }
    const reader = new Reader(this.window, start, depth);
    try {
      const value = reader.value();
      const text = this.window.slice(start, reader.at);
      this.at = reader.at;
      if (typeof value !== 'object' || value === null || !IS_ASCII.test(text)) throw GAVE_UP;
      return value;
    } catch {
      throw GAVE_UP;
    }
  }

  /** @param {string} text */
  #expect(text) {
    if (!this.#take(text)) throw GAVE_UP;
  }

  /** @param {string} text */
  #take(text) {
    if (!this.window.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** @param {number} length */
  #look_ahead(length) {
    if (this.window.length - this.at < length) this.#move(this.from + this.at);
  }

  /** @param {number} to a place within the source */
  #move(to) {
    const at = to - this.from;
    const { length } = this.window;
    if (at <= length && (length - at >= AHEAD || this.from + length === this.source.length)) {
      this.at = at;
    } else {
      this.from = to;
      this.at = 0;
      this.window = this.#opened(to);
    }
  }

  /** @param {number} from */
  #opened(from) {
    const { source } = this;
    const end = Math.min(from + WINDOW, source.length);
    return typeof source === 'string' ? source.slice(from, end) : this.platform.to_ascii(source, from, end);
  }
}

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const IS_ASCII = /^[\u0000-\u007f]*$/;

/**
 * What stands before a member's value.
 *
 * @param {string} name
 * @param {number} index
 */
function before(name, index) {
  return `${index === 0 ? '{' : ','}"${name}":`;
}
