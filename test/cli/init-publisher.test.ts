/** What `init` says of the publisher of a cluster that exists: pasted, its lines make all that the config names. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { loadConfig } from "../../src/config/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/index.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";

const exec = promisify(execFile);
const context = "stand-in-admin@stand-in-cluster";
const given = ["--issuer", "oidc.example.com", "--account", "111122223333", "--no-detect"];

describe("init for a cluster that exists", () => {
  let cluster: StandInCluster;
  let cwd: string;
  let kubeconfig: string;

  before(async () => {
    cluster = await startStandInCluster({ issuer: "https://oidc.example.com" });
    cwd = await mkdtemp(join(tmpdir(), "podtrust-init-"));
    kubeconfig = join(cwd, "kubeconfig");
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  });
  after(async () => {
    await cluster.close();
    await rm(cwd, { recursive: true });
  });

  const init = (...args: readonly string[]): Promise<CliResult> =>
    podtrustHere(["init", ...given, ...args], { cwd, env: { KUBECONFIG: kubeconfig } });
  const nextOf = ({ out }: CliResult): readonly string[] => (JSON.parse(out) as { next: string[] }).next;

  test("the publisher's rights, files and start are listed in the order in which they are needed", async () => {
    const next = nextOf(await init("--cluster", context, "--json", "-f", "a.yaml"));
    assert.deepEqual(
      next.map(
        (line) => /publisher-rbac --renew-token|cluster-ca\.crt|> token|serve|plan|up/u.exec(line)?.[0],
      ),
      ["publisher-rbac --renew-token", "cluster-ca.crt", "> token", "serve", "plan", "up"],
    );
    for (const line of next.slice(0, 3)) assert.ok(line.includes(`kubectl --context ${context} `), line);
    assert.equal(next[3], "podtrust serve -f a.yaml &");
    const { publisher } = await loadConfig(join(cwd, "a.yaml"), { HOME: "/h" });
    assert.deepEqual(publisher?.source, {
      server: cluster.url,
      tokenFile: join(cwd, "token"),
      caFile: join(cwd, "cluster-ca.crt"),
      configFolder: cwd,
    });
  });

  test("the lines for CA and token, pasted into bash, make the files that the config names", async () => {
    // What kubectl would print.
    const said = `case "$*" in *create*token*) echo TOKEN;; *config*view*) printf %s Q0E=;; *) exit 1;; esac`;
    await writeFile(join(cwd, "kubectl"), `#!/bin/sh\n${said}\n`);
    await chmod(join(cwd, "kubectl"), 0o755);
    const [, ca = "", token = ""] = nextOf(await init("--cluster", "--json", "-f", "b.yaml"));
    const env = { PATH: `${cwd}:${process.env["PATH"]}` };
    for (const line of [ca, token]) await exec("bash", ["--norc", "-ec", line], { cwd, env });
    assert.equal(await readFile(join(cwd, "cluster-ca.crt"), "utf8"), "CA");
    assert.equal(await readFile(join(cwd, "token"), "utf8"), "TOKEN\n");
    assert.equal((await stat(join(cwd, "token"))).mode & 0o777, 0o600);
  });

  test("to a bucket both documents are uploaded once, in place of being served", async () => {
    const next = nextOf(await init("--cluster", "--bucket", "keys", "--json", "-f", "c.yaml"));
    assert.equal(next[3], "podtrust publish s3 -f c.yaml");
  });

  test("an API server that a client must know more of is read by a kubeconfig of the publisher's own", async () => {
    const text = cluster.kubeconfig().replace(/( +)server:/u, "$1tls-server-name: kubernetes\n$1server:");
    assert.match(text, /tls-server-name/u);
    await writeFile(kubeconfig, text, { mode: 0o600 });
    const next = nextOf(await init("--cluster", "--json", "-f", "d.yaml"));
    assert.equal(next.length, 4, next.join("\n"));
    const { publisher } = await loadConfig(join(cwd, "d.yaml"), { HOME: "/h" });
    assert.ok(publisher !== undefined && "kubeconfig" in publisher.source);
  });
});
