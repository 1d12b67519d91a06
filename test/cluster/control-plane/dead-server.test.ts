/** A cluster's only API server does not start after podtrust has changed its files: they are put back over SSH alone. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { type Clock, systemClock } from "../../../src/core/base/index.ts";
import { parseConfig } from "../../../src/config/index.ts";
import { changeServer } from "../../../src/control-plane/adoption/change-server.ts";
import { openServers, type ControlPlaneServer, settled } from "../../../src/control-plane/servers/index.ts";
import { podtrustIn } from "../../k3s/live-cluster.ts";
import type { CliResult } from "../../support/cli.ts";
import { homeEnvironment } from "../../support/ssh-host/index.ts";
import { until } from "../../support/until.ts";
import { type ControlPlaneMachines, machinesLeftOut, manifestPath, startMachines } from "./machines.ts";

const [old, ours] = ["https://old.example.com", "https://oidc.example.com"];
// No URL: kube-apiserver ends at once.
const broken = "https://[nowhere";
const { signal } = new AbortController();

describe(
  "the only API server of a cluster, which does not start with what podtrust wrote",
  { skip: machinesLeftOut(), timeout: 900_000 },
  () => {
    let world: ControlPlaneMachines;
    const opened: { close(): Promise<void> }[] = [];

    before(async () => {
      world = await startMachines({ names: ["cp-1"], issuers: [old] });
      const body = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
      await machine().ask("/api/v1/namespaces/kube-system/serviceaccounts", { method: "POST", body });
      await writeFile(file(), configText());
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });
    after(() => world?.stop());

    const machine = () => world.machines[0] ?? assert.fail();
    const file = (): string => join(world.folder, "podtrust.yaml");
    const configText = (): string => `stack: prod
issuer: ${ours}
cluster: {kubeconfig: ${world.kubeconfig}, ${world.serversText}}
publisher:
  source: {kubeconfig: ${world.kubeconfig}}
  formerIssuers: [${old}]
  https: {certificateFile: a, keyFile: b}
`;
    const podtrust = (...words: readonly string[]): Promise<CliResult> => {
      const env = { ...homeEnvironment(world.folder), NODE_NO_WARNINGS: "1" };
      return podtrustIn(world.folder, env, ["adopt", ...words, "-f", file(), "--yes"]);
    };
    const manifest = (): Promise<string> => readFile(join(machine().host.root, manifestPath), "utf8");
    const issuer = async (): Promise<string> => {
      const { text } = await machine().ask("/.well-known/openid-configuration");
      return (JSON.parse(text) as { issuer: string }).issuer;
    };
    const isAway = (): Promise<boolean> =>
      machine()
        .ask("/readyz")
        .then(
          () => false,
          () => true,
        );

    async function server(): Promise<ControlPlaneServer> {
      const { cluster, servers = [] } = await parseConfig(
        configText(),
        file(),
        homeEnvironment(world.folder),
      );
      const openedServers = await openServers({
        cluster: cluster ?? assert.fail(),
        servers,
        stateDir: join(world.folder, "state"),
        purpose: "adopt",
        withoutApi: true,
        env: homeEnvironment(world.folder),
        clock: systemClock,
        signal,
      });
      opened.push(openedServers);
      return openedServers.all[0] ?? assert.fail();
    }

    test("is put back to the step before by undo --without-api, which says who could not be asked, and answers again", async () => {
      const { api, files } = await server();
      const accepted = { issuers: [old, ours] };
      await files.change(accepted, signal);
      await settled(api, accepted, { clock: systemClock, signal });
      const standing = await manifest();
      const answering = await podtrust("undo", "--without-api");
      assert.equal(answering.code, 1);
      assert.match(oneLine(answering.err), /answers.*Leave out --without-api/u);
      assert.equal(await manifest(), standing);

      await files.change({ issuers: [broken, ours, old] }, signal);
      await until("it is away", isAway);
      const asked = await podtrust("undo");
      assert.equal(asked.code, 1);
      assert.match(oneLine(asked.err), /podtrust adopt undo .*--without-api/u);
      const { code, out, err } = await podtrust("undo", "--without-api");
      assert.equal(code, 0, err);
      assert.match(oneLine(out), /Nobody can be asked which pods, Secrets and controllers hold a token/u);
      assert.match(oneLine(out), /cp-1 answers again, with the files of before/u);
      assert.deepEqual([await manifest(), await issuer()], [standing, old]);
    });

    test("is put back by run itself when it does not come back in time", async () => {
      const { api, files, ...rest } = await server();
      const standing = await manifest();
      // Five minutes of waiting in one.
      const from = systemClock.elapsed();
      const clock: Clock = { ...clockAt(from), now: () => systemClock.now() };
      const context = { config: { issuer: ours }, servers: [{ api, files, ...rest }], clock, signal };
      const flags = { issuers: [broken, ours, old] };
      const working = { began: () => {}, waiting: () => {}, restarted: () => {}, notice: () => {} };
      await assert.rejects(
        changeServer(context, { kind: "sign", server: "cp-1", flags, done: false }, working),
        { code: "server-not-settled", message: /^API server cp-1: .*it was put back to what it was/u },
      );
      assert.deepEqual([await manifest(), await issuer()], [standing, old]);
    });
  },
);

const oneLine = (text: string): string => text.replaceAll(/\s+/gu, " ");

/** A clock that goes five times as fast from then on; sleeps last as long as they say. */
function clockAt(from: number): Pick<Clock, "elapsed" | "sleep"> {
  return {
    elapsed: () => from + 5 * (systemClock.elapsed() - from),
    sleep: (ms, ending) => systemClock.sleep(ms, ending),
  };
}
