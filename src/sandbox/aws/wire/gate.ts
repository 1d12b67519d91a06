import type { Caller } from "../state/records.ts";
import type { Call, Need, Service } from "./service.ts";

/** An HTTP request, complete and of limited size. */
export interface WireRequest {
  readonly method: string;
  /** Path and query, verbatim from the request line. */
  readonly target: string;
  /** Lower-case names; values verbatim. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
}

/** When a request came, in milliseconds. */
export interface Arrival {
  /** By the clock that a test may move: it decides what has expired. */
  readonly now: number;
  /** By the clock that is never moved, which the signer used. */
  readonly signedAt: number;
}

/** Authenticates and authorizes. */
export interface Gate {
  /** Verifies the signature; throws an AwsError if it is missing or wrong. */
  authenticate(
    request: WireRequest,
    service: Service,
    arrival: Arrival,
  ): { readonly caller: Caller; readonly region: string };
  /** Returns the rule that allows; throws an AwsError that names the rule that does not. */
  authorize(call: Call, need: Need): string;
}

/** The first value of a header. */
export function headerOf(request: WireRequest, name: string): string | undefined {
  return Object.hasOwn(request.headers, name) ? request.headers[name]?.[0] : undefined;
}
