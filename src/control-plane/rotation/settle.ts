import { type Clock, errorText, PodtrustError, until } from "../../core/base/index.ts";
import type { FileTarget, ServerKeys } from "../../rules/rotation/index.ts";
import type { RotationView } from "./sources.ts";
import type { RotatedServer } from "./rotated-server.ts";

/** How a wait is shown: for what, and in how many milliseconds it ends at the latest. */
export type OnWait = (reason: string, left: number) => void;

export interface WaitDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onWait: OnWait;
}

// A kubelet looks at its manifests every 20 s, and an API server starts within a minute.
const withinMs = 300_000;
const delays = [250, 500, 1000, 2000];
const publishedWithinMs = 600_000;

function difference(keys: ServerKeys, { verify, signing }: FileTarget): string | undefined {
  if (keys.signs !== signing)
    return `it signs with ${keys.signs ?? "nothing that is known"}, and not yet with ${signing}`;
  const missing = verify.find((kid) => !keys.verifies.includes(kid));
  if (missing !== undefined) return `it does not verify ${missing} yet`;
  const extra = keys.verifies.find((kid) => !verify.includes(kid));
  return extra === undefined ? undefined : `it verifies ${extra} still`;
}

const steadyWithinMs = 60_000;

/**
 * Looks again while a server that a cut off run left restarting does not run with what it will be started with, a minute at the
 * most: who judges goes on then.
 */
export async function steadyView(
  lookAgain: () => Promise<RotationView>,
  { clock, signal, onWait }: WaitDeps,
): Promise<RotationView> {
  let last: RotationView | undefined;
  const late = new Error("it still differs");
  const waited = until<RotationView>({
    clock,
    withinMs: steadyWithinMs,
    delays: [1000],
    signal,
    onWait: (reason, deadline) => onWait(reason, deadline - clock.elapsed()),
    look: async () => {
      last = await lookAgain();
      const one = last.facts.servers.find(({ differs }) => differs !== undefined);
      return one === undefined ? { is: last } : { waitsFor: `API server ${one.name}: ${one.differs}` };
    },
    late: () => late,
  });
  return waited.catch((error: unknown) => {
    if (error === late && last !== undefined) return last;
    throw error;
  });
}

/** What a wait still lacks, as a sentence's part; undefined once it is over. */
type Missing = () => Promise<string | undefined>;

/** Waits until what is published is as it should be, ten minutes at the most: with a publisher's next poll, not with time alone. */
export async function untilPublished(
  missing: Missing,
  late: (reason: string) => PodtrustError,
  { clock, signal, onWait }: WaitDeps,
): Promise<void> {
  await until<true>({
    clock,
    withinMs: publishedWithinMs,
    delays: [1000, 2000, 5000],
    signal,
    onWait: (reason, deadline) => onWait(reason, deadline - clock.elapsed()),
    look: async () => {
      const waitsFor = await missing();
      return waitsFor === undefined ? { is: true } : { waitsFor };
    },
    late,
  });
}

/** Waits until an API server is as it should be after its restart, through which it answers nothing. `late` gets the seconds. */
export async function untilRestarted(
  name: string,
  missing: Missing,
  late: (reason: string, seconds: number) => PodtrustError,
  { clock, signal, onWait }: WaitDeps,
): Promise<void> {
  await until<true>({
    clock,
    withinMs,
    delays,
    signal,
    onWait: (reason, deadline) => onWait(`API server ${name}: ${reason}`, deadline - clock.elapsed()),
    look: async () => {
      try {
        const waitsFor = await missing();
        return waitsFor === undefined ? { is: true } : { waitsFor };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof PodtrustError)) throw error;
        return { waitsFor: errorText(error) };
      }
    },
    late: (reason) => late(reason, withinMs / 1000),
  });
}

/** Waits until an API server runs with the keys that its files have. Throws `rotation-not-settled`. */
export function settledWith(server: RotatedServer, target: FileTarget, deps: WaitDeps): Promise<void> {
  return untilRestarted(
    server.name,
    async () => difference((await server.look(deps.signal)).keys, target),
    (reason, seconds) =>
      new PodtrustError(
        "rotation-not-settled",
        `API server ${server.name} did not come back with its keys within ${seconds} s; last: ${reason}`,
        { detail: { server: server.name, reason } },
      ),
    deps,
  );
}
