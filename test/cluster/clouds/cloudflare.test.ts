/** The stand-in for Cloudflare's API, driven by Cloudflare's own Go client. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type StandInCloudflareOptions, startStandInCloudflare } from "../../../src/sandbox/index.ts";
import { buildPrograms } from "../build.ts";
import { leftOut } from "../harness/index.ts";
import { failedSteps, type ProbeStep, runProbe } from "./probe.ts";

async function probe(options: StandInCloudflareOptions): Promise<readonly ProbeStep[]> {
  const programs = await buildPrograms();
  const cloudflare = await startStandInCloudflare(options);
  try {
    return await runProbe(programs["cloudflare-go"], {
      CLOUDFLARE_BASE_URL: cloudflare.url,
      CLOUDFLARE_API_TOKEN: cloudflare.tokens.edit,
      CLOUDFLARE_READ_TOKEN: cloudflare.tokens.read,
    });
  } finally {
    await cloudflare.close();
  }
}

describe("cloudflare-go against the stand-in for Cloudflare's API", { skip: leftOut() }, () => {
  test("finds the zone, keeps records in it, and meets every refusal that it knows", async () => {
    const steps = await probe({ mischief: "off" });
    assert.deepEqual(failedSteps(steps), []);
    assert.equal(steps.length, 17);
    const seen = new Map(steps.map(({ step, seen: value }) => [step, value]));
    assert.deepEqual(seen.get("A and AAAA records are made, IPv6 in its shortest form"), {
      name: "oidc.example.com",
      content: "2001:db8::1",
      ttl: 60,
      comment: "podtrust stack=prod",
    });
    assert.deepEqual(seen.get("records are listed by name, type and comment"), {
      byName: 2,
      byType: 1,
      total: 3,
    });
  });

  for (const seed of [1, 2, 3]) {
    test(`gets through 429, 500 and 502 by its own retries (seed ${seed})`, async () => {
      const kinds = ["rate-limit", "bad-gateway", "server-error"] as const;
      assert.deepEqual(failedSteps(await probe({ mischief: { rate: 0.2, seed, kinds } })), []);
    });
  }

  test("sees faults of a record behind 1004 where the API says them so", async () => {
    const steps = await probe({ mischief: "off", variants: { validationErrors: "chained" } });
    const failed = failedSteps(steps);
    assert.equal(failed.length, 4);
    for (const line of failed) assert.match(line, /DNS Validation Error \(1004\)/u);
  });
});
