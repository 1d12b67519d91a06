import { PodtrustError } from "../../base/index.ts";
import type { Difference, FieldChange } from "../../plan/index.ts";
import { ciliumManifest, chartPath, metadataPolicy } from "./cilium.ts";
import { configFile, configPath } from "./config-file.ts";
import { isIssuing } from "./running-flags.ts";
import { isThere, type K3sState } from "./state.ts";
import { unitFile } from "./unit.ts";
import type { HostFile, K3sWish } from "./wish.ts";

/** Our files, without Cilium's manifest, which is put together on the host. */
export function filesOf(wish: K3sWish): readonly HostFile[] {
  return [
    configFile(wish),
    unitFile(wish.stack),
    ...(wish.cilium === undefined ? [] : [metadataPolicy(wish.stack)]),
  ];
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What of our files is there, under their paths. */
export function textOf(state: K3sState, path: string): string | undefined {
  return path === configPath ? state.configs.find((one) => one.path === path)?.text : state.files[path];
}

function fileChanges(state: K3sState | undefined, wish: K3sWish): readonly FieldChange[] {
  return filesOf(wish).flatMap(({ path, text }) => {
    const found = state === undefined ? undefined : textOf(state, path);
    if (found === text) return [];
    return [
      { field: path, before: found === undefined ? undefined : "another text", after: "as the config says" },
    ];
  });
}

/** How Cilium's manifest differs. */
export function isCiliumAsWished(state: K3sState, wish: K3sWish): boolean {
  const { cilium } = wish;
  if (cilium === undefined) return state.manifest === undefined;
  return state.manifest === ciliumManifest(wish.stack) && state.chart === cilium.sha256;
}

function ciliumChange(state: K3sState | undefined, wish: K3sWish): readonly FieldChange[] {
  if (state !== undefined ? isCiliumAsWished(state, wish) : wish.cilium === undefined) return [];
  const before = state?.manifest === undefined ? undefined : "another chart or other values";
  const after = wish.cilium === undefined ? undefined : `Cilium ${wish.cilium.version}`;
  return [{ field: chartPath, before, after }];
}

/** The checksum that the binary shall have; throws `host-unsupported`, `k3s-checksum`. */
export function wishedBinary({ architecture, machine }: K3sState, { sha256, version }: K3sWish): string {
  if (architecture === undefined) {
    throw new PodtrustError(
      "host-unsupported",
      `the machine's processor is ${machine}: k3s is had for x86-64 and ARM64`,
    );
  }
  const sum = sha256[architecture];
  if (sum !== undefined) return sum;
  throw new PodtrustError("k3s-checksum", `no checksum of k3s ${version} for ${architecture} is known`, {
    next: `Set machine.k3s.sha256.${architecture} to the value in sha256sum-${architecture}.txt of that release.`,
  });
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

function downgrade(found: string | undefined, { version }: K3sWish): PodtrustError | undefined {
  if (found === undefined || compareVersions(found, version) <= 0) return undefined;
  return new PodtrustError(
    "host-unsupported",
    `k3s ${found} runs there, and the config says ${version}, which is older`,
    {
      next: `Set machine.k3s.version to ${found} with its checksums: Kubernetes takes no step back.`,
    },
  );
}

function versionChange(found: K3sState | undefined, wish: K3sWish): readonly FieldChange[] {
  if (found !== undefined && found.binary === wishedBinary(found, wish)) return [];
  return [{ field: "version", before: found?.version, after: wish.version }];
}

/** How what runs differs from what was written: files alone say nothing of it. */
function runningChanges(found: K3sState | undefined, { issuers, jwksUri }: K3sWish): readonly FieldChange[] {
  const running = found?.running;
  const fields: FieldChange[] = [];
  const isOther = !isIssuing(running, { issuers, jwksUri });
  if (isOther && !same(running?.issuers, issuers)) {
    fields.push({ field: "issuers of the running API server", before: running?.issuers, after: issuers });
  }
  if (isOther && running?.jwksUri !== jwksUri) {
    fields.push({ field: "jwks-uri of the running API server", before: running?.jwksUri, after: jwksUri });
  }
  if (found !== undefined && found.active !== "active") {
    fields.push({ field: "service", before: found.active, after: "active" });
  }
  return fields;
}

/** What would make k3s as it was found the wished one. Without a state nothing is known of the host yet. */
export function differenceOf(state: K3sState | undefined, wish: K3sWish): Difference {
  const found = state === undefined || !isThere(state) ? undefined : state;
  const fields = [
    ...versionChange(found, wish),
    ...fileChanges(found, wish),
    ...ciliumChange(found, wish),
    ...runningChanges(found, wish),
  ];
  if (fields.length === 0) return { kind: "none", fields };
  const refusal = downgrade(found?.version, wish);
  return {
    kind: found === undefined ? "create" : "update",
    fields,
    ...(refusal === undefined ? {} : { refusal }),
  };
}
