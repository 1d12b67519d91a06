import { cause, found, type ReasonEntry } from "./entry.ts";

const iamLinks = ["provider", "trust", "permission"] as const;
const awsLinks = [...iamLinks, "sts"] as const;

/** Reasons about AWS. */
export const awsReasons = {
  AwsNotConfigured: found(
    "unseen",
    awsLinks,
    "The config names no AWS account, so that none was asked.",
    "Add an account to the config's section aws.",
  ),
  CredentialsMissing: found(
    "unseen",
    iamLinks,
    "There are no usable AWS credentials here, so that IAM was not asked.",
    "Sign in (aws sso login, aws configure), set AWS_PROFILE, or name a profile in the config.",
  ),
  AccountMismatch: found(
    "unseen",
    iamLinks,
    "The AWS credentials belong to another account than the config names, so that IAM was not asked.",
    "Use credentials of the account in the config (profile or assumeRole), or correct the account.",
  ),
  AwsAccessDenied: found(
    "unseen",
    iamLinks,
    "AWS does not let the credentials in use see this; nothing is known to be wrong with it.",
    "Give them the right that the message names; podtrust manifests aws-policy prints all that are needed.",
  ),
  AwsUnavailable: found(
    "unseen",
    awsLinks,
    "AWS could not be asked from here: it did not answer, asked to slow down, or refused for a reason of its own.",
    "Check the network, the region's name and AWS_ENDPOINT_URL, then look again.",
  ),
  InputInvalid: found(
    "broken",
    ["provider", "trust"],
    "AWS refuses what was asked of it: two tags of one key, an invalid policy, a name that it does not take.",
    "Correct what the message names, in the config, the binding or the grant.",
  ),
  ProviderMissing: cause(
    found(
      "broken",
      ["provider"],
      "There is no OIDC provider of the issuer in the account.",
      "Make it: podtrust up.",
    ),
    { number: 801, proof: "IAM lists no provider whose URL is the issuer's; the nearest is named." },
  ),
  AudienceMissing: found(
    "broken",
    ["provider"],
    "The OIDC provider does not accept an audience of the config.",
    "Add it: podtrust up.",
  ),
  ProviderDrift: found(
    "warning",
    ["provider"],
    "The OIDC provider differs from the config.",
    "podtrust plan shows how; podtrust up repairs it.",
  ),
  NotOwned: found(
    "warning",
    ["provider", "trust"],
    "A resource does not carry this stack's tags: podtrust up will not change it.",
    "Take it over with podtrust import, or leave it to its owner and choose another name.",
  ),
  RoleMissing: found("broken", ["trust"], "The role does not exist.", "Make it: podtrust up."),
  RolePathDiffers: found(
    "broken",
    ["trust"],
    "The role exists under another path than the config says, and a path cannot be changed.",
    "Set the path in the config to the one the role has, or choose another name.",
  ),
  TrustPolicyNotKept: found(
    "broken",
    ["trust"],
    "The trust policy of a role that is to be taken over cannot be kept, to be given back later.",
    "Write it as Version 2012-10-17 and without NumericLessThan on aws:EpochTime, or name the role as existing.",
  ),
  TrustPolicyDenies: found(
    "broken",
    ["trust"],
    "The role's trust policy does not allow a ServiceAccount of the config.",
    "podtrust plan shows how the trust policy differs; podtrust up repairs it.",
  ),
  TrustPolicyUndecided: found(
    "warning",
    ["trust"],
    "Whether the trust policy allows it depends on what only the call itself has, such as the caller's address.",
    "Check whether the condition fits where the workload calls from.",
  ),
  TrustPolicyDrift: found(
    "warning",
    ["trust"],
    "The role's trust policy differs from the config.",
    "podtrust plan shows how; podtrust up repairs it.",
  ),
  RoleDrift: found(
    "warning",
    ["trust"],
    "The role differs from the config in something else than its policies.",
    "podtrust plan shows how; podtrust up repairs it.",
  ),
  PolicyUnreadable: found(
    "broken",
    ["trust"],
    "The role's trust policy is one that cannot be read.",
    "Look at the policy in IAM; podtrust up writes that of the config.",
  ),
  PermissionsDrift: found(
    "broken",
    ["permission"],
    "The role's policies are not those of the config.",
    "podtrust plan shows how; podtrust up repairs it.",
  ),
} as const satisfies Record<string, ReasonEntry>;
