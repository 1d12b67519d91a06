import { relyingParties } from "../../oidc/index.ts";
import { listOf } from "../grants/cel.ts";
import { type GrantLimits, lackIf, type LimitRefusal, refusalsOf } from "../grants/limit.ts";
import type { NamespacedName } from "../grants/is-for.ts";
import { patterns } from "../objects/forms.ts";
import { emailPattern, fitsEmail, fitsEmailCel } from "./email.ts";
import type { GoogleBinding, GoogleGrant } from "./objects.ts";

/** The principal that a binding requests, or that stands: of a member nothing is kept in part. */
export type RequestedPrincipal = Pick<GoogleBinding, "email" | "direct">;

/** What the fields of a GCPTrust's grant limit. */
export const principalLimits: GrantLimits<RequestedPrincipal, GoogleGrant> = {
  emails: {
    schema: patterns(emailPattern, "Service accounts of Google that bindings may name."),
    refuses: {
      reason: "EmailNotGranted",
      lacks: ({ email }, { emails = [] }) =>
        email === undefined
          ? []
          : lackIf(
              !emails.some((one) => fitsEmail(one, email)),
              `does not name the service account ${email}`,
            ),
      admission: {
        allowed: `!has(r.email) || ${listOf("g", "emails")}.exists(p, ${fitsEmailCel("p", "r.email")})`,
        lacks: `"does not name in emails " + r.?email.orValue("")`,
      },
    },
  },
  direct: {
    schema: {
      type: "boolean",
      absent: false,
      description: "Whether ServiceAccounts may be principals of their own.",
    },
    refuses: {
      reason: "DirectNotGranted",
      lacks: ({ direct }, grant) =>
        lackIf(direct && !grant.direct, "lets no ServiceAccount be a principal of its own"),
      admission: {
        allowed: "!r.?direct.orValue(false) || g.?direct.orValue(false)",
        lacks: `"has no direct: true"`,
      },
    },
  },
};

const { maxSubjectBytes } = relyingParties.gcp;
/** `system:serviceaccount:` and the colon between the two names. Names are ASCII: characters are bytes. */
const aroundNames = 23;

/** How many characters namespace and ServiceAccount may have together. */
const maxNames = maxSubjectBytes - aroundNames;

const lengthCel = "size(request.namespace) + size(object.metadata.name)";

/** What no grant can allow: Google takes no longer subject. */
const ofSubject: LimitRefusal<NamespacedName, unknown> = {
  reason: "SubjectTooLong",
  lacks: ({ namespace, name }) => {
    const length = namespace.length + name.length;
    const bytes = length + aroundNames;
    return lackIf(
      length > maxNames,
      `cannot help: Google takes subjects of ${maxSubjectBytes} bytes, and this one has ${bytes}`,
    );
  },
  admission: {
    allowed: `${lengthCel} <= ${maxNames}`,
    lacks: `"cannot help: namespace and name have more than ${maxNames} characters, which Google takes"`,
  },
};

/** What a grant refuses of a binding, in this order. */
export const bindingRefusals: readonly LimitRefusal<GoogleBinding, GoogleGrant>[] = [
  ...refusalsOf(principalLimits),
  ofSubject,
];
