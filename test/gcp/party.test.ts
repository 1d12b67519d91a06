/** What every relying party is promised, at a stand-in for Google: a pool, its provider, and members of a service account. */
import assert from "node:assert/strict";
import { type PartyDrift, type PartyWorld, testParty } from "../support/party-suite.ts";
import { membersIn } from "../support/google-model.ts";
import type { Shown } from "../support/stack-world.ts";
import { email, principal } from "./google-world.ts";
import { configWith, googleStackWorld } from "./stack-world.ts";

/** The mark of an earlier podtrust. */
const former = "podtrust stack=prod format=1";

async function partyWorld(): Promise<PartyWorld> {
  const world = await googleStackWorld();
  const { google } = world;
  const { iam } = google;
  const fields = (): Record<string, unknown> => iam.provider("prod", "prod")?.fields ?? {};
  const field = (what: string, name: string, value: unknown): PartyDrift => ({
    what,
    change: () => {
      fields()[name] = value;
      return Promise.resolve();
    },
  });
  const oidc = (what: string, more: object): PartyDrift => ({
    what,
    change: () => {
      fields()["oidc"] = { ...(fields()["oidc"] as object), ...more };
      return Promise.resolve();
    },
  });
  return {
    podtrust: (args, host = {}) => world.podtrustOn(host, args),
    async must(args) {
      const { code, out, err } = await world.podtrust(...args);
      assert.equal(code, 0, `${args.join(" ")}\n${out}${err}`);
      return out + err;
    },
    async json(args) {
      const { code, out } = await world.podtrust(...args, "--json");
      return { code, result: JSON.parse(out) as Shown };
    },
    planned: (...args) => world.planned(...args),
    // What is deleted keeps its id, and lets in nobody.
    standing: () =>
      Promise.resolve(
        structuredClone([
          ...[...iam.pools]
            .filter(([, { state }]) => state === "ACTIVE")
            .map(([id, pool]) => [
              id,
              pool.fields,
              [...pool.providers]
                .filter(([, { state }]) => state === "ACTIVE")
                .map(([name, one]) => [name, one.fields]),
            ]),
          membersIn(iam.policies.get(email) ?? {}),
        ]),
      ),
    async reset() {
      iam.pools.clear();
      iam.policies.clear();
      iam.addAccount(email);
      google.calls.length = 0;
      await world.config(configWith());
    },
    calls: google.calls,
    isWrite: (call) => !call.startsWith("GET ") && !call.includes(":getIamPolicy"),
    watch: (fate) => (google.onCall = fate),
    child: (args) => ({ args, cwd: world.folder, env: world.env }),
    drifts: [
      field("another condition", "attributeCondition", "true"),
      field("another mapping", "attributeMapping", { "google.subject": "assertion.sub + 'x'" }),
      {
        ...oidc("another issuer", { issuerUri: "https://other.example.com" }),
        allowing: "--allow-replace",
      },
      oidc("an audience more", { allowedAudiences: ["more"] }),
      oidc("no keys", { jwksJson: "" }),
      {
        what: "a member more",
        change: () => {
          const members = [principal(), principal("system:serviceaccount:shop:thief")];
          const bindings = [{ role: "roles/iam.workloadIdentityUser", members }];
          iam.setPolicy(email, { bindings });
          return Promise.resolve();
        },
      },
      {
        what: "no member",
        change: () => {
          iam.setPolicy(email, { bindings: [] });
          return Promise.resolve();
        },
      },
    ],
    unmark() {
      const pool = iam.pools.get("prod");
      for (const one of [pool?.fields, fields()]) if (one !== undefined) one["description"] = former;
      return Promise.resolve();
    },
    close: () => world.close(),
  };
}

testParty({ name: "what a config's Google Cloud holds", calls: { up: 10, down: 8 }, open: partyWorld });
