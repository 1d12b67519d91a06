import { type Clock, errorText, PodtrustError, until } from "../../core/base/index.ts";
import { flagDifference, type FlagChange } from "../../rules/distribution/index.ts";
import type { ApiServer } from "./server.ts";

export interface SettleOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds; 300,000 by default. A kubelet looks at its manifests every 20 s at the latest. */
  readonly withinMs?: number;
  /** Called with the reason before each further look; `deadline` in milliseconds of `clock.elapsed()`. */
  readonly onWait?: (reason: string, deadline: number) => void;
}

const away: readonly string[] = [
  "cluster-unreachable",
  "cluster-not-ready",
  "cluster-unauthenticated",
  "cluster-forbidden",
  "server-process",
];

/** Why an API server does not run with these flags yet; undefined once its process and its discovery document both say so. */
export async function unsettled(
  server: ApiServer,
  wanted: FlagChange,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const difference = flagDifference(await server.running(signal), wanted);
    if (difference !== undefined) return difference;
    const { issuer, jwksUri } = await server.discovery(signal);
    const [first] = wanted.issuers ?? [];
    if (first !== undefined && issuer !== first) return `its discovery document says the issuer ${issuer}`;
    if (wanted.jwksUri !== undefined && jwksUri !== wanted.jwksUri)
      return `its discovery document says the jwks_uri ${jwksUri}`;
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PodtrustError && away.includes(error.code)) return errorText(error);
    throw error;
  }
}

/**
 * Waits until an API server has come back with the flags that it was given: its process is read back, and its own discovery
 * document is asked. Throws `server-not-settled` with the last reason.
 */
export async function settled(
  server: ApiServer,
  wanted: FlagChange,
  { clock, signal, withinMs = 300_000, onWait }: SettleOptions,
): Promise<void> {
  await until<true>({
    clock,
    withinMs,
    delays: [250, 500, 1000],
    signal,
    look: async () => {
      const waitsFor = await unsettled(server, wanted, signal);
      return waitsFor === undefined ? { is: true } : { waitsFor };
    },
    onWait,
    late: (reason) =>
      new PodtrustError(
        "server-not-settled",
        `API server ${server.name}: not within ${Math.round(withinMs / 1000)} s; last: ${reason}`,
        { detail: { server: server.name, reason } },
      ),
  });
}
