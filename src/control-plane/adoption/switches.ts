import { errorText, PodtrustError } from "../../core/base/index.ts";
import {
  observedIssuers,
  type ServerClocks,
  type ServerRecord,
  signedAs,
  unsignedSince,
} from "../../rules/rotation/index.ts";
import { recordServers, UnitedRecord } from "../record/index.ts";
import type { ServerFacts } from "../../rules/adoption/index.ts";
import type { ControlPlaneServer } from "../servers/index.ts";

/** When API servers stopped signing as an issuer, as they remember it. Times are milliseconds since the epoch. */
export interface IssuerSwitches {
  /** By the servers' own clocks. */
  readonly now: number;
  /** Since when none of them signs as an issuer; undefined where one does. */
  readonly since: (issuer: string) => number | undefined;
}

/** What is asked of the servers' memory. */
export interface SwitchQuery {
  readonly servers: readonly ControlPlaneServer[];
  /** As they were just read. */
  readonly facts: readonly ServerFacts[];
  /** Every issuer that is asked about. */
  readonly issuers: readonly string[];
  readonly signal: AbortSignal;
  /** Absent: what is seen for the first time is not written down. */
  readonly remember?: (couldNot: string) => void;
}

// Two runs, each of which writes once for each server that it changes.
const attempts = 5;

const memoryOf = (servers: readonly ControlPlaneServer[]): UnitedRecord =>
  new UnitedRecord(recordServers(servers));

const isElsewhere = (error: unknown): boolean =>
  error instanceof PodtrustError && error.code === "rotation-elsewhere";

function observed(record: ServerRecord, { facts, issuers }: SwitchQuery, clocks: ServerClocks): ServerRecord {
  const started = new Map(
    facts.flatMap(({ name, startedAt }) => (startedAt === undefined ? [] : [[name, startedAt] as const])),
  );
  const since = new Map([...clocks.times].map(([name, time]) => [name, started.get(name) ?? time] as const));
  const signing = facts.flatMap(({ issuers: [first] }) => (first === undefined ? [] : [first]));
  const known = [...issuers, ...facts.flatMap((server) => server.issuers)];
  return observedIssuers(record, { signing, known, since }, clocks);
}

/**
 * Since when no API server signs as each issuer: as they remember it, or, where they do not, since the last of them was started.
 * That is remembered from then on, so that no later restart counts. Undefined where none of the machines answers. Throws
 * `rotation-record`, `ssh-*`.
 */
export async function readSwitches(query: SwitchQuery): Promise<IssuerSwitches | undefined> {
  const { servers, signal, remember } = query;
  const memory = memoryOf(servers);
  for (let attempt = 1; ; attempt += 1) {
    const { record, clocks } = await memory.read(signal);
    if (clocks === undefined) return undefined;
    const seen = observed(record, query, clocks);
    try {
      if (remember !== undefined) await memory.keep(seen, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PodtrustError)) throw error;
      if (isElsewhere(error) && attempt < attempts) continue;
      remember?.(errorText(error));
    }
    return { now: clocks.now, since: (issuer) => unsignedSince(seen, issuer, clocks) };
  }
}

/**
 * Before a server is changed so that it signs as an issuer: from now on one may have, whatever happens to this run. Throws
 * `rotation-record`, `rotation-elsewhere`, and what the machines throw.
 */
export async function rememberSigning(
  servers: readonly ControlPlaneServer[],
  issuer: string,
  signal: AbortSignal,
): Promise<void> {
  const memory = memoryOf(servers);
  for (let attempt = 1; ; attempt += 1) {
    const { record, clocks } = await memory.read(signal);
    if (clocks === undefined) return;
    try {
      await memory.keep(signedAs(record, issuer, clocks), signal);
      return;
    } catch (error) {
      if (!isElsewhere(error) || attempt === attempts) throw error;
    }
  }
}
