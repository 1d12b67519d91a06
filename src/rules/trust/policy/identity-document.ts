import { type JsonRecord, isRecord } from "../../../core/base/index.ts";
import { parseOperator } from "../condition/operator.ts";
import { isDateValue } from "./date.ts";
import type { PolicyDocument, Statement } from "../language/document.ts";
import { type Draft, identityDraft, statementOf } from "./identity-statement.ts";
import { type PolicyPosition, refuse, syntaxText } from "./shape.ts";
import { failsLegacyParsing, resourceFault } from "./resource.ts";

const legacy = "The policy failed legacy parsing";

function versionOf(raw: JsonRecord, place: PolicyPosition): PolicyDocument["version"] {
  const version = raw["Version"];
  if (version === undefined || version === "2008-10-17") return "2008-10-17";
  return version === "2012-10-17" ? version : refuse(place, syntaxText(place.kind));
}

function draftsOf(raw: JsonRecord, place: PolicyPosition): readonly Draft[] {
  const given = raw["Statement"];
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0) refuse(place, syntaxText(place.kind));
  return list.map((one, index) => {
    const here = { ...place, at: `statement ${index + 1}` };
    return isRecord(one) ? identityDraft(one, here) : refuse(here, syntaxText(place.kind));
  });
}

function hasBadDate({ conditions }: Draft): boolean {
  return conditions.some(
    ({ operator, values }) =>
      parseOperator(operator)?.name.startsWith("Date") === true && !values.every(isDateValue),
  );
}

/**
 * The faults that an older parser of IAM's reports first; it does not report a bad Resource, and that fault is
 * returned.
 */
function checkLegacy(drafts: readonly Draft[]): (() => never) | undefined {
  for (const draft of drafts) {
    const exact = draft.effect === "Allow" || draft.effect === "Deny";
    if (!exact || hasBadDate(draft)) refuse(draft.place, legacy);
  }
  for (const { place, resources, notResources } of drafts) {
    const all = [...(resources ?? []), ...(notResources ?? [])];
    const fault = all.map((one) => resourceFault(one, place.partition)).find((one) => one !== undefined);
    if (fault !== undefined) return () => refuse(place, fault);
    if (all.some(failsLegacyParsing)) refuse(place, legacy);
  }
  return undefined;
}

function checkSids(drafts: readonly Draft[], place: PolicyPosition): void {
  const sids = drafts.flatMap(({ sid }) => sid ?? []);
  if (new Set(sids).size < sids.length)
    refuse(place, "Statement IDs (SID) in a single policy must be unique.");
}

function checkAction(action: string, place: PolicyPosition): void {
  if (action === "*") return;
  const [vendor = "", ...rest] = action.split(":");
  if (rest.length === 0) {
    refuse(place, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  }
  if (rest.length > 1) refuse(place, "Actions/Condition can contain only one colon.");
  if (vendor === "" || /[^a-zA-Z0-9\-.*?]/u.test(vendor)) refuse(place, `Vendor ${vendor} is not valid`);
}

function checkGiven(drafts: readonly Draft[], what: "actions" | "resources"): void {
  for (const draft of drafts) {
    const given =
      what === "actions" ? (draft.actions ?? draft.notActions) : (draft.resources ?? draft.notResources);
    if (given === undefined || given.length === 0)
      refuse(draft.place, `Policy statement must contain ${what}.`);
  }
}

/**
 * Reads an identity policy, a boundary or a session policy. Of several faults IAM reports the one that it meets first
 * on its way through the whole document: syntax, version, what an older parser does not take, Sids, actions that are
 * missing, resources, the form of actions, resources that are missing (github.com/getmoto/moto, pull request 2269,
 * whose author asked AWS about each of its cases).
 */
export function identityDocument(raw: JsonRecord, place: PolicyPosition): Omit<PolicyDocument, "id"> {
  const version = versionOf(raw, place);
  const drafts = draftsOf(raw, place);
  // Old session policies may leave Version out, which means the older language.
  if (version !== "2012-10-17" && place.kind !== "session") {
    refuse(place, "Policy document must be version 2012-10-17 or greater.");
  }
  const refuseResource = checkLegacy(drafts);
  checkSids(drafts, place);
  checkGiven(drafts, "actions");
  refuseResource?.();
  for (const draft of drafts) for (const one of draft.actions ?? []) checkAction(one, draft.place);
  for (const draft of drafts) for (const one of draft.notActions ?? []) checkAction(one, draft.place);
  checkGiven(drafts, "resources");
  return { version, statements: drafts.map((draft): Statement => statementOf(draft)) };
}
