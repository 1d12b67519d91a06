/** Issuers as they are in the field, with what is unlike Kubernetes' own documents and yet nothing to complain of. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfig } from "../../src/config/index.ts";
import { defined } from "../../src/core/base/index.ts";
import type { Reason } from "../../src/core/reasons/index.ts";
import { gatherChain, judgeChain } from "../../src/doctor/chain/index.ts";
import { reportOf } from "../../src/doctor/index.ts";
import { healthyShapes } from "./healthy-shapes.ts";
import { host, newWorld } from "./world.ts";

/** What says that a config of an issuer alone has nothing else to look at. */
const elsewhere: ReadonlySet<Reason> = new Set([
  "NotSeenFromOutside",
  "ClusterNotConfigured",
  "AwsNotConfigured",
  "NoServiceAccount",
]);

const [one, two] = ["192.0.2.1", "192.0.2.2"];

describe("a healthy issuer", () => {
  test("with two addresses and a zone that answers has no finding in any of ten looks at once", async () => {
    const world = await newWorld();
    world.timeoutMs = 5000;
    try {
      const records = { [`A ${host}`]: [one, two] };
      const caa = { "CAA example.test": ['0 issue "ca.example.org"'] };
      await world.dns({
        ...records,
        ...caa,
        "NS example.test": ["ns1.example.test"],
        "A ns1.example.test": ["192.0.2.53"],
      });
      await world.nameServer("192.0.2.53", records);
      await world.start({}, one);
      await world.start({}, two);
      const reports = await Promise.all(Array.from({ length: 10 }, () => world.examine()));
      for (const { findings } of reports) {
        // Ten at once may be too many for this machine: then that is said, and nothing of the issuer.
        const reasons = findings.map(({ reason }) => reason).filter((reason) => reason !== "LookDelayed");
        assert.deepEqual(reasons, ["NotSeenFromOutside"], JSON.stringify(findings));
      }
    } finally {
      await world.close();
    }
  });

  for (const [name, { serve, hasCurves }] of Object.entries(healthyShapes)) {
    test(`like ${name} has no finding, by its URL as by a config`, async () => {
      await using world = await newWorld();
      await serve(world);
      const { issuer, token, ...options } = world.options();
      const config = await parseConfig(`stack: prod\nissuer: ${issuer}\n`, "podtrust.yaml", {});
      const ofConfig = { ...options, config, env: {}, ...defined({ token: token?.text }) };
      // That the machine of the tests is busy is no fault of an issuer.
      const reports = [
        reportOf({ ...(await world.look()), lateMs: 0 }),
        judgeChain({ ...(await gatherChain(ofConfig)), lateMs: 0 }),
      ];
      for (const { findings, relyingParties } of reports) {
        const told = findings.filter(({ reason }) => !elsewhere.has(reason));
        assert.deepEqual(told, [], JSON.stringify(told));
        const problems = relyingParties.flatMap((party) => party.problems);
        if (!hasCurves) assert.deepEqual(problems, [], "Google and Azure take its documents");
      }
    });
  }
});
