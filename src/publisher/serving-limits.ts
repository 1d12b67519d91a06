import type { ConnectionLimits } from "../core/listener/index.ts";

/** Limits on what clients may use of a publisher. Times in milliseconds, sizes in bytes. */
export interface ServingLimits extends ConnectionLimits {
  /** The request target alone: beyond is 414. */
  readonly targetBytes: number;
  readonly http2Streams: number;
  /** Unfinished answers at a time in one HTTP/2 session; others wait their turn. */
  readonly http2OutputBytes: number;
  /** MiB that one HTTP/2 session may hold. */
  readonly http2SessionMemory: number;
  /** RST_STREAM frames at once, and then each second (CVE-2023-44487). */
  readonly http2ResetBurst: number;
  readonly http2ResetRate: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

export const defaultLimits: ServingLimits = {
  connections: 1024,
  handshakeTimeout: 10_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 15_000,
  answerTimeout: 15_000,
  closingTimeout: 2000,
  headerBytes: 8 * KiB,
  targetBytes: 2 * KiB,
  heldBytes: 16 * MiB,
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
