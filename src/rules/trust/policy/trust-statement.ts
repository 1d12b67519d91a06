import type { JsonRecord } from "../../../core/base/index.ts";
import { matchesAction } from "../access/match.ts";
import type { Principals, Statement } from "../language/document.ts";
import {
  conditionsOf,
  onlyMembers,
  type PolicyPosition,
  principalsOf,
  refuse,
  syntaxText,
  textsOf,
} from "./shape.ts";

const members = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

/** The one built-in web identity provider whose trust policies must not be without a Condition. */
const cognito = "cognito-identity.amazonaws.com";

function effectOf(raw: JsonRecord, place: PolicyPosition): Statement["effect"] {
  const effect = raw["Effect"];
  if (effect === undefined || effect === "") return refuse(place, "Missing required field Effect");
  if (typeof effect !== "string") return refuse(place, syntaxText(place.kind));
  if (effect !== "Allow" && effect !== "Deny") return refuse(place, `Invalid effect: ${effect}`);
  return effect;
}

const federated =
  /^(?:arn:aws[a-z-]*:iam::\d{12}:(?:oidc-provider|saml-provider)\/.+|[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/iu;
const awsPrincipal = /^(?:\*|\d{12}|[A-Z0-9]{16,128}|arn:aws[a-z-]*:(?:iam|sts)::\d{12}:\S+)$/u;

function checkValues(principals: Principals, place: PolicyPosition): void {
  if (!(principals.Federated ?? []).every((value) => federated.test(value))) {
    refuse(place, "Federated principals must be valid domain names or SAML metadata ARNs");
  }
  const bad = (principals.AWS ?? []).find((value) => !awsPrincipal.test(value));
  if (bad !== undefined) refuse(place, `Invalid principal in policy: "AWS":"${bad}"`);
  const service = (principals.Service ?? []).find((value) => !/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/u.test(value));
  if (service !== undefined) refuse(place, `Invalid principal in policy: "SERVICE":"${service}"`);
}

function trustPrincipals(raw: JsonRecord, effect: Statement["effect"], place: PolicyPosition): Principals {
  if (raw["NotPrincipal"] !== undefined) {
    return refuse(
      place,
      effect === "Allow"
        ? "Allow with NotPrincipal is not allowed."
        : "AssumeRole policy must not contain NotPrincipal field.",
    );
  }
  if (raw["Principal"] === undefined) return refuse(place, "Missing required field Principal");
  const principals = principalsOf(raw["Principal"], place);
  if (principals.CanonicalUser !== undefined) refuse(place, 'Invalid principal in policy: "CanonicalUser"');
  const values = Object.values(principals);
  if (values.length === 0 || values.some((list) => list.length === 0)) {
    refuse(place, "Missing required field Principal cannot be empty!");
  }
  checkValues(principals, place);
  return principals;
}

/** Service Authorization Reference, "Actions defined by AWS Security Token Service". */
const stsActions = [
  "AssumeRole",
  "AssumeRoleWithSAML",
  "AssumeRoleWithWebIdentity",
  "AssumeRoot",
  "DecodeAuthorizationMessage",
  "GetAccessKeyInfo",
  "GetCallerIdentity",
  "GetDelegatedAccessToken",
  "GetFederationToken",
  "GetServiceBearerToken",
  "GetSessionToken",
  "GetWebIdentityToken",
  "SetContext",
  "SetSourceIdentity",
  "TagGetWebIdentityToken",
  "TagSession",
].map((name) => `sts:${name}`);

/**
 * Whether a trust policy may name it: an action of STS, or a pattern that fits one. A misspelt one is refused
 * (github.com/hashicorp/terraform-provider-aws, issue 32872: `sts:TagSessions`).
 */
function isStsAction(action: string): boolean {
  return /^sts:/iu.test(action) && stsActions.some((known) => matchesAction([action], known));
}

function actionsOf(raw: JsonRecord, place: PolicyPosition): Pick<Statement, "actions" | "notActions"> {
  const actions = textsOf(raw["Action"], place);
  const notActions = textsOf(raw["NotAction"], place);
  if (actions !== undefined && notActions !== undefined) refuse(place, syntaxText(place.kind));
  const given = actions ?? notActions ?? [];
  if (given.length === 0) refuse(place, "Missing required field Action");
  if (!given.every(isStsAction)) {
    refuse(place, "AssumeRole policy may only specify STS AssumeRole actions.");
  }
  return actions === undefined ? { notActions: given } : { actions: given };
}

/** Reads a statement of a role's trust policy, in the order in which IAM seems to look at it. */
export function trustStatement(raw: JsonRecord, place: PolicyPosition): Statement {
  onlyMembers(raw, members, place);
  const effect = effectOf(raw, place);
  const principals = trustPrincipals(raw, effect, place);
  const conditions = conditionsOf(raw["Condition"], place);
  if (principals.Federated?.includes(cognito) === true && conditions.length === 0) {
    refuse(place, "A condition block must be present for the Cognito provider");
  }
  const acts = actionsOf(raw, place);
  if (raw["Resource"] !== undefined) refuse(place, "Has prohibited field Resource");
  if (raw["NotResource"] !== undefined) refuse(place, "AssumeRole policy must not contain resources.");
  return { effect, principals, ...acts, conditions };
}
