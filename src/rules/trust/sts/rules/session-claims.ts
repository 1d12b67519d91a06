import { isRecord, type JsonRecord } from "../../../../core/base/index.ts";
import { shown } from "../../../judge/index.ts";
import { sameText } from "../answer.ts";
import { type StsRule, stsRule, type TokenTags } from "../rule.ts";
import { sources } from "../sources.ts";
import { couldNotBeValidated, invalidToken } from "../texts.ts";
import { accepted, refused } from "../verdict.ts";

const tagsClaim = "https://aws.amazon.com/tags";
const flatTags = `${tagsClaim}/principal_tags/`;
const flatTransitive = `${tagsClaim}/transitive_tag_keys`;

const tagsMalformed = sameText(
  "principal_tags is no object of lists of one text, or the flattened form has something else than texts, or a key or value is too long",
  invalidToken,
  "principal_tags passed in claim is not in correct format.",
  { evidence: "observed" },
);

/** Tags as the claims have them, values unread: nested first, then flattened. */
function rawTags(claims: JsonRecord): readonly (readonly [string, unknown])[] | undefined {
  const nested = claims[tagsClaim] ?? {};
  const inner = isRecord(nested) ? (nested["principal_tags"] ?? {}) : undefined;
  if (!isRecord(inner)) return undefined;
  const lists = Object.entries(inner).map(([key, value]): [string, unknown] => [
    key,
    Array.isArray(value) && value.length === 1 ? value[0] : undefined,
  ]);
  const flat = Object.entries(claims)
    .filter(([name]) => name.startsWith(flatTags))
    .map(([name, value]): [string, unknown] => [name.slice(flatTags.length), value]);
  return [...lists, ...flat];
}

function transitiveKeys(claims: JsonRecord): readonly string[] | undefined {
  const nested = claims[tagsClaim];
  const given =
    (isRecord(nested) ? nested["transitive_tag_keys"] : undefined) ?? claims[flatTransitive] ?? [];
  return Array.isArray(given) && given.every((key) => typeof key === "string") ? given : undefined;
}

// API_Tag of STS: 1 to 128 and 0 to 256 characters, 50 tags.
const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

function isTag(key: string, value: unknown): value is string {
  if (typeof value !== "string" || value.length > 256 || !tagText.test(value)) return false;
  return key.length > 0 && key.length <= 128 && tagText.test(key);
}

function tokenTags(claims: JsonRecord): TokenTags | undefined {
  const raw = rawTags(claims);
  const transitiveTagKeys = transitiveKeys(claims);
  if (raw === undefined || transitiveTagKeys === undefined) return undefined;
  if (raw.length > 50 || !raw.every(([key, value]) => isTag(key, value))) return undefined;
  return { tags: Object.fromEntries(raw as readonly (readonly [string, string])[]), transitiveTagKeys };
}

const tags = stsRule({
  name: "principal-tags",
  title: "The session tags in the token, where there are any, have the form that AWS reads.",
  sources: [sources.sessionTags, sources.observed],
  evidence: "observed",
  note: "Seen refused: a plain text as a value in the nested form. The bounds of keys and values, and the answer for malformed transitive_tag_keys, are inferred.",
  answers: [tagsMalformed],
  needs: ["payload"],
  check(_facts, { payload }) {
    const read = tokenTags(payload);
    if (read !== undefined) {
      const names = Object.keys(read.tags);
      return accepted(names.length === 0 ? "no session tags" : `session tags ${names.join(", ")}`, {
        tokenTags: read,
      });
    }
    return refused(tagsMalformed, {
      why: "the token's session tags are not in a form that AWS reads",
      next: `Write ${tagsClaim} as {"principal_tags": {"KEY": ["VALUE"]}, "transitive_tag_keys": ["KEY"]}, each value a list of one text.`,
    });
  },
});

const sourceClaim = "https://aws.amazon.com/source_identity";

const sourceMalformed = sameText(
  "the claim is no text of 2 to 64 letters, digits and characters of _+=,.@-, or begins with aws:",
  invalidToken,
  couldNotBeValidated,
  { evidence: "inferred" },
);

const sourceIdentity = stsRule({
  name: "source-identity",
  title: "The source identity in the token, where there is one, is a legal one.",
  sources: [sources.sourceIdentity, sources.observed],
  evidence: "documented",
  note: "What is legal is documented; the answer for what is not has not been seen.",
  answers: [sourceMalformed],
  needs: ["payload"],
  check(_facts, { payload }) {
    const value = payload[sourceClaim] ?? undefined;
    if (value === undefined) return accepted("no source identity", { sourceIdentity: { value } });
    if (typeof value === "string" && /^[\w+=,.@-]{2,64}$/u.test(value) && !/^aws:/iu.test(value)) {
      return accepted(`source identity ${value}`, { sourceIdentity: { value } });
    }
    return refused(sourceMalformed, {
      why: `the token's source identity is ${shown(value)}`,
      next: "Use 2 to 64 letters, digits and _+=,.@- for the source identity, or leave the claim out.",
    });
  },
});

/** The rules about claims that AWS turns into properties of the session. */
export const sessionClaimRules: readonly StsRule[] = [tags, sourceIdentity];
