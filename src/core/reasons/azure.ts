import { found, ok, type ReasonEntry } from "./entry.ts";

const azureLinks = ["provider", "trust", "sts"] as const;

/** Reasons about Azure. */
export const azureReasons = {
  AzureIdentityFound: ok(["provider"], "The identity or application of the config exists at Azure."),
  AzureGroupsFound: ok(
    ["provider"],
    "The resource groups of an AzureTrust exist, and podtrust may read them.",
  ),
  FederatedCredentialsMatch: ok(
    ["trust"],
    "The federated credentials let in the ServiceAccounts of the config.",
  ),
  AssertionAccepted: ok(["sts"], "Entra gives an access token for a token of the ServiceAccount."),
  AzureNotAsked: found(
    "unseen",
    azureLinks,
    "Azure could not be asked: it did not answer, or the credentials are missing, refused or lack the right to read.",
    "Set AZURE_CLIENT_ID, with AZURE_FEDERATED_TOKEN_FILE or AZURE_CLIENT_SECRET_FILE, or give --azure-cli, then look again.",
  ),
  AzureIdentityMissing: found(
    "broken",
    ["provider"],
    "The identity or application of the config does not exist at Azure.",
    "Make the identity: podtrust up. An application is yours to make: podtrust makes none.",
  ),
  FederatedCredentialDrift: found(
    "broken",
    ["trust"],
    "The ServiceAccounts that may become the identity or application differ from the config.",
    "podtrust plan shows how; podtrust up repairs it.",
  ),
  AssertionRefused: found(
    "broken",
    ["sts"],
    "Entra refuses a token of a ServiceAccount for its identity. A new credential counts after minutes, a new issuer after up to half an hour.",
    "See by which rule, with podtrust explain --for azure.",
  ),
} as const satisfies Record<string, ReasonEntry>;
