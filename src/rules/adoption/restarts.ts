import type { ServerFacts } from "./facts.ts";
import type { AdoptionStep } from "./steps.ts";

/**
 * For how long an API server answered nobody while it restarted with other flags, in milliseconds: the shortest and the longest
 * of what was measured.
 * Source: test/cluster/control-plane/adoption.test.ts, kube-apiserver 1.36 with its etcd beside it, on two processors
 */
export const measuredAway = { shortestMs: 5500, longestMs: 6100 } as const;

/** The restarts that steps still need. */
export interface Restarts {
  readonly count: number;
  readonly measuredAway: typeof measuredAway;
  /** What they mean, to be told before one is done; none where nothing restarts. */
  readonly notes: readonly string[];
}

const secondsText = (ms: number): string => (ms / 1000).toFixed(1);

/** What it takes that API servers restart: for how long each is away, and who notices. */
export function restartsOf(servers: readonly ServerFacts[], steps: readonly AdoptionStep[]): Restarts {
  const count = steps.filter((step) => "server" in step && !step.done).length;
  const { shortestMs, longestMs } = measuredAway;
  const range = `${secondsText(shortestMs)} to ${secondsText(longestMs)} s`;
  const times = count === 1 ? "once" : `${count} times`;
  const meaning =
    servers.length === 1
      ? "It is the only one: meanwhile kubectl and controllers fail, nothing is scheduled, and no token is made or renewed. Pods run on, and AWS takes the tokens that they hold."
      : "The others answer meanwhile. Who has the address of that one alone waits for it.";
  const measured = `An API server restarts ${times}, one at a time, and answers nobody meanwhile. That took ${range} where it was measured (kube-apiserver 1.36, etcd beside it, two processors); a large cluster or a slow disk takes longer. Each restart's own time is told after it.`;
  return { count, measuredAway, notes: count === 0 ? [] : [measured, meaning] };
}
