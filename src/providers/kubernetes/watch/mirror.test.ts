/** A watch that is silent: the server is asked before anything is listed anew. On real API servers: test/cluster/operator/mirror.test.ts. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import { PodtrustError } from "../../../core/base/index.ts";
import { rememberingLogger } from "../../../../test/support/remembering-logger.ts";
import { settle, TestClock } from "../../../../test/support/clock.ts";
import type { KubernetesApi } from "../api.ts";
import { Mirror } from "./mirror.ts";

const minute = 60_000;

const noAnswer = new PodtrustError("cluster-unreachable", "it did not answer in time", {
  detail: { reason: "timeout" },
});

/** An API server of one kind, which sends nothing by itself after what is there. */
function quietServer(clock = new TestClock()) {
  const bookmark = { "k8s.io/initial-events-end": "true" };
  const state = {
    version: "20",
    /** Thrown where a list is asked for. */
    fault: undefined as Error | undefined,
    watches: [] as PassThrough[],
    /** Milliseconds of each watch, as asked for. */
    agreed: [] as number[],
    asked: [] as string[],
    answersWhole: true,
  };
  let last = 0;
  const says = (type: string, metadata: object): void => {
    last = clock.elapsed();
    state.watches.at(-1)?.write(`${JSON.stringify({ type, object: { metadata } })}\n`);
  };
  const api: Pick<KubernetesApi, "server" | "follow"> = {
    server: "https://api.example",
    follow(path, { signal, silenceMs }, consume) {
      const query = new URLSearchParams(path.split("?")[1]);
      if (query.get("watch") === null) {
        state.asked.push(query.get("limit") ?? "all");
        if (state.fault !== undefined) return Promise.reject(state.fault);
        const list = { metadata: { resourceVersion: state.version }, items: [] };
        return consume(PassThrough.from([Buffer.from(JSON.stringify(list))]));
      }
      const body = new PassThrough();
      state.watches.push(body);
      state.agreed.push(Number(query.get("timeoutSeconds")) * 1000);
      signal?.addEventListener("abort", () => body.destroy(noAnswer));
      // As core/http ends what is silent.
      const listen = async (): Promise<void> => {
        while (clock.elapsed() - last < silenceMs)
          await clock.sleep(silenceMs + last - clock.elapsed(), signal);
        body.destroy(noAnswer);
      };
      void listen().catch(() => {});
      says("ADDED", { name: "a", namespace: "shop", resourceVersion: "7" });
      if (state.answersWhole) says("BOOKMARK", { resourceVersion: state.version, annotations: bookmark });
      return consume(body);
    },
  };
  return { api, state, says, clock };
}

/** A mirror of that server, on a clock that the test moves. */
async function followed(t: TestContext, server: ReturnType<typeof quietServer>) {
  const { clock } = server;
  const [logger, over] = [rememberingLogger(), new AbortController()];
  const mirror = new Mirror({
    api: server.api,
    kind: "ServiceAccount",
    keep: () => "kept",
    indexes: {},
    clock,
    logger,
  });
  const running = mirror.run(over.signal);
  t.after(async () => {
    over.abort();
    await running;
  });
  await settle();
  return { clock, logger, mirror };
}

describe("a watch that is silent", () => {
  test("a kind of which nothing is heard for five minutes was listed once, and is not failing", async (t) => {
    const server = quietServer();
    const { clock, logger, mirror } = await followed(t, server);
    await clock.advance(5 * minute - 1);
    assert.deepEqual(
      [mirror.status.lists, mirror.status.failing, server.state.watches.length],
      [1, undefined, 1],
    );
    assert.deepEqual(server.state.asked, ["1", "1"], "one object was asked for, each 100 s");
    server.says("ADDED", { name: "b", namespace: "shop", resourceVersion: "21" });
    await settle();
    assert.deepEqual([mirror.get("shop/b"), logger.lines], ["kept", []]);
  });

  test("a server that is heard is asked nothing", async (t) => {
    const server = quietServer();
    const { clock } = await followed(t, server);
    for (let at = 0; at < 4; at += 1) {
      await clock.advance(minute);
      server.says("BOOKMARK", { resourceVersion: "20" });
      await settle();
    }
    assert.deepEqual(server.state.asked, []);
  });

  test("a server that does not answer when it is asked is dead after its first silence", async (t) => {
    const server = quietServer();
    const { clock, logger, mirror } = await followed(t, server);
    server.state.fault = noAnswer;
    await clock.advance(100_000);
    assert.deepEqual([mirror.status.failing?.code, mirror.get("shop/a")], ["cluster-unreachable", "kept"]);
    assert.match(logger.lines.join("\n"), /^warn follow serviceaccounts: it did not answer in time/u);
    await clock.advance(minute);
    assert.deepEqual([mirror.status.failing, mirror.status.lists], [undefined, 2], "and found again");
  });

  test("a server that has too much to do when it is asked keeps its watch", async (t) => {
    const server = quietServer();
    const { clock, mirror } = await followed(t, server);
    server.state.fault = new PodtrustError("cluster-not-ready", "429", { detail: { status: 429 } });
    await clock.advance(250_000);
    assert.deepEqual(
      [mirror.status.lists, mirror.status.failing, server.state.asked.length],
      [1, undefined, 2],
    );
  });

  for (const [version, lists] of [
    ["19", 2],
    ["9", 2],
    ["20", 1],
    ["100", 1],
    ["none", 1],
  ] as const)
    test(`a server that is at version ${version} while its watch is at 20 is listed ${lists === 1 ? "no second time" : "anew"}`, async (t) => {
      const server = quietServer();
      const { clock, mirror } = await followed(t, server);
      server.state.version = version;
      await clock.advance(102_000);
      assert.equal(mirror.status.lists, lists);
    });

  test("a watch whose connection is lost while other servers answer is begun anew soon after its agreed time", async (t) => {
    const server = quietServer();
    const { clock, mirror } = await followed(t, server);
    // It is drawn, from five minutes to ten.
    const [agreed = 0] = server.state.agreed;
    await clock.advance(agreed + 150_000);
    assert.equal(mirror.status.lists, 2);
    assert.equal(server.state.watches[0]?.destroyed, true);
  });

  test("a list that stops in its middle is begun anew, whether or not the server answers", async (t) => {
    const server = quietServer();
    server.state.answersWhole = false;
    const { clock, mirror } = await followed(t, server);
    await clock.advance(100_000);
    assert.deepEqual([mirror.synced, mirror.status.failing?.code], [false, "cluster-not-ready"]);
    server.state.answersWhole = true;
    await clock.advance(minute);
    assert.deepEqual([mirror.synced, mirror.status.lists, server.state.asked], [true, 1, []]);
  });
});
