import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import { TestClock } from "../../../test/support/clock.ts";
import { MemoryRecord } from "../../../test/support/memory-record.ts";
import type { ControlPlaneServer } from "../servers/index.ts";
import type { Working } from "./change-server.ts";
import { findStopped, putBackStopped, type StoppedContext } from "./stopped.ts";

const old = "https://old.example.com";
const noOne = (): PodtrustError => new PodtrustError("cluster-unreachable", "no answer");

/** A server that answers from some time on, and what is kept of it. */
class FakeServer {
  readonly calls: string[] = [];
  readonly #name: string;
  readonly #clock: TestClock;
  answersAt: number;
  /** Undefined where nothing is kept. */
  isBack: boolean | undefined = false;
  accepts = true;

  constructor(name: string, clock: TestClock, answersAt: number) {
    this.#name = name;
    this.#clock = clock;
    this.answersAt = answersAt;
  }

  as(): ControlPlaneServer {
    const once = async <T>(value: T): Promise<T> => {
      if (this.#clock.elapsed() < this.answersAt) throw noOne();
      return value;
    };
    const files = {
      previous: async () => (this.isBack === undefined ? undefined : { isBegun: false, isBack: this.isBack }),
      putBack: async () => {
        this.calls.push("put back");
        this.isBack = true;
        this.answersAt = 0;
        return { issuers: [old] };
      },
      endPutBack: async () => void this.calls.push("forgotten"),
    };
    const flags = { issuers: [old], keyFiles: [] };
    const api = {
      name: this.#name,
      whatRuns: () => once({ starts: flags, runs: { kind: "seen", flags } }),
      discovery: () => once({ issuer: old, jwksUri: "" }),
      mint: () => once("token"),
      accepts: () => once(this.accepts),
    };
    return { api, files, record: new MemoryRecord(() => 0) } as unknown as ControlPlaneServer;
  }
}

const working: Working = { began: () => {}, waiting: () => {}, restarted: () => {}, notice: () => {} };

function world(firstAnswersAt: number): {
  readonly first: FakeServer;
  readonly second: FakeServer;
  readonly context: StoppedContext;
  /** Looks for those that are stopped, however long that takes. */
  readonly find: () => Promise<readonly ControlPlaneServer[]>;
} {
  const clock = new TestClock();
  const first = new FakeServer("cp-1", clock, firstAnswersAt);
  const second = new FakeServer("cp-2", clock, 0);
  const servers = [first.as(), second.as()];
  const context = { config: { issuer: "" }, servers, clock, signal: new AbortController().signal };
  const find = async (): Promise<readonly ControlPlaneServer[]> => {
    const found = findStopped(context, working);
    await clock.advance(120_000);
    return found;
  };
  return { first, second, context, find };
}

describe("an API server that does not start since podtrust changed its files", () => {
  test("is found when it says nothing for a minute, and its files alone are put back", async () => {
    const { first, second, context, find } = world(Number.POSITIVE_INFINITY);
    const found = await find();
    assert.deepEqual(
      found.map(({ api }) => api.name),
      ["cp-1"],
    );
    assert.deepEqual(await putBackStopped(context, found, working), ["cp-1"]);
    assert.deepEqual([first.calls, second.calls], [["put back", "forgotten"], []]);
  });

  test("is none that restarts, nor one of which nothing is kept, or whose files are those of before", async () => {
    assert.deepEqual(await world(40_000).find(), []);
    for (const isBack of [undefined, true]) {
      const { first, find } = world(Number.POSITIVE_INFINITY);
      first.isBack = isBack;
      assert.deepEqual(await find(), []);
    }
  });

  test("is reported if another then refuses its tokens", async () => {
    const { second, context, find } = world(Number.POSITIVE_INFINITY);
    const found = await find();
    second.accepts = false;
    await assert.rejects(putBackStopped(context, found, working), { code: "adoption-token-refused" });
  });
});
