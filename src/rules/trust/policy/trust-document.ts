import { type JsonRecord, isRecord } from "../../../core/base/index.ts";
import type { PolicyDocument, Statement } from "../language/document.ts";
import { type PolicyPosition, refuse, syntaxText } from "./shape.ts";
import { trustStatement } from "./trust-statement.ts";

// Trust policies may leave Version out, which means the older language.
function versionOf(raw: JsonRecord, place: PolicyPosition): PolicyDocument["version"] {
  const version = raw["Version"] ?? "2008-10-17";
  if (version === "2012-10-17" || version === "2008-10-17") return version;
  return refuse(place, "The policy must contain a valid version string");
}

function sidOf(raw: JsonRecord, place: PolicyPosition): Pick<Statement, "sid"> {
  const sid = raw["Sid"];
  if (sid === undefined || sid === "") return {};
  return typeof sid === "string" ? { sid } : refuse(place, syntaxText(place.kind));
}

function statementsOf(raw: JsonRecord, place: PolicyPosition): readonly Statement[] {
  const given = raw["Statement"];
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (given === undefined || list.length === 0) {
    refuse(place, "Could not parse the policy: Statement is empty!");
  }
  return list.map((one, index) => {
    const here = { ...place, at: `statement ${index + 1}` };
    if (!isRecord(one)) return refuse(here, syntaxText(place.kind));
    return { ...sidOf(one, here), ...trustStatement(one, here) };
  });
}

/** Reads a role's trust policy, which IAM reads by another parser than all other policies, statement by statement. */
export function trustDocument(raw: JsonRecord, place: PolicyPosition): Omit<PolicyDocument, "id"> {
  const version = versionOf(raw, place);
  const statements = statementsOf(raw, place);
  const sids = statements.flatMap(({ sid }) => sid ?? []);
  if (new Set(sids).size < sids.length) refuse(place, "The Statement Ids in the policy are not unique");
  return { version, statements };
}
