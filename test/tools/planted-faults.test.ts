/**
 * Rules of the stand-ins for clouds, broken, so that a step of a client of npm or PyPI fails: those of Cloudflare's that
 * only the official SDK sees, and those of Hetzner's that hcloud sees as hcloud-go does.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type * as cloudflareSandbox from "../../src/sandbox/cloudflare/cloudflare.ts";
import type * as hetznerSandbox from "../../src/sandbox/hetzner/hetzner.ts";
import { startStandInCloudflare, startStandInHetzner } from "../../src/sandbox/index.ts";
import { npmPackage } from "../support/npm-package.ts";
import { cloudflareSdkProbe } from "../support/planted-faults/cloudflare-sdk-probe.ts";
import { type HcloudProbe, startHcloudProbe } from "../support/planted-faults/hcloud-probe.ts";
import { assertFound, type Step } from "../support/planted-faults/judge.ts";
import { faultsOf } from "../support/planted-faults/list.ts";
import { withFault } from "../support/planted-faults/loader.ts";
import { pythonVenv } from "../support/python-venv.ts";
import { nobodysKey } from "../support/ssh-public-key.ts";

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
      const broken = await withFault<typeof cloudflareSandbox>("cloudflare/cloudflare.ts", fault);
      const steps = await ask(broken.openCloudflare);
      assertFound(fault, steps);
    });
  }
});

const hcloud = pythonVenv("hcloud", "2.27.0");
const noHcloud = await hcloud.missing();
const seenByHcloud = faultsOf(`${import.meta.dirname}/../cluster/clouds/faults/hetzner*.yaml`).flatMap(
  (fault) => (fault.hcloud === undefined ? [] : [{ ...fault, step: fault.hcloud }]),
);

describe("a fault planted in the stand-in for the Hetzner Cloud API", { skip: noHcloud ?? false }, () => {
  let probe: HcloudProbe;
  before(() => {
    probe = startHcloudProbe(hcloud);
  });
  after(() => probe.close());

  async function askHetzner(start: typeof startStandInHetzner): Promise<readonly Step[]> {
    const delays = { action: 20, firewall: 40, release: 80 };
    const hetzner = await start({ mischief: "off", delays, zones: [{ name: "example.com" }] });
    try {
      const { url, tokens } = hetzner;
      return await probe.ask({
        endpoint: url,
        token: tokens.readWrite,
        readOnly: tokens.readOnly,
        key: nobodysKey,
      });
    } finally {
      await hetzner.close();
    }
  }

  test("is not there at first, and hcloud of PyPI goes through every step", async () => {
    const steps = await askHetzner(startStandInHetzner);
    assert.deepEqual(
      steps.filter(({ error }) => error !== undefined),
      [],
    );
    assert.equal(steps.length, 22);
    assert.ok(seenByHcloud.length >= 40);
  });

  for (const fault of seenByHcloud) {
    test(`against the rule "${fault.rule}" of ${fault.script} is found by hcloud of PyPI`, async () => {
      const broken = await withFault<typeof hetznerSandbox>("hetzner/hetzner.ts", fault);
      assertFound(fault, await askHetzner(broken.openHetzner));
    });
  }
});
