import type { CatalogueEntry } from "./entry.ts";

/** Errors about the publisher. */
export const publisherErrors = {
  "publisher-key-unknown": {
    summary: "A key was named that the publisher does not know.",
    next: "Take a kid that podtrust rotate status shows.",
  },
  "publisher-key-signs": {
    summary: "The cluster signs with the key that is to be distrusted, or may: AWS would refuse its tokens.",
    next: "Have the cluster sign with another key first; podtrust rotate status says which key signs. To distrust it all the same, give --force.",
  },
  "publisher-last-key": {
    summary: "Distrusting the key would leave nothing to publish, and an empty JWK Set is never published.",
    next: "Give the cluster a new signing key first; to refuse every token at once, delete the OIDC provider in IAM.",
  },
  "publisher-issuer-invalid": {
    summary: "An issuer cannot be published as it was given.",
    next: "Correct the stack's config.",
  },
  "publisher-listen": {
    summary: "An address could not be listened on.",
    next: "Check that no other process uses it and that this user may; below port 1024 use socket activation or CAP_NET_BIND_SERVICE.",
  },
  "publisher-running": {
    summary: "Another publisher uses the same state directory.",
    next: "End the other one, or give this one a state directory of its own.",
  },
  "publisher-not-running": {
    summary: "No publisher answers on the control socket of the state directory.",
    next: "Start podtrust serve, or name its state directory with --state.",
  },
  "publisher-admin-credentials": {
    summary: "The publisher was given an administrator's credentials for the cluster.",
    next: "Give it rights of its own, two paths to read: podtrust manifests publisher-rbac | kubectl apply -f -",
  },
  "publisher-as-root": {
    summary: "The publisher does not run as root.",
    next: "Run it as a user of its own; ports below 1024 come by socket activation (LISTEN_FDS) or the ambient capability CAP_NET_BIND_SERVICE.",
  },
  "publication-foreign": {
    summary: "The place to publish in holds the documents of another issuer.",
    next: "Publish elsewhere (another bucket, or an issuer with a path), or remove that discovery document first.",
  },
  "publication-refused": {
    summary: "What the cluster answered must not be published.",
    next: "Look at the reason; what was published before stays.",
  },
  "publication-conflict": {
    summary: "Other publishers kept writing to the same place.",
    next: "Run the same command again; look for publishers that you do not know of when it goes on.",
  },
  "publication-empty": {
    summary: "Every key is distrusted, and an empty JWK Set is never published.",
    next: "Give the cluster a new signing key; until then the old documents stay.",
  },
  "publication-full": {
    summary: "A JWK Set that several publishers share has more keys than they can tell each other of.",
    next: "Give stacks of one issuer issuers of their own, or keep vanished keys for a shorter time (keyRetention).",
  },
} as const satisfies Record<string, CatalogueEntry>;
