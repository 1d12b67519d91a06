/**
 * A compromised machine, reached through a real SSH connection: whatever its kubeconfig says, nothing of it
 * runs where podtrust runs.
 */
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { defined, systemClock } from "../../../src/core/base/index.ts";
import { type StandInCluster, startStandInCluster } from "../../../src/sandbox/cluster/index.ts";
import { yamlText } from "../../../src/core/yaml/index.ts";
import { type CliResult, podtrustChild, podtrustHere } from "../../support/cli.ts";
import { freePort } from "../../support/free-port.ts";
import {
  homeEnvironment,
  hostConfig,
  type SshHost,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";
import { configText, sandboxEnvironment, stackWorld, typed } from "../../support/stack-world.ts";

const missing = whyNoSshHost();
const options = defined({ skip: missing });

interface Kubeconfig {
  clusters: { name: string; cluster: Record<string, unknown> }[];
  users: { name: string; user: Record<string, unknown> }[];
}

let host: SshHost;
let cluster: StandInCluster;
let folder: string;
let pwned: string;

before(async () => {
  if (missing !== undefined) return;
  host = await startSshHost();
  cluster = await startStandInCluster({ issuer: "https://oidc.example.com" });
  folder = await mkdtemp(join(tmpdir(), "podtrust-foreign-"));
  pwned = join(folder, "pwned");
  await mkdir(join(host.root, "etc/rancher/k3s"), { recursive: true });
  await mkdir(join(folder, "bin"));
  // What kubectl would do with such a user.
  const kubectl = `#!/bin/sh\necho started >>'${join(folder, "kubectl-ran")}'\nif grep -q exec "$KUBECONFIG"; then : >'${pwned}'; fi\n`;
  await writeFile(join(folder, "bin", "kubectl"), kubectl);
  await chmod(join(folder, "bin", "kubectl"), 0o755);
  const aws = `
aws:
  - account: "111122223333"
    region: eu-central-1
    roles:
      - {name: demo, serviceAccounts: [default/demo-service-account], policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]}`;
  await writeFile(join(folder, "podtrust.yaml"), hostConfig(host) + aws);
  await writeFile(join(folder, "machine.yaml"), hostConfig(host));
});
after(async () => {
  await host?.stop();
  await cluster?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** What the machine says, with one change to it. */
async function machineSays(change: (kubeconfig: Kubeconfig) => void): Promise<void> {
  const kubeconfig = parse(cluster.kubeconfig()) as Kubeconfig;
  change(kubeconfig);
  await writeFile(join(host.root, "etc/rancher/k3s/k3s.yaml"), yamlText(kubeconfig));
}

const user = (entry: Record<string, unknown>) => (kubeconfig: Kubeconfig) => {
  for (const one of kubeconfig.users) one.user = entry;
};

const execUser = () =>
  user({
    exec: {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "sh",
      args: ["-c", `id > '${pwned}'; exit 1`],
      interactiveMode: "Never",
    },
  });

const podtrust = (args: readonly string[]): Promise<CliResult> =>
  podtrustChild(args, {
    cwd: folder,
    env: {
      ...homeEnvironment(folder),
      PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"] ?? ""}`,
      AWS_ACCESS_KEY_ID: "none",
      AWS_SECRET_ACCESS_KEY: "none",
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      AWS_MAX_ATTEMPTS: "1",
    },
  });

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const commands: readonly (readonly string[])[] = [
  ["status"],
  ["status", "--json"],
  ["test"],
  ["kubectl", "-f", "machine.yaml", "get", "pods"],
  ["apply", "demo"],
  ["apply", "demo", "--delete"],
  ["token", "aws-test/demo", "-f", "podtrust.yaml"],
  ["tunnel", "-f", "machine.yaml"],
  ["tunnel", "-f", "machine.yaml", "--merge"],
];

for (const words of commands) {
  test(
    `podtrust ${words.join(" ")} runs no program that the machine's kubeconfig names`,
    options,
    async () => {
      await machineSays(execUser());
      const port = words[0] === "tunnel" ? ["--port", String(await freePort())] : [];
      const { code, out, err } = await podtrust([...words, ...port]);
      assert.notEqual(code, 0, out + err);
      assert.equal(await isThere(pwned), false, out + err);
      assert.equal(await isThere(join(folder, "kubectl-ran")), false, "kubectl was given it");
      assert.equal(await isThere(join(folder, ".kube", "config")), false, "it was merged");
      assert.match(out + err, /users\[0\]\.user\.exec/u);
    },
  );
}

test("podtrust up, which tries a new role with a token, runs none either", options, async (t) => {
  await machineSays(execUser());
  const world = await stackWorld(t);
  const more = hostConfig(host).slice(hostConfig(host).indexOf("machine:"));
  await world.config(configText(world.issuer.issuer, "", more));
  const { code, out, err } = await podtrustChild(["up", "--yes", ...world.route], {
    cwd: world.folder,
    env: { ...homeEnvironment(folder), ...sandboxEnvironment(world.sandbox.url, world.sandbox.admin) },
  });
  assert.equal(await isThere(pwned), false, out + err);
  assert.match(out + err, /users\[0\]\.user\.exec/u);
  assert.equal(code, 1);
});

test(
  "what of a machine's kubeconfig is refused is named, with what is accepted and what to do",
  options,
  async () => {
    await machineSays(execUser());
    const { code, err } = await podtrust(["kubectl", "-f", "machine.yaml", "get", "pods"]);
    assert.equal(code, 1);
    assert.match(err, /machine-kubeconfig/u);
    assert.match(err, /users\[0\]\.user\.exec is none of what k3s writes there/u);
    assert.match(err, /accepted is client-certificate-data, client-key-data, token/u);
    assert.match(err, /systemctl restart k3s/u);
  },
);

test("files of this machine are read for no machine's kubeconfig", options, async () => {
  await writeFile(join(folder, "secret"), "secret-of-mine");
  for (const entry of [
    { tokenFile: join(folder, "secret") },
    { "client-certificate": join(folder, "secret") },
  ]) {
    await machineSays(user(entry));
    const { code, out, err } = await podtrust(["token", "aws-test/demo", "-f", "podtrust.yaml"]);
    assert.equal(code, 1, out);
    assert.match(err, /machine-kubeconfig/u);
  }
});

test("a tunnel merges names, an address and re-encoded credentials of our own", options, async () => {
  await machineSays(({ clusters, users }) => {
    for (const one of clusters) one.name = "\u001B]0;pwned\u0007";
    for (const one of users) one.name = "production-admin";
  });
  const port = await freePort();
  const { err } = await podtrustChild(["tunnel", "-f", "machine.yaml", "--merge", "--port", String(port)], {
    cwd: folder,
    env: homeEnvironment(folder),
    onOutput(said, kill) {
      if (said.includes("kubectl --context prod")) kill("SIGTERM");
    },
  });
  const merged = parse(await readFile(join(folder, ".kube", "config"), "utf8")) as Kubeconfig;
  await rm(join(folder, ".kube"), { recursive: true });
  assert.deepEqual(
    Object.keys(merged).sort(),
    ["apiVersion", "clusters", "contexts", "current-context", "kind", "users"],
    err,
  );
  const [entry] = merged.clusters;
  assert.equal(entry?.name, "prod");
  assert.deepEqual(Object.keys(entry?.cluster ?? {}), ["server", "certificate-authority-data"]);
  assert.equal(entry?.cluster["server"], `https://127.0.0.1:${port}`);
  const [person] = merged.users;
  assert.equal(person?.name, "prod");
  assert.deepEqual(Object.keys(person?.user ?? {}), ["client-certificate-data", "client-key-data"]);
  const key = Buffer.from(String(person?.user["client-key-data"]), "base64").toString();
  assert.match(key, /^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----\n$/u);
});

const escapes = String.raw`\033]0;PWNED\007\033[2J\033[1;1Hspoofed\302\233 31m\342\200\256`;

/** Runs a command on a terminal of memory; gives all that was sent to it. */
async function onScreen(
  args: readonly string[],
  typing = "",
): Promise<{ code: number | null; sent: string }> {
  let sent = "";
  const stream = { isTTY: true, columns: 80, write: (more: string) => (sent += more) };
  const { code } = await podtrustHere(args, {
    ...typed(typing),
    cwd: folder,
    env: { ...homeEnvironment(folder), NO_COLOR: "1" },
    clock: systemClock,
    stdout: stream,
    stderr: stream,
  });
  return { code, sent };
}

function harmless(sent: string): void {
  assert.match(sent, /spoofed/u);
  assert.match(sent, /\\u001b\]0;PWNED\\u0007\\u001b\[2J/u);
  assert.doesNotMatch(sent, /[^\P{Cc}\n]|[\u202A-\u202E\u2066-\u2069]/u);
}

test("a log of the machine, on either of its streams, cannot command the terminal", options, async () => {
  await host.program("journalctl", `printf '${escapes}\nout\r\n'; printf '${escapes}' >&2; exit 3`);
  for (const log of ["publisher", "k3s"]) {
    const { code, sent } = await onScreen(["logs", log, "-f", "machine.yaml"]);
    assert.equal(code, 3, sent);
    harmless(sent);
    assert.match(sent, /^out$/mu);
  }
  const { out } = await podtrust(["logs", "k3s", "-f", "machine.yaml"]);
  harmless(out);
});

/** What stands for the publisher's program on the machine. */
async function publisherSays(script: string): Promise<void> {
  const path = join(host.root, "opt/podtrust/publisher/current");
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "podtrust-publisher"), `#!/bin/sh\n${script}\n`);
  await chmod(join(path, "podtrust-publisher"), 0o755);
  const publisher = `
publisher:
  source: {kubeconfig: publisher.kubeconfig}
  https: {listen: ["[::]:443"], http: ["[::]:80"], acme: {email: ops@example.com}}`;
  await writeFile(join(folder, "publisher.yaml"), hostConfig(host) + publisher);
}

test("what rotate has the machine's publisher do and say cannot command the terminal", options, async () => {
  await publisherSays(`printf '${escapes}\n'; exit 4`);
  const { code, sent } = await onScreen(["rotate", "status", "-f", "publisher.yaml"]);
  assert.equal(code, 4, sent);
  harmless(sent);
});

test(
  "rotate asks here what the machine's publisher cannot ask there, and nothing else",
  options,
  async () => {
    const refusal = `case "$*" in *--force*) echo "done $*" ;; *) printf 'error: signs ${escapes}\ncode:  publisher-key-signs\n' >&2; exit 1 ;; esac`;
    await publisherSays(refusal);
    const kid = "k".repeat(43);
    const yes = await onScreen(["rotate", "distrust", kid, "-f", "publisher.yaml"], "y\n");
    assert.equal(yes.code, 0, yes.sent);
    harmless(yes.sent);
    assert.match(yes.sent, /Distrust it anyway\? \[y\/N\] /u);
    assert.match(yes.sent, /done rotate distrust k{43} --state \S+ --force/u);
    const no = await onScreen(["rotate", "distrust", kid, "-f", "publisher.yaml"], "n\n");
    assert.equal(no.code, 1);
    assert.doesNotMatch(no.sent, /done/u);
  },
);

test("an answer of rotate as JSON is parsed before it is shown", options, async () => {
  await publisherSays(`printf '{"ready":true,"x":"\\342\\200\\256"}\n'`);
  const good = await podtrust(["rotate", "status", "-f", "publisher.yaml", "--json"]);
  assert.equal(good.out, '{"ready":true,"x":"\\u202e"}\n', good.err);
  await publisherSays(`printf '${escapes}\n'`);
  const bad = await podtrust(["rotate", "status", "-f", "publisher.yaml", "--json"]);
  assert.equal(bad.code, 1);
  assert.match(bad.out, /host-command-failed/u);
  assert.doesNotMatch(bad.out, /PWNED/u);
});

test(
  "ssh, logs, rotate and kubectl get no cloud's token and no AWS key in their environment",
  options,
  async () => {
    await machineSays(() => {});
    await publisherSays("echo status");
    await host.program("journalctl", "echo journal");
    const seen = join(folder, "seen");
    const bin = join(folder, "watching");
    await mkdir(bin);
    for (const [name, does] of [
      ["ssh", 'exec /usr/bin/ssh "$@"'],
      ["kubectl", "exit 0"],
    ] as const) {
      await writeFile(join(bin, name), `#!/bin/sh\nenv | sed 's/^/${name} /' >>'${seen}'\n${does}\n`);
      await chmod(join(bin, name), 0o755);
    }
    const secrets = {
      AWS_ACCESS_KEY_ID: "AKIA",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "secret",
      AWS_PROFILE: "admin",
      HCLOUD_TOKEN: "secret",
      CLOUDFLARE_API_TOKEN: "secret",
      SOME_OTHER_SECRET: "secret",
    };
    const env = {
      ...homeEnvironment(folder),
      PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
      ...secrets,
    };
    for (const words of [
      ["ssh", "-f", "machine.yaml", "--", "true"],
      ["logs", "k3s", "-f", "machine.yaml"],
      ["rotate", "status", "-f", "publisher.yaml"],
      ["kubectl", "-f", "machine.yaml", "get", "pods"],
    ]) {
      await writeFile(seen, "");
      const { code, err } = await podtrustChild(words, { cwd: folder, env });
      assert.equal(code, 0, err);
      const variables = await readFile(seen, "utf8");
      assert.match(variables, new RegExp(`^${words[0] === "kubectl" ? "kubectl" : "ssh"} HOME=`, "mu"));
      for (const name of Object.keys(secrets))
        assert.doesNotMatch(variables, new RegExp(` ${name}=`, "u"), words.join(" "));
    }
  },
);
