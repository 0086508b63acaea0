import { NATSBridgeError } from '../core/error.js';

/**
 * Why an upload or a download failed, before it is known which payload it was about.
 *
 * @typedef {'server' | 'size' | 'checksum' | 'local_file'} Fault The file server or the way there; the number of bytes; their digest;
 *   a file on this machine.
 */
export class TransferError extends Error {
  /**
   * @param {string} message Without token, user-info or query.
   * @param {{fault?: Fault, retryable?: boolean, retryAfter?: number}} [details] `retryAfter` is what the server asked for, in milliseconds.
   */
  constructor(message, { fault = 'server', retryable = false, retryAfter } = {}) {
    super(message);
    this.name = 'TransferError';
    /** @type {Fault} */
    this.fault = fault;
    this.retryable = retryable;
    this.retryAfter = retryAfter;
  }

  /**
   * The same failure, told after several attempts.
   *
   * @param {number} attempts
   */
  after(attempts) {
    return new TransferError(`${this.message} (after ${attempts} attempts)`, this);
  }

  /**
   * The error of a call that failed with this, with the code that its fault has in that direction.
   *
   * @param {'UPLOAD_FAILED' | 'DOWNLOAD_FAILED'} code
   * @param {string} message
   * @param {import('../core/error.js').ErrorDetails} [details]
   */
  toError(code, message, details = {}) {
    const codes = /** @type {const} */ ({ size: 'SIZE_MISMATCH', checksum: 'CHECKSUM_MISMATCH' });
    const own = this.fault === 'size' || this.fault === 'checksum' ? codes[this.fault] : code;
    const phase = code === 'UPLOAD_FAILED' ? 'upload' : 'fetch';
    const file = this.fault === 'local_file' ? { own: /** @type {const} */ ('file') } : {};
    return new NATSBridgeError(own, phase, message, { ...details, ...file, retryable: this.retryable });
  }

  /**
   * @param {string} what
   * @param {number} milliseconds
   */
  static timedOut(what, milliseconds) {
    return new TransferError(`${what} for ${milliseconds} ms`, { retryable: true });
  }

  /**
   * An error of a connection, which another attempt may not have.
   *
   * @param {unknown} error
   */
  static ofConnection(error) {
    if (error instanceof TransferError) return error;
    const { message, code } = systemError(error);
    // Several addresses that failed are one error without a message.
    return new TransferError(message || code || 'the connection failed', { retryable: true });
  }

  /**
   * A file on this machine that cannot be read or written.
   *
   * @param {unknown} error
   */
  static ofFile(error) {
    if (error instanceof TransferError) return error;
    const { message, code } = systemError(error);
    return new TransferError(message || code || 'the file cannot be used', { fault: 'local_file' });
  }
}

/** @param {unknown} error */
function systemError(error) {
  const { message, code } = /** @type {{message?: unknown, code?: unknown}} */ (Object(error));
  return {
    message: typeof message === 'string' ? message : '',
    code: typeof code === 'string' ? code : '',
  };
}
