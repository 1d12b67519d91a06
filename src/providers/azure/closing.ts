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

type Context = Pick<Work, "signal" | "waiting">;

/**
 * Closes an issuer's credentials of a holder, whoever made them: each keeps its name, subject and audience, and is written in
 * one call. Returns how many were written. Throws `azure-*`.
 */
export function closeCredentials(holder: CredentialHolder, issuer: string, work: Context): Promise<number> {
  const closed = (one: ObservedCredential) =>
    one.issuer === issuer && one.closed !== true ? ({ ...one, closed: true } as const) : undefined;
  return rewriteEach(holder, "closing", closed, work);
}

/** Opens those that are closed; otherwise as `closeCredentials`. */
export function reopenCredentials(holder: CredentialHolder, issuer: string, work: Context): Promise<number> {
  const opened = ({ closed, ...open }: ObservedCredential) =>
    open.issuer === issuer && closed === true ? open : undefined;
  return rewriteEach(holder, "opening", opened, work);
}

async function rewriteEach(
  holder: CredentialHolder,
  verb: string,
  rewritten: (one: ObservedCredential) => ObservedCredential | undefined,
  work: Context,
): Promise<number> {
  // Lists lag behind what was written: what was acknowledged is not written again.
  const written = new Set<string>();
  await settle(holder.api, work, {
    paceMs: identityPaceMs,
    async next() {
      const all = (await holder.list(work.signal)) ?? [];
      const next = all
        .filter(({ name }) => !written.has(name))
        .map(rewritten)
        .find((one) => one !== undefined);
      if (next === undefined) return undefined;
      const what = `${verb} the federated credential ${next.name} (${next.subject}) of ${holder.title}`;
      return {
        what,
        async make() {
          await holder.write(next, false, work);
          written.add(next.name);
        },
      };
    },
  });
  return written.size;
}
