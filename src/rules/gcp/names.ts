/** The place of a provider: what an audience, a principal and an API's path are made of. */
export interface ProviderName {
  /** The project's number, and not its id. */
  readonly projectNumber: string;
  readonly pool: string;
  readonly provider: string;
}

/** A pool, of which principals are. */
export type PoolName = Pick<ProviderName, "pool" | "projectNumber">;

const pattern =
  /^\/\/iam\.googleapis\.com\/projects\/([^/]+)\/locations\/global\/workloadIdentityPools\/([^/]+)\/providers\/([^/]+)$/u;

/** A provider's name as the exchange wants it in `audience`: `//iam.googleapis.com/projects/NUMBER/…/providers/ID`. */
export function parseProviderName(audience: string): ProviderName | undefined {
  const [, projectNumber = "", pool = "", provider = ""] = pattern.exec(audience) ?? [];
  return provider === "" ? undefined : { projectNumber, pool, provider };
}

/** The provider as IAM's API names it: `projects/NUMBER/…/providers/ID`. */
export function providerPath({ projectNumber, pool, provider }: ProviderName): string {
  return `projects/${projectNumber}/locations/global/workloadIdentityPools/${pool}/providers/${provider}`;
}

/** The provider's name behind a scheme, or behind `//` alone. */
export function providerAudience(name: ProviderName, scheme = ""): string {
  return `${scheme}//iam.googleapis.com/${providerPath(name)}`;
}

/** What a ServiceAccount's token is for where the provider names no audiences: both are taken (IAM API, `allowedAudiences`). */
export function defaultAudiences(name: ProviderName): readonly string[] {
  return [providerAudience(name), providerAudience(name, "https:")];
}

/** What policies name: all identities of a pool, or those of one attribute or subject. */
function poolPrefix(scheme: "principal" | "principalSet", { projectNumber, pool }: PoolName): string {
  return `${scheme}://iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${pool}`;
}

/**
 * The principal of a subject. It names the pool and not the provider: two providers of one pool with equal subjects are
 * one principal. Source: https://cloud.google.com/iam/docs/principal-identifiers
 */
export function principalOf(name: PoolName, subject: string): string {
  return `${poolPrefix("principal", name)}/subject/${subject}`;
}

const principal =
  /^principal:\/\/iam\.googleapis\.com\/projects\/([^/]+)\/locations\/global\/workloadIdentityPools\/([^/]+)\/subject\/./u;

/** The pool of a principal of one subject; undefined for everything else. */
export function poolOf(text: string): PoolName | undefined {
  const [, projectNumber = "", pool = ""] = principal.exec(text) ?? [];
  return pool === "" ? undefined : { projectNumber, pool };
}

/** The identity of a token once its claims are mapped. */
export interface MappedIdentity {
  readonly subject: string;
  readonly groups: readonly string[];
  /** `attribute.NAME` by NAME. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Every member of a policy that lets this identity in. */
export function membersOf(
  name: ProviderName,
  { subject, groups, attributes }: MappedIdentity,
): readonly string[] {
  const set = poolPrefix("principalSet", name);
  return [
    principalOf(name, subject),
    ...groups.map((group) => `${set}/group/${group}`),
    ...Object.entries(attributes).map(([attribute, value]) => `${set}/attribute.${attribute}/${value}`),
    `${set}/*`,
  ];
}
