import { defined, errorText, PodtrustError } from "../../core/base/index.ts";
import type { RelyingPartyName } from "../../rules/oidc/index.ts";
import {
  type LegacyToken,
  observe,
  type RotationFacts,
  type RotationRecord,
  type RotationTimes,
} from "../../rules/rotation/index.ts";
import { type PodTokens, tokenLives, type TokenRules } from "../../rules/tokens/index.ts";
import type { RecordStore } from "../record/index.ts";
import type { RotatedServer, ServerLook } from "./rotated-server.ts";
import type { Sights } from "./sights.ts";

/** Where a rotation looks. */
export interface RotationSources {
  readonly servers: readonly RotatedServer[];
  readonly record: RecordStore;
  published(signal: AbortSignal): Promise<Sights>;
  pods(signal: AbortSignal): Promise<readonly PodTokens[]>;
  legacy(signal: AbortSignal): Promise<readonly LegacyToken[]>;
  readonly times: RotationTimes;
  /** Relying parties of the config: each has to verify a key before it signs. */
  readonly parties?: readonly RelyingPartyName[];
}

/** The result of one look. */
export interface RotationView {
  readonly facts: RotationFacts;
  readonly pods: readonly PodTokens[];
  readonly rules: TokenRules;
  /** Why an address family shows nothing: sentences. */
  readonly unpublished: readonly string[];
}

/** What any of the API servers may do: the longest of what they allow, and as the cluster's own what all of them take. */
function rulesOf(looks: readonly ServerLook[]): TokenRules {
  const rules = looks.map((look) => look.rules);
  const [first] = rules;
  const maxima = rules.map(({ maximum }) => maximum ?? Infinity);
  const maximum = Math.max(...maxima);
  return {
    audiences: (first?.audiences ?? []).filter((audience) =>
      rules.every(({ audiences }) => audiences.includes(audience)),
    ),
    maximum: Number.isFinite(maximum) ? maximum : undefined,
    extend: rules.some(({ extend }) => extend),
  };
}

// `rotate status` and a run that waits write the same record.
const attempts = 5;

/** The record after this look, written on the condition that no other process has written in between. */
async function remembered(
  store: RecordStore,
  facts: Omit<RotationFacts, "record">,
  signal: AbortSignal,
): Promise<RotationRecord> {
  for (let attempt = 1; ; attempt += 1) {
    const record = await store.read(signal);
    const seen = observe({ ...facts, record });
    if (JSON.stringify(seen) === JSON.stringify(record)) return record;
    try {
      await store.keep(seen, signal);
      return seen;
    } catch (error) {
      const lost = error instanceof PodtrustError && error.code === "rotation-elsewhere";
      if (!lost || attempt === attempts) throw error;
    }
  }
}

/**
 * Looks at every API server at its own address, at what is published, and at the tokens in use; records what
 * was seen. A server that cannot be read is part of it.
 */
export async function lookAt(
  sources: RotationSources,
  now: number,
  signal: AbortSignal,
): Promise<RotationView> {
  const looks: ServerLook[] = [];
  const unanswered: { name: string; why: string }[] = [];
  const asked = sources.servers.map(async (server) => {
    try {
      looks.push(await server.look(signal));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PodtrustError)) throw error;
      unanswered.push({ name: server.name, why: errorText(error) });
    }
  });
  const [{ seen, failures }, pods, legacy] = await Promise.all([
    sources.published(signal),
    sources.pods(signal),
    sources.legacy(signal),
    ...asked,
  ]);
  const order = sources.servers.map(({ name }) => name);
  looks.sort((a, b) => order.indexOf(a.keys.name) - order.indexOf(b.keys.name));
  const rules = rulesOf(looks);
  const facts: Omit<RotationFacts, "record"> = {
    now,
    servers: looks.map(({ keys }) => keys),
    unanswered,
    published: seen,
    times: sources.times,
    lives: tokenLives(pods, rules),
    legacy,
    ...defined({ parties: sources.parties }),
  };
  const record = await remembered(sources.record, facts, signal);
  return { facts: { ...facts, record }, pods, rules, unpublished: failures };
}
