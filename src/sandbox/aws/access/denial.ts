import type { Evaluation, Layer, MessageProfile } from "../../../rules/trust/index.ts";
import { AwsError } from "../wire/error.ts";
import type { Call, Need } from "../wire/service.ts";

/** AWS's names for the kinds of policies. */
export const layerNames: Readonly<Record<Layer, { readonly one: string; readonly a: string }>> = {
  identity: { one: "identity-based policy", a: "an identity-based policy" },
  boundary: { one: "permissions boundary", a: "a permissions boundary" },
  session: { one: "session policy", a: "a session policy" },
};

/** `AmazonSSMReadOnlyAccess, statement 1`: a short name of the statement. */
export function statementName(evaluation: Evaluation): string {
  const { by } = evaluation;
  if (by === undefined) return "no statement";
  const policy = by.policy.slice(by.policy.lastIndexOf("/") + 1);
  return `${policy}, statement ${by.sid ?? by.statement}`;
}

function reason(evaluation: Evaluation, need: Need, profile: MessageProfile): string {
  const layer = layerNames[evaluation.layer ?? "identity"];
  if (evaluation.effect !== "explicit-deny") {
    return `because no ${layer.one} allows the ${need.action} action`;
  }
  // Since 2026 AWS names the policy too, if it has an ARN.
  const policy = evaluation.by?.policy ?? "";
  const arn = profile === "2026" && policy.startsWith("arn:") ? `: ${policy}` : "";
  return `with an explicit deny in ${layer.a}${arn}`;
}

function why(evaluation: Evaluation, need: Need): string {
  if (evaluation.effect === "explicit-deny") {
    return `${statementName(evaluation)} denies ${need.action} on ${need.resource}, and a Deny wins over every Allow`;
  }
  const layer = layerNames[evaluation.layer ?? "identity"].one;
  return `no statement of any ${layer} allows ${need.action} on ${need.resource}`;
}

/** AWS's refusal of calls that policies do not allow (IAM User Guide, "Access denied error message examples"). */
export function accessDenied(
  call: Call,
  need: Need,
  evaluation: Evaluation,
  profile: MessageProfile,
): AwsError {
  const who = call.caller?.arn ?? "anonymous";
  const json = call.protocol === "json";
  const resource = need.shown ?? need.resource;
  const message = `User: ${who} is not authorized to perform: ${need.action} on resource: ${resource} ${reason(evaluation, need, profile)}`;
  return new AwsError(json ? "AccessDeniedException" : "AccessDenied", message, {
    status: json ? 400 : 403,
    rule: evaluation.effect === "explicit-deny" ? `deny: ${statementName(evaluation)}` : "no-allow",
    why: why(evaluation, need),
    next:
      evaluation.effect === "explicit-deny"
        ? "Change or remove the Deny, or ask for something it does not cover."
        : `Allow ${need.action} on ${need.resource} in a policy of the role.`,
  });
}
