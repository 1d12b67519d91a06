import type { JsonRecord } from "../../base/index.ts";
import type { Statement } from "./document.ts";
import { conditionsOf, onlyMembers, type Place, refuse, syntaxText, textsOf } from "./shape.ts";

const members = new Set(["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"]);

function checkAction(action: string, place: Place): void {
  if (action === "*") return;
  const [vendor = "", ...rest] = action.split(":");
  if (rest.length === 0) {
    refuse(place, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  }
  if (rest.length > 1) refuse(place, "Actions/Condition can contain only one colon.");
  if (vendor === "" || /[^a-zA-Z0-9\-.*?]/u.test(vendor)) refuse(place, `Vendor ${vendor} is not valid`);
}

function checkResource(resource: string, place: Place): void {
  if (resource === "*") return;
  const [arn, partition = "", vendor] = resource.split(":");
  if (arn !== "arn" || !resource.includes(":")) {
    refuse(place, `Resource ${resource} must be in ARN format or "*".`);
  }
  if (!/^(?:aws[a-z-]*|\*)$/u.test(partition)) {
    refuse(place, `Partition "${partition}" is not valid for resource "${resource}".`);
  }
  if (vendor === undefined || vendor === "" || (/[*?]/u.test(vendor) && vendor !== "*")) {
    refuse(place, "Resource vendor must be fully qualified and cannot contain regexes.");
  }
  if (resource.split(":").length < 6 && !/[*?]/u.test(resource))
    refuse(place, "The policy failed legacy parsing");
}

function pair(
  raw: JsonRecord,
  name: "Action" | "Resource",
  place: Place,
): readonly [readonly string[], boolean] {
  const yes = textsOf(raw[name], place);
  const no = textsOf(raw[`Not${name}`], place);
  if (yes !== undefined && no !== undefined) refuse(place, syntaxText(place.kind));
  const given = yes ?? no ?? [];
  if (given.length === 0) {
    refuse(place, `Policy statement must contain ${name === "Action" ? "actions" : "resources"}.`);
  }
  return [given, yes !== undefined];
}

/** Reads a statement of an identity policy, a boundary or a session policy. */
export function identityStatement(raw: JsonRecord, place: Place): Statement {
  if (raw["Principal"] !== undefined || raw["NotPrincipal"] !== undefined) {
    refuse(place, "Policy document should not specify a principal.");
  }
  onlyMembers(raw, members, place);
  const effect = raw["Effect"];
  if (effect !== "Allow" && effect !== "Deny") return refuse(place, syntaxText(place.kind));
  const conditions = conditionsOf(raw["Condition"], place);
  const [actions, namesActions] = pair(raw, "Action", place);
  const [resources, namesResources] = pair(raw, "Resource", place);
  for (const action of actions) checkAction(action, place);
  for (const resource of resources) checkResource(resource, place);
  return {
    effect,
    ...(namesActions ? { actions } : { notActions: actions }),
    ...(namesResources ? { resources } : { notResources: resources }),
    conditions,
  };
}
