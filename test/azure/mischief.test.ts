/** Resource Manager and Graph as they are on a bad day: podtrust comes up and goes down in one run each. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { array, assert as holds, asyncProperty, jsonValue, oneof, record, string } from "fast-check";
import { recordOf } from "../../src/core/base/index.ts";
import type { Fate } from "../support/azure-relay.ts";
import { runs } from "../support/runs.ts";
import { type AzureStackWorld, azureStackWorld } from "./stack-world.ts";

const places = [
  /^GET identities$/u,
  /^GET \S+\/credentials$/u,
  /^PUT identities\/web$/u,
  /^PUT \S+\/credentials\//u,
  /^POST /u,
  /^DELETE \S+\/credentials\//u,
  /^DELETE identities\/web$/u,
];

describe("an Azure that misbehaves", () => {
  let world: AzureStackWorld;
  before(async () => {
    world = await azureStackWorld();
  });
  beforeEach(async () => {
    await world.reset({ applications: [{ name: "site" }] });
    const site = `- {application: ${world.clientId("site")}, serviceAccounts: [shop/web]}\n`;
    await world.config(`- {name: web, serviceAccounts: [shop/web, shop/db]}\n${site}`);
  });
  after(() => world.close());

  /** Gives the first two calls of each kind this fate. */
  function misbehave(fate: Fate): void {
    const left = new Map(places.map((at) => [at, 2]));
    world.relay.onCall = (call) => {
      const at = places.find((one) => one.test(call));
      // A read is not refused for what others do.
      if (at === undefined || (fate === "conflict" && call.startsWith("GET "))) return "answered";
      const times = left.get(at) ?? 0;
      left.set(at, times - 1);
      return times > 0 ? fate : "answered";
    };
  }

  for (const fate of ["conflict", "late-503", "lost", "reset", "throttled", "unavailable"] as const)
    test(`with ${fate} at each kind of call comes up and goes down in one run`, async () => {
      misbehave(fate);
      await world.must(["up", "--yes"]);
      assert.deepEqual(await world.planned(), []);
      misbehave(fate);
      await world.must(["down", "--yes"]);
      assert.deepEqual(await world.standing(), []);
    });

  test("that answers nothing for ever is given up, with its next step", async () => {
    for (const [fate, code] of [
      ["unavailable", "azure-unavailable"],
      ["throttled", "azure-throttled"],
      ["reset", "azure-unreachable"],
    ] as const) {
      world.relay.onCall = () => fate;
      const { code: exit, err } = await world.podtrust(["plan"]);
      assert.equal(exit, 1, err);
      assert.match(err, new RegExp(`^code: {2}${code}$`, "mu"));
    }
  });

  test("that answers another form than the documented one is told so", async () => {
    for (const value of [[{}], [{ name: "../x" }], "none"]) {
      const answer = { value };
      world.relay.onCall = () => "answered";
      world.relay.answer = (call) => (call === "GET identities" ? answer : undefined);
      const { err } = await world.podtrust(["plan"]);
      assert.match(err, /^code: {2}azure-answer-invalid$/mu, JSON.stringify(value));
    }
  });

  test("that answers whatever JSON is planned or told so, and nothing is written", async () => {
    const credential = record(
      { name: string(), properties: jsonValue(), subject: jsonValue(), audiences: jsonValue() },
      { requiredKeys: [] },
    );
    const answers = oneof(jsonValue(), record({ value: array(oneof(credential, jsonValue())) }));
    await holds(
      asyncProperty(answers, answers, async (identities, credentials) => {
        world.relay.calls.splice(0);
        world.relay.answer = (call) => {
          if (call === "GET identities") return recordOf(identities);
          return call.endsWith("/credentials") ? recordOf(credentials) : undefined;
        };
        const { code, err } = await world.podtrust(["plan"]);
        if (code !== 0) assert.match(err, /^code: {2}azure-answer-invalid$/mu);
        assert.ok(world.relay.calls.every((call) => call.startsWith("GET ")));
      }),
      { numRuns: runs(30) },
    );
  });

  test("whose pages have no end, or lead elsewhere, is asked no more than is bounded, and nobody else is", async () => {
    const nextLink = "https://attacker.example.com/steal?$skiptoken=1";
    world.relay.answer = (call) => (call === "GET identities" ? { value: [], nextLink } : undefined);
    const { err } = await world.podtrust(["plan"]);
    assert.match(err, /the pages of the list have no end/u);
    assert.equal(world.relay.calls.length, 2);
  });
});
