import { readFileSync, statSync } from "node:fs";
import process from "node:process";
import { filesOf } from "../room-files.ts";

/** Files that run together, each in a process of its own or all in one. */
export interface Batch {
  readonly files: readonly string[];
  readonly isolation: "process" | "none";
}

export interface Group {
  /** Where its files are. A pattern that leaves none is an error; `unit` has all that no other group has. */
  readonly patterns: readonly string[];
  /** Of the files of its patterns; all by default. */
  readonly chooses?: (file: string) => boolean;
  /** So many tests at least are in a run of all its files: fewer are a list that lost some of them. */
  readonly minTests?: number;
  /** Runs by night: what the other groups leave to it, and some of theirs at length. */
  readonly isNightly?: true;
  /** What its processes find in their environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Batches that run side by side; one of all files, each in a process of its own, by default. */
  readonly batches?: (files: readonly string[]) => readonly Batch[];
  /** How many files of a batch run at once, where each has a process. */
  readonly concurrency: number;
  /** Milliseconds for one test. */
  readonly timeout: number;
  /** For all of it; 45 by default, which is four times what the longest of the gate takes on two quiet cores. */
  readonly maxMinutes?: number;
  /** What comes before the runner: what two files would otherwise both do, or what needs the network. */
  readonly prepare?: () => Promise<void>;
  /** What the runner is started by, with its own command line behind. */
  readonly launcher?: () => readonly string[];
}

/**
 * A network with nothing but loopback, on which a test may have any address and any port: servers get the addresses that
 * their API gave them, and nothing reaches the machine's own network. Mounts of its own let it have a resolver too.
 */
const ownNetwork = "unshare --net --mount env PODTRUST_OWN_NETWORK=yes sh -c"
  .split(" ")
  .concat('ip link set lo up && exec "$0" "$@"');

/** How long a file takes beside others: by its length, and twice as long where it starts servers, as most of test/ does. */
export function weightOf(file: string): number {
  return statSync(file).size * (file.startsWith("test/") ? 2 : 1);
}

/** Files in so many processes, of about the same weight together. */
export function shards(files: readonly string[], count: number): readonly Batch[] {
  const loads = Array.from({ length: count }, () => ({ files: [] as string[], weight: 0 }));
  const weighed = files.map((file) => ({ file, weight: weightOf(file) }));
  for (const { file, weight } of weighed.sort((a, b) => b.weight - a.weight || (a.file < b.file ? -1 : 1))) {
    const least = loads.reduce((a, b) => (b.weight < a.weight ? b : a));
    least.files.push(file);
    least.weight += weight;
  }
  return loads.map((load) => ({ files: load.files.sort(), isolation: "none" }));
}

/** Whether a file tries properties so often as test/support/runs.ts says. */
const triesProperties = (file: string): boolean => readFileSync(file, "utf8").includes('/support/runs.ts"');

/**
 * Suites that no group of the gate runs: each takes half a minute of a processor or more, and the way that most users
 * take through what it shows stands in a suite of the gate.
 */
const byNight = [
  "test/cluster/{apply-pods,argo-synced,chart-lint,clouds-in-one-pod,demo-cluster,migrate-from-kube2iam,s3}.test.ts",
  "test/cluster/clouds/{ansible,planted-faults-*}.test.ts",
  "test/cluster/control-plane/{k3s-adoption,k3s-rotation,kubelet,live-cluster,put-back,undo-after-rotation}.test.ts",
  "test/cluster/operator/{bindings-for-an-hour,bindings-in-outages,leaders-of-bindings,upgrade}.test.ts",
  "test/cluster/signer/{kubeadm,stolen-key}.test.ts",
  "test/peers/{ansible,cloud-auth-go,cloud-auth-java,msgraph}.test.ts",
  "test/tools/{older-podtrust,planted-faults,release}.test.ts",
  "test/tools/host/cilium-cli.test.ts",
];

/** The same of those that boot machines. */
const machinesByNight = ["test/machine/nightly/*.test.ts", "test/machine/story.test.ts"];

/** Suites whose machines boot in emulation. */
const bootingMachines: Omit<Group, "patterns"> = {
  concurrency: 1,
  timeout: 3_600_000,
  async prepare() {
    const { buildImage, whyNoMachine } = await import("../../test/machine/build.ts");
    if (whyNoMachine() === undefined) await buildImage();
  },
  launcher: () => (process.getuid?.() === 0 ? ownNetwork : []),
};

export const groups: Readonly<Record<string, Group>> = {
  unit: {
    patterns: ["src/**/*.test.ts", "test/**/*.test.ts"],
    minTests: 3900,
    // A quarter of a run at the most is waiting: a process for each of two cores.
    batches: (files) => shards(files, 2),
    concurrency: 1,
    timeout: 660_000,
  },
  limits: {
    patterns: [
      "test/hostile/**/*.test.ts",
      "test/limits/**/*.test.ts",
      "test/publisher/hostile.test.ts",
      "test/stack/scale.test.ts",
    ],
    // What the tenant of a machine does needs a machine.
    chooses: (file) => !file.startsWith("test/hostile/tenant-on-machine/"),
    concurrency: 2,
    timeout: 660_000,
  },
  // Whole stacks through many steps, on stand-ins: each fault that doctor names, rotations, random histories, bad CAs.
  scenarios: {
    patterns: [
      "src/control-plane/rotation/{gone-server,remembered,rotation}.test.ts",
      "src/providers/tls/certificate-manager.test.ts",
      "test/aws/session.test.ts",
      "test/azure/{application,credentials,mischief,party,rights,stack,status}.test.ts",
      "test/doctor/{bundle,faults}.test.ts",
      "test/doctor/chain/{aws-faults,issuer-faults}.test.ts",
      "test/faults/**/*.test.ts",
      "test/gcp/{mischief,party,stack,status}.test.ts",
      "test/golden/calls.test.ts",
      "test/hetzner/{caller,drift,issuer-name,others,plans}.test.ts",
      "test/operator/bindings/histories/*.test.ts",
      "test/operator/bindings/{cut,given-back,invariant,memories,retain,shares,whose-roles}.test.ts",
      "test/record/record.test.ts",
      "test/sandbox/{accounts,forged-tokens}.test.ts",
      "test/stack/{aws-policy,issuer-of-this-run,largest-issuer,saved-plan,status,status-next,up-and-down}.test.ts",
      "test/standins/certificate-manager.test.ts",
    ],
    // Almost half of a run is waiting: three processes keep two cores at work.
    batches: (files) => shards(files, 3),
    concurrency: 1,
    timeout: 660_000,
  },
  processes: {
    patterns: [
      "src/demo/from-nothing/run.test.ts",
      "src/providers/host/{host-key,scripts}.test.ts",
      "src/providers/kubernetes/exec-plugin.test.ts",
      "test/backup/**/*.test.ts",
      "test/cli/{aws-only,child,company-proxy,completion,doctor-issuer-only,plugin-consent,serve,serve-memory}.test.ts",
      "test/demo/**/*.test.ts",
      "test/docs/{action,commands,empty-folder,way-of-a-binding}.test.ts",
      "test/gcp/killed.test.ts",
      "test/gate/{additions,boundaries,global-rules,left-out,optional-members,regular-expressions,rooms,time-bounds,time-rules}.test.ts",
      "test/hetzner/{interrupted,killed}.test.ts",
      "test/machine/{demo,emulator}/*.test.ts",
      "test/sandbox/process/**/*.test.ts",
    ],
    concurrency: 2,
    timeout: 660_000,
  },
  // Attacks from both origins: one of nine in the gate, at length all of them. limits has those that did the most harm.
  attacks: { patterns: ["test/attacks/**/*.test.ts"], concurrency: 1, timeout: 600_000 },
  tools: {
    patterns: ["test/tools/**/*.test.ts", "test/hostile/tenant-on-machine/*.test.ts"],
    concurrency: 2,
    timeout: 600_000,
  },
  peers: { patterns: ["test/peers/**/*.test.ts"], concurrency: 1, timeout: 900_000 },
  cluster: {
    patterns: ["test/cluster/**/*.test.ts"],
    // Most of what they do is wait for servers that start, stop and are away.
    concurrency: 3,
    timeout: 1_800_000,
    async prepare() {
      const { buildPrograms, whyNoCluster } = await import("../../test/cluster/build.ts");
      if (whyNoCluster() === undefined) await buildPrograms();
    },
  },
  site: { patterns: ["test/site/**/*.test.ts"], concurrency: 1, timeout: 900_000 },
  // Suites of other groups as test/cluster/modules.ts and test/support/runs.ts have them at length, and those of its own.
  nightly: {
    patterns: [
      ...byNight,
      "src/**/*.test.ts",
      "test/{azure,gcp,map,metrics,operator,sandbox}/**/*.test.ts",
      "test/attacks/**/*.test.ts",
      "test/cluster/{api-versions,gcp-cel,injection-parties,injection-policy,kubernetes-api,soak}.test.ts",
      "test/cluster/bindings/admission.test.ts",
      "test/cluster/control-plane/adoption.test.ts",
      "test/cluster/doctor/causes.test.ts",
      "test/doctor/{chain/healthy,secrets}.test.ts",
      "test/cluster/operator/webhook.test.ts",
      "test/cluster/signer/signer.test.ts",
      "test/exports/**/*.test.ts",
      "test/hostile/one-object/*.test.ts",
      "test/demo/demo.test.ts",
      "test/peers/sandbox-pages.test.ts",
      "test/site/site.test.ts",
      "test/tools/host/{backup-folder,disk,dns-01,interrupted,k3s,publisher,publisher-backup,system}.test.ts",
      "test/tools/servers/{killed-moves,killed-rotate-ca,server-files,two-commands,unit-flags}.test.ts",
    ],
    isNightly: true,
    environment: { PODTRUST_KUBERNETES: "all", PODTRUST_AT_LENGTH: "yes" },
    chooses: (file) =>
      /^test\/(?:attacks|cluster|demo|exports|peers|site|tools)\//u.test(file) || triesProperties(file),
    concurrency: 2,
    timeout: 3_600_000,
    maxMinutes: 360,
  },
  // What is done to clusters that run: adoption, rotation and theft at length, each on the API servers of every minor.
  live: {
    patterns: ["test/cluster/control-plane/{adoption,rotation}.test.ts"],
    isNightly: true,
    environment: { PODTRUST_KUBERNETES: "all", PODTRUST_AT_LENGTH: "yes" },
    concurrency: 1,
    timeout: 3_600_000,
    maxMinutes: 360,
  },
  // The first of its files builds what they share.
  exports: { patterns: ["test/exports/**/*.test.ts"], concurrency: 1, timeout: 1_800_000, maxMinutes: 180 },
  k3s: { patterns: ["test/k3s/**/*.test.ts"], concurrency: 1, timeout: 2_400_000, maxMinutes: 180 },
  arm64: { patterns: ["test/arm64/**/*.test.ts"], concurrency: 1, timeout: 3_600_000, maxMinutes: 180 },
  rust: { patterns: ["test/rust/**/*.test.ts"], concurrency: 1, timeout: 2_400_000, maxMinutes: 180 },
  machine: { patterns: ["test/machine/*.test.ts"], ...bootingMachines },
  "machine-nightly": {
    patterns: machinesByNight,
    ...bootingMachines,
    isNightly: true,
    maxMinutes: 180,
    async prepare() {
      const { whyNoMachine } = await import("../../test/machine/build.ts");
      const { saveMachine } = await import("../../test/machine/saved.ts");
      if (whyNoMachine() === undefined) await saveMachine();
    },
  },
};

/** The files of a group; throws where a pattern matches none, or none that the group chooses. */
export function filesOfGroup(name: string): readonly string[] {
  const later = new Set(filesOf("byNight of tools/test/groups.ts", [...byNight, ...machinesByNight]));
  const found = (group: string): readonly string[] => {
    const { patterns = [], chooses, isNightly = false } = groups[group] ?? {};
    const files = filesOf(`group ${group} of tools/test/groups.ts`, patterns, chooses);
    return isNightly ? files : files.filter((file) => !later.has(file));
  };
  if (name !== "unit") return found(name);
  const owners = Object.entries(groups).filter(
    ([group, { isNightly }]) => group !== "unit" && isNightly !== true,
  );
  const others = new Set(owners.flatMap(([group]) => found(group)));
  return found("unit").filter((file) => !others.has(file));
}
