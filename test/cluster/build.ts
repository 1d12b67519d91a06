/**
 * Builds the real servers of the cluster suites from the pinned Go modules in build/, once per content of their
 * go.mod and go.sum:
 *
 *   node test/cluster/build.ts              all of them but what exports are applied by
 *   node test/cluster/build.ts pebble       one module
 *
 * A test builds what it asks for: the API servers of other versions than the usual one only for who names one.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, "..", "..", ".cache", "cluster");

interface GoModule {
  /** Its folder in build/. */
  readonly name: string;
  readonly version: string;
  /** How long it takes from an empty Go cache, for whoever waits. */
  readonly time: string;
  readonly ldflags: string;
  /** Build tags. */
  readonly tags?: readonly string[];
  /** Package by the name of its program. */
  readonly programs: Readonly<Record<string, string>>;
}

const strip = "-s -w";

/** The minors of Kubernetes whose API server can be had: those that upstream supports. */
export const kubernetesVersions = ["1.35", "1.36", "1.37"] as const;
export type KubernetesVersion = (typeof kubernetesVersions)[number];
/** The one that everything runs on unless it asks for another. */
const usualVersion = "1.36";

/** Another version of the API server alone; kubectl and etcd are those of the usual one. */
function apiServerModule(minor: string, version: string): GoModule {
  return {
    name: `kubernetes-${minor}`,
    version,
    time: "4 minutes",
    ldflags: `${strip} -X k8s.io/component-base/version.gitVersion=v${version}`,
    programs: { "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver" },
  };
}

const otherVersions: Readonly<Record<Exclude<KubernetesVersion, typeof usualVersion>, GoModule>> = {
  "1.35": apiServerModule("1.35", "1.35.4"),
  "1.37": apiServerModule("1.37", "1.37.2"),
};

const usual: readonly GoModule[] = [
  {
    name: "etcd",
    version: "3.6.16",
    time: "40 seconds",
    ldflags: strip,
    programs: { etcd: "go.etcd.io/etcd/server/v3" },
  },
  {
    name: "kubernetes",
    version: "1.36.3",
    time: "5 minutes",
    // Without a version of its own the API server calls itself v0.0.0.
    ldflags: `${strip} -X k8s.io/component-base/version.gitVersion=v1.36.3`,
    programs: {
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
      kubectl: "k8s.io/kubernetes/cmd/kubectl",
      "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
      "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
      kubelet: "k8s.io/kubernetes/cmd/kubelet",
    },
  },
  {
    name: "containerd",
    version: "2.1.4",
    time: "45 seconds",
    ldflags: `${strip} -X github.com/containerd/containerd/v2/version.Version=v2.1.4`,
    // Snapshotters for which C libraries would be needed.
    tags: ["no_btrfs", "no_devmapper", "no_zfs"],
    programs: {
      containerd: "github.com/containerd/containerd/v2/cmd/containerd",
      "containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
      ctr: "github.com/containerd/containerd/v2/cmd/ctr",
    },
  },
  // Of the same Kubernetes, in a module of its own: it needs packages that the others do not.
  {
    name: "kube-proxy",
    version: "1.36.3",
    time: "40 seconds",
    ldflags: `${strip} -X k8s.io/component-base/version.gitVersion=v1.36.3`,
    programs: { "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy" },
  },
  {
    name: "cni",
    version: "1.9.1",
    time: "10 seconds",
    ldflags: strip,
    programs: {
      bridge: "github.com/containernetworking/plugins/plugins/main/bridge",
      "host-local": "github.com/containernetworking/plugins/plugins/ipam/host-local",
    },
  },
  {
    name: "pause",
    version: "of our own",
    time: "10 seconds",
    ldflags: strip,
    programs: { pause: "." },
  },
  {
    name: "stand-in-k3s",
    version: "of our own",
    time: "5 seconds",
    ldflags: strip,
    programs: { k3s: "." },
  },
  {
    name: "pebble",
    version: "2.10.1",
    time: "5 seconds",
    ldflags: `${strip} -X main.version=v2.10.1`,
    programs: {
      pebble: "github.com/letsencrypt/pebble/v2/cmd/pebble",
      "pebble-challtestsrv": "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv",
    },
  },
  {
    name: "versitygw",
    version: "1.8.0",
    time: "70 seconds",
    ldflags: `${strip} -X main.Version=v1.8.0`,
    programs: { versitygw: "github.com/versity/versitygw/cmd/versitygw" },
  },
  {
    name: "h2spec",
    version: "2.2.1",
    time: "5 seconds",
    ldflags: strip,
    programs: { h2spec: "github.com/summerwind/h2spec/cmd/h2spec" },
  },
  {
    name: "hcloud-go",
    version: "2.52.0",
    time: "15 seconds",
    ldflags: strip,
    programs: { "hcloud-go": "." },
  },
  {
    name: "cloudflare-go",
    version: "0.119.0",
    time: "20 seconds",
    ldflags: strip,
    programs: { "cloudflare-go": "." },
  },
  {
    name: "python",
    version: "3.14.6",
    time: "5 seconds",
    ldflags: strip,
    programs: { "embedded-python": "." },
  },
  {
    name: "aws-sdk-go",
    version: "1.45.1",
    time: "25 seconds",
    ldflags: strip,
    programs: { "aws-sdk-go": "." },
  },
  {
    name: "hcl",
    version: "2.24.0",
    time: "10 seconds",
    ldflags: strip,
    programs: { hcl: "." },
  },
  // Helm's own engine without its commands, and Helm.
  {
    name: "helm",
    version: "3.22.0",
    time: "90 seconds",
    ldflags: strip,
    programs: { "helm-render": ".", helm: "helm.sh/helm/v3/cmd/helm" },
  },
];
/** What exports are applied by, for test/exports/ alone. */
const appliers: readonly GoModule[] = [
  {
    name: "opentofu",
    version: "1.12.6",
    time: "4 minutes",
    ldflags: strip,
    programs: { tofu: "github.com/opentofu/opentofu/cmd/tofu" },
  },
  {
    name: "terraform-provider-hcloud",
    version: "1.68.0",
    time: "1 minute",
    ldflags: strip,
    programs: { "terraform-provider-hcloud": "github.com/hetznercloud/terraform-provider-hcloud" },
  },
];
const modules: readonly GoModule[] = [...usual, ...Object.values(otherVersions), ...appliers];

/** Paths of the built programs. */
export interface Programs {
  readonly etcd: string;
  readonly "kube-apiserver": string;
  readonly kubectl: string;
  readonly "kube-controller-manager": string;
  readonly "kube-scheduler": string;
  readonly kubelet: string;
  readonly "kube-proxy": string;
  /** Plugins of the pods' network. */
  readonly bridge: string;
  readonly "host-local": string;
  readonly containerd: string;
  readonly "containerd-shim-runc-v2": string;
  readonly ctr: string;
  readonly pause: string;
  /** The stand-in of test/machine/. */
  readonly k3s: string;
  readonly pebble: string;
  readonly "pebble-challtestsrv": string;
  readonly versitygw: string;
  readonly h2spec: string;
  /** Probes of our own on the clouds' Go clients. */
  readonly "hcloud-go": string;
  readonly "cloudflare-go": string;
  /** Unpacks a Python that is newer than Debian's into a folder, and says where its interpreter is. */
  readonly "embedded-python": string;
  /** Says who STS takes it for, as AWS's SDK for Go finds it. */
  readonly "aws-sdk-go": string;
  /** Reads HCL as OpenTofu does. */
  readonly hcl: string;
  /** Renders a chart by Helm's own engine. */
  readonly "helm-render": string;
  readonly helm: string;
}

/** Paths of what exports are applied by. */
export interface ApplierPrograms {
  readonly tofu: string;
  readonly "terraform-provider-hcloud": string;
}

const flagsOf = (module: GoModule): readonly string[] => [
  "-mod=readonly",
  "-trimpath",
  "-buildvcs=false",
  `-ldflags=${module.ldflags}`,
  ...(module.tags === undefined ? [] : [`-tags=${module.tags.join(",")}`]),
];

/** The folder of a module's programs: another one as soon as its pins or flags change. */
function folderOf(module: GoModule): string {
  const hash = createHash("sha256").update(
    `${process.platform} ${process.arch} ${flagsOf(module).join(" ")}`,
  );
  const source = join(here, "build", module.name);
  for (const file of readdirSync(source).sort()) hash.update(readFileSync(join(source, file)));
  return join(cache, `${module.name}-${hash.digest("hex").slice(0, 16)}`);
}

function modulesOf(versions: readonly KubernetesVersion[]): readonly GoModule[] {
  const others = versions.flatMap((version) => (version === usualVersion ? [] : [otherVersions[version]]));
  return [...usual, ...others];
}

/** The whole version of a minor, such as 1.36.3. */
export function kubernetesVersion(minor: KubernetesVersion): string {
  const name = minor === usualVersion ? "kubernetes" : `kubernetes-${minor}`;
  const found = modules.find((module) => module.name === name);
  if (found === undefined) throw new TypeError(`there is no Kubernetes ${minor}`);
  return found.version;
}

function isBuilt(module: GoModule): boolean {
  return Object.keys(module.programs).every((program) => existsSync(join(folderOf(module), program)));
}

function run(args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // CGO_ENABLED=0: the programs then need no C compiler to build and no C library to run.
    const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off" };
    const child = spawn("go", args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", (error) => {
      reject(new Error(`go cannot be started: ${error.message}`));
    });
    child.on("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`go ${args[0]} in ${cwd} ended with ${code ?? signal}`));
    });
  });
}

async function buildModule(module: GoModule, say: (line: string) => void): Promise<void> {
  const names = Object.keys(module.programs).join(", ");
  const folder = folderOf(module);
  mkdirSync(cache, { recursive: true });
  // Built aside and moved in whole, so that a build cut short leaves nothing that looks finished.
  const aside = mkdtempSync(join(cache, "building-"));
  try {
    for (const [program, path] of Object.entries(module.programs)) {
      const start = performance.now();
      say(
        `building ${program} of ${module.name} ${module.version} (${names}: ${module.time} from an empty Go cache)`,
      );
      const output = join(aside, program);
      await run(["build", ...flagsOf(module), "-o", output, path], join(here, "build", module.name));
      say(`built ${program} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    }
    // Another process may have built the same meanwhile: then its programs stay.
    if (!isBuilt(module)) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(aside, folder);
    }
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/**
 * The programs' paths, of which those that are not in the cache yet are built first. `version` chooses the API server;
 * the rest is what it is.
 */
export async function buildPrograms(
  say: (line: string) => void = console.log,
  version: KubernetesVersion = usualVersion,
): Promise<Programs> {
  // Another version's API server comes after the usual one, and takes its place.
  return (await built(modulesOf([version]), say)) as Programs & Record<string, string>;
}

/** The same of what exports are applied by. */
export async function buildAppliers(say: (line: string) => void = console.log): Promise<ApplierPrograms> {
  return (await built(appliers, say)) as ApplierPrograms & Record<string, string>;
}

async function built(
  wanted: readonly GoModule[],
  say: (line: string) => void,
): Promise<Readonly<Record<string, string>>> {
  for (const module of wanted) if (!isBuilt(module)) await buildModule(module, say);
  const paths = wanted.flatMap((module) =>
    Object.keys(module.programs).map((program) => [program, join(folderOf(module), program)] as const),
  );
  return Object.fromEntries(paths);
}

function hasGo(): boolean {
  return (process.env["PATH"] ?? "")
    .split(":")
    .some((folder) => folder !== "" && existsSync(join(folder, "go")));
}

/** Why the cluster suites, on these versions beside the usual one, cannot run on this machine, or undefined. */
export function whyNoCluster(versions: readonly KubernetesVersion[] = []): string | undefined {
  if (process.platform !== "linux")
    return `the real servers are run on Linux only, and this is ${process.platform}`;
  if (hasGo() || modulesOf(versions).every(isBuilt)) return undefined;
  return "the real servers are built with Go (https://go.dev), and there is no `go` on the PATH";
}

/** Why exports cannot be applied on this machine, or undefined. */
export function whyNoAppliers(): string | undefined {
  if (hasGo() || appliers.every(isBuilt)) return undefined;
  return "OpenTofu and its provider are built with Go (https://go.dev), and there is no `go` on the PATH";
}

if (import.meta.main) {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !modules.some((module) => module.name === name));
  if (unknown !== undefined)
    throw new TypeError(`no module ${unknown}: ${modules.map(({ name }) => name).join(", ")}`);
  const missing = whyNoCluster();
  if (missing !== undefined) throw new Error(missing);
  for (const module of modules) {
    if (wanted.length === 0 ? appliers.includes(module) : !wanted.includes(module.name)) continue;
    if (isBuilt(module)) console.log(`${module.name} ${module.version} stands in ${folderOf(module)}`);
    else await buildModule(module, console.log);
  }
}
