import { lengthText } from "../../../../core/base/index.ts";
import type { NamedPolicy } from "../../language/document.ts";
import { PolicyError } from "../../policy/error.ts";
import { readPolicy } from "../../policy/parse.ts";
import { policySize } from "../../policy/quota.ts";
import { sameText } from "../answer.ts";
import type { WebIdentityFacts } from "../facts.ts";
import { type LearnedFacts, type StsRule, stsRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { accepted, refused } from "../verdict.ts";
import { parseRoleArn } from "./request.ts";

const defaultDuration = 3600;

const tooLong = sameText(
  "DurationSeconds is more than the role's MaxSessionDuration",
  "ValidationError",
  "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
  { evidence: "reported" },
);

const duration = stsRule({
  name: "duration-of-role",
  title: "DurationSeconds, 3600 unless given, is no more than the role's MaxSessionDuration.",
  sources: [sources.api],
  evidence: "documented",
  note: "Whether it is looked at before or after the trust policy is not known. The token's own end does not matter.",
  answers: [tooLong],
  needs: ["role"],
  check({ request }, { role }) {
    const asked = request.durationSeconds ?? String(defaultDuration);
    const seconds = Number(asked);
    if (seconds <= role.maxSessionDuration)
      return accepted(`a session of ${lengthText(seconds * 1000)}`, { duration: seconds });
    return refused(tooLong, {
      why: `${asked} seconds were asked for, and role ${role.name} allows ${role.maxSessionDuration}`,
      next: "Ask for less, or raise the role's MaxSessionDuration.",
    });
  },
});

const malformed = sameText(
  "Policy is not a policy document that IAM takes",
  "MalformedPolicyDocument",
  "<problem>",
  {
    evidence: "reported",
  },
);

const sessionPolicy = stsRule({
  name: "session-policy",
  title: "Policy, where it is given, is a policy document.",
  sources: [sources.api],
  evidence: "documented",
  note: "The texts are those of IAM's policy parser; for what is no JSON they are those of STS's JSON parser, as reported in December 2025.",
  answers: [malformed],
  needs: [],
  check({ request }) {
    if (request.policy === undefined)
      return accepted("no session policy", { sessionPolicy: { value: undefined } });
    const text = request.policy;
    const partition = parseRoleArn(request.roleArn ?? "")?.partition;
    const document = readPolicy(text, "session", partition);
    if (!(document instanceof PolicyError)) {
      const value: NamedPolicy = { name: "session policy", document };
      return accepted("a session policy limits it", { sessionPolicy: { value } });
    }
    return refused(malformed, {
      why: document.message,
      next: "Correct the session policy.",
      values: { problem: document.awsMessage },
    });
  },
});

const noSuchPolicy = sameText(
  "PolicyArns names a policy that does not exist",
  "ValidationError",
  "Policy <arn> does not exist or is not attachable.",
  { evidence: "inferred" },
);

const managedPolicies = stsRule({
  name: "session-policy-arns",
  title: "Every one of PolicyArns is a managed policy that exists.",
  sources: [sources.api],
  evidence: "inferred",
  note: "Code and text are IAM's for attaching; what STS answers has not been seen.",
  answers: [noSuchPolicy],
  needs: [],
  check({ request, managedPolicy }) {
    const found: NamedPolicy[] = [];
    for (const arn of request.policyArns ?? []) {
      const document = managedPolicy?.(arn);
      if (document === undefined) {
        return refused(noSuchPolicy, {
          why: `there is no managed policy ${arn}`,
          next: "Name a managed policy of AWS or of the role's account.",
          values: { arn },
        });
      }
      found.push({ name: arn, document });
    }
    const finding =
      found.length === 0
        ? "no managed session policies"
        : `${found.length} managed session policies limit it`;
    return accepted(finding, { managedPolicies: found });
  },
});

/**
 * A model of the packed size, in percent, that gives every number seen: 24 for a subject of 0 or 1 character, 25 for
 * 13, 34 for 300, 26 with a source identity; tags add nothing. Policies count with their characters, since how far
 * AWS packs them is not known.
 */
function packedSize(
  { request }: WebIdentityFacts,
  known: Pick<LearnedFacts, "subject" | "sourceIdentity">,
): number {
  const source = known.sourceIdentity.value;
  const characters =
    717 +
    known.subject.length +
    (source === undefined ? 0 : 32 + source.length) +
    policySize(request.policy ?? "") +
    (request.policyArns ?? []).reduce((sum, arn) => sum + arn.length, 0);
  return Math.ceil((100 * characters) / 3000);
}

const tooLarge = sameText(
  "subject, source identity and session policies are packed into more than 100 %",
  "PackedPolicyTooLarge",
  "Packed policy consumes <percent>% of allotted space, please use smaller policy.",
  { evidence: "reported" },
);

const packed = stsRule({
  name: "packed-policy-size",
  title: "What the session carries fits: subject, source identity and session policies.",
  sources: [sources.api, sources.observed],
  evidence: "documented",
  note: "AWS does not say how it packs. The percentages without policies are those that were seen; with policies this is a model that counts their characters, and the end of the text varies in reports.",
  answers: [tooLarge],
  needs: ["subject", "sourceIdentity"],
  check(facts, known) {
    const percent = packedSize(facts, known);
    if (percent <= 100) return accepted(`packed size ${percent} %`, { packedPolicySize: percent });
    return refused(tooLarge, {
      why: `the session policies take ${percent} % of the space that a session has`,
      next: "Shorten the session policy, or name fewer managed policies.",
      values: { percent: String(percent) },
    });
  },
});

/** The rules about the session that is asked for. */
export const sessionRules: readonly StsRule[] = [duration, sessionPolicy, managedPolicies, packed];
