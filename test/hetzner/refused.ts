import assert from "node:assert/strict";
import type { HetznerWorld } from "../support/hetzner-world.ts";

/** Runs a command, and makes sure that it ended with this code and these words, and that no token was said. */
export async function refused(
  world: HetznerWorld,
  args: readonly string[],
  [code, words]: readonly [string, RegExp],
  env: Record<string, string> = world.env,
): Promise<void> {
  const { code: ended, out, err } = await world.podtrust(args, { env });
  assert.equal(ended, 1, out + err);
  assert.ok(err.split("\n").includes(`code:  ${code}`), err);
  assert.match(err, words);
  assert.match(err, /^next: {2}\S/mu);
  const { HCLOUD_TOKEN: token = "" } = env;
  if (token !== "") assert.ok(!`${out}${err}`.includes(token), "a token is a secret");
}
