import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Observed, Resource } from "../rules/plan/index.ts";
import type { ObservedResources } from "./issuer-change.ts";
import { machineElsewhere } from "./machine-elsewhere.ts";

const absent: Observed = { exists: false };
const ours: Observed = { exists: true, state: {}, owner: { kind: "ours" } };
const thing = (kind: string, observed: Observed, more: Partial<Resource> = {}): ObservedResources[number] => [
  { id: kind, kind, ...more } as Resource,
  observed,
];
const issuers = (): readonly string[] => ["https://oidc.example.com"];
const provider = thing("oidc-provider", ours, { issuers });
const config = { stack: "prod", issuer: "https://oidc.example.com" };

const saidOf = async (...found: readonly ObservedResources[number][]): Promise<readonly string[]> => {
  const refusals = await machineElsewhere({ config, found, lookAtLeads: () => undefined });
  return refusals.map(({ message }) => message);
};

describe("a machine of which nothing is in the project of the token", () => {
  test("is missed where a provider of its issuer stands", async () => {
    assert.deepEqual(await saidOf(thing("server", absent), provider), [
      "nothing of the machine of stack prod is in the project of this token, and oidc-provider stands",
    ]);
  });

  test("is a new one where nothing stands that was made after it, and where its address does it was there", async () => {
    const credentials = thing("credentials", ours, { issuers, isRight: true });
    const pool = thing("pool", ours);
    const others = thing(
      "oidc-provider",
      { ...ours, owner: { kind: "untagged", looksLike: "somebody" } },
      { issuers },
    );
    assert.deepEqual(await saidOf(thing("server", absent), credentials, pool, others), []);
    assert.deepEqual(await saidOf(thing("server", absent), thing("primary-ip", ours), provider), []);
    assert.deepEqual(await saidOf(provider), []);
  });
});
