import type { CatalogueEntry } from "../entry.ts";

/** Errors about a rotation of signing keys across the API servers of a cluster. */
export const rotationErrors = {
  "rotation-no-servers": {
    summary: "The config names no control plane nodes, so there is no API server to rotate the keys of.",
    next: "Add cluster.servers: [{ssh: {address, user, hostKey}}] with each control plane node. Rotate by hand otherwise: see the guide.",
  },
  "rotation-refused": {
    summary: "A move of a rotation would get tokens refused now, so it is not made.",
    next: "Look at the reason; podtrust rotate status shows each key and from when it may move.",
  },
  "rotation-not-settled": {
    summary: "What a move of a rotation changed did not take effect in time.",
    next: "Look at the machine's API server; then run the same command again: it continues where it was. If it does not start with its new files: podtrust adopt undo.",
  },
  "theft-unproven": {
    summary:
      "It could not be shown that a stolen key is worth nothing at an API server, or in what is published.",
    next: "Look at that API server and run the same command again: it continues where it was. What it closed stays closed.",
  },
  "theft-own-credential": {
    summary:
      "The config's credential is a token that ends with the stolen key, and no machine has a kubeconfig with a certificate to take its place.",
    next: "Name a kubeconfig with a client certificate in the config's cluster section: /etc/kubernetes/admin.conf of a control plane node has one.",
  },
  "rotation-elsewhere": {
    summary: "Another run changed the record of the rotation, or a server's file, at the same time.",
    next: "Check whether another run is rotating or adopting; then run the same command again: it continues where it is.",
  },
  "rotation-record": {
    summary: "What the servers remember of a rotation or an adoption cannot be read or written.",
    next: "Bring one of the machines of cluster.servers back, and use the version of podtrust that wrote it.",
  },
  "rotation-key-unknown": {
    summary: "Neither an API server nor what is published shows the key.",
    next: "Give a key ID that podtrust rotate status shows.",
  },
} as const satisfies Record<string, CatalogueEntry>;
