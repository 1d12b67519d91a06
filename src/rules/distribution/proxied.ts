/**
 * Whose proxy an API address leads to; undefined for an API server's own, or a balancer's before it. Source: Rancher's manual, "How the
 * Authorized Cluster Endpoint Works": its kubeconfigs name https://RANCHER/k8s/clusters/ID with a token of Rancher's, which no API
 * server takes by itself.
 */
export function proxyOf(server: string): string | undefined {
  return URL.canParse(server) && /^\/k8s\/clusters\/[^/]+\/?$/u.test(new URL(server).pathname)
    ? "Rancher's proxy"
    : undefined;
}
