/** The attacks that silenced the webhook and the probes once, for two seconds each; `npm run test:attacks-nightly` has all of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiServer, withVictim } from "./listeners/trial.ts";
import { testListenersUnder } from "./listeners/under.ts";

testListenersUnder(
  [
    ["bodies that are announced and do not come", 17],
    ["half a request", 80],
  ],
  2,
);

test("four hundred reviews at once of one API server are all answered", async () => {
  await withVictim(async (at) => {
    const server = apiServer(at, 60);
    const asked = await Promise.allSettled(Array.from({ length: 400 }, () => server.ask()));
    server.close();
    assert.deepEqual(
      asked.filter(({ status }) => status === "rejected"),
      [],
    );
  });
});
