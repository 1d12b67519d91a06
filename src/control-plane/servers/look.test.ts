import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { networkInterfaces } from "node:os";
import { type ErrorCode, PodtrustError, shellWord } from "../../core/base/index.ts";
import type { RunningLook, WhatRuns } from "../../rules/distribution/index.ts";
import { type LookTarget, lookAt, notLookedAt, type ServerSight } from "./look.ts";

const { signal } = new AbortController();
const starts = { issuers: ["https://oidc.example.com"], keyFiles: [] };
const command = { words: ["kube-apiserver", "--service-account-issuer=https://oidc.example.com"] };
const seen = (issuer: string): RunningLook => ({ kind: "seen", flags: { ...starts, issuers: [issuer] } });

/** A server of which `runs` is seen, or that cannot be asked. */
function server(runs: RunningLook | ErrorCode, more: Partial<LookTarget> = {}): LookTarget {
  return {
    name: "cp-1",
    command: async () => command,
    whatRuns: async (): Promise<WhatRuns> => {
      if (typeof runs === "string") throw new PodtrustError(runs, "said");
      return { starts, runs };
    },
    startedAt: async () => 60_000,
    ...more,
  };
}

const kindOf = async (...given: Parameters<typeof server>): Promise<string> =>
  (await lookAt(server(...given), signal)).kind;

describe("a look at an API server that changes nothing", () => {
  test("says whether it runs with what it will be started with", async () => {
    assert.deepEqual(await lookAt(server(seen("https://oidc.example.com")), signal), {
      name: "cp-1",
      kind: "as-started",
      command,
    });
    const other = await lookAt(server(seen("https://old.example.com")), signal);
    assert.equal(other.kind, "otherwise");
    assert.match(other.why ?? "", /^--service-account-issuer is https:\/\/old\.example\.com where it runs/u);
  });

  test("says that a next start takes the issuer from unit and files, whether it runs until then or not", async () => {
    const given = ["service-account-issuer=https://old.example.com"];
    const unit = (isBeside: boolean): Partial<LookTarget> => ({
      command: async () => ({ ...command, unit: { unit: "k3s.service", given, isBeside } }),
    });
    const runs = await lookAt(server(seen("https://oidc.example.com"), unit(true)), signal);
    assert.equal(runs.kind, "as-started");
    assert.match(
      runs.twice?.seen ?? "",
      /^k3s\.service gives service-account-issuer=\S+ on its command line/u,
    );
    assert.match(runs.twice?.next ?? "", /^podtrust adopt run moves them/u);
    // systemd starts it again and again.
    const ended = await lookAt(server("server-process", unit(true)), signal);
    assert.deepEqual([ended.kind, ended.twice], ["none", runs.twice]);
    const alone = await lookAt(server(seen("https://oidc.example.com"), unit(false)), signal);
    assert.equal(alone.twice, undefined);
  });

  test("guesses nothing where nothing that can be believed says what runs, and knows a process that is too old", async () => {
    const unseen = (startsSince: number): RunningLook => ({ kind: "not-looked-at", why: "why", startsSince });
    assert.equal(await kindOf(unseen(1000)), "not-looked-at");
    assert.equal(await kindOf(unseen(120_000)), "otherwise");
  });

  test("knows that nothing runs, and keeps what will be started", async () => {
    const look = await lookAt(server("server-process"), signal);
    assert.deepEqual(look, { name: "cp-1", kind: "none", why: "said", command });
    assert.equal(await kindOf("server-manifest"), "none");
  });

  test("is none where SSH does not get there or the machine cannot be read", async () => {
    for (const code of ["ssh-unreachable", "host-command-failed", "server-unit"] as const)
      assert.equal(await kindOf(code), "not-looked-at", code);
    const unread = {
      command: () => Promise.reject(new PodtrustError("server-unit", "no unit")),
      startedAt: () => Promise.reject(new PodtrustError("cluster-unreachable", "no answer")),
    };
    const look = await lookAt(server({ kind: "not-looked-at", why: "x", startsSince: 1 }, unread), signal);
    assert.deepEqual([look.kind, look.why], ["not-looked-at", "no answer"]);
  });

  test("says of a machine that SSH does not get to what to do, and which line has to work where that is the machine itself", () => {
    const error = new PodtrustError("ssh-denied", "it takes no key");
    const at = (address: string): ServerSight =>
      notLookedAt("cp-1", { address, port: 22, user: "k8s" }, error);
    const far = { name: "cp-1", kind: "not-looked-at", why: "it takes no key", next: error.next };
    assert.deepEqual(at("192.0.2.1"), far);
    assert.deepEqual(notLookedAt("cp-1", undefined, error), far);
    const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address));
    for (const address of ["127.0.0.1", ...own])
      assert.ok(
        at(address).next?.includes(`ssh -p 22 ${shellWord(`k8s@${address}`)} true has to end well here`),
        address,
      );
  });
});
