/** The attacks that silenced the webhook and the probes once, for six seconds each; `npm run test:attacks-nightly` has all of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiServer, listenerUnder, origins, withVictim } from "./listeners/trial.ts";
import { testListenersUnder } from "./listeners/under.ts";

testListenersUnder(
  [
    ["bodies that are announced and do not come", 17],
    ["half a request", 80],
    ["60,000 containers", 14],
    ["three megabytes for ServiceAccounts that are not there", 64],
  ],
  6,
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

for (const [from, addresses] of Object.entries(origins))
  test(`new ServiceAccounts have their role within the API server's five seconds, while ones of their namespace are invented from ${from}`, async () => {
    const attack = "ServiceAccounts that are not there";
    const trial = { attack, connections: 64, addresses, seconds: 8, timeoutSeconds: 5, areNew: true };
    const { failures } = await listenerUnder(trial);
    assert.deepEqual(failures, []);
  });
