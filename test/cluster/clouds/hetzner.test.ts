/** The stand-in for the Hetzner Cloud API, driven by Hetzner's own Go client. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startStandInHetzner } from "../../../src/sandbox/index.ts";
import { leftOut } from "../harness/index.ts";
import { askHetzner, type HetznerScript, hetznerScripts } from "./hetzner-scripts.ts";
import { failedSteps } from "./probe.ts";

/** How many steps each script has, so that none is lost on the way. */
const steps: Readonly<Record<HetznerScript, number>> = {
  story: 19,
  catalogue: 25,
  keys: 46,
  firewalls: 49,
  addresses: 31,
  servers: 52,
  zones: 39,
  forms: 4,
  limits: 4,
  mischief: 10,
};

describe("hcloud-go against the stand-in for the Hetzner Cloud API", { skip: leftOut() }, () => {
  for (const script of Object.keys(hetznerScripts) as HetznerScript[]) {
    test(`goes through every step of its script "${script}"`, async () => {
      const seen = await askHetzner(script, startStandInHetzner, "patient");
      assert.deepEqual(failedSteps(seen), []);
      assert.equal(seen.length, steps[script]);
    });
  }

  for (const seed of [1, 2, 3, 4, 5, 6]) {
    test(`gets through 429, 409, 502 and 504 by its own retries (seed ${seed})`, async () => {
      const kinds = ["rate-limit", "conflict", "bad-gateway", "timeout"] as const;
      const seen = await askHetzner("story", startStandInHetzner, "patient", {
        mischief: { rate: 0.2, seed, kinds },
      });
      assert.deepEqual(failedSteps(seen), []);
    });
  }

  test("goes through its story with each documented form of an answer", async () => {
    const variants = { freeAssigneeType: "server", invalidInputDetails: false } as const;
    assert.deepEqual(
      failedSteps(await askHetzner("story", startStandInHetzner, "patient", { variants })),
      [],
    );
  });
});
