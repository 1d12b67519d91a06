import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { systemClock } from "../../core/base/index.ts";
import type { ApplyEvent, Change } from "../../rules/plan/index.ts";
import type { CommandContext } from "../context.ts";
import { reportApplying } from "./applying.ts";

const changeOf = (id: string): Change => ({ resource: { id }, kind: "create" }) as unknown as Change;
const [server, address] = [changeOf("server"), changeOf("address")];

/** What a screen saw of some events: waits with how they ended, and lines. */
function reported(...events: ApplyEvent[]): readonly string[] {
  const said: string[] = [];
  const progress: CommandContext["progress"] = {
    line: () => void said.push("line"),
    wait({ what, reason }) {
      said.push(`wait ${what}: ${reason}`);
      return {
        update: () => {},
        done: () => void said.push(`end ${what}`),
        failed: () => void said.push(`failed ${what}`),
      };
    },
  };
  const report = reportApplying({ progress, clock: systemClock } as CommandContext);
  for (const event of events) report(event);
  return said;
}

const waiting = (change: Change, reason: string): ApplyEvent => ({
  type: "waiting",
  change,
  reason,
  deadline: 1,
});

describe("waits while a plan is applied", () => {
  test("end with the change that was waited for", () => {
    const said = reported(waiting(server, "starting"), { type: "done", change: server });
    assert.deepEqual(said, ["wait server: starting", "end server", "line"]);
  });

  test("are shown one at a time, and the next one when the first is over", () => {
    const said = reported(
      waiting(server, "starting"),
      waiting(address, "in use"),
      waiting(address, "still in use"),
      { type: "done", change: server },
      { type: "done", change: address },
    );
    assert.deepEqual(said, [
      "wait server: starting",
      "end server",
      "wait address: still in use",
      "line",
      "end address",
      "line",
    ]);
  });

  test("of a change that failed end as failed, and that of another goes on", () => {
    const error = new Error("no") as unknown as Extract<ApplyEvent, { type: "failed" }>["error"];
    const said = reported(
      waiting(server, "starting"),
      waiting(address, "in use"),
      { type: "failed", change: address, error },
      { type: "done", change: server },
    );
    assert.deepEqual(said, ["wait server: starting", "line", "end server", "line"]);
  });
});
