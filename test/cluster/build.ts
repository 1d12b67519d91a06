/**
 * Builds the real servers of the cluster suites from the pinned Go modules in build/, once per content of their
 * go.mod and go.sum:
 *
 *   node test/cluster/build.ts              those of the gate
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
import { buildInOneProcess } from "./build-claim.ts";
import {
  appliers,
  type GoModule,
  kubeadmModule,
  type KubernetesVersion,
  modules,
  otherVersions,
  defaultPrograms,
  defaultVersion,
  nightlyPrograms,
} from "./modules.ts";

export { type KubernetesVersion, testedVersions } from "./modules.ts";

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, "..", "..", ".cache", "cluster");

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
  readonly h2spec: string;
  /** Probes of our own on the clouds' Go clients. */
  readonly "hcloud-go": string;
  readonly "cloudflare-go": string;
  /** Says who STS takes it for, as AWS's SDK for Go finds it. */
  readonly "aws-sdk-go": string;
  /** Reads HCL as OpenTofu does. */
  readonly hcl: string;
  /** Evaluates CEL by the library of the usual Kubernetes. */
  readonly cel: string;
  /** Renders a chart by Helm's own engine. */
  readonly "helm-render": string;
  readonly helm: string;
  /** Runs a health check of Argo CD's. */
  readonly "argo-health": string;
}

/** What suites of the night alone start; `embedded-python` unpacks a Python that is newer than Debian's into a folder. */
type NightlyProgram = "argo-diff" | "cloud-auth-go" | "ct" | "embedded-python" | "versitygw";

/** Paths of what exports are applied by. */
export interface ApplierPrograms {
  readonly tofu: string;
  readonly "terraform-provider-hcloud": string;
}

const flagsOf = (module: GoModule): readonly string[] => [
  "-mod=readonly",
  "-trimpath",
  "-buildvcs=false",
  // Nobody debugs these programs: without its tables the compiler has a sixth less to do.
  "-gcflags=all=-dwarf=false",
  `-ldflags=${module.ldflags}`,
  ...(module.tags === undefined ? [] : [`-tags=${module.tags.join(",")}`]),
];

const sourceOf = (module: GoModule): string => join(here, "build", module.name);

/** The folder of a module's programs: another one as soon as its pins or flags change. */
function folderOf(module: GoModule): string {
  const hash = createHash("sha256").update(
    `${process.platform} ${process.arch} ${flagsOf(module).join(" ")}`,
  );
  const source = sourceOf(module);
  for (const file of readdirSync(source).sort()) hash.update(readFileSync(join(source, file)));
  return join(cache, `${module.name}-${hash.digest("hex").slice(0, 16)}`);
}

function modulesOf(versions: readonly KubernetesVersion[]): readonly GoModule[] {
  const others = versions.flatMap((version) => (version === defaultVersion ? [] : [otherVersions[version]]));
  return [...defaultPrograms, ...others];
}

/** The whole version of a minor, such as 1.36.3. */
export function kubernetesVersion(minor: KubernetesVersion): string {
  const name = minor === defaultVersion ? "kubernetes" : `kubernetes-${minor}`;
  const found = modules.find((module) => module.name === name);
  if (found === undefined) throw new TypeError(`there is no Kubernetes ${minor}`);
  return found.version;
}

function isBuilt(module: GoModule): boolean {
  return Object.keys(module.programs).every((program) => existsSync(join(folderOf(module), program)));
}

function run(args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // CGO_ENABLED=0: the programs then need no C compiler to build and no C library to run. GOGC: the compiler would
    // otherwise spend a part of its time on memory that its end gives back anyway.
    const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOGC: "400" };
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

/** What Go names the program of a package: the last part of its path that is no major version. */
function builtName(module: GoModule, path: string): string {
  const [, own = ""] = /^module (\S+)$/mu.exec(readFileSync(join(sourceOf(module), "go.mod"), "utf8")) ?? [];
  const parts = (path === "." ? own : path).split("/").filter((part) => !/^v\d+$/u.test(part));
  return parts.at(-1) ?? "";
}

async function buildModule(module: GoModule, say: (line: string) => void): Promise<void> {
  const isDone = (): boolean => isBuilt(module);
  await buildInOneProcess(folderOf(module), isDone, () => buildAside(module, say));
}

async function buildAside(module: GoModule, say: (line: string) => void): Promise<void> {
  const names = Object.keys(module.programs).join(", ");
  const folder = folderOf(module);
  const start = performance.now();
  say(`building ${names} of ${module.name} ${module.version} (${module.time} from an empty Go cache)`);
  mkdirSync(cache, { recursive: true });
  // Built aside and moved in whole, so that a build cut short leaves nothing that looks finished.
  const aside = mkdtempSync(join(cache, "building-"));
  try {
    // All at once: what they share is read once, and one is linked while another compiles.
    const packages = Object.values(module.programs);
    await run(["build", ...flagsOf(module), "-o", `${aside}/`, ...packages], sourceOf(module));
    for (const [program, path] of Object.entries(module.programs))
      renameSync(join(aside, builtName(module, path)), join(aside, program));
    say(`built ${names} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
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
  version: KubernetesVersion = defaultVersion,
): Promise<Programs> {
  // Another version's API server comes after the usual one, and takes its place.
  return (await built(modulesOf([version]), say)) as Programs & Record<string, string>;
}

/** The same of what exports are applied by. */
export async function buildAppliers(say: (line: string) => void = console.log): Promise<ApplierPrograms> {
  return (await built(appliers, say)) as ApplierPrograms & Record<string, string>;
}

/** The path of kubeadm, of the usual version; built first where it is not in the cache. */
export async function buildKubeadm(say: (line: string) => void = console.log): Promise<string> {
  const { kubeadm } = await built([kubeadmModule], say);
  return kubeadm ?? "";
}

async function built(
  wanted: readonly GoModule[],
  say: (line: string) => void,
): Promise<Readonly<Record<string, string>>> {
  for (const module of wanted) await buildModule(module, say);
  const paths = wanted.flatMap((module) =>
    Object.keys(module.programs).map((program) => [program, join(folderOf(module), program)] as const),
  );
  return Object.fromEntries(paths);
}

/** The path of one program, for a test that needs no other; its module is built first where it is not in the cache. */
export async function buildProgram(
  name: keyof Programs | NightlyProgram,
  say: (line: string) => void = console.log,
): Promise<string> {
  const module = [...defaultPrograms, ...nightlyPrograms].find(({ programs }) =>
    Object.hasOwn(programs, name),
  );
  if (module === undefined) throw new TypeError(`no module builds ${name}`);
  await buildModule(module, say);
  return join(folderOf(module), name);
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
    if (wanted.length === 0 ? !defaultPrograms.includes(module) : !wanted.includes(module.name)) continue;
    if (isBuilt(module)) console.log(`${module.name} ${module.version} stands in ${folderOf(module)}`);
    else await buildModule(module, console.log);
  }
}
