import {
  Histogram,
  type MetricDefinition,
  plainSample,
  processMetrics,
  processSamples,
  type Sample,
} from "../core/admin/index.ts";
import { claimsRefusalReasons } from "../rules/signer/index.ts";
import type { Signer } from "./signer.ts";
import type { CallEnded } from "./wire/server.ts";

/** Every metric of the signer. docs/reference/metrics.md is generated from here. */
export const signerMetrics = {
  calls: {
    name: "podtrust_signer_calls_total",
    type: "counter",
    help: "Calls of API servers, by how they ended.",
    labels: {
      method: "Sign, FetchKeys, Metadata or other",
      code: "ok, invalidArgument, deadlineExceeded, resourceExhausted, unimplemented, internal or unavailable",
    },
  },
  refused: {
    name: "podtrust_signer_refused_total",
    type: "counter",
    help: "Claims that were not signed, by what was wrong with them.",
    labels: { reason: claimsRefusalReasons.join(", ") },
  },
  sign: {
    name: "podtrust_signer_sign_seconds",
    type: "histogram",
    help: "How long a signature took, from the call's header to its answer.",
    labels: {},
  },
  keys: {
    name: "podtrust_signer_keys",
    type: "gauge",
    help: "Keys by their state.",
    labels: { state: "next, current or previous" },
  },
  currentSince: {
    name: "podtrust_signer_current_key_timestamp_seconds",
    type: "gauge",
    help: "Since when the current key signs, as Unix time.",
    labels: {},
  },
  fetched: {
    name: "podtrust_signer_keys_fetched_timestamp_seconds",
    type: "gauge",
    help: "When an API server last asked for the keys, as Unix time; 0 before the first time.",
    labels: {},
  },
  trouble: {
    name: "podtrust_signer_keys_unread",
    type: "gauge",
    help: "1 while what the folder holds cannot be used, or a key file of it, else 0.",
    labels: {},
  },
  ...processMetrics,
} as const satisfies Record<string, MetricDefinition>;

const keyStates = ["next", "current", "previous"] as const;

/** Calls as they are counted: nothing that a caller sends adds a series. */
export class CallTallies {
  readonly #calls = new Map<string, { readonly labels: Sample["labels"]; value: number }>();
  readonly #sign = new Histogram([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]);

  ended({ method, code, seconds }: CallEnded): void {
    const name = `${method} ${code}`;
    const counted = this.#calls.get(name) ?? { labels: { method, code }, value: 0 };
    counted.value += 1;
    this.#calls.set(name, counted);
    if (method === "Sign" && code === "ok") this.#sign.took(seconds);
  }

  /** Every metric's samples at this moment. */
  samples({
    status,
  }: Pick<Signer, "status">): Readonly<Record<keyof typeof signerMetrics, readonly Sample[]>> {
    const { keys, fetchedAt = 0, trouble, refused } = status;
    const current = keys.find(({ state }) => state === "current");
    return {
      calls: [...this.#calls.values()],
      refused: claimsRefusalReasons.map((reason) => ({
        labels: { reason },
        value: refused.counts[reason],
      })),
      sign: this.#sign.samples,
      keys: keyStates.map((state) => ({
        labels: { state },
        value: keys.filter((key) => key.state === state).length,
      })),
      currentSince: plainSample((current?.since ?? 0) / 1000),
      fetched: plainSample(fetchedAt / 1000),
      trouble: plainSample(trouble === undefined ? 0 : 1),
      ...processSamples(),
    };
  }
}
