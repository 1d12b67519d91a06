import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { SwiftClock } from "../../../test/support/swift-clock.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { awaitActions } from "./actions.ts";
import { HetznerApi } from "./client.ts";
import type { Action } from "./shapes.ts";

type Answer = (asked: URL) => object;

/** A client of an API with the given answers, and the requests that came. */
async function apiOf(
  t: TestContext,
  answer: Answer,
): Promise<{ api: HetznerApi; asked: URL[]; clock: SwiftClock }> {
  const asked: URL[] = [];
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", "http://stub.invalid");
    asked.push(url);
    outgoing.writeHead(200, { "content-type": "application/json" });
    outgoing.end(JSON.stringify(answer(url)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const clock = new SwiftClock();
  const api = new HetznerApi({ endpoint: `http://127.0.0.1:${port}/v1`, token: "t".repeat(64), clock });
  return { api, asked, clock };
}

const running = (id: number): Action => ({ id, command: "create_server", status: "running", progress: 0 });
const idsOf = (url: URL): readonly number[] => url.searchParams.getAll("id").map(Number);

const work = (said: string[] = []): Parameters<typeof awaitActions>[3] => ({
  signal: new AbortController().signal,
  waiting: (reason) => said.push(reason),
});
const wait = { what: "server prod", within: 60_000 };

async function failure(promise: Promise<unknown>): Promise<PodtrustError> {
  const thrown: unknown = await promise.then(
    () => assert.fail("it was no failure"),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof PodtrustError, String(thrown));
  return thrown;
}

describe("actions of Hetzner's", () => {
  test("are asked for in batches of 25, and only as long as they run", async (t) => {
    let polls = 0;
    const { api, asked } = await apiOf(t, (url) => {
      polls += 1;
      return {
        actions: idsOf(url).map((id) => ({
          ...running(id),
          status: id > 10 || polls > 4 ? "success" : "running",
        })),
      };
    });
    const all = Array.from({ length: 60 }, (_, index) => running(index + 1));
    await awaitActions(api, all, wait, work());
    assert.deepEqual(
      asked.slice(0, 4).map((url) => idsOf(url).length),
      [25, 25, 10, 10],
    );
  });

  test("say how far they are while they are waited for", async (t) => {
    let progress = 0;
    const said: string[] = [];
    const { api } = await apiOf(t, () => {
      progress += 40;
      return { actions: [{ ...running(1), progress, status: progress > 100 ? "success" : "running" }] };
    });
    await awaitActions(api, [running(1)], wait, work(said));
    assert.deepEqual(said, ["create_server at 0 %", "create_server at 40 %", "create_server at 80 %"]);
  });

  test("that the API no longer knows have failed", async (t) => {
    const { api } = await apiOf(t, () => ({ actions: [{ ...running(2), status: "success" }] }));
    const error = await failure(awaitActions(api, [running(1), running(2)], wait, work()));
    assert.equal(error.code, "hetzner-action-failed");
    assert.match(error.message, /no longer knows it/u);
  });

  for (const [what, error, said] of [
    ["with code and words", { code: "placement_error", message: "no room" }, /no room \(placement_error\)/u],
    ["with an empty message", { code: "action_failed", message: "" }, /failed: \(action_failed\)/u],
    ["with nothing", null, /failed without a word why/u],
  ] as const) {
    test(`that end as an error ${what} have failed`, async (t) => {
      const { api } = await apiOf(t, () => ({ actions: [{ ...running(1), status: "error", error }] }));
      const thrown = await failure(awaitActions(api, [running(1)], wait, work()));
      assert.equal(thrown.code, "hetzner-action-failed");
      assert.match(thrown.message, said);
    });
  }

  test("that do not end are given up at the deadline", async (t) => {
    const { api, clock } = await apiOf(t, () => ({ actions: [running(1)] }));
    const start = clock.now();
    const error = await failure(awaitActions(api, [running(1)], wait, work()));
    assert.equal(error.code, "hetzner-too-slow");
    assert.match(error.message, /: create_server is not over; given up after 60 s$/u);
    assert.ok(clock.now() - start < 70_000);
  });
});

describe("lists of Hetzner's", () => {
  test("are walked by next_page, whatever else the answer says of its pages", async (t) => {
    const { api, asked } = await apiOf(t, (url) => {
      const page = Number(url.searchParams.get("page"));
      const next = page === 1 ? 3 : page === 3 ? 4 : null;
      return {
        servers: [{ id: page }],
        meta: { pagination: { page, next_page: next, last_page: null, total_entries: null } },
      };
    });
    const found = await api.list("servers", new AbortController().signal);
    assert.deepEqual([found.map((one) => one.id("id")), asked.length], [[1, 3, 4], 3]);
  });

  test("without meta have one page", async (t) => {
    const { api, asked } = await apiOf(t, () => ({ servers: [] }));
    await api.list("servers", new AbortController().signal);
    assert.equal(asked.length, 1);
  });
});
