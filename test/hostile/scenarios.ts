import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defined } from "../../src/core/base/index.ts";
import { parseConnectTo, request } from "../../src/core/http/index.ts";
import type { ServedStack } from "../support/publisher-process.ts";
import type { Target } from "./attacks/attack.ts";
import { attacks } from "./attacks/index.ts";
import { hostOfLie, startLyingApiServers } from "./lying-api-server.ts";
import { caLies, startLyingCa, undecided } from "./lying-ca.ts";
import { observed, type Outcome, type TrialPlan, underAttack } from "./trial.ts";
import { type Beside, startVictim, type Victim } from "./victim.ts";

export type Effort = Pick<TrialPlan, "seconds" | "timeoutSeconds" | "rest" | "origin"> & {
  /** Runs podtrust; from its sources by default. */
  readonly command?: readonly string[];
};

/** Something that may happen to a publisher, tried on one of its own. */
export type Scenario = (effort: Effort) => Promise<Outcome>;

const planOf = ({ seconds, timeoutSeconds, rest, origin }: Effort, { jwks }: Victim): TrialPlan => ({
  seconds,
  origin,
  timeoutSeconds,
  rest,
  expected: jwks,
});

const commandOf = ({ command }: Effort): { command?: readonly string[] } => defined({ command });

function attack(name: string): Scenario {
  return async (effort) => {
    await using victim = await startVictim(commandOf(effort));
    return await underAttack(victim.publisher, name, victim.target, planOf(effort, victim));
  };
}

async function acmeStack(
  { folder, port, kubeconfig }: Beside,
  index: number,
  ca: { readonly directoryUrl: string; readonly tlsCa: string },
): Promise<ServedStack> {
  const caFile = join(folder, `ca-${index}.pem`);
  await writeFile(caFile, ca.tlsCa);
  const acme = { directory: ca.directoryUrl, caFile, challenge: "tls-alpn-01", email: "ops@example.com" };
  const https = { listen: [`127.0.0.1:${port}`], acme };
  return { stack: `acme-${index}`, issuer: `https://${hostOfLie(index)}`, kubeconfig, https };
}

/** Validators' connections while a challenge stands, since its CA does not decide. */
function attackOnChallenge(name: string): Scenario {
  return async (effort) => {
    const cas: (() => Promise<void>)[] = [];
    try {
      await using victim = await startVictim({
        ...commandOf(effort),
        challenged: hostOfLie(0),
        async beside(beside) {
          const ca = await startLyingCa(undecided, beside.port);
          cas.push(() => ca.close());
          return [await acmeStack(beside, 0, ca)];
        },
      });
      return await underAttack(victim.publisher, name, victim.target, planOf(effort, victim));
    } finally {
      for (const close of cas) await close();
    }
  };
}

/** The JWK Set of an issuer. */
async function publishedBy({ port, root, jwksPath }: Target, host: string): Promise<string> {
  const connectTo = [parseConnectTo(`:443:127.0.0.1:${port}`)];
  return (await request(`https://${host}${jwksPath}`, { ca: root, connectTo })).body.toString();
}

const lyingApiServers: Scenario = async (effort) => {
  await using servers = await startLyingApiServers();
  const issuers = [...servers.issuers.values()];
  await using victim = await startVictim({
    ...commandOf(effort),
    names: issuers.map(({ host }) => host),
    beside: async ({ https }) =>
      issuers.map(({ host, kubeconfig }, index) => ({
        stack: `lie-${index}`,
        issuer: `https://${host}`,
        kubeconfig,
        https,
      })),
  });
  const outcome = await observed(victim.publisher, victim.target, planOf(effort, victim), async (seconds) => {
    await sleep(seconds * 1000);
    return { liars: servers.lied.size, lies: [...servers.lied.values()].reduce((a, b) => a + b, 0) };
  });
  // Whatever was said afterwards, what was true at first is still published.
  const changed: string[] = [];
  for (const [lie, { host, jwks }] of servers.issuers)
    if ((await publishedBy(victim.target, host)) !== jwks) changed.push(`${lie}: other keys are published`);
  return { ...outcome, failures: [...outcome.failures, ...changed] };
};

const lyingCas: Scenario = async (effort) => {
  const cas: (() => Promise<void>)[] = [];
  try {
    await using victim = await startVictim({
      ...commandOf(effort),
      beside: (beside) =>
        Promise.all(
          Object.values(caLies).map(async (fault, index) => {
            const ca = await startLyingCa(fault, beside.port);
            cas.push(() => ca.close());
            return acmeStack(beside, index, ca);
          }),
        ),
    });
    return await observed(victim.publisher, victim.target, planOf(effort, victim), async (seconds) => {
      await sleep(seconds * 1000);
      const refused = victim.publisher.log().match(/"no new certificate this time/gu)?.length ?? 0;
      return { cas: cas.length, refused };
    });
  } finally {
    for (const close of cas) await close();
  }
};

const onChallenge = new Set(["acme-tls/1 connections that stay"]);

/** Everything that is tried, by what a report calls it. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  ...Object.fromEntries(
    Object.keys(attacks).map((name) => [
      name,
      onChallenge.has(name) ? attackOnChallenge(name) : attack(name),
    ]),
  ),
  "API servers that lie": lyingApiServers,
  "CAs that lie": lyingCas,
};
