import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rememberingLogger } from "../../../test/support/remembering-logger.ts";
import { settle, TestClock } from "../../../test/support/clock.ts";
import { serviceManager } from "./notify.ts";

interface Managed {
  readonly said: string[];
  readonly clock: TestClock;
  readonly lines: readonly string[];
  readonly manager: ReturnType<typeof serviceManager>;
}

function managed(env: Record<string, string>, fails = false): Managed {
  const [said, clock, logger] = [[] as string[], new TestClock(), rememberingLogger()];
  const send = (assignments: readonly string[]): Promise<void> => {
    said.push(assignments.join(" "));
    return fails ? Promise.reject(new Error("no such socket")) : Promise.resolve();
  };
  const manager = serviceManager({ env, pid: 7, clock, logger, send });
  return { said, clock, lines: logger.lines, manager };
}

const socket = { NOTIFY_SOCKET: "/run/systemd/notify" };

describe("what systemd is notified of", () => {
  test("a process without NOTIFY_SOCKET says nothing", async () => {
    const { manager, said, clock } = managed({ WATCHDOG_USEC: "1000000" });
    manager.ready("listening");
    manager.status("published");
    await clock.advance(5000);
    await manager.ending();
    assert.deepEqual(said, []);
  });

  test("ready, status and ending are sent in order", async () => {
    const { manager, said } = managed(socket);
    manager.ready("listening");
    manager.status("every stack is published");
    await manager.ending();
    assert.deepEqual(said, ["READY=1 STATUS=listening", "STATUS=every stack is published", "STOPPING=1"]);
  });

  test("the watchdog is fed twice in its time, from ready until the end begins", async () => {
    const { manager, said, clock } = managed({ ...socket, WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" });
    await clock.advance(60_000);
    assert.deepEqual(said, []);
    manager.ready("listening");
    await clock.advance(89_000);
    assert.deepEqual(said.slice(1), ["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
    await manager.ending();
    await clock.advance(90_000);
    assert.deepEqual(said.slice(4), ["STOPPING=1"]);
  });

  test("a watchdog of another process, and one of no time, is not fed", async () => {
    for (const change of [{ WATCHDOG_PID: "8" }, { WATCHDOG_USEC: "0" }, { WATCHDOG_USEC: "soon" }]) {
      const { manager, said, clock } = managed({ ...socket, WATCHDOG_USEC: "60000000", ...change });
      manager.ready("listening");
      await clock.advance(120_000);
      assert.deepEqual(said, ["READY=1 STATUS=listening"], JSON.stringify(change));
    }
  });

  test("a manager that cannot be notified is logged once, and ends nothing", async () => {
    const { manager, lines } = managed(socket, true);
    manager.ready("listening");
    manager.status("published");
    await manager.ending();
    await settle();
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /systemd could not be notified.*no such socket/u);
  });
});
