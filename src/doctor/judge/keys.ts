import { type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { IssuerFinding } from "../../issuer/index.ts";
import { unreadable } from "./answers.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import { type Judged, jsonBody, responseOf } from "./judged.ts";

/** The keys of the set as they were written, read or not. */
export function rawKeys(facts: Judged): readonly JsonRecord[] {
  return recordsOf(recordOf(jsonBody(responseOf(facts, { document: "jwks" })))["keys"]);
}

const kidOf = (key: JsonRecord): string => textOf(key["kid"])?.slice(0, 80) ?? "without a kid";

/** Of a set in which no key is left, what is wrong with each. */
function noneUsable(facts: Judged, { seen, detail = {} }: IssuerFinding): DoctorFinding | undefined {
  const leftOut = recordsOf(detail["leftOut"]);
  if (leftOut.length === 0) return undefined;
  const why = leftOut.map((one) => `${kidOf(one)}: ${String(one["reason"])}`).slice(0, 5);
  const nameless = rawKeys(facts).some((key) => (textOf(key["kid"]) ?? "") === "");
  return finding(nameless ? "KeyWithoutKid" : "KeyUnsupported", { seen: `${seen} (${why.join("; ")})` });
}

/** Why a JWK Set cannot be used. */
export function invalidJwks(facts: Judged, found: IssuerFinding): DoctorFinding {
  const { detail = {}, seen, next } = found;
  if (detail["member"] !== undefined) return finding("PrivateKeyPublished", { seen });
  if (detail["kid"] !== undefined) return finding("KidTwice", { seen });
  if (detail["count"] === 0)
    return finding("JwksEmpty", { seen: `${found.url} answers 200, and its list of keys is empty` });
  if (detail["count"] !== undefined) return finding("TooManyKeys", { seen });
  return noneUsable(facts, found) ?? unreadable(facts, found) ?? finding("JwksInvalid", { seen, next });
}

const names = (keys: readonly JsonRecord[]): string => keys.slice(0, 5).map(kidOf).join(", ");

/**
 * Whether a key leaves open by which algorithm it signs. That of a curve is one, and of RSA the one that the discovery document
 * names: so it is at Entra, whose keys have no alg.
 */
function isOpen({ alg, kty }: JsonRecord, algorithms: readonly string[]): boolean {
  return alg === undefined && kty === "RSA" && algorithms.filter((one) => /^[RP]S/u.test(one)).length !== 1;
}

/** What is odd about the keys of a set that can be used. */
export function judgeKeys(facts: Judged): readonly DoctorFinding[] {
  const { jwks, discovery } = facts.judgement;
  if (jwks === undefined) return [];
  const raw = rawKeys(facts);
  const found = jwks.leftOut
    .slice(0, 5)
    .map(({ kid, reason }) =>
      finding("KeyLeftOut", { seen: `the key ${kid ?? "without a kid"} is left out: ${reason}` }),
    );
  const bare = raw.filter((key) => key["use"] === undefined || isOpen(key, discovery?.algorithms ?? []));
  if (bare.length > 0)
    found.push(finding("KeyMembersMissing", { seen: `use or alg is missing in ${names(bare)}` }));
  if (raw.length > 0 && raw.every((key) => key["key_ops"] !== undefined))
    found.push(finding("KeyOperations", { seen: `key_ops stands in ${names(raw)}` }));
  return found;
}
