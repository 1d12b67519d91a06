/** The stand-in for the Hetzner Cloud API, driven by Hetzner's own Go client. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type StandInHetznerOptions, startStandInHetzner } from "../../../src/sandbox/index.ts";
import { buildPrograms } from "../build.ts";
import { leftOut } from "../harness/index.ts";
import { failedSteps, type ProbeStep, runProbe } from "./probe.ts";

const quick = { action: 60, firewall: 120, release: 200 };

async function probe(options: StandInHetznerOptions): Promise<readonly ProbeStep[]> {
  const programs = await buildPrograms();
  const hetzner = await startStandInHetzner({ delays: quick, ...options });
  try {
    return await runProbe(programs["hcloud-go"], {
      HCLOUD_ENDPOINT: hetzner.url,
      HCLOUD_TOKEN: hetzner.tokens.readWrite,
      HCLOUD_READ_ONLY_TOKEN: hetzner.tokens.readOnly,
    });
  } finally {
    await hetzner.close();
  }
}

describe("hcloud-go against the stand-in for the Hetzner Cloud API", { skip: leftOut() }, () => {
  test("does all that a machine needs, and meets every refusal that it knows", async () => {
    const steps = await probe({ mischief: "off" });
    assert.deepEqual(failedSteps(steps), []);
    assert.equal(steps.length, 19);
    const seen = new Map(steps.map(({ step, seen: value }) => [step, value as Record<string, unknown>]));
    assert.equal(seen.get("a firewall's networks come back in canonical form")?.["sources"], "2001:db8::/64");
    assert.deepEqual(seen.get("a server is created, started and reached by firewall and addresses"), {
      first: "initializing",
      status: "running",
      ipv4: true,
      ipv6: true,
      password: false,
    });
    assert.deepEqual(seen.get("what is found by label is what was labelled"), { found: 1, others: 0 });
  });

  for (const seed of [1, 2, 3]) {
    test(`gets through 429, 409, 502 and 504 by its own retries (seed ${seed})`, async () => {
      const kinds = ["rate-limit", "conflict", "bad-gateway", "timeout"] as const;
      assert.deepEqual(failedSteps(await probe({ mischief: { rate: 0.2, seed, kinds } })), []);
    });
  }

  test("takes each documented form of an answer", async () => {
    const variants = {
      freeAssigneeType: "server",
      invalidInputDetails: false,
    } as const;
    assert.deepEqual(failedSteps(await probe({ mischief: "off", variants })), []);
  });

  test("sees the older refusal of a read-only token as the older code", async () => {
    const steps = await probe({ mischief: "off", variants: { readOnlyRefusal: "token_readonly" } });
    assert.equal(failedSteps(steps).length, 1);
    assert.match(failedSteps(steps)[0] ?? "", /token_readonly/u);
  });
});
