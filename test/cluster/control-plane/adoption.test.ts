/**
 * A cluster of two API servers gets our issuer and gives it back, cut off after each step and gone on with. Meanwhile every token
 * is shown to every API server, and to STS, several times a second.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { type PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import {
  type AdoptionContext,
  runAdoption,
  undoAdoption,
  type Working,
} from "../../../src/control-plane/adoption/index.ts";
import type {
  ApiServer,
  FlagChange,
  ControlPlaneServer,
  ServerFiles,
} from "../../../src/control-plane/servers/index.ts";
import { parseJws } from "../../../src/rules/oidc/index.ts";
import { isAtLength } from "../../support/runs.ts";
import { audience } from "../../support/sandbox.ts";
import { until } from "../../support/until.ts";
import { type AdoptionWorld, old, ours, startAdoptionWorld } from "./adoption-world.ts";
import { startChecker } from "./checker.ts";
import { type KubernetesVersion, testedVersions } from "../modules.ts";
import { machinesLeftOut, manifestPath } from "./machines.ts";

const kubeadmPath = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";

/** How often a token is shown to an API server at least. */
const enough = isAtLength ? 1500 : 500;

type Carry = typeof runAdoption;

/** The same object, but for some of its members. */
function overlaid<T extends object>(target: T, own: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(name in own ? own : target, name);
      return typeof member === "function" ? (member.bind(name in own ? own : target) as unknown) : member;
    },
  });
}

/** Ends a run as if its machine had gone, right after it changed a server's files. */
class Cut extends Error {}

function cutAfterChange(context: AdoptionContext): AdoptionContext {
  const cut = (server: ControlPlaneServer): ControlPlaneServer => {
    const { files } = server;
    const own: Partial<ServerFiles> = {
      change: async (...args) => {
        await files.change(...args);
        throw new Cut("after change");
      },
      restoreFiles: async (signal) => {
        await files.restoreFiles(signal);
        throw new Cut("after restoreFiles");
      },
    };
    return { ...server, files: overlaid(files, own) };
  };
  return { ...context, servers: context.servers.map(cut) };
}

/** A server that says that it runs with the flags that it is given, and goes on without them. */
function deaf(server: ControlPlaneServer): ControlPlaneServer {
  const { api, files } = server;
  let given: FlagChange = {};
  const says: Partial<ApiServer> = {
    whatRuns: async (signal) => {
      const flags = { ...(await api.whatRuns(signal)).starts, ...given };
      return { starts: flags, runs: { kind: "seen", flags } };
    },
    discovery: async (signal) => {
      const { issuer, jwksUri } = await api.discovery(signal);
      return { issuer: given.issuers?.[0] ?? issuer, jwksUri: given.jwksUri ?? jwksUri };
    },
  };
  const change = async (flags: FlagChange): Promise<void> => void (given = flags);
  return { ...server, api: overlaid(api, says), files: overlaid(files, { change }) };
}

function suite(version: KubernetesVersion): void {
  let world: AdoptionWorld;
  /** What stood there before anything was adopted. */
  let first: { readonly manifests: readonly string[]; readonly kubeadm: string };
  /** For how long an API server was away, as a run tells after each restart. */
  const reported: number[] = [];
  const working: Working = {
    began: () => {},
    waiting: () => {},
    restarted: (_, { awayMs }) => reported.push(awayMs),
    notice: () => {},
  };

  before(async () => {
    world = await startAdoptionWorld({ version });
    first = { manifests: await manifests(), kubeadm: await kubeadmText() };
  });
  after(() => world?.stop());

  async function once(carry: Carry, isCut: boolean): Promise<"cut" | "done"> {
    const { context, close } = await world.open();
    try {
      await carry(isCut ? cutAfterChange(context) : context, working);
      return "done";
    } catch (error) {
      if (error instanceof Cut) return "cut";
      throw error;
    } finally {
      await close();
    }
  }

  /** Runs it until it is done, cut after its first change in the gate and after each by night; gives how often it was. */
  async function withCuts(carry: Carry): Promise<number> {
    for (let cuts = 0; ; cuts += 1) if ((await once(carry, isAtLength || cuts === 0)) === "done") return cuts;
  }

  const manifests = (): Promise<readonly string[]> =>
    Promise.all(world.cluster.machines.map(({ host }) => readFile(join(host.root, manifestPath), "utf8")));

  const kubeadmText = async (): Promise<string> => {
    const answer = await world.cluster.machines[1]?.ask(kubeadmPath);
    return (JSON.parse(answer?.text ?? "") as { data: { ClusterConfiguration: string } }).data
      .ClusterConfiguration;
  };

  /** Tokens for AWS of both servers, shown to STS until it is ended, at the latest with its test. */
  function startAwsChecker(t: TestContext): () => Promise<{
    asked: number;
    refused: readonly string[];
    issuers: Set<unknown>;
  }> {
    const ending = new AbortController();
    t.after(() => ending.abort());
    const seen = { asked: 0, refused: [] as string[], issuers: new Set<unknown>() };
    const each = async (machine: (typeof world.cluster.machines)[number]): Promise<void> => {
      const tokens: string[] = [];
      while (!ending.signal.aborted) {
        const path = "/api/v1/namespaces/default/serviceaccounts/web/token";
        const body = {
          kind: "TokenRequest",
          apiVersion: "authentication.k8s.io/v1",
          spec: { audiences: [audience] },
        };
        const answer = await machine.ask(path, { method: "POST", body }).catch(() => undefined);
        if (answer?.status === 201)
          tokens.push((JSON.parse(answer.text) as { status: { token: string } }).status.token);
        for (const token of new Set([tokens[0], tokens.at(-1)])) {
          if (token === undefined) continue;
          seen.issuers.add(parseJws(token).claims["iss"]);
          seen.asked += 1;
          await world.assume(token).catch((error: Error) => seen.refused.push(error.message));
        }
        await systemClock.sleep(150);
      }
    };
    const loops = world.cluster.machines.map(each);
    return async () => {
      ending.abort();
      await Promise.all(loops);
      return seen;
    };
  }

  test("waits, and touches no server, until the owner of a role has let the new issuer in", async () => {
    await assert.rejects(once(runAdoption, false), (error: PodtrustError) => {
      assert.equal(error.code, "adoption-waits");
      assert.match(error.message, /others have to let the new issuer into legacy/u);
      return true;
    });
    assert.deepEqual(await manifests(), first.manifests);
    await world.letBothIn();
  });

  test("puts a server back whose first token another refuses, and then no token is refused", async (t) => {
    const { context, close } = await world.open();
    try {
      const [one, other] = context.servers;
      assert.ok(one !== undefined && other !== undefined);
      await assert.rejects(
        runAdoption({ ...context, servers: [one, deaf(other)] }, working),
        (error: PodtrustError) => {
          assert.equal(error.code, "adoption-token-refused");
          assert.match(error.message, /^cp-2 refused the first token of cp-1, which was put back/u);
          return true;
        },
      );
      const { signal } = context;
      assert.deepEqual((await one.api.whatRuns(signal)).starts.issuers, [old, ours]);
      assert.equal((await one.api.discovery(signal)).issuer, old);
      assert.deepEqual((await other.api.whatRuns(signal)).starts.issuers, [old]);
    } finally {
      await close();
    }
    const checker = startChecker(t, world.cluster.machines, "default", "web");
    await until("both servers' tokens were shown to both", () => checker.asked() >= 100);
    assert.deepEqual((await checker.end()).refused, []);
  });

  test("refuses no token there and back, cut off and run again, and leaves every file byte for byte as it was", async (t) => {
    reported.length = 0;
    const { machines } = world.cluster;
    const checker = startChecker(t, machines, "default", "web");
    const endAws = startAwsChecker(t);
    const there = await withCuts(runAdoption);
    // The test before has left the first server with both issuers.
    assert.equal(there, isAtLength ? 3 : 1);
    const says = await Promise.all(machines.map(({ ask }) => ask("/.well-known/openid-configuration")));
    for (const { text } of says) assert.equal((JSON.parse(text) as { issuer: string }).issuer, ours);
    assert.match(await kubeadmText(), /value: https:\/\/oidc\.example\.com\n.*\n *value: https:\/\/old/u);
    const back = await withCuts(undoAdoption);
    assert.ok(back >= (isAtLength ? 4 : 1), `cut ${back} times on the way back`);
    // On a fast machine the way there and back is short.
    await until("enough was asked", () => checker.asked() >= enough);
    const [{ asked, refused, longestGaps }, aws] = [await checker.end(), await endAws()];
    t.diagnostic(
      `API servers asked ${asked} times, refused ${refused.length}; STS ${aws.asked}, refused ${aws.refused.length}; longest gaps in ms ${JSON.stringify([...longestGaps])}, told ${JSON.stringify(reported)}`,
    );
    assert.deepEqual([refused, aws.refused], [[], []]);
    assert.ok(asked >= enough && aws.asked >= enough / 5, `asked ${asked} and ${aws.asked} times`);
    assert.deepEqual(aws.issuers, new Set([old, ours]));
    assert.deepEqual({ manifests: await manifests(), kubeadm: await kubeadmText() }, first);
    if (isAtLength) return;
    // Each but the two that were cut off right after the change.
    assert.equal(reported.length, 5);
    const longest = Math.max(...longestGaps.values());
    const most = Math.max(...reported);
    assert.ok(most > longest / 2, `told ${most} ms at most, and an API server was away for ${longest} ms`);
  });
}

for (const version of testedVersions) {
  describe(
    `podtrust adopt on two API servers of Kubernetes ${version}`,
    { skip: machinesLeftOut(version), timeout: 1_500_000 },
    () => suite(version),
  );
}
