import { lengthText } from "../../../../core/base/index.ts";
import { moment, shown } from "../../../judge/index.ts";
import { awsSkewSeconds } from "../../../oidc/index.ts";
import { sameText } from "../answer.ts";
import { type StsRule, stsRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { invalidToken } from "../texts.ts";
import { accepted, refused } from "../verdict.ts";

// AWS speaks of integers and long integers.
const maxTime = 2 ** 63;

/** A timestamp as AWS takes it: a whole number, or one in digits as a text. */
function timestamp(value: unknown): number | undefined {
  if (typeof value === "number")
    return Number.isInteger(value) && Math.abs(value) < maxTime ? value : undefined;
  return typeof value === "string" && /^-?\d{1,18}$/u.test(value) ? Number(value) : undefined;
}

const noTimestamp = sameText(
  "exp, iat or nbf is fractional, null, or no number",
  invalidToken,
  "Invalid timestamp in token claims.",
  { evidence: "observed" },
);

const timestamps = stsRule({
  name: "timestamps-whole",
  title: "exp, iat and, where it is there, nbf are whole seconds since the epoch.",
  sources: [sources.api, sources.observed],
  evidence: "observed",
  note: "A whole number as a text is accepted.",
  answers: [noTimestamp],
  needs: ["claims", "payload"],
  check(_facts, { claims, payload }) {
    const given = { exp: claims.exp, iat: claims.iat, nbf: payload["nbf"] };
    const [exp, iat, nbf] = [timestamp(given.exp), timestamp(given.iat), timestamp(given.nbf)];
    const nbfBroken = given.nbf !== undefined && nbf === undefined;
    if (exp !== undefined && iat !== undefined && !nbfBroken) {
      const finding = `issued ${moment(iat)}, good until ${moment(exp)}`;
      return accepted(finding, { times: { exp, iat, nbf } });
    }
    const bad = Object.entries({ exp, iat, ...(nbfBroken ? { nbf } : {}) }).flatMap(([name, read]) =>
      read === undefined ? [`${name} is ${shown(given[name as keyof typeof given])}`] : [],
    );
    return refused(noTimestamp, {
      why: `the token's ${bad.join(", ")}, where AWS wants whole seconds since the epoch`,
      next: "Let the signer write exp, iat and nbf as integers.",
    });
  },
});

const expired = sameText(
  "exp is 300 seconds ago or more",
  "ExpiredTokenException",
  "Token expired: current date/time <now-300> must be before the expiration date/time <exp>",
  { evidence: "observed" },
);

const notExpired = stsRule({
  name: "not-expired",
  title: "exp lies less than 300 seconds in the past, or ahead.",
  sources: [sources.observed],
  evidence: "observed",
  note: "The time that AWS prints as current is 300 seconds before the real one. The token's end does not shorten the session.",
  answers: [expired],
  needs: ["times"],
  check({ now }, { times: { exp } }) {
    const late = now - awsSkewSeconds;
    if (late < exp) {
      const left = exp - now;
      if (left > 0) return accepted(`good for ${lengthText(left * 1000)} more`);
      return accepted(
        `expired ${lengthText(-left * 1000)} ago, within the tolerance of ${awsSkewSeconds} seconds`,
        {},
        [
          "The token has expired; AWS takes it for a few minutes more. Is the clock right, and the token renewed?",
        ],
      );
    }
    return refused(expired, {
      why: `the token expired ${moment(exp)}, ${lengthText((now - exp) * 1000)} ago`,
      next: "Take a fresh token: a projected one is renewed in its file by the kubelet, so read the file anew for each call, and check the clock.",
      values: { "now-300": String(late), exp: String(exp) },
    });
  },
});

const future = sameText(
  "iat is more than 300 seconds ahead",
  invalidToken,
  "Token issued in the future: <iat>",
  {
    evidence: "observed",
  },
);

const issued = stsRule({
  name: "issued-in-past",
  title: "iat lies at most 300 seconds ahead.",
  sources: [sources.observed],
  evidence: "observed",
  note: "A lead of 276 seconds was seen accepted and one of an hour refused; 300 is by analogy with exp and nbf.",
  answers: [future],
  needs: ["times"],
  check({ now }, { times: { iat } }) {
    if (iat <= now + awsSkewSeconds)
      return accepted(iat <= now ? `issued ${lengthText((now - iat) * 1000)} ago` : "issued just now");
    return refused(future, {
      why: `the token says that it was issued ${moment(iat)}, ${lengthText((iat - now) * 1000)} from now`,
      next: "Set the clock of the cluster's control plane right.",
      values: { iat: String(iat) },
    });
  },
});

const early = sameText(
  "nbf is more than 300 seconds ahead",
  invalidToken,
  "Token not yet valid: current date/time <now+300> must be after or equal to the not-before date/time <nbf>",
  { evidence: "observed" },
);

const notBefore = stsRule({
  name: "not-before-reached",
  title: "nbf, where it is there, lies at most 300 seconds ahead.",
  sources: [sources.observed],
  evidence: "observed",
  note: "The time that AWS prints as current is 300 seconds after the real one.",
  answers: [early],
  needs: ["times"],
  check({ now }, { times: { nbf } }) {
    const soon = now + awsSkewSeconds;
    if (nbf === undefined || nbf <= soon)
      return accepted(nbf === undefined ? "no nbf" : `good since ${moment(nbf)}`);
    return refused(early, {
      why: `the token is good only from ${moment(nbf)}, ${lengthText((nbf - now) * 1000)} from now`,
      next: "Set the clock of the cluster's control plane right, or wait.",
      values: { "now+300": String(soon), nbf: String(nbf) },
    });
  },
});

/** The rules about the token's times, to the second. */
export const timeRules: readonly StsRule[] = [timestamps, notExpired, issued, notBefore];
