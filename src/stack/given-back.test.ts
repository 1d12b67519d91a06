import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Config } from "../config/index.ts";
import type { Plan } from "../rules/plan/index.ts";
import { leftBehind } from "./given-back.ts";

const plan = {
  changes: [{ kind: "delete", resource: { kind: "primary-ip", id: "hetzner/primary-ip/prod-ipv4" } }],
} as unknown as Plan;

const warningOf = async (config: object): Promise<string> => {
  const { warnings } = await leftBehind(plan, {
    config: { dns: { addresses: ["192.0.2.7"] }, ...config } as unknown as Config,
    lookAtLeads: () => undefined,
    leave: [],
  });
  return warnings.join();
};

describe("addresses that are given back while podtrust does not manage the records", () => {
  test("are reported with the name that may lead there", async () => {
    const warning = await warningOf({ issuer: "https://oidc.example.com" });
    assert.match(warning, /is given back: if oidc\.example\.com leads there/u);
  });

  test("are reported without a name where the stack never had one", async () => {
    const named = { zone: "example.com", isPlaceholder: true };
    const warning = await warningOf({ issuer: "https://name.example.com", named });
    assert.match(warning, /is given back: if the issuer's name leads there/u);
  });
});
