import { Histogram } from "../../core/admin/index.ts";
import type { Tally } from "./answer.ts";

/** What is served at a place: a closed set, so that clients cannot create labels. */
export type RequestTarget = "discovery" | "jwks" | "challenge" | "other";

export interface RequestCount {
  /** Empty if the request named no issuer of ours. */
  readonly stack: string;
  readonly place: RequestTarget;
  readonly status: number;
  readonly tally: Tally;
}

/** Upper bounds of the latency buckets, in seconds. */
const latencyBounds: readonly number[] = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5,
];

/** Counts of traffic: plain additions, read when metrics are requested. */
export class Tallies {
  readonly #requests = new Map<string, RequestCount>();
  readonly latency = new Histogram(latencyBounds);
  readonly handshakes = { done: 0, failed: 0 };
  refusedConnections = 0;
  /**
   * Clients that were cut off: they sent malformed, oversized or useless data, sent or read too slowly, or had to make
   * room for others.
   */
  readonly cutOff = { malformed: 0, "too-large": 0, "too-slow": 0, flood: 0, crowded: 0 };
  readonly open = { "http/1.1": 0, h2: 0 };

  /** The cell that counts answers of one kind; the same cell for the same kind. */
  tally(stack: string, place: RequestTarget, status: number): Tally {
    const key = `${stack}\n${place}\n${status}`;
    let found = this.#requests.get(key);
    if (found === undefined) {
      found = { stack, place, status, tally: { count: 0 } };
      this.#requests.set(key, found);
    }
    return found.tally;
  }

  get requests(): readonly RequestCount[] {
    return [...this.#requests.values()];
  }
}
