import type { JsonRecord } from "../../../core/base/index.ts";
import type { Statement } from "../language/document.ts";
import {
  conditionsOf,
  onlyMembers,
  type PolicyPosition,
  refuse,
  resourcesOf,
  syntaxText,
  textsOf,
} from "./shape.ts";

const members = new Set(["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"]);

/** A statement whose members have the right types, and perhaps wrong values. */
export interface Draft extends Omit<Statement, "effect"> {
  readonly place: PolicyPosition;
  readonly effect: string;
}

function sidOf(raw: JsonRecord, place: PolicyPosition): Pick<Statement, "sid"> {
  const sid = raw["Sid"];
  if (sid === undefined || sid === "") return {};
  if (typeof sid !== "string") return refuse(place, syntaxText(place.kind));
  if (!/^[0-9A-Za-z]*$/u.test(sid)) {
    refuse(
      place,
      "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    );
  }
  return { sid };
}

/** One of `Action` and `NotAction`, or of `Resource` and `NotResource`; neither where neither is there. */
function pairOf<Yes extends string, No extends string>(
  raw: JsonRecord,
  member: "Action" | "Resource",
  names: readonly [Yes, No],
  place: PolicyPosition,
): { readonly [N in Yes | No]?: readonly string[] } {
  const read = member === "Resource" ? resourcesOf : textsOf;
  const yes = read(raw[member], place);
  const no = read(raw[`Not${member}`], place);
  if (yes !== undefined && no !== undefined) refuse(place, syntaxText(place.kind));
  const given: { [N in Yes | No]?: readonly string[] } = {};
  if (yes !== undefined) given[names[0]] = yes;
  if (no !== undefined) given[names[1]] = no;
  return given;
}

/** Reads the syntax of a statement of an identity policy, a boundary or a session policy. */
export function identityDraft(raw: JsonRecord, place: PolicyPosition): Draft {
  if (raw["Principal"] !== undefined || raw["NotPrincipal"] !== undefined) {
    refuse(place, "Policy document should not specify a principal.");
  }
  onlyMembers(raw, members, place);
  const effect = raw["Effect"];
  if (typeof effect !== "string" || !/^(?:allow|deny)$/iu.test(effect)) {
    return refuse(place, syntaxText(place.kind));
  }
  const conditions = conditionsOf(raw["Condition"], place);
  const actions = pairOf(raw, "Action", ["actions", "notActions"], place);
  const resources = pairOf(raw, "Resource", ["resources", "notResources"], place);
  return { place, ...sidOf(raw, place), effect, ...actions, ...resources, conditions };
}

/** The statement of a draft in which nothing is wrong. */
export function statementOf({ place: _place, effect, ...rest }: Draft): Statement {
  return { ...rest, effect: effect as Statement["effect"] };
}
