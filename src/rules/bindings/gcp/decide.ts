import { firstGrant, type GrantRefusal, grantsFor } from "../grants/matching-grants.ts";
import { isAllowed, lacksOf } from "../grants/limit.ts";
import { partyNames } from "../names/index.ts";
import { bindingRefusals } from "./limits.ts";
import type { GoogleBinding, GoogleTrust } from "./objects.ts";

/** What a GCPServiceAccountBinding is granted. */
export type GoogleGrantDecision =
  | { readonly kind: "granted"; readonly grant: string }
  | { readonly kind: "refused"; readonly refusals: readonly GrantRefusal[] };

/** Whether one grant of a trust allows a binding a service account that lets it in, whatever the binding asks for. */
export function mayKeepMember(
  { grants }: Pick<GoogleTrust, "grants">,
  whose: Pick<GoogleBinding, "namespace" | "name" | "trust">,
  email: string,
): boolean {
  return isAllowed(bindingRefusals, grants, whose, { ...whose, email, direct: false });
}

/**
 * What the grants of a trust allow of a binding: all of it, or nothing, with every reason. The API server's admission
 * decides the same. `trust` is undefined where there is none of the name.
 */
export function decideGoogle(binding: GoogleBinding, trust: GoogleTrust | undefined): GoogleGrantDecision {
  const found = grantsFor(partyNames.gcp.trust.kind, binding, trust);
  if ("reason" in found) return { kind: "refused", refusals: [found] };
  const first = firstGrant(found.grants, (grant) => lacksOf(bindingRefusals, binding, grant));
  return "name" in first ? { kind: "granted", grant: first.name } : { kind: "refused", refusals: first };
}
