import { createHash } from "node:crypto";
import { basename } from "node:path";
import { PodtrustError } from "../../../core/base/index.ts";
import type { Difference, FieldChange } from "../../../rules/plan/index.ts";
import type { PublisherFile } from "./config-file.ts";
import { unitNames } from "./layout.ts";
import type { Release } from "./release.ts";
import type { PublisherState } from "./state.ts";
import type { HostPublisherSpec } from "./spec.ts";

const sumOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const short = (sum: string): string => `sha256:${sum.slice(0, 12)}`;
const accessOf = ({ mode, owner }: PublisherFile): string => `${mode.toString(8)} ${owner}`;

/** A version's name: that of podtrust, and of the very program. */
export function versionName({ version, program }: Release): string {
  return `${version}-${program.slice(0, 12)}`;
}

/** The part of a release by `uname -m`; both where the machine is not known yet. */
const partsOf: Readonly<Record<string, string>> = {
  aarch64: "publisher-linux-arm64",
  x86_64: "publisher-linux-x64",
};

function missing({ version }: HostPublisherSpec, machine: string): PodtrustError {
  const part = partsOf[machine] ?? "publisher-linux-arm64 (for an x86-64 machine: publisher-linux-x64)";
  return new PodtrustError(
    "publisher-release",
    `there is no publisher of version ${version} for ${machine} to be sent to the machine`,
    {
      next: `Build it in a checkout of this version: npm run release -- ${part}. Or name the folder that has a release's podtrust-publisher-${version}-*.zst and .sha256 in publisher.release.`,
      detail: { version, machine },
    },
  );
}

/** The release for a machine. Throws `publisher-release`. */
export function releaseFor(spec: HostPublisherSpec, { architecture, machine }: PublisherState): Release {
  const release = architecture === undefined ? undefined : spec.releases.get(architecture);
  if (release === undefined) throw missing(spec, machine);
  return release;
}

/** Whether a version of that number is in use: a rebuild of the same number is no difference by itself. */
const isOfVersion = (name: string | undefined, version: string): boolean =>
  name?.replace(/-[0-9a-f]{12}$/u, "") === version;

/** Whether another program is to run; where this machine has none to send, the number alone decides. */
export function isOtherProgram(spec: HostPublisherSpec, state: PublisherState): boolean {
  const { current = "", programs, architecture } = state;
  const release = architecture === undefined ? undefined : spec.releases.get(architecture);
  if (release === undefined) return !isOfVersion(current, spec.version);
  return current !== versionName(release) || programs[current] !== release.program;
}

/** The files that differ from the wanted ones. */
export function changedFiles({ files }: HostPublisherSpec, state: PublisherState): readonly PublisherFile[] {
  return files.filter((file) => {
    const found = state.files[file.path];
    return found?.sum !== sumOf(file.text) || found.access !== accessOf(file);
  });
}

/** Units to remove: a socket that is no longer wanted. */
export function surplusUnits({ files }: HostPublisherSpec, state: PublisherState): readonly string[] {
  const desired = new Set(files.map(({ path }) => basename(path)));
  return Object.keys(state.units).filter((unit) => !desired.has(unit));
}

/** Files beside the config that it no longer names: a token that the publisher is no longer to have. */
export function surplusFiles({ files, layout }: HostPublisherSpec, state: PublisherState): readonly string[] {
  const desired = new Set(files.map(({ path }) => path));
  return Object.keys(state.files).filter((path) => path.startsWith(`${layout.files}/`) && !desired.has(path));
}

/** Units that do not run, or would not after a start of the machine. */
export function idleUnits({ enabled }: HostPublisherSpec, { units }: PublisherState): readonly string[] {
  return enabled.filter((unit) => units[unit]?.active !== "active" || units[unit].enabled !== "enabled");
}

function fileChange(file: PublisherFile, state: PublisherState): FieldChange {
  const found = state.files[file.path];
  const before = found === undefined ? undefined : short(found.sum);
  const after = short(sumOf(file.text));
  // The same text, which others may read or write.
  if (before === after) return { field: file.field, before: found?.access, after: accessOf(file) };
  return { field: file.field, before, after };
}

function created(spec: HostPublisherSpec): Difference {
  const { version, issuer, releases } = spec;
  const fields = [
    { field: "version", before: undefined, after: version },
    { field: "issuer", before: undefined, after: issuer },
  ];
  const refusal = releases.size === 0 ? { refusal: missing(spec, "any machine") } : {};
  return { kind: "create", fields, ...refusal };
}

function changes(spec: HostPublisherSpec, state: PublisherState): readonly FieldChange[] {
  const { current, units } = state;
  const release = state.architecture === undefined ? undefined : spec.releases.get(state.architecture);
  const after = release === undefined ? spec.version : versionName(release);
  return [
    ...(isOtherProgram(spec, state) ? [{ field: "version", before: current, after }] : []),
    ...changedFiles(spec, state).map((file) => fileChange(file, state)),
    ...surplusFiles(spec, state).map((path) => ({
      field: `file ${basename(path)}`,
      before: short(state.files[path]?.sum ?? ""),
      after: undefined,
    })),
    ...surplusUnits(spec, state).map((unit) => ({
      field: `unit ${unit}`,
      before: "installed",
      after: undefined,
    })),
    ...(state.isChanging
      ? [{ field: "service", before: "changed, and not started anew", after: "active, enabled" }]
      : []),
    ...idleUnits(spec, state).map((unit) => ({
      field: unit === unitNames.publisher ? "service" : unit,
      before: `${units[unit]?.active ?? "absent"}, ${units[unit]?.enabled ?? "absent"}`,
      after: "active, enabled",
    })),
  ];
}

/** What would make the publisher on a machine the specified one. */
export function differenceOf(state: PublisherState | undefined, spec: HostPublisherSpec): Difference {
  if (state === undefined) return created(spec);
  const fields = changes(spec, state);
  if (fields.length === 0) return { kind: "none", fields };
  const { architecture, machine } = state;
  const cannot =
    isOtherProgram(spec, state) && (architecture === undefined || !spec.releases.has(architecture));
  const refusal = cannot ? { refusal: missing(spec, machine) } : {};
  return { kind: "update", fields, ...refusal };
}
