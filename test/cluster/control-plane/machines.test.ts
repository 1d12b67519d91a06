/** Real API servers whose files are changed over SSH, one by one, as adopt and rotate do it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { type Clock, type PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { parseConfig } from "../../../src/config/index.ts";
import {
  openServers,
  type ControlPlaneServer,
  type Servers,
  settled,
} from "../../../src/control-plane/servers/index.ts";
import { until } from "../../support/until.ts";
import { homeEnvironment } from "../../support/ssh-host/index.ts";
import { startChecker } from "./checker.ts";
import { type ControlPlaneMachines, machinesLeftOut, startMachines } from "./machines.ts";

const old = "https://kubernetes.default.svc.cluster.local";
const ours = "https://oidc.example.com";
const jwksUri = `${ours}/openid/v1/jwks`;
const clock: Clock = systemClock;
const { signal } = new AbortController();

describe("the API servers of a running cluster", { skip: machinesLeftOut(), timeout: 900_000 }, () => {
  let world: ControlPlaneMachines;
  const opened: Servers[] = [];

  before(async () => {
    world = await startMachines({ issuers: [old] });
    const post = (path: string, body: unknown) => world.machines[0]?.ask(path, { method: "POST", body });
    await post("/api/v1/namespaces/default/serviceaccounts", {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "web" },
    });
  });
  afterEach(async () => {
    for (const servers of opened.splice(0)) await servers.close();
  });
  after(() => world?.stop());

  async function open(servers = world.serversText): Promise<Servers> {
    const text = `stack: prod\nissuer: ${ours}\ncluster: {kubeconfig: ${world.kubeconfig}, ${servers}}\n`;
    const env = homeEnvironment(world.folder);
    const config = await parseConfig(text, join(world.folder, "podtrust.yaml"), env);
    const made = await openServers({
      cluster: config.cluster ?? { inCluster: true },
      servers: config.servers ?? [],
      stateDir: join(world.folder, "state"),
      purpose: "adopt",
      env,
      clock,
      signal,
    });
    opened.push(made);
    return made;
  }

  async function change({ api, files }: ControlPlaneServer, issuers: readonly string[]): Promise<void> {
    await files.change({ issuers, jwksUri }, signal);
    await settled(api, { issuers, jwksUri }, { clock, signal });
  }

  test("are asked one by one, each at its own address: flags of its process, discovery, keys, tokens, metrics", async () => {
    const { all } = await open();
    assert.deepEqual(
      all.map(({ api }) => api.name),
      ["cp-1", "cp-2"],
    );
    for (const { api, files } of all) {
      assert.equal(files.distribution, "kubeadm");
      const flags = {
        issuers: [old],
        keyFiles: ["/etc/kubernetes/pki/sa.pub"],
        signingKeyFile: "/etc/kubernetes/pki/sa.key",
      };
      assert.deepEqual(await api.whatRuns(signal), { starts: flags, runs: { kind: "seen", flags } });
      assert.equal((await api.discovery(signal)).issuer, old);
      const [key] = await api.keys(signal);
      const { verifiers, signer } = await files.readKeys(signal);
      assert.deepEqual([verifiers.map(({ kid }) => kid), signer.kid], [[key?.kid], key?.kid]);
      const token = await api.mint({ namespace: "default", name: "web" }, undefined, signal);
      assert.deepEqual(await Promise.all(all.map((one) => one.api.accepts(token, signal))), [true, true]);
      const other = await api.mint({ namespace: "default", name: "web" }, "sts.amazonaws.com", signal);
      assert.equal(await api.accepts(other, signal), false);
      assert.equal((await api.staleTokens(signal)).count, 0);
    }
  });

  test("that the config does not name are refused by name", async () => {
    const [entry = ""] = /\{ssh[^}]*\}[^}]*\}/u.exec(world.serversText) ?? [];
    await assert.rejects(open(`servers: [${entry}]`), (error: PodtrustError) => {
      assert.equal(error.code, "server-not-listed");
      assert.match(error.message, /cp-2 \(lease kube-system\/apiserver-/u);
      return true;
    });
    await assert.rejects(
      open(`servers: [${entry}, ${entry}]`),
      (error: PodtrustError) => error.code === "server-twice",
    );
  });

  test("in a single pass refuse tokens of one another", async (t) => {
    const [first, second] = (await open()).all;
    assert.ok(first !== undefined && second !== undefined);
    const checker = startChecker(t, world.machines, "default", "web");
    await change(first, [ours, old]);
    const sofar = checker.asked();
    await until("its tokens were shown to the other", () => checker.asked() > sofar + 100);
    await change(second, [ours, old]);
    const { asked, refused } = await checker.end();
    t.diagnostic(`asked ${asked} times, refused ${refused.length}`);
    assert.ok(refused.length > 0);
    assert.ok(
      refused.every((one) => one.startsWith("cp-2 refuses a token of cp-1")),
      refused.join("\n"),
    );
    for (const { api, files } of [first, second]) {
      await files.restoreFiles(signal);
      await settled(api, { issuers: [old] }, { clock, signal });
    }
  });
});
