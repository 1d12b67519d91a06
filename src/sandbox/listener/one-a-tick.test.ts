import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, test } from "node:test";
import type { Exchange } from "../../core/listener/index.ts";
import { closeListener, openListener } from "./index.ts";
import { OneATick } from "./one-a-tick.ts";

const exchange = (): { over: AbortController; exchange: Exchange } => {
  const over = new AbortController();
  return { over, exchange: { over: over.signal } as Exchange };
};
const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the turns of requests", () => {
  test("come one in a turn of the event loop, in the order of the requests", async () => {
    const queue = new OneATick();
    const begun: number[] = [];
    for (let number = 0; number < 5; number += 1) queue.take(exchange().exchange, () => begun.push(number));
    assert.deepEqual(begun, []);
    for (let done = 1; done <= 5; done += 1) {
      await turnOfLoop();
      assert.deepEqual(
        begun,
        Array.from({ length: done }, (_, number) => number),
      );
    }
  });

  test("are none for a client that has gone, and the next one has its own", async () => {
    const queue = new OneATick();
    const begun: string[] = [];
    const gone = exchange();
    queue.take(gone.exchange, () => begun.push("gone"));
    queue.take(exchange().exchange, () => begun.push("there"));
    gone.over.abort();
    await turnOfLoop();
    await turnOfLoop();
    assert.deepEqual(begun, ["there"]);
  });

  test("go on for thousands that never let the queue be empty", async () => {
    const queue = new OneATick();
    let begun = 0;
    for (let number = 0; number < 3000; number += 1) {
      queue.take(exchange().exchange, () => {
        begun += 1;
        // As a client that asks again as soon as it has its answer.
        if (begun <= 3000) queue.take(exchange().exchange, () => (begun += 1));
      });
    }
    for (let turn = 0; turn < 6000; turn += 1) await turnOfLoop();
    assert.equal(begun, 6000);
  });

  test("let new connections in while others are busy without a pause", async (t) => {
    const sockets: Socket[] = [];
    let answered = 0;
    const counted = { connections: 0 };
    const listener = await openListener({
      address: "127.0.0.1",
      port: 0,
      onConnection: () => (counted.connections += 1),
      onExchange({ outgoing }) {
        answered += 1;
        outgoing.end("x");
      },
    });
    t.after(async () => {
      for (const socket of sockets) socket.destroy();
      await closeListener(listener);
    });
    const open = async (): Promise<void> => {
      const socket = connect(listener.port, "127.0.0.1");
      sockets.push(socket);
      const ask = (): void => void socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      socket.on("data", ask);
      await once(socket, "connect");
      ask();
    };
    await Promise.all(Array.from({ length: 50 }, open));
    while (counted.connections < 50) await turnOfLoop();
    const before = answered;
    const late = Array.from({ length: 50 }, open);
    while (counted.connections < 100) await turnOfLoop();
    // Fifty busy ones come round about once for each that is accepted, where they do all their work in each turn.
    assert.ok(answered - before < 500, `${answered - before} answers before fifty connections were accepted`);
    await Promise.all(late);
  });
});
