import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { cloudflareDns } from "../../src/providers/cloudflare/index.ts";
import { type DnsZone, recordResource } from "../../src/rules/dns/index.ts";
import { applyPlan, type Observed, type Plan, planOf, type Resource } from "../../src/rules/plan/index.ts";
import { startStandInCloudflare } from "../../src/sandbox/index.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { stackOwner } from "../support/stack-owner.ts";

const account = '0 issue "ca.example; accounturi=https://ca.example/1; validationmethods=http-01"';

/** Something that says, once it is made, what the records are made of. */
function publisher(says: { made: boolean; text: string }): Resource<string> {
  return {
    id: "host/prod/accounts",
    kind: "publisher",
    names: [],
    link: "discovery",
    dependsOn: [],
    read: (): Promise<Observed<string>> =>
      Promise.resolve(
        says.made ? { exists: true, state: says.text, owner: { kind: "ours" } } : { exists: false },
      ),
    fingerprint: (text) => text,
    outputs: (text) => ({ authorities: text }),
    diff: ({ exists }) => ({ kind: exists ? "none" : "create", fields: [] }),
    apply() {
      says.made = true;
      return Promise.resolve();
    },
    delete: () => Promise.reject(new Error("not asked for")),
  };
}

async function world(t: TestContext, text: string) {
  const api = await startStandInCloudflare({ mischief: "off" });
  t.after(() => api.close());
  const clock = new SwiftClock();
  const { signal } = new AbortController();
  const provider = cloudflareDns({
    access: { baseUrl: api.url, token: api.tokens.edit },
    ...stackOwner(),
    clock,
  });
  const zone: DnsZone = await provider.zoneOf("example.com", signal);
  const says = { made: false, text };
  const record = recordResource(
    { provider, zone: () => Promise.resolve(zone) },
    {
      name: "oidc.example.com",
      type: "CAA",
      ttl: 60,
      values: {
        from: { after: "host/prod/accounts", name: "authorities" },
        make: (list) => JSON.parse(list) as string[],
      },
    },
  );
  const plan = (): Promise<Plan> => planOf({ desired: [publisher(says), record] }, signal);
  const changeOf = async () => (await plan()).changes.find(({ resource }) => resource === record);
  return { api, says, plan, changeOf };
}

describe("records that are made of what another resource says", () => {
  test("are shown as known after it, made once it says so, compared by their parts, and changed with it", async (t) => {
    const { api, says, plan, changeOf } = await world(t, JSON.stringify([account]));
    assert.deepEqual((await changeOf())?.fields[0]?.after, { knownAfter: "host/prod/accounts" });
    const outcome = await applyPlan(await plan());
    assert.deepEqual([outcome.failed, outcome.done.length], [[], 2]);
    assert.deepEqual(
      api.records("example.com").map((one) => (one as { data: object }).data),
      [
        {
          flags: 0,
          tag: "issue",
          value: "ca.example; accounturi=https://ca.example/1; validationmethods=http-01",
        },
      ],
    );
    says.text = JSON.stringify([
      '0 issue "CA.example;validationmethods=http-01 ;accounturi=https://ca.example/1"',
    ]);
    assert.equal((await changeOf())?.kind, "none", "spaces and order mean nothing");
    says.text = JSON.stringify([account, account.replace("/1", "/2")]);
    assert.equal((await changeOf())?.kind, "update");
    assert.deepEqual((await applyPlan(await plan())).failed, []);
    assert.equal(api.records("example.com").length, 2);
    assert.equal((await changeOf())?.kind, "none");
  });

  test("are left as they are while it says nothing", async (t) => {
    const { api, says, plan, changeOf } = await world(t, "[]");
    const outcome = await applyPlan(await plan());
    assert.deepEqual(outcome.failed, []);
    assert.deepEqual(api.records("example.com"), []);
    assert.equal((await changeOf())?.kind, "none");
    says.text = JSON.stringify([account]);
    await applyPlan(await plan());
    says.text = "[]";
    assert.equal((await changeOf())?.kind, "none");
    assert.equal(api.records("example.com").length, 1);
  });
});
