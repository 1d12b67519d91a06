/** The stand-in for Cloudflare's API, driven by Cloudflare's own Go client. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startStandInCloudflare } from "../../../src/sandbox/index.ts";
import { leftOut } from "../harness/index.ts";
import { askCloudflare, type CloudflareScript, cloudflareScripts } from "./cloudflare-scripts.ts";
import { failedSteps } from "./probe.ts";

/** How many steps each script has, so that none is lost on the way. */
const steps: Readonly<Record<CloudflareScript, number>> = {
  records: 85,
  forms: 5,
  quotas: 3,
  limits: 5,
  mischief: 6,
};

describe("cloudflare-go against the stand-in for Cloudflare's API", { skip: leftOut() }, () => {
  for (const script of Object.keys(cloudflareScripts) as CloudflareScript[]) {
    test(`goes through every step of its script "${script}"`, async () => {
      const seen = await askCloudflare(script, startStandInCloudflare);
      assert.deepEqual(failedSteps(seen), []);
      assert.equal(seen.length, steps[script]);
    });
  }

  for (const seed of [1, 2, 3]) {
    test(`gets through 429, 500 and 502 by its own retries (seed ${seed})`, async () => {
      const kinds = ["rate-limit", "bad-gateway", "server-error"] as const;
      const seen = await askCloudflare("records", startStandInCloudflare, {
        mischief: { rate: 0.2, seed, kinds },
      });
      assert.deepEqual(failedSteps(seen), []);
    });
  }
});
