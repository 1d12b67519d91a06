import { type Clock, errorText, PodtrustError, until } from "../../core/base/index.ts";
import { disagreement, flagDifference, type FlagChange } from "../../rules/distribution/index.ts";
import type { ApiServer, ServerDiscovery } from "./server.ts";

export interface SettleOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds; 300,000 by default. A kubelet looks at its manifests every 20 s at the latest. */
  readonly withinMs?: number;
  /** Called with the reason before each further look; `deadline` in milliseconds of `clock.elapsed()`. */
  readonly onWait?: (reason: string, deadline: number) => void;
}

/** The flags that a server should run with. */
export interface DesiredFlags extends FlagChange {
  /** An issuer that it no longer names. */
  readonly withoutIssuer?: string;
}

/** Why a server does not run as wanted yet. */
export interface Unsettled {
  readonly reason: string;
  /** It does not answer, or no process of it runs. */
  readonly isAway: boolean;
}

/** How long a restart took. */
export interface Restart {
  /**
   * For how long the server was away at most, in milliseconds: from the beginning of the last look at which it answered as before
   * to the end of the first that found it as wanted.
   */
  readonly awayMs: number;
}

const silence: readonly string[] = ["cluster-unreachable", "cluster-not-ready", "server-process"];
// One that has just begun knows neither its users nor their rights.
const away: readonly string[] = [...silence, "cluster-unauthenticated", "cluster-forbidden"];

/** Whether an error says no more than that an API server does not answer, or that no process of it runs. */
export const isSilence = (error: unknown): error is PodtrustError =>
  error instanceof PodtrustError && silence.includes(error.code);

/** A kubelet sees a new manifest within 20 s, and an API server starts within as much on a slow machine. Milliseconds. */
export const restartMs = 60_000;

/**
 * Asks API servers that an interrupted run may have left restarting: while one of them does not answer they
 * are asked again, for at most a minute. Throws what `ask` throws.
 */
export function askedThroughRestart<T>(
  ask: () => Promise<T>,
  { clock, signal, onWait }: Pick<SettleOptions, "clock" | "signal" | "onWait">,
): Promise<T> {
  let last: unknown;
  return until({
    clock,
    withinMs: restartMs,
    delays: [1000],
    signal,
    look: async () => {
      try {
        return { is: await ask() };
      } catch (error) {
        if (!isSilence(error)) throw error;
        last = error;
        return { waitsFor: errorText(error) };
      }
    },
    onWait,
    late: () => last,
  });
}

/** What of issuers and documents is not as wanted yet, as a sentence. */
function documentDifference(
  { issuer, jwksUri }: ServerDiscovery,
  issuers: readonly string[],
  { withoutIssuer, issuers: [first] = [], jwksUri: uri = "" }: DesiredFlags,
): string | undefined {
  if (withoutIssuer !== undefined && issuers.includes(withoutIssuer))
    return `it still names ${withoutIssuer}`;
  if (first !== undefined && issuer !== first) return `its discovery document says the issuer ${issuer}`;
  return uri === "" || jwksUri === uri ? undefined : `its discovery document says the jwks_uri ${jwksUri}`;
}

/** Why an API server does not run as wanted yet; undefined once its process and its discovery document both say so. */
export async function unsettled(
  server: ApiServer,
  desired: DesiredFlags,
  signal: AbortSignal,
): Promise<Unsettled | undefined> {
  try {
    const look = await server.whatRuns(signal);
    // Asked anyway: whether it answers matters too.
    const said = await server.discovery(signal);
    const { starts, runs } = look;
    const flags = runs.kind === "seen" ? runs.flags : starts;
    // Where nobody says what runs, the process has to be younger than what it is started from.
    const older = runs.kind === "seen" ? undefined : disagreement(look, await server.startedAt(signal));
    const why = flagDifference(flags, desired) ?? documentDifference(said, flags.issuers, desired) ?? older;
    return why === undefined ? undefined : { reason: why, isAway: false };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PodtrustError && away.includes(error.code))
      return { reason: errorText(error), isAway: true };
    throw error;
  }
}

/**
 * Waits until an API server has come back with the flags that it was given: its process is read back, and its own discovery
 * document is asked. Throws `server-not-settled` with the last reason.
 */
export async function settled(
  server: ApiServer,
  desired: DesiredFlags,
  { clock, signal, withinMs = 300_000, onWait }: SettleOptions,
): Promise<Restart> {
  let answeredAt = clock.elapsed();
  await until<true>({
    clock,
    withinMs,
    // These looks measure how long it is away.
    delays: [250, 500],
    signal,
    look: async () => {
      // A look may last as long as the restart: its beginning counts.
      const begun = clock.elapsed();
      const why = await unsettled(server, desired, signal);
      if (why === undefined) return { is: true };
      if (!why.isAway) answeredAt = begun;
      return { waitsFor: why.reason };
    },
    onWait,
    late: (reason) =>
      new PodtrustError(
        "server-not-settled",
        `API server ${server.name}: not within ${Math.round(withinMs / 1000)} s; last: ${reason}`,
        { detail: { server: server.name, reason } },
      ),
  });
  return { awayMs: clock.elapsed() - answeredAt };
}
