import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { podtrustChild } from "../support/cli.ts";
import { hetznerWorld, nothing } from "../support/hetzner-world.ts";

test("a run at Hetzner that is killed at a write is finished by the next, and so is the way down", async (t) => {
  for (const n of [1, 5]) {
    const delays = { action: 20, firewall: 20, release: 20 };
    const world = await hetznerWorld(t, { clock: systemClock, delays });
    const killedAt = async (args: readonly string[]): Promise<number> => {
      let writes = 0;
      const { code } = await podtrustChild([...args, "--only", "machine"], {
        cwd: world.folder,
        env: world.env,
        onStart(kill) {
          world.onWrite = () => {
            writes += 1;
            if (writes === n) kill("SIGKILL");
          };
        },
      });
      assert.equal(code, null, "it was killed");
      world.onWrite = () => {};
      return writes;
    };
    assert.ok((await killedAt(["up", "--yes"])) >= n);
    const host = { clock: systemClock };
    const up = await world.podtrust(["up", "--yes"], host);
    assert.equal(up.code, 0, `${n}: ${up.out}${up.err}`);
    const { sshKeys, firewalls, primaryIps, servers } = world.contents();
    assert.deepEqual(
      [sshKeys, firewalls, primaryIps, servers].map(({ length }) => length),
      [1, 1, 2, 1],
    );
    assert.ok((await killedAt(["down", "--confirm", "prod"])) >= n);
    const down = await world.podtrust(["down", "--confirm", "prod"], host);
    assert.equal(down.code, 0, `${n}: ${down.out}${down.err}`);
    assert.deepEqual(world.contents(), nothing);
  }
});
