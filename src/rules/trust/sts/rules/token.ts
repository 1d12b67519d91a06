import { errorText, PodtrustError } from "../../../../core/base/index.ts";
import { shown, tried } from "../../../judge/index.ts";
import { isAlgorithm, parseJws } from "../../../oidc/index.ts";
import { sameText } from "../answer.ts";
import { type RequiredClaims, type StsRule, stsRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { invalidToken, notAJwt } from "../texts.ts";
import { accepted, refused } from "../verdict.ts";

const notACompactJws = sameText(
  "the token is not three base64url parts of which two are JSON objects, or its alg, kid or crit have the wrong type",
  invalidToken,
  notAJwt,
  { evidence: "observed" },
);

const structure = stsRule({
  name: "token-structure",
  title: "The token is a JWT: a JWS in compact form with a JSON object in it.",
  sources: [sources.jws, sources.jwt, sources.irsaErrors],
  evidence: "observed",
  note: "Of a duplicated member the last one counts. What AWS does with white space around a token is not known; here it is refused.",
  answers: [notACompactJws],
  needs: [],
  check({ request }) {
    const jws = tried(() => parseJws(request.webIdentityToken ?? ""));
    if (!(jws instanceof PodtrustError))
      return accepted(`a JWT, alg ${jws.alg}, kid ${shown(jws.kid)}`, { jws, payload: jws.claims });
    return refused(notACompactJws, { why: errorText(jws), next: jws.next });
  },
});

const algorithmUnknown = sameText(
  "alg is none, one of HS256 to HS512, PS256 to PS512, EdDSA or anything else",
  invalidToken,
  notAJwt,
  { evidence: "inferred" },
);

const algorithm = stsRule({
  name: "token-algorithm",
  title: "The token is signed with RS256, RS384, RS512, ES256, ES384 or ES512.",
  sources: [sources.api, sources.jwa],
  evidence: "documented",
  note: "Which algorithms are taken is documented; the text for another one has not been seen.",
  answers: [algorithmUnknown],
  needs: ["jws"],
  check(_facts, { jws }) {
    if (isAlgorithm(jws.alg)) return accepted(`signed with ${jws.alg}`);
    return refused(algorithmUnknown, {
      why: `the token's alg is ${shown(jws.alg)}, and AWS verifies RS256, RS384, RS512, ES256, ES384 and ES512 only`,
      next: "Let the cluster sign with an RSA key or an EC key of P-256, P-384 or P-521 (--service-account-signing-key-file).",
    });
  },
});

const criticalGiven = sameText("the header has crit", invalidToken, notAJwt, { evidence: "observed" });

const critical = stsRule({
  name: "token-critical-headers",
  title: "The token's header has no crit: AWS understands no extension.",
  sources: [sources.jws, sources.observed],
  evidence: "observed",
  answers: [criticalGiven],
  needs: ["jws"],
  check(_facts, { jws }) {
    if (jws.critical.length === 0) return accepted("no crit");
    return refused(criticalGiven, {
      why: `the token's header asks for extensions to be understood: ${jws.critical.map(shown).join(", ")}`,
      next: "Take the token from the cluster itself; Kubernetes sets no crit.",
    });
  },
});

const claimMissing = sameText(
  "one of the five is missing",
  invalidToken,
  "Missing a required claim: <name>",
  {
    evidence: "observed",
  },
);

const required = ["iss", "sub", "aud", "iat", "exp"] as const satisfies readonly (keyof RequiredClaims)[];

function isMissing(claims: Readonly<Record<string, unknown>>, name: string): boolean {
  // iat and sub that are null have answers of their own.
  return claims[name] === undefined || (claims[name] === null && (name === "iss" || name === "aud"));
}

const requiredClaims = stsRule({
  name: "required-claims",
  title: "The token has iss, sub, aud, iat and exp.",
  sources: [sources.core, sources.observed],
  evidence: "observed",
  note: "Which of several missing claims is named first is not known; here it is the first of this order. That null counts as missing for iss and aud is inferred.",
  answers: [claimMissing],
  needs: ["payload"],
  check(_facts, { payload }) {
    const missing = required.filter((name) => isMissing(payload, name));
    const [name] = missing;
    if (name === undefined) {
      const { iss, sub, aud, iat, exp } = payload;
      return accepted(`iss ${shown(iss)}`, { claims: { iss, sub, aud, iat, exp } });
    }
    return refused(claimMissing, {
      why: `the token has no ${missing.join(", no ")}`,
      next: "Take a projected ServiceAccount token or one of TokenRequest: the tokens in old Secrets have neither aud nor exp.",
      values: { name },
    });
  },
});

const subjectBroken = sameText(
  "sub is null, an object or an array",
  "InternalFailure",
  "Unknown error validating third-party token",
  { evidence: "observed", status: 500 },
);

const subject = stsRule({
  name: "subject-text",
  title: "sub is a text or a number.",
  sources: [sources.observed],
  evidence: "observed",
  note: "An empty sub, one character, 300 characters and a number (which becomes its digits) are accepted, whatever the API's page says of 6 to 255 characters. Only null has been seen to fail; objects, arrays and truth values are inferred.",
  answers: [subjectBroken],
  needs: ["claims"],
  check(_facts, { claims: { sub } }) {
    if (typeof sub === "string" || typeof sub === "number") {
      return accepted(`sub ${shown(sub)}`, { subject: String(sub) });
    }
    return refused(subjectBroken, {
      why: `the token's sub is ${shown(sub)}, which AWS stumbles over`,
      next: "Take a token whose sub is a text.",
    });
  },
});

/** The rules that look at the token alone. */
export const tokenRules: readonly StsRule[] = [structure, algorithm, critical, requiredClaims, subject];
