import { defined } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import { servedDocuments } from "../../issuer/index.ts";
import type { KeyChecks } from "../../rules/judge/index.ts";
import { keyChecks } from "../../rules/keys/index.ts";
import { iamProviderKey, issuerDifference, relyingParties } from "../../rules/oidc/index.ts";
import {
  callKeys,
  explainWebIdentity,
  factsOfTrustPolicy,
  type RoleArn,
  type StsRuleReport,
  webIdentityTrustPolicy,
} from "../../rules/trust/index.ts";
import { keyMark } from "../bundle/token.ts";
import type { TokenFacts } from "../facts.ts";
import { issuerReason } from "./discovery.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import { answerOf, type Judged } from "./judged.ts";
import { rawKeys } from "./keys.ts";

/** A placeholder role: the judgement of a token does not depend on it. */
const role: RoleArn = {
  arn: "arn:aws:iam::111122223333:role/doctor",
  partition: "aws",
  account: "111122223333",
  name: "doctor",
};
const stsAudience = "sts.amazonaws.com";

const textsOf = (value: unknown): readonly string[] =>
  [value].flat().filter((one): one is string => typeof one === "string");

/** The arithmetic of keys; of a token without its signature what it gave when the bundle was written. */
function checksOf({ verifiedBy }: TokenFacts): KeyChecks {
  if (verifiedBy === undefined) return keyChecks;
  return { ...keyChecks, verifies: (_jws, key) => verifiedBy.includes(keyMark(key)) };
}

/** The rules of STS, for a role and a provider that take whatever the token has: what is left is about the token. */
function rulesOf({ issuer, now, reading }: Judged, token: TokenFacts): readonly StsRuleReport[] {
  const { text, jws } = token;
  const audiences = textsOf(jws.claims["azp"] ?? jws.claims["aud"]);
  const trust = webIdentityTrustPolicy({
    providerArn: `arn:aws:iam::${role.account}:oidc-provider/${iamProviderKey(issuer)}`,
    providerUrl: iamProviderKey(issuer),
    audiences: audiences.length === 0 ? [stsAudience] : audiences,
    subjects: [textsOf(jws.claims["sub"])[0] ?? "nobody"],
  });
  const facts = factsOfTrustPolicy(trust, role, audiences.length === 0 ? [stsAudience] : audiences);
  const request = { roleArn: role.arn, roleSessionName: "podtrust-doctor", webIdentityToken: text };
  const documents = servedDocuments(reading);
  return explainWebIdentity(
    { request, now: Math.floor(now / 1000), ...facts, documents, unknownKeys: callKeys },
    checksOf(token),
  );
}

const byRule: Readonly<Record<string, Reason>> = {
  "not-expired": "TokenExpired",
  "issued-in-past": "TokenFromTheFuture",
  "not-before-reached": "TokenFromTheFuture",
  signature: "TokenForged",
};

/** Rules that are about the documents: their judges have spoken, with more to say. */
const ofDocuments: ReadonlySet<string> = new Set([
  "issuer-certificate",
  "documents-reachable",
  "discovery-document",
  "jwk-set-document",
  "key-count",
  "key-operations-absent",
]);

/** Why no key of the set is the token's: it is there under another kid, or it is not there. */
function keyless(facts: Judged, token: TokenFacts, why: string): DoctorFinding {
  const { jws } = token;
  const { verifies } = checksOf(token);
  const twin = rawKeys(facts).find((key) => verifies(jws, key));
  if (twin === undefined) return finding("TokenKeyMissing", { seen: why });
  // The key is there under the token's kid, and cannot be used: for what it has beside its numbers, as an x5c of another key.
  if (twin["kid"] === jws.header["kid"]) return finding("TokenRefused", { seen: `key-selection: ${why}` });
  const [theirs, ours] = [twin["kid"], jws.header["kid"]].map((kid) => JSON.stringify(kid) ?? "none");
  return finding("TokenKidDiffers", {
    seen: `the key that is published as ${theirs} made the signature of the token, whose kid is ${ours}`,
  });
}

function foreign({ issuer }: Judged, { jws }: TokenFacts): DoctorFinding {
  const iss = textsOf(jws.claims["iss"])[0] ?? "";
  const names = { expected: "the URL that was given", actual: "iss of the token" };
  const seen = String(issuerDifference(issuer, iss, names)?.message);
  const reason = issuerReason(issuer, iss);
  // Of the token it is the link, whatever sets the two apart.
  const known = reason === "IssuerSlash" || reason === "IssuerPathDropped" || reason === "IssuerCase";
  return finding(known ? reason : "TokenIssuerDiffers", { seen, link: "token" });
}

function refused(facts: Judged, token: TokenFacts, { rule, refusal }: StsRuleReport): DoctorFinding {
  const why = String(refusal?.why);
  if (rule === "issuer-registered") return foreign(facts, token);
  if (rule === "key-selection") return keyless(facts, token, why);
  if (rule === "required-claims" && token.jws.claims["aud"] === undefined)
    return finding("TokenAudienceMissing", { seen: why });
  const reason = byRule[rule] ?? "TokenRefused";
  const next = reason === "TokenRefused" ? refusal?.next : undefined;
  return finding(reason, { seen: `${rule}: ${why}`, ...defined({ next }) });
}

/** A token for the API server, which no provider in AWS expects. */
function forCluster({ issuer }: Judged, { jws }: TokenFacts): readonly DoctorFinding[] {
  const audiences = textsOf(jws.claims["aud"]);
  const own = audiences.some((one) => one === issuer || one.includes("kubernetes.default"));
  if (!own || audiences.includes(stsAudience)) return [];
  return [
    finding("TokenForCluster", { seen: `aud of the token is ${JSON.stringify(audiences).slice(0, 200)}` }),
  ];
}

const awsSeconds = relyingParties.aws.keys.fetchedMs / 1000;

/** A set that changed so recently that AWS may go on with the one before. */
function fresh(facts: Judged): readonly DoctorFinding[] {
  const answered = answerOf(facts, { document: "jwks" });
  const changed = Date.parse(answered?.response.headers["last-modified"] ?? "");
  const seconds = Math.floor((facts.now - changed) / 1000);
  if (Number.isNaN(changed) || seconds < 0 || seconds >= awsSeconds) return [];
  return [
    finding("KeyPropagating", {
      seen: `the token is good by every rule, and the set with its key changed ${seconds} s ago; AWS may keep one for ${awsSeconds} s`,
    }),
  ];
}

/** What of a given token AWS would refuse, whatever role it is shown for. */
export function judgeToken(facts: Judged): readonly DoctorFinding[] {
  const { token } = facts;
  if (token === undefined) return [];
  const [first] = rulesOf(facts, token).filter(({ outcome }) => outcome === "refused");
  const own = forCluster(facts, token);
  if (first === undefined) return own.length > 0 ? own : fresh(facts);
  return ofDocuments.has(first.rule) ? own : [...own, refused(facts, token, first)];
}
