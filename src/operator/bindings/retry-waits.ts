import type { Reason } from "../../core/base/index.ts";
import { soon } from "./prove.ts";
import type { BindingFacts, BindingOutcome } from "./turn.ts";

/** The longest wait of a binding that only a person can mend, in milliseconds. */
const maxRetryWait = 600_000;

/** What passes by itself: each try may be the one that succeeds. Everything else waits for a person. */
const passing: ReadonlySet<Reason> = new Set<Reason>([
  "AwsUnavailable",
  "ClusterNotReady",
  "ClusterUnreachable",
  "LookFailed",
  "RolePending",
  "RoleSettling",
  "TokenRequestFailed",
]);

interface Failing {
  /** What was judged, and with which reason it failed. */
  readonly cause: string;
  readonly wait: number;
}

/** What a turn judges by: another generation of binding or trust begins again. */
function causeOf({ object, trust }: Pick<BindingFacts, "object" | "trust">, reason: Reason): string {
  const versions = [object, trust].flatMap((one) => [one?.metadata.uid, one?.metadata.generation]);
  return JSON.stringify([...versions, reason]);
}

/**
 * Waits of bindings that fail for a reason that only a person can mend: from five seconds, twice as long each time, up to ten
 * minutes. A change in the cluster is seen by a watch and ends the wait; only what is mended at AWS alone is found by waiting.
 * Kept in memory: a process that begins anew begins with the short wait.
 */
export class RetryWaits {
  /** By `namespace/name`. */
  readonly #failing = new Map<string, Failing>();

  /** Milliseconds until the next turn; `undefined` as in the outcome: never. */
  after(
    key: string,
    facts: Pick<BindingFacts, "object" | "trust">,
    { againIn, conditions }: Pick<BindingOutcome, "againIn" | "conditions">,
  ): number | undefined {
    const ready = conditions.find(({ type }) => type === "Ready");
    if (againIn !== soon || ready === undefined || ready.status === "True" || passing.has(ready.reason)) {
      this.#failing.delete(key);
      return againIn;
    }
    const cause = causeOf(facts, ready.reason);
    const before = this.#failing.get(key);
    const wait = before?.cause === cause ? Math.min(maxRetryWait, 2 * before.wait) : soon;
    this.#failing.set(key, { cause, wait });
    return wait;
  }

  /** A binding that is gone. */
  forget(key: string): void {
    this.#failing.delete(key);
  }
}
