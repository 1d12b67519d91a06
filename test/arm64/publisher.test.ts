/** The publisher's executable for arm64 and its units, on a Debian of arm64 that really boots. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { parseConnectTo, request } from "../../src/core/http/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/index.ts";
import { openRun, type Run } from "../cluster/harness/run.ts";
import { assertConfined } from "../machine/harness/confinement.ts";
import { runPodtrust, type PodtrustRun } from "../machine/harness/podtrust.ts";
import { ssh } from "../machine/harness/ssh.ts";
import { untilSsh } from "../machine/harness/wait.ts";
import { testAuthority } from "../support/certificates.ts";
import { certificateFiles } from "../support/publisher-process.ts";
import { maxWait } from "../support/until.ts";
import { type Arm64Image, buildArm64Image, whyNoArm64 } from "./build.ts";
import { type Arm64Machine, bootArm64 } from "./machine.ts";

const host = "oidc.example.test";
const issuer = `https://${host}`;

/** As OpenSSH writes it: `SHA256:…`. */
function fingerprint({ hostKey }: Arm64Image): string {
  const blob = Buffer.from(hostKey.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/u, "")}`;
}

function configOf({ login }: Arm64Machine, image: Arm64Image): string {
  return `stack: prod
issuer: ${issuer}
machine:
  ssh: {address: 127.0.0.1, port: ${login.port}, user: root, hostKey: "${fingerprint(image)}"}
  sshKey: ${image.identity}
publisher:
  release: release
  https: {certificateFile: tls.crt, keyFile: tls.key}
`;
}

/** The stand-in cluster where a machine's own k3s would be: its port, by ssh, and its administrator's kubeconfig. */
async function bringCluster(run: Run, { login }: Arm64Machine, cluster: StandInCluster): Promise<void> {
  const known = run.write("known-hosts", `machine ${login.hostKey}\n`);
  const options = [
    "BatchMode=yes",
    `UserKnownHostsFile=${known}`,
    "HostKeyAlias=machine",
    "ExitOnForwardFailure=yes",
  ];
  const route = `127.0.0.1:6443:127.0.0.1:${new URL(cluster.url).port}`;
  await run.start({
    name: "ssh",
    command: "ssh",
    args: [
      ["-F", "none", "-N", "-R", route, "-i", login.identity, "-p", String(login.port)],
      options.flatMap((option) => ["-o", option]),
      ["root@127.0.0.1"],
    ].flat(),
  });
  const kubeconfig = cluster.kubeconfig("admin").replaceAll(cluster.url, "https://127.0.0.1:6443");
  const file = "/etc/rancher/k3s/k3s.yaml";
  const { code, stderr } = await ssh(
    run,
    login,
    `install -D -m 600 /dev/stdin ${file} <<'END'\n${kubeconfig}\nEND\n`,
  );
  assert.equal(code, 0, stderr);
}

const skip = ((): string | false => {
  const reason = whyNoArm64();
  if (reason !== undefined && process.env["CI"] === "true")
    throw new Error(`the arm64 machine cannot be booted: ${reason}`);
  return reason === undefined ? false : `left out: ${reason}`;
})();

describe("the publisher on a machine of arm64 that boots", { skip }, () => {
  test("up sends the executable for arm64 and starts it with its units, and it serves the cluster's documents", async (context: TestContext) => {
    const run = openRun("arm64");
    context.after(() => run.end());
    const image = await buildArm64Image();
    const cluster = await startStandInCluster({ issuer });
    context.after(() => cluster.close());
    const authority = await testAuthority();
    await certificateFiles(run.folder, await authority.issue([host]));
    const built = ["tools/release.ts", "publisher-linux-arm64", "--level", "3", "--to"];
    await promisify(execFile)(process.execPath, [...built, join(run.folder, "release")], {
      timeout: maxWait,
    });

    const start = performance.now();
    const report = (what: string): void =>
      context.diagnostic(`${what}: ${((performance.now() - start) / 1000).toFixed(0)} s after power on`);
    const machine = await bootArm64(run, image);
    context.after(() => machine.powerOff());
    const onMachine = async (script: string): Promise<string> =>
      (await untilSsh(run, machine, machine.login, script)).stdout;
    assert.equal(await onMachine("uname -m"), "aarch64\n");
    report("login");
    await bringCluster(run, machine, cluster);

    run.write("podtrust.yaml", configOf(machine, image));
    const env = { PATH: process.env["PATH"] ?? "", HOME: run.folder, NODE_NO_WARNINGS: "1" };
    const up = (): Promise<PodtrustRun> => runPodtrust(run, ["up", "--only", "publisher", "--yes"], { env });
    const first = await up();
    assert.equal(first.code, 0, `${first.out}\n${first.err}\n${machine.console()}`);
    report("the publisher is up");

    await context.test("its service, its socket and its timer are active", async () => {
      const units =
        "podtrust-publisher.service podtrust-publisher-https.socket podtrust-publisher-token.timer";
      assert.equal(await onMachine(`systemctl is-active ${units}`), "active\nactive\nactive\n");
    });

    await context.test("what runs is a program of arm64: its ELF header says so", async () => {
      // e_machine of AArch64 is 0xb7.
      const found = await onMachine(
        "od -An -tx1 -j18 -N2 /proc/$(systemctl show -p MainPID --value podtrust-publisher)/exe",
      );
      assert.equal(found.trim(), "b7 00");
    });

    await context.test(
      "both documents come from outside, with the certificate of the config and the cluster's key",
      async () => {
        const ask = async (path: string): Promise<string> => {
          const { status, body } = await request(issuer + path, {
            ca: authority.root,
            connectTo: [parseConnectTo(`${host}:443:127.0.0.1:${machine.httpsPort}`)],
          });
          assert.equal(status, 200);
          return body.toString();
        };
        const discovery = JSON.parse(await ask("/.well-known/openid-configuration")) as { issuer: string };
        assert.equal(discovery.issuer, issuer);
        const { keys } = JSON.parse(await ask("/openid/v1/jwks")) as { keys: readonly { kid: string }[] };
        assert.deepEqual(
          keys.map(({ kid }) => kid),
          cluster.keys.list().map(({ kid }) => kid),
        );
      },
    );

    await context.test(
      "the live unit is exposed to 2.0 at the most, and runs as nobody with no capability",
      () => assertConfined(context, onMachine),
    );

    await context.test("a second up has nothing to do", async () => {
      const again = await up();
      assert.deepEqual([again.code, /Nothing to do/u.test(again.out)], [0, true], again.out + again.err);
    });
  });
});
