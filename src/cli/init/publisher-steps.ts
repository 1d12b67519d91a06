import { dirname, join } from "node:path";
import { shellWord } from "../../core/base/index.ts";
import type { Answers } from "./answers.ts";

/**
 * The steps for the publisher of an existing cluster: its rights, the two files that `configText` names, and its start.
 */
export function publisherSteps(
  foundation: Answers["foundation"],
  publishing: Answers["publishing"],
  file: string,
): readonly string[] {
  if (foundation.kind !== "cluster" || publishing.kind === "none") return [];
  const { context, server } = foundation;
  const kubectl = context === undefined ? "kubectl" : `kubectl --context ${shellWord(context)}`;
  const beside = (name: string): string => shellWord(join(dirname(file), name));
  const named = file === "podtrust.yaml" ? "" : ` -f ${shellWord(file)}`;
  const files = [
    // The same CA by which the kubeconfig's own clients know the API server.
    `${kubectl} config view --raw --flatten --minify -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 -d > ${beside("cluster-ca.crt")}`,
    `(umask 077; ${kubectl} create token -n podtrust podtrust-publisher --duration 24h > ${beside("token")})`,
  ];
  return [
    `podtrust manifests publisher-rbac --renew-token | ${kubectl} apply -f -`,
    ...(server === undefined ? [] : files),
    publishing.kind === "s3" ? `podtrust publish s3${named}` : `podtrust serve${named} &`,
  ];
}
