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

/** Envelope members that are strings stand before the others, as do those of a payload before `size` and `data`. */
const TEXTS = ENVELOPE_MEMBERS.indexOf('metadata');
const PAYLOAD_TEXTS = PAYLOAD_MEMBERS.indexOf('size');

/** A string whose characters stand for themselves; those from U+0080 on are bytes of UTF-8. */
const PLAIN = '"([\\u0020\\u0021\\u0023-\\u005b\\u005d-\\u00ff]*)"';

/** So many digits are exact. */
const SIZE = '(0|[1-9][0-9]{0,14})';

const [SIZE_NAME = ''] = PAYLOAD_METADATA_MEMBERS;
const HEAD = matching(ENVELOPE_MEMBERS.slice(0, TEXTS).map((name, index) => before(name, index) + PLAIN));
const PAYLOAD_HEAD = matching([
  ...PAYLOAD_MEMBERS.slice(0, PAYLOAD_TEXTS).map((name, index) => before(name, index) + PLAIN),
  ...PAYLOAD_MEMBERS.slice(PAYLOAD_TEXTS, PAYLOAD_TEXTS + 1).map((name) => before(name, PAYLOAD_TEXTS) + SIZE),
]);
const SIZE_ONLY = matching([before(SIZE_NAME, 0), SIZE, '\\}']);
const URL = matching([PLAIN]);

const METADATA = before('metadata', TEXTS);
const PAYLOADS = before('payloads', TEXTS + 1);
const DATA = before('data', PAYLOAD_TEXTS + 1);
const PAYLOAD_METADATA = before('metadata', PAYLOAD_TEXTS + 2);

const WIDE = /[\u0080-\uffff]/;

/**
 * The envelope, the `data` of its direct payloads in base64 as decoded bytes; null where the plain reader has to look at it.
 *
 * @param {Uint8Array | string} source bytes, or a text; one beyond ASCII is not taken
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
    const texts = this.#found(HEAD);
    const envelope = {
      correlation_id: texts[1],
      msg_id: texts[2],
      timestamp: texts[3],
      send_to: this.#text(texts[4]),
      msg_purpose: texts[5],
      sender_name: this.#text(texts[6]),
      sender_id: texts[7],
      receiver_name: this.#text(texts[8]),
      receiver_id: texts[9],
      reply_to: this.#text(texts[10]),
      reply_to_msg_id: texts[11],
      broker_url: texts[12],
      metadata: this.#metadata(METADATA, 1),
      payloads: this.#payloads(),
    };
    if (this.from + this.at !== this.source.length) throw GAVE_UP;
    return envelope;
  }

  #payloads() {
    this.#expect(PAYLOADS);
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
    if (this.window.length - this.at < AHEAD) this.#move(this.from + this.at);
    const texts = this.#found(PAYLOAD_HEAD);
    const [, id, dataname, payload_type, transport, encoding] = texts;
    const size = Number(texts[6]);
    this.#expect(DATA);
    const data = transport === 'direct' ? this.#base64(encoding, size) : this.#text(this.#found(URL)[1]);
    const metadata = this.#metadata(PAYLOAD_METADATA, 3);
    this.#expect('}');
    return { id, dataname: this.#text(dataname), payload_type, transport, encoding, size, data, metadata };
  }

  /**
   * @param {string | undefined} encoding
   * @param {number} size
   */
  #base64(encoding, size) {
    if (encoding !== 'base64' && encoding !== 'arrow-ipc') throw GAVE_UP;
    const { source } = this;
    const start = this.from + this.at + 1;
    const end = start + encoded_length(size);
    const last = typeof source === 'string' ? source.charCodeAt(end) : source[end];
    if (this.window.charCodeAt(this.at) !== 0x22 || last !== 0x22) throw GAVE_UP;
    const data = this.platform.from_base64(source, start, end, size);
    if (data === null) throw GAVE_UP;
    this.#move(end + 1);
    return data;
  }

  /**
   * @param {string} name what stands before it
   * @param {number} depth arrays and objects that are open there
   */
  #metadata(name, depth) {
    this.#expect(name);
    if (this.#take('{}')) return {};
    const start = this.at;
    SIZE_ONLY.lastIndex = start;
    const found = SIZE_ONLY.exec(this.window);
    if (found) {
      this.at = SIZE_ONLY.lastIndex;
      return { [SIZE_NAME]: Number(found[1]) };
    }
    const reader = new Reader(this.window, start, depth);
    try {
      const value = reader.value();
      this.at = reader.at;
      if (typeof value !== 'object' || value === null || WIDE.test(this.window.slice(start, this.at))) throw GAVE_UP;
      return value;
    } catch {
      throw GAVE_UP;
    }
  }

  /**
   * A string as it was found, in which each character is a byte of UTF-8, or of ASCII where the source is a text.
   *
   * @param {string | undefined} found
   */
  #text(found = '') {
    if (found === '' || !WIDE.test(found)) return found;
    if (typeof this.source === 'string') throw GAVE_UP;
    const bytes = Uint8Array.from(found, (character) => character.charCodeAt(0));
    try {
      return this.platform.to_text(bytes, 0, bytes.length);
    } catch {
      throw GAVE_UP;
    }
  }

  /** @param {RegExp} expression */
  #found(expression) {
    expression.lastIndex = this.at;
    const found = expression.exec(this.window);
    if (found === null) throw GAVE_UP;
    this.at = expression.lastIndex;
    return found;
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

/**
 * What stands before a member's value; names are in snake case, and mean themselves in an expression too.
 *
 * @param {string} name
 * @param {number} index
 */
function before(name, index) {
  return `${index === 0 ? '{' : ','}"${name}":`;
}

/** @param {readonly string[]} parts */
function matching(parts) {
  return new RegExp(parts.join('').replace(/^\{/, '\\{'), 'y');
}
