import { accepted, refusedWith, shown, type VendorAnswer } from "../../judge/index.ts";
import { azureAudiences } from "../clouds.ts";
import type { FederatedCredential } from "../facts.ts";
import { aadsts, assertionRule } from "../rule.ts";
import { sources } from "../sources.ts";

const tail =
  " Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation";

/** What Entra said of all three before each had a number of its own. */
const older = 70_021;

function mismatch(number: number, member: string, when: string, more = ""): VendorAnswer {
  return aadsts(number, "invalid_client", {
    when,
    text: `No matching federated identity record found for presented assertion ${member} '<value>'.${more}${tail}`,
    evidence: "reported",
    otherNumbers: [older],
  });
}

const otherIssuer = mismatch(
  700_211,
  "issuer",
  "no federated credential has the token's iss, letter by letter",
);
const otherSubject = mismatch(700_213, "subject", "none of the issuer's credentials has the token's sub");
const otherCase = mismatch(
  7_002_138,
  "subject",
  "one of the issuer's credentials has the token's sub but for upper and lower case",
  " The subject matches with case-insensitive comparison, but not with case-sensitive comparison.",
);
const otherAudience = mismatch(
  700_212,
  "audience",
  "the credential of the issuer and subject is for another audience",
);

const issuer = assertionRule({
  name: "credential-issuer",
  title: "A federated credential of the client has the assertion's iss, letter by letter.",
  sources: [sources.federation, sources.reports],
  evidence: "documented",
  note: `A slash at the end counts. A credential that was just made is not found for minutes. Older answers have the number ${older} for all three.`,
  answers: [otherIssuer],
  needs: ["claims", "credentials"],
  check(_facts, { claims: { iss }, credentials }) {
    const found = credentials.filter((one) => one.issuer === iss);
    if (found.length > 0) return accepted(`${found.length} credentials of the issuer`);
    const near = credentials.find((one) => one.issuer.replace(/\/$/u, "") === iss.replace(/\/$/u, ""));
    return refusedWith(otherIssuer, {
      why:
        near === undefined
          ? `no federated credential of the client has the issuer ${shown(iss)}`
          : `the credential ${near.name} has the issuer ${shown(near.issuer)}, which differs by a slash`,
      next: "Make the credential with the issuer that the cluster signs with (podtrust up does), or wait some minutes after it was made.",
      values: { value: iss },
    });
  },
});

const subject = assertionRule({
  name: "credential-subject",
  title: "One of these credentials has the assertion's sub, upper and lower case included.",
  sources: [sources.federation, sources.reports],
  evidence: "documented",
  answers: [otherSubject, otherCase],
  needs: ["claims", "credentials"],
  check(_facts, { claims: { iss, sub }, credentials }) {
    const own = credentials.filter((one) => one.issuer === iss);
    const credential = own.find((one) => one.subject === sub);
    if (credential !== undefined) return accepted(`credential ${credential.name}`, { credential });
    const near = own.find((one) => one.subject.toLowerCase() === sub.toLowerCase());
    const subjects = own.map((one: FederatedCredential) => one.subject).join(", ");
    return refusedWith(near === undefined ? otherSubject : otherCase, {
      why:
        near === undefined
          ? `the token's sub is ${shown(sub)}, and the credentials of its issuer are for ${subjects || "no subject"}`
          : `the credential ${near.name} is for ${shown(near.subject)}, and the token's sub is ${shown(sub)}`,
      next: "Make a credential for system:serviceaccount:NAMESPACE:NAME of the workload (podtrust up does).",
      values: { value: sub },
    });
  },
});

const audience = assertionRule({
  name: "credential-audience",
  title: "The assertion is for the credential's one audience.",
  sources: [sources.federation, sources.reports],
  evidence: "documented",
  note: "Whether one of several entries is enough is not known; here the token must have exactly one.",
  answers: [otherAudience],
  needs: ["claims", "credential"],
  check(_facts, { claims: { aud }, credential }) {
    const given = Array.isArray(aud) ? (aud as unknown[]) : [aud];
    const [only] = given;
    if (given.length === 1 && typeof only === "string" && credential.audiences.includes(only))
      return accepted(`for ${only}`);
    return refusedWith(otherAudience, {
      why: `the token's aud is ${shown(aud)}, and the credential ${credential.name} is for ${credential.audiences.join(", ")}`,
      next: `Project the token with the one audience ${credential.audiences[0] ?? azureAudiences.public}.`,
      values: { value: given.map(String).join(", ") },
    });
  },
});

/** Which federated credential the assertion meets: issuer, subject, audience, in the order of their numbers' use. */
export const credentialRules = [issuer, subject, audience];
