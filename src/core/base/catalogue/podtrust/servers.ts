import type { CatalogueEntry } from "../entry.ts";

/** Errors about the API servers of a cluster that runs already, one by one, and about their files. */
export const serverErrors = {
  "server-not-listed": {
    summary: "The cluster has an API server that cluster.servers of the config does not name.",
    next: "Add it to cluster.servers. If it is gone, wait a minute. If it is none, run the same command with --not-a-server NAME.",
  },
  "server-answers": {
    summary: "A control plane node that is said to be gone answers, or the cluster sees its API server live.",
    next: "Leave out --without. If it is to go: stop it for good, wait a minute, and run the same command again.",
  },
  "server-proxied": {
    summary:
      "The API address of the config leads to a proxy such as Rancher's, whose credentials no API server takes by itself.",
    next: "Name a kubeconfig of the cluster's own in cluster.kubeconfig (/etc/rancher/rke2/rke2.yaml, /etc/rancher/k3s/k3s.yaml or /etc/kubernetes/admin.conf of a control plane node, with the node's address as its server), and each machine by its address in cluster.servers.",
  },
  "server-twice": {
    summary: "Two entries of cluster.servers lead to the same machine.",
    next: "Name each control plane node once in cluster.servers.",
  },
  "server-distribution": {
    summary: "The machine has no API server whose files podtrust knows how to change.",
    next: "Use podtrust adopt plan: it prints the lines for other distributions.",
  },
  "server-manifest": {
    summary: "The manifest of the machine's API server is away, so that its kubelet runs none.",
    next: "Put it back into the kubelet's folder of static pods, and run the same command again.",
  },
  "server-process": {
    summary: "No API server runs on the machine, or it does not listen yet.",
    next: "Look at the machine: crictl ps, or journalctl -u k3s. Then run the same command again.",
  },
  "server-unit": {
    summary: "How systemd starts the server of k3s or RKE2 cannot be read, or more than one unit starts one.",
    next: "Run systemctl cat for it on the machine. podtrust reads the units k3s, k3s-NAME and rke2-server, by systemd alone: where OpenRC, k3d or another unit starts it, change its API servers by hand.",
  },
  "server-start": {
    summary:
      "With the change the server of k3s or RKE2 would not start, or would start otherwise than meant.",
    next: "Take the line out that is named: of the unit together with the line that installs it, or of the file. podtrust adopt moves the issuer's flags out of a unit of the usual form. Nothing was changed.",
  },
  "server-file-invalid": {
    summary: "A file of the API server cannot be changed by podtrust.",
    next: "Look at the file; podtrust changes manifests and config files of the standard form only.",
  },
  "server-file-changed": {
    summary: "A file of the API server was changed since podtrust wrote it, and not by podtrust.",
    next: "Compare it with the copy that podtrust kept beside it, and put back by hand what has to go.",
  },
  "server-not-settled": {
    summary: "The API server did not come back with the flags that it was given, in time.",
    next: "Look at its log on the machine; then run the same command again: it continues from there.",
  },
} as const satisfies Record<string, CatalogueEntry>;
