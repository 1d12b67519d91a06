import type { Caller } from "../state/index.ts";
import type { Call, Need, Service } from "./service.ts";

/** A request as it came over HTTP, whole and bounded. */
export interface WireRequest {
  readonly method: string;
  /** Path and query as they stand in the request line. */
  readonly target: string;
  /** Lower-case names; each value as it came. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
}

/** When a request came, in milliseconds. */
export interface Arrival {
  /** By the clock that a test may move: what has expired by it is over. */
  readonly now: number;
  /** By the one that nobody moves, as whoever signed looked at it. */
  readonly signedAt: number;
}

/** Who may come in, and who may do what. */
export interface Gate {
  /** Verifies the signature; throws an AwsError when it is missing or wrong. */
  authenticate(
    request: WireRequest,
    service: Service,
    arrival: Arrival,
  ): { readonly caller: Caller; readonly region: string };
  /** Gives the rule that allows; throws an AwsError that names the rule that does not. */
  authorize(call: Call, need: Need): string;
}

/** The first value of a header. */
export function headerOf(request: WireRequest, name: string): string | undefined {
  return Object.hasOwn(request.headers, name) ? request.headers[name]?.[0] : undefined;
}
