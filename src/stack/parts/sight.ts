import { defined } from "../../core/base/index.ts";
import { parseJws, parseSubject } from "../../rules/oidc/index.ts";

/** Who ServiceAccounts become at a relying party beside AWS, as it stands there. */
export interface SeenIdentity {
  /** What tells it from others of its place: an address, `role web`. */
  readonly name: string;
  /** What the status of a binding calls it; absent: by its name. */
  readonly id?: string;
  /** False: the config names it, and it is not there. */
  readonly exists: boolean;
  /** Whom it lets in, as NAMESPACE/NAME. */
  readonly letsIn: readonly string[];
  /** Whom it lets in beside them, in words; absent: nobody. */
  readonly others?: string;
  /** Whom the config names, as NAMESPACE/NAME. */
  readonly wanted: readonly string[];
  /** Names of the policies that it has itself. */
  readonly policies: readonly string[];
}

/** What trusts the issuer there. */
export interface SeenProvider {
  readonly name: string;
  /** As it stands there. */
  readonly issuer: string;
  /** Kids of the keys that were uploaded to it; absent: it fetches the issuer's. */
  readonly uploaded?: readonly string[];
  /** More of it, each as a label and a text. */
  readonly details: readonly (readonly [label: string, value: string])[];
}

/** What of one section of a config stands at its relying party. */
export interface SeenParty {
  /** Undefined: it is not there, or is not the stack's. */
  readonly provider: SeenProvider | undefined;
  readonly identities: readonly SeenIdentity[];
}

/** One section of a config, to be looked at by whoever draws who can become what. */
export interface PartySight {
  /** `project shop-project`, `https://bao.example.com:8200` */
  readonly place: string;
  /** Of the tokens that it takes. */
  readonly audience: string;
  /** What stands beside what the config names. Changes nothing. Throws what is wrong with address and credentials. */
  look(signal: AbortSignal): Promise<SeenParty>;
  /** Comes with a ServiceAccount's token as a workload does. Throws where no answer came. */
  ask(identity: SeenIdentity, jwt: string, signal: AbortSignal): Promise<SaidToToken>;
}

/** What a relying party said to a token. */
export interface SaidToToken {
  readonly accepted: boolean;
  /** Its own words, where it refused. */
  readonly said: string;
}

/** The same, and the key that signed the token. */
export async function askedWith(
  sight: PartySight,
  identity: SeenIdentity,
  jwt: string,
  signal: AbortSignal,
): Promise<SaidToToken & { readonly kid?: string }> {
  const { kid } = parseJws(jwt);
  return { ...(await sight.ask(identity, jwt, signal)), ...defined({ kid }) };
}

/** Whom some subjects let in: ServiceAccounts by name, and all else as it stands there. */
export function admittedBy(subjects: readonly string[]): Pick<SeenIdentity, "letsIn" | "others"> {
  const parsed = subjects.map((subject) => ({ subject, account: parseSubject(subject) }));
  const others = parsed.filter(({ account }) => account === undefined).map(({ subject }) => subject);
  const letsIn = parsed.flatMap(({ account }) =>
    account === undefined ? [] : [`${account.namespace}/${account.name}`],
  );
  return { letsIn, ...(others.length === 0 ? {} : { others: others.join(", ") }) };
}
