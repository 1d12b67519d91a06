import type { CatalogueEntry } from "../entry.ts";

/** Errors about Azure. */
export const azureErrors = {
  "azure-credentials-missing": {
    summary: "There are no credentials for Azure, or their file cannot be read.",
    next: "Set AZURE_CLIENT_ID, with AZURE_FEDERATED_TOKEN_FILE or AZURE_CLIENT_SECRET_FILE; or log in with az and give --azure-cli.",
  },
  "azure-credentials-invalid": {
    summary: "The credentials given for Azure do not have the form of credentials.",
    next: "AZURE_CLIENT_ID is an application's or identity's client id; the files hold a token, or a client secret, and nothing else.",
  },
  "azure-credentials-refused": {
    summary: "Entra or Azure does not take the credentials.",
    next: "Look at the number in the message, and check tenant and cloud in the config and that the secret or the federated credential has not ended.",
  },
  "azure-cli-failed": {
    summary: "Azure's own program, which --azure-cli has podtrust ask, gave no access token.",
    next: "Run az login --tenant TENANT, for another cloud after az cloud set, then the same command again.",
  },
  "azure-endpoint": {
    summary: "An address of Azure's in the environment is neither https nor of this machine.",
    next: "Unset the variable that the message names: the config's cloud says where Azure is.",
  },
  "azure-denied": {
    summary: "Azure knows the caller, and does not let it do this.",
    next: "Give it the role of podtrust manifests azure-role on the resource group; for applications it needs Application.ReadWrite.OwnedBy, and to own them.",
  },
  "azure-throttled": {
    summary: "Azure takes no more requests for a while.",
    next: "Wait some minutes and run the same command again; it continues with what is missing.",
  },
  "azure-unavailable": {
    summary: "Azure gave no usable answer, even after several tries.",
    next: "Run the same command again later; it continues with what is missing.",
  },
  "azure-unreachable": {
    summary: "Azure could not be reached.",
    next: "Check the network and the cloud in the config, then run the same command again.",
  },
  "azure-refused": {
    summary: "Azure refused a call, for the reason in the message.",
    next: "Read Azure's text in the message.",
  },
  "azure-answer-invalid": {
    summary: "What answered is not Azure, or not as it is documented.",
    next: "Check that no proxy answers in Azure's place.",
  },
  "azure-group-absent": {
    summary:
      "The config names a subscription or a resource group that does not exist, or that the caller may not see.",
    next: "Check subscription and resourceGroup in the config, or make the group: az group create --name GROUP --location LOCATION.",
  },
  "azure-application-absent": {
    summary: "The config names an application that does not exist in the tenant. podtrust makes none.",
    next: "Check that application is its client id (appId) and not its object id, or make it: az ad app create --display-name NAME.",
  },
  "azure-client-id-other": {
    summary: "An identity has another client id than the config says.",
    next: "Correct clientId in the config, or leave it out: Azure is asked.",
  },
  "azure-credential-taken": {
    summary:
      "A federated credential that is not this stack's is for the same ServiceAccount and another audience.",
    next: "Look at it and delete it, then run the same command again: Azure takes one credential for an issuer and a subject.",
  },
  "azure-identity-in-use": {
    summary: "An identity that would be deleted has federated credentials that others made.",
    next: "See who uses it, or allow its deletion with --allow-in-use.",
  },
  "azure-limit": {
    summary: "Azure takes no more than a number of these.",
    next: "Divide the ServiceAccounts over several identities.",
  },
} as const satisfies Record<string, CatalogueEntry>;
