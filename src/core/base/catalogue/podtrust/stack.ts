import type { CatalogueEntry } from "../entry.ts";

/** Errors about stacks. */
export const stackErrors = {
  "workload-role-unknown": {
    summary: "No role of the config trusts the ServiceAccount, or more than one does.",
    next: "Add the ServiceAccount to a role's serviceAccounts in the config, then run podtrust up.",
  },
  "workload-namespace-missing": {
    summary: "The workload's namespace does not exist.",
    next: "Create it: kubectl create namespace NAME.",
  },
  "workload-issuer": {
    summary:
      "The cluster's issuer or keys are not the ones that are configured and published: AWS would refuse its tokens.",
    next: "Run podtrust status: it shows which of the three differs.",
  },
  "workload-role-absent": {
    summary:
      "The workload's role does not exist in the AWS account, or does not authorize its ServiceAccount.",
    next: "Run podtrust up, then the same command again.",
  },
  "workload-failed": {
    summary: "The workload ran and failed.",
    next: "Read its log above; podtrust status shows each link of the chain.",
  },
  "issuer-mismatch": {
    summary:
      "The cluster signs its tokens for another issuer than the config names: AWS would refuse all of them.",
    next: "Choose the kubeconfig and context of the right cluster in the config, or start its API server with --service-account-issuer as in the config; --allow-issuer-mismatch continues anyway.",
  },
  "keys-not-verified": {
    summary:
      "A relying party of the config verifies no signature of the cluster's keys: it would refuse every token.",
    next: "Have the API servers sign with a key of an algorithm that it verifies, or take its section out of the config.",
  },
} as const satisfies Record<string, CatalogueEntry>;
