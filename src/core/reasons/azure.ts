import { found, ok, type ReasonEntry } from "./entry.ts";

const azureLinks = ["provider", "trust", "sts"] as const;

/** Reasons about Azure. */
export const azureReasons = {
  AzureIdentityFound: ok(["provider"], "The identity or application of the config is there at Azure."),
  AzureGroupsFound: ok(["provider"], "The resource groups of an AzureTrust are there, and may be looked at."),
  FederatedCredentialsMatch: ok(
    ["trust"],
    "The federated credentials let in the ServiceAccounts of the config.",
  ),
  AssertionAccepted: ok(["sts"], "Entra gives an access token for a token of the ServiceAccount."),
  AzureNotAsked: found(
    "unseen",
    azureLinks,
    "Azure could not be asked: it did not answer, or the credentials are missing, refused or may not look.",
    "Set AZURE_CLIENT_ID, with AZURE_FEDERATED_TOKEN_FILE or AZURE_CLIENT_SECRET_FILE, or give --azure-cli, then look again.",
  ),
  AzureIdentityMissing: found(
    "broken",
    ["provider"],
    "The identity or application of the config is not there at Azure.",
    "Make the identity: podtrust up. An application is yours to make: podtrust makes none.",
  ),
  FederatedCredentialDrift: found(
    "broken",
    ["trust"],
    "Who becomes the identity or application is not as the config has it.",
    "podtrust plan shows how; podtrust up repairs it.",
  ),
  AssertionRefused: found(
    "broken",
    ["sts"],
    "Entra refuses a token of a ServiceAccount for its identity. A new credential counts after minutes, a new issuer after up to half an hour.",
    "See by which rule, with podtrust explain --for azure.",
  ),
} as const satisfies Record<string, ReasonEntry>;
