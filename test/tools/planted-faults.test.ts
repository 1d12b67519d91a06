/** Rules of the stand-in for Cloudflare's API that only the official SDK of npm sees: broken, a step of it fails. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type * as sandbox from "../../src/sandbox/cloudflare/index.ts";
import { startStandInCloudflare } from "../../src/sandbox/index.ts";
import { npmPackage } from "../support/npm-package.ts";
import { cloudflareSdkProbe } from "../support/planted-faults/cloudflare-sdk-probe.ts";
import { assertFound, type Step } from "../support/planted-faults/judge.ts";
import { faultsOf } from "../support/planted-faults/list.ts";
import { withFault } from "../support/planted-faults/loader.ts";

const sdk = npmPackage("cloudflare", "7.3.0");
const missing = await sdk.missing();
const faults = faultsOf(`${import.meta.dirname}/../cluster/clouds/faults/sdk.yaml`);
const zones = Array.from({ length: 60 }, (_, index) => ({
  name: index === 7 ? "example.com" : `z${index}.example`,
}));

async function ask(start: typeof startStandInCloudflare): Promise<readonly Step[]> {
  const cloudflare = await start({ mischief: "off", zones });
  try {
    const env = { CLOUDFLARE_BASE_URL: cloudflare.url, CLOUDFLARE_API_TOKEN: cloudflare.tokens.edit };
    const { out, err } = await sdk.run(cloudflareSdkProbe, env);
    assert.notEqual(out, "", err);
    return out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Step);
  } finally {
    await cloudflare.close();
  }
}

describe("a fault planted in the stand-in for Cloudflare's API", { skip: missing ?? false }, () => {
  test("is not there at first, and cloudflare of npm goes through every step", async () => {
    const steps = await ask(startStandInCloudflare);
    assert.deepEqual(
      steps.filter(({ error }) => error !== undefined),
      [],
    );
    assert.equal(steps.length, 11);
  });

  for (const fault of faults) {
    test(`against the rule "${fault.rule}" is found by cloudflare of npm`, async () => {
      const broken = await withFault<typeof sandbox>("cloudflare/index.ts", fault);
      const steps = await ask(broken.startStandInCloudflare);
      assertFound(fault, steps);
    });
  }
});
