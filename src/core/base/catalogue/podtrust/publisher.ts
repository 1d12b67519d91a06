import type { CatalogueEntry } from "../entry.ts";

/** Errors about the publisher. */
export const publisherErrors = {
  "publisher-key-unknown": {
    summary: "The publisher does not know the key.",
    next: "Give a kid that podtrust rotate status shows.",
  },
  "publisher-key-signs": {
    summary: "The cluster signs with the key that is to be distrusted, or may: AWS would refuse its tokens.",
    next: "Have the cluster sign with another key first; podtrust rotate status says which key signs. To distrust it anyway, give --force.",
  },
  "publisher-key-listed": {
    summary: "The config lists the key as distrusted, so no command restores it.",
    next: "Take its key ID out of publisher.distrusted in the config, have the publisher read it again (SIGHUP), then run podtrust rotate restore.",
  },
  "publisher-store-key": {
    summary: "The key that proves what replicas share is missing or no key.",
    next: "podtrust manifests publisher has it made; docs/how-to/publish-in-cluster.md says how it is replaced.",
  },
  "publisher-key-distrusted": {
    summary: "The key that is handed over is distrusted, and so is not published.",
    next: "Hand over another. If its distrust was a mistake, podtrust rotate restore KID takes it back.",
  },
  "publisher-key-differs": {
    summary: "The public key that is handed over is not the one of the key ID.",
    next: "Give the public half of that key, PEM: openssl pkey -in KEY -pubout prints it.",
  },
  "publisher-last-key": {
    summary: "Distrusting the key would leave nothing to publish, and an empty JWK Set is never published.",
    next: "Give the cluster a new signing key first; to refuse every token at once, delete the OIDC provider in IAM.",
  },
  "publisher-issuer-invalid": {
    summary: "An issuer cannot be published as it was given.",
    next: "Correct the config file.",
  },
  "publisher-issuer-withdrawn": {
    summary:
      "A changed config would take an issuer off the net that is served and that its cluster has confirmed.",
    next: "Correct `issuer` in the config. If it is meant, ask again within five minutes: a second SIGHUP does it.",
  },
  "publisher-listen": {
    summary: "The publisher could not listen on an address.",
    next: "Check that no other process uses it and that this user may listen there; below port 1024 use socket activation or CAP_NET_BIND_SERVICE.",
  },
  "publisher-running": {
    summary: "Another publisher uses the same state directory.",
    next: "Stop the other one, or use another state directory.",
  },
  "publisher-not-running": {
    summary: "No publisher answers on the control socket of the state directory.",
    next: "Start podtrust serve, or name its state directory with --state.",
  },
  "publisher-admin-credentials": {
    summary: "The publisher was given an administrator's credentials for the cluster.",
    next: "Give it rights of its own, two paths to read: podtrust manifests publisher-rbac | kubectl apply -f -",
  },
  "publisher-release": {
    summary:
      "There is no program of the publisher to send to the machine, or it is not the one that was built.",
    next: "Build it in a checkout with npm run release -- publisher-linux-arm64 (or -x64), or put the release's podtrust-publisher-*.zst and .sha256 of this version into a folder and name that in publisher.release.",
  },
  "publisher-upgrade": {
    summary:
      "The publisher on the machine did not become ready after it was changed, and what ran before was put back.",
    next: "Read the end of its log in the message; podtrust logs publisher shows more. Then run podtrust up again.",
  },
  "publisher-rollback": {
    summary: "There is no version before on the machine that the publisher could go back to.",
    next: "Install the version that is wanted: podtrust publisher upgrade, of that podtrust.",
  },
  "publisher-as-root": {
    summary: "The publisher does not run as root.",
    next: "Run it as a user of its own; ports below 1024 come by socket activation (LISTEN_FDS) or the ambient capability CAP_NET_BIND_SERVICE.",
  },
  "publication-foreign": {
    summary: "The bucket holds the documents of another issuer.",
    next: "Publish elsewhere (another bucket, or an issuer with a path), or remove that discovery document first.",
  },
  "publication-refused": {
    summary: "The cluster's answer must not be published.",
    next: "Look at the reason; what was published before stays.",
  },
  "publication-conflict": {
    summary: "Other publishers kept writing to the same place.",
    next: "Run the same command again; look for publishers that you do not know of if it happens again.",
  },
  "publication-empty": {
    summary: "Every key is distrusted, and an empty JWK Set is never published.",
    next: "Give the cluster a new signing key; until then the old documents stay.",
  },
  "publication-full": {
    summary: "A JWK Set (JWKS) that several publishers share has too many keys to track.",
    next: "Give each stack an issuer of its own, or keep old keys for a shorter time (keyRetention).",
  },
} as const satisfies Record<string, CatalogueEntry>;
