import { shellWord, isoTime } from "../../core/base/index.ts";
import { exposureOf, type SentCredential } from "../../providers/kubernetes/index.ts";
import { parseSubject } from "../../rules/oidc/index.ts";
import type { PublicationRefusal } from "../status.ts";

const day = 86_400_000;

/** How to get another one. */
function renewal({ kind, file, subject, from }: SentCredential): string {
  if (kind === "certificate") return "Put a new client certificate into the kubeconfig.";
  const account = subject === undefined ? undefined : parseSubject(subject);
  const make =
    account === undefined
      ? "make a new token for it"
      : `kubectl create token -n ${account.namespace} ${account.name} --duration 24h`;
  if (file !== undefined) return `Renew it: ${make} > ${shellWord(file)} (it is read at each look).`;
  if (from.startsWith("token of the pod"))
    return "Start the pod anew: the kubelet then gives it a new token.";
  return `Renew it: ${make}, and put that into ${from}.`;
}

/**
 * Problems of a credential that still works: its renewal is overdue (the kubelet renews at four fifths of a token's
 * life), or other users of this machine may read it.
 */
export function credentialWarnings(credential: SentCredential | undefined, now: number): readonly string[] {
  if (credential === undefined) return [];
  const { from, issuedAt, expiresAt } = credential;
  const warnings: string[] = [];
  if (expiresAt !== undefined) {
    const left = Math.min((expiresAt - (issuedAt ?? expiresAt - day)) * 0.15, 7 * day);
    if (now >= expiresAt - left)
      warnings.push(
        `The credential for the cluster (${from}) expires at ${isoTime(expiresAt)}, and the publisher is blind from then on. ${renewal(credential)}`,
      );
  }
  const exposure = exposureOf(credential);
  return exposure === undefined ? warnings : [...warnings, `${exposure.seen}: ${exposure.next}`];
}

/** Why the cluster rejects a credential (401), as far as the credential itself shows. */
export function explainUnauthenticated(
  refusal: PublicationRefusal,
  credential: SentCredential | undefined,
  now: number,
): PublicationRefusal {
  if (refusal.reason !== "unauthenticated" || credential === undefined) return refusal;
  const { kind, from, expiresAt, kid } = credential;
  const next = renewal(credential);
  if (expiresAt !== undefined && expiresAt <= now)
    return { ...refusal, message: `${from} expired at ${isoTime(expiresAt)}: ${refusal.message}`, next };
  if (kind === "certificate" || kid === undefined) return { ...refusal, next };
  const message =
    `the cluster refuses the token of ${from}, which has not expired: the key that signed it (${kid}) was taken from the ` +
    `cluster, or its ServiceAccount was removed or recreated. Until it is renewed no new signing key is published: ${refusal.message}`;
  return { ...refusal, message, next };
}
