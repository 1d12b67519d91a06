/** Each rule of the stand-in for the Hetzner Cloud API is held by hcloud-go: broken, a step of the probe fails. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type * as sandbox from "../../../src/sandbox/hetzner/index.ts";
import { faultsOf } from "../../support/planted-faults/list.ts";
import { withFault } from "../../support/planted-faults/loader.ts";
import { leftOut } from "../harness/index.ts";
import { askHetzner, type HetznerScript } from "./hetzner-scripts.ts";

/** How many there are at the least, so that none is lost on the way. */
const atLeast = 340;
const faults = faultsOf(`${import.meta.dirname}/faults/hetzner*.yaml`);

describe(
  "a fault planted in the stand-in for the Hetzner Cloud API",
  { skip: leftOut(), concurrency: 2 },
  () => {
    test("is there for each rule, whose names are different within a script", () => {
      assert.ok(faults.length >= atLeast);
      const names = faults.map(({ script, rule }) => `${script}: ${rule}`);
      assert.equal(
        new Set(names).size,
        names.length,
        names.filter((name, at) => names.indexOf(name) < at).join(),
      );
    });

    for (const fault of faults) {
      test(`against the rule "${fault.rule}" is found by hcloud-go`, async () => {
        const { startStandInHetzner } = await withFault<typeof sandbox>("hetzner/index.ts", fault);
        const steps = await askHetzner(fault.script as HetznerScript, startStandInHetzner, "quick");
        const failed = steps.filter(({ error }) => error !== undefined).map(({ step }) => step);
        // A stand-in that does nothing any more would prove nothing.
        assert.ok(failed.length < steps.length, "every step failed");
        assert.ok(failed.includes(fault.step), `failed: ${failed.join("; ") || "nothing"}`);
      });
    }
  },
);
