import type { DistributionName } from "../distribution/index.ts";
import type { AdoptionFacts } from "./facts.ts";
import type { AdoptionStep } from "./steps.ts";

/** A shortest and a longest time that was measured, in milliseconds. */
export interface Measured {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * How long an API server did not answer while it restarted with other flags: where a kubelet runs it as a static pod,
 * and where its process is ended and begun again without one. Source:
 * test/cluster/control-plane/{kubelet,adoption}.test.ts, kube-apiserver 1.36, etcd beside it, two processors
 */
const away: Readonly<Record<"kubelet" | "process", Measured>> = {
  kubelet: { minMs: 20_800, maxMs: 27_300 },
  process: { minMs: 5500, maxMs: 6100 },
};

/** Distributions whose API server is not a static pod. */
const processes: readonly (DistributionName | undefined)[] = ["k3s", "k0s", "microk8s"];

/** The restarts that steps still need. */
export interface Restarts {
  readonly count: number;
  readonly measuredAway: Measured;
  /** What they mean, to be shown before the first; none where nothing restarts. */
  readonly notes: readonly string[];
}

const secondsText = (ms: number): string => (ms / 1000).toFixed(1);

/** The cost of restarting API servers: how long each is away, and which clients notice. */
export function restartsOf(
  { servers, distribution }: Partial<Pick<AdoptionFacts, "distribution">> & Pick<AdoptionFacts, "servers">,
  steps: readonly AdoptionStep[],
): Restarts {
  const count = steps.filter((step) => "server" in step && !step.done).length;
  const runner = processes.includes(distribution) ? "process" : "kubelet";
  const measuredAway = away[runner];
  const { minMs, maxMs } = measuredAway;
  const range = `${secondsText(minMs)} to ${secondsText(maxMs)} s`;
  const times = count === 1 ? "once" : `${count} times`;
  const meaning =
    servers.length === 1
      ? "It is the only one: meanwhile kubectl and controllers fail, nothing is scheduled, and no token is made or renewed. Pods run on, and AWS takes the tokens that they hold."
      : "The others answer meanwhile. A client with the address of that one alone waits for it.";
  const by = runner === "kubelet" ? "by a kubelet" : "without a kubelet";
  const measured = `API servers restart ${times}, one at a time, and a restarting server does not answer. That took ${range} where it was measured (kube-apiserver 1.36 ${by}, etcd beside it, two processors); a large cluster or a slow disk takes longer. Each restart's own time is shown after it.`;
  return { count, measuredAway, notes: count === 0 ? [] : [measured, meaning] };
}
