import { defined, errorText, PodtrustError } from "../../core/base/index.ts";
import { tokenLives, type TokenRules } from "../../rules/tokens/index.ts";
import type { ServerLook } from "./rotated-server.ts";
import { remembered, type LookedRotation } from "./remember.ts";
import type { RotationSources, RotationView } from "./sources.ts";

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

/**
 * Looks at every API server at its own address, at what is published, and at the tokens in use; records what
 * was seen. A server that cannot be read is part of it. `otherwise`: the time where no server tells its own.
 */
export async function lookAt(
  sources: RotationSources,
  otherwise: number,
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
  const around: LookedRotation = {
    servers: looks.map(({ keys }) => keys),
    unanswered,
    published: seen,
    times: sources.times,
    lives: tokenLives(pods, rules),
    legacy,
    ...defined({ parties: sources.parties, untried: sources.untried }),
  };
  const units = looks.flatMap(({ note }) => note ?? []);
  const { record, now, notes } = await remembered(sources, around, { otherwise, signal });
  return {
    facts: { ...around, now, record },
    pods,
    rules,
    unpublished: failures,
    notes: [...notes, ...units],
  };
}
