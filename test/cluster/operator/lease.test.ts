/** A Lease of a real API server: one holder at a time, whatever clocks show and whoever dies or sleeps. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Clock, PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import {
  acquireLease,
  type AcquiredLease,
  type KubernetesApi,
  type LeaseOptions,
  openKubernetes,
} from "../../../src/providers/kubernetes/index.ts";
import { rememberingLogger } from "../../support/remembering-logger.ts";
import { type ControlPlane, leftOut, startControlPlane } from "../harness/index.ts";

const durationMs = 2000;
import { until } from "./until.ts";

/** A machine whose time of day is wrong by so much. */
const skewed = (ms: number): Clock => ({ ...systemClock, now: () => systemClock.now() + ms });

describe("a Lease of a real API server", { skip: leftOut() }, () => {
  let cluster: ControlPlane;
  let api: KubernetesApi;
  const held: AcquiredLease[] = [];
  const processes: ChildProcess[] = [];
  const over = new AbortController();

  before(async () => {
    cluster = await startControlPlane({ issuer: "https://oidc.example.com" });
    api = await openKubernetes({ kubeconfig: cluster.adminKubeconfig });
  });
  after(async () => {
    over.abort(new Error("the test is over"));
    for (const one of processes) one.kill("SIGKILL");
    await Promise.all(held.map((lease) => lease.release()));
    await cluster.stop();
  });

  const leaseOptions = (name: string, identity: string, more: Partial<LeaseOptions> = {}): LeaseOptions => ({
    api,
    namespace: "default",
    name,
    identity,
    durationMs,
    clock: systemClock,
    logger: rememberingLogger(),
    ...more,
  });

  async function taken(...args: Parameters<typeof leaseOptions>): Promise<AcquiredLease> {
    const lease = await acquireLease(leaseOptions(...args), over.signal);
    held.push(lease);
    return lease;
  }

  async function specOf(name: string): Promise<Record<string, unknown>> {
    const object = await api.read({ kind: "Lease", namespace: "default", name });
    return (object?.["spec"] ?? {}) as Record<string, unknown>;
  }

  /** A process that takes the Lease, and the lines that it said. */
  function holder(name: string, identity: string): { process: ChildProcess; said: readonly string[] } {
    const program = fileURLToPath(new URL("lease-holder.ts", import.meta.url));
    const child = spawn(
      process.execPath,
      [program, cluster.adminKubeconfig, name, identity, String(durationMs)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    processes.push(child);
    const said: string[] = [];
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      const lines = (text + piece).split("\n");
      text = lines.pop() ?? "";
      said.push(...lines.map((line) => (JSON.parse(line) as { event: string }).event));
    });
    return { process: child, said };
  }

  test("of three whose clocks are hours apart one holds a lease, and it goes on at once when it is given back", async () => {
    const clocks = [skewed(-5 * 3_600_000), systemClock, skewed(5 * 3_600_000)];
    const had: AcquiredLease[] = [];
    const order: number[] = [];
    const seen: (string | undefined)[] = [];
    const all = clocks.map(async (clock, index) => {
      const lease = await acquireLease(
        leaseOptions("skew", `r${index}`, { clock }),
        over.signal,
        ({ holder: who }) => seen.push(who),
      );
      assert.deepEqual(
        had.filter((one) => one.held),
        [],
        "two hold it",
      );
      had.push(lease);
      order.push(index);
      // Longer than a renewal holds: the others see it renewed by a clock that means nothing to them.
      await until(async () => {
        const { acquireTime, renewTime } = await specOf("skew");
        return Date.parse(String(renewTime)) - Date.parse(String(acquireTime)) > durationMs;
      }, "it is renewed for longer than a renewal holds");
      assert.equal(lease.held, true);
      await lease.release();
      assert.equal(lease.held, false);
      await lease.release();
    });
    await Promise.all(all);
    assert.deepEqual(
      order.toSorted((a, b) => a - b),
      [0, 1, 2],
    );
    assert.ok(seen.includes("r1"));
    const { holderIdentity, leaseTransitions } = await specOf("skew");
    assert.deepEqual([holderIdentity, leaseTransitions], [undefined, 2]);
  });

  test("a holder that was frozen does not believe that it still holds the lease, and another has it", async () => {
    const first = holder("frozen", "first");
    await until(() => first.said.includes("taken"), "the first takes it");
    first.process.kill("SIGSTOP");
    const second = await taken("frozen", "second");
    first.process.kill("SIGCONT");
    await until(() => first.said.includes("lost"), "the first hears that it lost it");
    await until(() => first.said.length >= 3, "the first comes to its next write");
    assert.deepEqual([...new Set(first.said)].sort(), ["does not write after a sleep", "lost", "taken"]);
    assert.equal(second.held, true);
    first.process.kill("SIGKILL");
    await second.release();
  });

  test("a killed holder's lease is taken over once it has run out, and not before", async () => {
    const first = holder("killed", "first");
    await until(() => first.said.includes("taken"), "the first takes it");
    const { renewTime } = await specOf("killed");
    await until(async () => (await specOf("killed"))["renewTime"] !== renewTime, "it is renewed");
    const began = performance.now();
    first.process.kill("SIGKILL");
    const second = await taken("killed", "second");
    assert.ok(performance.now() - began >= durationMs);
    await second.release();
  });

  test("a lease is lost before its end where the API server is frozen, and had again when it goes on", async () => {
    const logger = rememberingLogger();
    const first = await taken("server", "first", { logger });
    const began = performance.now();
    const pid = cluster.servers[0]?.pid() ?? 0;
    process.kill(pid, "SIGSTOP");
    let heldUntil = began;
    try {
      while (!first.lost.aborted) {
        if (first.held) heldUntil = performance.now();
        await systemClock.sleep(5);
      }
    } finally {
      process.kill(pid, "SIGCONT");
    }
    // What was renewed in the moment of the freezing holds for others for so long.
    assert.ok(heldUntil - began < durationMs, `${heldUntil - began} ms`);
    assert.match(logger.lines.join("\n"), /a lease was lost/u);
    const second = await taken("server", "second");
    assert.equal((await specOf("server"))["holderIdentity"], "second");
    await second.release();
  });

  test("a renewal whose answer is lost was a renewal: the holder goes on", async () => {
    let lose = 0;
    const lossy: LeaseOptions["api"] = {
      read: (...args) => api.read(...args),
      create: (...args) => api.create(...args),
      replace: async (...args) => {
        const answer = await api.replace(...args);
        if ((lose += 1) % 2 === 0) return answer;
        throw new PodtrustError("cluster-unreachable", "the answer was lost");
      },
    };
    const lease = await taken("lossy", "first", { api: lossy });
    await until(() => lose >= 5 || lease.lost.aborted, "five renewals");
    assert.equal(lease.held, true);
    // The first writing of a release is lost too.
    await lease.release();
    await (await taken("lossy", "second")).release();
    assert.equal((await specOf("lossy"))["leaseTransitions"], 1);
  });

  test("one's own name in a lease from a store that was restored gives no right to it", async () => {
    const lease = await taken("restored", "second");
    const object = await api.read({ kind: "Lease", namespace: "default", name: "restored" });
    assert.ok(object !== undefined);
    await api.replace({ ...object, spec: { ...(object["spec"] as object), holderIdentity: "first" } });
    const began = performance.now();
    const first = taken("restored", "first");
    await until(() => lease.lost.aborted, "the holder sees that it is another's");
    assert.equal(lease.held, false);
    await (await first).release();
    assert.ok(performance.now() - began >= durationMs);
  });

  test("a lease that somebody deletes is lost to its holder, and whoever knew of it waits for its end", async () => {
    const first = await taken("deleted", "first");
    let looks = 0;
    const second = acquireLease(leaseOptions("deleted", "second"), over.signal, () => (looks += 1));
    await until(() => looks > 0, "the second has seen it");
    await api.remove({ kind: "Lease", namespace: "default", name: "deleted" });
    const lease = await second;
    assert.equal(first.held, false);
    await lease.release();
  });

  test("without the right to a lease nothing is taken, and the right that is missing is said once", async () => {
    const stranger = await openKubernetes({ kubeconfig: await cluster.kubeconfigFor("stranger") });
    const giveUp = new AbortController();
    const logger = rememberingLogger();
    let refusals = 0;
    const counting: LeaseOptions["api"] = {
      read: (...args) => stranger.read(...args).finally(() => (refusals += 1)),
      create: (...args) => stranger.create(...args),
      replace: (...args) => stranger.replace(...args),
    };
    const spec = leaseOptions("refused", "nobody", { api: counting, logger, durationMs: 1000 });
    const refused = assert.rejects(acquireLease(spec, giveUp.signal), /enough/u);
    await until(() => refusals >= 3, "the third refusal, each after the line of the one before");
    giveUp.abort(new Error("enough"));
    await refused;
    assert.equal(logger.lines.length, 1);
    assert.match(logger.lines[0] ?? "", /cannot get resource \\"leases\\"/u);
  });

  test("a lease of less than a second, or of part of one, is a mistake of the caller", async () => {
    for (const wrong of [0, 999, 1500, Number.NaN])
      await assert.rejects(
        acquireLease(leaseOptions("x", "x", { durationMs: wrong }), over.signal),
        TypeError,
      );
  });
});
