/**
 * `podtrust up` sets up the publisher on a machine that really booted, and makes AWS's stand-in trust it: systemd with its
 * sockets and its hardening is real, and so are the CA that gives the certificate (Pebble), the way of each document
 * from outside, and the API server. That one runs beside the emulator, which spares minutes; the machine has it at
 * 127.0.0.1:6443 as it would have its own (k3s.test.ts starts one in the machine).
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { dirname, join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import {
  type ControlPlane,
  freePorts,
  type Pebble,
  startControlPlane,
  startPebble,
} from "../cluster/harness/index.ts";
import { account } from "../support/sandbox.ts";
import { sandboxEnvironment } from "../support/stack-world.ts";
import { choosePorts } from "./harness/emulator.ts";
import {
  buildImage,
  type Login,
  leftOut,
  type Machine,
  type Run,
  ssh,
  until,
  untilSsh,
} from "./harness/index.ts";
import { machineSection, podtrust } from "./harness/podtrust.ts";
import { put } from "./harness/ssh.ts";
import { bootedMachine } from "./saved.ts";

const run = promisify(execFile);
const issuer = "https://oidc.example.com";
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Where the machine finds the CA, AWS, and its own API server. */
const ca = "198.18.0.1:14000";
const api = "198.18.0.3:6443";
const aws = "198.18.0.2:4580";
const role = `arn:aws:iam::${account}:role/demo`;

interface World {
  readonly run: Run;
  readonly machine: Machine;
  readonly access: Login;
  readonly pebble: Pebble;
  readonly sandbox: Sandbox;
  readonly cluster: ControlPlane;
  /** Runs `podtrust ARGS` with AWS's stand-in and the way to the issuer. */
  readonly podtrust: (...args: readonly string[]) => ReturnType<typeof podtrust>;
}

/** A release of this checkout's publisher, its compression fast rather than small. */
async function release(folder: string): Promise<void> {
  const args = ["tools/release.ts", "x64", "--level", "3", "--to", folder];
  await run(process.execPath, args, { cwd: root, timeout: 300_000 });
}

// What listens at 127.0.0.1:6443 in the machine, in place of its k3s.
const apiSocket = `[Socket]
ListenStream=127.0.0.1:6443
[Install]
WantedBy=sockets.target
`;
const apiService = `[Service]
ExecStart=/lib/systemd/systemd-socket-proxyd ${api}
`;

/** Lets the machine have a cluster: its API server, and k3s's kubeconfig for root. */
async function giveCluster(room: Run, access: Login, cluster: ControlPlane): Promise<void> {
  const kubeconfig = readFileSync(cluster.adminKubeconfig, "utf8");
  const files = {
    "/etc/systemd/system/cluster-api.socket": apiSocket,
    "/etc/systemd/system/cluster-api.service": apiService,
    "/etc/rancher/k3s/k3s.yaml": kubeconfig.replaceAll(cluster.server, "https://127.0.0.1:6443"),
  };
  for (const [path, text] of Object.entries(files)) await put(room, access, text, [path, "0600"]);
  const { code, stderr } = await ssh(room, access, "sudo systemctl enable -q --now cluster-api.socket");
  assert.equal(code, 0, stderr);
}

async function world(context: TestContext): Promise<World> {
  const ports = await choosePorts();
  const [awsPort = 0] = await freePorts(1);
  const pebble = await startPebble({ httpPort: ports[80], tlsPort: ports[443], names: ["198.18.0.1"] });
  context.after(() => pebble.stop());
  const cluster = await startControlPlane({ issuer });
  context.after(() => cluster.stop());
  const portOf = (url: string): number => Number(new URL(url).port);
  const outside = { [ca]: portOf(pebble.directoryUrl), [api]: portOf(cluster.server), [aws]: awsPort };
  const { run: started, machine, access } = await bootedMachine(context, { ports, outside });
  await giveCluster(started, access, cluster);
  const sandbox = await startSandbox({
    account,
    port: awsPort,
    ca: pebble.root,
    connectTo: [{ host: "oidc.example.com", port: 443, address: "127.0.0.1", toPort: ports[443] }],
    propagationMs: 0,
  });
  context.after(() => sandbox.close());
  await release(join(started.folder, "release"));
  started.write("roots.pem", pebble.root);
  started.write("acme-roots.pem", pebble.tlsCa);
  const config = `stack: prod
issuer: ${issuer}
cluster: {kubeconfig: ${cluster.adminKubeconfig}}
publisher:
  release: release
  https:
    acme: {directory: "https://${ca}/dir", caFile: acme-roots.pem}
${machineSection(await buildImage(), access)}aws:
  - account: "${account}"
    region: eu-central-1
    roles:
      - name: demo
        serviceAccounts: [aws-test/demo-service-account]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
`;
  writeFileSync(join(started.folder, "podtrust.yaml"), config);
  const way = ["--connect-to", `oidc.example.com:443:127.0.0.1:${ports[443]}`, "--ca", "roots.pem"];
  return {
    run: started,
    machine,
    access,
    pebble,
    sandbox,
    cluster,
    podtrust: (...args) =>
      podtrust(started, [...args, ...way], sandboxEnvironment(sandbox.url, sandbox.admin)),
  };
}

/** Asks the publisher from outside, by the issuer's name. */
function fetchDocument({ pebble, machine }: World, path: string): Promise<{ status: number; text: string }> {
  const options = {
    host: "127.0.0.1",
    port: machine.ports[443],
    servername: "oidc.example.com",
    headers: { host: "oidc.example.com" },
    ca: pebble.root,
    path,
    agent: false,
    timeout: 60_000,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, text }));
    });
    outgoing.on("error", reject).on("timeout", () => outgoing.destroy(new Error("no answer in a minute")));
    outgoing.end();
  });
}

const discoveryPath = "/.well-known/openid-configuration";

/** What a workload does, by a process of the machine in place of a pod: a token for a role, and a call with the role. */
const workload = (token: string): string => `set -eu
token=${token}
answer=$(curl -sS --max-time 60 http://${aws}/ -d Action=AssumeRoleWithWebIdentity -d Version=2011-06-15 \\
  -d RoleArn=${role} -d RoleSessionName=machine --data-urlencode "WebIdentityToken=$token")
value() { printf '%s' "$answer" | sed -n "s:.*<$1>\\([^<]*\\)</$1>.*:\\1:p" | head -n 1; }
printf '%s' "$answer" | grep -q '<AccessKeyId>' || { printf '%s\\n' "$answer"; exit 1; }
curl -sS --max-time 60 http://${aws}/ --aws-sigv4 aws:amz:eu-central-1:sts \\
  --user "$(value AccessKeyId):$(value SecretAccessKey)" -H "x-amz-security-token: $(value SessionToken)" \\
  -d Action=GetCallerIdentity -d Version=2011-06-15
`;

const token = ({ cluster }: World): Promise<string> =>
  cluster.requestToken("aws-test", "demo-service-account", "sts.amazonaws.com", 900);

// The publisher and what is at AWS; the machine's system and its k3s are other suites'.
const scope = "discovery provider trust permission".split(" ").flatMap((link) => ["--only", link]);

const said = ({ out, err }: { out: string; err: string }): string => `${out}\n${err}`;
const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);

describe("publisher and AWS by one up, on a machine that booted", { skip: leftOut() }, () => {
  test("up ends with an issuer that AWS trusts, through a restart and a reboot, until down", async (context: TestContext) => {
    const there = await world(context);
    const { access } = there;
    const start = performance.now();
    const up = await there.podtrust("up", "--yes", ...scope);
    const journal = "sudo journalctl -n 60 -o cat -u 'podtrust*'| cut -c1-300";
    assert.equal(up.code, 0, `${said(up)}\n${(await ssh(there.run, access, journal)).stdout}`);
    context.diagnostic(`up took ${seconds(start)} s`);

    await context.test(
      "both documents come from outside over HTTPS, with a certificate of the CA",
      async () => {
        const { status, text } = await fetchDocument(there, discoveryPath);
        assert.equal(status, 200);
        const discovery = JSON.parse(text) as { issuer: string; jwks_uri: string };
        assert.deepEqual([discovery.issuer, discovery.jwks_uri], [issuer, `${issuer}/openid/v1/jwks`]);
        const { text: keys } = await fetchDocument(there, "/openid/v1/jwks");
        assert.equal((JSON.parse(keys) as { keys: unknown[] }).keys.length, 1);
      },
    );

    await context.test(
      "the live unit is exposed to 2.0 at the most, and runs as nobody with no capability",
      async () => {
        const script = `systemd-analyze security --no-pager podtrust-publisher.service | tail -n 1
pid=$(systemctl show -p MainPID --value podtrust-publisher)
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/$pid/status`;
        const { stdout } = await ssh(there.run, access, script);
        const [, level] =
          /Overall exposure level for \S+: ([\d.]+)/u.exec(stdout) ?? /: ([\d.]+)/u.exec(stdout) ?? [];
        context.diagnostic(`systemd-analyze security: ${level}`);
        assert.ok(Number(level) <= 2, stdout);
        assert.match(stdout, /CapEff:\s+0+\nCapBnd:\s+0+\nNoNewPrivs:\s+1\nSeccomp:\s+2/u);
        assert.doesNotMatch(stdout, /Uid:\s+0\b/u);
      },
    );

    await context.test(
      "a process of the machine with a ServiceAccount's token gets the role from AWS",
      async () => {
        await there.cluster.kubectl(["create", "namespace", "aws-test"]);
        await there.cluster.kubectl(["-n", "aws-test", "create", "serviceaccount", "demo-service-account"]);
        const { code, stdout, stderr } = await ssh(there.run, access, workload(await token(there)));
        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout, new RegExp(`<Arn>arn:aws:sts::${account}:assumed-role/demo/machine</Arn>`, "u"));
      },
    );

    await context.test("a second up has nothing to do", async () => {
      const plan = await there.podtrust("plan", "--check", ...scope);
      assert.equal(plan.code, 0, said(plan));
    });

    await context.test("a restart of the publisher loses no request", async () => {
      const load = { running: true, answered: 0 };
      const clients = Array.from({ length: 4 }, async () => {
        while (load.running) {
          const { status } = await fetchDocument(there, discoveryPath);
          assert.equal(status, 200);
          load.answered += 1;
        }
      });
      const { code, stderr } = await ssh(there.run, access, "sudo systemctl restart podtrust-publisher");
      assert.equal(code, 0, stderr);
      const before = load.answered;
      await until("answers after the restart", there.machine, 60_000, () =>
        Promise.resolve(load.answered > before + 8 ? true : undefined),
      );
      load.running = false;
      await Promise.all(clients);
      context.diagnostic(`${load.answered} requests answered around the restart`);
    });

    await context.test("after a reboot of the machine everything is back by itself", async () => {
      const { stdout: boot } = await ssh(there.run, access, "cat /proc/sys/kernel/random/boot_id");
      await there.machine.reboot();
      const other = `test "$(cat /proc/sys/kernel/random/boot_id)" != ${boot.trim()}`;
      await untilSsh(there.run, there.machine, access, `${other} && systemctl is-active podtrust-publisher`);
      const { status } = await fetchDocument(there, discoveryPath);
      assert.equal(status, 200);
      const { code, stdout, stderr } = await ssh(there.run, access, workload(await token(there)));
      assert.equal(code, 0, stdout + stderr);
    });

    await context.test("down takes publisher and AWS's trust away, and leaves the machine", async () => {
      const down = await there.podtrust("down", "--yes", ...scope);
      assert.equal(down.code, 0, said(down));
      const gone =
        "! ls -d /etc/systemd/system/podtrust-* /opt/podtrust/publisher/versions 2>/dev/null | grep . && ! ss -Hltn 'sport = :443 or sport = :80' | grep .";
      const { code, stdout } = await ssh(there.run, access, gone);
      assert.equal(code, 0, stdout);
    });
  });
});
