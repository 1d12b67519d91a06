/** k3s on an existing machine, by the commands, over a real sshd; systemd and k3s are stand-ins there. */
import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { RancherFiles } from "../../../src/control-plane/servers/rancher.ts";
import { defined, systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { openSession, pinnedKnownHosts } from "../../../src/providers/host/index.ts";
import { type CliResult, podtrustChild, podtrustHere } from "../../support/cli.ts";
import { testAtLength } from "../../support/runs.ts";
import {
  homeEnvironment,
  hostConfig,
  installK3sWith,
  installStarts,
  k3sProgram,
  pinnedArchives,
  type SshHost,
  whyNoSshHost,
  hostForEachTest,
} from "../../support/ssh-host/index.ts";
import type { Shown } from "../../support/stack-world.ts";

const missing = whyNoSshHost();
const options = defined({ skip: missing });

let host: SshHost;
let folder: string;

hostForEachTest("k3s", missing, (made) => void ({ host, folder } = made));

const configPath = "etc/rancher/k3s/config.yaml.d/90-podtrust.yaml";

async function config(more = "", version?: string): Promise<void> {
  const archives = await pinnedArchives(folder, defined({ version }));
  await writeFile(
    join(folder, "podtrust.yaml"),
    `${hostConfig(host)}${archives}
${more.replaceAll(/^/gmu, "  ")}
`,
  );
}

const env = (): Record<string, string> => homeEnvironment(folder);

const podtrust = (...args: string[]): Promise<CliResult> =>
  podtrustHere(args, { cwd: folder, env: env(), clock: systemClock });

async function shown(...args: string[]): Promise<Shown> {
  const { out, err } = await podtrust(...args, "--json");
  assert.ok(out !== "", err);
  return JSON.parse(out) as Shown;
}

const fields = (plan: Shown): readonly string[] =>
  plan.changes.flatMap((one) => one.fields.map(({ field }) => field));

/** That the unit starts k3s without a word of the issuer, and that its API server has it once and first all the same. */
async function assertFilesSayIssuer(): Promise<void> {
  const unit = (await host.file("etc/systemd/system/k3s.service")) ?? "";
  assert.match(unit, /^ExecStart=\/usr\/local\/bin\/k3s server$/mu);
  const log = (await host.file("run/stand-in/journal")) ?? "";
  const issuers = [...log.matchAll(/--service-account-issuer=(\S+)/gu)].map(([, one]) => one);
  assert.deepEqual(issuers, ["https://oidc.example.com", "https://kubernetes.default.svc.cluster.local"]);
}

test(
  "up sets k3s up on an existing machine with the issuer first, and a second up finds nothing to do",
  options,
  async () => {
    await config();
    const first = await shown("up", "--yes");
    assert.deepEqual(first.failed, []);
    assert.deepEqual(
      first.done.map(({ id, kind }) => [id, kind]),
      [
        ["host/prod/system", "create"],
        ["host/prod/k3s", "create"],
      ],
    );
    const text = (await host.file(configPath)) ?? "";
    assert.match(text, /^# podtrust stack=prod/u);
    assert.match(
      text,
      /service-account-issuer=https:\/\/oidc\.example\.com"\n.*cluster\.local"\n.*jwks-uri=/u,
    );
    const manifest = (await host.file("var/lib/rancher/k3s/server/manifests/podtrust-cilium.yaml")) ?? "";
    assert.match(manifest, new RegExp(`chartContent: ${Buffer.from("a chart").toString("base64")}\n`, "u"));
    assert.match((await host.file("etc/bash_completion.d/podtrust-kubectl")) ?? "", /kubectl/u);
    assert.match(
      (await host.file("etc/profile.d/podtrust-kubectl.sh")) ?? "",
      /alias kubectl="sudo kubectl"/u,
    );
    const second = await shown("plan");
    assert.deepEqual(fields(second), []);
    const again = await podtrust("up", "--yes");
    assert.match(again.out, /Nothing to do/u);
  },
);

testAtLength("a binary that is not the pinned one is not put in place", options, async () => {
  await config();
  await writeFile(join(folder, "k3s-v1.36.4+k3s1"), "something else");
  const { code, err } = await podtrust("up", "--yes");
  assert.equal(code, 1);
  assert.match(err, /is not the k3s v1\.36\.4\+k3s1 that is pinned/u);
  assert.equal(await host.file("usr/local/bin/k3s"), undefined);
  assert.equal((await podtrust("plan")).code, 0);
});

testAtLength("an interrupted up is finished by the next one", options, async () => {
  await config();
  await host.program("sync", "exit 1");
  const { code } = await podtrust("up", "--yes");
  assert.equal(code, 1);
  await host.program("sync", "exit 0");
  const finished = await podtrust("up", "--yes");
  assert.equal(finished.code, 0, finished.err);
  assert.equal(
    (await shown("plan")).changes.every(({ kind }) => kind === "none"),
    true,
  );
});

test(
  "a file that was changed by hand is shown and written again, and k3s started anew",
  options,
  async () => {
    await config();
    await podtrust("up", "--yes");
    await writeFile(
      join(host.root, configPath),
      "# podtrust stack=prod format=1 id=3f2a91bc\nsecrets-encryption: false\n",
    );
    const plan = await shown("plan");
    assert.deepEqual(fields(plan), [`/${configPath}`]);
    const calls = join(host.root, "run/stand-in/calls");
    await writeFile(calls, "");
    const { code, err } = await podtrust("up", "--yes");
    assert.equal(code, 0, err);
    assert.match((await host.file("run/stand-in/calls")) ?? "", /start k3s/u);
  },
);

test("a config file whose mark has no identity gets it, and k3s goes on as it runs", options, async () => {
  await config();
  await podtrust("up", "--yes");
  const text = (await host.file(configPath)) ?? "";
  await writeFile(join(host.root, configPath), text.replace(" id=3f2a91bc", ""));
  const calls = join(host.root, "run/stand-in/calls");
  await writeFile(calls, "");
  assert.deepEqual(fields(await shown("plan")), [`/${configPath}`]);
  const { code, err } = await podtrust("up", "--yes");
  assert.equal(code, 0, err);
  assert.equal(await host.file(configPath), text);
  assert.doesNotMatch((await host.file("run/stand-in/calls")) ?? "", /start k3s/u);
  assert.deepEqual(fields(await shown("plan")), []);
});

test(
  "a person's later drop-in that drops ours is named, since the running API server shows it",
  options,
  async () => {
    await config();
    await podtrust("up", "--yes");
    const folderOfOthers = join(host.root, "etc/rancher/k3s/config.yaml.d");
    await writeFile(join(folderOfOthers, "95-mine.yaml"), "kube-apiserver-arg:\n  - v=2\n");
    const before = await shown("plan");
    assert.deepEqual(fields(before), [], "what runs is still as it was started");
    await host.program("reboot", "systemctl start k3s --no-block");
    await podtrustChild(["ssh", "--", "reboot"], { cwd: folder, env: env() });
    assert.deepEqual(fields(await shown("plan")), [
      "issuers of the running API server",
      "jwks-uri of the running API server",
    ]);
    const { code, err } = await podtrust("up", "--yes");
    assert.equal(code, 1);
    assert.match(err, /k3s-overridden|in place of/u);
    assert.match(err, /95-mine\.yaml has kube-apiserver-arg without a \+/u);
  },
);

test(
  "what runs needs no log where the process is younger than its files, and is what the API server itself shows",
  options,
  async () => {
    await config();
    await podtrust("up", "--yes");
    const standIn = (name: string): string => join(host.root, "run/stand-in", name);
    await writeFile(standIn("journal"), "");
    await writeFile(standIn("began"), "1000000");
    const lost = (await shown("plan")).changes.flatMap(({ fields: all }) => all).map(({ before }) => before);
    assert.match(String(lost[0]), /^not looked at: k3s' log has lost the line/u);
    const tomorrow = (systemClock.now() + 86_400_000) * 1000;
    await writeFile(standIn("began"), String(tomorrow));
    assert.deepEqual(fields(await shown("plan")), []);
    assert.match((await podtrust("status", "--only", "cluster", "--json")).out, /"ServersAsStarted"/u);
    const document = { issuer: "https://other.example.com", jwks_uri: "https://other.example.com/keys" };
    await writeFile(standIn("discovery"), JSON.stringify(document));
    const other = (await shown("plan")).changes.flatMap(({ fields: all }) => all).map(({ before }) => before);
    assert.match(String(other[0]), /^not looked at: its token names https:\/\/oidc\.example\.com/u);
    assert.match((await podtrust("status", "--only", "cluster", "--json")).out, /"ServersNotLookedAt"/u);
  },
);

testAtLength(
  "an issuer in a person's earlier file, which would sign in place of ours, is named",
  options,
  async () => {
    await config();
    await mkdir(join(host.root, "etc/rancher/k3s"), { recursive: true });
    await writeFile(
      join(host.root, "etc/rancher/k3s/config.yaml"),
      "kube-apiserver-arg: [service-account-issuer=https://theirs.example.com]\n",
    );
    const plan = await shown("plan");
    assert.equal(
      plan.refusals[0]?.code,
      "plan-name-taken",
      "a k3s that podtrust did not install is not touched",
    );
    const { code, err } = await podtrust("import", "k3s", "--yes");
    assert.equal(code, 1);
    assert.match(err, /config\.yaml has service-account-issuer=https:\/\/theirs\.example\.com/u);
  },
);

test("down takes k3s off the machine, Cilium's interfaces before the network", options, async () => {
  await config();
  await podtrust("up", "--yes");
  const calls = join(host.root, "run/stand-in/calls");
  await writeFile(calls, "");
  const { code, err } = await podtrust("down", "--yes");
  assert.equal(code, 0, err);
  const said = (await host.file("run/stand-in/calls")) ?? "";
  const [link, stop] = [said.indexOf("ip link delete cilium_host"), said.indexOf("disable --now k3s")];
  assert.ok(link !== -1 && link < stop, said);
  for (const path of [configPath, "usr/local/bin/k3s", "etc/systemd/system/k3s.service"]) {
    assert.equal(await host.file(path), undefined, path);
  }
  assert.match((await podtrust("down", "--yes")).out, /Nothing to do/u);
});

test("podtrust ssh runs a command on the machine and exits as it does", options, async () => {
  await config();
  const run = await podtrustChild(["ssh", "--", "cat /etc/ssh/ssh_host_ed25519_key.pub; exit 7"], {
    cwd: folder,
    env: env(),
  });
  assert.equal(run.code, 7, run.err);
  assert.equal(run.out, await host.file("etc/ssh/ssh_host_ed25519_key.pub"));
});

testAtLength(
  "flannel in place of Cilium leaves k3s its own network and writes no manifest",
  options,
  async () => {
    await config("cni: flannel");
    const { code, err } = await podtrust("up", "--yes");
    assert.equal(code, 0, err);
    assert.doesNotMatch((await host.file(configPath)) ?? "", /flannel-backend|disable-kube-proxy/u);
    assert.equal(await host.file("var/lib/rancher/k3s/server/manifests/podtrust-cilium.yaml"), undefined);
  },
);

testAtLength("an older release than the one that runs is refused", options, async () => {
  await config();
  await podtrust("up", "--yes");
  await config("", "v1.35.9+k3s1");
  const plan = await shown("plan");
  assert.match(plan.refusals[0]?.message ?? "", /v1\.36\.4\+k3s1 runs there.*older/u);
});

testAtLength(
  "an upgrade that skips a minor release is refused with the release that comes first",
  options,
  async () => {
    await config("", "v1.34.9+k3s1");
    await podtrust("up", "--yes");
    await config();
    const plan = await shown("plan");
    assert.match(
      plan.refusals[0]?.message ?? "",
      /v1\.34\.9\+k3s1 runs there.*v1\.36\.4\+k3s1: that skips a minor/u,
    );
    const { err } = await podtrust("plan");
    assert.match(err.replaceAll(/\s+/gu, " "), /a release of v1\.35 with its checksums/u);
  },
);

test(
  "an upgrade copies the datastore first, once, and the plan says that the API is away meanwhile",
  options,
  async () => {
    await config("", "v1.35.9+k3s1");
    await podtrust("up", "--yes");
    const server = join(host.root, "var/lib/rancher/k3s/server");
    await mkdir(join(server, "db"), { recursive: true });
    await writeFile(join(server, "db/state.db"), "before");
    const token = await host.file("var/lib/rancher/k3s/server/token");
    assert.match(token ?? "", /::server:/u);
    await config();
    const { out, err } = await podtrust("plan");
    assert.match(
      `${out}${err}`.replaceAll(/\s+/gu, " "),
      /is an upgrade from v1\.35\.9\+k3s1 to v1\.36\.4\+k3s1: its datastore is copied to .*The Kubernetes API is away for about a minute/u,
    );
    const up = await shown("up", "--yes");
    assert.deepEqual(up.failed, []);
    await assertFilesSayIssuer();
    const copy = "var/lib/rancher/k3s/server-before-v1.35.9+k3s1";
    assert.equal(await host.file(`${copy}/db/state.db`), "before");
    assert.equal(await host.file(`${copy}/token`), token);
    assert.deepEqual(
      (await shown("plan")).changes.flatMap(({ fields: more }) => more),
      [],
    );
  },
);

test(
  "an upgrade of a k3s that adopt took the issuer out of the unit of leaves the unit without flags and the issuer to the files",
  options,
  async () => {
    const version = "v1.35.9+k3s1";
    await mkdir(join(host.root, "usr/local/bin"), { recursive: true });
    await writeFile(join(host.root, "usr/local/bin/k3s"), k3sProgram(version), { mode: 0o755 });
    await mkdir(join(host.root, "etc/rancher/k3s"), { recursive: true });
    const argument = "--kube-apiserver-arg=service-account-issuer=https://old.example.com";
    await installK3sWith(host, [argument]);
    const { port, user, keyFile, hostKey } = host;
    const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
    const alias = "podtrust-test";
    const state = new StateFolder(join(folder, "s"));
    const knownHosts = await pinnedKnownHosts(target, { env: env(), alias, state });
    const session = openSession({ env: env(), clock: systemClock, target, knownHosts, alias });
    try {
      await session.run(installStarts, { timeoutMs: 60_000 });
      const files = new RancherFiles(new ServerMachine(session), "k3s", "adopt");
      const issuers = ["https://oidc.example.com"];
      await files.change({ issuers, jwksUri: `${issuers[0]}/openid/v1/jwks` }, new AbortController().signal);
      assert.doesNotMatch((await host.file("etc/systemd/system/k3s.service")) ?? "", /issuer=/u);
      await config();
      const refused = await podtrust("import", "k3s", "--yes");
      assert.equal(refused.code, 1);
      assert.match(
        refused.err.replaceAll(/\s+/gu, " "),
        /would be given the issuer https:\/\/oidc\.example\.com twice, .* \S+\/50-issuer\.yaml has service-account-issuer=/u,
      );
      assert.equal(await host.file(configPath), undefined);
      assert.equal(await host.file("run/stand-in/active"), "active\n");
      await rm(join(host.root, "etc/rancher/k3s/config.yaml.d/50-issuer.yaml"));
      const taken = await podtrust("import", "k3s", "--yes");
      assert.equal(taken.code, 0, taken.err);
      await assertFilesSayIssuer();
      assert.match((await host.file("usr/local/bin/k3s")) ?? "", /stand-in for k3s v1\.36\.4/u);
    } finally {
      await session.close();
    }
  },
);

testAtLength(
  "a k3s that runs stays at its version where the config names none, whatever this podtrust's default is",
  options,
  async () => {
    await config("", "v1.35.9+k3s1");
    await podtrust("up", "--yes");
    const file = join(folder, "podtrust.yaml");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(/^ *k3s: .*$/mu, ""));
    const plan = await shown("plan");
    assert.deepEqual([plan.refusals, plan.changes.flatMap(({ fields: more }) => more)], [[], []]);
    assert.match((await host.file("usr/local/bin/k3s")) ?? "", /stand-in for k3s v1\.35\.9/u);
  },
);

testAtLength(
  "a machine with a processor that k3s is not made for is refused by name before anything of k3s is written",
  options,
  async () => {
    await config();
    await host.program("uname", 'if [ "$*" = -m ]; then echo riscv64; else exec /bin/uname "$@"; fi');
    const { code, err } = await podtrust("up", "--only", "k3s", "--yes");
    assert.equal(code, 1);
    assert.match(err, /host-unsupported/u);
    assert.match(err, /the machine's processor is riscv64: k3s is had for x86-64 and ARM64/u);
    for (const path of [configPath, "etc/systemd/system/k3s.service", "usr/local/bin/k3s"]) {
      assert.equal(await host.file(path), undefined, path);
    }
  },
);
