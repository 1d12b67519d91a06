import { found, ok, type ReasonEntry } from "./entry.ts";

const googleLinks = ["provider", "trust", "sts"] as const;

/** Reasons about Google Cloud. */
export const gcpReasons = {
  PoolProviderFound: ok(
    ["provider"],
    "Google's pool and provider exist, trust the issuer of the config, and have its keys or fetch them.",
  ),
  MembersMatch: ok(["trust"], "Google's service account lets in the ServiceAccounts of the config."),
  GoogleAccepted: ok(["sts"], "Google gives an access token for a token of the ServiceAccount."),
  GoogleNotAsked: found(
    "unseen",
    googleLinks,
    "Google could not be asked: it did not answer, or the credentials are missing or lack the right to read.",
    "Set GOOGLE_APPLICATION_CREDENTIALS to credentials with the roles of podtrust manifests gcp-role, then look again.",
  ),
  PoolProviderMissing: found(
    "broken",
    ["provider"],
    "Google has no pool, or no provider in it, of the config's names, or it was deleted.",
    "Make it: podtrust up. It undeletes what carries the stack's mark.",
  ),
  PoolProviderDisabled: found(
    "broken",
    ["provider"],
    "Google's pool or provider is disabled: no token is exchanged.",
    "Find out why it was disabled, then enable it: gcloud iam workload-identity-pools update POOL --no-disabled, or its providers update-oidc.",
  ),
  PoolProviderDrift: found(
    "broken",
    ["provider"],
    "The settings by which Google's pool or provider verifies tokens differ from the config, or its uploaded keys are not the cluster's.",
    "podtrust plan shows how; podtrust up repairs it, and uploads the keys.",
  ),
  GoogleAccountMissing: found(
    "broken",
    ["trust"],
    "A service account of the config does not exist at Google.",
    "Make it: gcloud iam service-accounts create, or correct its address in the config.",
  ),
  MembersDrift: found(
    "broken",
    ["trust"],
    "The members of the pool that may become Google's service account differ from the config.",
    "podtrust plan shows how; podtrust up repairs it.",
  ),
  GoogleRefused: found(
    "broken",
    ["sts"],
    "Google refuses a token of a ServiceAccount, or to let it become the service account.",
    "See by which rule, with podtrust explain --for gcp.",
  ),
} as const satisfies Record<string, ReasonEntry>;
