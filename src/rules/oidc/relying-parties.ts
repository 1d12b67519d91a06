import { type Algorithm, algorithms } from "./algorithm.ts";

/** The relying parties besides AWS, by the names of their sections in a config. */
export type FederatedParty = "gcp" | "azure" | "openbao";

/** The relying parties that verify an issuer's tokens. */
export type RelyingPartyName = "aws" | FederatedParty;

/** How long a fetched or uploaded JWK Set stays in use. */
export interface KeyMemory {
  /** Milliseconds beyond Cache-Control for which a rotation assumes that a fetched set is still used. */
  readonly fetchedMs: number;
  /** Milliseconds until an upload counts; absent: keys are not uploaded. */
  readonly uploadedMs?: number;
  /** What is known of it, and what is not. */
  readonly known: string;
  /** What keeps a thief out before that, at the relying party itself; absent: podtrust knows nothing, or does it itself. */
  readonly cut?: string;
}

/**
 * All that is known of how long keys stay in use there, as sentences.
 * @internal
 */
export function keyMemoryText({ keys: { known, cut } }: RelyingPartyBounds): string {
  return cut === undefined ? known : `${known} ${cut}`;
}

/** How long access lasts, and how soon a change takes effect: for people, each as a cell of a table. */
export interface AccessTimes {
  /** The lifetime of what is given for a token. */
  readonly lifetime: string;
  /** The tolerated clock skew. */
  readonly skew: string;
  /** The time until a new grant takes effect. */
  readonly granted: string;
  /** The time until a revocation stops new access. */
  readonly revoked: string;
  /** What ends access that was given before. */
  readonly ended: string;
}

/** One of a vendor's separate clouds. */
export interface PartyCloud {
  /** The audience of its tokens; each cloud accepts only its own. */
  readonly audience: string;
  /** Where its clients exchange tokens. */
  readonly authority: string;
  /** The management API there, without a slash at its end; its tokens are for that address. */
  readonly management: string;
  /** The same for its directory. */
  readonly graph: string;
}

/** A relying party's limits on an issuer's documents and on tokens, as podtrust uses them. */
export interface RelyingPartyBounds {
  readonly title: string;
  readonly algorithms: readonly Algorithm[];
  /** Keys of a fetched set that are looked at; absent where no limit is known. */
  readonly maxKeys?: number;
  /** Each type of key is counted by itself. */
  readonly countsByType?: true;
  /** Keys that may be uploaded in place of being fetched; absent: it always fetches. */
  readonly maxUploadedKeys?: number;
  /** Characters of the issuer; absent where no limit is known. */
  readonly maxIssuer?: number;
  /** Audiences that one trust may name, and characters of each; absent where no limit is known. */
  readonly maxAudiences?: number;
  readonly maxAudience?: number;
  /** Bytes of a token's subject; absent where no limit is known. */
  readonly maxSubjectBytes?: number;
  /** Characters of a token; absent where no limit is known. */
  readonly maxToken?: number;
  /** Seconds from a token's iat to its exp; absent where no limit is known. */
  readonly maxTokenSeconds?: number;
  /** Federated credentials of one identity: each takes one ServiceAccount. */
  readonly maxCredentials?: number;
  /** It fetches from the public internet; otherwise from wherever it runs. */
  readonly fetchesPublicly: boolean;
  /** By the names that a config has for them; absent where there is one alone. */
  readonly clouds?: Readonly<Record<string, PartyCloud>>;
  readonly keys: KeyMemory;
  readonly access: AccessTimes;
  /** The sources of each of these. */
  readonly sources: readonly string[];
}

const hour = 3_600_000;
const every = Object.keys(algorithms) as readonly Algorithm[];

/** One row for each relying party. No other file of podtrust has one of these numbers. */
export const relyingParties = {
  aws: {
    title: "AWS",
    algorithms: every,
    maxKeys: 100,
    countsByType: true,
    maxIssuer: 255,
    maxAudiences: 100,
    maxAudience: 255,
    maxToken: 20_000,
    fetchesPublicly: true,
    keys: {
      fetchedMs: hour,
      known:
        "AWS does not say how long it keeps a set. It fetches again within seconds where Cache-Control forbids keeping; an hour is what API servers allow.",
    },
    access: {
      lifetime: "1h, or 15m to 12h as the role allows",
      skew: "5m",
      granted: "5 to 12 s (observed)",
      revoked: "some seconds: IAM is eventually consistent",
      ended: "a policy on the role that denies sessions from before now",
    },
    sources: [
      "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html (signatures, 100 keys of a type, tokens of 20,000 characters)",
      "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html (issuer and audiences of 255, 100 audiences)",
    ],
  },
  gcp: {
    title: "Google Cloud",
    algorithms: ["RS256", "ES256"],
    maxUploadedKeys: 8,
    maxAudiences: 10,
    maxAudience: 256,
    maxSubjectBytes: 127,
    fetchesPublicly: true,
    keys: {
      fetchedMs: 24 * hour,
      uploadedMs: 5000,
      known:
        "Google counts uploaded keys after about 5 s (measured). How long it keeps a fetched set is not known: a key that was taken out was accepted 21.7 hours later (measured).",
      cut: "Disable the provider, and no token is accepted any more. Disable the pool too, and access tokens given before end as well.",
    },
    access: {
      lifetime: "1h, of a service account up to 12h where an organisation allows it",
      skew: "about 1m (measured)",
      granted: "about 70 s (measured)",
      revoked: "about 90 s (measured)",
      ended: "taking out the member, after about 90 s (measured), or disabling the pool",
    },
    sources: [
      "https://cloud.google.com/iam/docs/workload-identity-federation-with-other-providers (signatures, 8 uploaded keys)",
      "IAM API v1, WorkloadIdentityPoolProvider (10 audiences of 256 characters, a subject of 127 bytes)",
      "https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers (what disabling a provider or a pool ends)",
      "measurements on real Google by others, September 2026 (uploads, and keys that were taken out)",
    ],
  },
  azure: {
    title: "Azure",
    algorithms: ["RS256", "RS384", "RS512"],
    maxKeys: 100,
    maxIssuer: 600,
    maxAudiences: 1,
    maxAudience: 600,
    maxSubjectBytes: 600,
    maxTokenSeconds: 90_000,
    maxCredentials: 20,
    fetchesPublicly: true,
    clouds: {
      public: {
        audience: "api://AzureADTokenExchange",
        authority: "https://login.microsoftonline.com/",
        management: "https://management.azure.com",
        graph: "https://graph.microsoft.com",
      },
      usgov: {
        audience: "api://AzureADTokenExchangeUSGov",
        authority: "https://login.microsoftonline.us/",
        management: "https://management.usgovcloudapi.net",
        graph: "https://graph.microsoft.us",
      },
      china: {
        audience: "api://AzureADTokenExchangeChina",
        authority: "https://login.chinacloudapi.cn/",
        management: "https://management.chinacloudapi.cn",
        graph: "https://microsoftgraph.chinacloudapi.cn",
      },
    },
    keys: {
      fetchedMs: 24 * hour,
      known:
        "Azure does not say how long it keeps a set, and it has not been measured. A new issuer was refused for half an hour (reported); a day is podtrust's own choice.",
      cut: "Delete the federated credentials, and no token is accepted any more. Access tokens given before live on: up to a day for a managed identity.",
    },
    access: {
      lifetime: "1h of an application, up to a day of a managed identity",
      skew: "not known",
      granted: "some minutes, of a new issuer up to half an hour (reported)",
      revoked: "not known",
      ended: "nothing: what was given runs out",
    },
    sources: [
      "https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations (signatures, 20 credentials)",
      "https://learn.microsoft.com/entra/workload-id/workload-identity-federation (the first 100 keys; its errors name RS384 and RS512)",
      "https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust (audiences of the clouds)",
      "https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud (their endpoints)",
      "https://azure.github.io/azure-workload-identity/docs/faq.html (tokens of managed identities live a day)",
      "https://learn.microsoft.com/graph/api/resources/federatedidentitycredential (issuer, subject and audience of 600 characters, one audience)",
      "https://github.com/MicrosoftDocs/azure-docs/issues/86916, https://github.com/Azure/azure-sdk-for-python/issues/32124 (a token lives 25 hours at most: AADSTS70023 says so)",
    ],
  },
  openbao: {
    title: "OpenBao",
    algorithms: every,
    fetchesPublicly: false,
    keys: {
      fetchedMs: hour,
      known:
        "OpenBao fetches again as soon as a token has a kid that it does not know. Without such a token a key that was taken out stays known, without an end: podtrust makes it fetch after each withdrawal, and says where that could not be proved.",
    },
    access: {
      lifetime: "what the role says: 1h as podtrust writes it",
      skew: "1m (observed)",
      granted: "at once",
      revoked: "at once",
      ended: "revoking the tokens, which deleting the mount does",
    },
    sources: [
      "https://openbao.org/api-docs/auth/jwt/ (jwt_supported_algs: all that the library verifies, for roles of type jwt)",
      "https://github.com/coreos/go-oidc, oidc/jwks.go (keys are kept, and fetched again for an unknown kid)",
    ],
  },
} as const satisfies Readonly<Record<RelyingPartyName, RelyingPartyBounds>>;

/** The relying parties beside AWS, in the order in which they are shown. */
export const federatedParties: readonly FederatedParty[] = ["gcp", "azure", "openbao"];

/** The relying parties that may be given keys: whose row says how many. The others always fetch. */
export type UploadedParty = {
  [Name in FederatedParty]: (typeof relyingParties)[Name] extends { readonly maxUploadedKeys: number }
    ? Name
    : never;
}[FederatedParty];

/** Whether a relying party may be given keys in place of fetching them. */
export function takesUploads(name: FederatedParty): name is UploadedParty {
  return boundsOf(name).maxUploadedKeys !== undefined;
}

/** The row of a relying party, by its name. */
export function boundsOf(name: RelyingPartyName): RelyingPartyBounds {
  return relyingParties[name];
}

/** IAM's limit: 100 RSA keys and 100 EC keys; tokens of a type that has more are refused. */
export const maxKeysOfType: number = relyingParties.aws.maxKeys;

/** IAM's limit on the Url of an OIDC provider, in characters (CreateOpenIDConnectProvider). */
export const maxIssuer: number = relyingParties.aws.maxIssuer;

/**
 * Milliseconds beyond Cache-Control for which the slowest of these relying parties is assumed to use a set that it has
 * fetched. AWS's time is the minimum, even where none fetches: an upload takes time too.
 */
export function fetchedFor(parties: readonly RelyingPartyName[]): number {
  return Math.max(relyingParties.aws.keys.fetchedMs, ...parties.map((name) => boundsOf(name).keys.fetchedMs));
}

/** Milliseconds until an upload counts at the slowest of these relying parties that are given keys. */
export function uploadedFor(parties: readonly RelyingPartyName[]): number {
  return Math.max(0, ...parties.map((name) => boundsOf(name).keys.uploadedMs ?? 0));
}

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
  const party = boundsOf(name);
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
