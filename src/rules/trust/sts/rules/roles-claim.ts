import { shown } from "../../../judge/index.ts";
import { type AwsMessage, sameText } from "../answer.ts";
import { type StsRule, stsRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { invalidToken } from "../texts.ts";
import { accepted, refused } from "../verdict.ts";

const claim = "https://aws.amazon.com/roles";
// As strict as what was seen: no wildcards, lower case, and no comma list that would pass as a path.
const validArn = /^arn:aws[a-z-]*:iam::\d{12}:role\/(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/u;

function observed(when: string, text: string): AwsMessage {
  return sameText(when, invalidToken, text, { evidence: "observed" });
}

const unsupported = observed(
  "the claim is a number, a truth value or an object",
  "The roles claim is not in a supported format",
);
const noneValid = observed(
  "nothing in the claim is a role's ARN",
  "The roles claim contains no valid role ARNs",
);
const notPresent = observed(
  "the claim names roles, and the target is none of them",
  "The target role ARN is not present in the roles claim of the identity token",
);

const next = `Let the claim ${claim} name the role's ARN (a list, or a text with ; between), or leave it out.`;

/** The texts of the claim; undefined for what is neither a text nor a list. */
function entries(value: unknown): readonly string[] | undefined {
  if (typeof value === "string") return value.split(";").map((one) => one.trim());
  if (!Array.isArray(value)) return undefined;
  return (value as unknown[]).filter((one) => typeof one === "string").map((one) => one.trim());
}

/** The rule about the claim by which an issuer says which roles a token is for. */
export const rolesClaim: StsRule = stsRule({
  name: "roles-claim",
  title: `The claim ${claim}, where there is one, names the role.`,
  sources: [sources.observed],
  evidence: "observed",
  note: "Looked at before the trust policy. ARNs are compared exactly after trimming; entries that are no ARN are passed by; null counts as absent. A match makes sts:RoleAuthorizedByIdp true.",
  answers: [unsupported, noneValid, notPresent],
  needs: ["payload", "roleArn"],
  check(_facts, { payload, roleArn }) {
    const value = payload[claim] ?? undefined;
    if (value === undefined) return accepted("no roles claim", { roleAuthorizedByIdp: false });
    const given = entries(value);
    if (given === undefined) return refused(unsupported, { why: `the roles claim is ${shown(value)}`, next });
    const arns = given.filter((arn) => validArn.test(arn));
    if (arns.length === 0) {
      return refused(noneValid, { why: `the roles claim ${shown(value)} has no role's ARN in it`, next });
    }
    if (arns.includes(roleArn.arn))
      return accepted("the roles claim names the role", { roleAuthorizedByIdp: true });
    return refused(notPresent, { why: `the roles claim names ${arns.map(shown).join(", ")} only`, next });
  },
});
