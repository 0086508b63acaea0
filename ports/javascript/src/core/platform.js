/**
 * What the core is given by the platform that it runs on. The core itself uses no module of Node or of a browser: what Node
 * does faster, or what only a platform can do, comes in here.
 *
 * @typedef {object} Platform
 * @property {readonly import('../generated.js').PayloadType[]} payload_types what can be sent and received here
 * @property {(bytes: Uint8Array) => string} sha256 the digest as 64 lower-case hexadecimal digits. A platform whose digests
 *   are asynchronous passes them to `Outgoing.digest` and `Incoming.finish` beforehand, and throws here.
 * @property {(bytes: Uint8Array) => string} to_base64 the canonical text (RFC 4648 section 4)
 * @property {(text: Uint8Array | string, start: number, end: number, size: number) => Uint8Array | null} from_base64 the `size`
 *   bytes of the canonical base64 in `text[start..end)`, freshly allocated; null where it is not canonical or of another length
 * @property {(text: string, contents: readonly Uint8Array[]) => Uint8Array} spliced the text in UTF-8, each U+0000 in it replaced by
 *   the canonical base64 of the next of `contents`
 * @property {(bytes: Uint8Array, start: number, end: number) => string} to_text the text of `bytes[start..end)`; throws where
 *   it is not UTF-8, and keeps a byte order mark
 * @property {(bytes: Uint8Array, start: number, end: number) => string} to_ascii one character for each byte of
 *   `bytes[start..end)`: that of ASCII, or any from U+0080 on for a byte that is none
 * @property {(text: string) => Uint8Array} to_utf8 the text in UTF-8; the caller has seen to it that there are no lone
 *   surrogates
 * @property {(text: string) => number} utf8_length bytes of the text in UTF-8; a lone surrogate counts as three
 * @property {Tables | null} tables how arrowtables are read and written; null where they are not
 *
 * How arrowtables are read and written. Both throw a NATSBridgeError, its pointer left for the core to set.
 *
 * @typedef {object} Tables
 * @property {(value: unknown) => Uint8Array} write an Arrow IPC stream with its end marker; SERIALIZATION_ERROR for what is no
 *   table
 * @property {(bytes: Uint8Array) => unknown} read the table of a stream; DESERIALIZATION_ERROR
 */

export {};
