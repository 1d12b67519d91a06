import type { Work } from "../../rules/plan/index.ts";
import { issuerAtAzure, type ObservedCredential } from "./federated-credential.ts";
import type { CredentialHolder } from "./holders.ts";
import { settle } from "./settle.ts";
import { identityPaceMs } from "./vendor.ts";

/** Characters of an issuer (Microsoft Graph, `federatedIdentityCredential`). */
const maxIssuer = 600;

/** Whether a closed credential's issuer has room at Azure. */
export function mayBeClosed({ issuer }: Pick<ObservedCredential, "issuer">): boolean {
  return issuerAtAzure({ issuer, closed: true }).length <= maxIssuer;
}

/**
 * Closes an issuer's credentials of a holder, whoever made them, or opens those that are closed: each keeps its name, subject
 * and audience, and is written in one call. Returns how many were written. Throws `azure-*`.
 */
export async function settleClosing(
  holder: CredentialHolder,
  { issuer, closes }: { readonly issuer: string; readonly closes: boolean },
  work: Pick<Work, "signal" | "waiting">,
): Promise<number> {
  // Lists lag behind what was written: what was acknowledged is not written again.
  const written = new Set<string>();
  await settle(holder.api, work, {
    paceMs: identityPaceMs,
    async next() {
      const all = (await holder.list(work.signal)) ?? [];
      const one = all.find(
        (found) => found.issuer === issuer && (found.closed === true) !== closes && !written.has(found.name),
      );
      if (one === undefined) return undefined;
      const { closed: _before, ...open } = one;
      const next: ObservedCredential = closes ? { ...open, closed: true } : open;
      const what = `${closes ? "closing" : "opening"} the federated credential ${one.name} (${one.subject}) of ${holder.title}`;
      return {
        what,
        async make() {
          await holder.write(next, false, work);
          written.add(one.name);
        },
      };
    },
  });
  return written.size;
}
