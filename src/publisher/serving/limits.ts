/** Bounds on what strangers may take. Times in milliseconds, sizes in bytes. */
export interface ServingLimits {
  /** Open connections on all listeners together. */
  readonly connections: number;
  /** Open connections of one IPv4 address or one IPv6 /64. */
  readonly connectionsPerAddress: number;
  readonly handshakeTimeout: number;
  /** From the connection's (or the last answer's) end to the end of the header section. */
  readonly headersTimeout: number;
  /** The same, to the end of the request. */
  readonly requestTimeout: number;
  /** Silence after an answer. */
  readonly keepAliveTimeout: number;
  /** Request line and header section together. */
  readonly headerBytes: number;
  /** The request target alone: beyond is 414. */
  readonly targetBytes: number;
  readonly requestsPerConnection: number;
  readonly http2Streams: number;
  /** MiB that one HTTP/2 session may hold. */
  readonly http2SessionMemory: number;
  /** How long an HTTP/2 session may live before it is asked to make room. */
  readonly http2SessionAge: number;
  /** RST_STREAM frames at once, and then each second (CVE-2023-44487). */
  readonly http2ResetBurst: number;
  readonly http2ResetRate: number;
}

export const defaultLimits: ServingLimits = {
  connections: 4096,
  connectionsPerAddress: 256,
  handshakeTimeout: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 15_000,
  headerBytes: 8 * 1024,
  targetBytes: 2 * 1024,
  requestsPerConnection: 0,
  http2Streams: 100,
  http2SessionMemory: 1,
  http2SessionAge: 3_600_000,
  http2ResetBurst: 200,
  http2ResetRate: 20,
};
