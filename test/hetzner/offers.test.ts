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

  /** A config with lists. */
  const several = (types: string, locations: string): string =>
    machineConfig()
      .replace("type: cax11", `type: ${types}`)
      .replace("location: nbg1", `location: ${locations}`);
  const bought = (world: HetznerWorld): readonly string[] => {
    const { servers, primaryIps } = world.contents();
    return [
      ...servers.map(({ server_type, location }) => `${server_type.name} in ${location.name}`),
      ...primaryIps.map(({ location }) => location.name),
    ];
  };
  const nextChoices: [string, readonly string[], string, string, readonly string[]][] = [
    ["another location", ["cax11@nbg1"], "cax11", "[nbg1, hel1]", ["cax11 in hel1", "hel1", "hel1"]],
    ["another type", ["cax11"], "[cax11, cax21]", "nbg1", ["cax21 in nbg1", "nbg1", "nbg1"]],
    [
      "the first type elsewhere before the second",
      ["cax11@nbg1"],
      "[cax11, cax21]",
      "[nbg1, fsn1]",
      ["cax11 in fsn1", "fsn1", "fsn1"],
    ],
    [
      "both of another kind",
      ["cax11", "cax21@nbg1"],
      "[cax11, cax21]",
      "[nbg1, hel1]",
      ["cax21 in hel1", "hel1", "hel1"],
    ],
  ];
  for (const [what, soldOut, types, locations, expected] of nextChoices) {
    test(`where the first is sold out the config's list gives ${what}, and the next run finds nothing to do`, async (t) => {
      const world = await hetznerWorld(t);
      await world.config(several(types, locations));
      for (const one of soldOut) world.hetzner.sellOut(one);
      const up = await world.podtrust(["up", "--yes"]);
      assert.equal(up.code, 0, up.err);
      assert.deepEqual(bought(world), expected);
      assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
    });
  }

  test("what was bought stands in OpenTofu's file of what exists, not what comes first in the lists", async (t) => {
    const world = await hetznerWorld(t);
    await world.config(several("[cax11, cax21]", "[nbg1, hel1]"));
    for (const one of ["cax11", "cax21@nbg1"]) world.hetzner.sellOut(one);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const { code, out, err } = await world.podtrust(["export", "opentofu", "--import"]);
    assert.equal(code, 0, err);
    assert.deepEqual(
      out.match(/(?:server_type|location) += "\w+"/gu)?.map((line) => line.replaceAll(/ +/gu, " ")),
      ['location = "hel1"', 'location = "hel1"', 'server_type = "cax21"', 'location = "hel1"'],
    );
  });

  test("a list of which nothing can be had is refused by its first", async (t) => {
    const world = await hetznerWorld(t);
    await world.config(several("[cax11, cax21]", "[nbg1, hel1]"));
    for (const one of ["cax11", "cax21"]) world.hetzner.sellOut(one);
    await refused(world, ["up", "--yes"], ["hetzner-sold-out", /server type cax11 in nbg1/u]);
    assert.deepEqual(world.contents(), nothing);
  });

  test("addresses that stand keep the machine in their location, by another type of the list", async (t) => {
    const world = await hetznerWorld(t);
    world.hetzner.misbehave({ what: "sold-out", method: "POST", path: "servers" });
    await refused(world, ["up", "--yes"], ["hetzner-sold-out", /creating server prod/u]);
    world.hetzner.sellOut("cax11@nbg1");
    await world.config(several("[cax11, cax21]", "[hel1, nbg1]"));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    assert.deepEqual(bought(world), ["cax21 in nbg1", "nbg1", "nbg1"]);
  });

  test("an unknown name further down a list of locations is refused before anything is made", async (t) => {
    const world = await hetznerWorld(t);
    await world.config(several("cax11", "[nbg1, nbg2]"));
    await refused(world, ["up", "--yes"], ["hetzner-unknown", /location nbg2/u]);
  });

  test("a type that is refused at its creation, whatever the list said, gives way to the next one", async (t) => {
    const world = await hetznerWorld(t);
    await world.config(several("[cax11, cx23]", "nbg1"));
    world.hetzner.misbehave({ what: "sold-out", method: "POST", path: "servers" });
    const up = await world.podtrust(["up", "--yes"]);
    assert.equal(up.code, 0, up.err);
    assert.deepEqual(bought(world), ["cx23 in nbg1", "nbg1", "nbg1"]);
    assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
  });

  test("a server that stands stays what it is while the config has it anywhere in its lists", async (t) => {
    const world = await hetznerWorld(t);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    await world.config(several("[cax21, cax11]", "[hel1, nbg1]"));
    assert.match((await world.podtrust(["plan", "--check"])).out, /Nothing to do/u);
    await world.config(several("[cax21, cx23]", "[hel1, nbg1]"));
    await refused(world, ["plan"], ["machine-replace", /type cax11 → cax21/u]);
  });

  test("a deprecated image is a warning", async (t) => {
    const world = await hetznerWorld(t);
    await world.config(machineConfig("image: ubuntu-22.04"));
    const { code, err } = await world.podtrust(["plan"]);
    assert.deepEqual([code, /ubuntu-22\.04 is deprecated since 2026-09-01/u.test(err)], [0, true], err);
  });
});
