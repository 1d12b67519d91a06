/**
 * `podtrust adopt undo --without-api`, over SSH on the machines of real API servers that do not start since podtrust changed their
 * files.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { defined, systemClock } from "../../../src/core/base/index.ts";
import { parseConfig } from "../../../src/config/index.ts";
import { openServers, type Servers } from "../../../src/control-plane/servers/index.ts";
import { type ChildOptions, type CliResult, podtrustChild } from "../../support/cli.ts";
import { homeEnvironment } from "../../support/ssh-host/index.ts";
import { until } from "../../support/until.ts";
import {
  type ControlPlaneMachine,
  type ControlPlaneMachines,
  machinesLeftOut,
  manifestPath,
  startMachines,
} from "./machines.ts";

const old = "https://old.example.com";
const ours = "https://oidc.example.com";
const kubernetes = "/etc/kubernetes";
const { signal } = new AbortController();
/** A config for each API server, with a kubeconfig that names that one. */
const configs = ["podtrust.yaml", "second.yaml"];
/** What an API server does not start with, and how it says so. */
const refusedFlag = { issuers: [ours, old], jwksUri: "http://oidc.example.com/openid/v1/jwks" };
const refusal = /service-account-jwks-uri requires https scheme/u;

type Files = Readonly<Record<string, string>>;

const answers = ({ ask }: ControlPlaneMachine): Promise<boolean> =>
  ask("/readyz").then(
    ({ status }) => status === 200,
    () => false,
  );

/** Whether it says anything at all, as one does that is ending. */
const listens = ({ ask }: ControlPlaneMachine): Promise<boolean> =>
  ask("/readyz").then(
    () => true,
    () => false,
  );

/** Every file of a machine's /etc/kubernetes, by its path: mode, time and a sum of its bytes. */
async function filesOf({ host }: ControlPlaneMachine): Promise<Files> {
  const folder = join(host.root, kubernetes);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((one) => one.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const said = paths.sort().map(async (path) => {
    const { mode, mtimeMs } = await stat(path);
    const sum = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    return [path.slice(folder.length), `${mode.toString(8)} ${mtimeMs} ${sum}`] as const;
  });
  return Object.fromEntries(await Promise.all(said));
}

/** But for what podtrust keeps. */
const withoutKept = (files: Files): Files =>
  Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith("/podtrust/")));

describe("podtrust adopt undo --without-api", { skip: machinesLeftOut(), timeout: 1_500_000 }, () => {
  let world: ControlPlaneMachines;
  /** Of each machine, as they were before the test. */
  let made: readonly Files[];
  let manifests: readonly string[];
  /** One of each API server, of before any change. */
  let tokens: readonly string[];
  const opened: Servers[] = [];

  before(async () => {
    world = await startMachines({ issuers: [old] });
    for (const [namespace, name] of [
      ["default", "web"],
      ["kube-system", "default"],
    ] as const) {
      const body = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } };
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
      await world.machines[0]?.ask(path, { method: "POST", body });
    }
    tokens = await Promise.all(world.machines.map(mint));
    manifests = await Promise.all(
      world.machines.map(({ host }) => readFile(join(host.root, manifestPath), "utf8")),
    );
    const kubeconfig = await readFile(world.kubeconfig, "utf8");
    for (const [index, { url }] of world.machines.entries()) {
      const ofOne = join(world.folder, `kubeconfig-${index}`);
      await writeFile(ofOne, kubeconfig.replace(world.machines[0]?.url ?? "", url), { mode: 0o600 });
      const config = `stack: prod\nissuer: ${ours}\ncluster: {kubeconfig: ${ofOne}, ${world.serversText}}\n`;
      await writeFile(join(world.folder, configs[index] ?? ""), config, { mode: 0o600 });
    }
  });
  beforeEach(async () => {
    made = await filesOfAll();
  });
  afterEach(async () => {
    for (const servers of opened.splice(0)) await servers.close();
    // Whatever a test left: the next begins with what was made.
    for (const [index, { host }] of world.machines.entries()) {
      await rm(join(host.root, kubernetes, "podtrust"), { recursive: true, force: true });
      await writeFile(join(host.root, manifestPath), manifests[index] ?? "");
    }
    await untilAllAnswer();
  });
  after(() => world?.stop());

  /** What is said of a move of a rotation, by the config of a server and a publisher, which a rotation needs. */
  async function refusedMove(config: string, ...move: readonly string[]): Promise<string> {
    const text = await readFile(join(world.folder, config), "utf8");
    await writeFile(join(world.folder, "rotate.yaml"), `${text}publisher: {https: {acme: {}}}\n`, {
      mode: 0o600,
    });
    const { code, err } = await podtrust(["rotate", ...move, "-f", "rotate.yaml", "--yes"]);
    assert.equal(code, 1, err);
    return err;
  }

  const filesOfAll = (): Promise<readonly Files[]> => Promise.all(world.machines.map(filesOf));
  const logs = (): string => world.machines.map(({ name, log }) => `${name}:\n${log()}`).join("\n");
  async function untilAllAnswer(): Promise<void> {
    const all = async (): Promise<boolean> => (await Promise.all(world.machines.map(answers))).every(Boolean);
    await until("every API server answers", all, { detail: logs });
  }

  async function mint({ ask }: ControlPlaneMachine): Promise<string> {
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const path = "/api/v1/namespaces/default/serviceaccounts/web/token";
    const { text } = await ask(path, { method: "POST", body });
    return (JSON.parse(text) as { status: { token: string } }).status.token;
  }

  async function assertTokensAccepted(): Promise<void> {
    for (const { ask, name } of world.machines) {
      for (const token of tokens) {
        const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } };
        const { text } = await ask("/apis/authentication.k8s.io/v1/tokenreviews", { method: "POST", body });
        const { status } = JSON.parse(text) as { status: { authenticated?: boolean } };
        assert.equal(status.authenticated, true, `${name}: ${text}`);
      }
    }
  }

  async function open(purpose: "adopt" | "rotate" = "adopt"): Promise<Servers> {
    const env = homeEnvironment(world.folder);
    const file = join(world.folder, "podtrust.yaml");
    const config = await parseConfig(await readFile(file, "utf8"), file, env);
    const servers = await openServers({
      cluster: config.cluster ?? { inCluster: true },
      servers: config.servers ?? [],
      stateDir: join(world.folder, "state"),
      purpose,
      env,
      clock: systemClock,
      signal,
    });
    opened.push(servers);
    return servers;
  }

  /** Waits until these API servers say in their logs why they do not start. */
  async function untilDown(machines: readonly ControlPlaneMachine[], why: RegExp): Promise<void> {
    for (const machine of machines) {
      const isDown = async (): Promise<boolean> => why.test(machine.log()) && !(await listens(machine));
      await until(`${machine.name} says why it does not start`, isDown, { detail: machine.log });
    }
  }

  /** podtrust changes every server to what it refuses, as a run does that is cut off before it sees that. */
  async function refusedByAll(): Promise<void> {
    for (const { files } of (await open()).all) await files.change(refusedFlag, signal);
    await untilDown(world.machines, refusal);
  }

  function undo(options: readonly string[], onStart?: ChildOptions["onStart"]): Promise<CliResult> {
    return podtrust(["adopt", "undo", "-f", "podtrust.yaml", "--yes", ...options], onStart);
  }

  function podtrust(args: readonly string[], onStart?: ChildOptions["onStart"]): Promise<CliResult> {
    const env = homeEnvironment(world.folder);
    return podtrustChild(args, { cwd: world.folder, env, ...defined({ onStart }) });
  }

  /** What the command says first, and that all is as it was. */
  async function assertPutBack(says: RegExp): Promise<void> {
    const ended = await undo(["--without-api"]);
    await assertAsBefore(ended, says, ["cp-1", "cp-2"]);
  }

  async function assertAsBefore(
    { code, out, err }: CliResult,
    says: RegExp,
    names: readonly string[],
  ): Promise<void> {
    assert.equal(code, 0, err);
    assert.match(out, says);
    for (const name of names) assert.ok(out.includes(`${name} answers again`), out);
    const files = await filesOfAll();
    assert.deepEqual(files.map(withoutKept), made);
    // What is put back is not kept for another time.
    assert.ok(files.every((each) => !Object.keys(each).some((path) => path.includes("/previous/"))));
    await assertTokensAccepted();
  }

  test("puts back byte for byte over SSH what no API server starts with, and the tokens of before are accepted", async () => {
    await refusedByAll();
    const spoilt = await filesOfAll();

    const asked = await undo([]);
    assert.equal(asked.code, 1, asked.out);
    assert.match(
      asked.err,
      /no API server starts since podtrust changed its files: podtrust adopt undo -f podtrust\.yaml --without-api\./u,
    );
    assert.deepEqual(await filesOfAll(), spoilt);

    await assertPutBack(/No API server of this cluster answers\./u);
  });

  test("puts back a move of rotate whose key is gone", async () => {
    const { all } = await open("rotate");
    const [first, second] = all;
    assert.ok(first !== undefined && second !== undefined);
    const key = await first.machineKeys.make("ES256", signal);
    const recipient = await second.machineKeys.recipient(signal);
    const sealed = await first.machineKeys.seal(key.kid, recipient, signal);
    await second.machineKeys.take(key.kid, sealed, signal);
    for (const [index, { host }] of world.machines.entries()) {
      const standing = await readFile(join(host.root, kubernetes, "pki/sa.pub"), "utf8");
      await all[index]?.machineKeys.forget(key.kid, signal);
      const change = { verifiers: [standing, key.publicKey], signerThere: key };
      await all[index]?.files.writeKeys(change, signal);
    }
    await untilDown(world.machines, new RegExp(`podtrust-sa-${key.kid}\\.key: no such file`, "u"));
    assert.match(
      await refusedMove("podtrust.yaml", "abort"),
      /no API server starts since podtrust changed its files: podtrust adopt undo -f rotate\.yaml --without-api\./u,
    );

    await assertPutBack(/No API server of this cluster answers\./u);
  });

  test("is refused while one of two API servers answers, names that one, and touches no file", async () => {
    const [first] = (await open()).all;
    await first?.files.change(refusedFlag, signal);
    await untilDown(world.machines.slice(0, 1), refusal);
    const spoilt = await filesOfAll();

    const { code, err } = await undo(["--without-api"]);
    assert.equal(code, 1);
    assert.match(err, /the API server cp-2 answers/u);
    assert.match(err, /Have cluster\.kubeconfig name an address that answers first/u);
    assert.deepEqual(await filesOfAll(), spoilt);
  });

  test("is not needed while one of two API servers answers: adopt undo puts the other's files back", async () => {
    const [first] = (await open()).all;
    await first?.files.change(refusedFlag, signal);
    await untilDown(world.machines.slice(0, 1), refusal);
    const planned = await podtrust(["adopt", "plan", "-f", "second.yaml"]);
    assert.equal(planned.code, 1, planned.out);
    assert.match(
      planned.err,
      /API server cp-1: .*since podtrust changed its files: .podtrust adopt undo -f second\.yaml/su,
    );
    assert.match(
      await refusedMove("second.yaml", "prepare"),
      /the API server cp-1 does not answer.*since podtrust changed its files: .?podtrust adopt undo -f rotate\.yaml/su,
    );

    const ended = await podtrust(["adopt", "undo", "-f", "second.yaml", "--yes"]);
    await assertAsBefore(ended, /An API server does not start since podtrust changed its files/u, ["cp-1"]);
    assert.ok(!ended.out.includes("cp-2 answers again"), ended.out);
  });

  test("is refused where podtrust keeps nothing, names the servers, and touches no file", async () => {
    for (const { host } of world.machines) {
      const path = join(host.root, manifestPath);
      const manifest = await readFile(path, "utf8");
      const flag = `    - --service-account-jwks-uri=${refusedFlag.jwksUri}\n`;
      await writeFile(path, manifest.replace("    - --profiling", `${flag}    - --profiling`));
    }
    await untilDown(world.machines, refusal);
    const spoilt = await filesOfAll();

    const { code, err } = await undo(["--without-api"]);
    assert.equal(code, 1);
    assert.match(err, /nothing is kept on cp-1, cp-2/u);
    assert.deepEqual(await filesOfAll(), spoilt);
  });

  test("is refused where somebody else changed a file of one server since, names it, and touches no file of either", async () => {
    await refusedByAll();
    const [, second] = world.machines;
    await appendFile(join(second?.host.root ?? "", manifestPath), "# by hand\n");
    const spoilt = await filesOfAll();

    const { code, err } = await undo(["--without-api"]);
    assert.equal(code, 1);
    const where = new RegExp(
      `127\\.0\\.0\\.1:${second?.host.port}: ${manifestPath} is not what podtrust wrote last`,
      "u",
    );
    assert.match(err, where);
    assert.deepEqual(await filesOfAll(), spoilt);
  });

  test("killed after the files of the first server and before those of the second, goes on when it is run again", async () => {
    await refusedByAll();
    const [first, second] = world.machines;
    assert.ok(first !== undefined && second !== undefined);
    const inSecond = (path: string): string => join(second.host.root, path);
    // Its session waits where the first file would go back, and ends there once the command is gone.
    await second.host.program(
      "touch",
      ": >/run/reached\nwhile [ ! -e /run/lost ]; do sleep 0.05; done\nexit 1",
    );
    const child: { kill?: (name: NodeJS.Signals) => void } = {};
    const running = undo(["--without-api"], (kill) => (child.kill = kill));
    await until("the second server's files are begun", () => existsSync(inSecond("run/reached")));
    child.kill?.("SIGKILL");
    assert.equal((await running).code, null);
    await writeFile(inSecond("run/lost"), "");
    await until("its session has ended", () => !existsSync(inSecond(`${kubernetes}/podtrust/paths`)));
    await second.host.program("touch", 'exec /bin/touch "$@"');
    const manifest = manifestPath.slice(kubernetes.length);
    const [one, other] = await filesOfAll();
    assert.equal(one?.[manifest], made[0]?.[manifest]);
    assert.notEqual(other?.[manifest], made[1]?.[manifest]);
    await until("the first API server answers", () => answers(first), { detail: first.log });

    await assertPutBack(/This was interrupted before, and continues\./u);
  });
});
