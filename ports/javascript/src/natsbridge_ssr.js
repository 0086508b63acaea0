/**
 * NATSBridge for Node: named, typed payloads over core NATS, large ones over an HTTP file server.
 *
 * `smartsend` makes a message and `smartreceive` reads one; publishing and subscribing are done with any NATS client.
 *
 * @module natsbridge
 */

export { NATSBridgeError } from './core/error.js';
export { Part } from './core/part.js';
export { ReceivedPayload } from './core/received.js';
export { ack, nack, reply, update_status } from './node/answers.js';
export { decode, encode } from './node/codec.js';
export { fetch_with_backoff } from './node/fetch_with_backoff.js';
export { file, PayloadFile } from './node/payload_file.js';
export { Plik } from './node/plik.js';
export { plik_oneshot_upload } from './node/plik_oneshot_upload.js';
export { smartreceive } from './node/receive.js';
export { removals_done } from './node/removals.js';
export { smartsend, smartsend_bytes } from './node/send.js';
export { VERSION } from './version.js';
