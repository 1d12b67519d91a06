/**
 * An issuer whose URL many organizations share: only its claims say who a token is for (IAM User Guide,
 * "Identity-provider controls for shared OIDC providers").
 */
export interface SharedProvider {
  /** Its common name. */
  readonly name: string;
  /** The claim that every trust policy must narrow. */
  readonly requiredClaim: string;
  /** Claims that are condition keys here, and nowhere else. */
  readonly claimKeys: readonly string[];
  /** Who a trust policy that does not narrow that claim lets in. */
  readonly everybody: string;
  /** A value that narrows it, as an example. */
  readonly example: string;
  /** Values of that claim in other organizations: a pattern that fits one of these fits anyone. */
  readonly foreignValues: readonly string[];
}

const github: SharedProvider = {
  name: "GitHub Actions",
  requiredClaim: "sub",
  // IAM User Guide, "Available keys for AWS OIDC federation", GitHub. The page itself was not read: ten keys by one who
  // copied its table, nine of which another copied too. Claims that GitHub has and AWS does not map are no keys.
  claimKeys: [
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "workflow",
  ],
  everybody: "every workflow of every repository on GitHub",
  example: "repo:OWNER/REPOSITORY:ref:refs/heads/main",
  foreignValues: [
    "repo:some-stranger/some-repository:ref:refs/heads/main",
    "repo:some-stranger/some-repository:environment:production",
    "repo:some-stranger/some-repository:pull_request",
  ],
};

const githubHost = "token.actions.githubusercontent.com";

/** The shared provider behind a provider's URL (without the scheme), or undefined for a private one. */
export function sharedProviderOf(url: string): SharedProvider | undefined {
  const [host] = url.toLowerCase().split("/", 1);
  return host === githubHost ? github : undefined;
}

/** Claims that are condition keys for every issuer. */
const commonClaims: readonly string[] = ["aud", "oaud", "sub", "amr", "email"];

/** The claims of a provider's tokens that are condition keys, each after the provider's URL and a colon. */
export function claimsWithKeys(url: string): readonly string[] {
  // It is not documented that an enterprise's own path has the keys of the shared URL too.
  const more = url.toLowerCase() === githubHost ? github.claimKeys : [];
  return [...commonClaims, ...more];
}

const marker = ":oidc-provider/";

/** The OIDC provider's URL in a principal of a trust policy; undefined for any other principal. */
export function providerUrlOf(principal: string): string | undefined {
  const at = principal.indexOf(marker);
  return at < 0 ? undefined : principal.slice(at + marker.length);
}
