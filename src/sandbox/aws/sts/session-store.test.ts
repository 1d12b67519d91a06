import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyAccount } from "../state/account.ts";
import { SessionStore } from "./session-store.ts";

test("sessions without end leave the last twenty thousand, so that memory has a bound", () => {
  const account = emptyAccount("111122223333");
  const sessions = new SessionStore(account);
  const asked = {
    duration: 3600,
    of: { kind: "admin" } as const,
    policies: [],
    tags: [],
    transitiveTagKeys: [],
  };
  const first = sessions.issue(0, asked);
  const second = sessions.issue(0, asked);
  for (let count = 2; count < 20_000; count += 1) sessions.issue(0, asked);
  assert.ok(account.sessions.has(first.accessKeyId));
  const last = sessions.issue(0, asked);
  assert.equal(account.sessions.size, 20_000);
  assert.deepEqual(
    [first, second, last].map(({ accessKeyId }) => account.sessions.has(accessKeyId)),
    [false, true, true],
  );
});
