import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { dirname, join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { buildPrograms } from "../cluster/build.ts";
import { freePorts, type Pebble, startPebble } from "../cluster/harness/index.ts";
import { account } from "../support/sandbox.ts";
import { sandboxEnvironment } from "../support/stack-world.ts";
import { maxWait } from "./max-wait.ts";
import { type Login, type Machine, type MachineImage, until } from "./harness/index.ts";
import { type Podtrust, release, runPodtrust, thisPodtrust, type PodtrustRun } from "./harness/podtrust.ts";
import { openProject, type Project } from "./harness/project.ts";
import { resolveBy } from "./harness/resolver.ts";

export const stack = "story";
export const zone = "podtrust.example";
/** Where the machine finds the CA and AWS. */
const ca = "198.18.0.1:14000";
export const aws = "198.18.0.2:4580";
export const role = `arn:aws:iam::${account}:role/demo`;
/** What the stand-in for k3s says of itself with `--version`. */
const k3sVersion = "v1.36.3+k3s1";
/**
 * Nothing leads out of the machine: names are refused at once rather than waited for, and since the upgrade finds nothing,
 * what a new kernel leaves behind is there from the start.
 */
const vendorData = `#cloud-config
bootcmd:
- echo nameserver 127.0.0.1 >/etc/resolv.conf
- cloud-init-per instance kernel touch /run/reboot-required
`;

/** A server as Hetzner's API shows it. */
interface ShownServer {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly public_net: { readonly ipv4: { readonly ip: string }; readonly ipv6: { readonly ip: string } };
}

/** A config, the clouds that it names, a CA, AWS, and whoever runs podtrust and asks the issuer from outside. */
export interface StoryWorld extends Project {
  readonly pebble: Pebble;
  readonly sandbox: Sandbox;
  /** Options by which podtrust finds the issuer and the CA: what the machine's own ways are to the machine. */
  readonly route: readonly string[];
  /** Runs `podtrust ARGS` on the config, this one or another. */
  readonly podtrust: (args: readonly string[], podtrust?: Podtrust) => Promise<PodtrustRun>;
  /** The same where it has to succeed; gives its standard output. */
  readonly said: (...args: readonly string[]) => Promise<string>;
  /**
   * The same as often as it takes until it succeeds: a command asks once, and what a machine that began anew answers
   * with comes up bit by bit.
   */
  readonly untilSaid: (...args: readonly string[]) => Promise<string>;
  /** Runs a script on the machine by `podtrust ssh`, as often as it takes until it ends with 0; gives its standard output. */
  readonly onMachine: (script: string) => Promise<string>;
  readonly server: () => ShownServer;
  /** The first machine that was made. */
  readonly machine: () => Machine;
  readonly records: () => readonly {
    readonly type: string;
    readonly name: string;
    readonly content: string;
  }[];
  /** Where a person's own ssh would log in, and what it would find pinned. */
  readonly login: () => Login;
}

function configText({ k3s }: MachineImage): string {
  const sum = createHash("sha256").update(readFileSync(k3s)).digest("hex");
  return `stack: ${stack}
issuer: {zone: ${zone}}
dns: cloudflare
machine:
  hetzner: {type: cx23, image: debian-13, location: nbg1, sshFrom: [192.0.2.0/24]}
  k3s: {version: ${k3sVersion}, archive: ${k3s}, sha256: {amd64: ${sum}}}
  cni: flannel
publisher:
  release: release
  https:
    acme: {directory: "https://${ca}/dir", caFile: acme-roots.pem}
aws:
  - account: "${account}"
    region: eu-central-1
    roles:
      - name: demo
        serviceAccounts: [aws-test/demo-service-account]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
`;
}

/** Sets the stage; everything ends with the test. Needs a network of the test's own. */
export async function storyWorld(context: TestContext): Promise<StoryWorld> {
  const [awsPort = 0, caPort = 0] = await freePorts(2);
  const outside = { [ca]: caPort, [aws]: awsPort };
  const project = await openProject(context, { zone, outside, vendorData });
  const { run, clouds, machines, image } = project;
  const nameServer = await resolveBy(context, run, clouds.cloudflare, zone);
  const pebble = await startPebble({
    port: caPort,
    httpPort: 80,
    tlsPort: 443,
    names: ["198.18.0.1"],
    nameServer,
  });
  context.after(() => pebble.stop());
  const sandbox = await startSandbox({ account, port: awsPort, ca: pebble.root, propagationMs: 1000 });
  context.after(() => sandbox.close());
  await release(thisPodtrust, join(run.folder, "release"));
  run.write("roots.pem", pebble.root);
  run.write("acme-roots.pem", pebble.tlsCa);
  run.write("podtrust.yaml", configText(image));
  const { kubectl } = await buildPrograms();
  const env = {
    PATH: `${dirname(kubectl)}:${process.env["PATH"] ?? ""}`,
    HOME: run.folder,
    XDG_STATE_HOME: join(run.folder, "state"),
    NODE_NO_WARNINGS: "1",
    ...clouds.environment,
    ...sandboxEnvironment(sandbox.url, sandbox.admin),
  };
  const podtrust: StoryWorld["podtrust"] = (args, other = thisPodtrust) =>
    runPodtrust(run, args, { env, podtrust: other });
  const server = (): ShownServer => {
    const [first] = clouds.hetzner.contents().servers as readonly ShownServer[];
    assert.ok(first !== undefined, "there is no server");
    return first;
  };
  const machine = (): Machine => {
    const [first] = machines.values();
    assert.ok(first !== undefined, "no machine was made");
    return first;
  };
  const untilSaid: StoryWorld["untilSaid"] = (...args) => {
    let last = "";
    const probe = async (): Promise<string | false> => {
      const ran = await podtrust(args);
      last = `${ran.out}\n${ran.err}`;
      return ran.code === 0 && ran.out;
    };
    return until(`podtrust ${args.join(" ")}`, machine(), probe, () => last);
  };
  return {
    ...project,
    pebble,
    sandbox,
    route: ["--ca", "roots.pem", "--connect-to", `${ca}:127.0.0.1:${caPort}`],
    podtrust,
    async said(...args) {
      const ran = await podtrust(args);
      assert.equal(ran.code, 0, `${args.join(" ")}:\n${ran.out}\n${ran.err}`);
      return ran.out;
    },
    untilSaid,
    onMachine: (script) => untilSaid("ssh", "--", script),
    server,
    machine,
    records: () => clouds.cloudflare.records(zone) as ReturnType<StoryWorld["records"]>,
    login() {
      const state = join(run.folder, "state", "podtrust", stack);
      const [, ...hostKey] = readFileSync(join(state, "known_hosts"), "utf8").trim().split(" ");
      return {
        address: server().public_net.ipv4.ip,
        port: 22,
        user: "k8s",
        identity: join(state, "id_ed25519"),
        hostKey: hostKey.join(" "),
      };
    },
  };
}

export interface Document {
  readonly status: number;
  readonly text: string;
}

/** Asks a publisher at an address by the issuer's name, over a connection of its own. */
export function askFor(root: string, issuer: string, address: string, path: string): Promise<Document> {
  const { hostname } = new URL(issuer);
  const options = {
    host: address,
    servername: hostname,
    headers: { host: hostname },
    ca: root,
    path,
    agent: false,
    timeout: maxWait,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, text }));
    });
    outgoing
      .on("error", reject)
      .on("timeout", () => outgoing.destroy(new Error(`no answer in ${maxWait / 60_000} minutes`)));
    outgoing.end();
  });
}

/** What a workload does, by a process of the machine in place of a pod: a token for a role, and a call with the role. */
export const workload = (token: string): string => `set -eu
answer=$(curl -sS --max-time 600 http://${aws}/ -d Action=AssumeRoleWithWebIdentity -d Version=2011-06-15 \\
  -d RoleArn=${role} -d RoleSessionName=machine --data-urlencode "WebIdentityToken=${token}")
value() { printf '%s' "$answer" | sed -n "s:.*<$1>\\([^<]*\\)</$1>.*:\\1:p" | head -n 1; }
printf '%s' "$answer" | grep -q '<AccessKeyId>' || { printf '%s\\n' "$answer"; exit 1; }
curl -sS --max-time 600 http://${aws}/ --aws-sigv4 aws:amz:eu-central-1:sts \\
  --user "$(value AccessKeyId):$(value SecretAccessKey)" -H "x-amz-security-token: $(value SessionToken)" \\
  -d Action=GetCallerIdentity -d Version=2011-06-15
`;
