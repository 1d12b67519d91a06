import type { CatalogueEntry } from "../entry.ts";

/** Errors about the signer of a cluster's tokens. */
export const signerErrors = {
  "signer-state": {
    summary: "The signer's list of keys cannot be used.",
    next: "Put keys.json of the signer's state folder back from a backup; the signer continues with the keys it has until then.",
  },
  "signer-key-invalid": {
    summary: "A key cannot sign or verify the cluster's tokens.",
    next: "Give a PEM file of an RSA key of 2048 bits or more, or of an EC key on P-256, P-384 or P-521.",
  },
  "signer-key-unknown": {
    summary: "The signer does not have the key.",
    next: "Give a kid that podtrust signer status shows.",
  },
  "signer-key-refused": {
    summary: "A key's state does not allow what was asked.",
    next: "Look at the states of the keys: podtrust signer status",
  },
  "signer-claims-refused": {
    summary:
      "The signer was asked to sign what is no token of a ServiceAccount of now, by an issuer that it was started with.",
    next: "Compare --issuer with the API server's --service-account-issuer, and look at who else can reach the socket. For a member that a new release of Kubernetes writes: --allow-claim NAME.",
  },
  "signer-key-source": {
    summary: "What holds a private key did not answer, or does not have it.",
    next: "Look at the module or service that holds it, and at its credentials.",
  },
  "signer-listen": {
    summary: "The signer could not listen.",
    next: "Check that this user may write to the folder, and that no other process uses socket and address.",
  },
  "signer-running": {
    summary: "Another signer uses the same socket.",
    next: "Stop the other one, or give each its own --socket and --state.",
  },
  "signer-not-running": {
    summary: "No signer answers on the control socket of the state folder.",
    next: "Start podtrust signer run, or name its state folder with --state.",
  },
  "signer-manifest": {
    summary: "The manifest of an API server cannot be patched to ask a signer.",
    next: "Give kubeadm's own: /etc/kubernetes/manifests/kube-apiserver.yaml of a control plane node.",
  },
  "signer-not-published": {
    summary: "What is published does not show the key, so relying parties would refuse its tokens.",
    next: "Wait until the publisher has looked at the cluster. Where it cannot be seen from here, say since when: --published-since TIME, or --now.",
  },
  "signer-key-young": {
    summary:
      "A relying party may still use a set of keys from before the key was published, and would refuse its tokens.",
    next: "Wait until the time that it names. For an emergency: --now",
  },
  "signer-not-everywhere": {
    summary: "An API server does not serve the key yet, so it would refuse the key's tokens.",
    next: "Give its signer the same key and wait until it serves it. Leave a server out that is gone: --without URL",
  },
} as const satisfies Record<string, CatalogueEntry>;
