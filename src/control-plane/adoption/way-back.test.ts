import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryRecord } from "../../../test/support/memory-record.ts";
import type { TheftProgress } from "../../rules/rotation/index.ts";
import { recordServers, TheftsRecord } from "../record/index.ts";
import type { ControlPlaneServer } from "../servers/index.ts";
import { waysBack } from "./way-back.ts";

const { signal } = new AbortController();
const begun: TheftProgress = { stolen: "old", way: "at-once", fresh: "new", tainted: [], servers: {} };

function serverOf(name: string): ControlPlaneServer {
  const previous = async () => ({ isBegun: false, isBack: false });
  return {
    api: { name },
    files: { previous },
    record: new MemoryRecord(() => 1000),
  } as unknown as ControlPlaneServer;
}

describe("what stood on a server before the answer to a theft", () => {
  const servers = [serverOf("cp-1"), serverOf("cp-2")];
  const thefts = new TheftsRecord(recordServers(servers));
  const back = async (): Promise<readonly string[]> =>
    (await waysBack(servers, signal)).flatMap(({ server, previous }) =>
      previous === undefined ? [] : [server.api.name],
    );

  test("is a way back until that server's proof, and never after it: it has the stolen key", async () => {
    await thefts.keep(begun, signal);
    assert.deepEqual(await back(), ["cp-1", "cp-2"]);
    await thefts.keep({ ...begun, servers: { "cp-1": "tokens" } }, signal);
    assert.deepEqual(await back(), ["cp-2"]);
  });

  test("is what a later change kept, once the answer is at its end and what it kept is gone", async () => {
    await thefts.keep({ ...begun, servers: { "cp-1": "tokens", "cp-2": "tokens" }, endedAt: 1000 }, signal);
    assert.deepEqual(await back(), ["cp-1", "cp-2"]);
  });
});
