/** A machine that was saved once is there again in seconds, any number of times. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { leftOut, ssh } from "../harness/index.ts";
import { bootedMachine, saveMachine } from "../saved.ts";

const skip = leftOut();

describe("a machine from saved memory", { skip }, () => {
  test("two from the same memory run beside each other, on disks of their own, with the right time", async (context: TestContext) => {
    await saveMachine();
    const start = performance.now();
    const one = await bootedMachine(context);
    context.diagnostic(
      `a login ${((performance.now() - start) / 1000).toFixed(1)} s after the restoring began`,
    );
    const other = await bootedMachine(context);
    const script = "sudo touch /written; systemctl is-system-running; date +%s";
    const { stdout } = await ssh(one.run, one.access, script);
    const [state, time] = stdout.trim().split("\n");
    assert.ok(state === "running" || state === "degraded", `systemd is ${state}`);
    assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 30, `its clock says ${time}`);
    assert.equal((await ssh(other.run, other.access, "test ! -e /written")).code, 0);
    assert.notEqual(one.access.port, other.access.port);
  });
});
