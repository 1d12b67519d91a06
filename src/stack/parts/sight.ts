import { defined } from "../../core/base/index.ts";
import { parseJws, parseSubject } from "../../rules/oidc/index.ts";

/** A principal at a relying party beside AWS that ServiceAccounts become, as it exists there. */
export interface ObservedIdentity {
  /** Identifies it within its place: an address, `role web`. */
  readonly name: string;
  /** Its name in the status of a binding; absent: the same. */
  readonly id?: string;
  /** False: the config names it, and it does not exist. */
  readonly exists: boolean;
  /** Who it lets in, as NAMESPACE/NAME. */
  readonly letsIn: readonly string[];
  /** Who else it lets in, in words; absent: no others. */
  readonly others?: string;
  /** Who the config names, as NAMESPACE/NAME. */
  readonly wanted: readonly string[];
  /** Names of the policies attached to it. */
  readonly policies: readonly string[];
}

/** The resource there that trusts the issuer. */
export interface ObservedProvider {
  readonly name: string;
  /** As it exists there. */
  readonly issuer: string;
  /** Kids of the keys that were uploaded to it; absent: it fetches the issuer's. */
  readonly uploaded?: readonly string[];
  /** Further details, each as a label and a text. */
  readonly details: readonly (readonly [label: string, value: string])[];
}

/** One section of a config, as its relying party has it. */
export interface ObservedParty {
  /** Undefined: it does not exist, or is not the stack's. */
  readonly provider: ObservedProvider | undefined;
  readonly identities: readonly ObservedIdentity[];
}

/** Reads one section of the config, for a map of who can become what. */
export interface PartySight {
  /** `project shop-project`, `https://bao.example.com:8200` */
  readonly place: string;
  /** Of the tokens that it accepts. */
  readonly audience: string;
  /** What exists beside what the config names. Changes nothing. Throws errors of address and credentials. */
  look(signal: AbortSignal): Promise<ObservedParty>;
  /** Tries a ServiceAccount's token as a workload does. Throws if no answer came. */
  ask(identity: ObservedIdentity, jwt: string, signal: AbortSignal): Promise<SaidToToken>;
}

/** A relying party's answer to a token. */
export interface SaidToToken {
  readonly accepted: boolean;
  /** Its own words, if it refused. */
  readonly said: string;
}

/** The same, and the key that signed the token. */
export async function askedWith(
  sight: PartySight,
  identity: ObservedIdentity,
  jwt: string,
  signal: AbortSignal,
): Promise<SaidToToken & { readonly kid?: string }> {
  const { kid } = parseJws(jwt);
  return { ...(await sight.ask(identity, jwt, signal)), ...defined({ kid }) };
}

/** The workloads behind some subjects: ServiceAccounts by name, and all others verbatim. */
export function admittedBy(subjects: readonly string[]): Pick<ObservedIdentity, "letsIn" | "others"> {
  const parsed = subjects.map((subject) => ({ subject, account: parseSubject(subject) }));
  const others = parsed.filter(({ account }) => account === undefined).map(({ subject }) => subject);
  const letsIn = parsed.flatMap(({ account }) =>
    account === undefined ? [] : [`${account.namespace}/${account.name}`],
  );
  return { letsIn, ...(others.length === 0 ? {} : { others: others.join(", ") }) };
}
