import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type HetznerWorld, hetznerWorld, machineConfig, nothing } from "../support/hetzner-world.ts";
import { refused } from "./refused.ts";

describe("what cannot be bought", () => {
  const cases: [string, (world: HetznerWorld) => Promise<void> | void, string, RegExp][] = [
    [
      "a type that is sold out in the location",
      (world) => world.hetzner.sellOut("cax11@nbg1"),
      "hetzner-sold-out",
      /sold out there for now[^]*fsn1, hel1/u,
    ],
    [
      "a type that is sold out everywhere",
      (world) => world.hetzner.sellOut("cax11"),
      "hetzner-sold-out",
      /can be had nowhere now/u,
    ],
    [
      "a type that is not offered in the location",
      (world) => world.config(machineConfig().replace("nbg1", "ash")),
      "hetzner-sold-out",
      /not offered there/u,
    ],
    [
      "a type that was retired",
      (world) => world.config(machineConfig().replace("cax11", "cx11")),
      "hetzner-sold-out",
      /no longer sold there/u,
    ],
    [
      "a type that is none",
      (world) => world.config(machineConfig().replace("cax11", "cax13")),
      "hetzner-unknown",
      /Did you mean cax11/u,
    ],
    [
      "a type that is none, and is like none,",
      (world) => world.config(machineConfig().replace("cax11", "m5.large")),
      "hetzner-unknown",
      /Choose one of cpx11, cpx12, cpx22, cax11, cax21, cx23\./u,
    ],
    [
      "a location that is none",
      (world) => world.config(machineConfig().replace("nbg1", "nbg2")),
      "hetzner-unknown",
      /Did you mean nbg1/u,
    ],
    [
      "an image that is none",
      (world) => world.config(machineConfig("image: ubuntu-24.10")),
      "hetzner-unknown",
      /Did you mean ubuntu-24\.04/u,
    ],
  ];
  for (const [what, prepare, code, words] of cases) {
    test(`${what} is refused by plan and up alike, before anything is made`, async (t) => {
      const world = await hetznerWorld(t);
      await prepare(world);
      await refused(world, ["plan"], [code, words]);
      await refused(world, ["up", "--yes"], [code, words]);
      assert.deepEqual(world.contents(), nothing);
    });
  }

  for (const [what, from, to] of [
    ["type", "cax11", "cax13"],
    ["location", "nbg1", "nbg2"],
  ] as const) {
    test(`an unknown ${what} has no price, not that of the address alone`, async (t) => {
      const world = await hetznerWorld(t);
      assert.match((await world.podtrust(["plan"])).out, /Costs [\d.]+ EUR a month/u);
      await world.config(machineConfig().replace(from, to));
      const { out } = await world.podtrust(["plan"]);
      assert.doesNotMatch(out, /Costs|EUR/u);
    });
  }

  test("capacity that vanishes between plan and creation leaves the rest standing for the next run", async (t) => {
    const world = await hetznerWorld(t);
    world.hetzner.misbehave({ what: "sold-out", method: "POST", path: "servers" });
    await refused(world, ["up", "--yes"], ["hetzner-sold-out", /creating server prod/u]);
    assert.equal(world.contents().primaryIps.length, 2);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
  });

  test("a deprecated image is a warning", async (t) => {
    const world = await hetznerWorld(t);
    await world.config(machineConfig("image: ubuntu-22.04"));
    const { code, err } = await world.podtrust(["plan"]);
    assert.deepEqual([code, /ubuntu-22\.04 is deprecated since 2026-09-01/u.test(err)], [0, true], err);
  });
});
