import type { Evidence } from "../../../judge/index.ts";
import { relyingParties } from "../../../oidc/index.ts";
import { sameText } from "../answer.ts";
import type { WebIdentityRequest } from "../facts.ts";
import { type StsRule, stsRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { accepted, refused } from "../verdict.ts";

/** A parameter that breaks a constraint of the API model. */
interface Problem {
  readonly parameter: keyof WebIdentityRequest;
  /** As AWS prints it; undefined for what is absent or secret. */
  readonly value: string | undefined;
  readonly constraint: string;
}

interface Limits {
  readonly required?: boolean;
  readonly min: number;
  readonly max: number;
  /** Matched against the whole value; printed without the anchors. */
  readonly pattern?: string;
  /** AWS marks it so in its model, and leaves the value out of the text. */
  readonly secret?: boolean;
}

const limits: Readonly<Record<Exclude<keyof WebIdentityRequest, "durationSeconds" | "policyArns">, Limits>> =
  {
    roleArn: { required: true, min: 20, max: 2048 },
    roleSessionName: { required: true, min: 2, max: 64, pattern: String.raw`[\w+=,.@-]*` },
    webIdentityToken: { required: true, min: 4, max: relyingParties.aws.maxToken, secret: true },
    providerId: { min: 4, max: 2048 },
    policy: { min: 1, max: 2048, pattern: String.raw`[\u0009\u000A\u000D\u0020-\u00FF]+` },
  };

function textProblems(request: WebIdentityRequest, parameter: keyof typeof limits): readonly Problem[] {
  const given = request[parameter];
  const { required, min, max, pattern, secret } = limits[parameter];
  if (given === undefined) {
    return required === true ? [{ parameter, value: undefined, constraint: "Member must not be null" }] : [];
  }
  const value = secret === true ? undefined : given;
  const found: Problem[] = [];
  if (given.length > max) {
    found.push({ parameter, value, constraint: `Member must have length less than or equal to ${max}` });
  }
  if (given.length < min) {
    found.push({ parameter, value, constraint: `Member must have length greater than or equal to ${min}` });
  }
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, "u").test(given)) {
    found.push({
      parameter,
      value,
      constraint: `Member must satisfy regular expression pattern: ${pattern}`,
    });
  }
  return found;
}

function durationProblems({ durationSeconds: value }: WebIdentityRequest): readonly Problem[] {
  const parameter = "durationSeconds";
  if (value === undefined) return [];
  if (!/^[+-]?\d{1,15}$/u.test(value)) {
    return [{ parameter, value, constraint: "Member must be a valid integer" }];
  }
  const seconds = Number(value);
  if (seconds < 900) {
    return [{ parameter, value, constraint: "Member must have value greater than or equal to 900" }];
  }
  if (seconds > 43_200) {
    return [{ parameter, value, constraint: "Member must have value less than or equal to 43200" }];
  }
  return [];
}

function policyArnProblems({ policyArns }: WebIdentityRequest): readonly Problem[] {
  const parameter = "policyArns";
  const list = policyArns ?? [];
  const value = `[${list.join(", ")}]`;
  const found: Problem[] = [];
  if (list.length > 10) {
    found.push({ parameter, value, constraint: "Member must have length less than or equal to 10" });
  }
  if (list.some((arn) => arn.length < 20 || arn.length > 2048)) {
    const constraint =
      "Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 20]";
    found.push({ parameter, value, constraint });
  }
  return found;
}

/** Every broken constraint, in the order of the parameters: AWS reports all of them in one text. */
function problemsOf(request: WebIdentityRequest): readonly Problem[] {
  return [
    ...textProblems(request, "roleArn"),
    ...textProblems(request, "roleSessionName"),
    ...textProblems(request, "webIdentityToken"),
    ...textProblems(request, "providerId"),
    ...policyArnProblems(request),
    ...textProblems(request, "policy"),
    ...durationProblems(request),
  ];
}

function sentence({ parameter, value, constraint }: Problem): string {
  const what = value === undefined ? "Value" : `Value '${value}'`;
  return `${what} at '${parameter}' failed to satisfy constraint: ${constraint}`;
}

interface ParameterRule {
  readonly name: string;
  readonly parameter: keyof WebIdentityRequest;
  readonly title: string;
  /** Of the rule; the form of the texts was reported by others for all of them. */
  readonly evidence: Evidence;
  readonly when: string;
  readonly next: string;
  readonly note?: string;
}

const form =
  "One sentence for each broken constraint of the call, joined by semicolons, as `Value '<value>' at '<parameter>' failed to satisfy constraint: Member must have length greater than or equal to 20`.";

function parameterRule(spec: ParameterRule): StsRule {
  const { name, title, parameter, evidence, when, next, note } = spec;
  const text = "<count> validation error<s> detected: <problems>";
  const answer = sameText(when, "ValidationError", text, { evidence: "reported" });
  return stsRule({
    name,
    title,
    sources: [sources.api, sources.emulator],
    evidence,
    note: note === undefined ? form : `${form} ${note}`,
    answers: [answer],
    needs: [],
    check({ request }) {
      const all = problemsOf(request);
      const own = all.filter((problem) => problem.parameter === parameter);
      if (own.length === 0) {
        const given = request[parameter] !== undefined;
        return accepted(given ? `${parameter} is in bounds` : `${parameter} is not given`);
      }
      const values = {
        count: String(all.length),
        s: all.length === 1 ? "" : "s",
        problems: all.map(sentence).join("; "),
      };
      return refused(answer, { why: own.map(sentence).join("; "), next, values });
    },
  });
}

/** The constraints of the API model. The first parameter at fault decides; the text names every one, as AWS's does. */
export const parameterRules: readonly StsRule[] = [
  parameterRule({
    name: "role-arn-length",
    parameter: "roleArn",
    title: "RoleArn is given and has 20 to 2048 characters.",
    evidence: "documented",
    when: "RoleArn is missing, shorter than 20 or longer than 2048 characters",
    next: "Give the role's ARN: arn:aws:iam::ACCOUNT:role/NAME.",
  }),
  parameterRule({
    name: "role-session-name",
    parameter: "roleSessionName",
    title: "RoleSessionName has 2 to 64 letters, digits and characters of _+=,.@-.",
    evidence: "documented",
    when: "RoleSessionName is missing, too short, too long, or has another character",
    next: "Set AWS_ROLE_SESSION_NAME to a name of letters, digits and _+=,.@- only.",
    note: "The text of the pattern was recorded with AssumeRole, which has the same parameter.",
  }),
  parameterRule({
    name: "token-length",
    parameter: "webIdentityToken",
    title: "WebIdentityToken has 4 to 20,000 characters.",
    evidence: "documented",
    when: "WebIdentityToken is missing, shorter than 4 or longer than 20,000 characters",
    next: "Send the token itself, the content of AWS_WEB_IDENTITY_TOKEN_FILE.",
    note: "That the text leaves the token out is taken from other AWS calls whose parameter is marked as sensitive.",
  }),
  parameterRule({
    name: "provider-id-length",
    parameter: "providerId",
    title: "ProviderId, where it is given, has 4 to 2048 characters.",
    evidence: "documented",
    when: "ProviderId is shorter than 4 or longer than 2048 characters",
    next: "Leave ProviderId out: it is for OAuth 2.0 tokens of two providers only.",
  }),
  parameterRule({
    name: "policy-arns-bounds",
    parameter: "policyArns",
    title: "PolicyArns are ten at most, each of 20 to 2048 characters.",
    evidence: "documented",
    when: "there are more than ten PolicyArns, or one is too short or too long",
    next: "Name ten managed policies at most.",
    note: "How AWS prints the list of values is not known.",
  }),
  parameterRule({
    name: "session-policy-length",
    parameter: "policy",
    title: "Policy, where it is given, has 1 to 2048 characters.",
    evidence: "documented",
    when: "Policy is empty, longer than 2048 characters, or has characters beyond U+00FF",
    next: "Shorten the session policy, or take managed policies in PolicyArns.",
  }),
  parameterRule({
    name: "duration-bounds",
    parameter: "durationSeconds",
    title: "DurationSeconds, where it is given, lies between 900 and 43,200.",
    evidence: "documented",
    when: "DurationSeconds is no whole number, below 900 or above 43,200",
    next: "Ask for 900 seconds or more, and no more than the role's MaxSessionDuration.",
    note: "The text for what is no number is not known; this one is by analogy.",
  }),
];
