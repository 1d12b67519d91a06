import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { errorText, PodtrustError, until } from "../../../src/core/base/index.ts";
import { type ConnectTo, request } from "../../../src/core/http/index.ts";
import { type KubernetesApi, openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { parseIssuer } from "../../../src/rules/oidc/index.ts";
import { choosePorts, type EmulatedMachine, makeMachine } from "../emulator/index.ts";
import {
  type StandInCa,
  type StandInClouds,
  startSandbox,
  startAuthority,
  startStandInClouds,
} from "../../../src/sandbox/index.ts";
import { Ending } from "../../../src/demo/ending.ts";
import { demoTimes } from "../../../src/demo/environment.ts";
import { makeFolder, writePrivateFile } from "../../../src/demo/files.ts";
import type { DemoChainOptions } from "../../../src/demo/demo.ts";
import type { Stage } from "../../../src/demo/stage.ts";
import { maxWait } from "../max-wait.ts";
import type { BootKit } from "./kit.ts";
import { type BootedStory, openBootedStory } from "./story.ts";

/** Where the machine finds the certificate authority: of the range for benchmarks (RFC 2544), which is nobody's. */
const caPlace = { host: "198.18.0.1", port: 14000 };
const caAddress = `${caPlace.host}:${caPlace.port}`;

/**
 * For cloud-init, as a cloud's own: the way out that a rented machine has, though nothing answers on it, and names that
 * are refused at once rather than waited for.
 */
const vendorData = `#cloud-config
bootcmd:
- [sh, -c, "ip route replace default via 172.31.1.1 || true"]
- [sh, -c, "echo nameserver 127.0.0.1 >/etc/resolv.conf"]
`;

const text = (value: string): string => JSON.stringify(value);

/** The guide's stack with all that is set up on the machine, as one config. */
function configText({ k3s, release }: BootKit, caDirectory: string, caFile: string): string {
  return `stack: k3s-cluster
issuer: {zone: podtrust.example}
dns: cloudflare
machine:
  hetzner: {type: cx23, image: debian-13, location: nbg1, sshFrom: [203.0.113.0/24]}
  k3s: {version: ${text(k3s.version)}, archive: ${text(k3s.file)}, sha256: {amd64: ${k3s.sha256}}}
  cni: flannel
publisher:
  release: ${text(release.folder)}
  https: {acme: {directory: ${text(caDirectory)}, caFile: ${text(caFile)}}}
`;
}

/** The stage of a booted machine, and what is told on it. */
export interface BootWorld {
  readonly stage: Stage;
  readonly story: BootedStory;
  /** Has the stage's cluster be the machine's, once k3s runs there. */
  openCluster(): Promise<void>;
  /** Waits until the machine's publisher has its certificate, which it orders once it runs. */
  untilServed(): Promise<void>;
  /** The last that the machine wrote on its console; empty before there is one. */
  console(): string;
}

interface Clouds {
  readonly clouds: StandInClouds;
  readonly machines: readonly EmulatedMachine[];
}

/** Clouds whose one server is a machine that boots; `connectTo` leads to its ports what is meant for its address. */
async function startClouds(
  { image, accelerator }: BootKit,
  folder: string,
  route: { readonly connectTo: ConnectTo[]; readonly ca: StandInCa; readonly ports: Ports },
  { clock, logger }: DemoChainOptions,
): Promise<Clouds> {
  const { connectTo, ca, ports } = route;
  const machines: EmulatedMachine[] = [];
  const room = { folder, image, accelerator, ports, vendorData, outside: { [caAddress]: ca.port } };
  const clouds = await startStandInClouds({
    zones: ["podtrust.example"],
    mischief: 0,
    clock,
    logger,
    machines(order) {
      const machine = makeMachine(room, order);
      machines.push(machine);
      if (order.ipv4 !== undefined)
        connectTo.push({ host: order.ipv4, port: 22, address: "127.0.0.1", toPort: ports[22] });
      return machine;
    },
  });
  return { clouds, machines };
}

type Ports = Awaited<ReturnType<typeof choosePorts>>;

async function build(
  kit: BootKit,
  options: BootOptions,
  { folder, ending }: { readonly folder: string; readonly ending: Ending },
): Promise<BootWorld> {
  const { clock, logger, signal, onEvent, env } = options;
  const ports = await choosePorts();
  // Filled as it becomes known: who connects looks it up at each connection.
  const connectTo: ConnectTo[] = [];
  const ca = await startAuthority({ clock, logger, connectTo, foundAt: caAddress });
  ending.add(() => ca.close());
  // By the name that the machine has for it, since accounts are registered from here.
  connectTo.push({ ...caPlace, address: "127.0.0.1", toPort: ca.port });
  const { clouds, machines } = await startClouds(kit, folder, { connectTo, ca, ports }, options);
  ending.add(() => clouds.close());
  const sandbox = await startSandbox({
    connectTo,
    ca: ca.root,
    propagationMs: demoTimes.propagation,
    clock,
    logger,
  });
  ending.add(() => sandbox.close());
  const caFile = await writePrivateFile(folder, "acme-root.pem", ca.tlsCa);
  const story = await openBootedStory({
    configText: configText(kit, ca.directoryUrl, caFile),
    route: { connectTo, ca: ca.root },
    release: kit.release,
    env,
    clouds,
    folder,
    clock,
    signal,
    onEvent,
  });
  const issuer = parseIssuer(story.config.issuer);
  for (const port of [80, 443] as const)
    connectTo.push({ host: issuer.host, port, address: "127.0.0.1", toPort: ports[port] });
  let cluster: KubernetesApi | undefined;
  return {
    story,
    stage: {
      issuer,
      get cluster() {
        if (cluster === undefined)
          throw new PodtrustError("machine-absent", "the machine has no cluster yet");
        return cluster;
      },
      standIn: undefined,
      publisher: undefined,
      ca,
      sandbox,
      connectTo,
      clock,
      folder,
      // What stands in the cluster goes with its machine.
      atEnd() {},
      close: () => ending.all(),
    },
    async openCluster() {
      const machine = await story.openMachine();
      ending.add(() => machine.close());
      const forwarded = await machine.cluster();
      ending.add(() => forwarded.close());
      cluster = await openKubernetes({ kubeconfig: forwarded.kubeconfig }, { clock });
    },
    async untilServed() {
      const url = `${story.config.issuer}/.well-known/openid-configuration`;
      await until<true>({
        clock,
        withinMs: maxWait,
        delays: [1000],
        signal,
        async look() {
          try {
            await request(url, { ca: ca.root, connectTo, signal });
            return { is: true };
          } catch (error) {
            return { waitsFor: errorText(error) };
          }
        },
        onWait: () => {},
        late: (reason) =>
          new PodtrustError(
            "host-wait-missed",
            `the publisher's certificate: not within ${maxWait / 60_000} minutes; last: ${reason}`,
          ),
      });
    },
    console: () => machines.at(-1)?.console() ?? "",
  };
}

export interface BootOptions extends DemoChainOptions {
  /** What programs are found by, ssh among them. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Sets the stage with a machine that is still to be ordered, or nothing of it. Ended by `stage.close`. */
export async function openBootWorld(kit: BootKit, options: BootOptions): Promise<BootWorld> {
  const folder = await makeFolder(tmpdir(), "podtrust-boot-");
  const ending = new Ending(options.logger);
  ending.add(() => rm(folder, { recursive: true, force: true }));
  try {
    return await build(kit, options, { folder, ending });
  } catch (error) {
    await ending.all();
    throw error;
  }
}
