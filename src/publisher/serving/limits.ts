/** Bounds on what strangers may take. Times in milliseconds, sizes in bytes. */
export interface ServingLimits {
  /** Open connections on all listeners together. Beyond, a newcomer takes the place of one of the largest network. */
  readonly connections: number;
  /** Open connections of one IPv4 address or one IPv6 /64. */
  readonly connectionsPerAddress: number;
  /** Open connections of one IPv6 /48, which one customer of a provider has whole. */
  readonly connectionsPerSite: number;
  /** From the TCP connection to the end of the TLS handshake. */
  readonly handshakeTimeout: number;
  /** From the end of the handshake, or from a request's first byte, to the end of its header section. */
  readonly requestTimeout: number;
  /** Without a request after an answer was taken. */
  readonly keepAliveTimeout: number;
  /** For taking one more of the answers over HTTP/2, or the next part of at most 16 KiB over HTTP/1.1. */
  readonly answerTimeout: number;
  /** For the other side to close as well, once we have. */
  readonly closingTimeout: number;
  /** Request line and header section together. */
  readonly headerBytes: number;
  /** The request target alone: beyond is 414. */
  readonly targetBytes: number;
  /**
   * Held for all clients together of answers that they have not taken: twice as much for a moment. Beyond, the
   * largest holders are cut off.
   */
  readonly outputBytes: number;
  /** Bytes at once, and then each second, that are no part of a request: handshake, HTTP/2 frames of other kinds. */
  readonly overheadBurst: number;
  readonly overheadRate: number;
  /** Open HTTP/2 sessions. Beyond, a newcomer takes the place of one of the network that has most of them. */
  readonly http2Sessions: number;
  readonly http2Streams: number;
  /** Answers that are under way at once in one HTTP/2 session; others wait their turn. */
  readonly http2OutputBytes: number;
  /** MiB that one HTTP/2 session may hold. */
  readonly http2SessionMemory: number;
  /** How long an HTTP/2 session may live before it is asked to make room. */
  readonly http2SessionAge: number;
  /** RST_STREAM frames at once, and then each second (CVE-2023-44487). */
  readonly http2ResetBurst: number;
  readonly http2ResetRate: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

export const defaultLimits: ServingLimits = {
  connections: 1024,
  connectionsPerAddress: 256,
  connectionsPerSite: 512,
  handshakeTimeout: 10_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 15_000,
  answerTimeout: 15_000,
  closingTimeout: 2000,
  headerBytes: 8 * KiB,
  targetBytes: 2 * KiB,
  outputBytes: 16 * MiB,
  overheadBurst: 128 * KiB,
  overheadRate: KiB,
  http2Sessions: 128,
  http2Streams: 100,
  http2OutputBytes: 64 * KiB,
  http2SessionMemory: 1,
  http2SessionAge: 3_600_000,
  http2ResetBurst: 200,
  http2ResetRate: 20,
};
