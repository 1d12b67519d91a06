import { dirname } from "node:path";
import { defined, PodtrustError } from "../../../core/base/index.ts";
import type { Difference, FieldChange } from "../../../rules/plan/index.ts";
import type { RoomNeed } from "../room.ts";
import { ciliumManifest, chartPath, metadataPolicy } from "./cilium.ts";
import { ciliumPath, profileFile } from "./commands.ts";
import { configFile, configPath, doubledIssuer } from "./config-file.ts";
import type { RunningFlags } from "./running-flags.ts";
import { binaryPath, dataPath, incoming } from "./scripts.ts";
import { isThere, type K3sState } from "./state.ts";
import { unitFile } from "./unit.ts";
import type { GoArchitecture, HostFile, K3sSpec } from "./spec.ts";

/** Our files that k3s reads, without Cilium's manifest, which is put together on the host. */
export function filesOf(spec: K3sSpec): readonly HostFile[] {
  return [
    configFile(spec),
    unitFile(spec.stack),
    ...(spec.cilium === undefined ? [] : [metadataPolicy(spec.stack)]),
  ];
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The present content of one of our files, by its path. */
export function textOf(state: K3sState, path: string): string | undefined {
  return path === configPath ? state.configs.find((one) => one.path === path)?.text : state.files[path];
}

function fileChanges(state: K3sState | undefined, spec: K3sSpec): readonly FieldChange[] {
  return [...filesOf(spec), profileFile(spec)].flatMap(({ path, text }) => {
    const found = state === undefined ? undefined : textOf(state, path);
    if (found === text) return [];
    return [
      { field: path, before: found === undefined ? undefined : "another text", after: "as the config says" },
    ];
  });
}

/** How Cilium's manifest differs. */
export function isCiliumAsSpecified(state: K3sState, spec: K3sSpec): boolean {
  const { cilium } = spec;
  if (cilium === undefined) return state.manifest === undefined;
  return state.manifest === ciliumManifest(spec.stack) && state.chart === cilium.sha256;
}

function ciliumChange(state: K3sState | undefined, spec: K3sSpec): readonly FieldChange[] {
  if (state !== undefined ? isCiliumAsSpecified(state, spec) : spec.cilium === undefined) return [];
  const before = state?.manifest === undefined ? undefined : "another chart or other values";
  const after = spec.cilium === undefined ? undefined : `Cilium ${spec.cilium.version}`;
  return [{ field: chartPath, before, after }];
}

/** The architecture of a machine that k3s supports; throws `host-unsupported`. */
export function architectureOf({ architecture, machine }: K3sState): GoArchitecture {
  if (architecture !== undefined) return architecture;
  throw new PodtrustError(
    "host-unsupported",
    `the machine's processor is ${machine}: k3s is had for x86-64 and ARM64`,
  );
}

interface Sums {
  readonly version: string;
  readonly sha256: Readonly<Partial<Record<GoArchitecture, string>>>;
}

function sumFor(state: K3sState, what: string, { version, sha256 }: Sums, next: string): string {
  const architecture = architectureOf(state);
  const sum = sha256[architecture];
  if (sum !== undefined) return sum;
  throw new PodtrustError("host-checksum", `no checksum of ${what} ${version} for ${architecture} is known`, {
    next: next.replaceAll("ARCHITECTURE", architecture),
  });
}

/**
 * Whether k3s stays at the version that runs: no other was asked for, and a newer podtrust alone upgrades no cluster.
 */
function staysAtVersion({ version, binary }: K3sState, spec: K3sSpec): boolean {
  return !spec.isVersionNamed && binary !== undefined && version !== undefined && version !== spec.version;
}

/** The wanted checksum of the binary, or its present one where it stays; throws `host-unsupported`, `host-checksum`. */
export function binaryAsSpecified(state: K3sState, spec: K3sSpec): string {
  if (staysAtVersion(state, spec)) return state.binary ?? "";
  const next =
    "Set machine.k3s.sha256.ARCHITECTURE to the value in sha256sum-ARCHITECTURE.txt of that release.";
  return sumFor(state, "k3s", spec, next);
}

/** The wanted checksum of the cilium command's archive; throws `host-unsupported`, `host-checksum`. */
export function cliAsSpecified(state: K3sState, { cilium }: K3sSpec): string | undefined {
  if (cilium?.cli === undefined) return undefined;
  const next =
    "Set machine.cilium.cli.sha256.ARCHITECTURE to the value in cilium-linux-ARCHITECTURE.tar.gz.sha256sum of that release.";
  return sumFor(state, "the cilium command", cilium.cli, next);
}

/** Whether our cilium command is as specified, or absent where none is. */
export function isCliAsSpecified(state: K3sState, spec: K3sSpec): boolean {
  const { cli } = state;
  const specified = cliAsSpecified(state, spec);
  return specified === undefined ? cli === undefined : cli?.isIntact === true && cli.archive === specified;
}

function commandChanges(found: K3sState | undefined, spec: K3sSpec): readonly FieldChange[] {
  const fields: FieldChange[] = [];
  const version = spec.cilium?.cli?.version;
  if (found?.isKubectlReady !== true) {
    const before = found && "without its link, or its completion is another";
    fields.push({ field: "kubectl", before, after: "with its completion" });
  }
  if (found === undefined ? version === undefined : isCliAsSpecified(found, spec)) return fields;
  const before = found?.cli && (found.cli.isIntact ? "another release" : "changed");
  return [...fields, { field: ciliumPath, before, after: version }];
}

const numbers = (version: string): readonly number[] => (version.match(/\d+/gu) ?? []).map(Number);

/** Negative where `a` is older than `b`. */
function compareVersions(a: string, b: string): number {
  const [x, y] = [numbers(a), numbers(b)];
  for (let index = 0; index < Math.max(x.length, y.length); index += 1) {
    const step = (x[index] ?? 0) - (y[index] ?? 0);
    if (step !== 0) return step;
  }
  return 0;
}

/** Minor versions from one release to another of the same major: 1 from `v1.35.2+k3s1` to `v1.36.0+k3s1`. */
function minorsBetween(from: string, to: string): number {
  const [[fromMajor = 0, fromMinor = 0], [toMajor = 0, toMinor = 0]] = [numbers(from), numbers(to)];
  return fromMajor === toMajor ? toMinor - fromMinor : Infinity;
}

/** Why k3s does not go from one version to another; undefined where it may. */
function versionRefusal(found: string | undefined, spec: K3sSpec): PodtrustError | undefined {
  const { version, isVersionNamed } = spec;
  if (found === undefined || !isVersionNamed) return undefined;
  if (compareVersions(found, version) > 0) {
    return new PodtrustError(
      "host-unsupported",
      `k3s ${found} runs there, and the config says ${version}, which is older`,
      {
        next: `Set machine.k3s.version to ${found} with its checksums: Kubernetes takes no step back.`,
      },
    );
  }
  const skipped = minorsBetween(found, version) - 1;
  if (skipped <= 0) return undefined;
  const [major = 0, minor = 0] = numbers(found);
  return new PodtrustError(
    "host-unsupported",
    `k3s ${found} runs there, and the config says ${version}: that skips ${skipped === 1 ? "a minor version" : `${skipped} minor versions`}`,
    {
      // https://kubernetes.io/releases/version-skew-policy/#kube-apiserver-1
      next: `Set machine.k3s.version to a release of v${major}.${minor + 1} with its checksums and run podtrust up; then continue by one minor at a time.`,
    },
  );
}

/** Why the change is refused; undefined where it is not. */
export function refusalOf(
  { version: found, isCliTaken, configs }: Pick<K3sState, "version" | "isCliTaken" | "configs">,
  spec: K3sSpec,
): PodtrustError | undefined {
  const { cilium } = spec;
  if (isCliTaken && cilium?.cli !== undefined) {
    return new PodtrustError("host-taken", `${ciliumPath} is there, and is not podtrust's`, {
      next: "Move it away on the machine, or leave machine.cilium.cli out of the config.",
    });
  }
  const doubled = doubledIssuer(configs, spec);
  if (doubled !== undefined) return new PodtrustError("k3s-overridden", `k3s is left as it is: ${doubled}`);
  return versionRefusal(found, spec);
}

function versionChange(found: K3sState | undefined, spec: K3sSpec): readonly FieldChange[] {
  if (found !== undefined && found.binary === binaryAsSpecified(found, spec)) return [];
  return [{ field: "version", before: found?.version, after: spec.version }];
}

/** systemd's state of k3s, where there is one. */
function serviceNow(found: K3sState | undefined): string {
  if (found === undefined) return "active";
  return found.isChanging ? "changed, and not started anew" : found.active;
}

/** What of the issuer runs, for a plan; in place of what was not looked at stands why. */
function flagsNow(running: RunningFlags | undefined): {
  readonly issuers?: unknown;
  readonly jwksUri?: unknown;
} {
  if (running?.kind !== "not-looked-at") return running ?? {};
  const why = `not looked at: ${running.why}`;
  return { issuers: why, jwksUri: why };
}

/** How what runs differs from what was written: files alone do not show it. */
function runningChanges(found: K3sState | undefined, { issuers, jwksUri }: K3sSpec): readonly FieldChange[] {
  const now = flagsNow(found?.running);
  const fields = [
    { field: "issuers of the running API server", before: now.issuers, after: issuers },
    { field: "jwks-uri of the running API server", before: now.jwksUri, after: jwksUri },
  ].filter(({ before, after }) => !same(before, after));
  const service = serviceNow(found);
  return service === "active" ? fields : [...fields, { field: "service", before: service, after: "active" }];
}

/** What would make k3s as it was found the specified one. Without a state the host is not known yet. */
export function differenceOf(state: K3sState | undefined, spec: K3sSpec): Difference {
  const found = state === undefined || !isThere(state) ? undefined : state;
  const fields = [
    ...versionChange(found, spec),
    ...fileChanges(found, spec),
    ...ciliumChange(found, spec),
    ...commandChanges(found, spec),
    ...runningChanges(found, spec),
  ];
  if (fields.length === 0) return { kind: "none", fields };
  const refusal = found === undefined ? undefined : refusalOf(found, spec);
  return {
    kind: found === undefined ? "create" : "update",
    fields,
    ...defined({ refusal }),
  };
}

/** The disk space needed to bring k3s from its present state to the specified one. */
export function roomNeeds(state: K3sState, spec: K3sSpec): readonly RoomNeed[] {
  const binary = state.binary === binaryAsSpecified(state, spec) ? 0 : 160;
  const chart = isCiliumAsSpecified(state, spec) || spec.cilium === undefined ? 0 : 8;
  const cli = isCliAsSpecified(state, spec) || spec.cilium?.cli === undefined ? 0 : 320;
  const needs = [
    { path: "/etc/rancher", mib: 1, what: "its config" },
    { path: "/etc/systemd/system", mib: 1, what: "its unit" },
    { path: dirname(binaryPath), mib: binary + cli, what: "its binaries" },
    // What is checked before it is put in place is there twice.
    { path: incoming, mib: binary + chart + cli, what: "what is checked first" },
    { path: dataPath, mib: state.binary === undefined ? 2048 : chart, what: "its images and data" },
  ];
  return needs.filter(({ mib }) => mib > 0);
}
