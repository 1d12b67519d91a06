import { defined } from "../../core/base/index.ts";

/**
 * What an API server was started with, as far as it makes and checks tokens. A member that is absent is a flag that is not set.
 * Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
 */
export interface ApiServerFlags {
  /** `--service-account-issuer`, in order: the first signs, all are accepted. */
  readonly issuers: readonly string[];
  /** `--api-audiences`; absent counts as the issuers. */
  readonly audiences?: readonly string[];
  /** `--service-account-jwks-uri` */
  readonly jwksUri?: string;
  /** `--service-account-key-file`, in order: their keys verify. */
  readonly keyFiles: readonly string[];
  /** `--service-account-signing-key-file` */
  readonly signingKeyFile?: string;
  /** `--service-account-signing-endpoint`: an external signer. */
  readonly signingEndpoint?: string;
  /** `--authentication-config` */
  readonly authenticationConfig?: string;
  /** `--service-account-max-token-expiration`, as Go writes a duration. */
  readonly maxTokenExpiration?: string;
  /** `--service-account-extend-token-expiration` */
  readonly extendTokenExpiration?: boolean;
}

/** Flags that get other values; a member that is absent leaves its flag as it is, and an empty one removes it. */
export interface FlagChange {
  readonly issuers?: readonly string[];
  readonly audiences?: readonly string[];
  readonly jwksUri?: string;
  readonly keyFiles?: readonly string[];
  readonly signingKeyFile?: string;
}

const names = {
  issuers: "service-account-issuer",
  audiences: "api-audiences",
  jwksUri: "service-account-jwks-uri",
  keyFiles: "service-account-key-file",
  signingKeyFile: "service-account-signing-key-file",
} as const satisfies Readonly<Record<keyof FlagChange, string>>;

/** One flag of a command line, and how many words it takes there. */
interface ParsedFlag {
  readonly name: string;
  readonly value: string;
  readonly at: number;
  readonly words: 1 | 2;
}

/** A flag's name as the API server has it: it takes `_` for `-`. */
export function flagNameOf(written: string): string {
  return written.replaceAll("_", "-");
}

// pflag takes a flag's value from the next word unless the flag is a boolean.
function* flagsIn(words: readonly string[]): Generator<ParsedFlag> {
  for (const [at, word] of words.entries()) {
    if (!word.startsWith("--") || word === "--") continue;
    const equals = word.indexOf("=");
    const name = flagNameOf(word.slice(2, equals === -1 ? undefined : equals));
    const next = words[at + 1];
    const isApart = equals === -1 && next !== undefined && !next.startsWith("--");
    if (isApart) yield { name, value: next, at, words: 2 };
    else yield { name, value: equals === -1 ? "true" : word.slice(equals + 1), at, words: 1 };
  }
}

/** Reads the flags of an API server from the words of its command line. Other words are ignored. */
export function parseFlags(words: readonly string[]): ApiServerFlags {
  const values = Map.groupBy(flagsIn(words), ({ name }) => name);
  const all = (name: string): readonly string[] => values.get(name)?.map(({ value }) => value) ?? [];
  const last = (name: string): string | undefined => all(name).at(-1);
  const audiences = all(names.audiences).flatMap((value) => value.split(","));
  const extended = last("service-account-extend-token-expiration");
  return {
    issuers: all(names.issuers),
    keyFiles: all(names.keyFiles),
    ...(audiences.length === 0 ? {} : { audiences }),
    ...defined({
      jwksUri: last(names.jwksUri),
      signingKeyFile: last(names.signingKeyFile),
      signingEndpoint: last("service-account-signing-endpoint"),
      authenticationConfig: last("authentication-config"),
      maxTokenExpiration: last("service-account-max-token-expiration"),
      extendTokenExpiration: extended === undefined ? undefined : extended === "true",
    }),
  };
}

/**
 * `--service-account-private-key-file` of a controller manager: the key that signs the tokens it puts into Secrets.
 * Absent: it makes none. Source:
 * https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/
 */
export function secretTokenKeyFile(words: readonly string[]): string | undefined {
  const found = [...flagsIn(words)].filter(({ name }) => name === "service-account-private-key-file");
  return found.at(-1)?.value;
}

const oneValue = (value: string): readonly string[] => (value === "" ? [] : [value]);

/** A change as flags by name and value, in order; the audiences are one value, as kubeadm's map can hold them. */
export function changedFlags(change: FlagChange): ReadonlyMap<string, readonly string[]> {
  const { issuers, audiences, jwksUri, keyFiles, signingKeyFile } = change;
  const desired: [string, readonly string[] | undefined][] = [
    [names.issuers, issuers],
    [names.audiences, audiences === undefined ? undefined : oneValue(audiences.join(","))],
    [names.jwksUri, jwksUri === undefined ? undefined : oneValue(jwksUri)],
    [names.keyFiles, keyFiles],
    [names.signingKeyFile, signingKeyFile === undefined ? undefined : oneValue(signingKeyFile)],
  ];
  return new Map(desired.flatMap(([name, values]) => (values === undefined ? [] : [[name, values]])));
}

/**
 * The words of a command line with other flags: by name, wherever they stand and however they are written, never by position.
 * New values stand where the first old one stood, else at the end.
 */
export function changeFlags(words: readonly string[], change: FlagChange): readonly string[] {
  const desired = changedFlags(change);
  const kept: (readonly string[])[] = words.map((word) => [word]);
  const placed = new Set<string>();
  const flagWords = (name: string, values: readonly string[]): readonly string[] =>
    values.map((value) => `--${name}=${value}`);
  for (const { name, at, words: count } of flagsIn(words)) {
    const values = desired.get(name);
    if (values === undefined) continue;
    kept[at] = placed.has(name) ? [] : flagWords(name, values);
    if (count === 2) kept[at + 1] = [];
    placed.add(name);
  }
  const added = [...desired].flatMap(([name, values]) => (placed.has(name) ? [] : flagWords(name, values)));
  return [...kept.flat(), ...added];
}

/** The issuer flags, as a change that gives a server the same: one that is not set is removed. */
export function issuerFlagsOf({ issuers, audiences = [], jwksUri = "" }: ApiServerFlags): FlagChange {
  return { issuers, audiences, jwksUri };
}

/** What of a change the flags still lack, as a sentence; undefined where nothing is missing. */
export function flagDifference(flags: ApiServerFlags, change: FlagChange): string | undefined {
  for (const member of Object.keys(names) as (keyof FlagChange)[]) {
    const desired = change[member];
    if (desired === undefined) continue;
    const has = flags[member];
    const [said, meant] = [has ?? [], desired].map((value) => [value].flat().join(", ") || "not set");
    if (said !== meant) return `--${names[member]} is ${said}, and ${meant} is wanted`;
  }
  return undefined;
}
