import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined, PodtrustError } from "../../core/base/index.ts";
import type { ServerStep } from "../../rules/adoption/index.ts";
import type { KeptFacts } from "../../rules/distribution/index.ts";
import { TestClock } from "../../../test/support/clock.ts";
import type { FlagChange, ControlPlaneServer } from "../servers/index.ts";
import { type ChangeContext, changeServer, checkTokens, type Working } from "./change-server.ts";

const [old, ours] = ["https://kubernetes.default.svc", "https://oidc.example.com"];
const jwksUri = `${ours}/openid/v1/jwks`;

/** A server that runs with what its files have, as soon as they are written, and takes what its issuers sign. */
class FakeServer {
  issuers: readonly string[] = [old, ours];
  readonly written: (readonly string[] | "restored")[] = [];
  /** What its files keep when they go back. */
  kept: KeptFacts | undefined;
  #before: readonly string[] = [];
  /** Its process does not start with these first. */
  fails: string | undefined;

  as(name: string): ControlPlaneServer {
    const discovery = async () => {
      if (this.issuers[0] === this.fails) throw new PodtrustError("cluster-unreachable", "no answer");
      return { issuer: this.issuers[0] ?? "", jwksUri };
    };
    const api = {
      name,
      whatRuns: async () => {
        const more = this.issuers.includes(ours) ? { jwksUri } : {};
        const flags = { issuers: this.issuers, keyFiles: [], ...more };
        return { starts: flags, runs: { kind: "seen", flags } };
      },
      discovery,
      mint: async () => this.issuers[0] ?? "",
      accepts: async (token: string) => this.issuers.includes(token),
    };
    const files = {
      change: async ({ issuers = [] }: FlagChange) => {
        this.#before = this.issuers;
        this.written.push((this.issuers = issuers));
      },
      putBack: async () => void this.written.push((this.issuers = this.#before)),
      endPutBack: async () => {},
      restoreFiles: async () => {
        this.issuers = [old];
        this.written.push("restored");
        return { flags: { issuers: [old], jwksUri: "" }, ...defined({ kept: this.kept }) };
      },
    };
    return { api, files } as unknown as ControlPlaneServer;
  }
}

function world(): {
  readonly one: FakeServer;
  readonly other: FakeServer;
  readonly clock: TestClock;
  readonly context: ChangeContext;
  readonly reported: string[];
  readonly working: Working;
} {
  const [one, other, clock] = [new FakeServer(), new FakeServer(), new TestClock()];
  const servers = [one.as("cp-1"), other.as("cp-2")];
  const reported: string[] = [];
  return {
    one,
    other,
    clock,
    reported,
    context: { config: { issuer: ours }, servers, clock, signal: new AbortController().signal },
    working: {
      began: () => {},
      waiting: () => {},
      restarted: ({ server, kind }) => reported.push(`${server} ${kind}`),
      notice: () => {},
    },
  };
}

const sign: ServerStep = {
  kind: "sign",
  server: "cp-1",
  flags: { issuers: [ours, old], jwksUri },
  done: false,
};

describe("one API server is changed", () => {
  test("and reported as restarted, once the others accept its first token", async () => {
    const { one, context, working, reported } = world();
    await changeServer(context, sign, working);
    assert.deepEqual([one.written, reported], [[[ours, old]], ["cp-1 sign"]]);
    await checkTokens(context);
  });

  test("and put back to what it was, where another refuses its first token", async () => {
    const { one, other, context, working } = world();
    other.issuers = [old];
    await assert.rejects(changeServer(context, sign, working), {
      code: "adoption-token-refused",
      message: "cp-2 refused the first token of cp-1, which was put back to what it was",
    });
    assert.deepEqual(one.written, [
      [ours, old],
      [old, ours],
    ]);
  });

  test("and put back to what it was, where it does not come back in time", async () => {
    const { one, clock, context, working } = world();
    one.fails = ours;
    const changing = assert.rejects(changeServer(context, sign, working), {
      code: "server-not-settled",
      message: /^API server cp-1: not within 300 s; last: no answer; it was put back/u,
    });
    await clock.advance(301_000);
    await changing;
    assert.deepEqual(one.issuers, [old, ours]);
  });

  test("and its files are put back where a step has no flags", async () => {
    const { one, context, working, reported } = world();
    await changeServer(context, { kind: "restore", server: "cp-1", done: false }, working);
    assert.deepEqual([one.written, one.issuers, reported], [["restored"], [old], ["cp-1 restore"]]);
  });

  test("and says what of its files does not go back, and why", async () => {
    const { one, context, working } = world();
    const notices: string[] = [];
    one.kept = { isEdited: false, keysSince: ["k2"], keysGone: ["k1"] };
    const step: ServerStep = { kind: "restore", server: "cp-1", done: false };
    await changeServer(context, step, { ...working, notice: (text) => void notices.push(text) });
    assert.match(notices.join(), /^cp-1: its keys changed since \(k2 came; k1 went\)/u);
  });

  test("by hand where cluster.servers does not list it", async () => {
    const { context, working } = world();
    await assert.rejects(changeServer(context, { ...sign, server: "cp-3" }, working), {
      code: "adoption-by-hand",
    });
  });

  test("only where the tokens of every server are taken by every other", async () => {
    const { one, other, context } = world();
    one.issuers = [ours, old];
    other.issuers = [old];
    await assert.rejects(checkTokens(context), {
      code: "adoption-token-refused",
      message: "cp-2 refuses the tokens of cp-1; no other server is touched",
    });
  });
});
