import type { PodtrustRun } from "./podtrust.ts";

/** What an `up` waits for, in its order, each until the last of its resources is there. */
const phases: readonly (readonly [what: string, isLast: RegExp])[] = [
  ["the cloud: addresses, name, firewall, server", /^hetzner\/|^dns\/.*\/A+$/u],
  ["the machine: boot, first login, upgrade and reboot", /\/system$/u],
  ["the account at the certificate authority, and CAA", /\/accounts$|^dns\/.*\/CAA$/u],
  ["k3s and its API server", /\/k3s$/u],
  ["the publisher: sent, and started with the cluster's documents", /\/publisher$/u],
  ["the certificate, OIDC provider and role", /^aws\//u],
];

/** Seconds that each phase of an `up` took from the end of the one before. */
export function phasesOf({
  lines,
}: Pick<PodtrustRun, "lines">): readonly (readonly [what: string, seconds: number])[] {
  let since = 0;
  return phases.map(([what, isLast]) => {
    const until =
      lines.findLast(([, line]) => isLast.test(/^created: (\S+)$/u.exec(line)?.[1] ?? ""))?.[0] ?? since;
    const took = Math.max(0, until - since);
    since = Math.max(since, until);
    return [what, took];
  });
}
