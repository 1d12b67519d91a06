/** Bounds on what the clients of a listener may take. Times in milliseconds, sizes in bytes. */
export interface ConnectionLimits {
  /**
   * Open connections on all listeners together. Beyond, a newcomer takes the place of one of the largest network. One
   * address may have as many: all clients of a listener may share one (kube-proxy, NAT, konnectivity).
   */
  readonly connections: number;
  /** From the TCP connection to the end of the TLS handshake. */
  readonly handshakeTimeout: number;
  /** From the end of the handshake, or from a request's first byte, to the end of the request: its content included, where that is read. */
  readonly requestTimeout: number;
  /** Without a request after an answer was taken. */
  readonly keepAliveTimeout: number;
  /** For taking one more of the answers over HTTP/2, or the next part of at most 16 KiB over HTTP/1.1. */
  readonly answerTimeout: number;
  /** For the other side to close as well, once we have. */
  readonly closingTimeout: number;
  /** Request line and header section together. */
  readonly headerBytes: number;
  /**
   * Held for all clients together of answers that they have not taken, and of requests that have not come to their end:
   * twice as much for a moment. Beyond, the largest holders are cut off.
   */
  readonly heldBytes: number;
  /** Bytes at once, and then each second, that are no part of a request: handshake, HTTP/2 frames of other kinds. */
  readonly overheadBurst: number;
  readonly overheadRate: number;
  /** Open HTTP/2 sessions. Beyond, a newcomer takes the place of one of the network that has most of them. */
  readonly http2Sessions: number;
  /** How long an HTTP/2 session may live before it is asked to make room. */
  readonly http2SessionAge: number;
}

const KiB = 1024;

/** What is the same for all listeners of a cluster or a machine that speak HTTP/1.1 alone. */
export const localLimits: ConnectionLimits = {
  connections: 2560,
  handshakeTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 5000,
  answerTimeout: 5000,
  closingTimeout: 2000,
  headerBytes: 8 * KiB,
  heldBytes: 4 * KiB * KiB,
  overheadBurst: 128 * KiB,
  overheadRate: KiB,
  http2Sessions: 0,
  http2SessionAge: 0,
};
