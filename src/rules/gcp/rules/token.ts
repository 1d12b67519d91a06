import { errorText, lengthText, PodtrustError } from "../../../core/base/index.ts";
import { accepted, moment, refusedWith, shown, tried, type VendorAnswer } from "../../judge/index.ts";
import { parseJws, tokenLimits } from "../../oidc/index.ts";
import { defaultAudiences } from "../names.ts";
import { exchangeRule } from "../rule.ts";
import { sources } from "../sources.ts";

const noToken: VendorAnswer = {
  when: "the subject token is no JWT",
  code: "invalid_grant",
  status: 400,
  text: "Unable to parse the ID Token.",
  evidence: "inferred",
};

const structure = exchangeRule({
  name: "subject-token-structure",
  title: "The subject token is a JWT: a JWS in compact form with a JSON object in it.",
  sources: [sources.exchange],
  evidence: "documented",
  note: "The text is that of Google's Identity Toolkit for the same fault. How long a token may be is not known.",
  answers: [noToken],
  needs: [],
  check({ request }) {
    const jws = tried(() => parseJws(request.subjectToken ?? "", tokenLimits("gcp")));
    if (!(jws instanceof PodtrustError))
      return accepted(`a JWT, alg ${jws.alg}, kid ${shown(jws.kid)}`, { jws });
    return refusedWith(noToken, { why: errorText(jws), next: jws.next });
  },
});

const otherIssuer: VendorAnswer = {
  when: "iss is not the provider's issuer, letter by letter",
  code: "invalid_grant",
  status: 400,
  text: "The issuer in ID Token <iss> does not match the expected one in config: <issuerUri>.",
  evidence: "observed",
};

const issuer = exchangeRule({
  name: "subject-token-issuer",
  title: "The token's iss is the provider's issuer, letter by letter; a slash at the end counts.",
  sources: [sources.measured, sources.provider],
  evidence: "observed",
  answers: [otherIssuer],
  needs: ["jws", "provider"],
  check(_facts, { jws, provider: { issuerUri } }) {
    const { iss } = jws.claims;
    if (iss === issuerUri) return accepted(`issued by ${issuerUri}`);
    return refusedWith(otherIssuer, {
      why: `the token's iss is ${shown(iss)}, and the provider's issuer is ${shown(issuerUri)}`,
      next: "Let the provider name the issuer that the cluster signs with: the first --service-account-issuer of its API server.",
      values: { iss: typeof iss === "string" ? iss : "null", issuerUri },
    });
  },
});

const otherAudience: VendorAnswer = {
  when: "no entry of aud is one that the provider allows",
  code: "invalid_grant",
  status: 400,
  text: "The audience in ID Token [<aud>] does not match the expected audience.",
  evidence: "observed",
};

const audiencesOf = (aud: unknown): readonly string[] =>
  (Array.isArray(aud) ? (aud as unknown[]) : [aud]).filter((one) => typeof one === "string");

const audience = exchangeRule({
  name: "subject-token-audience",
  title:
    "The token is for an audience that the provider allows; where it names none, for the provider's own name.",
  sources: [sources.provider, sources.measured],
  evidence: "documented",
  note: "Once a provider has audiences of its own, its name is no longer one. That one of several entries is enough is inferred from Google's Identity Toolkit.",
  answers: [otherAudience],
  needs: ["jws", "provider", "name"],
  check(_facts, { jws, provider, name }) {
    const allowed =
      provider.allowedAudiences.length === 0 ? defaultAudiences(name) : provider.allowedAudiences;
    const given = audiencesOf(jws.claims["aud"]);
    const found = given.find((one) => allowed.includes(one));
    if (found !== undefined) return accepted(`for ${found}`);
    return refusedWith(otherAudience, {
      why: `the token's aud is ${shown(jws.claims["aud"])}, and the provider takes ${allowed.join(", ")}`,
      next: `Project the token with audience ${allowed.toReversed().join(" or ")}.`,
      values: { aud: given.join(", ") },
    });
  },
});

const stale: VendorAnswer = {
  when: "exp is past, iat is missing, ahead, or more than 24 hours ago, or exp is missing",
  code: "invalid_grant",
  status: 400,
  text: "ID Token issued at <iat> is stale to sign-in.",
  evidence: "observed",
};

/** Seconds that clocks may differ: 60 was taken, and 61 after the end was not. */
const skew = 60;
/** Seconds after which a valid token is too old anyway. */
const maxAge = 24 * 3600;

function staleness(now: number, iat: unknown, exp: unknown): string | undefined {
  if (typeof exp !== "number") return `the token's exp is ${shown(exp)}`;
  if (typeof iat !== "number") return `the token's iat is ${shown(iat)}`;
  if (now - exp > skew) return `the token expired ${moment(exp)}, ${lengthText((now - exp) * 1000)} ago`;
  if (iat - now > skew)
    return `the token says that it was issued ${moment(iat)}, ${lengthText((iat - now) * 1000)} from now`;
  return now - iat > maxAge ? `the token was issued ${moment(iat)}, more than 24 hours ago` : undefined;
}

const freshness = exchangeRule({
  name: "subject-token-time",
  title: "The token has not expired, and was issued in the last 24 hours.",
  sources: [sources.exchange, sources.measured],
  evidence: "observed",
  note: "A minute is allowed both ways. How long a token is good for is not limited: one of eleven years was accepted. That nbf is not looked at is inferred.",
  answers: [stale],
  needs: ["jws"],
  check({ now }, { jws }) {
    const { iat, exp } = jws.claims;
    const why = staleness(now, iat, exp);
    if (why === undefined) {
      const expires = exp as number;
      return accepted(`good for ${lengthText(Math.max(0, expires - now) * 1000)} more`, { expires });
    }
    return refusedWith(stale, {
      why,
      next: "Read the token's file anew for each exchange, and compare the clocks of the API server and of this machine.",
      values: { iat: typeof iat === "number" ? String(iat) : "null" },
    });
  },
});

/** What the token says of itself. */
export const tokenRules = [structure, issuer, audience, freshness];
