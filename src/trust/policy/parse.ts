import { type JsonRecord, isRecord } from "../../base/index.ts";
import type { PolicyDocument, PolicyKind, PolicyVersion, Statement } from "./document.ts";
import { identityStatement } from "./identity-statement.ts";
import { onlyMembers, type Place, refuse, syntaxText } from "./shape.ts";
import { trustStatement } from "./trust-statement.ts";

/** The longest policy document that IAM's API takes at all, in characters. */
const longestDocument = 131_072;

/** IAM's sentences that differ between the parser of trust policies and that of all others. */
const sentences = {
  trust: {
    json: "This policy contains invalid Json",
    version: "The policy must contain a valid version string",
    empty: "Could not parse the policy: Statement is empty!",
    sids: "The Statement Ids in the policy are not unique",
  },
  other: {
    json: "Syntax errors in policy.",
    version: "Policy document must be version 2012-10-17 or greater.",
    empty: "Syntax errors in policy.",
    sids: "Statement IDs (SID) in a single policy must be unique.",
  },
} as const;

type Sentences = (typeof sentences)["trust" | "other"];

function jsonOf(text: string, place: Place, say: Sentences): JsonRecord {
  let value: unknown;
  try {
    value = text.length > longestDocument ? undefined : JSON.parse(text);
  } catch {
    value = undefined;
  }
  return isRecord(value) ? value : refuse(place, say.json);
}

// Old session policies and trust policies may leave Version out, which means the older language.
function versionOf(raw: JsonRecord, place: Place, say: Sentences): PolicyVersion {
  const lenient = place.kind === "trust" || place.kind === "session";
  const version = raw["Version"] ?? (lenient ? "2008-10-17" : undefined);
  if (version === "2012-10-17" || (lenient && version === "2008-10-17")) return version;
  return refuse(place, say.version);
}

function sidOf(raw: JsonRecord, place: Place): Pick<Statement, "sid"> {
  const sid = raw["Sid"];
  if (sid === undefined || sid === "") return {};
  if (typeof sid !== "string") return refuse(place, syntaxText(place.kind));
  if (place.kind !== "trust" && !/^[0-9A-Za-z]*$/u.test(sid)) {
    refuse(
      place,
      "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    );
  }
  return { sid };
}

function statementsOf(raw: JsonRecord, place: Place, say: Sentences): readonly Statement[] {
  const given = raw["Statement"];
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (given === undefined || list.length === 0) refuse(place, say.empty);
  return list.map((one, index) => {
    const here = { ...place, at: `statement ${index + 1}` };
    if (!isRecord(one)) return refuse(here, syntaxText(place.kind));
    const read = place.kind === "trust" ? trustStatement : identityStatement;
    return { ...sidOf(one, here), ...read(one, here) };
  });
}

function checkSids(statements: readonly Statement[], place: Place, say: Sentences): void {
  const sids = statements.map((one) => one.sid).filter((sid) => sid !== undefined);
  if (new Set(sids).size < sids.length) refuse(place, say.sids);
}

const members = new Set(["Version", "Id", "Statement"]);

/**
 * Reads a policy document; throws `PolicyError` with the words of IAM, and nothing else, for what IAM would refuse.
 * Lists keep their order; a single value and a single statement become lists of one.
 */
export function parsePolicy(text: string, kind: PolicyKind): PolicyDocument {
  const place: Place = { kind, at: "" };
  const say = kind === "trust" ? sentences.trust : sentences.other;
  const raw = jsonOf(text, place, say);
  onlyMembers(raw, members, place);
  const version = versionOf(raw, place, say);
  const id = raw["Id"];
  if (id !== undefined && typeof id !== "string") return refuse(place, syntaxText(kind));
  const statements = statementsOf(raw, place, say);
  checkSids(statements, place, say);
  return { version, ...(id === undefined ? {} : { id }), statements };
}
