import type { CatalogueEntry } from "./entry.ts";

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
    summary: "A kubeconfig asks for something that podtrust does not do.",
    next: "Use a client certificate, a token or an exec plugin over verified HTTPS.",
  },
  "cluster-unreachable": {
    summary: "The cluster's API server could not be reached.",
    next: "Check the server's address, the network path to it and that it runs.",
  },
  "cluster-credentials": {
    summary: "The credentials for the cluster could not be had.",
    next: "Check the token file, the certificate or the exec plugin that is named.",
  },
  "exec-plugin-unconfirmed": {
    summary: "A kubeconfig that came with the config names a program to run, and nobody has agreed to that.",
    next: "Look at the program; then run the command on a terminal and answer the question.",
  },
  "cluster-unauthenticated": {
    summary: "The cluster does not know the credentials that it was given (401).",
    next: "Check that the token or certificate is of this cluster and has not expired.",
  },
  "cluster-forbidden": {
    summary: "The cluster knows the credentials, and they have no right to what was asked (403).",
    next: "Give them the right that is missing.",
  },
  "cluster-not-ready": {
    summary: "The cluster's API server is starting, or cannot answer now (429, 5xx).",
    next: "Wait until it is ready: kubectl get --raw '/readyz?verbose' says what it waits for.",
  },
  "cluster-not-found": {
    summary: "The cluster does not have what was asked for (404).",
    next: "Check the name and the namespace.",
  },
  "cluster-conflict": {
    summary:
      "Another manager owns a field of the object, or the object is no longer the one that was meant (409).",
    next: "Look at who manages it: kubectl get --show-managed-fields -o yaml; where ours shall win, give --force-conflicts.",
  },
  "cluster-refused": {
    summary: "The cluster's API or its admission refuses the object as it was given.",
    next: "Read the cluster's words in the message: they name the field or the policy.",
  },
  "cluster-answer-invalid": {
    summary: "The cluster's answer was cut short, too large, or not what the Kubernetes API gives.",
    next: "Check that the address is an API server's, and look at the server's own log.",
  },
  "token-lifetime": {
    summary: "A token was asked for with a lifetime that Kubernetes does not give.",
    next: "Ask for 600 seconds or more.",
  },
} as const satisfies Record<string, CatalogueEntry>;
