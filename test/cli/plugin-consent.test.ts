import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Host } from "../../src/cli/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/cluster/index.ts";
import { yamlText } from "../../src/core/yaml/index.ts";
import { parse } from "yaml";
import { type CliResult, mainFile, podtrustChild, podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";
import { typed } from "../support/stack-world.ts";
import { maxWait } from "../support/until.ts";

const clock = new TestClock();
let folder = "";
let checkout = "";
let state = "";
let cluster: StandInCluster;

interface Kubeconfig {
  users: { name: string; user: Readonly<Record<string, string>> }[];
}

const decoded = (data = ""): string => Buffer.from(data, "base64").toString();

/** A checkout whose config names a kubeconfig, which names a program that gives the credentials. */
async function writeCheckout(args: readonly string[] = []): Promise<void> {
  const kubeconfig = parse(cluster.kubeconfig()) as Kubeconfig;
  const [user = {}] = kubeconfig.users.map((one) => one.user);
  const status = {
    clientCertificateData: decoded(user["client-certificate-data"]),
    clientKeyData: decoded(user["client-key-data"]),
  };
  const apiVersion = "client.authentication.k8s.io/v1";
  const answer = JSON.stringify({ apiVersion, kind: "ExecCredential", status });
  const exec = { apiVersion, command: "./log-in", args, env: [{ name: "ANSWER", value: answer }] };
  const users = kubeconfig.users.map(({ name }) => ({ name, user: { exec } }));
  await writeFile(join(checkout, "kubeconfig"), yamlText({ ...kubeconfig, users }));
  const program = `#!/bin/sh\necho run >> "${folder}/runs"\nprintf %s "$ANSWER"\n`;
  await writeFile(join(checkout, "log-in"), program);
  await chmod(join(checkout, "log-in"), 0o755);
}

const runs = async (): Promise<number> =>
  (await readFile(join(folder, "runs"), "utf8").catch(() => "")).split("\n").length - 1;

function token(host: Partial<Host> = {}): Promise<CliResult> {
  const env = { HOME: folder, XDG_STATE_HOME: state, PATH: process.env["PATH"] };
  const args = ["token", "aws-test/demo", "-f", "checkout/podtrust.yaml"];
  return podtrustHere(args, { cwd: folder, clock, env, ...host });
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "podtrust-consent-"));
  checkout = join(folder, "checkout");
  await mkdir(checkout);
  await writeFile(
    join(checkout, "podtrust.yaml"),
    "stack: prod\nissuer: https://oidc.example.com\ncluster: {kubeconfig: kubeconfig}\n",
  );
  cluster = await startStandInCluster({ issuer: "https://oidc.example.com", clock });
  cluster.addServiceAccount("aws-test", "demo");
});

beforeEach(async () => {
  state = await mkdtemp(join(folder, "state-"));
  await rm(join(folder, "runs"), { force: true });
  await writeCheckout();
});

after(async () => {
  await cluster.close();
  await rm(folder, { recursive: true });
});

test("the program of a foreign checkout's kubeconfig does not run without a terminal", async () => {
  const { code, err } = await token();
  assert.equal(code, 1);
  assert.match(err, /exec-plugin-unconfirmed/u);
  assert.match(err, /PODTRUST_ALLOW_EXEC_PLUGIN=sha256:[0-9a-f]{64}/u);
  assert.equal(await runs(), 0);
  const json = typed("y\n");
  const env = { XDG_STATE_HOME: state, PATH: process.env["PATH"] };
  const args = ["token", "aws-test/demo", "-f", "checkout/podtrust.yaml", "--json"];
  assert.equal((await podtrustHere(args, { cwd: folder, clock, env, ...json })).code, 1);
  assert.equal(await runs(), 0, "no one was asked");
});

test("on a terminal it is shown and asked about once, and the answer is kept for this user alone", async () => {
  const screen = typed("y\n");
  assert.equal((await token(screen)).code, 0, screen.said.err);
  assert.match(screen.said.err, /checkout\/kubeconfig names a program that gets the credentials/u);
  const shown = screen.said.err.replaceAll(/\n {4}/gu, " ");
  assert.match(
    shown,
    /\n {2}ANSWER='\{[^\n]*"kind":"ExecCredential"[^\n]*\}\}' \/[^\n]*\/checkout\/log-in\n/u,
  );
  assert.match(screen.said.err, /Run it, now and from now on\? \[y\/N\] $/u);
  assert.match(screen.said.out, /system:serviceaccount:aws-test:demo/u);
  assert.equal((await token()).code, 0, "without a terminal, once it is agreed to");
  assert.equal(await runs(), 2);
  const kept = join(state, "podtrust", ".exec-plugins");
  const [record = ""] = await readdir(kept);
  const modes = await Promise.all(
    [kept, join(kept, record)].map(async (path) => (await stat(path)).mode & 0o777),
  );
  assert.deepEqual(modes, [0o700, 0o600]);
});

test("a program, or the file that it is, is asked about again once it has changed", async () => {
  assert.equal((await token(typed("y\n"))).code, 0);
  await writeCheckout(["--other"]);
  assert.equal((await token()).code, 1);
  await writeCheckout();
  assert.equal((await token()).code, 0);
  await writeFile(join(checkout, "log-in"), "#!/bin/sh\nexit 0\n");
  assert.match((await token()).err, /exec-plugin-unconfirmed/u);
});

test("no is no, and is asked about the next time", async () => {
  for (const answer of ["n\n", "\n", ""]) {
    const screen = typed(answer);
    assert.equal((await token(screen)).code, 1);
    assert.match(screen.said.err, /Run it, now and from now on\?[^]*exec-plugin-unconfirmed/u);
  }
  assert.equal(await runs(), 0);
});

test("what others could have written is no consent", async () => {
  assert.equal((await token(typed("y\n"))).code, 0);
  const kept = join(state, "podtrust", ".exec-plugins");
  const [record = ""] = await readdir(kept);
  await chmod(join(kept, record), 0o666);
  assert.match((await token()).err, /state-permissions/u);
  assert.equal(await runs(), 1);
});

test("a kubeconfig of the person's own place runs its program as kubectl does", async () => {
  const home = join(folder, "home");
  await mkdir(join(home, ".kube"), { recursive: true });
  await cp(join(checkout, "log-in"), join(home, ".kube", "log-in"));
  await cp(join(checkout, "kubeconfig"), join(home, ".kube", "config"));
  const env = { HOME: home, XDG_STATE_HOME: state, PATH: process.env["PATH"] };
  const config = "stack: prod\nissuer: https://oidc.example.com\ncluster: {kubeconfig: ~/.kube/config}\n";
  await writeFile(join(checkout, "own.yaml"), config);
  for (const args of [["--kubeconfig", join(home, ".kube", "config")], [], ["-f", "checkout/own.yaml"]]) {
    const { code, err } = await podtrustHere(["token", "aws-test/demo", ...args], {
      cwd: folder,
      clock,
      env,
    });
    assert.equal(code, 0, err);
  }
  assert.equal(await runs(), 3);
});

describe("the program of a kubeconfig in a checkout does not run unasked", () => {
  const child = async (kubeconfig: string | undefined, env: Record<string, string> = {}) => {
    const named = kubeconfig === undefined ? "~/.kube/config" : kubeconfig;
    const config = `stack: prod\nissuer: https://oidc.example.com\ncluster: {kubeconfig: ${JSON.stringify(named)}}\n`;
    await writeFile(join(checkout, "foreign.yaml"), config);
    const { code, err } = await podtrustChild(["token", "aws-test/demo", "-f", "foreign.yaml"], {
      cwd: checkout,
      env: { HOME: folder, XDG_STATE_HOME: state, ...env },
    });
    assert.match(err, /exec-plugin-unconfirmed/u);
    assert.equal(code, 1);
    assert.equal(await runs(), 0);
  };

  for (const name of [
    "/proc/self/cwd/kubeconfig",
    "/etc/../proc/self/cwd/kubeconfig",
    "~/../../../../../proc/self/cwd/kubeconfig",
    "/proc/self/root/proc/self/cwd/kubeconfig",
  ])
    test(`by the name ${name}`, () => child(name));

  test("by a symbolic link from elsewhere", async () => {
    await symlink(join(checkout, "kubeconfig"), join(state, "link"));
    await child(join(state, "link"));
  });

  test("by a place outside any checkout, which only the config names", async () => {
    await cp(join(checkout, "kubeconfig"), join(state, "kubeconfig"));
    await child(join(state, "kubeconfig"));
  });

  test("where $KUBECONFIG names it, in the config's folder", () =>
    child("kubeconfig", { KUBECONFIG: join(checkout, "kubeconfig") }));

  test("where $KUBECONFIG names it by a symbolic link, or ~/.kube/config is one", async () => {
    await mkdir(join(state, ".kube"));
    await symlink(join(checkout, "kubeconfig"), join(state, ".kube", "config"));
    await child(undefined, { HOME: state });
    await child(join(state, ".kube", "config"), { KUBECONFIG: join(state, ".kube", "config") });
  });

  for (const marks of ["folder", "file"] as const) {
    test(`where $KUBECONFIG or --kubeconfig names it in the git checkout around, whose .git is a ${marks}`, async (t) => {
      const git = join(checkout, ".git");
      await (marks === "folder" ? mkdir(git) : writeFile(git, "gitdir: elsewhere\n"));
      t.after(() => rm(git, { recursive: true }));
      const cwd = join(checkout, "deep", "er");
      await mkdir(cwd, { recursive: true });
      const kubeconfig = join(checkout, "kubeconfig");
      const env = { HOME: folder, XDG_STATE_HOME: state };
      for (const [more, args] of [
        [{ KUBECONFIG: kubeconfig }, []],
        [{}, ["--kubeconfig", "../../kubeconfig"]],
      ] as const) {
        const asked = await podtrustChild(["token", "aws-test/demo", ...args], {
          cwd,
          env: { ...env, ...more },
        });
        assert.match(asked.err, /exec-plugin-unconfirmed/u);
      }
      assert.equal(await runs(), 0);
    });
  }

  test("by what a pipe gives, which has no place", async () => {
    const script = `exec 3<"$1"; cat <&3 | "$2" "$3" token aws-test/demo --kubeconfig /dev/stdin`;
    const { stderr } = spawnSync(
      "sh",
      ["-c", script, "sh", join(checkout, "kubeconfig"), process.execPath, mainFile],
      {
        cwd: folder,
        env: { HOME: folder, XDG_STATE_HOME: state, PATH: process.env["PATH"] },
        encoding: "utf8",
        timeout: maxWait,
      },
    );
    assert.match(stderr, /exec-plugin-unconfirmed/u);
    assert.equal(await runs(), 0);
  });
});
