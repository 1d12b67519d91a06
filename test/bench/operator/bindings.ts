import { recordOf, recordsOf, silentLogger, systemClock } from "../../../src/core/base/index.ts";
import { mapLimit } from "../../../src/core/base/index.ts";
import { Mirror } from "../../../src/providers/kubernetes/index.ts";
import type { bindingsOf } from "./fleet.ts";
import type { MassClient } from "./mass.ts";
import { type BenchWorld, processorSeconds, type ProcessorSeconds, usedBetween } from "./world.ts";

/** How long it took until bindings that were made at once were Ready, in milliseconds, each from its own making on. */
export interface BoundAtOnce {
  /** Until the last was made. */
  readonly making: number;
  readonly least: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** Calls of AWS until the last was Ready, by action. */
  readonly calls: Readonly<Record<string, number>>;
  /** Seconds of the processor that each process used from the first making to the last Ready. */
  readonly cpu: ProcessorSeconds;
}

/** The value below which a share of all lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** How often each of them was called. */
export function countsOf(actions: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const action of actions) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

const maxMs = 10 * 60_000;

/** Makes bindings at once, and follows them until each is Ready. */
export async function bindAtOnce(
  world: BenchWorld,
  operatorPid: number,
  client: MassClient,
  bindings: ReturnType<typeof bindingsOf>,
): Promise<BoundAtOnce> {
  const over = new AbortController();
  const [made, ready] = [new Map<string, number>(), new Map<string, number>()];
  const mirror = new Mirror<boolean>({
    api: world.admin,
    kind: "AWSRoleBinding",
    keep: (object) =>
      recordsOf(recordOf(object["status"])["conditions"]).some(
        ({ type, status }) => type === "Ready" && status === "True",
      ),
    indexes: {},
    clock: systemClock,
    logger: silentLogger,
  });
  const all = Promise.withResolvers<void>();
  const following = mirror.run(over.signal);
  await mirror.untilSynced(AbortSignal.timeout(60_000));
  mirror.subscribe((key, _before, isReady) => {
    if (isReady !== true || ready.has(key)) return;
    ready.set(key, performance.now());
    if (ready.size === bindings.length) all.resolve();
  });
  world.aws.calls.length = 0;
  const before = await processorSeconds(world, operatorPid);
  const begun = performance.now();
  await mapLimit(
    bindings,
    async ({ key, path, object }) => {
      made.set(key, performance.now());
      const { status, text } = await client.post(path, object);
      if (status !== 201) throw new Error(`${key}: ${status} ${text}`);
    },
    32,
  );
  const making = performance.now() - begun;
  const late = setTimeout(
    () => all.reject(new Error(`${ready.size} of ${bindings.length} are Ready after ten minutes`)),
    maxMs,
  );
  try {
    await all.promise;
  } finally {
    clearTimeout(late);
    over.abort(new Error("it is over"));
    await following;
  }
  const after = await processorSeconds(world, operatorPid);
  const took = bindings.map(({ key }) => (ready.get(key) ?? 0) - (made.get(key) ?? 0));
  return {
    making,
    least: Math.min(...took),
    p50: percentile(took, 0.5),
    p99: percentile(took, 0.99),
    most: Math.max(...took),
    calls: countsOf(world.aws.calls),
    cpu: usedBetween(before, after),
  };
}
