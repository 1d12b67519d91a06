import { isRecord, recordsOf, textsOf, textOfBase64 } from "../../../core/base/index.ts";
import { type Owner, ownershipComment, type StackOwner } from "../../../rules/plan/index.ts";
import { type NodeArchitecture, architectures } from "./release.ts";

/** A running publisher's own status, as far as it counts here. */
export interface Health {
  /** Everything that a relying party needs is held. */
  readonly ready: boolean;
  /** Why not, in sentences. */
  readonly unready: readonly string[];
  /** The cluster's documents are held. */
  readonly documents: boolean;
}

/** A file as it was found: the SHA-256 of its text, and `640 root:group`. */
export interface FileFacts {
  readonly sum: string;
  readonly access: string;
}

/** systemd's words: `active`, `enabled`. */
export interface UnitFacts {
  readonly active: string;
  readonly enabled: string;
}

/** The publisher on a machine as it was found. */
export interface PublisherState {
  /** Undefined where there is no publisher for it. */
  readonly architecture: NodeArchitecture | undefined;
  /** As uname prints it. */
  readonly machine: string;
  readonly unpacks: "zstd" | "gzip";
  /** What marks it. */
  readonly owner?: string;
  /** Names of versions. */
  readonly current?: string;
  readonly previous?: string;
  /** SHA-256 of each version's program, hex. */
  readonly programs: Readonly<Record<string, string>>;
  /** By path. */
  readonly files: Readonly<Record<string, FileFacts>>;
  /** By name, of those that are installed. */
  readonly units: Readonly<Record<string, UnitFacts>>;
  /** A change has begun and is not complete. */
  readonly isChanging: boolean;
  /** Absent where none answers. */
  readonly health?: Health;
}

function healthOf(base64: string | undefined): Health | undefined {
  let status: unknown;
  try {
    status = JSON.parse(textOfBase64(base64 ?? ""));
  } catch {
    return undefined;
  }
  // An error of the command is an object too.
  if (!isRecord(status) || !Array.isArray(status["issuers"])) return undefined;
  const issuers = recordsOf(status["issuers"]);
  return {
    ready: status["ready"] === true,
    unready: textsOf(status["unready"]),
    documents: issuers.length > 0 && issuers.every((issuer) => isRecord(issuer["documents"])),
  };
}

const field = <Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> =>
  (value === undefined || value === "" ? {} : { [key]: value }) as Partial<Record<Key, Value>>;

/** Reads what `inspectScript` printed. */
export function parsePublisher(output: string): PublisherState {
  const single: Record<string, string> = {};
  const programs: Record<string, string> = {};
  const files: Record<string, FileFacts> = {};
  const units: Record<string, UnitFacts> = {};
  for (const line of output.split("\n")) {
    const [key = "", name = "", ...rest] = line.split(" ");
    const [first = "", ...others] = rest;
    if (key === "program") programs[name] = first;
    else if (key === "file") files[name] = { sum: first, access: others.join(" ") };
    else if (key === "unit") units[name] = { active: first, enabled: others.join(" ") };
    else single[key] = name;
  }
  const { arch = "", zstd, owner, current, previous, status } = single;
  return {
    architecture: architectures[arch],
    machine: arch,
    unpacks: zstd === "yes" ? "zstd" : "gzip",
    ...field("owner", owner === undefined ? undefined : textOfBase64(owner).trim()),
    ...field("current", current),
    ...field("previous", previous),
    programs,
    files,
    units,
    isChanging: "changing" in single,
    ...field("health", healthOf(status)),
  };
}

/** Whether there is anything of a publisher. */
export function isThere({ owner, current, files, units }: PublisherState): boolean {
  return (
    owner !== undefined ||
    current !== undefined ||
    Object.keys(files).length > 0 ||
    Object.keys(units).length > 0
  );
}

/** Its owner, from a file beside its versions. */
export function ownerOf({ owner }: PublisherState, stack: StackOwner): Owner {
  if (owner !== undefined) return ownershipComment.ownerOf(owner, stack);
  return { kind: "untagged", looksLike: "an unknown owner who set up a publisher there" };
}
