import type { BindingReason } from "../../../core/reasons/index.ts";
import { relyingParties } from "../../oidc/index.ts";
import { firstGrant, type GrantRefusal, grantsFor } from "../grants/matching-grants.ts";
import { partyNames } from "../names.ts";
import { fitsEmail } from "./email.ts";
import type { GoogleBinding, GoogleGrant, GoogleTrust } from "./objects.ts";

/** What a GCPServiceAccountBinding is granted. */
export type GoogleGrantDecision =
  | { readonly kind: "granted"; readonly grant: string }
  | { readonly kind: "refused"; readonly refusals: readonly GrantRefusal[] };

const { maxSubjectBytes } = relyingParties.gcp;
/** `system:serviceaccount:` and the colon between the two names. Names are ASCII: characters are bytes. */
const aroundNames = 23;

/** How many characters namespace and ServiceAccount may have together. */
export const maxNames: number = maxSubjectBytes - aroundNames;

/** What one grant does not allow of a binding; nothing where it allows all of it. */
function lacking(
  { email, direct, namespace, name }: GoogleBinding,
  grant: GoogleGrant,
): readonly GrantRefusal[] {
  const refuse = (reason: BindingReason, message: string): GrantRefusal => ({
    reason,
    message: `grant ${grant.name} ${message}`,
  });
  const length = namespace.length + name.length;
  return [
    ...(email === undefined || (grant.emails ?? []).some((one) => fitsEmail(one, email))
      ? []
      : [refuse("EmailNotGranted", `does not name the service account ${email}`)]),
    ...(!direct || grant.direct
      ? []
      : [refuse("DirectNotGranted", "lets no ServiceAccount be a principal of its own")]),
    ...(length <= maxNames
      ? []
      : [
          refuse(
            "SubjectTooLong",
            `cannot help: Google takes subjects of ${maxSubjectBytes} bytes, and this one has ${length + aroundNames}`,
          ),
        ]),
  ];
}

/**
 * What the grants of a trust allow of a binding: all of it, or nothing, with every reason. The API server's admission
 * decides the same. `trust` is undefined where there is none of the name.
 */
export function decideGoogle(binding: GoogleBinding, trust: GoogleTrust | undefined): GoogleGrantDecision {
  const found = grantsFor(partyNames.gcp.trust.kind, binding, trust);
  if ("reason" in found) return { kind: "refused", refusals: [found] };
  const first = firstGrant(found.grants, (grant) => lacking(binding, grant));
  return "name" in first ? { kind: "granted", grant: first.name } : { kind: "refused", refusals: first };
}
