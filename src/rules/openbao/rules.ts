import { errorText, type JsonRecord, lengthText, PodtrustError } from "../../core/base/index.ts";
import {
  accepted,
  keysOfIssuer,
  moment,
  refusedWith,
  type Rule,
  type RuleSpec,
  shown,
  tried,
  type VendorAnswer,
  type VendorRefusal,
} from "../judge/index.ts";
import { parseJws, tokenLimits } from "../oidc/index.ts";
import type { LoginFacts, LoginLearned } from "./facts.ts";

/** One rule by which OpenBao's JWT auth method lets a token log in. */
export type LoginRule = Rule<LoginFacts, LoginLearned, VendorRefusal, VendorAnswer>;

function loginRule<const Need extends keyof LoginLearned>(
  spec: RuleSpec<LoginFacts, LoginLearned, VendorRefusal, VendorAnswer, Need>,
): LoginRule {
  return spec as unknown as LoginRule;
}

const sources = {
  method: "https://openbao.org/docs/auth/jwt/",
  library: "https://github.com/hashicorp/cap, jwt/jwt.go, by which Vault and OpenBao validate",
  observed: "answers of OpenBao 2.7.2, which a test of ours compares with these rules",
} as const;

/** Its answers have one form: a status and a text. */
function answer(when: string, text: string): VendorAnswer {
  return { when, code: "Bad Request", status: 400, text, evidence: "observed" };
}

const noRole = answer("the mount has no role of that name", 'role "<role>" could not be found');

const role = loginRule({
  name: "role-exists",
  title: "The mount has the role.",
  sources: [sources.method, sources.observed],
  evidence: "observed",
  answers: [noRole],
  needs: [],
  check({ role: name, found }) {
    if (found !== undefined) return accepted(`role ${name}`, { found });
    return refusedWith(noRole, {
      why: `the mount has no role ${shown(name)}`,
      next: "Run podtrust up, which makes the roles of the config.",
      values: { role: name },
    });
  },
});

const notVerified = answer(
  "the token is no JWT, the keys cannot be read, or none of them has signed it",
  "error validating token: error verifying token signature: <reason>",
);

const structure = loginRule({
  name: "token-structure",
  title: "The token is a JWT: a JWS in compact form with a JSON object in it.",
  sources: [sources.library],
  evidence: "observed",
  note: "What stands behind the last colons is the library's, here of a text that is not three parts; it differs from version to version.",
  answers: [notVerified],
  needs: [],
  check({ jwt }) {
    const jws = tried(() => parseJws(jwt, tokenLimits("openbao")));
    if (!(jws instanceof PodtrustError))
      return accepted(`a JWT, alg ${jws.alg}, kid ${shown(jws.kid)}`, { jws });
    return refusedWith(notVerified, {
      why: errorText(jws),
      next: jws.next,
      values: {
        reason: "oidc: malformed jwt: go-jose/go-jose: compact JWS format must have three parts",
      },
    });
  },
});

const documents = loginRule({
  name: "issuer-documents",
  title: "The keys of the mount's issuer can be read.",
  sources: [sources.method],
  evidence: "documented",
  answers: [notVerified],
  needs: [],
  check({ documents: served, issuer }) {
    if (served === undefined) return { outcome: "needs-documents" };
    const keys = keysOfIssuer(served, issuer);
    if (typeof keys !== "string") return accepted(`${keys.length} keys`, { keys });
    return refusedWith(notVerified, {
      why: keys,
      next: `Make both documents readable for OpenBao: podtrust doctor ${issuer}.`,
      values: { reason: "fetching keys" },
    });
  },
});

const signature = loginRule({
  name: "token-signature",
  title: "A key of the issuer has signed the token.",
  sources: [sources.library, sources.observed],
  evidence: "observed",
  note: "The signature is looked at before anything that the token says. An unknown kid has the keys fetched once more.",
  answers: [notVerified],
  needs: ["jws", "keys", "keyChecks"],
  check(_facts, { jws, keys, keyChecks }) {
    const named = keys.filter((key) => jws.kid === undefined || key["kid"] === jws.kid);
    if (named.some((key) => keyChecks.isPublicKey(key) && keyChecks.verifies(jws, key)))
      return accepted(`signed by key ${shown(jws.kid)}`);
    return refusedWith(notVerified, {
      why:
        named.length === 0
          ? `the token's kid is ${shown(jws.kid)}, and the issuer has no such key`
          : `the key ${shown(jws.kid)} has not signed this token`,
      next: "Publish the key that the cluster signs with, and take the token whole.",
      values: { reason: "failed to verify id token signature" },
    });
  },
});

const otherIssuer = answer("iss is not bound_issuer", "error validating token: invalid issuer (iss) claim");

const issuer = loginRule({
  name: "bound-issuer",
  title: "The token's iss is the mount's bound_issuer, letter by letter.",
  sources: [sources.method, sources.observed],
  evidence: "observed",
  note: "Without bound_issuer nothing is compared: a token whose iss had a slash more was let in. podtrust always sets it.",
  answers: [otherIssuer],
  needs: ["jws"],
  check({ boundIssuer }, { jws }) {
    const { iss } = jws.claims;
    if (boundIssuer === undefined)
      return accepted("iss is not compared", {}, ["The mount has no bound_issuer: iss counts for nothing."]);
    if (iss === boundIssuer) return accepted(`issued by ${boundIssuer}`);
    return refusedWith(otherIssuer, {
      why: `the token's iss is ${shown(iss)}, and bound_issuer is ${shown(boundIssuer)}`,
      next: "Let bound_issuer name the issuer that the cluster signs with.",
    });
  },
});

const otherSubject = answer(
  "sub is not bound_subject",
  "error validating token: invalid subject (sub) claim",
);

const subject = loginRule({
  name: "bound-subject",
  title: "The token's sub is the role's bound_subject, letter by letter.",
  sources: [sources.method, sources.observed],
  evidence: "observed",
  answers: [otherSubject],
  needs: ["jws", "found"],
  check(_facts, { jws, found: { boundSubject } }) {
    const { sub } = jws.claims;
    if (boundSubject === "") return accepted("the role has no bound_subject");
    if (sub === boundSubject) return accepted(`for ${boundSubject}`);
    return refusedWith(otherSubject, {
      why: `the token's sub is ${shown(sub)}, and the role is bound to ${shown(boundSubject)}`,
      next: "Log in by the role of this ServiceAccount, or add it to the role's serviceAccounts in the config.",
    });
  },
});

const otherAudience = answer(
  "no entry of aud is one of bound_audiences",
  "error validating token: invalid audience (aud) claim: audience claim does not match any expected audience",
);

const audience = loginRule({
  name: "bound-audiences",
  title: "The token is for one of the role's bound_audiences.",
  sources: [sources.method, sources.observed],
  evidence: "observed",
  answers: [otherAudience],
  needs: ["jws", "found"],
  check(_facts, { jws, found: { boundAudiences } }) {
    const { aud } = jws.claims;
    const given: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
    const one = boundAudiences.find((each) => given.includes(each));
    if (one !== undefined) return accepted(`for ${one}`);
    return refusedWith(otherAudience, {
      why: `the token's aud is ${shown(aud)}, and the role takes ${boundAudiences.join(", ")}`,
      next: `Project the token with audience ${boundAudiences[0] ?? "openbao"}.`,
    });
  },
});

const notYet = answer(
  "nbf is ahead",
  "error validating token: invalid not before (nbf) claim: token not yet valid",
);
const expired = answer(
  "exp is past",
  "error validating token: invalid expiration time (exp) claim: token is expired",
);
const ahead = answer(
  "iat is ahead",
  "error validating token: invalid issued at (iat) claim: token issued in the future",
);

const timeless = answer(
  "the token has none of iat, nbf and exp",
  "error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token",
);
const noNumber = answer(
  "one of iat, nbf and exp is no number",
  "error validating token: go-jose/go-jose/jwt: expected number value to unmarshal NumericDate",
);

/** Seconds that clocks may differ, where the role names none. */
const skew = 60;
/** Seconds that a token without an end is good, where the role names none. */
const leeway = 150;

const times = ["nbf", "exp", "iat"] as const;

/** A time of a token; 0 for none, as in Go, where both are one. */
function timeOf(claims: JsonRecord, name: (typeof times)[number]): number {
  const value = claims[name] ?? 0;
  return typeof value === "number" ? value : Number.NaN;
}

const time = loginRule({
  name: "token-time",
  title: "The login comes after nbf and iat, and before exp.",
  sources: [sources.library, sources.observed],
  evidence: "observed",
  note: "A minute is allowed both ways. A token without exp ends 150 seconds after the later of iat and nbf, and one with none of the three is refused.",
  answers: [noNumber, timeless, notYet, expired, ahead],
  needs: ["jws"],
  check({ now }, { jws }) {
    const [nbf, given, iat] = times.map((name) => timeOf(jws.claims, name)) as [number, number, number];
    const next = "Read the token's file anew for each login, and compare the clocks.";
    if (Number.isNaN(nbf + given + iat))
      return refusedWith(noNumber, {
        why: "a time of the token is no number",
        next: "Log in with a token of the cluster.",
      });
    if (nbf + given + iat === 0)
      return refusedWith(timeless, {
        why: "the token says nothing of when it is good",
        next: "Log in with a token of the cluster.",
      });
    const exp = given === 0 ? Math.max(iat, nbf) + leeway : given;
    if (nbf - now > skew)
      return refusedWith(notYet, { why: `the token is good from ${moment(nbf)} on`, next });
    if (now - exp > skew)
      return refusedWith(expired, {
        why: `the token expired ${moment(exp)}, ${lengthText((now - exp) * 1000)} ago`,
        next,
      });
    if (iat - now > skew)
      return refusedWith(ahead, { why: `the token says that it was issued ${moment(iat)}`, next });
    return accepted(`good until ${moment(exp)}`);
  },
});

const otherClaim = answer(
  "a claim is none of the values that bound_claims has for it",
  'error validating claims: claim "<name>" does not match any associated bound claim values',
);
const noClaim = answer(
  "a claim of bound_claims is not in the token",
  'error validating claims: claim "<name>" is missing',
);

const claims = loginRule({
  name: "bound-claims",
  title: "Each claim in the role's bound_claims has one of the values there.",
  sources: [sources.method, sources.observed],
  evidence: "observed",
  note: "podtrust binds a role of several ServiceAccounts by it. Only bound_claims_type string is judged, and no claim inside another.",
  answers: [otherClaim, noClaim],
  needs: ["jws", "found"],
  check(_facts, { jws, found: { boundClaims = {} } }) {
    for (const [name, values] of Object.entries(boundClaims)) {
      const value = jws.claims[name];
      const next =
        "Log in by the role of this ServiceAccount, or add it to the role's serviceAccounts in the config.";
      if (value === undefined)
        return refusedWith(noClaim, { why: `the token has no claim ${shown(name)}`, next, values: { name } });
      const given: readonly unknown[] = Array.isArray(value) ? value : [value];
      if (!values.some((one) => given.includes(one)))
        return refusedWith(otherClaim, {
          why: `the token's ${name} is ${shown(value)}, and the role takes ${values.map(shown).join(", ")}`,
          next,
          values: { name },
        });
    }
    return accepted("no bound claim is another");
  },
});

/** The rules by which a token logs in, in the order of the library: first the signature, then the claims. */
export const loginRules: readonly LoginRule[] = [
  role,
  structure,
  documents,
  signature,
  issuer,
  subject,
  audience,
  time,
  claims,
];
