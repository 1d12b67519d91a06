import { type Algorithm, algorithms, maxKeysOfType } from "./algorithm.ts";
import { maxIssuer } from "./issuer-problems.ts";

/** Who fetches an issuer's keys. */
export type RelyingPartyName = "aws" | "gcp" | "azure";

/** What a relying party takes of an issuer's documents. Of what it asks of tokens nothing is said here. */
export interface RelyingPartyBounds {
  readonly title: string;
  readonly algorithms: readonly Algorithm[];
  /** Keys of a set that are looked at; undefined where no limit is known. */
  readonly maxKeys?: number;
  /** Each type of key is counted by itself. */
  readonly countsByType?: true;
  /** Characters of the issuer. */
  readonly maxIssuer?: number;
}

/**
 * AWS: AssumeRoleWithWebIdentity and CreateOpenIDConnectProvider. Google: "Configure Workload Identity Federation with
 * other identity providers" (RS256, ES256; a set that is fetched has no limit, one that is uploaded holds 8 keys). Azure:
 * "Workload identity federation: important considerations" (RS256; its errors name RS384 and RS512 as well; the first 100
 * keys; an issuer of 600 characters).
 */
export const relyingParties: Readonly<Record<RelyingPartyName, RelyingPartyBounds>> = {
  aws: {
    title: "AWS",
    algorithms: Object.keys(algorithms) as readonly Algorithm[],
    maxKeys: maxKeysOfType,
    countsByType: true,
    maxIssuer,
  },
  gcp: { title: "Google Cloud", algorithms: ["RS256", "ES256"] },
  azure: { title: "Azure", algorithms: ["RS256", "RS384", "RS512"], maxKeys: 100, maxIssuer: 600 },
};

export interface DocumentsForParty {
  readonly issuer: string;
  readonly keys: readonly { readonly kid: string; readonly alg: string; readonly kty: string }[];
}

function countProblem(
  { title, maxKeys, countsByType }: RelyingPartyBounds,
  keys: number,
): string | undefined {
  if (maxKeys === undefined || countsByType === true || keys <= maxKeys) return undefined;
  return `${title} looks at the first ${maxKeys} keys of a set, and this one has ${keys}.`;
}

/** What a relying party cannot use of an issuer's documents, each as a sentence; empty where it takes them all. */
export function partyProblems(
  name: RelyingPartyName,
  { issuer, keys }: DocumentsForParty,
): readonly string[] {
  const party = relyingParties[name];
  const refused = keys.filter(({ alg }) => !party.algorithms.some((one) => one === alg));
  const all = refused.length === keys.length && keys.length > 0;
  const kinds = [...new Set(refused.map(({ alg }) => alg))].join(", ");
  return [
    ...(refused.length === 0
      ? []
      : [
          `${party.title} verifies ${party.algorithms.join(", ")}, and ${all ? "every key" : "a key"} is for ${kinds}.`,
        ]),
    ...[countProblem(party, keys.length)].filter((one) => one !== undefined),
    ...(party.maxIssuer === undefined || issuer.length <= party.maxIssuer
      ? []
      : [
          `${party.title} takes issuers of ${party.maxIssuer} characters, and this one has ${issuer.length}.`,
        ]),
  ];
}
