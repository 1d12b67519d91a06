import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type HetznerWorld, hetznerWorld, machineConfig, nothing } from "../support/hetzner-world.ts";
import { refused } from "./refused.ts";

/** How many requests the project saw while something was done. */
async function requestsOf(world: HetznerWorld, work: () => Promise<void>): Promise<number> {
  const before = Number((await world.headers())["ratelimit-remaining"]);
  await work();
  return before - Number((await world.headers())["ratelimit-remaining"]) - 1;
}

describe("a token for Hetzner", () => {
  const wrong: [string, Record<string, string>, string, RegExp][] = [
    ["that is not there", { HCLOUD_TOKEN: "" }, "hetzner-token-missing", /HCLOUD_TOKEN is not set/u],
    ["of 63 characters", { HCLOUD_TOKEN: "a".repeat(63) }, "hetzner-token-malformed", /has 63 characters/u],
    ["of 65 characters", { HCLOUD_TOKEN: "a".repeat(65) }, "hetzner-token-malformed", /has 65 characters/u],
    [
      "of other characters",
      { HCLOUD_TOKEN: `${"a".repeat(63)}-` },
      "hetzner-token-malformed",
      /other characters/u,
    ],
  ];
  for (const [what, env, code, words] of wrong) {
    test(`${what} is refused before anything is asked`, async (t) => {
      const world = await hetznerWorld(t);
      const asked = await requestsOf(world, () =>
        refused(world, ["plan"], [code, words], { ...world.env, ...env }),
      );
      assert.equal(asked, 0);
    });
  }

  test("that Hetzner does not know is refused with its correlation id", async (t) => {
    const world = await hetznerWorld(t);
    const env = { ...world.env, HCLOUD_TOKEN: "b".repeat(64) };
    await refused(
      world,
      ["plan"],
      ["hetzner-token-refused", /unauthorized, correlation id [0-9a-f]+\)/u],
      env,
    );
  });

  test("is read from a file where the config names one, and the file's name is said, not its content", async (t) => {
    const world = await hetznerWorld(t);
    await writeFile(join(world.folder, "h.token"), `${world.hetzner.tokens.readWrite}\n`);
    await world.config(machineConfig("tokenFile: h.token"));
    const env = { ...world.env, HCLOUD_TOKEN: "" };
    const { code, out } = await world.podtrust(["plan"], { env });
    assert.deepEqual([code, /as the token of \S+h\.token$/mu.test(out)], [0, true], out);
    await writeFile(join(world.folder, "h.token"), "x".repeat(70));
    await refused(world, ["plan"], ["hetzner-token-malformed", /h\.token holds is no Hetzner token/u], env);
    await world.config(machineConfig("tokenFile: absent.token"));
    await refused(world, ["plan"], ["file-unreadable", /absent\.token/u], env);
  });

  for (const readOnlyRefusal of ["forbidden", "token_readonly"] as const) {
    test(`that may only read lets plan work, and up says why not (${readOnlyRefusal})`, async (t) => {
      const world = await hetznerWorld(t, { variants: { readOnlyRefusal } });
      const env = { ...world.env, HCLOUD_TOKEN: world.hetzner.tokens.readOnly };
      const plan = await world.podtrust(["plan"], { env });
      assert.deepEqual([plan.code, /5 to create/u.test(plan.out)], [0, true]);
      await refused(
        world,
        ["up", "--yes"],
        ["hetzner-token-readonly", /creating firewall prod: the token may only read/u],
        env,
      );
      assert.deepEqual(world.contents(), nothing);
    });
  }
});
