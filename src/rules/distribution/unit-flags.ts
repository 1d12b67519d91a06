import { defined, mapped, shellWord } from "../../core/base/index.ts";
import { unitFlagWords } from "./rancher-change.ts";
import {
  argumentsInFiles,
  argumentName,
  inReadingOrder,
  type RancherName,
  type ServerConfigFile,
} from "./rancher-config.ts";
import { serverConfigPath, type StartRefusal, type UnitStart } from "./rancher-start.ts";
import { isMoved } from "./unit-file.ts";

/** What the unit of a server of k3s or RKE2 says of the issuer, beside what its files say. */
export interface UnitFlags {
  /** `k3s.service` */
  readonly unit: string;
  /** Flags of its command line, as they stand there: `service-account-issuer=https://a`. Empty where files alone say it. */
  readonly given: readonly string[];
  /** Its files name the issuer too: what its command line says comes behind them. */
  readonly isBeside: boolean;
  /** Why its API server does not start with all of it: an issuer comes twice. */
  readonly twice?: string;
  /** The line that installs and upgrades this server once files alone say it; absent where none of its flags stands or stood there. */
  readonly installLine?: string;
}

// Source: isSecret of k3s, pkg/nodeconfig/nodeconfig.go, and its --vpn-auth.
const secrets: readonly string[] = [
  "token",
  "t",
  "agent-token",
  "cluster-secret",
  "datastore-endpoint",
  "etcd-s3-access-key",
  "etcd-s3-secret-key",
  "etcd-s3-session-token",
  "vpn-auth",
];

/** A secret's place in a line: the shell ends there unless whoever types it has set that variable. */
const asBefore = (name: string): string => `"\${${name.replaceAll("-", "_").toUpperCase()}:?}"`;

/** The words of a command line as a shell takes them, without the secrets among them. */
function shownWords(words: readonly string[]): readonly string[] {
  return words.map((word, at) => {
    const [, before = ""] = /^--?([^=]+)$/u.exec(words[at - 1] ?? "") ?? [];
    if (secrets.includes(before)) return asBefore(before);
    const [, dashes = "", name = ""] = /^(--?)([^=]+)=/u.exec(word) ?? [];
    return secrets.includes(name) ? `${dashes}${name}=${asBefore(name)}` : shellWord(word);
  });
}

/** The line by which k3s is installed with a command line. Source: https://docs.k3s.io/installation/configuration */
function installLine(unit: string, [, ...words]: readonly string[]): string {
  const [, name] = /^k3s-(.+)\.service$/u.exec(unit) ?? [];
  const given = name === undefined ? "" : `INSTALL_K3S_NAME=${shellWord(name)} `;
  return `curl -sfL https://get.k3s.io | ${given}sh -s - ${shownWords(words).join(" ")}`;
}

/** What a unit says of the issuer beside the config files, which come in any order. `twice`: of the start that both make. */
export function unitFlags(
  name: RancherName,
  unit: UnitStart & { readonly name: string },
  { files, twice }: { readonly files: readonly ServerConfigFile[]; readonly twice?: StartRefusal },
): UnitFlags {
  const { flags: given, command } = unitFlagWords(unit);
  const named = argumentsInFiles(inReadingOrder(serverConfigPath(name, unit), files));
  const hasLine = name === "k3s" && (given.length > 0 || isMoved(unit.texts));
  return {
    unit: unit.name,
    given,
    isBeside: named.some(({ text }) => argumentName(text) === "service-account-issuer"),
    ...defined({ twice: twice?.message, installLine: hasLine ? installLine(unit.name, command) : undefined }),
  };
}

const withoutThem = (line: string | undefined): string =>
  `Install and upgrade it without them${line === undefined ? "" : `, with the variables of the line that you have: ${line}`}`;

/** An issuer that two definitions of a server give, and the way out: sentences. */
export interface IssuerTwice {
  readonly seen: string;
  readonly next: string;
}

/**
 * That a server's next start takes the issuer from two places: a unit behind its files, as the next run of the old install line leaves
 * it, or a file behind another. Undefined where it does not.
 */
export function issuerTwice({
  unit,
  given,
  isBeside,
  twice,
  installLine: line,
}: UnitFlags): IssuerTwice | undefined {
  if (given.length > 0 && isBeside) {
    return {
      seen: `${unit} gives ${given.join(" and ")} on its command line, behind what its files say: ${twice ?? "its next start takes both"}`,
      next: `podtrust adopt run moves them into a file. ${withoutThem(line)}`,
    };
  }
  return mapped(twice, (seen) => ({
    seen,
    next: "Leave the issuer at one of the places that name it: its API server ends at each start until then.",
  }));
}

/** What a person has to know of the flags in a server's unit, as a sentence; undefined where there is nothing. */
export function unitNote(server: string, flags: UnitFlags): string | undefined {
  const { unit, given, installLine: line } = flags;
  const twice = issuerTwice(flags);
  if (twice !== undefined) return `${server}: ${twice.seen}. ${twice.next}`;
  if (given.length > 0)
    return `${server}: ${unit} gives ${given.join(" and ")} on its command line; they move into config.yaml.d. ${withoutThem(line)}`;
  return line === undefined
    ? undefined
    : `${server}: the issuer's flags were moved out of ${unit}, and the line that installed it puts them back. ${withoutThem(line)}`;
}
