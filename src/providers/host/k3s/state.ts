import { defined, mapped, textOfBase64 } from "../../../core/base/index.ts";
import { lacksIdentity, type Owner, ownershipComment, type StackOwner } from "../../../rules/plan/index.ts";
import { parseRooms, type Room } from "../room.ts";
import { configPath, type ConfigText } from "./config-file.ts";
import type { RunningFlags } from "./running-flags.ts";
import { unitPath } from "./unit.ts";
import type { GoArchitecture, K3sSpec } from "./spec.ts";

/** k3s on a host as it was found. */
export interface K3sState {
  /** Undefined where podtrust knows no k3s for it. */
  readonly architecture: GoArchitecture | undefined;
  /** As uname prints it. */
  readonly machine: string;
  /** SHA-256 of the binary, hex. */
  readonly binary?: string;
  /** `v1.36.4+k3s1` */
  readonly version?: string;
  /** k3s's own config files, in the order in which it reads them. */
  readonly configs: readonly ConfigText[];
  /** Texts of our files by path. */
  readonly files: Readonly<Record<string, string>>;
  /** SHA-256 of the chart in Cilium's manifest, hex. */
  readonly chart?: string;
  /** Cilium's manifest without the chart. */
  readonly manifest?: string;
  /** Something that it reads was changed, and it was not restarted since. */
  readonly isChanging: boolean;
  /** kubectl is installed, with the completion of the present binary. */
  readonly isKubectlReady: boolean;
  /** The cilium command, as far as it is ours. */
  readonly cli?: {
    /** SHA-256 of the archive that it came in. */
    readonly archive: string;
    /** Program and completion are as they were put in place. */
    readonly isIntact: boolean;
  };
  /** There is a cilium command that is not ours. */
  readonly isCliTaken: boolean;
  readonly rooms: readonly Room[];
  /** systemd's state: `active`, `inactive`, `failed`. */
  readonly active: string;
  /** What runs of the API server; undefined where nothing would start one. */
  readonly running?: RunningFlags;
}

const architectures: Readonly<Record<string, GoArchitecture>> = { x86_64: "amd64", aarch64: "arm64" };

/** Lines of `KEY VALUE`, and of `KEY PATH BASE64` for files. */
interface Said {
  readonly configs: readonly ConfigText[];
  readonly files: Readonly<Record<string, string>>;
  readonly single: Readonly<Record<string, string>>;
}

function linesOf(output: string): Said {
  const configs: ConfigText[] = [];
  const files: Record<string, string> = {};
  const single: Record<string, string> = {};
  for (const line of output.split("\n")) {
    const [key = "", first = "", second = ""] = line.split(" ");
    if (key === "config") configs.push({ path: first, text: textOfBase64(second) });
    else if (key === "file") files[first] = textOfBase64(second);
    else if (key !== "" && first !== "") single[key] = first;
  }
  return { configs, files, single };
}

const optional = <Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> =>
  defined({ [key]: value }) as Partial<Record<Key, string>>;

/** Reads what `inspectScript` printed: all but what runs. */
export function parseState(output: string): K3sState {
  const { configs, files, single } = linesOf(output);
  const { arch = "", binary, version, chart, manifest, active = "", cli } = single;
  return {
    architecture: architectures[arch],
    machine: arch,
    ...optional("binary", binary),
    ...optional("version", version),
    configs,
    files,
    ...optional("chart", chart),
    ...optional("manifest", manifest === undefined ? undefined : textOfBase64(manifest)),
    isChanging: "changing" in single,
    isKubectlReady: "kubectl" in single,
    ...defined({ cli: mapped(cli, (archive) => ({ archive, isIntact: "cli-intact" in single })) }),
    isCliTaken: "cli-taken" in single,
    rooms: parseRooms(output),
    active,
  };
}

/** Whether there is anything of k3s. */
export function isThere({ binary, configs, files }: K3sState): boolean {
  return binary !== undefined || configs.length > 0 || unitPath in files;
}

const firstLine = (text: string): string => (text.split("\n")[0] ?? "").replace(/^# ?/u, "");

const ownConfig = ({ configs }: Pick<K3sState, "configs">): ConfigText | undefined =>
  configs.find(({ path }) => path === configPath);

/**
 * The issuer that our config file has first, where its mark has no identity and ours is none of its issuers: it may be that of
 * another stack of the same name.
 */
export function otherIssuers(
  state: Pick<K3sState, "configs">,
  { issuers, ...stack }: StackOwner & Pick<K3sSpec, "issuers">,
): readonly string[] {
  if (!lacksIdentity(ownerOf(state, stack))) return [];
  const found = [...(ownConfig(state)?.text ?? "").matchAll(/service-account-issuer=([^"\s]+)/gu)].map(
    ([, issuer = ""]) => issuer,
  );
  return found.some((one) => one === issuers[0]) ? [] : found.slice(0, 1);
}

/** Its owner, from the first line of our config file. */
export function ownerOf(state: Pick<K3sState, "configs">, stack: StackOwner): Owner {
  const own = ownConfig(state);
  if (own !== undefined) return ownershipComment.ownerOf(firstLine(own.text), stack);
  return { kind: "untagged", looksLike: "an unknown owner who installed k3s there" };
}
