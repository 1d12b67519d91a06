import { errorText, lengthText, PodtrustError } from "../../../core/base/index.ts";
import { accepted, moment, refusedWith, shown, tried } from "../../judge/index.ts";
import { parseJws, relyingParties, tokenLimits } from "../../oidc/index.ts";
import { aadsts, assertionRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { useLibrary } from "./request.ts";

const unproved = aadsts(7_000_216, "invalid_client", {
  when: "the call brings neither a client_assertion nor a secret",
  text: "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  evidence: "reported",
});

const otherType = aadsts(90_011, "invalid_request", {
  when: "client_assertion_type is another",
  text: "Unexpected client assertion type.",
  evidence: "reported",
});

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

const given = assertionRule({
  name: "assertion-given",
  title: "The call brings an assertion, and says that it is a JWT.",
  sources: [sources.flow, sources.reports],
  evidence: "documented",
  note: "The number of another type was seen at the endpoint of version 1. That a call without a type gets it as well is inferred.",
  answers: [unproved, otherType],
  needs: [],
  check({ request: { clientAssertion = "", clientAssertionType } }) {
    if (clientAssertion !== "" && clientAssertionType === assertionType)
      return accepted("an assertion that is said to be a JWT");
    if (clientAssertion === "")
      return refusedWith(unproved, { why: "the call brings no assertion", next: useLibrary });
    return refusedWith(otherType, {
      why: `client_assertion_type is ${shown(clientAssertionType)}`,
      next: useLibrary,
    });
  },
});

const malformed = aadsts(50_027, "invalid_request", {
  when: "the assertion is no JWT",
  text: "JWT token is invalid or malformed.",
  evidence: "documented",
});

const structure = assertionRule({
  name: "assertion-structure",
  title: "The assertion is a JWT: a JWS in compact form with a JSON object in it.",
  sources: [sources.errors],
  evidence: "documented",
  answers: [malformed],
  needs: [],
  check({ request }) {
    const jws = tried(() => parseJws(request.clientAssertion ?? "", tokenLimits("azure")));
    if (!(jws instanceof PodtrustError))
      return accepted(`a JWT, alg ${jws.alg}, kid ${shown(jws.kid)}`, { jws });
    return refusedWith(malformed, { why: errorText(jws), next: jws.next });
  },
});

const noKid = aadsts(5_002_723, "invalid_client", {
  when: "the header has no kid",
  text: "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.",
  evidence: "reported",
});

const keyNamed = assertionRule({
  name: "assertion-key-named",
  title: "The assertion's header has a kid.",
  sources: [sources.reports],
  evidence: "reported",
  answers: [noKid],
  needs: ["jws"],
  check(_facts, { jws }) {
    if ((jws.kid ?? "") !== "") return accepted(`kid ${shown(jws.kid)}`);
    return refusedWith(noKid, {
      why: "the token's header has no kid",
      next: "Take the token from the cluster itself: Kubernetes always sets a kid.",
    });
  },
});

const otherAlgorithm = aadsts(5_002_738, "invalid_client", {
  when: "alg is ES256 or anything else but RS256, RS384, RS512",
  text: "Invalid JWT token. '<alg>' is not a supported signature algorithm. Supported signing algorithms are: 'RS256,RS384,RS512'",
  evidence: "reported",
});

const algorithm = assertionRule({
  name: "assertion-algorithm",
  title: "The assertion is signed with RS256, RS384 or RS512.",
  sources: [sources.considerations, sources.reports],
  evidence: "documented",
  note: "The page names RS256 alone, and the answer RS384 and RS512 as well. Keys of elliptic curves are never taken.",
  answers: [otherAlgorithm],
  needs: ["jws"],
  check(_facts, { jws }) {
    if (relyingParties.azure.algorithms.some((one) => one === jws.alg))
      return accepted(`signed with ${jws.alg}`);
    return refusedWith(otherAlgorithm, {
      why: `the token's alg is ${shown(jws.alg)}, and Azure verifies RSA signatures alone`,
      next: "Let the cluster sign with an RSA key: podtrust rotate prepare --algorithm RS256.",
      values: { alg: jws.alg },
    });
  },
});

const claimMissing = aadsts(90_014, "invalid_request", {
  when: "iss, sub or aud is missing",
  text: "The required field '<name>' is missing from the credential. Ensure that you have all the necessary parameters for the login request.",
  evidence: "observed",
});

const claims = assertionRule({
  name: "assertion-claims",
  title: "The assertion has iss, sub and aud.",
  sources: [sources.recorded, sources.errors],
  evidence: "observed",
  note: "Which of several is named first is not known; here it is the first of this order.",
  answers: [claimMissing],
  needs: ["jws"],
  check(_facts, { jws }) {
    const { iss, sub, aud } = jws.claims;
    if (typeof iss === "string" && typeof sub === "string" && aud !== undefined)
      return accepted(`iss ${shown(iss)}`, { claims: { iss, sub, aud } });
    const name = typeof iss === "string" ? (typeof sub === "string" ? "aud" : "sub") : "iss";
    return refusedWith(claimMissing, {
      why: `the token's ${name} is ${shown(jws.claims[name])}`,
      next: "Take a projected ServiceAccount token or one of TokenRequest.",
      values: { name },
    });
  },
});

const outOfTime = aadsts(700_024, "invalid_client", {
  when: "the call comes before nbf or after exp, or exp is missing",
  text: "Client assertion is not within its valid time range. Current time: <now>, assertion valid from <from>, expiry time of assertion <until>. Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials .",
  evidence: "reported",
});

/** Seconds that clocks may differ. Microsoft does not publish it: the five minutes are those of its own libraries. */
const skew = 300;

/** A time that is absent, or no number, counts as 1970. */
const secondsOf = (claim: unknown): number => (typeof claim === "number" ? claim : 0);

const time = assertionRule({
  name: "assertion-time",
  title: "The call comes between the assertion's nbf and its exp.",
  sources: [sources.errors, sources.reports],
  evidence: "documented",
  note: "How much clocks may differ is not known; five minutes are taken, as in Microsoft's libraries.",
  answers: [outOfTime],
  needs: ["jws"],
  check({ now }, { jws }) {
    const { exp, iat, nbf = iat } = jws.claims;
    const [from, until] = [secondsOf(nbf), secondsOf(exp)];
    if (from - now <= skew && now - until < skew) return accepted(`good until ${moment(until)}`);
    return refusedWith(outOfTime, {
      why:
        now - until >= skew
          ? `the token expired ${moment(until)}, ${lengthText((now - until) * 1000)} ago`
          : `the token is good from ${moment(from)} on, ${lengthText((from - now) * 1000)} from now`,
      next: "Read the token's file anew for each exchange (azure-identity does), and compare the clocks.",
      values: { now: moment(now), from: moment(from), until: moment(until) },
    });
  },
});

const tooLong = aadsts(70_023, "invalid_client", {
  when: "more than 25 hours lie between iat and exp; without iat, exp counts from 1970 on",
  text: "External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at <iat>. Token expires on <exp>.",
  evidence: "reported",
});

/** Seconds. */
const { maxTokenSeconds } = relyingParties.azure;

const lifetime = assertionRule({
  name: "assertion-lifetime",
  title: "No more than 25 hours lie between the assertion's iat and its exp.",
  sources: [sources.reports],
  evidence: "reported",
  note: "A report of 2023 has invalid_client, and those of 2022 have invalid_request. That its status is 401 is inferred.",
  answers: [tooLong],
  needs: ["jws"],
  check(_facts, { jws }) {
    const { iat: issued, exp: expires } = jws.claims;
    const [iat, exp] = [secondsOf(issued), secondsOf(expires)];
    if (exp - iat <= maxTokenSeconds) return accepted(`good for ${lengthText((exp - iat) * 1000)} in all`);
    return refusedWith(tooLong, {
      why:
        typeof issued === "number"
          ? `the token is good for ${lengthText((exp - iat) * 1000)}, and Azure takes ${lengthText(maxTokenSeconds * 1000)}`
          : `the token's iat is ${shown(issued)}, which counts as 1970`,
      next: "Project the token with expirationSeconds of 3600 to 86400, and ask a TokenRequest for no more.",
      values: { iat: String(iat), exp: String(exp) },
    });
  },
});

/** What the assertion says of itself. */
export const assertionRules = [given, structure, keyNamed, algorithm, claims, time, lifetime];
