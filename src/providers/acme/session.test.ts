import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { AcmeSession } from "./session.ts";

const hour = 3_600_000;

for (const [words, jump] of [
  ["stands still but for what passes", 0],
  ["jumps an hour back", -hour],
  ["jumps an hour forth", hour],
] as const) {
  test(`a CA's directory is read again after an hour, when the time of day ${words}`, async () => {
    let asked = 0;
    const server = createServer((_incoming, outgoing) => {
      asked += 1;
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const urls = { newNonce: `${base}/nonce`, newAccount: `${base}/account`, newOrder: `${base}/order` };
      outgoing.setHeader("content-type", "application/json");
      outgoing.end(JSON.stringify({ ...urls, revokeCert: `${base}/revoke`, keyChange: `${base}/key` }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const clock = new TestClock();
      const directory = `http://127.0.0.1:${(server.address() as AddressInfo).port}/directory`;
      const session = new AcmeSession({ directory, clock });
      await session.directory();
      clock.jump(jump);
      await clock.advance(hour - 1);
      await session.directory();
      assert.equal(asked, 1);
      await clock.advance(1);
      await session.directory();
      assert.equal(asked, 2);
    } finally {
      server.close();
    }
  });
}
