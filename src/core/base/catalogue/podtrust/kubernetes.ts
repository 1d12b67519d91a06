import type { CatalogueEntry } from "../entry.ts";

/** Errors about the cluster and its API. */
export const kubernetesErrors = {
  "kubeconfig-invalid": {
    summary: "A kubeconfig is not of the form that kubectl reads.",
    next: "Check the file with kubectl config view --kubeconfig FILE.",
  },
  "kubeconfig-context": {
    summary: "A kubeconfig has no such context, or none is current.",
    next: "Name one of the file's contexts.",
  },
  "kubeconfig-unsupported": {
    summary: "A kubeconfig needs something that podtrust does not support.",
    next: "Use a client certificate, a token or an exec plugin over verified HTTPS.",
  },
  "cluster-unreachable": {
    summary: "The cluster's API server could not be reached.",
    next: "Check the server's address, the network path to it and that it runs.",
  },
  "cluster-credentials": {
    summary: "The credentials for the cluster could not be obtained.",
    next: "Check the token file, the certificate or the exec plugin that is named.",
  },
  "exec-plugin-unconfirmed": {
    summary:
      "A kubeconfig names a program to run, which was not confirmed: the kubeconfig is not your own, such as one of a checkout, or the environment lists what may run.",
    next: "Look at the program; then run the command on a terminal and answer the question.",
  },
  "cluster-unauthenticated": {
    summary: "The cluster does not accept the credentials (401).",
    next: "Check that the token or certificate is of this cluster and has not expired.",
  },
  "cluster-forbidden": {
    summary: "The cluster accepts the credentials, but they have no permission for this (403).",
    next: "Grant the missing permission (RBAC).",
  },
  "cluster-not-ready": {
    summary: "The cluster's API server is starting or overloaded (429, 5xx).",
    next: "Wait until it is ready: kubectl get --raw '/readyz?verbose' says what it waits for.",
  },
  "cluster-not-found": {
    summary: "The cluster does not have the object (404).",
    next: "Check the name and the namespace.",
  },
  "cluster-conflict": {
    summary:
      "Another field manager owns a field of the object, or the object was replaced in the meantime (409).",
    next: "See who manages the field: kubectl get --show-managed-fields -o yaml; to overwrite it, give --force-conflicts.",
  },
  "cluster-refused": {
    summary: "The cluster's API or an admission policy rejected the object.",
    next: "The cluster's own text in the message names the field or the policy.",
  },
  "cluster-answer-invalid": {
    summary: "The cluster's answer was cut short, too large, or not valid for the Kubernetes API.",
    next: "Check that the address is an API server's, and look at the server's own log.",
  },
  "token-lifetime": {
    summary: "The token's lifetime is outside of what Kubernetes allows.",
    next: "Ask for 600 seconds or more.",
  },
} as const satisfies Record<string, CatalogueEntry>;
