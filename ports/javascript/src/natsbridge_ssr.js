/**
 * NATSBridge for Node: named, typed payloads over core NATS, large ones over an HTTP file server.
 *
 * `smartsend` makes a message and `smartreceive` reads one; publishing and subscribing are done with any NATS client.
 *
 * @typedef {import('./core/draft.js').MessageOptions} MessageOptions
 * @typedef {import('./core/decoder.js').DecoderOptions} DecoderOptions
 * @typedef {import('./core/incoming.js').Incoming} Incoming
 * @typedef {import('./core/outgoing.js').Outgoing} Outgoing
 * @typedef {import('./core/part.js').PartLike} PartLike
 * @typedef {import('./core/received.js').Received} Received
 * @typedef {import('./generated.js').Envelope} Envelope
 * @typedef {import('./generated.js').ErrorCode} ErrorCode
 * @typedef {import('./generated.js').ErrorReport} ErrorReport
 * @typedef {import('./generated.js').Payload} Payload
 * @typedef {import('./generated.js').PayloadType} PayloadType
 * @typedef {import('./generated.js').Phase} Phase
 * @typedef {import('./node/answers.js').AnswerOptions} AnswerOptions
 * @typedef {import('./node/columns.js').TableColumn} TableColumn
 * @typedef {import('./node/handlers.js').DownloadFunction} DownloadFunction
 * @typedef {import('./node/handlers.js').UploadFunction} UploadFunction
 * @typedef {import('./node/observation.js').Fields} Fields
 * @typedef {import('./node/observation.js').Logger} Logger
 * @typedef {import('./node/observation.js').Observer} Observer
 * @typedef {import('./node/plik.js').PlikOptions} PlikOptions
 * @typedef {import('./node/plik.js').Uploaded} Uploaded
 * @typedef {import('./node/receive.js').ReceiveOptions} ReceiveOptions
 * @typedef {import('./node/send.js').SendOptions} SendOptions
 * @typedef {import('./node/transfer.js').Progress} Progress
 */

export { NATSBridgeError } from './core/error.js';
export { Part } from './core/part.js';
export { ReceivedPayload } from './core/received.js';
export { ack, nack, reply, update_status } from './node/answers.js';
export { decode, encode } from './node/codec.js';
export { columns } from './node/columns.js';
export { fetch_with_backoff } from './node/fetch_with_backoff.js';
export { file, PayloadFile } from './node/payload_file.js';
export { Plik } from './node/plik.js';
export { plik_oneshot_upload } from './node/plik_oneshot_upload.js';
export { smartreceive } from './node/receive.js';
export { removals_done } from './node/removals.js';
export { smartsend, smartsend_bytes } from './node/send.js';
export { VERSION } from './version.js';
