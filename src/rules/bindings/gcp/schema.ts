import { googleForms, relyingParties } from "../../oidc/index.ts";
import { fieldsOf } from "../grants/limit.ts";
import { issuerRule, trustField } from "../objects/forms.ts";
import { grantee, grantsField } from "../objects/grants.ts";
import type { ListField, ObjectField, TextField } from "../schema/field.ts";
import { email } from "./email.ts";
import { principalLimits } from "./limits.ts";

/** `spec` of a GCPServiceAccountBinding. */
export const googleBindingSpec: ObjectField = {
  type: "object",
  properties: {
    trust: trustField("GCPTrust"),
    email: { ...email, description: "The service account of Google that the ServiceAccount impersonates." },
    direct: {
      type: "boolean",
      absent: false,
      description:
        "The ServiceAccount impersonates no service account: it is a principal of its own, which policies of resources name.",
    },
  },
  rules: [
    {
      cel: "has(self.email) != self.?direct.orValue(false)",
      message: "give exactly one of email and direct: true",
      holds: ({ email: given, direct }) => (given !== undefined) !== (direct === true),
    },
  ],
};

const grant: ObjectField = {
  type: "object",
  required: ["name", "namespaces"],
  description: "What some namespaces may bind. A binding needs one grant that allows all of it.",
  properties: {
    ...grantee,
    ...fieldsOf(principalLimits),
  },
};

const { maxAudience } = relyingParties.gcp;
/** Of an e-mail, a space, and a subject. */
const maxLeftText = 320;

/** An id of a pool or a provider. RE2 has no look-around, so `gcp-` is left to Google. */
const federationId = (what: string): TextField => ({
  type: "string",
  pattern: `^${googleForms.federationId}$`,
  maxLength: 32,
  fixed: `${what} cannot be changed: principals are made of it`,
  description: `The id of the ${what}.`,
});

/** `spec` of a GCPTrust. */
export const googleTrustSpec: ObjectField = {
  type: "object",
  required: ["issuer", "projectNumber", "pool", "provider"],
  properties: {
    issuer: {
      type: "string",
      maxLength: 2000,
      fixed: "issuer cannot be changed: every token names it",
      description: "The issuer, as tokens carry it and the provider names it.",
    },
    projectNumber: {
      type: "string",
      pattern: "^[1-9][0-9]{2,19}$",
      maxLength: 20,
      fixed: "projectNumber cannot be changed: principals are made of it",
      description: "The project's number, in quotes, and not its id.",
    },
    pool: federationId("pool"),
    provider: federationId("provider"),
    audience: {
      type: "string",
      pattern: "^[!-~]+$",
      minLength: 1,
      maxLength: maxAudience,
      description: "The audience of tokens; left out: the provider's own name as URL.",
    },
    grants: grantsField(grant),
  },
  rules: [issuerRule],
};

/** The pool in the status of a trust that leaves with it: PROJECTNUMBER/POOL. */
export const poolScope: ObjectField = {
  type: "object",
  required: ["id"],
  properties: { id: { type: "string", maxLength: 53 } },
};

/** What is left of bindings that are gone, in the status of a trust: Google says of no member who made it. */
export const leftMembers: ListField = {
  type: "array",
  items: { type: "string", maxLength: maxLeftText },
  maxItems: 500,
  unique: true,
  description: "Members of bindings that are gone and that could not be taken out yet: EMAIL SUBJECT.",
};
