import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import type { ApiServerFlags } from "../../rules/distribution/index.ts";
import { TestClock } from "../../../test/support/clock.ts";
import type { ApiServer, ServerDiscovery } from "./server.ts";
import { askedThroughRestart, settled, unsettled, type DesiredFlags } from "./settle.ts";

const { signal } = new AbortController();
const old = "https://kubernetes.default.svc.cluster.local";
const ours = "https://oidc.example.com";
const jwksUri = `${ours}/openid/v1/jwks`;
const desired = { issuers: [ours, old], jwksUri };
const right: ApiServerFlags = { ...desired, keyFiles: [] };

/** A server whose process and document say one after the other, the last for good. */
function server(
  flags: readonly (ApiServerFlags | PodtrustError)[],
  discovery: readonly ServerDiscovery[] = [{ issuer: ours, jwksUri }],
): ApiServer {
  const [said, shown] = [[...flags], [...discovery]];
  const next = <T>(list: T[]): T => (list.length > 1 ? list.shift() : list[0]) as T;
  return {
    name: "cp-1",
    whatRuns: async () => {
      const one = next(said);
      if (one instanceof PodtrustError) throw one;
      return { starts: right, runs: { kind: "seen", flags: one } };
    },
    discovery: async () => next(shown),
  } as unknown as ApiServer;
}

async function whyNot(one: ApiServer, want: DesiredFlags = desired): Promise<string> {
  return (await unsettled(one, want, signal))?.reason ?? "";
}

describe("an API server has settled", () => {
  test("once its process runs with the flags and its discovery document says the first issuer and the jwks_uri", async () => {
    assert.equal(await unsettled(server([right]), desired, signal), undefined);
    const otherFlags = server([{ ...right, issuers: [old, ours] }]);
    assert.match(await whyNot(otherFlags), /--service-account-issuer is/u);
    const otherIssuer = server([right], [{ issuer: old, jwksUri }]);
    assert.match(await whyNot(otherIssuer), /document says the issuer/u);
    const otherKeys = server([right], [{ issuer: ours, jwksUri: "https://a/jwks" }]);
    assert.match(await whyNot(otherKeys), /document says the jwks_uri/u);
  });

  test("not while it is away, which is waited for; any other failure is reported at once", async () => {
    const away = new PodtrustError("cluster-unreachable", "no answer");
    const why = await unsettled(server([away]), desired, signal);
    assert.deepEqual(why, { reason: "no answer", isAway: true });
    const denied = new PodtrustError("ssh-denied", "no key fits");
    await assert.rejects(unsettled(server([denied]), desired, signal), denied);
  });

  test("by what it will be started with, once its process is younger than that, where nobody says what runs", async () => {
    const runs = { kind: "not-looked-at", why: "no runtime answers", startsSince: 60_000 } as const;
    const unseen = (startedAt: number, starts = right): ApiServer => ({
      ...server([right]),
      startedAt: async () => startedAt,
      whatRuns: async () => ({ starts, runs }),
    });
    assert.equal(await whyNot(unseen(60_000)), "");
    const older = "its process is older than its files, and no runtime answers";
    assert.equal(await whyNot(unseen(30_000)), older);
    assert.match(await whyNot(unseen(60_000, { ...right, issuers: [old] })), /--service-account-issuer is/u);
  });

  test("once it no longer names an issuer that is to be gone", async () => {
    assert.equal(await whyNot(server([right]), { withoutIssuer: ours }), `it still names ${ours}`);
    assert.equal(await whyNot(server([right]), { withoutIssuer: "https://other" }), "");
  });

  test("and reports for how long it was away at most, from the last look at which it answered as before", async () => {
    const clock = new TestClock();
    const away = new PodtrustError("cluster-unreachable", "no answer");
    const before = { ...right, issuers: [old, ours] };
    const waiting = settled(server([before, away, away, right]), desired, { clock, signal });
    await clock.advance(250 + 500 + 500);
    assert.deepEqual(await waiting, { awayMs: 1250 });
    const between = settled(server([before, before, right]), desired, { clock, signal });
    await clock.advance(250 + 500);
    assert.deepEqual(await between, { awayMs: 500 });
  });

  test("in time, or the wait ends with its last reason", async () => {
    const clock = new TestClock();
    const reasons: string[] = [];
    const away = new PodtrustError("server-process", "no API servers run");
    const onWait = (reason: string): void => void reasons.push(reason);
    const waiting = settled(server([away, right]), desired, { clock, signal, onWait });
    await clock.advance(1000);
    await waiting;
    assert.deepEqual(reasons, ["no API servers run"]);
    const never = settled(server([away]), desired, { clock, signal, withinMs: 100 });
    await assert.rejects(never, (error: PodtrustError) => error.code === "server-not-settled");
  });
});

describe("API servers that a run which was cut off left restarting", () => {
  const silent = new PodtrustError("cluster-unreachable", "no answer");

  /** Asks servers that are silent until some time, milliseconds, and then answer by this. */
  async function asked(
    until: number,
    answer: () => string,
  ): Promise<{ readonly came: string; readonly waits: number }> {
    const clock = new TestClock();
    let waits = 0;
    const asking = askedThroughRestart(
      async () => {
        if (clock.elapsed() < until) throw silent;
        return answer();
      },
      { clock, signal, onWait: () => void (waits += 1) },
    ).catch((error: Error) => error.message);
    await clock.advance(120_000);
    return { came: await asking, waits };
  }

  test("are asked again, with the reason shown, until they answer", async () => {
    assert.deepEqual(await asked(0, () => "answered"), { came: "answered", waits: 0 });
    assert.deepEqual(await asked(20_000, () => "answered"), { came: "answered", waits: 20 });
  });

  test("are asked for a minute, and then their failure is reported", async () => {
    assert.deepEqual(await asked(Infinity, () => "answered"), { came: "no answer", waits: 60 });
  });

  test("are not asked again once one refuses", async () => {
    const refuse = (): never => {
      throw new PodtrustError("cluster-forbidden", "no right to that");
    };
    assert.deepEqual(await asked(0, refuse), { came: "no right to that", waits: 0 });
  });
});
