/**
 * Each rule of the stand-in for the Hetzner Cloud API is held by hcloud-go: broken, a step of the probe fails.
 * One of five is planted in the gate, and each of them nightly.
 */
import { describe, test } from "node:test";
import type * as sandbox from "../../../src/sandbox/hetzner/hetzner.ts";
import { assertFound, assertListed } from "../../support/planted-faults/judge.ts";
import { faultsOf } from "../../support/planted-faults/list.ts";
import { withFault } from "../../support/planted-faults/loader.ts";
import { casesOf } from "../../support/runs.ts";
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
      assertListed(faults, atLeast);
    });

    for (const fault of casesOf(faults, 5)) {
      test(`against the rule "${fault.rule}" is found by hcloud-go`, async () => {
        const { openHetzner } = await withFault<typeof sandbox>("hetzner/hetzner.ts", fault);
        const steps = await askHetzner(fault.script as HetznerScript, openHetzner, "quick");
        assertFound(fault, steps);
      });
    }
  },
);
